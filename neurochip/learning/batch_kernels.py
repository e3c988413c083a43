"""Take synapses into lanes, up to a batch at a time, and put their new values back.

The kind of a batch is two bits: a pre-synaptic spike in this epoch, a post-synaptic one. A synapse
is live in batches of its kind only, whatever row or column it lies in:

====  ==========================================================
kind  batches
====  ==========================================================
0     rows of sources without a spike, if a u term is due
1     rows of sources with a spike; targets with one are not live
2     columns of targets with a spike; sources with one are not live
3     pairs of a source and a target with a spike
====  ==========================================================

A *cursor* (a, b) counts the rows or columns that are done, and the synapses of the next one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel, kernel_part
from .lanes import FRESH, LANES, LIVE, NUMBER, OLD, PLACE, X_AT, Y_AT, X, Y

__all__ = ["COLUMNS", "PAIRS", "QUIET", "ROWS", "put", "take_dense", "take_sparse"]

QUIET, ROWS, COLUMNS, PAIRS = 0, 1, 2, 3
SIZE = np.int64(LANES)


@kernel_part
def take_dense(
    kind: Any, a: Any, b: Any, n_pre: Any, n_post: Any, epoch: Any, lanes: Any, synapses: Any,
    state: Any,
) -> Any:  # fmt: skip
    """Take a part of a row or of a column of a dense group, or pairs.

    ``n_pre`` and ``n_post`` neurons have spikes that matter. Return the number of synapses, the
    cursor behind them, and row and column of the first: a row (column) has one source (target).
    """
    n_rows, n_columns = len(synapses.row) - 1, len(synapses.column) - 1
    n, i, j = np.int64(0), np.int64(0), np.int64(0)
    if kind < COLUMNS:
        n_items = n_pre if kind == ROWS else n_rows
        while n == 0 and a < n_items:
            i, j = np.int64(state.pre_list[a]) if kind == ROWS else a, b
            skipped = kind == QUIET and n_pre > 0 and state.pre_when[i] > 0
            n = np.int64(0) if skipped else min(n_columns - j, SIZE)
            a, b = (a + 1, np.int64(0)) if skipped or j + n == n_columns else (a, b + n)
        place_lanes(lanes, i * n_columns + j, 1, n)
        number_lanes(lanes, synapses.column_number, j, synapses.row_number[i], n)
        mark_live(lanes, state.post_when, j, n, n_post == 0)
    elif kind == COLUMNS:
        if a < n_rows:
            # Some rows for all columns, then the next ones: the rows stay in the cache.
            i, j = a, np.int64(state.post_list[b])
            n = min(n_rows - i, SIZE)
            a, b = (a + n, np.int64(0)) if b + 1 == n_post else (a, b + 1)
        place_lanes(lanes, i * n_columns + j, n_columns, n)
        number_lanes(lanes, synapses.row_number, i, synapses.column_number[j], n)
        mark_live(lanes, state.pre_when, i, n, n_pre == 0)
    else:
        while n < SIZE and a < n_pre:
            i, j, lane = np.int64(state.pre_list[a]), np.int64(state.post_list[b]), np.uint64(n)
            lanes[lane + PLACE] = i * n_columns + j
            lanes[lane + X] = i
            lanes[lane + Y] = j
            lanes[lane + NUMBER] = synapses.row_number[i] + synapses.column_number[j]
            n += 1
            a, b = (a + 1, np.int64(0)) if b + 1 == n_post else (a, b + 1)
        mark_some(lanes, state.pre_when, X, n, True)
        take_times(lanes, n, epoch, state.pre_when, state.post_when)
    take_values(lanes, n, kind < COLUMNS, state)
    return n, a, b, i, j


@inline_kernel
def place_lanes(lanes: Any, first: Any, stride: Any, n: Any) -> None:
    """Write the places of the synapses of a dense row or column."""
    cast = lanes.dtype.type
    for lane in range(np.uint64(n)):
        lanes[lane + PLACE] = cast(first) + cast(lane) * cast(stride)


@inline_kernel
def number_lanes(lanes: Any, numbers: Any, first: Any, more: Any, n: Any) -> None:
    """Number the synapses of a dense row or column."""
    for lane in range(np.uint64(n)):
        lanes[lane + NUMBER] = numbers[np.uint64(first) + lane] + more


@inline_kernel
def mark_live(lanes: Any, when: Any, first: Any, n: Any, all_live: Any) -> None:
    """Mark the first ``n`` lanes whose neuron, counted from ``first``, has no spike."""
    cast = lanes.dtype.type
    for lane in range(np.uint64(n)):
        lanes[lane + LIVE] = -cast((when[np.uint64(first) + lane] == 0) | all_live)
    for lane in range(np.uint64(n), np.uint64(SIZE)):
        lanes[lane + LIVE] = 0


@inline_kernel
def mark_some(lanes: Any, when: Any, row: Any, n: Any, all_live: Any) -> None:
    """Mark the first ``n`` lanes whose neuron, given by a row of lanes, has no spike."""
    cast = lanes.dtype.type
    for lane in range(np.uint64(n)):
        lanes[lane + LIVE] = -cast((when[np.uint64(lanes[lane + row])] == 0) | all_live)
    for lane in range(np.uint64(n), np.uint64(SIZE)):
        lanes[lane + LIVE] = 0


@kernel_part
def take_sparse(
    kind: Any, a: Any, b: Any, n_pre: Any, n_post: Any, epoch: Any, lanes: Any, synapses: Any,
    state: Any,
) -> Any:  # fmt: skip
    """Take synapses of as many rows or columns as fit; return their number and the cursor."""
    starts = synapses.column if kind == COLUMNS else synapses.row
    items = state.post_list if kind == COLUMNS else state.pre_list
    n, n_items = np.int64(0), n_post if kind == COLUMNS else n_pre
    if kind == QUIET:
        n_items = len(synapses.row) - 1
    while n < SIZE and a < n_items:
        item = a if kind == QUIET else np.int64(items[a])
        first, stop = starts[item] + b, starts[item + 1]
        if kind == QUIET and n_pre > 0 and state.pre_when[item] > 0:
            stop = first
        count = np.int64(0)
        if kind == PAIRS:
            while first + count < stop and n < SIZE:
                if state.post_when[synapses.target[first + count]] > 0:
                    take_row(lanes, n, first + count, 1, item, synapses)
                    n += 1
                count += 1
        else:
            count = min(stop - first, SIZE - n)
            if kind == COLUMNS:
                take_column(lanes, n, first, count, item, synapses)
            else:
                take_row(lanes, n, first, count, item, synapses)
            n += count
        a, b = (a + 1, np.int64(0)) if first + count == stop else (a, b + count)
    if kind == COLUMNS:
        mark_some(lanes, state.pre_when, X, n, n_pre == 0)
    else:
        mark_some(lanes, state.post_when, Y, n, n_post == 0 or kind == PAIRS)
    take_times(lanes, n, epoch, state.pre_when, state.post_when)
    take_values(lanes, n, False, state)
    return n, a, b


@inline_kernel
def take_row(lanes: Any, n: Any, first: Any, count: Any, i: Any, synapses: Any) -> None:
    """Append ``count`` synapses of row ``i``, which begin with place ``first``."""
    for k in range(np.uint64(count)):
        lane, s = np.uint64(n) + k, np.uint64(first) + k
        lanes[lane + PLACE] = s
        lanes[lane + X] = i
        lanes[lane + Y] = synapses.target[s]
        lanes[lane + NUMBER] = synapses.number[s]


@inline_kernel
def take_column(lanes: Any, n: Any, first: Any, count: Any, j: Any, synapses: Any) -> None:
    """Append ``count`` synapses of column ``j``, which begin with entry ``first`` of the lists."""
    for k in range(np.uint64(count)):
        lane, entry = np.uint64(n) + k, np.uint64(first) + k
        lanes[lane + PLACE] = synapses.position[entry]
        lanes[lane + X] = synapses.column_source[entry]
        lanes[lane + Y] = j
        lanes[lane + NUMBER] = synapses.column_number[entry]


@inline_kernel
def take_times(lanes: Any, n: Any, epoch: Any, pre_when: Any, post_when: Any) -> None:
    """Take the steps of the spikes of both sides, which differ in epochs of several steps."""
    if epoch > 1:
        for lane in range(np.uint64(n)):
            lanes[lane + X_AT] = pre_when[np.uint64(lanes[lane + X])]
            lanes[lane + Y_AT] = post_when[np.uint64(lanes[lane + Y])]


@kernel_part
def take_values(lanes: Any, n: Any, in_row: Any, state: Any) -> None:
    """Take weights, delays and tags; places in a row follow each other."""
    for target in range(3):
        values = (state.weight, state.delay, state.tag)[target]
        if len(values) > 0:
            take_variable(lanes, OLD + np.uint64(target * LANES), n, in_row, values)


@inline_kernel
def take_variable(lanes: Any, row: Any, n: Any, in_row: Any, values: Any) -> None:
    """Set a row to a variable of the synapses."""
    if in_row:
        first = np.uint64(lanes[PLACE])
        for lane in range(np.uint64(n)):
            lanes[lane + row] = values[first + lane]
    else:
        for lane in range(np.uint64(n)):
            lanes[lane + row] = values[np.uint64(lanes[lane + PLACE])]


@inline_kernel
def put(values: Any, lanes: Any, n: Any, in_row: Any) -> None:
    """Put FRESH back as a variable of the synapses."""
    if in_row:
        first = np.uint64(lanes[PLACE])
        for lane in range(np.uint64(n)):
            values[first + lane] = lanes[lane + FRESH]
    else:
        for lane in range(np.uint64(n)):
            values[np.uint64(lanes[lane + PLACE])] = lanes[lane + FRESH]
