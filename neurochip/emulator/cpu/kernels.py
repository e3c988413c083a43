"""Kernels for one step of the chip and for the loop over steps, on flat integer arrays.

The order within a step is that of ``docs/reference/core-semantics.md``. Kernels allocate no memory,
raise no errors and use no Python objects. All parts of a step are inlined into the loop over steps:
a call with these arrays costs more than updating 100 compartments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.barrier import must_leave, wait_for_all
from ..._kernels.instructions import lowest_bit, sign_bits
from ..._kernels.jit import inline_kernel, inner_kernel, kernel
from ...chip.registers import OVERFLOWS
from ..position import UNDERWAY
from . import offsets as at
from .delivery import deliver, deliver_one_to_one, fold_planes
from .layout import LANES
from .state import ROWS
from .update import draw_noise, join_tile, redo_tile, update_tile, write_biases
from .waiting import deliver_waiting

__all__ = ["run_blocks"]

_NONE, _ONE = np.uint64(0), np.uint64(1)
_EACH_ROW = np.uint64(ROWS)
_SPIKE = 1  # bit 0 of an event word; bits 1 to 5 are OVERFLOWS
_KINDS = len(OVERFLOWS)
_SYNAPTIC_EVENTS, _, _SPIKES = range(3)  # in state.EVENTS; all steps have equal updates


@inner_kernel
def count_overflows(
    events: Any, first: Any, step: Any, overflows: Any, first_overflow: Any
) -> None:
    """Count the overflows of each compartment of a tile, and remember the first (semantics 7)."""
    for lane in range(at.EACH_LANE):
        compartment, event = first + lane, events[lane]
        if event > _SPIKE:
            for kind in range(_KINDS):
                overflows[compartment, kind] += (event >> (kind + 1)) & 1
            if first_overflow[0] < 0:
                first_overflow[0] = step
                first_overflow[1] = compartment
                first_overflow[2] = event


@inline_kernel
def list_spikes(undo: Any, first: Any, spikes: Any, n: Any) -> Any:
    """Append the compartments of a tile that spiked; return the new number of spikes."""
    left = sign_bits(undo, at.HELD)
    while left != _NONE:
        spikes[n] = np.int32(first + lowest_bit(left))
        n += _ONE
        left &= left - _ONE
    return n


@inline_kernel
def update_block(
    begin: Any,
    end: Any,
    step: Any,
    slot: Any,
    spikes: Any,
    n: Any,
    settings: Any,
    widths: Any,
    tiles: Any,
    ring: Any,
    undo: Any,
    events: Any,
    overflows: Any,
    first_overflow: Any,
    noise: Any,
    joins: Any,
) -> Any:
    """Update the compartments of a block; list those that spiked; return the number of spikes."""
    first = np.uint64(begin)
    while first < np.uint64(end):
        tile = first * _EACH_ROW
        setting = np.uint64(settings.starts[first // at.EACH_LANE])
        place = tile, settings.rows, setting, first, ring, slot
        if joins is not None:
            join_tile(tiles, *place, events, widths, noise, joins)
        if update_tile(tiles, *place, undo, widths, noise):
            redo_tile(tiles, *place, undo, widths, noise, events)
            count_overflows(events, first, step, overflows, first_overflow)
        for lane in range(at.EACH_LANE):
            ring[slot + lane] = 0
        n = list_spikes(undo, first, spikes, n)
        first += at.EACH_LANE
        slot += at.EACH_LANE
    return n


@inline_kernel
def deliver_block(
    block: Any,
    index: Any,
    head: Any,
    ring_start: Any,
    inputs: Any,
    input_ptr: Any,
    layout: Any,
    ring: Any,
    counters: Any,
    spikes: Any,
    ends: Any,
    place: Any,
    sum_shifts: Any,
    ring_mask: Any,
    wide: Any,
    dense: Any,
    lags: Any,
    waiting: Any,
    step: Any,
) -> Any:
    """Deliver the spikes that are due in this step, to a block (semantics 5.1).

    They are those of the inputs, and those of the compartments of all workers in the step before,
    or with ``lags`` those that have waited for their delays.

    Counts the synaptic events of the inputs, for each copy; returns those of the compartments.
    """
    first, delivered = np.uint64(block * layout.rows), 0
    copies, index, place = np.uint64(len(input_ptr)), np.uint64(index), np.uint64(place)
    parts = copies + np.uint64(len(ends)) if lags is None else copies
    for part in range(parts):  # one loop, so it is compiled once
        if part < copies:
            sources, begin, end = inputs, input_ptr[part, index], input_ptr[part, index + _ONE]
        else:
            row = part - copies
            sources, begin, end = spikes, ends[row, place], ends[row, place + _ONE]
        where = layout, ring, ring_start, head, ring_mask, wide
        if part < copies and layout.one_to_one:
            sent = deliver_one_to_one(sources, begin, end, first, *where)
        else:
            sent = deliver(sources, begin, end, first, None, *where, dense)
        if part < copies:
            first += np.uint64(layout.n_inputs // len(input_ptr))
            counters[part + _ONE, _SYNAPTIC_EVENTS] += sent
        else:
            delivered += sent
    if lags is not None:
        where = block, step, first, place, layout, ring, ring_start, spikes, ends, wide, dense
        delivered = deliver_waiting(*where, lags, waiting)
    if sum_shifts is not None:
        fold_planes(ring, ring_start + head, layout, sum_shifts)
    return delivered


@inline_kernel
def record(
    index: Any, begin: Any, end: Any, tiles: Any, offset: Any, ids: Any, values: Any
) -> None:
    """Copy one register of the recorded compartments from ``begin`` to ``end`` - 1."""
    for k in range(len(ids)):
        if begin <= ids[k] < end:
            tile, lane = np.uint64(ids[k] // LANES), np.uint64(ids[k] % LANES)
            values[index, k] = tiles[tile * np.uint64(ROWS * LANES) + offset + lane]


@inline_kernel
def must_stop(place: Any, step: Any, ends: Any, full: Any, first_overflow: Any, strict: Any) -> Any:
    """Return whether a spike list may be too short for this step, or a register has overflowed.

    All workers return the same value, because it depends only on data from before the last barrier.
    Overflows of registers are checked only if ``strict``.
    """
    for worker in range(len(ends)):
        if full[worker] < ends[worker, place]:
            return True
    if strict:
        for block in range(len(first_overflow)):
            if 0 <= first_overflow[block, 0] < step:
                return True
    return False


@kernel
def run_blocks(
    worker: Any,
    stop: Any,
    first_step: Any,
    input_ptr: Any,
    inputs: Any,
    layout: Any,
    settings: Any,
    widths: Any,
    state: Any,
    output: Any,
    strict: Any,
    writes: Any,
    noise: Any,
    joins: Any,
    sum_shifts: Any,
    ring_mask: Any,
    wide: Any,
    dense: Any,
    lags: Any,
    barrier: Any,
) -> None:
    """Run the blocks of a worker from step ``state.clock`` to the step with index ``stop``.

    Indices count the steps of the run: step = first_step + index.

    Each worker has its own spike list and its own blocks. It returns early when a list may become
    full, when a worker loses its patience, and after an overflow if ``strict``. Unused features are
    None, and Numba drops their branches: ``writes`` of bias registers, ``noise``, ``joins``,
    ``sum_shifts``, ``ring_mask`` (no delays), ``wide`` (narrow offsets), ``dense`` (sparse rows
    only) and ``lags`` (no spike waits). A single worker does not wait at ``barrier``.

    The workers change nothing before all of them have arrived, and the clock moves with the
    registers. So both agree wherever the caller is interrupted.
    """
    n_workers = len(output.ends)
    first_block = worker * layout.blocks // n_workers
    end_block = (worker + 1) * layout.blocks // n_workers
    begin, end = first_block * layout.span, end_block * layout.span
    undo, events = state.undo[worker], state.events[worker]
    index = state.clock[0] - first_step
    if n_workers > 1:
        all_came = wait_for_all(barrier, n_workers)
        if not all_came:
            return
    if worker == 0:
        state.clock[0] = UNDERWAY
    while index < stop:
        step, place = first_step + index, index - output.first_index + 1
        if must_leave(barrier, place * n_workers) or must_stop(
            place, step, output.ends, output.full, state.first_overflow, strict
        ):
            break
        n = np.uint64(output.ends[worker, place])
        if writes is not None:
            write_biases(place - 1, begin, end, writes, state.tiles, noise, joins)
        for block in range(first_block, end_block):
            if noise is not None:
                draw_noise(block, step, index, layout, noise, state.tiles)
            ring_start, counters = np.uint64(block * layout.ring_size), state.counters[block]
            head = np.uint64(0)
            if ring_mask is not None:
                head = np.uint64(step << layout.step_bits) & ring_mask
            delivered = deliver_block(
                block,
                index,
                head,
                ring_start,
                inputs,
                input_ptr,
                layout,
                state.ring,
                counters,
                output.spikes,
                output.ends,
                place - 1,
                sum_shifts,
                ring_mask,
                wide,
                dense,
                lags,
                state.waiting,
                step,
            )
            before, first = n, block * layout.span
            last = min(first + layout.span, layout.n_compartments)
            n = update_block(
                first,
                last,
                step,
                ring_start + head,
                output.spikes,
                n,
                settings,
                widths,
                state.tiles,
                state.ring,
                undo,
                events,
                state.overflows,
                state.first_overflow[block],
                noise,
                joins,
            )
            counters[0, _SYNAPTIC_EVENTS] += delivered
            counters[0, _SPIKES] += np.int64(n - before)
        output.ends[worker, place + 1] = np.int64(n)
        record(index, begin, end, state.tiles, at.V, output.v_ids, output.v)
        record(index, begin, end, state.tiles, at.U, output.u_ids, output.u)
        index += 1
        if n_workers > 1:
            all_came = wait_for_all(barrier, (index - output.first_index + 1) * n_workers)
            if not all_came:
                return
    if worker == 0:
        state.clock[0] = first_step + index
