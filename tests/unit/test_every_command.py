"""One table holds for every command: models, graphs, JSON, silence, width, endings."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from bad_command_lines import MODEL
from click.testing import CliRunner, Result
from command_line import fail, run, succeed, unfolded

from neurochip import LOIHI, SpikeInput, Stimulus
from neurochip.cli import _terminal, main
from neurochip.cli._results import COMMON, RESULTS
from neurochip.cli._statuses import Status
from neurochip.sweeps.fingerprint import fingerprint

# Commands that take a MODEL, with options that make them short, and what Ctrl-C interrupts.
OF_MODEL = {
    "compile": ((), "compiler.compile_network"),
    "run": (("--duration", "20"), "neurochip.emulator.Emulator.run"),
    "compare": (("--duration", "20", "-o", "out"), "neurochip.emulator.Emulator.run"),
    "validate": (("--duration", "20", "--no-attribution"), "neurochip.report.validate"),
    "sweep": (
        ("--duration", "20", "--workers", "1", "--vary", "seed=1,2"),
        "neurochip.sweeps.worker._Evaluator.record",
    ),
    "bits": (
        ("--duration", "20", "--workers", "1", "--seeds", "2", "--widths", "8"),
        "neurochip.sweeps.worker._Evaluator.record",
    ),
    "attribute": (("--duration", "20"), "neurochip.attribution.attribute"),
    "classify": (("--data", "data.npz", "--dt", "1"), "neurochip.reference.Reference.run_batch"),
    "map": (("--duration", "20", "-o", "out"), "neurochip.report.map_network"),
}
ON_SPIKES = [name for name in OF_MODEL if name != "classify"]  # which takes samples
RUNNING = [name for name in ON_SPIKES if name != "compile"]
GRAPH = ("graph.nir", "--dt", "1e-4", "--reset", "value")
SPIKES = ("--input", "spikes.npz")
VECTORS = Path(__file__).parents[1] / "conformance" / "vectors"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with a chip in the current folder; neither a terminal nor its settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    chip = "from neurochip import LOIHI\nchip = LOIHI.what_if(name='coarse', decay_bits=6)\n"
    Path("model.py").write_text(f"{MODEL}\n{chip}")
    counts = np.random.default_rng(1).integers(0, 3, (4, 20, 10), dtype=np.uint8)
    np.savez("data.npz", inputs=counts, labels=np.arange(4))
    return tmp_path


def line(command: str) -> tuple[str, ...]:
    """A short command line of a command, with the files that it needs in the current folder."""
    if command in OF_MODEL:
        return (command, "model.py", *OF_MODEL[command][0])
    if command == "info":
        succeed("compile", "model.py")
        return (command, "image.npz")
    if command == "inspect":
        graph()
        return (command, "graph.nir")
    if command == "conformance":
        return (command, str(VECTORS))
    return (command,)


SHORT = [*OF_MODEL, "info", "inspect"]  # the others run for seconds


def graph() -> None:
    """A NIR graph, and spikes of its input."""
    nir = pytest.importorskip("nir")
    pytest.importorskip("h5py")
    from nir_graphs import PAPER_STEPS, paper_neuron

    nir.write("graph.nir", paper_neuron())
    steps = PAPER_STEPS
    np.savez("spikes.npz", i=0 * steps, t_step=steps, dt=0.1, n=1, duration=100.0)


# --- models ---------------------------------------------------------------------------------------


def test_the_table_has_every_command_that_takes_a_model() -> None:
    with_chip = {name for name, item in main.commands.items() if "--chip" in str(_flags(item))}
    assert with_chip == set(OF_MODEL)
    assert set(RESULTS) == {name for name, c in main.commands.items() if "--json" in _flags(c)}


def _flags(command: click.Command) -> list[str]:
    return [flag for parameter in command.params for flag in parameter.opts]


@pytest.mark.parametrize("command", OF_MODEL)
def test_the_result_is_of_the_chip_of_the_model(command: str) -> None:
    text = run(*line(command), "--json").stdout
    if command in ("sweep", "bits", "classify"):  # they keep a digest of the chip
        chip = LOIHI.what_if(name="coarse", decay_bits=6)
        changed = chip.what_if(weight_mantissa_bits=8) if command == "bits" else chip
        assert fingerprint(changed) in Path(f"{command}.jsonl").read_text()
    else:
        assert '"chip": "coarse"' in text or '"chip": "chip coarse, image ' in text


@pytest.mark.parametrize("command", ON_SPIKES)
def test_a_graph_is_a_model_and_runs_on_the_spikes_of_a_file(command: str) -> None:
    graph()
    options = [item for item in OF_MODEL[command][0] if item not in ("--duration", "20")]
    said = unfolded(succeed(command, *GRAPH, *SPIKES, *options))
    assert said[0].startswith("Read graph.nir for steps of 0.0001 s = 0.1 ms; ")
    if command == "run":
        # As long as the spikes; the lines below are indented.
        assert ": 0 to 100 ms in steps of 0.1 ms b: 1 neuron, " in said[1]


@pytest.mark.parametrize("command", RUNNING)
def test_a_graph_without_spikes_is_refused_by_what_runs_it(command: str) -> None:
    graph()
    assert fail(command, *GRAPH, *OF_MODEL[command][0]) == (
        "graph.nir: a NIR graph holds no input spikes, and a run needs those of 'input' (1 "
        "source); pass a file of them: --input SPIKES (.npz, .h5, .nix or .mat)."
    )


@pytest.mark.parametrize("command", ["compile", "map"])
def test_a_graph_that_does_not_run_needs_no_spikes_and_says_what_it_expects(command: str) -> None:
    graph()
    expected = "Inputs: 100 Hz expected; pass --input SPIKES or --input-rate if not"
    assert expected in unfolded(succeed(command, *GRAPH))
    assert "Inputs: " not in succeed(command, *GRAPH, "--input-rate", "50")


@pytest.mark.parametrize("command", ON_SPIKES)
def test_the_spikes_of_a_file_replace_the_inputs_of_a_model(command: str) -> None:
    steps = np.arange(100)
    np.savez("spikes.npz", i=steps % 10, t_step=steps, dt=0.5, n=10, duration=50.0)
    assert run(*line(command), *SPIKES).exit_code == 0
    np.savez("spikes.npz", i=steps % 10, t_step=steps, dt=0.5, n=9, duration=50.0)
    assert fail(*line(command), *SPIKES) == (
        "spikes.npz: 'source' has 9 sources; the run expects 10."
    )


# --- the result -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", SHORT)
def test_json_is_all_that_stands_on_standard_output_and_has_the_keys_of_the_table(
    command: str,
) -> None:
    result = run(*line(command), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    data = json.loads(result.stdout)
    head = ["command", "version"]
    assert list(data)[:2] == head
    assert list(data)[-1] == "written"
    assert set(data) - set(COMMON) == set(RESULTS[command])
    assert data["command"] == command
    assert all(Path(path).is_file() for path in data["written"])


def test_json_of_recordings_stimuli_and_vectors_has_the_keys_of_the_table(folder: Path) -> None:
    succeed("run", "model.py", "--duration", "20")
    ran = json.loads(succeed("info", "recording.npz", "--json"))["content"]
    assert set(ran) == set(RESULTS["run"])
    assert ran["populations"]["cells"]["neurons"] == 10
    Stimulus(50.0, (SpikeInput("source", 10, [0, 1], [1.0, 2.0]),)).save("spikes.npz")
    assert json.loads(succeed("info", "spikes.npz", "--json"))["content"] == {
        "duration": 50.0,
        "inputs": {"source": {"sources": 10, "spikes": 2}},
    }
    (folder / "vectors").mkdir()
    shutil.copy(sorted(VECTORS.glob("*.npz"))[0], folder / "vectors")
    data = json.loads(succeed("conformance", "vectors", "--json"))
    assert set(data) - set(COMMON) == set(RESULTS["conformance"])
    assert sum(item["equal"] for item in data["classes"].values()) == 1


@pytest.mark.parametrize("command", SHORT)
def test_quiet_prints_nothing_and_does_the_same(command: str) -> None:
    result = run(*line(command), *(["--quiet"] if command != "info" else ["-q"]))
    assert (result.exit_code, result.output) == (0, "")
    both = run(*line(command), "--quiet", "--json")
    assert json.loads(both.stdout)["command"] == command


# --- the terminal ---------------------------------------------------------------------------------


def too_wide(text: str, columns: int = 80) -> list[str]:
    """Lines that are wider, besides single words such as paths."""
    return [item for item in text.splitlines() if len(item) > columns and " " in item.strip()]


@pytest.mark.parametrize("columns", [None, "80"])
@pytest.mark.parametrize("command", [None, *main.commands])
def test_help_fits(command: str | None, columns: str | None, monkeypatch) -> None:
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    text = succeed(*([] if command is None else [command]), "--help")
    assert too_wide(text, int(columns or 80)) == []
    assert "..." not in text.replace("[OPTIONS] COMMAND [ARGS]...", "")


@pytest.mark.parametrize("command", SHORT)
def test_what_a_command_prints_fits_80_columns_has_no_colours_and_asks_no_terminal(
    command: str, monkeypatch
) -> None:
    result = run(*line(command))
    assert too_wide(result.output) == []
    assert "\x1b" not in result.output
    assert "\r" not in result.output  # of a progress bar
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.setenv(name, "1")
        assert run(*line(command)).output == result.output


@pytest.mark.parametrize("command", OF_MODEL)
def test_errors_and_warnings_fit_80_columns(command: str) -> None:
    result = run(command, "model.py", *OF_MODEL[command][0], "--set", "core.weight_bits=3")
    assert result.exit_code == Status.REFUSED
    assert len(result.stderr) > 160
    assert too_wide(result.stderr) == []


# --- how it ends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", OF_MODEL)
def test_a_network_that_does_not_fit_has_a_status_of_its_own(command: str) -> None:
    small = ("--set", "cores=1", "--set", "core.compartments=4")
    if command in ("sweep", "bits"):  # which report it as their result
        succeed(*line(command), *small)
    elif command == "map":
        result = run(*line(command), *small, "--json")
        assert result.exit_code == Status.DOES_NOT_FIT
        data = json.loads(result.stdout)
        assert (data["fits"], data["mapping"]) == (False, None)
        assert data["reasons"][0]["cores"] == 3
        assert set(data) - set(COMMON) == set(RESULTS["map"])
    else:
        said = fail(*line(command), *small, status=Status.DOES_NOT_FIT)
        assert said.startswith("network: needs 3 cores; chip ")
    assert not Path("image.npz").exists()


def test_a_register_that_is_too_small_does_not_fit() -> None:
    Path("model.py").write_text(MODEL.replace("tau_m=10.0", "tau_refrac=500.0"))
    assert "allowed: 1 to 63" in fail("compile", "model.py", status=Status.DOES_NOT_FIT)


KEPT = {
    "classify": (
        "classify.jsonl: 0 of 2 points are kept; start the same classification again to continue."
    ),
    "sweep": "sweep.jsonl: 0 of 2 points are kept; start the same sweep again to continue.",
    "bits": "bits.jsonl: 0 of 4 points are kept; start the same sweep again to continue.",
}


@pytest.mark.parametrize("command", OF_MODEL)
def test_ctrl_c_says_what_is_kept(command: str, monkeypatch) -> None:
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(OF_MODEL[command][1], interrupt)
    result = run(*line(command))
    assert result.exit_code == Status.INTERRUPTED
    kept = KEPT.get(command, "Nothing was written.")
    assert unfolded(result.stderr) == [f"Error: interrupted. {kept}"]


@pytest.mark.parametrize("command", SHORT)
def test_a_reader_that_goes_away_stops_no_command(command: str, monkeypatch) -> None:
    """As in ``neurochip map model.py | head -0``."""
    written, arguments = _terminal._print, line(command)

    def closed(text, stream):
        if stream is sys.stdout:
            raise BrokenPipeError
        written(text, stream)

    monkeypatch.setattr(_terminal, "_print", closed)
    for option in ((), ("--json",)):
        result = run(*arguments, *option)
        assert (result.exit_code, result.output) == (Status.UNREAD, "")
    if command == "compile":
        assert Path("image.npz").is_file()


def test_a_check_that_fails_has_a_status_of_its_own() -> None:
    arguments = ("validate", "model.py", "--no-attribution", "--dt", "0.5", "--duration", "200")
    assert "All rates: equal within 100 %" in succeed(*arguments, "--tolerance", "1")
    Path("model.py").write_text(MODEL)
    result = run(*arguments, "--tolerance", "0.000001", "--set", "core.weight_mantissa_bits=1")
    assert result.exit_code == Status.FAILED_CHECK
    assert "All rates: not shown to be equal within 0.0001 %\nWrote report.html" in result.stdout
    again = run(*arguments, "--tolerance", "0.000001", "--json")
    assert json.loads(again.stdout)["passed"] is False


def test_every_status_stands_in_the_help_once() -> None:
    table = succeed("help").partition("Exit status:\n")[2]
    assert re.findall(r"^  (\d+) ", table, re.MULTILINE) == [str(int(item)) for item in Status]


def test_a_fault_is_not_taken_for_a_failed_check(monkeypatch) -> None:
    def fault(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("compiler.compile_network", fault)
    result: Result = CliRunner().invoke(main, ["compile", "model.py"])
    assert result.exit_code == Status.FAULT == 70
