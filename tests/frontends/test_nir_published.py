"""Published networks do what a float64 interpreter of NIR with a hard reset does.

The inputs and outputs lie beside the graphs; both are skipped where they are not there.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from nir_graphs import DT, published

from compiler import compile_network
from neurochip.emulator import Emulator
from neurochip.frontends.nir import read_nir
from neurochip.reference import simulate_reference

pytest.importorskip("h5py")


def outputs(model, counts, run):
    """Spikes of the output, with the steps that they take from layer to layer taken off."""
    (name,) = model.outputs
    later = len(model.network.populations) - 1
    padded = np.concatenate([counts, np.zeros((later, *counts.shape[1:]), dtype=int)])
    recording = run(model.stimulus(padded))
    found = np.zeros((len(padded), math.prod(model.shapes[name])), dtype=int)
    found[recording.steps[name], recording.ids[name]] = 1
    return found[later:]


def reference_of(model):
    return lambda stimulus: simulate_reference(model.network, stimulus, model.dt)


@pytest.mark.parametrize(
    ("graph", "record", "spikes"),
    [
        ("89e0a61_scnn_mnist", "89e0a61_scnn_mnist_d1", 34),
        ("89e0a61_scnn_mnist", "89e0a61_scnn_mnist_d7", 59),
        ("a031194_10", "a031194_10_d1", 6),
        ("90a7fbb_braille_noDelay_noBias_subtract",) * 2 + (61,),
    ],
)
def test_the_reference_equals_the_interpreter_and_norse_in_every_output_of_every_step(
    graph, record, spikes
):
    model = read_nir(published(f"{graph}.nir"), DT, reset="value")
    stored = np.load(published(f"{record}.npz"))
    found = outputs(model, stored["x"], reference_of(model))
    for simulator in ("nirsim", "norse"):
        assert np.array_equal(found, stored[simulator].reshape(found.shape)), simulator
    assert found.sum() == spikes


@pytest.mark.parametrize("graph", ["89e0a61_scnn_mnist", "a031194_10", "d1d486b_0.9751_inf"])
def test_a_convolutional_network_compiles_and_runs_on_the_chip(graph):
    model = read_nir(published(f"{graph}.nir"), DT, reset="value")
    image = compile_network(model.network, dt=model.dt)
    counts = np.random.default_rng(1).random((20, 2, 34, 34)) < 0.05
    run = Emulator(image).run(model.stimulus(counts.astype(int)))
    assert all(len(run.steps[item.name]) for item in model.network.populations[1:2])
    assert run.n_spikes > 100


def test_an_export_of_snntorch_with_a_hard_reset_and_no_delay_does_what_snntorch_does():
    stored = np.load(published("snntorch_leaky_zero_nodelay.npz"))
    model = read_nir(published("snntorch_leaky_zero_nodelay.nir"), DT, reset="value")
    assert np.array_equal(outputs(model, stored["x"], reference_of(model)), stored["snntorch"])
    assert stored["snntorch"].any()
