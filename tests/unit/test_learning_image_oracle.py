"""The slow model of images that learn, by hand: its own mistakes would hide those of the engine."""

from __future__ import annotations

import dataclasses

import learning_image_oracle
import numpy as np
import pytest
from learning_oracle import Hashed, hashed, mixed
from learning_runs import one_synapse

from neurochip import BRIAN2LOIHI, LAVA, LOIHI, GivenTrace
from neurochip._kernels import hashing
from neurochip._kernels.jit import kernel
from neurochip.learning import LearningRule, Trace

PAIR = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))
NEVER, ALWAYS = 0.999, 0.0  # draws that round nothing up, and everything


@kernel
def mixed_by_kernel(x):
    return hashing.mixed(x)


@kernel
def hashed_by_kernel(number, key):
    return hashing.hashed_number(number, key)


def given(draw, n_steps=4):
    return {(0, name): np.full(n_steps, draw) for name in ("x", "y", "synapse")}


def weights(image, spikes, n_steps, **more):
    _, _, history = learning_image_oracle.run(image, spikes, n_steps, **more)
    return [row[0][0] for row in history]


def test_a_spike_pair_of_distance_1_by_hand():
    # x1 is 16 in step 0 and 16 exp(-1/10) = 14.48 in step 1, where the compartment spikes: half of
    # 14 is 7, half of 15 is 7.5.
    image = one_synapse(PAIR)
    assert weights(image, [(0, 0)], 3, draws=given(NEVER)) == [100, 107, 107]
    assert weights(image, [(0, 0)], 3, draws=given(ALWAYS)) == [100, 108, 108]


def test_a_pre_synaptic_spike_after_a_post_synaptic_one_by_hand():
    # The inputs of step -1 make the compartment spike in step 0; y1 is 14 in step 1.
    image = one_synapse(PAIR)
    trace, groups, _ = learning_image_oracle.run(image, [(-1, 0), (1, 0)], 2, draws=given(NEVER))
    assert trace.spikes == [(0, 0)]
    assert groups[0].model.own["w"] == [100 - 7]
    assert groups[0].model.traces["x1"] == [16]
    assert groups[0].events == 2


def test_a_spike_is_weighed_before_its_own_step_teaches():
    rule = LearningRule("2^0*x0")
    for delay in (0, 2):
        image = one_synapse(rule)
        group = dataclasses.replace(image.synapses[0], delay=np.array([delay], dtype=np.uint8))
        image = dataclasses.replace(image, synapses=(group,))
        trace, _, history = learning_image_oracle.run(image, [(0, 0), (1, 0)], 5)
        assert [row[0][0] for row in history] == [101, 102, 102, 102, 102]
        arrived = [100 * 64, 101 * 64]
        assert [row[0] for row in trace.u] == [0] * (1 + delay) + arrived + [0] * (2 - delay)


def test_a_reward_of_the_image_holds_until_the_next():
    image = one_synapse(LearningRule("2^0*x0*y2"), weight=50)
    reward = GivenTrace(0, "y2", np.array([1, 3]), np.array([5, -7], dtype=np.int16))
    image = dataclasses.replace(
        image, learning=dataclasses.replace(image.learning, rewards=(reward,))
    )
    spikes = [(step, 0) for step in range(5)]
    assert weights(image, spikes, 5) == [50, 55, 60, 53, 46]
    assert weights(image, spikes, 2, given={(0, "y2"): [[1], [2]]}) == [51, 53]


def test_an_epoch_of_two_steps_learns_at_its_end():
    rule = LearningRule("2^0*x0 + 2^1*u1", epoch=2, first_epoch=0)
    # Epochs end in steps 1, 3 and 5; u1 is due in the first and the third.
    assert weights(one_synapse(rule), [(0, 0), (1, 0), (2, 0)], 6) == [100, 103, 103, 104, 104, 106]


def test_the_hash_in_plain_integers_is_that_of_the_kernels():
    rng = np.random.default_rng(1)
    for key in rng.integers(0, 2**64, 50, dtype=np.uint64):
        assert mixed(int(key)) == int(mixed_by_kernel(key))
        number = int(rng.integers(2**31))
        assert hashed(number, int(key)) == int(hashed_by_kernel(np.int32(number), key))


@pytest.mark.parametrize("chip", [LOIHI, LAVA, BRIAN2LOIHI])
def test_draws_differ_by_kind_owner_step_and_group_unless_they_are_shared(chip):
    spec = chip.core.learning
    numbers = [3, 4], [3, 4], [3, 4]
    one = Hashed(spec, 5, 0, True, numbers)
    other = Hashed(spec, 5, 1, False, numbers)
    traces = [
        each.decay(name, 0, step, owner)
        for each in (one, other)
        for name in ("x1", "x2", "y1")
        for step in (0, 1)
        for owner in (0, 1)
    ]
    # Inputs and compartments differ in x, and y belongs to the neuron, whatever its group.
    assert len(set(traces)) == (6 if chip is LAVA else 20)
    synapses = [
        each.synapse(target, 0, step, s)
        for each in (one, other)
        for target in "wt"
        for step in (0, 1)
        for s in (0, 1)
    ]
    assert len(set(synapses)) == (4 if chip is LAVA else 16)
