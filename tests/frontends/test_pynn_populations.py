"""Populations, views and assemblies of PyNN hold their parameters as columns."""

from __future__ import annotations

import numpy as np
import pytest


def model_in(sim, cells):
    """The LIF of a population, as the chip was compiled for it."""
    sim.compile()
    return sim.simulator.state.network.populations[cells.key].model


def test_parameters_per_neuron_reach_the_chip(sim):
    sim.setup()
    cells = sim.Population(
        3,
        sim.IF_curr_exp(
            tau_m=[10.0, 12.0, 14.0],
            tau_refrac=lambda i: 1.0 + i,
            cm=sim.RandomDistribution("uniform", low=0.5, high=1.5, rng=sim.NumpyRNG(1)),
            i_offset=0.25,
        ),
    )
    model = model_in(sim, cells)
    assert model.tau_m.tolist() == [10.0, 12.0, 14.0]
    assert model.tau_refrac.tolist() == [1.0, 2.0, 3.0]
    assert model.cm.tolist() == cells.get("cm").tolist()
    assert len(set(model.cm.tolist())) == 3
    assert model.i_offset == 0.25  # one number for all is one number on the way to the chip


def test_views_of_views_and_single_cells_set_their_own_parameters(sim):
    sim.setup()
    cells = sim.Population(6, sim.IF_curr_exp(tau_m=20.0))
    view = cells[[1, 3, 5]]
    view[1:].set(tau_m=[31.0, 51.0])
    view[0].tau_m = 11.0
    cells[0].set_parameters(v_rest=-70.0, v_reset=-71.0)
    assert cells.get("tau_m").tolist() == [20.0, 11.0, 20.0, 31.0, 20.0, 51.0]
    assert view.get(["tau_m", "v_rest"])[0].tolist() == [11.0, 31.0, 51.0]
    assert (cells[0].v_rest, cells[0].v_reset, cells[1].v_rest) == (-70.0, -71.0, -65.0)
    assert model_in(sim, cells).tau_m.tolist() == [20.0, 11.0, 20.0, 31.0, 20.0, 51.0]


def test_initial_values_of_views_and_cells_are_those_of_the_population(sim):
    sim.setup()
    cells = sim.Population(4, sim.IF_curr_exp(), initial_values={"v": -60.0})
    cells[1:3].initialize(v=[-61.0, -62.0], isyn_exc=0.5)
    cells[3].set_initial_value("v", -63.0)
    assert cells.initial_values["v"].evaluate().tolist() == [-60.0, -61.0, -62.0, -63.0]
    assert cells[2:].initial_values["v"].evaluate().tolist() == [-62.0, -63.0]
    assert cells[0].get_initial_value("v") == -60.0
    model = model_in(sim, cells)
    assert model.v_init.tolist() == [-60.0, -61.0, -62.0, -63.0]
    assert model.i_syn_init_E.tolist() == [0.0, 0.5, 0.5, 0.0]


def test_both_initial_currents_flow(sim):
    sim.setup()
    model = sim.IF_curr_exp(tau_syn_E=5.0, tau_syn_I=10.0, v_thresh=0.0)
    cells = sim.Population(2, model, initial_values={"isyn_exc": 0.5})
    cells[1:].initialize(isyn_exc=0.0, isyn_inh=-0.5)
    cells.record(["v", "isyn_exc"])
    sim.run(5.0)
    segment = cells.get_data().segments[0]
    excitation = segment.filter(name="isyn_exc")[0].magnitude[-1]
    assert excitation == pytest.approx([0.5 * np.exp(-1.0), 0.0], abs=0.01)
    v = segment.filter(name="v")[0].magnitude[-1]
    r, tau_m = 20.0, 20.0  # MOhm, ms
    for index, (current, tau) in enumerate([(0.5, 5.0), (-0.5, 10.0)]):
        shape = (np.exp(-5.0 / tau) - np.exp(-5.0 / tau_m)) * tau / (tau - tau_m)
        assert abs(v[index] - (-65.0 + r * current * shape)) < 0.05


def test_names_that_a_model_does_not_have_are_refused_by_pynn_s_error(sim):
    from pyNN.errors import NonExistentParameterError

    sim.setup()
    cells = sim.Population(2, sim.IF_curr_exp())
    with pytest.raises(NonExistentParameterError, match=r"w \(valid parameters for IF_curr_exp"):
        cells.initialize(w=0.0)
    with pytest.raises(NonExistentParameterError, match="e_rev_E"):
        cells.set(e_rev_E=0.0)
    with pytest.raises(NonExistentParameterError, match="e_rev_E"):
        cells.get("e_rev_E")


@pytest.mark.parametrize("size", [0, -3])
def test_a_population_without_cells_is_refused(sim, size):
    sim.setup()
    with pytest.raises(ValueError, match=f"^Population 'c': size = {size}; allowed: at least 1.$"):
        sim.Population(size, sim.IF_curr_exp(), label="c")


def test_parameters_for_another_number_of_cells_are_refused(sim):
    sim.setup()
    with pytest.raises(ValueError, match="shape") as caught:
        sim.Population(3, sim.IF_curr_exp(tau_m=[10.0, 20.0]), label="cells")
    assert str(caught.value) == (
        "Population 'cells': tau_m of shape (2,); allowed: one value, or shape (3,), one for each "
        "cell."
    )
    assert not sim.simulator.state.populations


def test_populations_of_one_label_have_names_of_their_own_on_the_chip(sim):
    sim.setup()
    cells = [sim.Population(1, sim.IF_curr_exp(), label="cells") for _ in range(3)]
    assert [each.key for each in cells] == ["cells", "cells #2", "cells #3"]
    sim.compile()
    assert [each.name for each in sim.simulator.state.network.populations] == [
        "cells",
        "cells #2",
        "cells #3",
    ]


def test_an_assembly_is_found_in_its_populations(sim):
    from neurochip.frontends.pynn.network import located

    sim.setup()
    first = sim.Population(4, sim.IF_curr_exp())
    second = sim.Population(3, sim.IF_curr_exp())
    populations = sim.simulator.state.populations
    numbers, indices = located(second[1:] + first[[3, 0]], populations)
    assert (numbers.tolist(), indices.tolist()) == ([1, 1, 0, 0], [1, 2, 0, 3])
    numbers, indices = located([second[2], first[1]], populations)
    assert (numbers.tolist(), indices.tolist()) == ([1, 0], [2, 1])


def test_projections_between_assemblies_and_views_reach_the_right_neurons(sim):
    sim.setup(timestep=0.1)
    sources = sim.Population(2, sim.SpikeSourceArray(spike_times=[[5.0], [15.0]]))
    first = sim.Population(3, sim.IF_curr_exp())
    second = sim.Population(2, sim.IF_curr_exp())
    cells = first[1:] + second
    pairs = sim.FromListConnector([(0, 0, 9.0, 1.0), (1, 2, 9.0, 1.0)])
    sim.Projection(sources, cells, pairs)
    (first + second).record("spikes")
    sim.run(25.0)
    spiked = [cell for cell, count in (first + second).get_spike_counts().items() if count]
    assert spiked == [first[1], second[0]]
