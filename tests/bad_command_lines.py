"""Invalid command lines by kind, and the outcomes of the command.

``python tests/bad_command_lines.py`` runs all of them in a temporary folder and prints how many of
each kind end with one clear message: exit status 2 or 3, a line that begins with "Error:", at most
five messages on standard error, no traceback, and no new file.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from command_line import unfolded

MODEL = """
from neurochip import LIF, Network, PoissonInput, Population, one_to_one

source = PoissonInput("source", 10, rate=1300.0)
cells = Population("cells", 10, LIF(tau_m=10.0))
network = Network(
    inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=1.5)]
)
"""

# Bad values by the type of the option.
TIME = ("0", "-1", "nan", "inf", "-inf", "1e400", "x", "''", "' '", "1,5", "10%", "0x10", "1e-400")
LONG = ("1e12", "1e300")  # times that are too long
STEP = (
    "0",
    "-0.1",
    "nan",
    "inf",
    "1e400",
    "1e-400s",
    "x",
    "''",
    "1m",
    "ms",
    "0.1 0.2",
    "--1",
    "0us",
)
SEED = ("-1", "1.5", "nan", "inf", "x", "''", "1e3", "0x10")
COUNT = ("0", "-1", "1.5", "nan", "x", "''", "1e3")
POSITIVE = ("0", "-1", "nan", "inf", "1e400", "x", "''")
FRACTION = (*POSITIVE, "5")
NOT_NEGATIVE = ("-1", "nan", "inf", "1e400", "x", "''")
FACTOR = ("0.99", "-1", "nan", "inf", "x", "''")
REAL = ("nan", "inf", "x", "''")
CHOICE = ("''", "x", "DC", "1")
RECORD = ("w", "''", "v,u", "spikes")
OUTPUT_FILE = ("''", "' '", "folder", "model.py/x", "loop/x", f"{'x' * 300}", "new/", "folder/")
OUTPUT_FOLDER = ("''", "model.py", "model.py/x", "loop", f"{'x' * 300}", "dangling/x")
PAGE = ("x.pdf", "x", "x.html.gz", "x.json", *OUTPUT_FILE)
INPUT = ("''", "' '", "lost", "folder", "loop", f"{'x' * 300}", "empty", "noise", "cut.npz")
GRAPH = ("norse ''", "x ''")

COMPILER = {
    "--dt": STEP,
    "--gain": CHOICE,
    "--headroom": FACTOR,
    "--assumed-rate": NOT_NEGATIVE,
    "--weight-rounding": CHOICE,
    "--weight-seed": SEED,
    "--placement": CHOICE,
    "--sites": CHOICE,
    "--placement-seed": SEED,
    "--chip": CHOICE,
    "--set": ("core.weight_bits=3", "core.decay_bits=99", "cores=0", "cores", "=1", "name=x", "''"),
    "--input": ("lost.npz", "other.npz", "model.py", "noise", "''"),
}
RUNNING = {"--duration": (*TIME, *LONG), "--seed": SEED}
COMPARING = {**COMPILER, **RUNNING, "--fine-dt": (*TIME[1:], "0.3", "5")}  # 0: no fine run
SHORT = "--duration 10"

# Valid command lines, and additions that make them invalid.
COMMANDS = {
    "demo": {"-o": OUTPUT_FOLDER, "--dt": TIME, "--seed": SEED},
    "compile model.py": {**COMPILER, "-o": OUTPUT_FILE},
    "map model.py": {
        **COMPILER,
        "--duration": (*TIME[1:], *LONG),
        "--seed": SEED,
        "--costs": ("x", "sana-fe"),
        "-o": OUTPUT_FOLDER,
        "--image": OUTPUT_FILE,
    },
    "run image.npz --model model.py": {
        **RUNNING,
        "--record": RECORD,
        "--threads": (*COUNT, "100000"),
        "-o": ("image.npz", "model.py/r.h5", *OUTPUT_FILE),
        "--input": ("spikes.npz",),
        "--dt": ("0.1",),
        "--chip": ("loihi",),
        "--set": ("cores=1",),
        "--gain": ("dc",),
        "--reset": ("value",),
    },
    f"run model.py {SHORT}": {
        **COMPILER,
        "--record": RECORD,
        "--model": ("model.py",),
        "-o": ("model.py/r.h5", *OUTPUT_FILE),
    },
    "run image.npz --input spikes.npz": {
        "--duration": TIME,
        "-o": ("spikes.npz", "spikes", "image"),
    },
    "run image.npz --input": {
        "": (*INPUT, "model.py", "image.npz", "bad.h5", "bad.mat", "bad.txt", "other.npz")
    },
    "run --model model.py": {"": (*INPUT, "model.py", "spikes.npz")},
    f"compare model.py {SHORT}": {**COMPARING, "-o": OUTPUT_FOLDER},
    f"validate model.py {SHORT} --no-attribution": {
        **COMPARING,
        "--tolerance": FRACTION,
        "--seeds": COUNT,
        "-o": PAGE,
    },
    f"sweep model.py {SHORT} --workers 1 --vary seed=1": {
        **COMPARING,
        "--workers": COUNT,
        "-o": PAGE,
    },
    f"sweep model.py {SHORT} --workers 1 --vary": {
        "": (
            *("''", "seed", "=1", "seed=", "seed=,", "seed=1,,2", "seed=2:1", "seed=1:", "seed=x"),
            *("seed=1,1", "seed=-1", "seed=1.5", "seed=nan", "seed=1:1000000000000", "nothing=1"),
            *("dt=nan", "gain=x", "headroom=0", "core.no_such_bits=1"),
            *("seed=1 --vary seed=2", "seed=1 --seed 2", "weight_seed=-1", "rate_error=1"),
            *("dt=0.1,a", "dt=0", "core.decay_bits=x"),
        )
    },
    f"bits model.py {SHORT} --workers 1 --seeds 2 --widths 8": {
        **COMPILER,
        **RUNNING,
        "--workers": COUNT,
        "--seeds": (*COUNT, "1"),
        "--tolerance": FRACTION,
        "--register": ("''", "weight_bits", "weight_clips", "refractory_max --widths x"),
        "--widths": ("''", "x", "8,", "2:1", "1.5", "nan", "true", "1:1000000000000"),
        "-o": PAGE,
    },
    f"attribute model.py {SHORT}": {**COMPILER, **RUNNING, "--substeps": COUNT},
    "classify model.py --data data.npz --dt 1": {
        **{name: values for name, values in COMPILER.items() if name != "--input"},
        "--bits": ("''", "x", "8,", "2:1", "1.5", "nan", "8,8", "0", "1:1000000000000"),
        "--decode": CHOICE,
        "--also": CHOICE,
        "--population": ("''", "x"),
        "--extra-steps": SEED,
        "--attribute": COUNT,
        "-o": PAGE,
    },
    "classify model.py --dt 1 --data": {
        "": (*INPUT, "model.py", "image.npz", "other.npz", "few.npz", "flat.npz", "high.npz")
    },
    "info": {
        "": (*INPUT, "model.py", "spikes.npz --text", "image.npz --text --json", "image.npz x")
    },
    "conformance": {"": (*INPUT, "folder --preset x", "folder --threads 0")},
}

# What a model file may do instead of defining a network; each is compiled.
MODELS = {
    "nothing.py": "",
    "number.py": "network = 3",
    "chip_name.py": f"{MODEL}\nchip = 'loihi'",
    "chip_needs.py": f"{MODEL}\ndef chip(bits): ...",
    "chip_none.py": f"{MODEL}\ndef chip(): ...",
    "chip_fails.py": f"{MODEL}\ndef chip():\n    return {{}}['bits']",
    "needs.py": "def network(size): ...",
    "other.py": "def network(): return 3",
    "class.py": "from neurochip import Network as network",
    "builtin.py": "network = dict",
    "divides.py": "def network(): return 1 / 0",
    "syntax.py": "def f(:",
    "indent.py": "if True:\nx = 1",
    "exits.py": "import sys\nsys.exit(0)",
    "quits.py": "raise SystemExit('done')",
    "base.py": "class Odd(BaseException): pass\nraise Odd('x')",
    "generator.py": "raise GeneratorExit",
    "unprintable.py": "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd",
    "lines.py": "raise ValueError('one\\ntwo\\nthree\\n' * 100)",
    "escape.py": "raise ValueError('\\x1b[31m red')",
    "deep.py": "def f(): f()\nf()",
    "nested.py": "(" * 500,
    "asks.py": "input('which?')",
    "imports.py": "import no_such_module_at_all",
    "imports_syntax.py": "import syntax",
    "memory.py": "raise MemoryError",
    "file.py": "open('lost.txt')",
    "closed_pipe.py": "raise BrokenPipeError",
    "strict.py": "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('odd')",
    "arguments.py": "from argparse import ArgumentParser\nArgumentParser().parse_args(['x'])",
    "usage.py": "import click\nraise click.UsageError('mine')",
    "exit_of_click.py": "import click\nraise click.exceptions.Exit(0)",
    "numpy_raises.py": "import numpy as np\nnp.seterr(all='raise')\nnp.float64(1) / 0",
    "ours.py": "from neurochip import LIF\nLIF(tau_m=-1.0)",
    "moves.py": "import os\nos.chdir('folder')\nraise ValueError('moved')",
    "no_output.py": "import sys\nsys.stdout = sys.stderr = None\nraise ValueError('silent')",
}

OTHER = (
    *("bake", "--loud", "compile", "compile model.py x", "compile model.py --loud", "run", "sweep"),
    *("compare", "validate", "map", "info", "conformance", "sweep model.py", "run image.npz"),
    *("attribute", "attribute image.npz", "attribute graph.nir --dt 1e-3", "attribute lost.py"),
    *("compile model.py -o", "compile model.py --dt", "run image.npz --input a --model b"),
    *("compile model.py --v-reset 1", "compile model.py --convention norse", "map lost.py"),
    *("compile model.py --input-rate 5", "compile graph.nir", "compile graph.nir --dt auto"),
    *("compile graph.nir --dt 0.1ms", "compare graph.nir", "sweep graph.nir --vary dt=1"),
    *("run image.npz --model graph.nir", "map chip.py --system nahuku-8", "compare image.npz"),
    *("run image.npz --model model.py -o r.h5 --record v", "compare lost.py", "validate folder"),
    *("classify", "classify model.py", "classify graph.nir --data data.npz", "classify lost.py"),
    *("classify model.py --data data.npz --input spikes.npz", "classify folder --data data.npz"),
)


_BEGUN = {"sweep.jsonl", "bits.jsonl"}  # a sweep writes its points from the start


class Case(NamedTuple):
    """A command line and its kind."""

    kind: str
    line: str


class Outcome(NamedTuple):
    """Result of a command line."""

    status: int | None  # None: an uncaught exception
    errors: str  # the text on standard error, or the exception
    written: list[str]  # files that are new or changed

    def fault(self) -> str:
        """Return the reason why this is not a clear message; empty if it is clear."""
        lines = unfolded(self.errors)
        said = [line for line in lines if line.startswith("Error: ")]
        if self.status is None:
            return f"traceback: {self.errors}"
        if self.status not in (2, 3):
            return f"exit status {self.status}"
        if set(self.written) - _BEGUN:
            return f"wrote {', '.join(self.written)}"
        if len(said) != 1 or len(lines) > 5 or "Traceback" in self.errors:
            return f"says {self.errors!r}"
        if not all(line.isprintable() for line in lines):
            return f"characters that a terminal obeys: {self.errors!r}"
        return ""


def cases() -> Iterator[Case]:
    """Yield every bad command line."""
    for command, options in COMMANDS.items():
        for option, values in options.items():
            kind = f"values of {option.split()[-1]}" if option else "arguments"
            for value in values:
                yield Case(kind, " ".join(filter(None, (command, option, value))))
    for name in INPUT:
        yield Case("arguments", f"compile {name}")
    for value in GRAPH:
        yield Case("graphs", f"compile graph.nir --dt 0.1ms --convention {value}")
    for name, option in itertools.product(("--v-reset", "--input-rate"), REAL):
        yield Case(f"values of {name}", f"compile graph.nir --dt 0.1ms {name} {option}")
    for name in MODELS:
        yield Case("models", f"compile {name}")
    for name in ("chip_name.py", "chip_needs.py", "needs.py", "divides.py"):
        for command in ("compare", "validate", "map", "run image.npz --model"):
            yield Case("models", f"{command} {name}")
    for name in ("number.py", "chip_name.py", "divides.py", "builtin.py", "other.py"):
        yield Case("models", f"sweep {name} {SHORT} --workers 1 --vary seed=1")
    for line in OTHER:
        yield Case("commands and options", line)


def tried() -> dict[str, int]:
    """Return the number of command lines of each kind."""
    return dict(Counter(re.sub(r"^values of .*", "values of options", c.kind) for c in cases()))


def prepare(folder: Path) -> None:
    """Create the files that the command lines name in ``folder``, the current folder."""
    from neurochip import SpikeInput, Stimulus

    for name, source in {"model.py": MODEL, **MODELS}.items():
        (folder / name).write_text(source)
    (folder / "chip.py").write_text(f"{MODEL}\nfrom neurochip import LOIHI as chip\n")
    (folder / "folder").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("model.py")
    outcome = attempt("compile model.py")
    assert outcome.status == 0, outcome
    whole = (folder / "image.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "empty").write_bytes(b"")
    for name in ("noise", "bad.h5", "bad.mat", "bad.txt", "graph.nir"):
        (folder / name).write_bytes(bytes(range(256)) * 4)
    for name, source in (("spikes.npz", "source"), ("other.npz", "another")):
        Stimulus(10.0, (SpikeInput(source, 10, [0], [1.0]),)).save(folder / name)
    counts = np.zeros((3, 5, 10), dtype=np.uint8)
    for name, inputs, labels in (
        ("data.npz", counts, [0, 1, 2]),
        ("few.npz", counts, [0, 1]),
        ("flat.npz", counts[0], [0]),
        ("high.npz", counts, [0, 1, 10]),
    ):
        np.savez(folder / name, inputs=inputs, labels=labels)


def attempt(line: str) -> Outcome:
    """Run a command line in this process and in the current folder."""
    from neurochip.cli import main

    before = _files()
    errors, status = io.StringIO(), None
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(errors),
        _no_input(),
    ):
        try:
            main(shlex.split(line), prog_name="neurochip")
        except SystemExit as end:
            status = int(end.code or 0)
        except BaseException as problem:  # the fault that this test looks for
            errors.write(f"{type(problem).__name__}: {problem}")
    after = _files()
    written = sorted(name for name, state in after.items() if before.get(name) != state)
    for name in written:  # must not affect the next command line
        if name in _BEGUN:
            Path(name).unlink()
    return Outcome(status, errors.getvalue(), written)


def _files() -> dict[str, tuple[int, int]]:
    found = {}
    for path in Path().rglob("*"):
        if "__pycache__" not in path.parts:
            state = path.lstat()
            found[str(path)] = (state.st_mtime_ns if path.is_file() else 0, state.st_size)
    return found


@contextlib.contextmanager
def _no_input() -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before


def _table() -> int:
    counts: dict[str, list[int]] = {}
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        prepare(Path(folder))
        for case in cases():
            fault = attempt(case.line).fault()
            tried = counts.setdefault(case.kind, [0, 0])
            tried[0] += 1
            tried[1] += not fault
            if fault:
                sys.stderr.write(f"neurochip {case.line}\n    {fault[:300]}\n")
        os.chdir(home)
    counts["all"] = [sum(column) for column in zip(*counts.values(), strict=True)]
    sys.stdout.write("| kind | tried | clear message | other |\n|---|---|---|---|\n")
    for kind, (tried, clear) in counts.items():
        sys.stdout.write(f"| {kind} | {tried} | {clear} | {tried - clear} |\n")
    return counts["all"][0] - counts["all"][1]


if __name__ == "__main__":
    sys.exit(_table() > 0)
