"""Networks of lava-dl on the command line: what takes their integers, and what needs units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import fail, succeed, unfolded
from netx_files import dense, stored

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
        ("map", ("--costs", "sana-fe")),
        ("map", ("--duration", "5")),
        ("map", ("--reset", "value")),
    ],
)
def test_options_for_units_are_refused(command, option):
    assert fail(command, "trained.net", *option) == (
        f"{option[0]} is for networks in physical units (.py or .nir), and trained.net holds "
        "integers."
    )


def test_a_file_that_is_none_is_refused():
    Path("empty.net").write_bytes(b"")
    assert fail("map", "empty.net").startswith("empty.net: ")
    assert fail("map", "lost.net").startswith("lost.net: ")
