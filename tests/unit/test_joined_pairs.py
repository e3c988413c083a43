"""Joined compartments beside programs, resets and learning: they run as neurons with two inputs."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from learning_runs import WHO, emulator

from neurochip import LOIHI, Learning, Plasticity, Probe, WeightProbe
from neurochip.errors import EmulatorError
from neurochip.image import Convolution, PeriodicReset
from neurochip.image.program import SignMode, Synapses, program
from neurochip.learning import LearningRule, Trace

TOP = LOIHI.core.threshold_mantissa.maximum
N, N_INPUTS, STEPS = 10, 5, 80
PAIR = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))
NEVER = PeriodicReset(np.arange(N, dtype=np.int32), 1000, 999)


def exactly(message):
    return f"^{re.escape(message)}$"


def paired(seed=0, child_threshold=TOP, **parts):
    """Return five pairs with synapses to children and parents, and input spikes."""
    rng = np.random.default_rng(seed)
    join = np.arange(N) % 2
    threshold = np.where(join, rng.integers(200, 900, N), child_threshold)
    registers = {
        "join": join,
        "threshold_mantissa": threshold,
        "decay_u": rng.integers(300, 4000, N),
        "decay_v": np.where(join, rng.integers(0, 900, N), 4095),
        "bias_mantissa": np.where(join, rng.integers(0, 4000, N), 0),
        "refractory": np.where(join, rng.integers(1, 5, N), 1),
        "u_init": rng.integers(-5000, 1, N),
    }

    def synapses(source, n, mode, low, high, keep):
        pre, target = np.nonzero(rng.random((n, N)) < 0.6)
        mine = keep(target) & ((source == "inputs") | (pre % 2 == 1))
        pre, target = pre[mine], target[mine]
        mantissa = 2 * rng.integers(low, high, len(pre))
        return Synapses(source, pre, target, mantissa, mode, delay=rng.integers(0, 3, len(pre)))

    lists = [
        synapses("inputs", N_INPUTS, SignMode.EXCITATORY, 0, 120, lambda to: to % 2 == 1),
        synapses("inputs", N_INPUTS, SignMode.INHIBITORY, -60, 0, lambda to: to % 2 == 0),
        synapses(WHO, N, SignMode.MIXED, -40, 60, lambda to: to >= 0),
    ]
    steps, sources = np.nonzero(rng.random((STEPS, N_INPUTS)) < 0.2)
    return program(LOIHI, registers, lists, n_inputs=N_INPUTS, **parts), (steps, sources)


@pytest.mark.parametrize("seed", range(3))
def test_pairs_give_the_integers_of_a_child_and_its_parent(seed):
    image, spikes = paired(seed)
    beside = dataclasses.replace(image, resets=(NEVER,))
    parents = Probe("v", WHO, ids=np.arange(1, N, 2))
    plain, found = (
        emulator(each).run_steps(STEPS, *spikes, record=["u", parents]) for each in (image, beside)
    )
    assert len(plain.ids[WHO]) > 20
    assert found.ids[WHO].tolist() == plain.ids[WHO].tolist()
    assert found.steps[WHO].tolist() == plain.steps[WHO].tolist()
    for variable in ("u", "v"):
        assert (
            found.trace(WHO, variable).values.tolist() == plain.trace(WHO, variable).values.tolist()
        )
    assert found.counters["synaptic_events"] == plain.counters["synaptic_events"]


@pytest.mark.parametrize("targets", [[0, 2, 4, 6], [1, 3, 5, 7], [0, 1, 2, 3]])
def test_a_convolution_reaches_children_and_parents(targets):
    image, spikes = paired()
    kernel = Convolution(
        source="inputs",
        sources=np.arange(4, dtype=np.int32),
        source_shape=(1, 2, 2),
        targets=np.array(targets, dtype=np.int32),
        target_shape=(1, 2, 2),
        kernel=np.full((1, 1, 1, 1), 100, dtype=np.int16),
        format=image.synapses[0].format,
    )
    images = [
        dataclasses.replace(image, convolutions=parts, resets=resets)
        for parts, resets in (((), ()), ((kernel,), ()), ((kernel,), (NEVER,)))
    ]
    without, plain, found = (emulator(each).run_steps(STEPS, *spikes) for each in images)
    assert without.steps[WHO].tolist() != plain.steps[WHO].tolist()
    assert found.steps[WHO].tolist() == plain.steps[WHO].tolist()
    assert found.ids[WHO].tolist() == plain.ids[WHO].tolist()
    assert found.counters["synaptic_events"] == plain.counters["synaptic_events"]


@pytest.mark.parametrize("group", [0, 1])
def test_synapses_of_children_learn_from_the_spikes_of_the_neuron(group):
    image, spikes = paired(learning=Learning((Plasticity(group, PAIR),)))
    runner = emulator(image)
    start = runner.weights(0)
    found = runner.run_steps(STEPS, *spikes, record=[WeightProbe(0, every=10, variable="y1")])
    assert runner.traces(0)["y1"].any()
    assert runner.weights(0).tolist() != start.tolist()
    assert found.learning["group 0"]["events"] > 0
    assert found.synaptic["group 0", "y1"].values[-1].tolist() == runner.traces(0)["y1"].tolist()


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"child_threshold": 500}, "may spike"),
        ({"sends": True}, "has synapses of its own"),
    ],
)
def test_a_child_that_does_more_than_add_to_its_parent_is_refused(parts, why):
    image, _ = paired(**{k: v for k, v in parts.items() if k != "sends"}, resets=[NEVER])
    if "sends" in parts:
        sender = Synapses(WHO, [0], [3], [10], SignMode.EXCITATORY)
        other = program(LOIHI, {}, [sender], n_inputs=N_INPUTS, n_compartments=N)
        image = dataclasses.replace(image, synapses=(*image.synapses, *other.synapses))
    message = (
        f"emulator: compartment 0 is the child of a pair and {why}; allowed beside programs, "
        "periodic resets and learning: children that only add to their parent, with "
        "threshold_mantissa 131071."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(image)


@pytest.mark.parametrize("ids", [[3, 4, 5], [2, 4, 5]])
def test_a_reset_of_one_of_a_pair_is_refused(ids):
    resets = [PeriodicReset(np.array(each, dtype=np.int32), 10, 5) for each in ([0, 1], ids)]
    message = (
        "emulator: reset 1 has one of the compartments 2 and 3, which are a pair; allowed: both, "
        "or none."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(paired(resets=resets)[0])


def test_a_group_of_children_and_parents_does_not_learn():
    message = (
        "emulator: synapse group 2 learns and reaches both children and other compartments; "
        "allowed: a group for each."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(paired(learning=Learning((Plasticity(2, PAIR),)))[0])


def test_v_of_a_child_is_not_recorded_beside_resets():
    message = (
        "emulator: v of compartment 0, the child of a pair, is not computed beside programs, "
        "periodic resets and learning; allowed: 'u' of all, and Probe('v', ids=...) of others."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(paired(resets=[NEVER])[0]).run_steps(1, record=["v"])
