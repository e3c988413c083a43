"""The command line: what it prints, what it writes, and how it says no."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import fail, run, succeed, unfolded

from neurochip import Recording, RecordingError, SpikeInput, Stimulus
from neurochip.image.files import load_image, save_image

MODEL = """
from neurochip import LIF, Network, PoissonInput, Population, one_to_one

source = PoissonInput("source", 10, rate=1300.0)
cells = Population("cells", 10, LIF(tau_m=10.0))
network = Network(
    inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=1.5)]
)
"""

# All of 40 sources at once: more than the room left for independent ones.
VOLLEY = """
import numpy as np

from neurochip import LIF, Network, Population, SpikeInput, all_to_all

source = SpikeInput("source", 40, np.arange(40), np.full(40, 500.0))
cells = Population("cells", 1, LIF())
network = Network(
    inputs=[source], populations=[cells], connections=[all_to_all(source, cells, weight=1.0)]
)
"""

NUMBERS = {"seed", "image_digest", "compile_report", "comparison"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, so that files have short names in messages."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(folder: Path) -> Path:
    (folder / "model.py").write_text(MODEL)
    return Path("model.py")


@pytest.fixture
def image(model: Path) -> Path:
    succeed("compile", model)
    return Path("image.npz")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the demo wrote, and what it printed."""
    target = tmp_path_factory.mktemp("demo") / "out"
    return target, succeed("demo", "-o", target)


# --- demo ----------------------------------------------------------------------------------------


def test_demo_writes_figures_and_numbers_of_both_networks(demo: tuple[Path, str]) -> None:
    files = {path.name: path for path in demo[0].iterdir()}
    assert set(files) == {
        "notebook_neurons_membrane.png",
        "notebook_neurons_comparison.png",
        "notebook_numbers.json",
        "driven_neurons_membrane.png",
        "driven_neurons_comparison.png",
        "driven_numbers.json",
    }
    for name, path in files.items():
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG\r\n"), name
            assert 20_000 < path.stat().st_size < 1_000_000
    said = [line.removeprefix("Wrote ") for line in unfolded(demo[1]) if line.startswith("Wrote ")]
    assert sorted(said) == sorted(map(str, files.values()))


def test_demo_finds_the_notebook_network_silent_on_both_sides(demo: tuple[Path, str]) -> None:
    numbers = json.loads((demo[0] / "notebook_numbers.json").read_text())
    assert set(numbers) == NUMBERS
    result = numbers["comparison"]["populations"]["neurons"]
    assert result["verdict"] == "silent"
    assert (result["reference_spikes"], result["chip_spikes"]) == (0, 0)
    assert 0 < result["v_rmse"] < 0.01  # mV
    assert result["v_neurons"] == 100
    assert result["rate_error"] is None
    assert numbers["comparison"]["overflows"] == {}


def test_demo_drives_the_second_network_to_a_rate_that_can_be_compared(
    demo: tuple[Path, str],
) -> None:
    numbers = json.loads((demo[0] / "driven_numbers.json").read_text())
    result = numbers["comparison"]["populations"]["neurons"]
    assert result["verdict"] == "compared"
    assert 10 < result["reference_rate"] < 40
    assert abs(result["rate_error"]) < 0.01
    assert result["mean_neuron_rate_error"] < 0.015
    split = result["split"]
    parts = split["quantisation"]["signed"] + split["time_step"]["signed"]
    assert parts == pytest.approx(split["total"]["signed"], abs=1e-12)


def test_demo_prints_both_reports_and_comparisons(demo: tuple[Path, str]) -> None:
    text = demo[1]
    assert text.count("Compiled for loihi at dt = 0.1 ms") == 2
    assert text.count("Chip against reference, 1000 ms in steps of 0.1 ms") == 2
    assert "neurons (100 neurons): SILENT" in text
    assert "neurons (100 neurons): COMPARED" in text
    assert "decay_v 41\n" in text


def test_demo_at_one_millisecond_is_closer_to_the_reference_on_its_grid(folder: Path) -> None:
    succeed("demo", "--dt", "1", "-o", "out")
    numbers = json.loads((folder / "out" / "driven_numbers.json").read_text())
    result = numbers["comparison"]["populations"]["neurons"]
    assert abs(result["rate_error"]) < 0.003
    assert result["mean_neuron_rate_error"] < 0.006


def test_demo_with_one_seed_gives_the_same_numbers_twice(demo: tuple[Path, str]) -> None:
    succeed("demo", "-o", "again")
    for name in ("notebook_numbers.json", "driven_numbers.json"):
        assert (Path("again") / name).read_bytes() == (demo[0] / name).read_bytes()


# --- compile, run, info --------------------------------------------------------------------------


def test_compile_prints_the_report_and_writes_the_image(model: Path) -> None:
    text = succeed("compile", model, "--dt", "0.5", "--gain", "impulse", "--headroom", "2")
    assert text.startswith("Compiled for loihi at dt = 0.5 ms (gain=impulse, headroom=2.0")
    assert text.endswith("Wrote image.npz\n")
    image = load_image("image.npz")
    assert (image.n_compartments, image.n_synapses, image.symbols.dt) == (10, 10, 0.5)


def test_compile_writes_a_dump_beside_the_image(model: Path) -> None:
    text = succeed("compile", model, "-o", "out/net.npz", "--text")
    assert text.splitlines()[-2:] == [
        f"Wrote {Path('out/net.npz')}",
        f"Wrote {Path('out/net.txt')}",
    ]
    dump = Path("out/net.txt").read_text()
    assert dump.startswith(f"chip image {load_image('out/net.npz').digest()}\n")


def test_run_draws_the_inputs_of_a_model(image: Path, model: Path) -> None:
    text = succeed("run", image, "--model", model, "--duration", "200", "--seed", "3")
    spikes = int(re.search(r"cells: 10 neurons, (\d+) spikes, mean rate", text)[1])
    recording = Recording.load("recording.npz")
    assert recording.duration == pytest.approx(200.0)
    assert recording.n_spikes == spikes > 10
    assert recording.traces == {}
    assert text.splitlines()[0].endswith(": 0 to 200 ms in steps of 0.1 ms")


def test_run_records_what_is_asked_for(image: Path, model: Path) -> None:
    options = ("--record", "v", "--record", "u", "--threads", "1", "-o", "out")
    text = succeed("run", image, "--model", model, "--duration", "10", *options)
    assert text.endswith("Wrote out.npz\n")
    recording = Recording.load("out.npz")
    assert recording.trace("cells", "v").values.shape == (100, 10)
    assert recording.trace("cells", "u").unit == "mV per step"


def test_run_on_a_file_lasts_as_long_as_its_spikes_or_as_asked(image: Path) -> None:
    spikes = SpikeInput("source", 10, np.zeros(3, int), np.array([1.0, 2.0, 3.0]))
    Stimulus(50.0, (spikes,)).save("spikes.npz")
    succeed("run", image, "--input", "spikes.npz")
    assert Recording.load("recording.npz").duration == pytest.approx(50.0)
    succeed("run", image, "--input", "spikes.npz", "--duration", "20")
    assert Recording.load("recording.npz").duration == pytest.approx(20.0)


def test_info_says_what_each_kind_of_file_holds(image: Path, model: Path) -> None:
    succeed("run", image, "--model", model, "--duration", "10")
    Stimulus(50.0, (SpikeInput("source", 10, [0], [1.0]),)).save("spikes.npz")
    text = succeed("info", image)
    assert text.startswith("ChipImage(loihi, 1 core, 10 compartments, 10 synapses, digest ")
    assert "decay_v 41" in text
    assert succeed("info", "recording.npz").startswith("chip loihi, image ")
    assert succeed("info", "spikes.npz") == (
        "Stimulus(50 ms, 1 input, 1 spike)\n  source: 10 sources, 1 spike\n"
    )


def test_info_counts_as_many_spikes_as_payloads_say(tmp_path: Path) -> None:
    path = Recording(
        label="chip",
        dt=1.0,
        first_step=0,
        n_steps=1000,
        populations={"cells": 1},
        steps={"cells": [1, 2]},
        ids={"cells": [0, 0]},
        payloads={"cells": [3, 4]},
        several=frozenset({"cells"}),
    ).save(tmp_path / "several.npz")
    assert "cells: 1 neuron, 7 spikes, mean rate 7 Hz" in succeed("info", path)
    found = json.loads(succeed("info", path, "--json"))["content"]["populations"]["cells"]
    assert found == {"neurons": 1, "spikes": 7, "rate": 7.0}


def test_info_prints_the_registers_or_the_report_of_an_image(image: Path) -> None:
    assert "synapse group 0 from inputs: 10 synapses" in succeed("info", image, "--text")
    data = json.loads(succeed("info", image, "--json"))
    assert data["kind"] == "chip image"
    assert data["content"]["compile_report"] == load_image(image).report.to_dict()


def test_info_of_an_image_without_symbols_says_so(image: Path) -> None:
    save_image(load_image(image).without_symbols(), "bare.npz")
    assert succeed("info", "bare.npz").endswith("(symbols removed)\n")


# --- compare -------------------------------------------------------------------------------------


def test_compare_prints_report_and_comparison(model: Path) -> None:
    text = succeed("compare", model, "--dt", "1", "--duration", "500", "--fine-dt", "0.25")
    assert "Compiled for loihi at dt = 1 ms" in text
    assert "Chip against reference, 500 ms in steps of 1 ms" in text
    assert "fine       dt 0.25 ms" in text
    assert "Wrote" not in text
    assert list(Path().iterdir()) == [model]


def test_compare_writes_figures_and_numbers_of_every_population(model: Path) -> None:
    text = succeed("compare", model, "--dt", "1", "--duration", "100", "-o", "out")
    written = [line.removeprefix("Wrote ") for line in text.splitlines() if "Wrote" in line]
    names = ["cells_membrane.png", "cells_comparison.png", "numbers.json"]
    assert written == [str(Path("out") / name) for name in names]
    numbers = json.loads(Path("out/numbers.json").read_text())
    assert set(numbers) == NUMBERS
    assert numbers["comparison"]["fine_dt"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("kind", "begin"), [("pdf", b"%PDF-"), ("svg", b"<?xml"), ("png", b"\x89PNG")]
)
def test_figures_have_the_format_that_was_asked_for(model: Path, kind: str, begin: bytes) -> None:
    options = ("-o", "out", "--format", kind, "--dpi", 60)
    succeed("compare", model, "--dt", 1, "--duration", 50, *options)
    succeed("map", model, "--dt", 1, *options)
    stems = ("cells_comparison", "cells_membrane", "mapping")
    assert sorted(path.name for path in Path("out").glob(f"*.{kind}")) == [
        f"{stem}.{kind}" for stem in stems
    ]
    for stem in stems:
        picture = Path(f"out/{stem}.{kind}").read_bytes()
        assert picture.startswith(begin)
        if kind == "png":
            assert int.from_bytes(picture[16:20]) == int(180 / 25.4 * 60)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--format", "pdf"), "--format needs -o: figures are written to a folder."),
        (("--dpi", "600"), "--dpi needs -o: figures are written to a folder."),
        (("-o", "x", "--format", "gif"), "'gif' is not one of 'png', 'pdf', 'svg'."),
        (("-o", "x", "--dpi", "5"), "'5' is not an integer from 30 to 2400."),
    ],
)
@pytest.mark.parametrize("command", ["compare", "map"])
def test_options_of_figures_that_mean_nothing_are_refused(
    model: Path, command: str, options: tuple[str, ...], message: str
) -> None:
    assert message in fail(command, model, *options)
    assert not Path("x").exists()


# --- what it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "x = 1",
            "defines nothing under the name 'network'; expected a neurochip Network, or a function "
            "that returns one.",
        ),
        (
            "network = 3",
            "defines an object of type int under the name 'network'; expected a neurochip Network, "
            "or a function that returns one.",
        ),
        (
            "import fractions\n\nnetwork = fractions.Fraction(1, 2)",
            "defines an object of type fractions.Fraction under the name 'network'; expected a "
            "neurochip Network, or a function that returns one.",
        ),
    ],
)
def test_a_model_without_a_network_is_refused(source: str, message: str) -> None:
    Path("model.py").write_text(source)
    assert fail("compile", "model.py") == f"model.py: {message}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "import math\n\nmath.sqrt(-1)",
            ", line 3: failed with ValueError: math domain error. Correct the model.",
        ),
        (
            "import no_such_module",
            ", line 1: failed with ModuleNotFoundError: No module named 'no_such_module'. "
            "Correct the model.",
        ),
        (
            "def f(",
            ", line 1: failed with SyntaxError: '(' was never closed. Correct the model.",
        ),
        ("raise SystemExit('done')", ", line 1: failed with SystemExit: done. Correct the model."),
        (
            "from neurochip import LIF\nLIF(tau_m=-1.0)",
            ", line 2: LIF: tau_m = -1 ms; allowed: a finite number above 0 ms, or inf for all.",
        ),
    ],
)
def test_a_model_that_fails_is_named_with_its_line(source: str, message: str) -> None:
    Path("model.py").write_text(source)
    assert fail("compile", "model.py") == f"model.py{message}"


@pytest.mark.parametrize("command", [("compile",), ("compare",), ("run", "image.npz", "--model")])
def test_a_missing_model_is_named(image: Path, command: tuple[str, ...]) -> None:
    assert fail(*command, "lost.py") == (
        "lost.py: no such file; pass a Python file that defines 'network', a NIR graph (.nir), or "
        "a network of lava-dl (.net)."
    )


def test_a_missing_file_is_named(image: Path, model: Path) -> None:
    assert fail("run", "lost.npz", "--model", model) == (
        "lost.npz: no such file; pass the path of a chip image (.npz)."
    )
    assert fail("run", image, "--input", "lost.npz") == (
        "lost.npz: no such file; pass a file of spikes: .npz, .h5 (SONATA), .nix or .mat (Neo)."
    )
    assert fail("info", "lost.npz").startswith("lost.npz: no such file; pass the path of ")


def test_a_damaged_image_is_refused(image: Path, model: Path) -> None:
    whole = image.read_bytes()
    Path("cut.npz").write_bytes(whole[: len(whole) // 2])
    assert fail("run", "cut.npz", "--model", model).startswith("cut.npz: damaged")
    assert fail("info", "cut.npz").startswith("cut.npz: damaged (")


def test_a_file_of_another_kind_is_refused(image: Path, model: Path) -> None:
    succeed("run", image, "--model", model, "--duration", "10")
    assert fail("run", "recording.npz", "--model", model) == (
        "recording.npz: holds a recording; pass the path of a chip image (.npz)."
    )
    assert fail("run", image, "--input", image) == (
        "image.npz: holds a chip image; pass the path of a stimulus (.npz)."
    )
    assert fail("info", model).startswith("model.py: was not written by neurochip; pass the path")
    assert fail("info", "recording.npz", "--text") == (
        "recording.npz: holds a recording; --text is for a chip image."
    )


@pytest.mark.parametrize("options", [(), ("--input", "a.npz", "--model", "b.py")])
def test_run_needs_either_spikes_or_a_model(image: Path, options: tuple[str, ...]) -> None:
    assert fail("run", image, *options) == (
        "run: image.npz is an image, without input spikes; pass either --input SPIKES or --model "
        "MODEL, whose inputs are drawn."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bake",), "No such command 'bake'."),
        (("compile", "model.py", "--loud"), "No such option '--loud'"),
        (("compile",), "Missing argument 'MODEL'."),
        (
            ("compile", "model.py", "--dt", "quick"),
            "Invalid value for '--dt': 'quick' is not 'auto', a number, or a number and us, ms or "
            "s.",
        ),
        (
            ("compare", "model.py", "--gain", "ac"),
            "Invalid value for '--gain': 'ac' is not one of 'auto', 'dc', 'impulse', "
            "'mean_and_variance'.",
        ),
        (
            ("compile", "model.py", "-o", "."),
            "Invalid value for '-o' / '--output': File '.' is a directory.",
        ),
        (
            ("demo", "-o", "model.py"),
            "Invalid value for '-o' / '--output': Directory 'model.py' is a file.",
        ),
    ],
)
def test_a_wrong_option_is_named(model: Path, arguments: tuple[str, ...], message: str) -> None:
    said = fail(*arguments)
    # Versions of click differ in quotes, in the final stop and in a proposal after it.
    assert said.replace("option: --loud", "option '--loud'").startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("compile", "model.py", "--dt", "0"),
            "Invalid value for '--dt': '0' is not a step above 0.",
        ),
        (
            ("compile", "model.py", "--dt", "0.001"),
            "population 'cells': tau_m[0] = 10 ms is a decay of 0.41 in 4096 per step of 0.001 ms "
            "and would round to 0; the longest at this dt is 8.191 ms. Lengthen dt to at least "
            "0.00123 ms.",
        ),
        (
            ("compile", "model.py", "--headroom", "0.5"),
            "Invalid value for '--headroom': '0.5' is not a number of at least 1.",
        ),
        (
            ("compare", "model.py", "--duration", "-1"),
            "Invalid value for '--duration': '-1' is not a number of ms above 0.",
        ),
        (
            ("compare", "model.py", "--seed", "-1"),
            "Invalid value for '--seed': '-1' is not an integer of at least 0.",
        ),
        (
            ("run", "image.npz", "--model", "model.py", "--record", "w"),
            "record: variable 'w'; this engine records 'v', 'i_syn', 'i_syn_E', 'i_syn_I', 'u', "
            "'u_child' (spikes are always recorded).",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_named(
    image: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert fail(*arguments, status=3 if "tau_m" in message else 2) == message


def test_a_finer_grid_must_be_finer_and_divide_the_run(model: Path) -> None:
    assert fail("compare", model, "--dt", "1", "--duration", "10", "--fine-dt", "1") == (
        "compare: fine has dt = 1 ms; allowed: below the reference's 1 ms. Run the reference on a "
        "finer grid."
    )
    said = fail("compare", model, "--dt", "1", "--duration", "10", "--fine-dt", "0.3")
    assert said.startswith(
        "run: a duration of 10 ms is not a whole number of steps of 0.3 ms; the nearest"
    )


def test_threads_out_of_range_are_refused(image: Path, model: Path) -> None:
    said = fail("run", image, "--model", model, "--threads", "100000")
    assert re.fullmatch(r"emulator: threads = 100000; allowed: 1 to \d+\.", said)


def test_a_stimulus_of_another_network_is_refused(image: Path) -> None:
    Stimulus(50.0, (SpikeInput("noise", 10, [0], [1.0]),)).save("spikes.npz")
    assert fail("run", image, "--input", "spikes.npz").startswith(
        "stimulus: lacks spikes for input 'source'; the run expects 'source'"
    )


@pytest.mark.filterwarnings("default::neurochip.errors.ChipOverflowWarning")
def test_an_overflow_is_one_line_of_warning_and_strict_stops_at_it_and_writes_nothing() -> None:
    Path("volley.py").write_text(VOLLEY)
    succeed("compile", "volley.py")
    arguments = ("run", "image.npz", "--model", "volley.py")
    result = run(*arguments)
    assert unfolded(result.stderr) == [
        "Warning: run: population 'cells': a sum of synaptic input wrapped round at 22 bits 1 "
        "time. A register that wraps changes its sign: spikes are lost or added. Compile with a "
        "higher headroom (now 1.25): sources that spike in the same step need it. If rates were "
        "predicted too low, a higher assumed_rate (now auto), the recording of a float run as "
        "activity, or the expected_rate of inputs whose spikes are not known helps, too."
    ]
    assert "accumulator wraps 1," in result.stdout
    Path("recording.npz").unlink()
    assert fail(*arguments, "--strict") == (
        "neuron 0 of 'cells': at 500.1 ms (step 5001) a sum of synaptic input wrapped round at "
        "22 bits. Compile with more headroom, or run with strict=False to count such events."
    )
    assert not Path("recording.npz").exists()


def test_an_output_that_cannot_be_written_is_named(model: Path) -> None:
    assert fail("compile", model, "-o", "model.py/image.npz") == (
        "Invalid value for '-o' / '--output': 'model.py/image.npz': Not a directory; pass another "
        "path."
    )
    assert not list(Path().glob("*.npz"))


# --- the command itself --------------------------------------------------------------------------


def test_help_lists_the_commands() -> None:
    text = succeed("--help")
    listed = re.findall(r"^  ([a-z-]+) ", text.partition("Commands:")[2], re.MULTILINE)
    assert listed == [
        *("attribute", "bits", "classify", "compare", "compile", "conformance", "demo", "help"),
        *("info", "inspect", "map", "run", "sweep", "validate", "warm-up"),
    ]
    assert succeed("-h") == succeed("help") == text


def test_help_of_a_command_is_that_of_its_option() -> None:
    assert succeed("help", "map") == succeed("map", "--help")
    assert "No such command 'mop'; there are attribute, bits, " in fail("help", "mop")


def test_version_is_that_of_the_package() -> None:
    from neurochip import __version__

    assert succeed("--version") == succeed("-V") == f"neurochip, version {__version__}\n"


def test_run_compiles_a_model_first(model: Path) -> None:
    said = succeed("run", model, "--duration", "200", "--seed", "3", "--set", "core.decay_bits=11")
    succeed("compile", model, "--set", "core.decay_bits=11")
    succeed("run", "image.npz", "--model", model, "--duration", "200", "--seed", "3", "-o", "b.npz")
    assert Recording.load("recording.npz") == Recording.load("b.npz")
    assert said.startswith(
        "Chip of the command line: loihi (decay_bits=11)\nchip loihi (decay_bits=11), "
    )


def test_the_inputs_of_a_model_are_not_drawn_from_another(model: Path) -> None:
    assert fail("run", model, "--model", model) == (
        "--model is for the inputs of an IMAGE, and model.py is a MODEL, which has its own; pass "
        "--input SPIKES for others."
    )


def test_an_image_is_not_compiled_again(image: Path) -> None:
    for option in (("--dt", "0.5"), ("--chip", "lava"), ("--set", "cores=3"), ("--gain", "dc")):
        assert fail("run", image, "--model", "model.py", *option) == (
            f"{option[0]} is for a MODEL (.py or .nir), and image.npz is already compiled; compile "
            "its model again."
        )


def test_a_recording_is_not_written_under_the_name_of_another_format(model: Path) -> None:
    succeed("compile", model, "-o", "image.npz")
    assert fail("run", "image.npz", "--model", model, "-o", "spikes.csv") == (
        "spikes.csv: is written in the format .npz, not .csv; pass a name that ends in .npz."
    )


def test_the_step_of_the_demo_may_have_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def judge(network: object, dt: float, seed: int) -> None:
        found.append(dt)
        raise RecordingError("enough")

    monkeypatch.setattr("neurochip.report.judge", judge)
    fail("demo", "--dt", "500us")
    assert found == [0.5]
    assert "'auto' is not a number, or a number and us, ms or s." in fail("demo", "--dt", "auto")


def test_a_network_of_two_populations_gets_figures_of_each() -> None:
    source = MODEL.replace("=[cells]", "=[cells, other]").replace(
        "network =", 'other = Population("other", 3, LIF())\nnetwork ='
    )
    Path("two.py").write_text(source)
    succeed("compare", "two.py", "--dt", "1", "--duration", "50", "-o", "out")
    pictures = sorted(path.name for path in Path("out").glob("*.png"))
    assert pictures == [
        "cells_comparison.png",
        "cells_membrane.png",
        "other_comparison.png",
        "other_membrane.png",
    ]
