"""Model files: the network and the chip that all commands take from them, and what they may do."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path

import pytest
from bad_command_lines import MODEL
from command_line import fail, run, succeed, unfolded

from neurochip import LOIHI
from neurochip.cli._model import ModelFunction
from neurochip.image.files import load_image

COARSE = f"{MODEL}\nfrom neurochip import LOIHI\n"
CHIPS = {
    "an object": "chip = LOIHI.what_if(name='coarse', decay_bits=6)",
    "a function": "def chip():\n    return LOIHI.what_if(name='coarse', decay_bits=6)",
    "a function with defaults": (
        "def chip(bits=6, *others, **more):\n"
        "    return LOIHI.what_if(name='coarse', decay_bits=bits)"
    ),
}
COMMANDS = {
    "compile": (),
    "run": ("--duration", "10"),
    "bits": ("--duration", "10", "--workers", "1", "--seeds", "2", "--widths", "8"),
    "compare": ("--duration", "10"),
    "validate": ("--duration", "10", "--no-attribution"),
    "map": ("--duration", "10", "-o", "out", "--image", "image.npz"),
    "sweep": ("--duration", "10", "--workers", "1", "--vary", "seed=1"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, so that files have short names in messages."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def model(source: str, name: str = "model.py") -> str:
    Path(name).write_text(source)
    return name


def errors(*arguments: str) -> list[str]:
    """Messages on standard error of a command that succeeds."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return unfolded(result.stderr)


# --- the chip ------------------------------------------------------------------------------------


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "sweep"])
def test_every_command_that_compiles_takes_the_chip_of_the_model(command: str, chip: str) -> None:
    said = succeed(command, model(f"{COARSE}\n{CHIPS[chip]}"), *COMMANDS[command])
    assert said.startswith("Chip of model.py: coarse\n")
    if command in ("compile", "compare"):
        assert "Compiled for coarse at dt = 0.1 ms" in said
    if command in ("compile", "map"):
        assert load_image("image.npz").chip == LOIHI.what_if(name="coarse", decay_bits=6)
    if command == "map":
        assert "Mapped onto coarse: 1 of 128 cores" in said
        assert json.loads(Path("out/mapping.json").read_text())["mapping"]["chip"] == "coarse"
    if command == "validate":
        data = json.loads(Path("report.json").read_text())
        assert (data["provenance"]["chip"], data["title"]) == ("coarse", "model on coarse")


def test_a_sweep_says_which_chip_the_model_has() -> None:
    arguments = (model(f"{COARSE}\n{CHIPS['an object']}"), *COMMANDS["sweep"])
    assert succeed("sweep", *arguments).startswith("Chip of model.py: coarse\n")


def test_dt_auto_looks_for_the_step_on_the_chip_of_the_model() -> None:
    said = [
        succeed("compile", model(source), "--dt", "auto")
        for source in (f"{COARSE}\n{CHIPS['an object']}", MODEL)
    ]
    found = [text[text.index("dt = ") :].split(" ms")[0] for text in said]
    assert found[0] != found[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_model_without_a_chip_is_compiled_for_loihi_and_says_nothing_of_it(command: str) -> None:
    assert "Chip of" not in succeed(command, model(MODEL), *COMMANDS[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_chip_that_is_none_is_refused_by_every_command(command: str) -> None:
    assert fail(command, model(f"{MODEL}\nchip = 'loihi'"), *COMMANDS[command]) == (
        "model.py: defines an object of type str under the name 'chip'; expected a ChipSpec, or a "
        "function that returns one."
    )


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "sweep"])
def test_functions_that_need_axes_are_for_sweeps(command: str) -> None:
    source = f"{MODEL}\ndef chip(bits, wide=False): ..."
    assert fail(command, model(source), *COMMANDS[command]) == (
        "model.py: the function 'chip' needs 'bits', which only neurochip sweep gives (--vary "
        "bits=...). Give it a default, or define 'chip' as a ChipSpec."
    )
    assert fail(command, model("def network(size): ..."), *COMMANDS[command]) == (
        "model.py: the function 'network' needs 'size', which only neurochip sweep gives (--vary "
        "size=...). Give it a default, or define 'network' as a neurochip Network."
    )


def test_a_network_may_be_a_function_in_every_command() -> None:
    made = MODEL.replace("\n", "\n    ").replace("network =", "return")
    said = succeed("compile", model(f"def network(size=10):\n    {made}"))
    assert "Compiled for loihi" in said
    assert load_image("image.npz").n_compartments == 10


def test_functions_that_return_something_else_are_refused() -> None:
    assert fail("compile", model(f"{MODEL}\ndef chip(): return 'loihi'")) == (
        "model.py: the function 'chip' returned an object of type str; expected a ChipSpec."
    )
    assert fail("compile", model("class Net: pass\ndef network(): return Net()")) == (
        "model.py: the function 'network' returned an object of type Net; expected a neurochip "
        "Network."
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("options", "name", "said"),
    [
        (
            ("--chip", "kapoho-bay"),
            "kapoho-bay",
            "Chip of the command line: kapoho-bay, not that of model.py",
        ),
        (
            ("--set", "core.decay_bits=7", "--set", "cores=9", "--set", "mesh.tile_columns=3"),
            "coarse (decay_bits=7, cores=9, mesh.tile_columns=3)",
            "Chip of model.py, with --set: coarse (decay_bits=7, cores=9, mesh.tile_columns=3)",
        ),
        (
            ("--chip", "lava", "--set", "core.voltage_overflow=none"),
            "lava (voltage_overflow=none)",
            "Chip of the command line: lava (voltage_overflow=none), not that of model.py",
        ),
    ],
)
def test_the_command_line_wins_over_the_chip_of_the_model_and_says_so(
    command: str, options: tuple[str, ...], name: str, said: str
) -> None:
    path = model(f"{COARSE}\n{CHIPS['an object']}")
    assert unfolded(succeed(command, path, *options, *COMMANDS[command]))[0] == said
    if command in ("compile", "map", "run"):
        chip = load_image("image.npz").chip if command != "run" else None
        assert chip is None or chip.name == name
        assert chip is None or "mesh" not in name or chip.mesh.tile_columns == 3


def test_a_function_for_a_chip_is_not_called_where_the_command_line_has_one() -> None:
    path = model(f"{COARSE}\ndef chip(bits):\n    raise ValueError")
    for command, options in COMMANDS.items():
        said = succeed(command, path, "--chip", "nahuku-8", *options)
        assert said.startswith("Chip of the command line: nahuku-8, not that of model.py\n")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "core.weight_bits=3",
            "--set 'core.weight_bits': a chip has no such field; allowed: cores, chips, mesh.NAME "
            "and core.NAME, a field of CoreSpec. Did you mean 'core.weight_mantissa_bits'?",
        ),
        (
            "mesh.columns=3",
            "--set 'mesh.columns': a chip has no such field; allowed: cores, chips, mesh.NAME and "
            "core.NAME, a field of CoreSpec. Did you mean 'mesh.tile_columns'?",
        ),
        ("core.decay_bits=99", "core: decay_bits = 99; allowed: 1 to 15."),
        ("core.decay_bits", "--set 'core.decay_bits'; allowed: FIELD=VALUE, as in "),
        ("cores=1,2", "--set 'cores=1,2' has several values; to vary a field: neurochip sweep."),
        ("cores=x", "chip 'loihi (cores=x)': cores = 'x'; allowed: "),
    ],
)
def test_a_field_that_a_chip_does_not_have_is_refused(
    command: str, change: str, message: str
) -> None:
    assert fail(command, model(MODEL), "--set", change, *COMMANDS[command]).startswith(message)


def test_a_chip_that_a_function_makes_for_each_point_is_varied_and_not_set() -> None:
    path = model(f"{COARSE}\n{CHIPS['a function with defaults']}")
    assert fail("sweep", path, "--set", "cores=3", "--vary", "seed=1") == (
        "--set changes one chip, and model.py has a function that makes one for each point; pass "
        "--vary cores=VALUE, or --chip."
    )


def test_a_run_warns_where_the_model_has_another_chip_than_the_image() -> None:
    succeed("compile", model(MODEL))
    arguments = ("run", "image.npz", "--model", "model.py", "--duration", "10")
    assert errors(*arguments) == []
    model(f"{COARSE}\n{CHIPS['an object']}")
    assert errors(*arguments) == [
        "Warning: the image was compiled for 'loihi' and runs on it; model.py defines another "
        "chip, 'coarse'. Compile the model again to run it on that one."
    ]
    succeed("compile", "model.py")
    assert errors(*arguments) == []


# --- what a model may do ------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["compile", "sweep"])
def test_a_function_that_fails_is_named_with_its_line(command: str) -> None:
    source = f"{MODEL}\ndef network():\n    return 1 / 0\n"
    assert (
        "model.py, line 11: failed with ZeroDivisionError: division by zero. Correct the model."
    ) in fail(command, model(source), *COMMANDS[command])


def test_an_error_of_neurochip_in_a_function_keeps_its_class() -> None:
    """A chip that cannot be is a result of a sweep, and not the end of it."""
    source = f"{COARSE}\ndef chip(bits):\n    return LOIHI.what_if(decay_bits=bits)\n"
    arguments = ("--duration", "10", "--workers", "1", "--vary", "bits=12,99,11")
    said = unfolded(succeed("sweep", model(source), *arguments))
    assert said[1].endswith("The chip cannot hold the network at 1 of them.")
    _, _, second, _ = map(json.loads, Path("sweep.jsonl").read_text().splitlines())
    assert "model.py, line 13: core: decay_bits = 99; allowed: 1 to 15." in second["problem"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("class Odd(BaseException): pass\nraise Odd('x')", ", line 2: failed with Odd: x."),
        ("import sys\nsys.exit(0)", ", line 2: failed with SystemExit: 0."),
        ("if True:\nx = 1", ", line 2: failed with IndentationError: expected an indented block"),
        ("def f(): f()\nf()", ", line 1: failed with RecursionError: maximum recursion depth"),
        ("x = input()", ", line 1: failed with EOFError"),
        ("open('lost.txt')", ", line 1: failed with FileNotFoundError: [Errno 2] No such file"),
        ("raise ValueError('a\\nb\\x1b')", ", line 1: failed with ValueError: a\\nb\\x1b."),
        (
            "class Odd(Exception):\n    def __str__(self): raise KeyError\nraise Odd",
            ", line 3: failed with Odd: (no message: it failed with KeyError).",
        ),
        (
            "def network():\n    import other",
            ", line 2: failed with SyntaxError: '(' was never closed (other.py, line 1).",
        ),
    ],
)
def test_whatever_a_model_raises_names_its_line(
    source: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model("(", "other.py")
    assert fail("compile", model(source)).startswith(f"model.py{message}")


def test_a_model_that_cannot_be_read_says_why() -> None:
    Path("folder.py").mkdir()
    Path("loop.py").symlink_to("loop.py")
    Path("latin.py").write_bytes(b"x = '\xe9'")
    Path("binary.py").write_bytes(b"\x00\x01")
    wanted = (
        "pass a Python file that defines 'network', a NIR graph (.nir), or a network of lava-dl "
        "(.net)."
    )
    assert fail("compile", "folder.py") == f"folder.py: Is a directory; {wanted}"
    assert fail("compile", "loop.py") == (f"loop.py: Too many levels of symbolic links; {wanted}")
    assert "failed with SyntaxError: (unicode error) 'utf-8' codec" in fail("compile", "latin.py")
    assert "null bytes" in fail("compile", "binary.py")
    succeed("compile", model(MODEL))
    assert fail("compare", "image.npz") == f"image.npz: is no model; {wanted}"
    assert "defines nothing under the name 'network'" in fail("compile", model("", "empty.py"))


CHANGES = """
import io, os, sys, warnings
import numpy as np

os.chdir("/")
sys.path.insert(0, "/nowhere")
sys.argv.append("--more")
np.seterr(all="raise")
warnings.simplefilter("error")

sys.stdout = sys.stderr = io.StringIO()
"""


def test_what_a_model_changes_is_put_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.path[:], sys.argv[:]
    said = succeed("compile", model(MODEL + CHANGES), "-o", "here.npz")
    assert said.endswith("Wrote here.npz\n")
    assert (folder / "here.npz").is_file()
    assert Path.cwd() == folder
    assert (sys.path, sys.argv) == before


def test_a_model_sees_its_own_arguments_only() -> None:
    source = f"{MODEL}\nimport argparse\nargparse.ArgumentParser().parse_args()\n"
    succeed("compile", model(source), "--gain", "impulse")


def test_a_model_may_define_classes_and_print() -> None:
    source = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass, field\n"
        "@dataclass(kw_only=True)\nclass Setting:\n    x: int = 1\n"
        f"print('hello', __file__)\n{MODEL}"
    )
    assert succeed("compile", model(source)).startswith("hello model.py\n")


def test_a_script_guarded_by_main_is_not_run() -> None:
    succeed("compile", model(f"{MODEL}\nif __name__ == '__main__':\n    raise ValueError"))


@pytest.mark.filterwarnings("default")
def test_warnings_of_a_model_name_its_line() -> None:
    source = f"{MODEL}\nimport warnings\nwarnings.warn('one\\n\\x1btwo')\n"
    assert errors("compile", model(source)) == ["Warning: model.py, line 11: one\\n\\x1btwo"]


def test_a_function_of_a_model_travels_to_another_process_by_its_name() -> None:
    path = model("def network(size=3):\n    return size * 2\n")
    here = ModelFunction(path, "network", lambda size: size)
    there = pickle.loads(pickle.dumps(here))
    assert there == ModelFunction(path, "network")
    assert (here(size=5), there(size=5), there()) == (5, 10, 6)


def test_what_happens_in_a_model_does_not_stay_in_the_process() -> None:
    """The same name in another folder is another model."""
    succeed("compile", model(MODEL))
    Path("other").mkdir()
    os.chdir("other")
    succeed("compile", model(MODEL.replace("1.5", "2.5")))
    assert load_image("image.npz").digest() != load_image("../image.npz").digest()


# --- models that learn ---------------------------------------------------------------------------

LEARNING = """
from neurochip import LIF, STDP, Network, PoissonInput, Population, all_to_all

source, cells = PoissonInput("source", 20, rate=200.0), Population("cells", 3, LIF(tau_m=10.0))
rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.05, a_minus=0.05, w_max=2.0)
link = all_to_all(source, cells, weight=1.0, plasticity=rule)
network = Network(inputs=[source], populations=[cells], connections=[link])
"""


@pytest.mark.slow
def test_compare_says_whether_the_chip_learns_the_same() -> None:
    options = (model(LEARNING), "--dt", "1", "--duration", "100", "--fine-dt", "0")
    text = succeed("compare", *options)
    assert "weight steps from float, " in " ".join(text.split("\n\n")[0].split())
    assert "open loop  closed loop" in text
    data = json.loads(succeed("compare", *options, "--json"))
    assert data["learning"]["seeds"] == 8
    assert data["lead"].splitlines()[0] == data["learning"]["answers"]["source->cells"]


@pytest.mark.slow
def test_validate_writes_what_a_model_learns(folder: Path) -> None:
    succeed("validate", model(LEARNING), "--dt", "1", "--duration", "100", "--fine-dt", "0")
    page = (folder / "report.html").read_text()
    assert "Attribution of learning" in page
    data = json.loads((folder / "report.json").read_text())
    assert data["learning"]["answers"]["source->cells"] == data["lead"].splitlines()[0]
    assert data["attribution"] is None
    assert data["learning_attribution"]["seeds"] == 8


@pytest.mark.slow
def test_attribute_splits_the_error_of_learned_weights() -> None:
    options = (model(LEARNING), "--dt", "1", "--duration", "100")
    assert " of the learning error (RMS " in " ".join(succeed("attribute", *options).split())
    data = json.loads(succeed("attribute", *options, "--json"))
    assert data["rows"] == []
    assert data["learning"]["totals"][0]["connection"] == "source->cells"
    assert fail("attribute", *options, "--substeps", "1") == (
        "--substeps is no option for a model that learns: its ideal is float64 on the steps of the "
        "chip."
    )


@pytest.mark.slow
def test_a_report_says_what_synapses_learned_and_where_the_error_comes_from() -> None:
    options = (model(LEARNING), "--dt", "1", "--duration", "100", "--fine-dt", "0")
    lead = json.loads(succeed("validate", *options, "--json"))["lead"].splitlines()
    page, data = Path("report.html").read_text(), json.loads(Path("report.json").read_text())
    assert lead[0] == data["learning"]["answers"]["source->cells"]
    assert lead[1] == data["learning_attribution"]["answers"]["source->cells"]
    assert "<h2>Learning</h2>" in page
    assert "<h2>Attribution of learning</h2>" in page
    assert data["attribution"] is None
    succeed("validate", *options, "--no-attribution")
    data = json.loads(Path("report.json").read_text())
    assert data["learning"]["seeds"] == 8
    assert data["learning_attribution"] is None


def test_a_run_counts_what_was_learned_and_writes_the_image_that_starts_from_there() -> None:
    options = (model(LEARNING), "--dt", "1", "--duration", "100", "--learned", "learned.npz")
    text = succeed("run", *options, "-o", "run.npz")
    assert "  source->cells learned: " in text
    assert "plastic events; beyond their limits: traces " in text
    assert text.endswith("Wrote run.npz\nWrote learned.npz\n")
    counts = json.loads(succeed("info", "run.npz", "--json"))["content"]["learning"][
        "source->cells"
    ]
    beyond = {"traces", "accumulators", "weights"}
    assert set(counts) == {"events", "spikes", "repeated"} | beyond
    learned = load_image("learned.npz")
    assert learned.learning is not None
    assert len(set(learned.synapses[0].mantissa)) > 1  # all weights were equal before


def test_a_learned_image_is_refused_where_nothing_learns_or_it_would_be_overwritten() -> None:
    learning, fixed = model(LEARNING), model(LEARNING.replace(", plasticity=rule", ""), "fixed.py")
    assert fail("run", fixed, "--duration", "10", "--learned", "learned.npz") == (
        "--learned learned.npz: no synapse of fixed.py learns."
    )
    both = ("--learned", "one.npz", "-o", "one")
    assert fail("run", learning, "--dt", "1", "--duration", "10", *both) == (
        "--learned one.npz and -o one name one file; pass two."
    )


@pytest.mark.slow
def test_a_rule_without_synapses_leaves_a_model_that_does_not_learn(folder: Path) -> None:
    none = "fixed_probability(source, cells, 0.0, seed=1, weight=1.0, name='none', plasticity=rule)"
    still = LEARNING.replace(", plasticity=rule)", ")").replace("=[link]", f"=[link, {none}]")
    options = (model(still.replace("all_to_all\n", "all_to_all, fixed_probability\n")), "--dt", "1")
    options = (*options, "--duration", "100")
    assert "rate" in succeed("compare", *options, "--fine-dt", "0")
    assert json.loads(succeed("attribute", *options, "--json"))["rows"]
    succeed("validate", *options, "--fine-dt", "0")
    assert "learning" not in (folder / "report.html").read_text()
