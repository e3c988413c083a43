"""Networks of lava-dl on the command line: what takes their integers, and what needs units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import fail, succeed, unfolded
from netx_files import LIF, dense, stored

from neurochip import LOIHI, LOIHI2, load_image, read_netx

pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")

SPIKES = ("--input", "spikes.npz")

IN_FLOAT = {
    "run": SPIKES,
    "compare": SPIKES,
    "validate": (*SPIKES, "--no-attribution"),
    "bits": (*SPIKES, "--widths", "8", "--seeds", "2", "--workers", "1"),
    "attribute": SPIKES,
    "sweep": (*SPIKES, "--vary", "core.weight_mantissa_bits=8", "--workers", "1"),
    "classify": ("--data", "data.npz"),
}
FLOAT = (
    "Read trained.net in float64, with steps of 1 ms; it is compiled anew. neurochip map and "
    "compile take its own integers."
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stored("trained.net", dense(1, 3, 12))
    np.savez("data.npz", inputs=np.ones((2, 5, 12), dtype=np.uint8), labels=[0, 1])
    steps = np.arange(120)
    np.savez("spikes.npz", i=steps % 12, t_step=steps // 3, dt=1.0, n=12, duration=40.0)


def test_its_integers_become_an_image():
    said = succeed("compile", "trained.net", "-o", "image.npz")
    assert said.startswith("Chip of trained.net: loihi2\nChipImage(loihi2, 1 core, 3 compartments")
    assert load_image("image.npz") == read_netx("trained.net").image
    data = json.loads(succeed("compile", "trained.net", "--json"))
    assert (data["chip"], data["dt"], data["compile_report"]) == ("loihi2", None, None)


def test_it_is_mapped_onto_a_chip():
    said = succeed("map", "trained.net", "--image", "image.npz", "-o", "out")
    assert "Mapped onto loihi2: 1 of 128 cores" in said
    assert load_image("image.npz").chip == LOIHI2
    assert json.loads(Path("out/mapping.json").read_text())["energy"] == []
    assert "Mapped onto loihi: 1 of 128" in succeed("map", "trained.net", "--chip", "loihi")
    data = json.loads(succeed("map", "trained.net", "--chip", "loihi", "--json"))
    assert (data["chip"], data["dt"], data["fits"]) == (LOIHI.name, None, True)


@pytest.mark.parametrize("command", IN_FLOAT)
def test_other_commands_read_it_as_real_numbers_and_say_so(command):
    assert unfolded(succeed(command, "trained.net", *IN_FLOAT[command]))[0] == FLOAT


def test_a_run_needs_its_spikes_and_a_step_that_does_not_vary():
    assert fail("compare", "trained.net") == (
        "trained.net: a network of lava-dl holds no input spikes, and a run needs those of 'input' "
        "(12 sources); pass a file of them: --input SPIKES (.npz, .h5, .nix or .mat)."
    )
    wrong = "is not for networks of lava-dl (.net), whose meaning depends on the step: pass "
    assert fail("sweep", "trained.net", *SPIKES, "--vary", "dt=1,2") == f"--vary dt {wrong}--dt."
    assert fail("compare", "trained.net", *SPIKES, "--dt", "auto").startswith(f"--dt auto {wrong}")
    assert "is for NIR graphs" in fail("compare", "trained.net", *SPIKES, "--reset", "value")
    said = succeed("run", "trained.net", *SPIKES, "--dt", "0.5")
    assert "with steps of 0.5 ms" in " ".join(said.split())


def test_it_holds_no_inputs_that_an_image_could_draw():
    succeed("compile", "trained.net", "-o", "image.npz")
    assert fail("run", "image.npz", "--model", "trained.net") == (
        "trained.net: a network of lava-dl holds no input spikes; pass --input SPIKES instead of "
        "--model."
    )


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("compile", ("--gain", "dc")),
        ("compile", ("--dt", "1")),
        ("compile", ("--input", "spikes.npz")),
        ("map", ("--seed", "2")),
        ("map", ("--reset", "value")),
    ],
)
def test_options_for_units_are_refused(command, option):
    assert fail(command, "trained.net", *option) == (
        f"{option[0]} is for networks in physical units (.py or .nir), and trained.net holds "
        "integers."
    )


def test_its_input_measures_its_traffic_and_its_costs():
    said = succeed("map", "trained.net", *SPIKES, "--costs", "sana-fe")
    assert "measured in 40 steps, inputs not counted" in said
    assert "Estimate with the table 'SANA-FE' over 40 steps" in said
    counts = np.zeros((40, 12), dtype=np.int64)
    np.add.at(counts, (np.arange(120) // 3, np.arange(120) % 12), 1)
    np.savez("frames.npz", frames=counts)
    energy = [
        json.loads(succeed("map", "trained.net", "--input", name, "--costs", "sana-fe", "--json"))
        for name in ("spikes.npz", "frames.npz")
    ]
    assert energy[0] == energy[1]
    assert energy[0]["energy"][0]["total_joule"] > 0
    said = succeed("map", "trained.net", "--input", "frames.npz", "--duration", "7")
    assert "measured in 7 steps" in said
    without = succeed("map", "trained.net", "--input", "frames.npz", "--duration", "0")
    assert without == succeed("map", "trained.net")


def test_its_run_has_a_whole_number_of_steps():
    parts = "ms is not a whole number of steps of 1 ms; the nearest are 7 and 8 ms."
    assert fail("map", "trained.net", *SPIKES, "--duration", "7.9") == (
        f"run: a duration of 7.9 {parts}"
    )
    given = {"dt": 0.1, "n": 12, "i": np.array([0, 5]), "t_step": np.array([30, 73])}
    np.savez("fine.npz", duration=7.4, **given)
    assert fail("map", "trained.net", "--input", "fine.npz") == f"run: a duration of 7.4 {parts}"
    np.savez("fine.npz", duration=8.0, **given)
    assert "measured in 8 steps" in succeed("map", "trained.net", "--input", "fine.npz")


def test_real_frames_take_the_transform_of_the_input_layer():
    stored("seen.net", {"type": "input", "shape": [12], "neuron": LIF}, dense(1, 3, 12))
    frames = np.random.default_rng(1).random((6, 12))
    np.savez("frames.npz", frames=frames)
    said = succeed("map", "seen.net", "--input", "frames.npz", "--costs", "sana-fe")
    assert "measured in 7 steps" in said  # and one more, in which the last layer answers
    assert fail("map", "seen.net", *SPIKES) == (
        "spikes.npz: holds no array 'frames', and the network takes frames of shape (12,); pass an "
        ".npz with 'frames', of values from 0 to 1."
    )
    np.savez("frames.npz", frames=frames.astype(str))
    assert fail("map", "seen.net", "--input", "frames.npz") == (
        "frames.npz: no frames ('frames' has values that are no real numbers); pass an .npz with "
        "the array 'frames', or a file of spikes."
    )
    np.savez("frames.npz", frames=frames[:, :5])
    assert fail("map", "seen.net", "--input", "frames.npz") == (
        "netx: frames have shape (6, 5); allowed: (12,), or (n_frames, 12)."
    )


@pytest.mark.parametrize("option", [("--costs", "sana-fe"), ("--duration", "5")])
def test_a_run_that_is_asked_for_needs_input(option):
    assert fail("map", "trained.net", *option) == (
        f"{option[0]} needs --input: trained.net holds no input for a run."
    )


def test_a_file_that_is_none_is_refused():
    Path("empty.net").write_bytes(b"")
    assert fail("map", "empty.net").startswith("empty.net: ")
    assert fail("map", "lost.net").startswith("lost.net: ")
