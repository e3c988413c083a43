"""Spikes on their way in: lists ordered by step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._jit import kernel
from .._values import read_only
from ..typing import Int32Array, Int64Array

__all__ = ["NONE", "InputRows", "rows_of_inputs"]


class InputRows(NamedTuple):
    """Input spikes of a run, by the row that delivers them, for each copy of the network.

    Sources of row k are ``sources[starts[copy, k]:starts[copy, k + 1]]``, in any order, since sums
    of integers have none; ``starts`` has shape (n_copies, n_steps + 2). Row k holds the spikes of
    the step before step k of the run. One row more than steps is kept: it is pending after this
    run.
    """

    sources: Int32Array
    starts: Int64Array


NONE: Int32Array = read_only(np.empty(0, dtype=np.int32))


def rows_of_inputs(
    steps: Int32Array,
    sources: Int32Array,
    first: int,
    n_steps: int,
    pending: Int32Array = NONE,
) -> InputRows:
    """Sort input spikes by the row of a run from step ``first`` on.

    Row 0 of a run that continues holds those ``pending`` from the run before.
    """
    lowest = 0 if first == 0 else 1
    if len(pending) == 0 and _in_order(steps):  # as those of one input are
        starts = np.zeros((1, n_steps + 2), dtype=np.int64)
        _find_rows(steps, first, lowest, n_steps, starts[0])
        # One type of array for all runs: for read-only ones Numba would compile again.
        return InputRows(np.require(sources, np.int32, ["C", "W"]), starts)
    cursor = np.zeros(n_steps + 3, dtype=np.int64)
    _count_rows(steps, first, lowest, n_steps, cursor)
    cursor[2] += len(pending)
    np.cumsum(cursor, out=cursor)
    inputs = np.empty(cursor[-1], dtype=np.int32)
    inputs[: len(pending)] = pending
    cursor[1] += len(pending)
    _place_rows(steps, sources, first, lowest, n_steps, cursor, inputs)
    return InputRows(inputs, cursor[None, :-1])


@kernel
def _in_order(steps: Any) -> Any:
    falls = np.int32(0)
    for k in range(1, len(steps)):
        falls |= np.int32(steps[k] < steps[k - 1])
    return falls == 0


@kernel
def _find_rows(steps: Any, first: Any, lowest: Any, n_steps: Any, starts: Any) -> None:
    """Write where each row begins, for steps in order; ``starts`` is zeros.

    No branch depends on where a row ends: each would be guessed wrong.
    """
    begin, end = 0, len(steps)
    while begin < end and np.int64(steps[begin]) - first + 1 < lowest:
        begin += 1
    while begin < end and np.int64(steps[end - 1]) - first + 1 > n_steps:
        end -= 1
    for k in range(begin, end):
        after = np.uint64(np.int64(steps[k]) - first + 2)  # unsigned, see offsets
        starts[after] = k + 1
    before = begin
    for row in range(len(starts)):
        before = max(before, starts[row])
        starts[row] = before


@kernel
def _count_rows(steps: Any, first: Any, lowest: Any, n_steps: Any, counts: Any) -> None:
    for k in range(len(steps)):
        row = np.int64(steps[k]) - first + 1
        if lowest <= row <= n_steps:
            counts[row + 2] += 1


@kernel
def _place_rows(
    steps: Any, sources: Any, first: Any, lowest: Any, n_steps: Any, cursor: Any, inputs: Any
) -> None:
    for k in range(len(steps)):
        row = np.int64(steps[k]) - first + 1
        if lowest <= row <= n_steps:
            inputs[cursor[row + 1]] = sources[k]
            cursor[row + 1] += 1
