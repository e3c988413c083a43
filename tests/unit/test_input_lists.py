"""Input spikes by the row that delivers them, against lists made one spike at a time."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import SpikeInput
from neurochip.emulator.spikes import NONE, InputLists, RunSpan

SPANS = st.builds(RunSpan, st.integers(0, 5), st.integers(1, 12), st.integers(0, 1))
TYPES = st.sampled_from([np.int8, np.uint8, np.int32, np.int64, np.uint64])


def pending_at(span, sources):
    """Only a run that continues brings these along, unless inputs act early."""
    return np.array(sources, dtype=np.int32) if span.first and not span.lead else NONE


def expected(steps, sources, span, pending):
    rows = [sorted(pending.tolist())] + [[] for _ in range(span.n_steps)]
    for step, source in zip(steps, sources, strict=True):
        row = int(step) - span.lead - span.first + 1
        known = span.first > 0 and not span.lead  # row 0: from the run before
        if known <= row <= span.n_steps:
            rows[row].append(int(source))
    return [sorted(row) for row in rows]


def rows_of(rows, copy=0):
    starts = rows.starts[copy].tolist()
    return [sorted(rows.sources[begin:end].tolist()) for begin, end in pairwise(starts)]


@settings(deadline=None)  # kernels compile
@given(st.lists(st.integers(-2, 20)), SPANS, TYPES, st.booleans(), st.lists(st.integers(50, 60)))
def test_steps_of_any_type_in_any_order_come_to_their_rows(steps, span, kind, in_order, pending):
    steps = np.array(sorted(steps) if in_order else steps)
    steps = np.maximum(steps, np.iinfo(kind).min).astype(kind)
    sources, waiting = np.arange(len(steps)), pending_at(span, pending)
    lists = InputLists()
    lists.add_spikes(steps, sources, span, waiting)
    rows, added = lists.take()
    assert added == 1
    assert rows.n_steps == span.n_steps
    assert rows_of(rows) == expected(steps, sources, span, waiting)


def test_steps_beyond_all_runs_are_left_out():
    steps = np.array([2**63 + 5, 1, 2**64 - 1, 3], dtype=np.uint64)
    for given_steps in (steps, np.sort(steps), steps[:1]):
        lists = InputLists()
        lists.add_spikes(given_steps, np.arange(len(given_steps)), RunSpan(0, 4))
        found = rows_of(lists.take()[0])
        assert found == expected(given_steps, range(len(given_steps)), RunSpan(0, 4), NONE)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(0.0, 9.0)), min_size=1, max_size=3),
    st.sampled_from([0.1, 0.25, 0.3, 1.0]),
    SPANS,
    st.lists(st.integers(50, 60)),
)
def test_times_of_runs_side_by_side_come_to_the_rows_of_their_steps(runs, dt, span, pending):
    lists, waiting = InputLists(copies=4), pending_at(span, pending)
    trains = [SpikeInput("x", 99, np.arange(len(times)) % 99, times) for times in runs]
    for train in trains:
        lists.add_train(train.times, train.ids, dt, span, waiting)
    rows, added = lists.take()
    assert added == len(runs)
    for copy, train in enumerate(trains):
        steps = [math.floor(time / dt + 1e-3) for time in train.times.tolist()]
        assert rows_of(rows, copy) == expected(steps, train.ids, span, waiting)
    for copy in range(added, 4):
        assert not any(rows_of(rows, copy))


def test_a_train_of_many_chunks_is_all_there():
    n, span = 5000, RunSpan(3, 700)
    train = SpikeInput("x", 7, np.arange(n) % 7, np.linspace(0.0, 80.0, n))
    lists = InputLists()
    lists.add_train(train.times, train.ids, 0.1, span)
    steps = np.floor(train.times / 0.1 + 1e-3)
    assert rows_of(lists.take()[0]) == expected(steps, train.ids, span, NONE)


def test_a_time_after_the_last_step_of_all_is_not_reached():
    lists = InputLists()
    lists.add_train(np.array([0.5, 1e300]), np.array([4, 5], dtype=np.int32), 1.0, RunSpan(0, 3))
    assert rows_of(lists.take()[0]) == [[], [4], [], []]


def test_lists_are_used_again_for_runs_of_another_length():
    lists = InputLists(copies=2)
    for n_steps in (5, 3, 8):
        for sources in ([1, 2], [3]):
            lists.add_spikes(np.ones(len(sources), int), np.array(sources), RunSpan(0, n_steps))
        rows, added = lists.take()
        assert added == 2
        for copy, wanted in enumerate(([1, 2], [3])):
            assert rows_of(rows, copy) == [[], [], wanted, *[[] for _ in range(n_steps - 2)]]
