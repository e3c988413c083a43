"""The mapping adds no error: with unrounded registers the chip's recurrence is the reference."""

from __future__ import annotations

import dataclasses

import hold_of_kicks
import numpy as np
import pytest
from twin import run_twin

from neurochip import (
    LIF,
    ConstantCurrent,
    Network,
    Normal,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
    one_to_one,
)
from neurochip.reference import simulate_reference

pytestmark = pytest.mark.slow

# Sums of a few thousand terms of 10 mV in float64 differ by about 1e-12 mV between two orders.
TOLERANCE = 1e-9  # mV

SIZE = 20
REST = {"rest at reset": -70.0, "rest below reset": -75.0, "rest above reset": -63.0}


def assert_twin_is_reference(network, dt, duration=400.0, seed=1):
    stimulus = draw_stimulus(network, duration, seed)
    reference = simulate_reference(network, stimulus, dt, record="v")
    twin = run_twin(network, stimulus, dt, reference.n_steps)
    for population in network.populations:
        name = population.name
        got = np.array(twin.spikes[name], dtype=int).reshape(-1, 2)
        expected = np.stack([reference.steps[name], reference.ids[name]], axis=1)
        assert np.array_equal(got, expected)
        error = np.abs(twin.v[name] - reference.trace(name).values).max()
        assert error < TOLERANCE, f"{name}: {error} mV"
    return reference


def rate_of(reference, name="neurons"):
    return float(reference.rates(name).mean())


def driven(lif, *, weight, rate, delay=0.0, size=SIZE):
    """Neurons with two Poisson sources each, an excitatory and an inhibitory one."""
    neurons = Population("neurons", size, lif)
    plus, minus = PoissonInput("plus", size, rate=rate), PoissonInput("minus", size, rate=rate / 4)
    return Network(
        inputs=[plus, minus],
        populations=[neurons],
        connections=[
            one_to_one(plus, neurons, weight=Uniform(0.8 * weight, 1.2 * weight), seed=1),
            one_to_one(minus, neurons, weight=-weight, delay=delay),
        ],
    )


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("tau_refrac", [0.0, 5.0])
@pytest.mark.parametrize("v_rest", REST.values(), ids=REST)
def test_delta_synapses_are_mapped_without_error(v_rest, tau_refrac, dt):
    lif = LIF(tau_m=10.0, v_rest=v_rest, v_reset=-70.0, v_thresh=-55.0, tau_refrac=tau_refrac)
    rate = {-70.0: 1100.0, -75.0: 1500.0, -63.0: 550.0}[v_rest]
    reference = assert_twin_is_reference(driven(lif, weight=1.5, rate=rate, delay=3.0), dt)
    assert 10 <= rate_of(reference) <= 40


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("tau_refrac", [0.0, 5.0])
@pytest.mark.parametrize("v_rest", REST.values(), ids=REST)
@pytest.mark.parametrize("tau_syn", [2.0, 10.0, 25.0], ids=lambda tau: f"tau_syn {tau:g}")
def test_exponential_synapses_are_mapped_without_error(v_rest, tau_refrac, dt, tau_syn):
    """Among them tau_syn = tau_m, where the gain is a limit."""
    lif = LIF(
        tau_m=10.0,
        tau_syn=tau_syn,
        cm=0.25,
        v_rest=v_rest,
        v_reset=-70.0,
        v_thresh=-55.0,
        tau_refrac=tau_refrac,
    )
    # About one rate for every tau_syn: slower currents sum more and fluctuate less.
    weight = 0.38 * (2.0 / tau_syn) ** 0.85
    rate = {-70.0: 450.0, -75.0: 580.0, -63.0: 220.0}[v_rest]
    reference = assert_twin_is_reference(driven(lif, weight=weight, rate=rate, delay=3.0), dt)
    assert 10 <= rate_of(reference) <= 40


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("tau_syn", [None, 3.0, 10.0])
@pytest.mark.parametrize("integration", ["euler", "exponential_euler"])
def test_euler_steps_are_mapped_without_error(integration, tau_syn, dt):
    lif = LIF(
        tau_m=10.0,
        tau_syn=tau_syn,
        v_rest=-70.0,
        v_reset=-67.0,
        v_thresh=-55.0,
        tau_refrac=2.0,
        integration=integration,
    )
    weight = 1.5 if tau_syn is None else 15.0 / tau_syn
    reference = assert_twin_is_reference(driven(lif, weight=weight, rate=1300.0, delay=3.0), dt)
    assert rate_of(reference) >= 10


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("tau_refrac", [0.0, 5.0])
@pytest.mark.parametrize(
    ("tau_syn_E", "tau_syn_I"), [(2.0, 10.0), (10.0, 2.0), (5.0, np.linspace(4, 6, SIZE))]
)
def test_two_time_constants_are_mapped_without_error(tau_syn_E, tau_syn_I, tau_refrac, dt):  # noqa: N803
    lif = LIF(
        tau_m=10.0,
        tau_syn_E=tau_syn_E,
        tau_syn_I=tau_syn_I,
        cm=0.25,
        v_rest=-70.0,
        v_reset=-67.0,
        v_thresh=-55.0,
        tau_refrac=tau_refrac,
    )
    neurons = Population("neurons", SIZE, lif)
    plus, minus = PoissonInput("plus", SIZE, rate=500.0), PoissonInput("minus", SIZE, rate=125.0)
    unit = 1.5 / tau_syn_E  # nA, for one charge of every tau_syn_E
    network = Network(
        inputs=[plus, minus],
        populations=[neurons],
        connections=[
            one_to_one(plus, neurons, weight=Uniform(0.8 * unit, 1.2 * unit), seed=1),
            one_to_one(minus, neurons, weight=-1.0 / np.mean(tau_syn_I), delay=3.0),
            all_to_all(plus, neurons, weight=Normal(0.0, 0.05 * unit), delay=1.0, seed=2),
            fixed_probability(
                neurons, neurons, 0.2, weight=Normal(-0.2 * unit, 0.3 * unit), seed=3
            ),
        ],
    )
    reference = assert_twin_is_reference(network, dt)
    assert reference.n_spikes > 10


@pytest.mark.parametrize("delivery", ["before_threshold", "next_step"])
@pytest.mark.parametrize("tau_refrac", [0.0, 5.0])
def test_kicks_beside_a_current_are_mapped_without_error_in_other_orders(tau_refrac, delivery):
    network = dataclasses.replace(hold_of_kicks.network_of("both", tau_refrac), delivery=delivery)
    assert assert_twin_is_reference(network, dt=0.5).n_spikes > 100


def test_the_hold_of_kicks_would_lose_the_kicks_that_brian2_loses():
    """And the hold that neurons with a current have keeps those of the last refractory step."""
    spikes, (of_current, of_kicks) = hold_of_kicks.errors("kicks", 0.0, duration=1000.0)
    assert spikes > 500
    assert of_kicks == 0 < of_current < 0.01


def test_the_hold_of_the_current_costs_less_where_the_current_drives():
    _, (of_current, of_kicks) = hold_of_kicks.errors("current", 0.0, duration=1000.0)
    assert of_kicks < 0
    assert abs(of_current) < abs(of_kicks)


@pytest.mark.parametrize("tau_syn", [None, 5.0], ids=["delta", "exponential"])
def test_constant_currents_are_mapped_without_error(tau_syn):
    """R = 40 MOhm: 0.4 and 0.1 nA carry v_rest from -65 to -45 mV, above the threshold of some."""
    lif = LIF(
        tau_m=10.0,
        tau_syn=tau_syn,
        cm=0.25,
        v_rest=-65.0,
        v_reset=-70.0,
        v_thresh=-50.0,
        tau_refrac=2.0,
        i_offset=np.linspace(0.2, 0.4, SIZE),
        v_init=np.linspace(-80.0, -51.0, SIZE),
    )
    neurons = Population("neurons", SIZE, lif)
    source = PoissonInput("source", SIZE, rate=300.0)
    network = Network(
        inputs=[
            source,
            ConstantCurrent(neurons, 0.05),
            ConstantCurrent(neurons, np.linspace(0.0, 0.05, SIZE)),
        ],
        populations=[neurons],
        connections=[one_to_one(source, neurons, weight=1.0 if tau_syn is None else 0.1)],
    )
    reference = assert_twin_is_reference(network, dt=0.1)
    assert rate_of(reference) >= 10


@pytest.mark.parametrize("tau_syn", [None, 4.0], ids=["delta", "exponential"])
def test_neurons_of_different_parameters_are_mapped_without_error(tau_syn):
    rng = np.random.default_rng(3)
    lif = LIF(
        tau_m=rng.uniform(5, 30, SIZE),
        tau_syn=None if tau_syn is None else rng.uniform(1, 30, SIZE),
        cm=rng.uniform(0.1, 1, SIZE),
        v_rest=rng.uniform(-80, -55, SIZE),
        v_reset=rng.uniform(-75, -60, SIZE),
        v_thresh=rng.uniform(-54, -45, SIZE),
        tau_refrac=rng.uniform(0, 6, SIZE),
        v_init=rng.uniform(-80, -40, SIZE),
    )
    network = driven(lif, weight=2.0 if tau_syn is None else 0.5, rate=1200.0)
    reference = assert_twin_is_reference(network, dt=0.1)
    assert rate_of(reference) >= 5


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("tau_refrac", [0.0, 3.0])
@pytest.mark.parametrize("tau_syn", [None, 5.0], ids=["delta", "exponential"])
def test_recurrent_networks_with_delays_are_mapped_without_error(tau_syn, tau_refrac, dt):
    lif = LIF(
        tau_m=15.0,
        tau_syn=tau_syn,
        cm=0.25,
        v_rest=-65.0,
        v_reset=-68.0,
        v_thresh=-50.0,
        tau_refrac=tau_refrac,
    )
    unit = 1.0 if tau_syn is None else 0.06
    cells, brakes = Population("cells", 40, lif), Population("brakes", 10, lif)
    source = PoissonInput("source", 40, rate=100.0)
    delays = Uniform(0.0, 8.0)
    network = Network(
        inputs=[source],
        populations=[cells, brakes],
        connections=[
            fixed_probability(source, cells, 0.3, weight=Normal(unit, 0.2 * unit), seed=1),
            fixed_probability(source, brakes, 0.3, weight=unit, delay=1.0, seed=2),
            fixed_probability(cells, cells, 0.1, weight=0.5 * unit, delay=delays, seed=3),
            fixed_probability(cells, brakes, 0.2, weight=unit, delay=delays, seed=4),
            fixed_probability(brakes, cells, 0.3, weight=-2 * unit, delay=delays, seed=5),
            all_to_all(brakes, brakes, weight=-unit, delay=2.0, allow_self_connections=False),
        ],
    )
    reference = assert_twin_is_reference(network, dt, duration=300.0)
    assert rate_of(reference, "cells") >= 5
    assert rate_of(reference, "brakes") >= 5


LATE = ("before_threshold", "next_step")
SYNAPSES = {
    "delta": {},
    "one current": {"tau_syn": 3.0},
    "two": {"tau_syn_E": 3.0, "tau_syn_I": 7.0},
}


def with_delivery(network, delivery):
    return dataclasses.replace(network, delivery=delivery)


@pytest.mark.parametrize("delivery", LATE)
@pytest.mark.parametrize("synapses", SYNAPSES)
@pytest.mark.parametrize("refractory", ["from_spike", "after_spike"])
@pytest.mark.parametrize("tau_refrac", [0.0, 0.5, 2.0])
def test_delivery_before_the_threshold_is_exact(delivery, synapses, tau_refrac, refractory):
    lif = LIF(tau_m=8.0, v_rest=-70.0, v_reset=-65.0, tau_refrac=tau_refrac, **SYNAPSES[synapses])
    weight = 3.0 if synapses == "delta" else 1.0
    network = with_delivery(driven(lif, weight=weight, rate=1500.0, delay=0.7), delivery)
    network = dataclasses.replace(network, refractory=refractory)
    assert rate_of(assert_twin_is_reference(network, 0.5)) > 10


@pytest.mark.parametrize("delivery", LATE)
def test_recurrence_with_delivery_before_the_threshold_is_exact(delivery):
    lif = LIF(tau_m=20.0, v_rest=-60.0, v_reset=-65.0, tau_refrac=1.0)
    source, cells = PoissonInput("source", 40, rate=300.0), Population("neurons", 40, lif)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[
            fixed_probability(source, cells, 0.5, weight=1.0, seed=1),
            fixed_probability(cells, cells, 0.2, weight=Uniform(-2.0, 1.0), delay=1.5, seed=2),
        ],
        delivery=delivery,
    )
    assert rate_of(assert_twin_is_reference(network, 0.5)) > 10


@pytest.mark.parametrize("delivery", ["after_threshold", *LATE])
@pytest.mark.parametrize("synapses", SYNAPSES)
@pytest.mark.parametrize("integration", ["exact", "euler", "exponential_euler"])
def test_neurons_without_a_leak_are_exact(delivery, synapses, integration):
    lif = LIF(
        tau_m=np.inf,
        cm=2.0,
        v_rest=-66.0,
        v_reset=-65.0,
        i_offset=0.3,
        tau_refrac=1.5,
        integration=integration,
        **SYNAPSES[synapses],
    )
    weight = 0.4 if synapses == "delta" else 0.2
    network = with_delivery(driven(lif, weight=weight, rate=1500.0), delivery)
    assert rate_of(assert_twin_is_reference(network, 0.5)) > 10


@pytest.mark.parametrize("tau_m", [15.0, np.inf])
@pytest.mark.parametrize("synapses", SYNAPSES)
def test_neurons_that_never_spike_are_exact(tau_m, synapses):
    lif = LIF(tau_m=tau_m, v_rest=1.0, v_reset=0.0, v_thresh=np.inf, **SYNAPSES[synapses])
    reference = assert_twin_is_reference(driven(lif, weight=2.0, rate=1500.0), 0.5)
    assert reference.n_spikes == 0
    assert reference.trace("neurons").values.max() > 20


@pytest.mark.parametrize("synapses", ["one current", "two"])
@pytest.mark.parametrize("integration", ["exact", "euler", "exponential_euler"])
def test_currents_that_begin_at_a_value_are_exact(synapses, integration):
    start = np.linspace(-2.0, 3.0, SIZE)
    begin = {"i_syn_init": start}
    if synapses == "two":  # each of any sign, whatever that of its weights
        begin = {"i_syn_init_E": start, "i_syn_init_I": 1.5 * start[::-1] - 0.5}
    lif = LIF(tau_m=15.0, integration=integration, **begin, **SYNAPSES[synapses])
    reference = assert_twin_is_reference(driven(lif, weight=0.3, rate=1000.0), 0.5)
    assert np.ptp(reference.trace("neurons").values[0]) > 1
