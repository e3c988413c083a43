"""Inputs that act in their own step also teach: in step 0, and where a run continues."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from neurochip import (
    LIF,
    STDP,
    Emulator,
    Network,
    Population,
    Reference,
    SpikeInput,
    Stimulus,
    WeightProbe,
    all_to_all,
    compile_network,
    draw_stimulus,
)
from neurochip.learning import LearningRule

DT = 0.5
RULE = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.1, a_minus=0.05, w_max=2.0)
N = 400  # synapses: each draws how its weight is rounded, and their mean hardly depends on it


def taught(time, delivery):
    """Return a network whose inputs spike together, and whose cell a further input excites."""
    inputs = [SpikeInput("taught", N, range(N), [time] * N, expected_rate=5.0)]
    inputs += [SpikeInput("kick", 1, [0], [3.0])]
    cell = Population("cell", 1, LIF(v_rest=-70.0, v_reset=-70.0, v_thresh=-60.0, tau_m=20.0))
    synapses = [
        all_to_all(inputs[0], cell, weight=0.01, plasticity=RULE, name="learn"),
        all_to_all(inputs[1], cell, weight=30.0),
    ]
    return Network(inputs=inputs, populations=[cell], connections=synapses, delivery=delivery)


def driven(times):
    """Return a stimulus of a source that spikes, in as many ms as it takes and 10 more."""
    return Stimulus(max([*times, 20.0]) + 10.0, [SpikeInput("source", 1, [0] * len(times), times)])


def excited():
    """Return an emulator of a cell that spikes at each input, through a synapse that learns."""
    source = SpikeInput("source", 1, [0], [20.0])
    cell = Population("cell", 1, LIF(v_rest=-70.0, v_reset=-70.0, v_thresh=-60.0))
    learn = all_to_all(
        source, cell, weight=15.0, plasticity=STDP(20.0, 20.0, 1.0, 0.5, 20.0), name="learn"
    )
    network = Network(
        inputs=[source], populations=[cell], connections=[learn], delivery="before_threshold"
    )
    return Emulator(compile_network(network, dt=1.0))


@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold", "next_step"])
@pytest.mark.parametrize("time", [0.0, DT])
def test_an_input_of_the_first_steps_teaches_as_in_float(time, delivery):
    network = taught(time, delivery)
    stimulus = draw_stimulus(network, 8.0, seed=1)
    reference = Reference(network, DT, learning_order="chip")
    emulator = Emulator(compile_network(network, dt=DT))
    spikes = reference.run(stimulus).steps["cell"]
    assert len(spikes) == 1
    wanted = reference.weights("learn").mean() - 0.01
    assert wanted > 0.05
    found = []
    for _ in range(2):
        run = emulator.run(stimulus, record=[WeightProbe("learn")])
        assert run.steps["cell"].tolist() == spikes.tolist()
        found.append(run.weights["learn"].values[-1])
        emulator.reset()
    assert found[0].mean() - 0.01 == pytest.approx(wanted, rel=0.03)
    assert np.array_equal(*found)


def test_synapses_that_learn_take_the_input_of_a_first_step_from_its_own_stimulus():
    emulator, silent = excited(), driven([])
    assert emulator.run(silent, duration=20.0).n_spikes == 0
    run = emulator.run(driven([20.0]), duration=10.0, record=[WeightProbe("learn")])
    assert run.steps["cell"].tolist() == [20]
    assert run.counters["synaptic_events"] == 1
    assert run.weights["learn"].values[0, 0] > 15.0  # the input and its spike are a pair


@pytest.mark.parametrize("cuts", [(20.0,), (19.0, 20.0), (20.0, 21.0), (1.0, 19.0, 21.0)])
def test_a_spike_that_the_run_before_knew_is_delivered_and_teaches_once(cuts):
    stimulus, emulator = driven([0.0, 20.0, 21.0]), excited()
    whole = emulator.run(stimulus, record=[WeightProbe("learn")])
    emulator.reset()
    ends = np.diff([0.0, *cuts, 31.0])
    parts = [emulator.run(stimulus, duration=each, record=[WeightProbe("learn")]) for each in ends]
    assert whole.n_spikes == 3
    assert np.concatenate([part.steps["cell"] for part in parts]).tolist() == [0, 20, 21]
    weights = np.concatenate([part.weights["learn"].values for part in parts])
    assert np.array_equal(weights, whole.weights["learn"].values)
    for name in ("synaptic_events", "spikes"):
        assert sum(part.counters[name] for part in parts) == whole.counters[name]


def test_of_two_spikes_in_a_step_one_may_have_been_known():
    emulator = excited()
    known, both = driven([20.0]), driven([20.0, 20.0])
    emulator.run(known, duration=20.0)
    assert emulator.run(both, duration=5.0).counters["synaptic_events"] == 1
    emulator.reset()
    emulator.run(both, duration=20.0)
    assert emulator.run(both, duration=5.0).counters["synaptic_events"] == 0


def test_time_changes_a_weight_once_a_step_whatever_the_run_before_knew():
    image = excited().image
    (group,) = image.learning.groups
    rule = LearningRule("2^0*u0", spec=group.rule.spec)
    learning = dataclasses.replace(image.learning, groups=(dataclasses.replace(group, rule=rule),))
    emulator = Emulator(dataclasses.replace(image, learning=learning))
    (start,) = emulator.weights("learn")
    emulator.run(driven([]), duration=20.0)
    emulator.run(driven([20.0]), duration=5.0)
    (end,) = emulator.weights("learn")
    assert (end - start) / 20.0 * 255 == pytest.approx(25.0)
