"""One step of the chip, and runs of steps: loops over flat integer arrays.

The order within a step is that of ``docs/reference/core-semantics.md``. Kernels allocate nothing,
raise nothing and know no Python object. Those of a step are inlined into the loop over steps: a
call with these arrays costs more than updating 100 compartments.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from .._jit import inline_kernel, kernel, parallel_kernel
from . import offsets as at
from .delivery import deliver, fold_plane
from .layout import LANES
from .state import OVERFLOWS, ROWS
from .update import draw_noise, join_tile, update_tile

__all__ = ["run_parallel", "run_serial"]

_SPIKE = 1  # bit 0 of an event word; bits 1 to 5 are state.OVERFLOWS
_KINDS = len(OVERFLOWS)
_SYNAPTIC_EVENTS, _UPDATES, _SPIKES = _KINDS, _KINDS + 1, _KINDS + 2  # in state.COUNTERS


@kernel
def count_overflows(
    tiles: Any, tile: Any, compartment: Any, step: Any, counters: Any, first_overflow: Any
) -> None:
    """Count what overflowed in a tile, and remember the first time."""
    for lane in range(LANES):
        event = tiles[tile + at.EVENTS + np.uint64(lane)]
        if event > _SPIKE:
            for kind in range(_KINDS):
                counters[kind] += (event >> (kind + 1)) & 1
            if first_overflow[0] < 0:
                first_overflow[0] = step
                first_overflow[1] = compartment + lane
                first_overflow[2] = event


@inline_kernel
def update_block(
    block: Any,
    step: Any,
    head: Any,
    ring_start: Any,
    layout: Any,
    widths: Any,
    state: Any,
    noise: Any,
    joins: Any,
    sum_shifts: Any,
) -> Any:
    """Update the compartments of a block; list those that spiked and return their number."""
    tiles, fired = state.tiles, state.fired
    begin = block * layout.span
    end = min(begin + layout.span, layout.n_compartments)
    n = np.uint64(begin)
    for compartment in range(begin, end, LANES):
        tile = np.uint64(compartment * ROWS)
        slot = ring_start + head + np.uint64(compartment - begin)
        if sum_shifts is not None:
            for plane in range(len(sum_shifts)):
                other = slot + np.uint64((plane + 1) << layout.target_bits)
                fold_plane(state.ring, slot, other, sum_shifts[plane])
        if joins is not None:
            join_tile(tiles, tile, compartment, state.ring, slot, widths, noise, joins)
        union = update_tile(tiles, tile, compartment, state.ring, slot, widths, noise)
        if union & _SPIKE:
            # Write every lane, keep those that spiked: a branch per lane would be mispredicted.
            for lane in range(at.EACH_LANE):
                fired[n] = np.int32(np.uint64(compartment) + lane)
                n += np.uint64(tiles[tile + at.EVENTS + lane] & _SPIKE)
        if union > _SPIKE:
            count_overflows(
                tiles, tile, compartment, step, state.counters[block], state.first_overflow[block]
            )
    return np.int64(n) - begin


@inline_kernel
def step_block(
    block: Any,
    step: Any,
    inputs: Any,
    begin: Any,
    end: Any,
    layout: Any,
    widths: Any,
    state: Any,
    noise: Any,
    joins: Any,
    sum_shifts: Any,
) -> None:
    """One step of one block: deliver the spikes of the previous step, update, list spikes."""
    mask = np.uint64(layout.ring_mask)
    ring_start = np.uint64(block) * (mask + np.uint64(1))
    head = np.uint64(step << layout.step_bits) & mask
    first = np.uint64(block * (layout.n_inputs + layout.n_compartments + 1))
    own = first + np.uint64(layout.n_inputs)
    row_ptr, synapses, halves, ring = layout.row_ptr, layout.synapses, layout.halves, state.ring
    delivered = deliver(
        inputs, begin, end, first, row_ptr, synapses, halves, ring, ring_start, head, mask
    ) + deliver(
        state.previous,
        0,
        state.n_previous[0],
        own,
        row_ptr,
        synapses,
        halves,
        ring,
        ring_start,
        head,
        mask,
    )
    n = update_block(block, step, head, ring_start, layout, widths, state, noise, joins, sum_shifts)
    state.n_fired[block] = n
    counters = state.counters[block]
    counters[_SYNAPTIC_EVENTS] += delivered
    counters[_UPDATES] += min(layout.span, layout.n_compartments - block * layout.span)
    counters[_SPIKES] += n


@kernel
def call_step_block(
    block: Any,
    step: Any,
    inputs: Any,
    begin: Any,
    end: Any,
    layout: Any,
    widths: Any,
    state: Any,
    noise: Any,
    joins: Any,
    sum_shifts: Any,
) -> None:
    """As :func:`step_block`, as a call.

    Inlined into a parallel loop, its running sums would be taken for reductions over blocks.
    """
    step_block(block, step, inputs, begin, end, layout, widths, state, noise, joins, sum_shifts)


@inline_kernel
def finish_step(step: Any, row: Any, span: Any, state: Any, output: Any) -> Any:
    """Join the spikes of all blocks, in the order of compartments, and copy what is recorded.

    Returns whether an overflow was seen in or before this step.
    """
    n, total, overflowed = 0, output.n_spikes[0], False
    for block in range(len(state.n_fired)):
        for k in range(block * span, block * span + state.n_fired[block]):
            state.previous[n] = state.fired[k]
            output.steps[total + n] = step
            output.ids[total + n] = state.fired[k]
            n += 1
        overflowed |= state.first_overflow[block, 0] >= 0
    state.n_previous[0] = n
    output.n_spikes[0] = total + n
    copy_row(state.tiles, at.V, output.v_ids, output.v, row)
    copy_row(state.tiles, at.U, output.u_ids, output.u, row)
    return overflowed


@inline_kernel
def copy_row(tiles: Any, offset: Any, ids: Any, values: Any, row: Any) -> None:
    """Record one register of chosen compartments."""
    for k in range(len(ids)):
        tile, lane = np.uint64(ids[k] // LANES), np.uint64(ids[k] % LANES)
        values[row, k] = tiles[tile * np.uint64(ROWS * LANES) + offset + lane]


@inline_kernel
def room_left(state: Any, output: Any) -> Any:
    """Whether the spike buffer holds one more step in which every compartment spikes."""
    return len(output.ids) - output.n_spikes[0] >= len(state.previous)


@kernel
def run_serial(
    row: Any,
    stop: Any,
    first_step: Any,
    input_ptr: Any,
    inputs: Any,
    layout: Any,
    widths: Any,
    state: Any,
    noise: Any,
    joins: Any,
    sum_shifts: Any,
    output: Any,
    strict: Any,
) -> Any:
    """Run rows ``row`` to ``stop`` (step = first_step + row) and return the row reached.

    It returns early when the spike buffer may overflow, and after an overflow if ``strict``.
    Without noise ``noise`` is None, without joins ``joins``, without shifted sums ``sum_shifts``,
    and Numba drops the branches.
    """
    while row < stop and room_left(state, output):
        step, begin, end = first_step + row, input_ptr[row], input_ptr[row + 1]
        for block in range(layout.blocks):
            if noise is not None:
                draw_noise(block, step, row, layout, noise, state.tiles)
            step_block(
                block, step, inputs, begin, end, layout, widths, state, noise, joins, sum_shifts
            )
        overflowed = finish_step(step, row, layout.span, state, output)
        row += 1
        if strict and overflowed:
            break
    return row


@parallel_kernel
def run_parallel(
    row: Any,
    stop: Any,
    first_step: Any,
    input_ptr: Any,
    inputs: Any,
    layout: Any,
    widths: Any,
    state: Any,
    noise: Any,
    joins: Any,
    sum_shifts: Any,
    output: Any,
    strict: Any,
) -> Any:
    """As :func:`run_serial`, with the blocks of a step spread over threads.

    The loop stands here again because only its spelling, ``prange``, makes Numba spread it.
    """
    while row < stop and room_left(state, output):
        step, begin, end = first_step + row, input_ptr[row], input_ptr[row + 1]
        for block in numba.prange(layout.blocks):
            if noise is not None:
                draw_noise(block, step, row, layout, noise, state.tiles)
            call_step_block(
                block, step, inputs, begin, end, layout, widths, state, noise, joins, sum_shifts
            )
        overflowed = finish_step(step, row, layout.span, state, output)
        row += 1
        if strict and overflowed:
            break
    return row
