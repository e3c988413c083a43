"""Neuron models of PyNN: those that the chip can run, and the refusals of the others."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.errors import FrontendError


def driven(sim, celltype, *, weights=(0.5, -0.5), receptors=("excitatory", "inhibitory")):
    """The v of a neuron with two inputs, in mV; its network; and the population."""
    cells = sim.Population(1, celltype, initial_values={"v": -65.0})
    cells.record("v")
    for start, weight, receptor in zip((5.0, 12.0), weights, receptors, strict=False):
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[start, start + 2.0]))
        synapse = sim.StaticSynapse(weight=weight, delay=0.5)
        sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    sim.run(30.0)
    return cells.get_data().segments[0].analogsignals[0].magnitude, sim.simulator.state, cells


def test_every_cell_and_synapse_model_of_pynn_runs_or_refuses_with_what_works(sim):
    import pyNN.standardmodels.cells as cells
    import pyNN.standardmodels.receptors as receptors
    import pyNN.standardmodels.synapses as synapses

    sim.setup()
    runs = {"LIF", "PointNeuron", "IF_curr_exp", "IF_curr_delta", "StaticSynapse"}
    for module in (cells, receptors, synapses):
        for name in vars(module):
            if not isinstance(getattr(module, name), type) or name not in sim.UNAVAILABLE:
                continue
            assert name not in runs
            with pytest.raises(NotImplementedError) as refused:
                getattr(sim, name)(tau_m=10.0)
            assert str(refused.value) == (
                f"The {name} model is not available for this simulator. {sim.UNAVAILABLE[name]}"
            )
            assert sim.UNAVAILABLE[name].startswith("What works: ")
            assert sim.UNAVAILABLE[name].endswith(".")


def test_the_models_that_run_are_listed(sim):
    sim.setup()
    listed = sim.list_standard_models()
    assert {"IF_curr_exp", "IF_curr_delta", "SpikeSourceArray"} <= set(listed)
    assert {"IF_cond_exp", "IF_curr_alpha", "PointNeuron", "StandardCellType"}.isdisjoint(listed)
    sim.setup(conductances="driving_force")
    assert "IF_cond_exp" in sim.list_standard_models()


def test_conductances_are_refused_unless_asked_for_as_currents(sim):
    sim.setup()
    with pytest.raises(NotImplementedError) as refused:
        sim.IF_cond_exp()
    assert str(refused.value) == (
        "The IF_cond_exp model is not available for this simulator. What works: "
        'setup(conductances="driving_force"), which takes its conductances as currents at the '
        "driving force halfway between rest and threshold; or IF_curr_exp."
    )


def test_a_conductance_counts_as_its_current_halfway_between_rest_and_threshold(sim):
    shared = {"v_rest": -65.0, "v_thresh": -45.0, "tau_syn_E": 3.0, "tau_syn_I": 8.0}
    sim.setup(conductances="driving_force")
    model = sim.IF_cond_exp(e_rev_E=0.0, e_rev_I=-75.0, **shared)
    taken, _, _ = driven(sim, model, weights=(0.01, 0.02))
    sim.setup()
    given, _, _ = driven(sim, sim.IF_curr_exp(**shared), weights=(0.01 * 55, -0.02 * 20))
    assert np.ptp(taken) > 1.0
    assert np.array_equal(taken, given)


def test_a_reversal_potential_on_the_other_side_is_refused(sim):
    sim.setup(conductances="driving_force")
    sim.Population(2, sim.IF_cond_exp(e_rev_I=[-70.0, -50.0]), label="cells")
    with pytest.raises(FrontendError) as refused:
        sim.run(1.0)
    assert str(refused.value) == (
        "Population 'cells': e_rev_I[1] = -50 mV; allowed with conductances='driving_force': below "
        "-57.5 mV, which is halfway between rest and threshold."
    )


def test_a_point_neuron_of_two_currents_equals_if_curr_exp(sim):
    sim.setup()
    parts = {
        "exc": sim.CurrExpPostSynapticResponse(tau_syn=3.0),
        "inh": sim.CurrExpPostSynapticResponse(tau_syn=8.0),
    }
    composed = sim.PointNeuron(sim.LIF(tau_m=15.0, tau_refrac=2.0, i_offset=0.1), **parts)
    one, state, cells = driven(sim, composed, receptors=("exc", "inh"))
    assert cells.get(["tau_m", "exc.tau_syn", "inh.tau_syn"]) == [15.0, 3.0, 8.0]
    model = state.network.populations[cells.key].model
    assert (model.tau_syn_E, model.tau_syn_I) == (3.0, 8.0)
    sim.setup()
    given = {"tau_m": 15.0, "tau_refrac": 2.0, "i_offset": 0.1, "tau_syn_E": 3.0, "tau_syn_I": 8.0}
    other, _, _ = driven(sim, sim.IF_curr_exp(**given))
    assert np.array_equal(one, other)


def test_parameters_and_initial_values_of_a_point_neuron_are_set_by_name(sim):
    sim.setup()
    receptor = sim.CurrExpPostSynapticResponse(tau_syn=3.0)
    cells = sim.Population(3, sim.PointNeuron(sim.LIF(), syn=receptor))
    cells.set(**{"syn.tau_syn": [1.0, 2.0, 3.0], "tau_m": 11.0})
    cells[1:2].set(tau_m=12.0)
    cells.initialize(**{"syn.isyn": 0.25})
    assert cells.get("syn.tau_syn").tolist() == [1.0, 2.0, 3.0]
    assert cells.get("tau_m").tolist() == [11.0, 12.0, 11.0]
    assert cells[2].tau_m == 11.0
    sim.run(0.1)
    model = sim.simulator.state.network.populations[cells.key].model
    assert model.i_syn_init_E == 0.25
    assert not model.two_currents


def test_parts_that_the_chip_does_not_have_are_refused(sim):
    sim.setup()
    parts = {name: sim.CurrExpPostSynapticResponse() for name in ("AMPA", "NMDA", "GABAA")}
    with pytest.raises(NotImplementedError) as refused:
        sim.PointNeuron(sim.LIF(), **parts)
    assert str(refused.value) == (
        "PointNeuron(LIF, CurrExpPostSynapticResponse, CurrExpPostSynapticResponse, "
        "CurrExpPostSynapticResponse): the PointNeuron model is not available for this simulator "
        "with these parts. What works: a LIF with one or two CurrExpPostSynapticResponse, one of "
        "them for positive and the other for negative weights."
    )


def test_a_weight_with_the_sign_of_the_other_current_is_refused(sim):
    sim.setup()
    parts = {
        "fast": sim.CurrExpPostSynapticResponse(tau_syn=2.0),
        "slow": sim.CurrExpPostSynapticResponse(tau_syn=50.0),
    }
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0]), label="source")
    cells = sim.Population(1, sim.PointNeuron(sim.LIF(), **parts), label="cells")
    synapse = sim.StaticSynapse(weight=0.5)
    sim.Projection(
        source, cells, sim.AllToAllConnector(), synapse, receptor_type="slow", label="wrong"
    )
    with pytest.raises(FrontendError) as refused:
        sim.run(1.0)
    assert str(refused.value).endswith(
        "weight = 0.5 nA onto the receptor 'slow'; allowed: at most 0, since its sign says which "
        "of two currents with different time constants a spike drives."
    )


def test_a_v_that_reaches_the_threshold_exactly_spikes_as_in_nest(sim):
    sim.setup(timestep=0.1)
    model = sim.IF_curr_delta(v_rest=-60.0, v_reset=-60.0, v_thresh=-50.0, tau_refrac=2.0)
    cells = sim.Population(1, model, initial_values={"v": -60.0}, label="cells")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 15.0]))
    synapse = sim.StaticSynapse(weight=10.0, delay=1.0)
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    found = sim.compare(20.0).population("cells")
    assert found.reference_rate == 100.0  # both kicks; no register of the chip holds such a tie
