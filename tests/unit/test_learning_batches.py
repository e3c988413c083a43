"""Synapses learn in batches: of rows, columns and pairs, in 32 or 64 bits, with hashed draws."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from neurochip._kernels import hashing
from neurochip._kernels.jit import DISABLED, kernel
from neurochip.chip.registers import SignMode
from neurochip.learning import LEARNING_PRESETS, LearningRule, Trace
from neurochip.learning.group import plastic_group, with_seed
from neurochip.learning.inputs import spikes_of
from neurochip.learning.kernels import learn_steps
from neurochip.learning.layout import Count, Neurons, Record
from neurochip.learning.numbers import is_wide

TRACES = {"x1": Trace(16.5, 10), "y1": Trace(20, 15)}
PAIR = "2^-1*x1*y0 - 2^-1*x0*y1"
RULES = {
    "pair": LearningRule(PAIR, **TRACES),
    "epochs, time and tags": LearningRule(
        "2^-3*u1*t + 2^-1*x0*y1", "x1*y0 - u0*t*2^-2", **TRACES, epoch=3
    ),
    "pre-synaptic spikes only": LearningRule("2^-2*x0*x1 - u2", **TRACES),
    "post-synaptic spikes only": LearningRule("2^-2*y0*y1*w", **TRACES),
    "both in one term": LearningRule("3*x0*y0 - 2^-5*(w-255)*x0", **TRACES),
    "coincidences apart": LearningRule(f"{PAIR} + 2*x0*y0", **TRACES),
    "soft bounds": LearningRule("2^-2*(255-w)*x1*y0 - 2^-2*w*x0*sgn(y1-3)", **TRACES),
    "epochs": LearningRule(f"{PAIR} - 2^-2*u1*(w-128)*x1*sgn(y1)", **TRACES, epoch=3),
}
N_PRE, N_POST = (20, 11) if DISABLED else (140, 270)  # more than a batch


def run(rule, synapses, steps=12, **how):
    """Return weights and tags of some synapses, by pre * N_POST + post, and the counters."""
    rng = np.random.default_rng(1)
    rasters = [(rng.random((steps, n)) < 0.1).astype(np.uint8) for n in (N_PRE, N_POST)]
    source, target = np.divmod(synapses, N_POST)
    neurons = [
        Neurons(np.arange(n, dtype=np.int32), n, np.arange(n, dtype=np.int32))
        for n in (N_PRE, N_POST)
    ]
    weights = np.random.default_rng(2).integers(0, 256, N_PRE * N_POST)[synapses]
    tables, state, place = plastic_group(
        rule, *neurons, source, target, weights, sign_mode=SignMode.EXCITATORY, low_bits=0,
        numbers=synapses, **{"seed": 3, **how},
    )  # fmt: skip
    none, nothing = np.zeros((0, 0, 0), dtype=np.int32), np.zeros((0, 1), dtype=np.int16)
    spikes = [each for raster in rasters for each in spikes_of(raster)]
    learn_steps(*spikes, none, tables, state, Record(none, none, nothing, nothing, nothing))
    tags = state.tag[place] if state.tag.size else np.zeros(len(place), dtype=np.int16)
    return tables, np.stack([state.weight[place], tags]), state.counts


EVERY = np.arange(N_PRE * N_POST)


@pytest.mark.parametrize("name", RULES)
def test_a_dense_group_learns_the_same_as_its_list_of_synapses(name):
    tables, dense, counts = run(RULES[name], EVERY)
    listed_tables, listed, listed_counts = run(RULES[name], EVERY, listed=True)
    assert (tables.synapses.dense, listed_tables.synapses.dense) == (True, False)
    assert (dense == listed).all()
    assert counts.tolist() == listed_counts.tolist()


def test_a_long_row_learns_the_same_as_its_list_of_synapses():
    """Half of its changes of weights are beyond a limit, and counted."""
    n_post, found = 30 if DISABLED else 9000, []
    ids = np.arange(n_post, dtype=np.int32)
    neurons = Neurons(ids[:2], 2, ids[:2]), Neurons(ids, n_post, ids)
    source, target = np.divmod(np.arange(2 * n_post), n_post)
    rng = np.random.default_rng(1)
    spikes = [spikes_of((rng.random((6, n)) < 0.5).astype(np.uint8)) for n in (2, n_post)]
    none, nothing = np.zeros((0, 0, 0), dtype=np.int32), np.zeros((0, 1), dtype=np.int16)
    for listed in (False, True):
        tables, state, place = plastic_group(
            RULES["pair"], *neurons, source, target, np.where(target % 2, 250, 2),
            sign_mode=SignMode.EXCITATORY, low_bits=0, numbers=np.arange(2 * n_post), listed=listed,
        )  # fmt: skip
        record = Record(none, none, nothing, nothing, nothing)
        learn_steps(*spikes[0], *spikes[1], none, tables, state, record)
        found.append((state.weight[place], state.counts.tolist()))
    assert (found[0][0] == found[1][0]).all()
    assert found[0][1] == found[1][1]
    assert found[0][1][Count.WEIGHTS] > 0


@pytest.mark.parametrize("name", RULES)
def test_a_synapse_learns_the_same_whatever_other_synapses_there_are(name):
    """Some of the synapses, in another order: rows and columns of all lengths, also none."""
    _, every, _ = run(RULES[name], EVERY)
    some = np.random.default_rng(4).permutation(EVERY)[: len(EVERY) // 3]
    some = some[some // N_POST != 5]
    assert (run(RULES[name], some)[1] == every[:, some]).all()


@pytest.mark.parametrize("name", RULES)
def test_64_bits_give_what_32_bits_give(name):
    assert not is_wide(RULES[name])
    narrow, wide = (run(RULES[name], EVERY, wide=wide) for wide in (False, True))
    assert (narrow[1] == wide[1]).all()
    assert narrow[2].tolist() == wide[2].tolist()


def test_rules_whose_numbers_need_more_than_32_bits_are_wide():
    traces = {name: Trace(100, 10) for name in ("x1", "x2", "y1", "y2")}
    lava = LEARNING_PRESETS["lava"]
    assert not is_wide(LearningRule("x0*x1*x2*w", **traces, spec=lava))
    assert is_wide(LearningRule("x0*x1*x2*y1*y2*w", **traces, spec=lava))
    unlimited = dataclasses.replace(LEARNING_PRESETS["nengo-loihi"], exponent_limits=(-7, 25))
    assert is_wide(LearningRule("2^20*u0*x1", **traces, spec=unlimited))


def test_an_event_is_a_synapse_of_a_spike_of_either_side():
    _, _, counts = run(RULES["pair"], EVERY)
    rng = np.random.default_rng(1)
    spikes = [int((rng.random((12, n)) < 0.1).sum()) for n in (N_PRE, N_POST)]
    assert counts[Count.EVENTS] == spikes[0] * N_POST + spikes[1] * N_PRE


def test_tables_with_another_seed_are_those_that_are_built_with_it():
    rule = RULES["pair"]
    tables = with_seed(run(rule, EVERY, group=2)[0], rule.spec, 8)
    built = run(rule, EVERY, group=2, seed=8)[0]
    assert (tables.synapses.key == built.synapses.key).all()
    assert (tables.pre.decay_key == built.pre.decay_key).all()
    assert (tables.post.impulse_key == built.post.impulse_key).all()


@kernel
def mixed_by_kernel(x):
    return hashing.mixed(x)


@kernel
def hashed_by_kernel(number, key):
    return hashing.hashed_number(number, key)


def test_hashes_in_kernels_are_those_of_plain_python():
    for x in (0, 1, 12345678901234567, (1 << 64) - 1):
        assert int(mixed_by_kernel(np.uint64(x))) == hashing.mixed_plainly(x)
        for number in (0, 7, 2**31 - 1):
            found = hashed_by_kernel(np.int32(number), np.uint64(x))
            assert int(found) == int(hashing._plain_hashed_number(number, x))


def test_draws_of_neighbours_and_of_steps_are_uniform_and_uncorrelated():
    n = 4000
    keys = [np.uint64(hashing.mixed_plainly(step)) for step in range(3)]
    draws = np.array(
        [[int(hashing._plain_hashed_number(i, key)) for i in range(n)] for key in keys]
    ) / 2.0**32  # fmt: skip
    error = 5 / np.sqrt(n)
    assert np.abs(draws.mean(axis=1) - 0.5).max() < error * np.sqrt(1 / 12)
    counts = np.stack([np.bincount((row * 16).astype(int), minlength=16) for row in draws])
    assert np.abs(counts - n / 16).max() < 5 * np.sqrt(n / 16)
    pairs = [*((row[:-1], row[1:]) for row in draws), *itertools.pairwise(draws)]
    assert max(abs(np.corrcoef(*pair)[0, 1]) for pair in pairs) < error
