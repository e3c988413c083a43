"""Images that learn, run by the emulator: the order of a step, runs in parts, copies, probes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re

import numpy as np
import pytest
from learning_runs import (
    CASES,
    STEPS,
    WHO,
    emulator,
    everything,
    image_of,
    input_spikes,
    learned,
    listed,
    one_synapse,
    rewards,
)

from neurochip import BRIAN2LOIHI, LAVA, Emulator, Learning, Plasticity, WeightProbe
from neurochip.chip.registers import decode_weights
from neurochip.emulator.programmed import engine as engine_module
from neurochip.errors import ChipOverflowError, EmulatorError
from neurochip.image import GivenTrace
from neurochip.image.files import load_image, save_image
from neurochip.image.program import SignMode, Synapses, program
from neurochip.learning import LearningRule, Trace

PAIR = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))
REWARDED = LearningRule("x0*y2")


def exactly(message):
    return f"^{re.escape(message)}$"


# --- the order of a step -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_an_image_learns_what_learn_makes_of_its_spikes(name, seed):
    image, spikes = image_of(name, seed), input_spikes(seed)
    given = rewards(image)
    runner = emulator(image)
    found = runner.run_steps(
        STEPS, *spikes, given=given, record=[WeightProbe(0), WeightProbe(1, every=7)]
    )
    assert len(found.ids[WHO]) > 20
    for index, result in enumerate(learned(image, found, spikes, given)):
        start = image.synapses[image.learning.groups[index].synapses].mantissa
        assert sorted(result.weights) != sorted(start)
        assert runner.weights(index).tolist() == result.weights.tolist()
        assert runner.tags(index).tolist() == result.tags.tolist()
        trace = found.weights[f"group {index}"]
        assert trace.values.tolist() == result.recorded["w"][trace.steps].tolist()
        counters = found.learning[f"group {index}"]
        assert {key: counters[key] for key in result.saturated} == result.saturated


@pytest.mark.parametrize(
    "name", ["soft bounds and a coincidence", "inhibitory weights below one step"]
)
def test_a_spike_delivers_the_weight_before_its_own_step_has_taught(name):
    image, spikes = image_of(name), input_spikes()
    image = dataclasses.replace(
        image,
        compartments=dataclasses.replace(
            image.compartments, decay_u=image.compartments.join + 4095
        ),
    )
    probes = [WeightProbe(0), WeightProbe(1)]
    found = emulator(image).run_steps(STEPS, *spikes, record=["u", *probes])
    expected = np.zeros((STEPS + 5, image.n_compartments), dtype=np.int64)
    sent = {"inputs": spikes, WHO: (found.steps[WHO], found.ids[WHO])}
    plastic = {item.synapses: k for k, item in enumerate(image.learning.groups)}
    for number, group in enumerate(image.synapses):
        for step, source in zip(*sent[group.source], strict=True):
            row = slice(*group.indptr[[source, source + 1]])
            mantissa = group.mantissa[row]
            if number in plastic and step >= 0:
                item = image.learning.groups[plastic[number]]
                values = found.weights[f"group {plastic[number]}"].values
                if step > 0:
                    mantissa = values[step - 1][item.numbers(group.n_synapses)[row]]
            delay = group.delay[row].astype(int) if group.delay.size else 0
            at = step + 1 + delay + np.zeros(len(mantissa), dtype=int)
            weights = decode_weights(mantissa, group.format, image.chip.core)
            np.add.at(expected, (at, group.target[row]), weights)
    assert found.trace(WHO, "u").values.tolist() == expected[:STEPS].tolist()


def test_a_pair_changes_the_weight_by_hand():
    runner = emulator(one_synapse(PAIR))
    # Input in step 0: delivered in step 1, where the compartment spikes. x1 = 16 in step 0 and
    # 16 exp(-1/10) = 14.48 in step 1, rounded to 14 or 15: half of it is added.
    found = runner.run_steps(2, [0], [0], record=[WeightProbe(0), WeightProbe(0, variable="x1")])
    assert found.steps[WHO].tolist() == [1]
    x1 = found.synaptic["group 0", "x1"].values[:, 0].tolist()
    assert x1[0] == 16
    assert x1[1] in (14, 15)
    assert found.weights["group 0"].values[:, 0].tolist() in ([100, 107], [100, 108])
    assert found.learning["group 0"]["events"] == 2


def test_an_input_spike_of_step_minus_1_is_delivered_and_teaches_nothing():
    runner = emulator(one_synapse(PAIR))
    found = runner.run_steps(1, [-1], [0])
    assert found.steps[WHO].tolist() == [0]
    assert listed(runner.traces(0)) == {"x1": [0], "y1": [16]}
    assert runner.weights(0).tolist() == [100]


def test_an_input_that_is_listed_twice_is_delivered_twice_and_learns_once():
    runner = emulator(one_synapse(PAIR, weight=60))
    found = runner.run_steps(2, [0, 0], [0, 0])
    assert found.steps[WHO].tolist() == [1]
    assert found.counters["synaptic_events"] == 2
    assert found.learning["group 0"]["events"] == 2
    once = emulator(one_synapse(PAIR, weight=120))
    once.run_steps(2, [0], [0])
    assert runner.traces(0)["x1"].tolist() == once.traces(0)["x1"].tolist()


def test_synapses_that_do_not_learn_run_beside_those_that_do():
    image, spikes = image_of("pairs"), input_spikes()
    still = LearningRule("0*x0", x1=Trace(16, 10), y1=Trace(16, 10))
    groups = [dataclasses.replace(item, rule=still) for item in image.learning.groups]
    quiet = dataclasses.replace(image.learning, groups=tuple(groups))
    plain = emulator(dataclasses.replace(image, learning=None)).run_steps(STEPS, *spikes)
    found = emulator(dataclasses.replace(image, learning=quiet)).run_steps(STEPS, *spikes)
    assert found.ids[WHO].tolist() == plain.ids[WHO].tolist()
    # Spikes of the last step are delivered at its end, and in plain images in the next step.
    assert found.counters["synaptic_events"] > plain.counters["synaptic_events"]


# --- the same result however it is run -----------------------------------------------------------


@pytest.fixture(params=["pairs in epochs of 3 steps", "a reward turns tags into weights"])
def case(request):
    image, spikes = image_of(request.param), input_spikes()
    given = rewards(image)
    whole = emulator(image)
    return image, spikes, given, everything(whole, whole.run_steps(STEPS, *spikes, given=given))


def parts_of(given, begin, end):
    return {key: values[begin:end] for key, values in given.items()}


@pytest.mark.parametrize("cuts", [(1, 20), (31, 32)])
def test_a_run_in_parts_learns_as_one(case, cuts):
    image, spikes, given, whole = case
    runner, recordings = emulator(image), []
    for begin, end in zip((0, *cuts), (*cuts, STEPS), strict=True):
        part = parts_of(given, begin, end)
        recordings.append(runner.run_steps(end - begin, *spikes, given=part))
    assert everything(runner, *recordings) == whole


@pytest.mark.parametrize("how", [copy.deepcopy, lambda runner: pickle.loads(pickle.dumps(runner))])
def test_a_copy_learns_on_its_own(case, how):
    image, spikes, given, whole = case
    runner = emulator(image)
    first = runner.run_steps(20, *spikes, given=parts_of(given, 0, 20))
    other = how(runner)
    rest = parts_of(given, 20, STEPS)
    again = other.run_steps(STEPS - 20, *spikes, given=rest)
    assert everything(other, first, again) == whole
    assert everything(runner, first, runner.run_steps(STEPS - 20, *spikes, given=rest)) == whole


def test_reset_brings_the_weights_back(case):
    image, spikes, given, whole = case
    runner = emulator(image)
    runner.run_steps(STEPS, *spikes, given=given)
    runner.reset()
    start = [image.synapses[item.synapses] for item in image.learning.groups]
    for index, (item, group) in enumerate(zip(image.learning.groups, start, strict=True)):
        by_number = group.mantissa[np.argsort(item.numbers(group.n_synapses))]
        assert runner.weights(index).tolist() == by_number.tolist()
    assert everything(runner, runner.run_steps(STEPS, *spikes, given=given)) == whole


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_files_do_not_matter(case, threads, tmp_path):
    image, spikes, given, whole = case
    loaded = load_image(save_image(image, tmp_path / "image.npz"))
    runner = emulator(loaded, threads=threads)
    assert everything(runner, runner.run_steps(STEPS, *spikes, given=given)) == whole


def test_calls_of_the_kernel_may_be_short(case, monkeypatch):
    image, spikes, given, whole = case
    monkeypatch.setattr(engine_module, "_WORK_PER_CALL", 1)
    runner = emulator(image)
    assert everything(runner, runner.run_steps(STEPS, *spikes, given=given)) == whole


def test_an_interrupted_run_goes_on(case, monkeypatch):
    image, spikes, given, whole = case
    monkeypatch.setattr(engine_module, "_WORK_PER_CALL", 1)
    runner = emulator(image)

    class Bar:
        steps = 0

        def update(self, steps):
            self.steps += steps
            if self.steps == 25:
                raise KeyboardInterrupt

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    with monkeypatch.context() as patch:
        patch.setattr(Emulator, "_bar", lambda *_: Bar())
        with pytest.raises(KeyboardInterrupt):
            runner.run_steps(STEPS, *spikes, given=given)
    assert runner.step == 25
    runner.run_steps(STEPS - 25, *spikes, given=parts_of(given, 25, STEPS))
    assert everything(runner)[0] == whole[0]


# --- weights, and what the host writes ------------------------------------------------------------


def test_a_learned_image_starts_from_the_weights_and_tags_as_they_stand():
    image, spikes = image_of("a reward turns tags into weights"), input_spikes()
    runner = emulator(image)
    runner.run_steps(STEPS, *spikes, given=rewards(image))
    found = runner.learned_image()
    again = emulator(found)
    for index in (0, 1):
        assert again.weights(index).tolist() == runner.weights(index).tolist()
        assert again.tags(index).tolist() == runner.tags(index).tolist()
        assert again.tags(index).any()
        assert not any(values.any() for values in again.traces(index).values())
    assert found.learning.numbers.tolist() == image.learning.numbers.tolist()
    assert [item.rule for item in found.learning.groups] == [
        item.rule for item in image.learning.groups
    ]
    assert emulator(image).learned_image().digest() == image.digest()


def test_the_host_sets_weights_between_steps():
    runner = emulator(one_synapse(PAIR))
    runner.set_weights(0, [120])
    assert runner.weights(0).tolist() == [120]
    found = runner.run_steps(2, [0], [0], record=["u"])
    assert found.trace(WHO, "u").values.ravel().tolist() == [0, 120 << 6]
    runner.set_weights(0, 7)
    assert runner.weights(0).tolist() == [7]


@pytest.mark.parametrize("chip", [LAVA, BRIAN2LOIHI], ids=lambda chip: chip.name)
def test_weights_between_those_of_the_format_are_set_as_the_engine_learns_them(chip):
    learns = dataclasses.replace(PAIR, spec=chip.core.learning)
    lists = [Synapses("inputs", [0, 0, 0], [0, 1, 2], [3, -5, 8], SignMode.MIXED)]
    learning = Learning((Plasticity(0, learns),))
    made = program(
        chip, {"threshold_mantissa": [9] * 3}, lists, n_inputs=1, learning=learning, truncate=True
    )
    runner = emulator(made)
    assert runner.weights(0).tolist() == [3, -5, 8]
    runner.set_weights(0, runner.weights(0) - 2)
    assert runner.weights(0).tolist() == [1, -7, 6]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            [256],
            "emulator: connection 'group 0': weights[0] = 256; allowed: 0 to 255.",
        ),
        (
            [1, 2],
            "emulator: connection 'group 0': weights have shape (2,); allowed: 1 numbers, one for "
            "each synapse.",
        ),
    ],
)
def test_weights_beyond_the_limits_of_the_rule_are_refused(weights, message):
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(one_synapse(PAIR)).set_weights(0, weights)


def test_a_reward_holds_until_the_image_or_the_host_changes_it():
    reward = GivenTrace(0, "y2", np.array([2, 5]), np.array([3, 4], dtype=np.int16))
    runner = emulator(one_synapse(REWARDED, weight=50, rewards=(reward,)))
    steps = [0, 1, 2, 3, 4, 5, 6]
    found = runner.run_steps(7, steps, [0] * 7, record=[WeightProbe(0)])
    assert np.diff(found.weights["group 0"].values[:, 0], prepend=50).tolist() == [
        0,
        0,
        3,
        3,
        3,
        4,
        4,
    ]
    found = runner.run_steps(2, [7, 8], [0, 0], given={(0, "y2"): [1, 2]})
    assert found.learning["group 0"]["events"] == 2
    assert runner.weights(0).tolist() == [50 + 17 + 3]
    runner.run_steps(1, [9], [0])  # the reward of the image again
    assert runner.weights(0).tolist() == [50 + 17 + 3 + 4]
    runner.reset()
    found = runner.run_steps(2, [0, 1], [0, 0])
    assert runner.weights(0).tolist() == [50]
    assert found.learning["group 0"]["events"] == 2


def test_a_reward_that_the_host_sets_replaces_later_ones_of_the_image():
    reward = GivenTrace(0, "y2", np.array([0, 3]), np.array([1, 5], dtype=np.int16))
    runner = emulator(one_synapse(REWARDED, weight=50, rewards=(reward,)))
    runner.run_steps(2, [0, 1], [0, 0])
    runner.set_reward(0, -2)
    other = copy.deepcopy(runner)
    for each in (runner, other):
        each.run_steps(3, [2, 3, 4], [0, 0, 0])
        assert each.weights(0).tolist() == [50 + 2 - 6]
    runner.reset()
    runner.run_steps(2, [0, 1], [0, 0])
    assert runner.weights(0).tolist() == [52]


def test_given_values_replace_the_reward_of_the_image():
    reward = GivenTrace(0, "y2", np.array([0]), np.array([3], dtype=np.int16))
    runner = emulator(one_synapse(REWARDED, weight=50, rewards=(reward,)))
    runner.run_steps(3, [0, 1, 2], [0, 0, 0], given={(0, "y2"): [1, 10, 100]})
    assert runner.weights(0).tolist() == [161]


def test_draws_that_are_given_replace_those_of_the_seed():
    image, spikes = image_of("pairs", numbered=False), input_spikes()
    runner, rng = emulator(image), np.random.default_rng(2)
    sizes = [image.synapses[item.synapses].n_synapses for item in image.learning.groups]
    draws = {(k, "synapse"): rng.random((STEPS, n)) for k, n in enumerate(sizes)}
    found = runner.run_steps(STEPS, *spikes, draws=draws)
    for index, result in enumerate(learned(image, found, spikes, draws=draws)):
        assert runner.weights(index).tolist() == result.weights.tolist()


def test_what_a_probe_records_is_what_the_synapses_read():
    image, spikes = image_of("a reward turns tags into weights"), input_spikes()
    given, names = rewards(image), ("w", "t", "x1", "y1", "y2")
    runner = emulator(image)
    probes = [WeightProbe(1, [4, 0], every=STEPS, variable=name) for name in names]
    found = runner.run_steps(STEPS, *spikes, given=given, record=probes)
    last = {"w": runner.weights(1), "t": runner.tags(1), **runner.traces(1)}
    for name in names:
        trace = found.synaptic["group 1", name]
        assert (trace.steps.tolist(), trace.unit) == ([STEPS - 1], "LSB")
        assert trace.values.tolist() == [last[name][[4, 0]].tolist()]


def test_a_strict_run_ends_with_the_step_that_overflows_and_has_learned_from_it():
    rule = LearningRule("x0", x1=Trace(16, 10))
    runner = emulator(one_synapse(rule, weight=250), strict=True)
    # 9000 spikes in one step exceed the accumulator; they are one event.
    with pytest.raises(ChipOverflowError):
        runner.run_steps(10, np.zeros(9000, dtype=int), np.zeros(9000, dtype=int))
    assert runner.step == 2
    assert runner.weights(0).tolist() == [251]
