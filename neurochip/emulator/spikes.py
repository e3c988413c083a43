"""Spikes on their way in: lists ordered by step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._kernels.jit import inline_kernel, kernel
from .._support.grid import GRID_TOLERANCE, LAST_STEP
from .._support.values import read_only
from ..typing import Float64Array, Int32Array, Int64Array

__all__ = ["NONE", "InputLists", "InputRows", "RunSpan"]

NONE: Int32Array = read_only(np.empty(0, dtype=np.int32))

_ONE = np.uint64(1)
_CHUNK = np.uint64(1024)  # spikes: their steps stay in an L1 cache
_LAST_STEP = float(LAST_STEP)


class InputRows(NamedTuple):
    """Input spikes of a run, by the row that delivers them, for each copy of the network.

    Sources of row k are ``sources[starts[copy, k]:starts[copy, k + 1]]``, in any order, since sums
    of integers have none; ``starts`` has shape (n_copies, n_steps + 2). Row k holds the spikes of
    the step before step k of the run. One row more than steps is kept: it is pending after this
    run.
    """

    sources: Int32Array
    starts: Int64Array

    @property
    def n_steps(self) -> int:
        """Steps of the run."""
        return int(self.starts.shape[1]) - 2


class RunSpan(NamedTuple):
    """Steps of a run: ``n_steps`` from ``first`` on; its inputs act ``lead`` steps early."""

    first: int
    n_steps: int
    lead: int = 0

    @property
    def rows(self) -> tuple[int, int]:
        """Step that row 0 delivers, and the first row that a spike may belong to.

        Those of row 0 of a run that continues are known from the run before.
        """
        return self.first + self.lead - 1, 0 if self.first == 0 else 1


class InputLists:
    """Room for the input spikes of one run, or of as many as there are copies of a network.

    Runs of one length are added and then taken. Row 0 of a run that continues holds the spikes that
    are ``pending`` from the run before.
    """

    def __init__(self, copies: int = 1) -> None:
        self._added = 0
        # Kept from run to run: new memory takes longer than what is done with it.
        self._sources = np.empty(0, dtype=np.int32)
        self._starts = np.empty((copies, 0), dtype=np.int64)
        self._steps = np.empty(_CHUNK, dtype=np.int64)

    def add_train(
        self,
        times: Float64Array,
        ids: Int32Array,
        dt: float,
        run: RunSpan,
        pending: Int32Array = NONE,
    ) -> None:
        """Add a run whose spikes come in the order of their times (ms).

        A time belongs to the step that :meth:`~neurochip.stimulus.Stimulus.binned` puts it in.
        """
        starts = self._next(len(times), run, pending)
        _add_ordered(times, ids, dt, *run.rows, self._steps, self._sources, starts)

    def add_spikes(
        self,
        steps: NDArray[Any],
        ids: NDArray[Any],
        run: RunSpan,
        pending: Int32Array = NONE,
    ) -> None:
        """Add a run whose spikes come in any order, with steps of any integer type."""
        if steps.dtype == np.uint64:  # else those that no run reaches would come before step 0
            steps = np.minimum(steps, np.iinfo(np.int64).max).astype(np.int64)
        starts, ids = self._next(len(steps), run, pending), np.asarray(ids, np.int32)
        if _in_order(steps):
            _add_ordered(steps, ids, None, *run.rows, self._steps, self._sources, starts)
        else:
            _add_any(steps, ids, *run.rows, self._sources, starts)

    def take(self) -> tuple[InputRows, int]:
        """Return the rows of all copies, and how many of them were given a run."""
        added, self._added = self._added, 0
        self._starts[added:] = self._starts[added - 1, -1]
        return InputRows(self._sources, self._starts), added

    def _next(self, n_spikes: int, run: RunSpan, pending: Int32Array) -> Int64Array:
        """Make room for a run; of its rows, zeros but for where the first two begin."""
        copies = len(self._starts)
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
    """Where a time lies on the grid, in steps; without ``dt`` it is a step."""
    if dt is None:
        return when
    return min(when / dt + GRID_TOLERANCE, _LAST_STEP)


@kernel
def _count_before(when: Any, dt: Any, step: Any) -> Any:
    """How many of some ordered times or steps lie before a step."""
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
    """Write the sources of a run, and where each row begins, for spikes in order.

    No branch depends on where a row ends: each would be guessed wrong.
    """
    k = np.uint64(_count_before(when, dt, origin + lowest))
    end = np.uint64(_count_before(when, dt, origin + len(starts) - 1))
    at = np.uint64(starts[1])
    while k < end:
        n = min(end - k, _CHUNK)
        for i in range(n):  # a loop of its own: vector units divide
            steps[i] = np.int64(place_of(when[k + i], dt))
        for i in range(n):
            row = np.uint64(steps[i] - origin)  # unsigned, see offsets
            starts[row + _ONE] = np.int64(at + i) + 1
            sources[at + i] = ids[k + i]
        k += n
        at += n
    latest = starts[0]
    for begin in range(len(starts)):
        latest = max(latest, starts[begin])
        starts[begin] = latest


@kernel
def _add_any(steps: Any, ids: Any, origin: Any, lowest: Any, sources: Any, starts: Any) -> None:
    """Write the sources of a run, and where each row begins, for spikes in any order."""
    rows = len(starts) - 1
    # Counts stand two rows late; their running sum puts the start of each row one row late, and
    # each spike moves it on to where the next row starts: so every row ends up in its place.
    for k in range(len(steps)):
        row = np.int64(steps[k]) - origin
        if lowest <= row < rows - 1:
            starts[row + 2] += 1
    for row in range(2, len(starts)):
        starts[row] += starts[row - 1]
    for k in range(len(steps)):
        row = np.int64(steps[k]) - origin
        if lowest <= row < rows:
            sources[starts[row + 1]] = ids[k]
            starts[row + 1] += 1
