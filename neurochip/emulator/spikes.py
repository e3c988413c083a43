"""Spikes on their way in: lists ordered by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel
from ..typing import Int32Array, Int64Array

__all__ = ["rows_of_inputs"]


def rows_of_inputs(
    steps: Int32Array, sources: Int32Array, first: int, n_steps: int, pending: Int32Array
) -> tuple[Int32Array, Int64Array]:
    """Sort input spikes by the row of a run that delivers them.

    Row k holds the spikes of step ``first + k - 1``, in any order, since sums of integers have
    none; row 0 of a run that continues holds those ``pending`` from the run before. One row more
    than ``n_steps`` is kept: it is pending after this run.

    Returns
    -------
    inputs : ndarray of int32
        Sources, row after row.
    starts : ndarray of int64, shape (n_steps + 2,)
        Where each row begins.
    """
    lowest = 0 if first == 0 else 1
    starts = np.empty(n_steps + 2, dtype=np.int64)
    if len(pending) == 0 and (steps[1:] >= steps[:-1]).all():  # those of one input are in order
        _find_rows(steps, first, lowest, n_steps, starts)
        # One type of array for all runs: for read-only ones Numba would compile again.
        return np.require(sources, np.int32, ["C", "W"]), starts
    cursor = np.zeros(n_steps + 3, dtype=np.int64)
    _count_rows(steps, first, lowest, n_steps, cursor)
    cursor[2] += len(pending)
    np.cumsum(cursor, out=cursor)
    inputs = np.empty(cursor[-1], dtype=np.int32)
    inputs[: len(pending)] = pending
    cursor[1] += len(pending)
    _place_rows(steps, sources, first, lowest, n_steps, cursor, inputs)
    return inputs, cursor[:-1]


@kernel
def _find_rows(steps: Any, first: Any, lowest: Any, n_steps: Any, starts: Any) -> None:
    k = 0
    while k < len(steps) and np.int64(steps[k]) - first + 1 < lowest:
        k += 1
    for row in range(n_steps + 1):
        starts[row] = k
        while k < len(steps) and np.int64(steps[k]) - first + 1 == row:
            k += 1
    starts[n_steps + 1] = k


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
