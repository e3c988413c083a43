"""A trained network that differs strongly on the chip is warned of, by its first such layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import run, succeed, unfolded

from neurochip.validation.strong import strong_difference


def layer(equal, reference=100, chip=100):
    return {"equal_spikes": equal, "reference_spikes": reference, "chip_spikes": chip}


def test_the_first_layer_that_shares_too_few_spikes_is_named():
    layers = {"one": layer(0.75), "two": layer(0.6, 1200, 900), "three": layer(0.1)}
    assert strong_difference(layers) == (
        "the chip differs strongly from float64, first in layer 'two': 40 % of its spikes have "
        "none in the same step of the other run (1,200 spikes in float64, 900 on the chip). "
        "neurochip attribute names the registers."
    )


@pytest.mark.parametrize(
    "item", [layer(0.75), layer(1.0), layer(0.0, 19, 19), layer(float("nan"), 0, 0)]
)
def test_layers_that_share_most_spikes_or_have_few_are_not(item):
    assert strong_difference({"layer": item}) == ""


def test_a_silent_chip_differs_strongly():
    assert "'layer': 100 % of its spikes" in strong_difference({"layer": layer(0.0, 20, 0)})


@pytest.fixture
def digits(tmp_path, monkeypatch):
    pytest.importorskip("nir", reason="needs the extra: neurochip[nir]")
    monkeypatch.chdir(tmp_path)
    folder = Path(__file__).parents[2] / "examples" / "digits"
    with np.load(folder / "digits.npz") as file:
        steps, ids = np.nonzero(file["inputs"][:4].reshape(-1, 64))
    np.savez("spikes.npz", i=ids, t_step=steps, dt=1.0, n=64, duration=100.0)
    graph = (str(folder / "digits.nir"), "--dt", "1e-3", "--reset", "value")
    return (*graph, "--input", "spikes.npz")


TWO_BITS = ("--set", "core.weight_mantissa_bits=2")


@pytest.mark.parametrize("command", [("compare",), ("validate", "--no-attribution")])
def test_commands_that_compare_a_graph_warn(digits, command):
    assert run(*command, *digits).stderr == ""
    (warning,) = unfolded(run(*command, *digits, *TWO_BITS).stderr)
    assert warning.startswith(
        "Warning: the chip differs strongly from float64, first in layer 'lif': "
    )


def test_attribute_names_the_weights_of_two_bits(digits):
    text = succeed("attribute", *digits, *TWO_BITS)
    lines = [line.split() for line in text.splitlines()]
    sources = [line[0] for line in lines if line and line[0] in ("weights", "time", "decay_v")]
    assert "weights" in sources
    assert "time" not in sources  # a graph is defined on its steps
