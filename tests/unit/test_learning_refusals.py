"""Runs of images that learn refuse each of these by one message."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from learning_runs import CASES, emulator, one_synapse

from neurochip import WeightProbe
from neurochip.errors import EmulatorError, LearningError, RecordingError
from neurochip.image import Noise
from neurochip.learning import LearningRule, Trace

PAIR = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))
REWARDED = LearningRule("x0*y2")


def exactly(message):
    return f"^{re.escape(message)}$"


def test_what_is_no_connection_that_learns_is_refused():
    runner = emulator(one_synapse(PAIR))
    message = (
        "emulator: connection 'feed' does not learn; there is 'group 0'. Give it a rule, with "
        "plasticity=STDP(...)."
    )
    for call in (runner.weights, runner.tags, runner.traces):
        with pytest.raises(EmulatorError, match=exactly(message)):
            call("feed")
    with pytest.raises(EmulatorError, match=exactly(message.replace("'feed'", "1"))):
        runner.weights(1)
    message = (
        "emulator: connection = None; allowed: the name of a connection, or the number of a group "
        "that learns."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.weights(None)


def test_an_image_that_does_not_learn_has_no_learned_image():
    plain = emulator(dataclasses.replace(one_synapse(PAIR), learning=None))
    message = (
        "emulator: the image does not learn; allowed: an image with learning, as compiled from "
        "connections with plasticity=STDP(...)."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        plain.learned_image()
    with pytest.raises(
        RecordingError, match=r"^record: no connection 0 that learns; there is none\."
    ):
        plain.run_steps(1, record=[WeightProbe(0)])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"given": {"y2": [1]}},
            EmulatorError,
            "emulator: given = {'y2': [1]}; allowed: a dict of values by (connection, name), such "
            "as {('feed', 'y1'): values}.",
        ),
        (
            {"given": {(0, "y1"): [1]}},
            EmulatorError,
            "emulator: connection 'group 0': given 'y1'; allowed: 'y2', 'y3', of which its rule "
            "has no Trace.",
        ),
        (
            {"given": {(0, "y2"): [1, 2]}},
            EmulatorError,
            "emulator: connection 'group 0': y2 has shape (2,); allowed: (1,) or (1, 1), one value "
            "for all targets or one for each.",
        ),
        (
            {"given": {(0, "y2"): [200]}},
            EmulatorError,
            "emulator: connection 'group 0': y2[0] = 200; allowed: -128 to 127.",
        ),
        (
            {"draws": {(0, "weights"): [0.5]}},
            LearningError,
            "learn: draws hold 'weights'; allowed: a dict of x, y, x1, x2, y1, y2, y3, x_impulse, "
            "y_impulse, again, synapse.",
        ),
    ],
)
def test_what_a_run_cannot_be_given_is_refused(options, error, message):
    with pytest.raises(error, match=exactly(message)):
        emulator(one_synapse(PAIR)).run_steps(1, **options)


def test_draws_need_a_whole_epoch():
    rule = dataclasses.replace(PAIR, epoch=4)
    runner = emulator(one_synapse(rule))
    runner.run_steps(2)
    message = (
        "emulator: draws were given for a run that begins at step 2, within an epoch; allowed: "
        "multiples of 4 steps."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.run_steps(4, draws={(0, "synapse"): [0.5]})


def test_a_second_spike_of_an_epoch_is_refused_by_an_engine_that_allows_one():
    chip, rule, _, _ = CASES["nengo-loihi"]
    rule = LearningRule(**rule, epoch=2, spec=chip.core.learning)
    runner = emulator(one_synapse(rule, chip=chip))
    message = (
        "emulator: a neuron spiked twice within an epoch of 2 steps; the engine 'nengo-loihi' "
        "allows one spike an epoch. Shorten the epoch."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.run_steps(2, [0, 1], [0, 0], given={(0, "y1"): [0, 0]})


@pytest.mark.parametrize(
    ("value", "variable", "message"),
    [
        (
            300,
            None,
            "emulator: connection 'group 0': y2 = 300; allowed: -128 to 127.",
        ),
        (
            [1, 2],
            None,
            "emulator: connection 'group 0': y2 has shape (2,); allowed: () or (1,), one value for "
            "all targets or one for each.",
        ),
        (
            1,
            "x1",
            "emulator: connection 'group 0': given 'x1'; allowed: 'y1', 'y2', 'y3', of which its "
            "rule has no Trace.",
        ),
    ],
)
def test_a_reward_that_is_not_allowed_is_refused(value, variable, message):
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(one_synapse(REWARDED)).set_reward(0, value, variable=variable)


def test_a_rule_without_a_given_trace_has_no_reward():
    message = "emulator: the rule of connection 0 is given no trace, so it has no reward."
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(one_synapse(PAIR)).set_reward(0, 1)


def test_noise_and_learning_do_not_go_together():
    image = one_synapse(PAIR)
    noisy = dataclasses.replace(image, noise=Noise(np.ones(1, np.int32), exponent=3))
    message = "emulator: the image has learning and noise; allowed: one of the two."
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(noisy)


def test_an_image_cannot_begin_to_learn_within_a_run():
    image = one_synapse(PAIR)
    runner = emulator(dataclasses.replace(image, learning=None))
    message = (
        "emulator: the image cannot go on from here: it learns, and the image before did not; "
        "allowed: an image of the same populations, inputs, chip and dt, with other values."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.reprogram(image)
