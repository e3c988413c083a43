"""Published networks run on the chip, and what differs from float64 is attributed."""

from __future__ import annotations

import numpy as np
import pytest
from nir_graphs import DT, published

from compiler import compile_network
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
