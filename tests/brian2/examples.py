"""Run Brian2's examples and tutorials in Brian2 and on the chip, and print a table of their rates.

    python tests/brian2/examples.py FOLDER [--seconds 100] [NAME ...]
    python tests/brian2/examples.py FOLDER --pairs 5 CUBA.py

FOLDER holds scripts (``*.py``) and notebooks (``*.ipynb``) in any depth; the examples are in the
source distribution of Brian2 (``pip download --no-deps --no-binary brian2 brian2``), the tutorials
beside its documentation. NAME is a part of a path; without one, all files run. A script gets two
lines more for the chip: the import of the front end, and ``set_device``, which also replaces a call
of ``set_device`` in the script. ``--cores 600`` takes a chip with more cores. A cell of a notebook
that runs a network is a row; it runs after the cells before it, those that fail excepted. With
``--pairs`` the table has the median times of whole processes in seconds instead, of Brian2 with its
Cython target after a first run and of the chip, in turn, and the median of their ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

FIRST = {
    "brian2": "import brian2; brian2.prefs.codegen.target = 'numpy'; brian2.seed(1)",
    "chip": (
        "import brian2, neurochip.frontends.brian2; "
        "brian2.set_device('neurochip', progress=False, chip=neurochip.LOIHI); brian2.seed(1)"
    ),
}
TOLD = "neurochip-examples:"
LAST = f"""
import gc as _gc, brian2 as _b2, numpy as _np
_found = [o for o in _gc.get_objects() if type(o) in (_b2.SpikeMonitor, _b2.StateMonitor)]
_found = [o for o in _found if isinstance(getattr(o.source, 'source', o.source), _b2.NeuronGroup)]
_texts = []
for _o in sorted(_found, key=lambda o: o.name)[:3]:
    _span = _o.clock.variables["t"].get_value().item()
    if isinstance(_o, _b2.SpikeMonitor) and _span:
        _texts.append("%.4g Hz" % (_o.num_spikes / _o.source.N / _span))
    elif isinstance(_o, _b2.StateMonitor) and len(_o.t_):
        _name = sorted(_o.record_variables)[-1]
        _texts.append("mean %s %.4g" % (_name, _np.mean(_o.variables[_name].get_value())))
print({TOLD!r}, ", ".join(_texts) or "runs")
"""
_RUNS = re.compile(r"\brun\(")
_SET_DEVICE = re.compile(r"^(\s*)(\w+\.)?set_device\(.*\)", re.MULTILINE)


def rows_of(path: Path) -> dict[str, str]:
    """Return the programs of a file by the name of their row."""
    if path.suffix == ".py":
        return {path.name: path.read_text(encoding="utf-8")}
    cells = [
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    rows, before = {}, ""
    for number, cell in enumerate(cells, 1):
        code = "\n".join(line for line in cell.splitlines() if not line.lstrip().startswith("%"))
        if _RUNS.search(code):
            rows[f"{path.stem}, cell {number}"] = before + code
        elif "NeuronGroup" not in code:
            before += f"try:\n    exec({code!r}, globals())\nexcept Exception:\n    pass\n"
        if _RUNS.search(code) or "NeuronGroup" in code:
            names = "\n".join(
                re.findall(r"^(?:tau|eqs|I|v0) = (?:'''(?:.|\n)*?'''|.*)", code, re.M)
            )
            before += names + "\n"
    return rows


def result_of(program: str, device: str, seconds: float, first: dict[str, str]) -> str:
    """Return what a program prints about its monitors, or its error."""
    text = "\n".join([first[device], _on(program, device, first), LAST])
    try:
        done = _run(text, seconds)
    except subprocess.TimeoutExpired:
        return f"longer than {seconds:g} s"
    for line in done.stdout.splitlines():
        if line.startswith(TOLD):
            return line.removeprefix(TOLD).strip()
    error = [
        line for line in done.stderr.strip().splitlines() if re.match(r"[\w.]+(Error|Exc)", line)
    ]
    return (error or ["no error"])[-1].rpartition("Error: ")[2].partition(". ")[0]


def times_of(program: str, pairs: int, seconds: float) -> list[str]:
    """Return the median times of a program on both devices, and the median ratio, as texts."""
    first = {**FIRST, "brian2": FIRST["brian2"].replace("'numpy'", "'cython'")}
    times: dict[str, list[float]] = {device: [] for device in first}
    for _ in range(pairs + 1):
        for device, lines in first.items():
            begin = time.perf_counter()
            text = "\n".join([lines, _on(program, device, first)])
            _run(text, seconds)
            times[device].append(time.perf_counter() - begin)
    brian2, chip = (several[1:] for several in times.values())
    ratios = [b / a for a, b in zip(brian2, chip, strict=True)]
    return [f"{median(brian2):.2f}", f"{median(chip):.2f}, ratio {median(ratios):.2f}"]


def _on(program: str, device: str, first: dict[str, str]) -> str:
    """Return a program with calls of ``set_device`` for this device, also in its own processes."""
    again = first[device].rpartition(";")[0] if device == "chip" else "pass"
    return _SET_DEVICE.sub(lambda found: found[1] + again, program)


def _run(text: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env={**os.environ, "MPLBACKEND": "Agg"},
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--cores", type=int, default=128)
    given = parser.parse_args()
    chip = f"LOIHI.what_if(name='wide', cores={given.cores})" if given.cores != 128 else "LOIHI"
    first = {device: lines.replace("LOIHI", chip) for device, lines in FIRST.items()}
    sys.stdout.write("| script | Brian2 | chip |\n|---|---|---|\n")
    for path in sorted([*given.folder.rglob("*.py"), *given.folder.rglob("*.ipynb")]):
        if given.names and not any(name in str(path) for name in given.names):
            continue
        for name, program in rows_of(path).items():
            if given.pairs:
                results = times_of(program, given.pairs, given.seconds)
            else:
                results = [result_of(program, device, given.seconds, first) for device in FIRST]
            sys.stdout.write(f"| {name} | {' | '.join(results)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
