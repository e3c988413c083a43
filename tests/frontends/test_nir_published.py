"""Published networks run on the chip, and what differs from float64 is attributed."""

from __future__ import annotations

import numpy as np
import pytest
from nir_graphs import DT, published

from compiler import compile_network
from neurochip import LOIHI2, attribute, simulate_reference, with_stimulus
from neurochip.emulator import Emulator
from neurochip.frontends.nir import read_nir

pytest.importorskip("h5py")


@pytest.mark.parametrize("graph", ["89e0a61_scnn_mnist", "a031194_10", "d1d486b_0.9751_inf"])
def test_a_convolutional_network_compiles_and_runs_on_the_chip(graph):
    model = read_nir(published(f"{graph}.nir"), DT, reset="value")
    image = compile_network(model.network, dt=model.dt)
    counts = np.random.default_rng(1).random((20, 2, 34, 34)) < 0.05
    run = Emulator(image).run(model.stimulus(counts.astype(int)))
    assert all(len(run.steps[item.name]) for item in model.network.populations[1:2])
    assert run.n_spikes > 100


@pytest.mark.parametrize("digit", [1, 7])
def test_a_network_of_bursts_keeps_its_spikes_and_its_class_at_default_options(digit):
    """With room for the predicted bursts, the last layer sent 5,023 and 4,384 spikes."""
    own = {"convention": "sinabs", "reset": "subtract", "spikes_per_step": "many"}
    model = read_nir(published("89e0a61_scnn_mnist.nir"), 1e-3, v_min="-v_threshold", **own)
    stimulus = model.stimulus(np.load(published(f"89e0a61_scnn_mnist_d{digit}.npz"))["x"])
    exact = simulate_reference(model.network, stimulus, model.dt).counts("12")
    image = compile_network(model.network, LOIHI2, dt=model.dt)
    counts = Emulator(image, strict=True).run(stimulus).counts("12")  # strict: nothing wraps
    assert counts.sum() == pytest.approx(exact.sum(), rel=0.03)
    assert counts.argmax() == exact.argmax() == digit


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["90a7fbb_braille_noDelay_noBias_subtract", "a031194_10_d1", "89e0a61_scnn_mnist_d7"]
)
def test_what_the_chip_does_otherwise_is_attributed_to_registers_and_nothing_is_left(name):
    graph = name.removesuffix("_d1").removesuffix("_d7")
    model = read_nir(published(f"{graph}.nir"), DT, reset="value")
    stimulus = model.stimulus(np.load(published(f"{name}.npz"))["x"])
    network = with_stimulus(model.network, stimulus)
    found = attribute(network, stimulus, dt=model.dt, substeps=1)
    weights = 0.0
    for item in model.network.populations:
        assert found.effect(item.name, "unexplained", "v_rmse").alone == pytest.approx(0, abs=1e-9)
        weights += abs(found.effect(item.name, "weights", "rate").alone)
    assert weights > 0.01
