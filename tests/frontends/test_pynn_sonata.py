"""Networks of PyNN go through SONATA files, with PyNN's own export and import."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
pytest.importorskip("h5py", reason="h5py is not installed: neurochip[sonata]")
from pyNN.network import Network
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.serialization import export_to_sonata, import_from_sonata


def test_cells_and_synapses_come_back_exactly(sim, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sim.setup()
    draws = NumpyRNG(1)
    capacity = RandomDistribution("normal", (0.5, 0.05), rng=draws)
    one = sim.Population(
        10, sim.IF_curr_exp(cm=capacity, tau_m=lambda i: 10 + 0.1 * i), label="one"
    )
    two = sim.Population(20, sim.IF_curr_exp(v_rest=-64.0), label="two")
    synapse = sim.StaticSynapse(
        weight=RandomDistribution("uniform", (0.0, 0.1), rng=draws),
        delay=RandomDistribution("uniform", (0.1, 2.0), rng=draws),
    )
    projection = sim.Projection(
        one,
        two,
        sim.FixedNumberPreConnector(14, with_replacement=True, rng=draws),
        synapse,
        receptor_type="excitatory",
    )
    export_to_sonata(Network(one, two, projection), "files", overwrite=True)
    found = import_from_sonata("files/circuit_config.json", sim)
    for population in (one, two):
        back = found.get_component(population.label)
        for name in population.celltype.default_parameters:
            assert np.array_equal(back.get(name), population.get(name))
    (back,) = found.projections
    assert back.receptor_type == "excitatory"
    names = ["weight", "delay"]
    assert sorted(back.get(names, "list")) == sorted(projection.get(names, "list"))
