"""Neurons, populations and whole networks: what they hold, and every way to get them wrong."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    all_to_all,
    one_to_one,
)
from neurochip.errors import NetworkError


def exactly(message):
    return f"^{re.escape(message)}$"


def small():
    source, cells = PoissonInput("source", 2, 10.0), Population("cells", 2)
    return source, cells


def test_parameters_are_floats_or_read_only_arrays():
    model = LIF(tau_m=10, v_thresh=[-50, -45])
    assert isinstance(model.tau_m, float)
    assert model.v_thresh.dtype == np.float64
    assert not model.v_thresh.flags.writeable
    assert model.delta_synapses
    assert not LIF(tau_syn=5.0).delta_synapses


def test_models_are_equal_by_content_and_print_what_differs_from_the_default():
    assert LIF(tau_m=10) == LIF(tau_m=10.0)
    assert LIF(tau_m=[10, 11]) != LIF(tau_m=10)
    assert repr(LIF(tau_m=10, v_rest=[-60, -61])) == "LIF(tau_m=10.0, v_rest=<2 values>)"
    assert repr(LIF()) == "LIF()"


def test_a_population_gives_its_parameters_per_neuron():
    cells = Population("cells", np.int64(2), LIF(v_rest=[-60, -61], tau_m=10))
    assert type(cells.size) is int
    assert cells.parameter("tau_m").tolist() == [10.0, 10.0]
    assert cells.parameter("v_init").tolist() == [-60.0, -61.0]
    assert Population("x", 1, LIF(v_init=-55)).parameter("v_init").tolist() == [-55.0]


def test_two_time_constants_are_two_currents_only_where_they_differ():
    two = LIF(tau_syn_E=2.0, tau_syn_I=[2.0, 8.0])
    assert (two.delta_synapses, two.two_currents) == (False, True)
    for one in (LIF(tau_syn=2.0), LIF(tau_syn_E=2, tau_syn_I=[2.0, 2.0])):
        assert (one.delta_synapses, one.two_currents) == (False, False)
        cells = Population("cells", 2, one)
        for name in ("tau_syn_E", "tau_syn_I"):
            assert cells.parameter(name).tolist() == [2.0, 2.0]
    assert not LIF().two_currents


def test_currents_add_up():
    cells = Population("cells", 2, LIF(i_offset=0.5))
    network = Network(
        populations=[cells],
        inputs=[ConstantCurrent(cells, 1.0), ConstantCurrent(cells, [0.0, 2.0])],
    )
    assert network.current(cells).tolist() == [1.5, 3.5]
    assert network.spike_inputs == ()


def test_a_network_lists_its_parts():
    source, cells = small()
    network = Network(
        populations=iter([cells]),
        inputs=[source],
        connections=[all_to_all(source, cells, weight=1.0)],
    )
    assert network.population("cells") is cells
    assert network.spike_inputs == (source,)
    assert network.n_synapses == 4
    assert repr(network) == "Network(1 population, 2 neurons, 4 synapses)"
    assert (
        repr(network.connections[0])
        == "Connection('source->cells', 'source' -> 'cells', 4 synapses)"
    )


def test_networks_are_equal_by_content():
    def build(weight):
        source, cells = small()
        connection = one_to_one(source, cells, weight=weight)
        return Network(populations=[cells], inputs=[source], connections=[connection])

    assert build(1.0) == build(1.0)
    assert build(1.0) != build(2.0)


def test_connections_that_share_a_name_are_numbered():
    source, cells = small()
    connections = [one_to_one(source, cells, weight=w, name="a") for w in (1.0, 2.0, 3.0)]
    taken = one_to_one(source, cells, weight=4.0, name="a #2")
    network = Network(
        populations=[cells], inputs=[source], connections=[connections[0], taken, *connections[1:]]
    )
    assert [c.name for c in network.connections] == ["a", "a #2", "a #3", "a #4"]
    assert [c.weight for c in network.connections] == [1.0, 4.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"tau_m": 0.0}, "LIF: tau_m = 0 ms; allowed: a finite number above 0 ms, or inf for all."),
        (
            {"tau_m": [10.0, -1.0]},
            "LIF: tau_m[1] = -1 ms; allowed: a finite number above 0 ms, or inf for all.",
        ),
        (
            {"tau_m": [np.inf, 10.0]},
            "LIF: tau_m[0] = inf ms; allowed: a finite number above 0 ms, or inf for all.",
        ),
        ({"tau_m": None}, "LIF: tau_m = None; allowed: a number or one number per neuron, in ms."),
        ({"cm": 0}, "LIF: cm = 0 nF; allowed: a finite number above 0 nF."),
        ({"tau_syn": 0}, "LIF: tau_syn = 0 ms; allowed: a finite number above 0 ms."),
        (
            {"tau_syn_E": 1, "tau_syn_I": [1, -2]},
            "LIF: tau_syn_I[1] = -2 ms; allowed: a finite number above 0 ms.",
        ),
        (
            {"tau_syn": 1, "tau_syn_I": 1},
            "LIF: tau_syn and tau_syn_I are given; allowed: tau_syn alone, or tau_syn_E and "
            "tau_syn_I.",
        ),
        (
            {"tau_syn": 1, "tau_syn_E": 1, "tau_syn_I": 2},
            "LIF: tau_syn and tau_syn_E and tau_syn_I are given; allowed: tau_syn alone, or "
            "tau_syn_E and tau_syn_I.",
        ),
        (
            {"tau_syn_E": 5.0},
            "LIF: tau_syn_E is given without its partner; allowed: tau_syn_E and tau_syn_I, or "
            "tau_syn if both are equal.",
        ),
        (
            {"tau_syn_I": 5.0},
            "LIF: tau_syn_I is given without its partner; allowed: tau_syn_E and tau_syn_I, or "
            "tau_syn if both are equal.",
        ),
        (
            {"tau_refrac": -0.1},
            "LIF: tau_refrac = -0.1 ms; allowed: a finite number of at least 0 ms.",
        ),
        ({"v_rest": np.nan}, "LIF: v_rest = nan mV; allowed: a finite number."),
        ({"v_reset": -np.inf}, "LIF: v_reset = -inf mV; allowed: a finite number."),
        (
            {"v_thresh": -np.inf},
            "LIF: v_thresh = -inf mV; allowed: a finite number, or inf for all.",
        ),
        ({"v_init": np.nan}, "LIF: v_init = nan mV; allowed: a finite number."),
        ({"i_offset": np.nan}, "LIF: i_offset = nan nA; allowed: a finite number."),
        (
            {"integration": "rk2"},
            "LIF: integration = 'rk2'; allowed: 'exact', 'euler' or 'exponential_euler'.",
        ),
        (
            {"v_rest": [[1.0]]},
            "LIF: v_rest has shape (1, 1); allowed: a number or a one-dimensional array with one "
            "value per neuron, in mV.",
        ),
        (
            {"tau_m": []},
            "LIF: tau_m has no values; allowed: a number or one number per neuron, in ms.",
        ),
        (
            {"v_rest": [-60, -61], "tau_m": [10, 11, 12]},
            "LIF: tau_m has 3, v_rest has 2 values; allowed: one value, or equal lengths for all "
            "arrays.",
        ),
        (
            {"v_reset": -50.0},
            "LIF: v_reset = -50 mV is not below v_thresh = -50 mV; such a neuron would fire for "
            "ever. Lower v_reset or raise v_thresh.",
        ),
        (
            {"v_thresh": [-50, -70]},
            "LIF: v_reset[1] = -65 mV is not below v_thresh[1] = -70 mV; such a neuron would fire "
            "for ever. Lower v_reset or raise v_thresh.",
        ),
    ],
)
def test_a_model_that_is_not_physical_is_refused(parameters, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        LIF(**parameters)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 1), "population: name = ''; allowed: a non-empty string."),
        (("x", 0), "population 'x': size = 0; allowed: an integer of at least 1."),
        (("x", 2.0), "population 'x': size = 2.0; allowed: an integer of at least 1."),
        (("x", 1, None), "population 'x': model = None; allowed: a LIF(...)."),
        (
            ("x", 3, LIF(tau_m=[10, 11])),
            "population 'x': tau_m has 2 values; allowed: one, or 3 (one per neuron).",
        ),
    ],
)
def test_a_population_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        Population(*arguments)


def refused(message, **parts):
    with pytest.raises(NetworkError, match=exactly(message)):
        Network(**parts)


def test_a_network_without_populations_is_refused():
    refused("network: populations = (); allowed: at least one Population.", populations=[])


def test_a_part_of_the_wrong_kind_is_refused():
    source, cells = small()
    refused(
        f"network: populations holds {source!r}; allowed: Population.",
        populations=[cells, source],
    )
    refused(
        f"network: inputs holds {cells!r}; allowed: PoissonInput, SpikeInput, "
        "ConstantCurrent, StepCurrent.",
        populations=[cells],
        inputs=[cells],
    )
    refused(
        "network: connections holds 3; allowed: Connection.",
        populations=[cells],
        connections=[3],
    )
    refused(f"network: populations = {cells!r}; allowed: a list.", populations=cells)


def test_a_name_that_is_used_twice_is_refused():
    source, cells = small()
    for other in (Population("cells", 5), PoissonInput("cells", 1, 1.0)):
        inputs = [other] if isinstance(other, PoissonInput) else []
        populations = [cells] if inputs else [cells, other]
        refused(
            "network: the name 'cells' is used twice; names of inputs and populations must be "
            "unique.",
            populations=populations,
            inputs=inputs,
        )
    refused(
        "network: the name 'source' is used twice; names of inputs and populations must be unique.",
        populations=[cells],
        inputs=[source, SpikeInput("source", 1, [], [])],
    )


def test_a_connection_that_ends_outside_is_refused():
    source, cells = small()
    connection = one_to_one(source, cells, weight=1.0)
    refused(
        "network: connection 'source->cells' ends at 'source', which is not among the inputs and "
        "populations given here; list the same object.",
        populations=[cells],
        connections=[connection],
    )
    refused(
        "network: connection 'source->cells' ends at 'cells', which is not among the inputs and "
        "populations given here; list the same object.",
        populations=[Population("cells", 2)],  # an equal one is still another one
        inputs=[source],
        connections=[connection],
    )


def test_a_current_into_a_population_outside_is_refused():
    cells = Population("cells", 2)
    refused(
        "network: a constant current flows into 'other', which is not among the populations given "
        "here; list the same object.",
        populations=[cells],
        inputs=[ConstantCurrent(Population("other", 2), 1.0)],
    )


def test_a_population_that_is_not_there_is_refused():
    network = Network(populations=[Population("a", 1), Population("b", 1)])
    message = "network: no population 'c'; there are 'a', 'b'."
    with pytest.raises(NetworkError, match=exactly(message)):
        network.population("c")


def test_delivery_has_three_names():
    cells = Population("cells", 1)
    for name, decays, lead in (
        ("after_threshold", True, 0),
        ("before_threshold", False, 1),
        ("next_step", False, 0),
    ):
        network = Network(populations=[cells], delivery=name)
        assert (network.kicks_decay, network.input_lead) == (decays, lead)
    with pytest.raises(NetworkError) as caught:
        Network(populations=[cells], delivery="soon")
    assert str(caught.value) == (
        "network: delivery = 'soon'; allowed: 'after_threshold', 'before_threshold', 'next_step'."
    )


def test_infinite_parameters_mean_no_leak_and_no_threshold():
    assert (LIF().leaky, LIF().spiking) == (True, True)
    assert not LIF(tau_m=np.inf).leaky
    assert not LIF(v_thresh=[np.inf, np.inf]).spiking
    assert repr(LIF(tau_m=np.inf)) == "LIF(tau_m=inf)"


def test_a_first_current_needs_a_current():
    assert LIF(tau_syn=5.0, i_syn_init=1.0).i_syn_init == 1.0
    with pytest.raises(NetworkError) as caught:
        LIF(i_syn_init=1.0)
    rule = (
        "allowed: i_syn_init with tau_syn, or i_syn_init_E with tau_syn_E and i_syn_init_I with "
        "tau_syn_I."
    )
    assert str(caught.value) == f"LIF: i_syn_init is given without tau_syn; {rule}"
    for name in ("i_syn_init_E", "i_syn_init_I"):
        tau = name.replace("i_syn_init", "tau_syn")
        with pytest.raises(NetworkError) as caught:
            LIF(tau_syn=5.0, **{name: 1.0})
        assert str(caught.value) == f"LIF: {name} is given without {tau}; {rule}"
    with pytest.raises(NetworkError, match="i_syn_init is given without tau_syn;"):
        LIF(tau_syn_E=2.0, tau_syn_I=8.0, i_syn_init=1.0)


def test_more_neurons_than_32_bits_count_are_refused():
    halves = [Population(name, 2**30) for name in "ab"]
    message = "network: it has 2147483648 neurons; allowed: at most 2147483647."
    with pytest.raises(NetworkError, match=exactly(message)):
        Network(populations=halves)


def test_a_parameter_has_a_name_and_a_value():
    cells = Population("cells", 2)
    with pytest.raises(NetworkError, match=r"^population 'cells': parameter = 'tau'; allowed: "):
        cells.parameter("tau")
    message = "population 'cells': its LIF has no tau_syn; give it one."
    with pytest.raises(NetworkError, match=exactly(message)):
        cells.parameter("tau_syn")


def test_members_are_found_by_position_and_by_name():
    source, cells = PoissonInput("s", 2, rate=1.0), Population("n", 2)
    drive = ConstantCurrent(cells, 0.1)
    wires = one_to_one(source, cells, weight=1.0)
    network = Network(inputs=[source, drive], populations=[cells], connections=[wires])
    assert network.populations["n"] is network.populations[0] is cells
    assert network.inputs["s"] is source
    assert network.connections["s->n"] is network.connections[-1] is wires
    assert network.populations == (cells,)
    assert pickle.loads(pickle.dumps(network)).populations["n"] == cells
    with pytest.raises(NetworkError) as caught:
        network.populations["x"]
    assert str(caught.value) == "network: nothing here is named 'x'; there are 'n'."
