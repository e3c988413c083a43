"""Input spikes of runs, sorted by the step that delivers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._kernels.jit import inline_kernel, inner_kernel, kernel
from .._support.grid import GRID_TOLERANCE, LAST_STEP
from .._support.values import read_only
from ..typing import Float64Array, Int32Array, Int64Array

__all__ = ["NONE", "CountTable", "InputLists", "InputRows", "RunSpan"]

NONE: Int32Array = read_only(np.empty(0, dtype=np.int32))

_ONE = np.uint64(1)
_CHUNK = np.uint64(1024)  # spikes per chunk: its steps stay in the L1 cache
_LAST_STEP = float(LAST_STEP)


class InputRows(NamedTuple):
    """Input spikes of a run, grouped by step, for each copy of the network.

    Row k holds the spikes that step k of the run delivers, which were sent one step earlier. Its
    sources are ``sources[starts[copy, k]:starts[copy, k + 1]]``, in any order, since the order does
    not change a sum of integers. ``starts`` has shape (n_copies, n_steps + 2): the last row,
    n_steps, holds the spikes that are pending after the run. ``payloads`` has one for each source,
    without those of row 0; None if all are 1. ``lead`` is that of the run.
    """

    sources: Int32Array
    starts: Int64Array
    payloads: Int32Array | None = None
    lead: int = 0

    @property
    def n_steps(self) -> int:
        """Number of steps of the run."""
        return int(self.starts.shape[1]) - 2


class RunSpan(NamedTuple):
    """Steps of a run: ``n_steps`` from ``first`` on; input spikes act ``lead`` steps early."""

    first: int
    n_steps: int
    lead: int = 0

    @property
    def rows(self) -> tuple[int, int]:
        """The step whose spikes are in row 0, and the first row that spikes may be added to.

        In a run that continues, row 0 is already known from the run before, unless inputs act
        early: then row 0 holds spikes of the first step, which the run itself brings.
        """
        return self.first + self.lead - 1, 0 if self.first == 0 or self.lead else 1


class CountTable(NamedTuple):
    """Spikes of the sources from ``first`` on: row k holds their numbers in step ``steps[k]``."""

    steps: Int64Array
    counts: NDArray[Any]
    first: int


class InputLists:
    """Collects the input spikes of one run, or of one run for each copy of a network.

    Runs of equal length are added one by one and then taken together. Row 0 of a run that continues
    holds the spikes that are ``pending`` from the run before; there are none if inputs act early.
    """

    def __init__(self, copies: int = 1) -> None:
        self._added = 0
        # Buffers are reused between runs: allocating them takes longer than filling them.
        self._sources = np.empty(0, dtype=np.int32)
        self._starts = np.empty((copies, 0), dtype=np.int64)
        self._steps = np.empty(_CHUNK, dtype=np.int64)
        self._payloads: Int32Array | None = None
        self._lead = 0

    def add_train(
        self,
        times: Float64Array,
        ids: Int32Array,
        dt: float,
        run: RunSpan,
        pending: Int32Array = NONE,
    ) -> None:
        """Add a run whose spikes are sorted by time (ms).

        Times are binned as in :meth:`~neurochip.stimulus.Stimulus.binned`.
        """
        starts = self._next(len(times), run, pending)
        _add_ordered(times, ids, dt, *run.rows, self._steps, self._sources, starts)

    def add_spikes(
        self,
        steps: NDArray[Any],
        ids: NDArray[Any],
        run: RunSpan,
        pending: Int32Array = NONE,
        payloads: Int32Array | None = None,
    ) -> None:
        """Add a run whose spikes are in any order, with steps of any integer type."""
        if steps.dtype == np.uint64:  # a plain cast would make steps above 2**63 negative
            steps = np.minimum(steps, np.iinfo(np.int64).max).astype(np.int64)
        starts, ids = self._next(len(steps), run, pending), np.asarray(ids, np.int32)
        if payloads is not None:
            if not _in_order(steps):
                order = np.argsort(steps, kind="stable")
                steps, ids, payloads = steps[order], ids[order], payloads[order]
            first, last = np.searchsorted(
                steps, run.rows[0] + np.array([run.rows[1], len(starts) - 1])
            )
            self._payloads = np.ones(len(self._sources), dtype=np.int32)
            self._payloads[starts[1] :][: last - first] = payloads[first:last]
        if _in_order(steps):
            _add_ordered(steps, ids, None, *run.rows, self._steps, self._sources, starts)
        else:
            _add_any(steps, ids, *run.rows, self._sources, starts)

    def add_counts(
        self,
        steps: Int64Array,
        ids: Int32Array,
        tables: Sequence[CountTable],
        run: RunSpan,
        pending: Int32Array = NONE,
    ) -> None:
        """Add a run with spikes in any order, and counts; a count is listed as so many spikes."""
        totals = [table.counts.sum(axis=1, dtype=np.int64) for table in tables]
        n_spikes = len(steps) + sum(int(each.sum()) for each in totals)
        starts = self._next(n_spikes, run, pending)
        _count(steps, *run.rows, starts)
        for table, each in zip(tables, totals, strict=True):
            _count_table(table.steps, each, *run.rows, starts)
        np.cumsum(starts[1:], out=starts[1:])
        _place(steps, ids, *run.rows, self._sources, starts)
        for table in tables:
            _place_table(*table, *run.rows, self._sources, starts)

    def take(self) -> tuple[InputRows, int]:
        """Return the rows of all copies, and the number of copies that were given a run."""
        added, self._added = self._added, 0
        self._starts[added:] = self._starts[added - 1, -1]
        payloads, self._payloads = self._payloads, None
        return InputRows(self._sources, self._starts, payloads, self._lead), added

    def _next(self, n_spikes: int, run: RunSpan, pending: Int32Array) -> Int64Array:
        """Reserve memory for a run; return its row starts: the first two set, the others 0."""
        copies, self._lead = len(self._starts), run.lead
        if not self._added and self._starts.shape[1] != run.n_steps + 2:
            self._starts = np.empty((copies, run.n_steps + 2), dtype=np.int64)
        begin = int(self._starts[self._added - 1, -1]) if self._added else 0
        end = begin + len(pending) + n_spikes
        if end > len(self._sources):
            room = np.empty(copies * end, dtype=np.int32)
            room[:begin] = self._sources[:begin]
            self._sources = room
        self._sources[begin : begin + len(pending)] = pending
        starts: Int64Array = self._starts[self._added]
        starts[:2] = begin, begin + len(pending)
        starts[2:] = 0
        self._added += 1
        return starts


@kernel
def _in_order(steps: Any) -> Any:
    falls = np.int32(0)
    for k in range(1, len(steps)):
        falls |= np.int32(steps[k] < steps[k - 1])
    return falls == 0


@inline_kernel
def place_of(when: Any, dt: Any) -> Any:
    """Return a time in steps; without ``dt``, ``when`` already is a step."""
    if dt is None:
        return when
    step = when / dt + GRID_TOLERANCE
    return step if step < _LAST_STEP else _LAST_STEP


@inner_kernel
def _count_before(when: Any, dt: Any, step: Any) -> Any:
    """Return how many of the sorted times or steps lie before a step (binary search)."""
    low, high = 0, len(when)
    while low < high:
        middle = (low + high) >> 1
        if np.int64(place_of(when[middle], dt)) < step:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _add_ordered(
    when: Any,
    ids: Any,
    dt: Any,
    origin: Any,
    lowest: Any,
    steps: Any,
    sources: Any,
    starts: Any,
) -> None:
    """Write the sources of a run, and the start of each row, for sorted spikes.

    The loop is branch-free at row ends, which the branch predictor would miss.
    """
    k = np.uint64(_count_before(when, dt, origin + lowest))
    end = np.uint64(_count_before(when, dt, origin + len(starts) - 1))
    at = np.uint64(starts[1])
    while k < end:
        n = end - k if end - k < _CHUNK else _CHUNK
        for i in range(n):  # a separate loop, so that the division is vectorised
            steps[i] = np.int64(place_of(when[k + i], dt))
        for i in range(n):
            row = np.uint64(steps[i] - origin)  # unsigned, see offsets
            starts[row + _ONE] = np.int64(at + i) + 1
            sources[at + i] = ids[k + i]
        k += n
        at += n
    latest = starts[0]
    for begin in range(len(starts)):
        latest = starts[begin] if starts[begin] > latest else latest
        starts[begin] = latest


@kernel
def _add_any(steps: Any, ids: Any, origin: Any, lowest: Any, sources: Any, starts: Any) -> None:
    """Write the sources of a run, and the start of each row, for spikes in any order."""
    # A counting sort in place: the count of row k is stored at k + 2, so that the running sum puts
    # the start of row k at k + 1. Writing the spikes of row k moves this entry to the start of row
    # k + 1, where it belongs.
    _count(steps, origin, lowest, starts)
    for row in range(2, len(starts)):
        starts[row] += starts[row - 1]
    _place(steps, ids, origin, lowest, sources, starts)


@kernel
def _count(steps: Any, origin: Any, lowest: Any, starts: Any) -> None:
    for k in range(len(steps)):
        row = np.int64(steps[k]) - origin
        if lowest <= row < len(starts) - 2:
            starts[row + 2] += 1


@kernel
def _place(steps: Any, ids: Any, origin: Any, lowest: Any, sources: Any, starts: Any) -> None:
    for k in range(len(steps)):
        row = np.int64(steps[k]) - origin
        if lowest <= row < len(starts) - 1:
            sources[starts[row + 1]] = ids[k]
            starts[row + 1] += 1


@kernel
def _count_table(steps: Any, totals: Any, origin: Any, lowest: Any, starts: Any) -> None:
    for k in range(len(steps)):
        row = steps[k] - origin
        if lowest <= row < len(starts) - 2:
            starts[row + 2] += totals[k]


@kernel
def _place_table(
    steps: Any, counts: Any, first: Any, origin: Any, lowest: Any, sources: Any, starts: Any
) -> None:
    for k in range(len(steps)):
        row = steps[k] - origin
        if lowest <= row < len(starts) - 1:
            place = np.uint64(starts[row + 1])
            for source in range(counts.shape[1]):
                for _ in range(counts[k, source]):
                    sources[place] = first + source
                    place += _ONE
            starts[row + 1] = np.int64(place)
