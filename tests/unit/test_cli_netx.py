"""Networks of lava-dl on the command line: what takes their integers, and what needs units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import fail, succeed
from netx_files import dense, stored

from neurochip import LOIHI, LOIHI2, load_image, read_netx

REFUSED = {
    "run": (),
    "compare": (),
    "validate": (),
    "bits": (),
    "attribute": (),
    "sweep": ("--vary", "seed=1"),
    "classify": ("--data", "data.npz"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stored("trained.net", dense(1, 3, 12))
    np.savez("data.npz", inputs=np.zeros((2, 5, 12), dtype=np.uint8), labels=[0, 1])


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


@pytest.mark.parametrize("command", REFUSED)
def test_commands_that_need_units_say_which_take_integers(command):
    assert fail(command, "trained.net", *REFUSED[command]) == (
        "trained.net: a network of lava-dl holds the integers of a chip, so there is nothing to "
        "round, and no float64 network to compare with. neurochip inspect, map and compile take "
        "it; read_netx runs it in Python."
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
