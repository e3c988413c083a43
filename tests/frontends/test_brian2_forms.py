"""Neurons without a leak, currents around a level, v as a parameter, conditions in a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import run_both

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

SPIKING = {"threshold": "v > 1", "reset": "v = 0"}
LEVEL = "dv/dt = (I - v)/(20*ms) : 1\ndI/dt = (I0 - I)/(10*ms) : 1\nI0 : 1"
STEADY = "dv/dt = x/(20*ms) : 1\nx : 1"
CURRENT = "dv/dt = I/(20*ms) : 1\ndI/dt = -I/(10*ms) : 1"
AMPERE = "dv/dt = (I0 + I)/C : volt\ndI/dt = -I/(10*ms) : amp\nI0 : amp\nC : farad"
METHODS = ("euler", "exponential_euler")


def group_of(b2, equations, **options):
    values = {"I0": "1.2 + 0.1*i", "x": "1 + 0.1*i", "on": "True"}
    group = b2.NeuronGroup(5, equations, name="cells", **{**SPIKING, **options})
    if "amp" in equations:
        values = {"I0": "10*pA", "C": "(200 + 10*i)*pF"}
    for name, value in values.items():
        if name in group.user_equations.parameter_names:
            setattr(group, name, value)
    return group


def driven(b2, group, target="v", weight="0.2"):
    source = b2.PoissonGroup(group.N, rates=300 * b2.Hz)
    wires = b2.Synapses(source, group, on_pre=f"{target} += {weight}")
    wires.connect(j="i")
    return group, source, wires


def message(b2, group):
    from neurochip.frontends.brian2 import from_brian2

    with pytest.raises(FrontendError) as caught:
        from_brian2(group, namespace={})
    return str(caught.value)


@pytest.mark.parametrize("method", ["exact", *METHODS])
@pytest.mark.parametrize("start", [0.0, 2.0])
def test_a_current_decays_to_a_level(b2, method, start):
    group = group_of(b2, LEVEL, method=method)
    group.I = start
    run = run_both(*driven(b2, group, "I"), duration=200 * b2.ms, namespace={})
    assert run.n_spikes > 50


def test_a_current_around_a_level_is_recorded(b2):
    def run():
        group = group_of(b2, LEVEL, method="exact")
        monitor = b2.StateMonitor(group, "I", record=True)
        b2.Network(group, monitor).run(30 * b2.ms)
        return np.array(monitor.I)

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert expected[:, -1] == pytest.approx(0.95 * (1.2 + 0.1 * np.arange(5)), rel=0.01)
    assert np.abs(got - expected).max() < 0.01


@pytest.mark.parametrize("method", [*METHODS, ("exact", "euler")])
@pytest.mark.parametrize(
    ("equations", "target", "weight", "options"),
    [
        (STEADY, "v", "0.2", {}),
        (CURRENT, "I", "0.9", {}),
        (
            CURRENT.replace(" : 1\nd", " : 1 (unless refractory)\nd"),
            "I",
            "0.9",
            {"refractory": "2*ms"},
        ),
        (AMPERE, "I", "10*pA", {"threshold": "v > 10*mV", "reset": "v = 0*mV"}),
        (STEADY, "v", "0.2", {"threshold": None, "reset": None}),
    ],
)
def test_neurons_without_a_leak(b2, method, equations, target, weight, options):
    group = group_of(b2, equations, method=method, **options)
    run = run_both(*driven(b2, group, target, weight), duration=200 * b2.ms, namespace={})
    assert run.n_spikes > 10 or options.get("threshold", "") is None


def test_exact_integration_needs_a_leak_as_in_brian2(b2):
    assert message(b2, group_of(b2, STEADY, method="exact")) == (
        "NeuronGroup 'cells': method = 'exact' of equations without a leak, which Brian2 refuses "
        "as well. What works: method='euler'."
    )


def test_v_may_be_a_parameter_that_synapses_add_to(b2):
    group = group_of(b2, "v : 1")
    group.v = "0.3*i"
    run = run_both(*driven(b2, group), duration=200 * b2.ms, namespace={})
    assert run.n_spikes > 30


def test_v_as_a_parameter_is_not_held(b2):
    assert message(b2, group_of(b2, "v : 1", refractory=2 * b2.ms)) == (
        "NeuronGroup 'cells': v changes during the refractory period (v is not '(unless "
        "refractory)'); the chip holds it. Set refractory=False."
    )


def test_a_parameter_may_count_spikes(chip):
    source = chip.SpikeGeneratorGroup(2, [0, 1, 1], [1, 2, 3] * chip.ms)
    counter = chip.NeuronGroup(2, "x : 1\nother : 1", name="counter")
    wires = chip.Synapses(source, counter, on_pre="x_post += 1")
    wires.connect(j="i")
    counts = chip.StateMonitor(counter, "x", record=True)
    chip.Network(source, counter, wires, counts).run(5 * chip.ms)
    assert counts.x[:, [0, 15, 25, 35]] == pytest.approx(np.array([[0, 1, 1, 1], [0, 0, 1, 2]]))
    assert np.asarray(counter.x) == pytest.approx([1, 2])


def test_v_is_a_real_number(b2):
    assert message(b2, group_of(b2, "v : integer")) == (
        "NeuronGroup 'cells': v holds whole numbers; a membrane potential changes by fractions. "
        "Omit the flag or dtype of v."
    )


@pytest.mark.parametrize("gate", ["not_refractory", "on", "i < N", "on and not_refractory"])
def test_a_threshold_may_have_conditions_that_hold(b2, gate):
    equations = "dv/dt = (2 - v)/(20*ms) : 1 (unless refractory)\non : boolean"
    group = group_of(
        b2, equations, threshold=f"v > 1 and {gate}", refractory=2 * b2.ms, method="exact"
    )
    assert run_both(*driven(b2, group), duration=100 * b2.ms, namespace={}).n_spikes > 20


def test_a_condition_that_never_holds_is_no_threshold(b2):
    equations = "dv/dt = (2 - v)/(20*ms) : 1\non : boolean"
    group = group_of(b2, equations, threshold="v > 1 and on", method="exact")
    group.on = False
    assert run_both(*driven(b2, group), duration=100 * b2.ms, namespace={}).n_spikes == 0


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        (
            "v > 1 and i != 2",
            "threshold = 'v > 1 and i != 2' never lets neuron 2 spike. What works: a group of its "
            "own for neurons that do not spike.",
        ),
        (
            "v > 1 and v < 3",
            "threshold = 'v > 1 and v < 3' is not a single comparison. What works: "
            "threshold='v > v_threshold', with a constant v_threshold.",
        ),
    ],
)
def test_other_conditions_are_refused(b2, threshold, text):
    group = group_of(b2, "dv/dt = (2 - v)/(20*ms) : 1", threshold=threshold, method="exact")
    assert message(b2, group) == f"NeuronGroup 'cells': {text}"
