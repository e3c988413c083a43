"""NIR graphs and foreign spike files on the command line."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import fail, run, succeed, unfolded
from nir_graphs import (
    PAPER_SPIKES,
    PAPER_STEPS,
    chain,
    cuba,
    lif,
    linear,
    nir,
    paper_neuron,
    published,
    recurrent,
)

from neurochip import Recording
from neurochip.image.files import load_image
from neurochip.spike_files import read_spikes

h5py = pytest.importorskip("h5py")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def paper_spikes() -> None:
    steps = PAPER_STEPS
    np.savez("spikes.npz", i=0 * steps, t_step=steps, dt=0.1, n=1, duration=100.0)


def test_a_graph_is_compiled_and_run_on_plain_arrays():
    nir.write("model.nir", paper_neuron())
    text = succeed("compile", "model.nir", "--dt", "1e-4", "--reset", "value", "-o", "image.npz")
    read, inputs, compiled, *_ = unfolded(text)
    assert read == (
        "Read model.nir for steps of 0.0001 s = 0.1 ms; a spike is taken as 'pulse', integration "
        "'euler', delivery 'before_threshold', layers 'same_step'"
    )
    assert inputs == "Inputs: 100 Hz expected; pass --input SPIKES or --input-rate if not"
    assert compiled.startswith("Compiled for loihi at dt = 0.1 ms")
    paper_spikes()
    succeed("run", "image.npz", "--input", "spikes.npz")
    assert Recording.load("recording.npz").steps["b"].tolist() == PAPER_SPIKES


def test_the_paper_s_own_file_runs_as_on_its_page():
    path = published("lif_norse.nir")
    succeed("compile", path, "--dt", "1e-4", "--v-reset", "0")
    paper_spikes()
    succeed("run", "image.npz", "--input", "spikes.npz", "-o", "out.h5")
    with h5py.File("out.h5") as file:
        times = file["spikes/1/timestamps"][()]
    assert np.rint(times / 0.1).astype(int).tolist() == PAPER_SPIKES


@pytest.mark.parametrize("step", ["1e-4", "0.0001s", "0.1ms", "100us"])
def test_the_step_of_a_graph_is_in_seconds_unless_it_has_a_unit(step):
    nir.write("model.nir", paper_neuron())
    succeed("compile", "model.nir", "--dt", step, "--reset", "value")
    assert load_image("image.npz").symbols.dt == 0.1


def test_the_options_of_a_graph_reach_the_reader():
    nir.write("model.nir", paper_neuron())
    text = succeed(
        "compile", "model.nir", "--dt", "1e-4", "--reset", "value", "--convention", "lava"
    )
    assert "delivery 'next_step'" in unfolded(text)[0]
    first = load_image("image.npz").report.scales[0].peaks["current"]
    succeed("compile", "model.nir", "--dt", "1e-4", "--reset", "value", "--input-rate", "2000")
    assert load_image("image.npz").report.scales[0].peaks["current"][0] > first[0]


@pytest.mark.parametrize("answer", [("--reset", "value"), ("--v-reset", "0")])
def test_the_question_about_the_reset_has_two_answers(answer):
    nir.write("old.nir", chain((1,), lif()))
    with h5py.File("old.nir", "a") as file:
        del file["node/nodes/a/v_reset"]
    succeed("compile", "old.nir", "--dt", "1e-4", *answer)


def test_a_warning_goes_to_stderr_and_the_image_is_written():
    source = paper_neuron()
    source.metadata = {"dt": 1e-3}
    nir.write("model.nir", source)
    result = run("compile", "model.nir", "--dt", "1e-4", "--reset", "value")
    assert result.exit_code == 0
    assert unfolded(result.stderr) == [
        "Warning: NIR: the metadata of the graph say dt = 0.001, and it is read with 0.0001; its "
        "neurons will behave differently."
    ]
    assert "Warning: NIR" not in result.stdout
    assert Path("image.npz").is_file()


def test_a_graph_with_several_inputs_takes_spikes_by_name():
    nodes = {
        "p": nir.Input({"input": np.array([2])}),
        "q": nir.Input({"input": np.array([3])}),
        "w": linear(np.full((4, 2), 9.0)),
        "z": linear(np.full((4, 3), 9.0)),
        "lif": cuba((4,), w_in=9.0),
        "output": nir.Output({"output": np.array([4])}),
    }
    edges = [("p", "w"), ("q", "z"), ("w", "lif"), ("z", "lif"), ("lif", "output")]
    nir.write("model.nir", nir.NIRGraph(nodes, edges, type_check=False))
    succeed("compile", "model.nir", "--dt", "1e-4", "--reset", "value")
    with h5py.File("in.h5", "w") as file:
        file["spikes/q/timestamps"], file["spikes/q/node_ids"] = np.arange(50) * 0.4, [2] * 50
    text = succeed("run", "image.npz", "--input", "in.h5", "--duration", "20", "-o", "out.nix")
    spikes = int(re.search(r"lif: 4 neurons, (\d+) spikes", text)[1])
    assert spikes > 10
    assert read_spikes("out.nix").n_spikes == spikes
    np.savez("spikes.npz", i=[0], t_step=[1], dt=0.1, n=3, duration=5.0)
    assert fail("run", "image.npz", "--input", "spikes.npz") == (
        "spikes.npz: holds the spikes of one input without a name, and the run has the inputs 'p', "
        "'q'; pass a file with names (SONATA, or a stimulus of neurochip)."
    )


def test_spikes_of_sonata_need_a_duration():
    nir.write("model.nir", paper_neuron())
    succeed("compile", "model.nir", "--dt", "1e-4", "--reset", "value")
    with h5py.File("in.h5", "w") as file:
        file["spikes/input/timestamps"], file["spikes/input/node_ids"] = [1.0], [0]
    assert fail("run", "image.npz", "--input", "in.h5") == (
        "in.h5: has no duration; pass a duration in ms."
    )
    succeed("run", "image.npz", "--input", "in.h5", "--duration", "5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("compile", "model.nir"),
            "model.nir: a NIR graph does not store its step; pass --dt in seconds, such as --dt "
            "1e-4 (which is 0.1 ms), with the step of the simulator that the graph comes from.",
        ),
        (
            ("compile", "model.nir", "--dt", "0.1", "--reset", "value"),
            "NIR: dt = 0.1 s is longer than the time constant 0.0025 s of node 'b'; dt is in "
            "seconds: 0.1 ms is dt = 0.0001. Euler's method needs a shorter dt.",
        ),
        (
            ("compile", "lost.nir", "--dt", "1e-4"),
            "lost.nir: no such file; pass the path of a NIR graph (.nir).",
        ),
        (
            ("compile", "old.nir", "--dt", "1e-4"),
            "NIR: LIF 'a': stores no v_reset, so its reset is unknown. If a spike sets v to 0, "
            "pass reset='value' (--reset value); if to another value, pass v_reset. If it "
            "subtracts the threshold from v (snnTorch, sinabs and Rockpool by default), pass "
            "reset='subtract' (--reset subtract), which needs a chip with programmable neurons.",
        ),
        (
            ("compile", "old.nir", "--dt", "1e-4", "--reset", "zero"),
            "NIR: reset = 'zero'; allowed: 'value', 'subtract' or 'subtract_and_raise'.",
        ),
        (("compile", "model.py", "--reset", "value"), "--reset is for NIR graphs (.nir)."),
        (
            ("compile", "cut.nir", "--dt", "1e-4"),
            "cut.nir: the file cannot be read: it is damaged. Write the file again from its "
            "source.",
        ),
        (
            ("compile", "model.nir", "--dt", "1e-4", "--reset", "value", "--convention", "x"),
            "NIR: convention = 'x'; allowed: 'norse', 'snntorch', 'sinabs', 'lava', 'nengo', "
            "'exact', or a Convention(...).",
        ),
        (("compile", "model.py", "--v-reset", "0"), "--v-reset is for NIR graphs (.nir)."),
        (
            ("compare", "model.nir", "--dt", "1e-4", "--reset", "value"),
            "model.nir: a NIR graph holds no input spikes, and a run needs those of 'input' (1 "
            "source); pass a file of them: --input SPIKES (.npz, .h5, .nix or .mat).",
        ),
        (
            ("run", "image.npz", "--input", "spikes.npz", "--record", "v", "-o", "out.h5"),
            "out.h5 holds spikes only; with --record, write an .npz.",
        ),
        (
            ("run", "image.npz", "--input", "spikes.txt"),
            "spikes.txt: unknown format; allowed: .npz, .h5 (SONATA), .nix or .mat (Neo).",
        ),
        (
            ("run", "image.npz", "--input", "wide.npz"),
            "wide.npz: 'input' has 3 sources; the run expects 1.",
        ),
    ],
)
def test_an_error_is_one_message(arguments, message):
    nir.write("model.nir", paper_neuron())
    Path("cut.nir").write_bytes(Path("model.nir").read_bytes()[:2000])
    nir.write("old.nir", chain((1,), lif()))
    with h5py.File("old.nir", "a") as file:
        del file["node/nodes/a/v_reset"]
    succeed("compile", "model.nir", "--dt", "1e-4", "--reset", "value")
    paper_spikes()
    Path("spikes.txt").write_text("0 1")
    np.savez("wide.npz", i=[2], t_step=[1], dt=0.1, n=3, duration=5.0)
    assert fail(*arguments) == message


def test_a_missing_extra_is_one_message(monkeypatch):
    nir.write("model.nir", recurrent())
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert fail("compile", "model.nir", "--dt", "1e-4") == (
        "reading a NIR graph needs the package 'h5py', which is not installed: pip install "
        '"neurochip[nir]".'
    )


def test_a_graph_is_compared_and_attributed_on_its_own_grid_only():
    nir.write("model.nir", paper_neuron())
    paper_spikes()
    graph = ("model.nir", "--dt", "1e-4", "--reset", "value", "--input", "spikes.npz")
    compared = json.loads(succeed("compare", *graph, "--json"))
    assert compared["comparison"]["fine_dt"] is None
    assert compared["seed"] is None  # nothing is random
    succeed("validate", *graph, "-o", "page.html")
    data = json.loads(Path("page.json").read_text())
    assert {row["source"] for row in data["attribution"]}.isdisjoint({"time step", "event order"})
    assert data["provenance"]["seed of the input"] is None
    assert fail("compare", *graph, "--fine-dt", "0.01") == (
        "run: dt = 0.01 ms, but the network was made for steps of 0.1 ms, and its kicks or "
        "relays hold for no others; omit dt, or make it for another step."
    )


def test_an_image_with_the_bias_of_a_deeper_layer_runs_as_its_model():
    nodes = [linear([[1.0]], [0.1]), lif(), linear([[1.0]], [0.1]), lif()]
    nir.write("model.nir", chain((1,), *nodes))
    options = ("model.nir", "--dt", "1e-4", "--reset", "value")
    succeed("compile", *options)
    paper_spikes()
    assert fail("run", "image.npz", "--input", "spikes.npz") == (
        "spikes.npz: holds spikes only, and currents into 'd' of image.npz change in steps, as the "
        "bias of a deeper layer of a NIR graph does when the layer begins; run the MODEL instead "
        "of its image, with --input."
    )
    assert "d: 1 neuron, " in succeed("run", *options, "--input", "spikes.npz")


@pytest.mark.parametrize(
    ("options", "reset", "spikes_per_step"),
    [
        (("--reset", "subtract", "--reset-delay"), "subtract", "one"),
        (("--spikes-per-step", "many", "--v-min=-v_threshold"), "subtract", "many"),
        (("--reset", "value", "--v-min", "-0.5"), "value", "one"),
    ],
)
def test_the_reset_of_a_graph_is_said_by_options(options, reset, spikes_per_step):
    nir.write("model.nir", paper_neuron())
    succeed("compile", "model.nir", "--dt", "1e-4", "--chip", "loihi2", *options)
    (symbol,) = load_image("image.npz").symbols.populations
    assert (symbol.reset, symbol.spikes_per_step) == (reset, spikes_per_step)


def test_a_lowest_v_is_a_number_or_that_of_each_neuron():
    nir.write("model.nir", paper_neuron())
    assert fail("compile", "model.nir", "--dt", "1e-4", "--v-min", "low") == (
        "Invalid value for '--v-min': 'low' is not a finite number, or '-v_threshold'."
    )
