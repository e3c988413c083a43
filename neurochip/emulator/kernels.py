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
from .arithmetic import decay_toward_zero, wrap
from .layout import LANES
from .prefetch import prefetch
from .state import OVERFLOWS, ROWS, Row

__all__ = ["run_parallel", "run_serial"]

_SPIKE = 1  # bit 0 of an event word; bits 1 to 5 are state.OVERFLOWS
_KINDS = len(OVERFLOWS)
_SYNAPTIC_EVENTS, _UPDATES, _SPIKES = _KINDS, _KINDS + 1, _KINDS + 2  # in state.COUNTERS
_LINE = 16  # synapses in a cache line
_AHEAD = 4  # sources whose rows are asked for in advance

# Unsigned, like all indices below: Numba tests a signed index for counting from the end, and the
# test keeps LLVM from vectorising.
_LANES = np.uint64(LANES)
_U = np.uint64(Row.U * LANES)
_V = np.uint64(Row.V * LANES)
_HELD = np.uint64(Row.HELD * LANES)
_KEEP_U = np.uint64(Row.KEEP_U * LANES)
_KEEP_V = np.uint64(Row.KEEP_V * LANES)
_BIAS = np.uint64(Row.BIAS * LANES)
_VMIN = np.uint64(Row.VMIN * LANES)
_VMAX = np.uint64(Row.VMAX * LANES)
_THRESHOLD = np.uint64(Row.THRESHOLD * LANES)
_REFRACTORY = np.uint64(Row.REFRACTORY * LANES)
_EVENTS = np.uint64(Row.EVENTS * LANES)
_NOISE = np.uint64(Row.NOISE * LANES)
_LOW_HALF = np.uint64(0xFFFF)


@inline_kernel
def deliver(
    sources: Any,
    begin: Any,
    end: Any,
    first: Any,
    row_ptr: Any,
    synapses: Any,
    ring: Any,
    ring_start: Any,
    head: Any,
    ring_mask: Any,
) -> Any:
    """Add the weights of all synapses of some sources to the ring of one block.

    ``first`` is the position in ``row_ptr`` of source 0 for this block.
    """
    delivered = 0
    for k in range(begin, end):
        if k + _AHEAD < end:
            # The start of a row is a cache miss; asking now hides it behind other rows.
            later = first + np.uint64(sources[k + _AHEAD])
            for line in range(row_ptr[later], row_ptr[later + np.uint64(1)], _LINE):
                prefetch(synapses, line)
        row = first + np.uint64(sources[k])
        start, stop = np.uint64(row_ptr[row]), np.uint64(row_ptr[row + np.uint64(1)])
        for s in range(start, stop):
            packed = synapses[s]
            slot = ((np.uint64(packed) & _LOW_HALF) + head) & ring_mask
            ring[ring_start + slot] += np.int32(packed >> 16)
        delivered += np.int64(stop - start)
    return delivered


@inline_kernel
def update_tile(tiles: Any, tile: Any, ring: Any, slot: Any, widths: Any) -> Any:
    """Integrate, clip, hold, compare and reset 64 compartments; one vector loop.

    What happened is left in event words, and their union is returned: branching on it here would
    cost the vector unit.
    """
    union = np.int32(0)
    for lane in range(_LANES):
        i = tile + lane
        raw = np.int32(np.int32(ring[slot + lane] * widths.weight_unit) + tiles[i + _NOISE])
        ring[slot + lane] = 0
        q = wrap(raw, widths.accumulator_offset, widths.accumulator_mask)
        raw_u = np.int32(decay_toward_zero(tiles[i + _U], tiles[i + _KEEP_U]) + q)
        u = wrap(raw_u, widths.current_offset, widths.current_mask)
        raw_x = np.int32(u + tiles[i + _BIAS])
        x = wrap(raw_x, widths.input_offset, widths.input_mask)
        raw_v = np.int32(decay_toward_zero(tiles[i + _V], tiles[i + _KEEP_V]) + x)
        clipped = min(max(raw_v, tiles[i + _VMIN]), tiles[i + _VMAX])
        held = tiles[i + _HELD]
        free = held == 0
        v = clipped if free else np.int32(0)
        spike = v > tiles[i + _THRESHOLD]
        count = tiles[i + _REFRACTORY] if spike else held
        tiles[i + _U] = u
        tiles[i + _V] = np.int32(0) if spike else v
        tiles[i + _HELD] = max(np.int32(count - 1), np.int32(0))
        # A held compartment discards x and v, so their overflow has no effect and is not counted;
        # neither has a clip from above in a step that spikes anyway.
        event = np.int32(
            np.int32(spike)
            | np.int32(np.int32(q != raw) << 1)
            | np.int32(np.int32(u != raw_u) << 2)
            | np.int32(np.int32(free & (x != raw_x)) << 3)
            | np.int32(np.int32(free & (raw_v < clipped)) << 4)
            | np.int32(np.int32(free & (raw_v > clipped) & (not spike)) << 5)
        )
        tiles[i + _EVENTS] = event
        union = np.int32(union | event)
    return union


@kernel
def fold_plane(ring: Any, slot: Any, other: Any, shift: Any) -> None:
    """Shift the sums of one synapse group for a tile, and add them to the others."""
    for lane in range(_LANES):
        ring[slot + lane] += np.int32(ring[other + lane] >> shift)
        ring[other + lane] = 0


@kernel
def draw_noise(block: Any, step: Any, row: Any, layout: Any, noise: Any, tiles: Any) -> None:
    """Write this step's noise of a block into the row of its tiles that takes it up.

    The raw draw r of -127..127 is a counter-based hash of seed, step and compartment (two rounds of
    SplitMix64's finaliser; Steele, Lea and Flood 2014, 10.1145/2660193.2660195), so it depends on
    nothing else; or it is given. Then ``z = trunc((r + 64 offset) 2**(exponent - 7))``.
    """
    begin = block * layout.span
    for i in range(begin, min(begin + layout.span, layout.n_compartments)):
        if noise.enabled[i] == 0:
            continue
        if len(noise.draws) > 0:
            r = np.int64(noise.draws[row, i])
        else:
            x = np.uint64(noise.seed) ^ (np.uint64(step) << np.uint64(32) | np.uint64(i))
            for _ in range(2):
                x += np.uint64(0x9E3779B97F4A7C15)
                x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                x = x ^ (x >> np.uint64(31))
            r = np.int64(((x >> np.uint64(32)) * np.uint64(255)) >> np.uint64(32)) - 127
        r += 64 * noise.mantissa_offset
        if noise.exponent >= 7:
            z = r << (noise.exponent - 7)
        elif r >= 0:
            z = r >> (7 - noise.exponent)
        else:
            z = -(-r >> (7 - noise.exponent))
        where = (i // LANES) * ROWS * LANES + i % LANES
        if noise.at_membrane:
            tiles[np.uint64(where) + _BIAS] = np.int32(noise.bias[i] + z)
        else:
            tiles[np.uint64(where) + _NOISE] = np.int32(z)


@inline_kernel
def join_tile(
    tiles: Any, tile: Any, compartment: Any, ring: Any, slot: Any, widths: Any, joins: Any
) -> None:
    """Add the u that each child of a tile will have to the bias of its parent.

    :func:`update_tile` computes that u again. Until then the row of events holds it, so that both
    loops are free of branches.
    """
    first = np.uint64(compartment)
    for lane in range(_LANES):
        i = tile + lane
        raw = np.int32(np.int32(ring[slot + lane] * widths.weight_unit) + tiles[i + _NOISE])
        q = wrap(raw, widths.accumulator_offset, widths.accumulator_mask)
        raw_u = np.int32(decay_toward_zero(tiles[i + _U], tiles[i + _KEEP_U]) + q)
        tiles[i + _EVENTS] = wrap(raw_u, widths.current_offset, widths.current_mask)
    for lane in range(np.uint64(1), _LANES):
        place, parent = tile + lane + _BIAS, first + lane
        child = tiles[tile + lane + _EVENTS - np.uint64(1)] & joins.joined[parent]
        kept = tiles[place] & joins.kept[parent]
        tiles[place] = np.int32(np.int32(kept | joins.bias[parent]) + child)


@kernel
def count_overflows(
    tiles: Any, tile: Any, compartment: Any, step: Any, counters: Any, first_overflow: Any
) -> None:
    """Count what overflowed in a tile, and remember the first time."""
    for lane in range(LANES):
        event = tiles[tile + _EVENTS + np.uint64(lane)]
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
    joins: Any,
) -> Any:
    """Update the compartments of a block; list those that spiked and return their number."""
    tiles, fired = state.tiles, state.fired
    begin = block * layout.span
    end = min(begin + layout.span, layout.n_compartments)
    n = np.uint64(begin)
    for compartment in range(begin, end, LANES):
        tile = np.uint64(compartment * ROWS)
        slot = ring_start + head + np.uint64(compartment - begin)
        for plane in range(len(layout.sum_shifts)):
            other = slot + np.uint64((plane + 1) << layout.target_bits)
            fold_plane(state.ring, slot, other, layout.sum_shifts[plane])
        if joins is not None:
            join_tile(tiles, tile, compartment, state.ring, slot, widths, joins)
        union = update_tile(tiles, tile, state.ring, slot, widths)
        if union & _SPIKE:
            # Write every lane, keep those that spiked: a branch per lane would be mispredicted.
            for lane in range(_LANES):
                fired[n] = np.int32(np.uint64(compartment) + lane)
                n += np.uint64(tiles[tile + _EVENTS + lane] & _SPIKE)
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
    joins: Any,
) -> None:
    """One step of one block: deliver the spikes of the previous step, update, list spikes."""
    mask = np.uint64(layout.ring_mask)
    ring_start = np.uint64(block) * (mask + np.uint64(1))
    head = np.uint64(step << layout.step_bits) & mask
    first = np.uint64(block * (layout.n_inputs + layout.n_compartments + 1))
    own = first + np.uint64(layout.n_inputs)
    row_ptr, synapses, ring = layout.row_ptr, layout.synapses, state.ring
    delivered = deliver(
        inputs, begin, end, first, row_ptr, synapses, ring, ring_start, head, mask
    ) + deliver(
        state.previous,
        0,
        state.n_previous[0],
        own,
        row_ptr,
        synapses,
        ring,
        ring_start,
        head,
        mask,
    )
    n = update_block(block, step, head, ring_start, layout, widths, state, joins)
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
    joins: Any,
) -> None:
    """As :func:`step_block`, as a call.

    Inlined into a parallel loop, its running sums would be taken for reductions over blocks.
    """
    step_block(block, step, inputs, begin, end, layout, widths, state, joins)


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
    copy_row(state.tiles, _V, output.v_ids, output.v, row)
    copy_row(state.tiles, _U, output.u_ids, output.u, row)
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
    output: Any,
    strict: Any,
) -> Any:
    """Run rows ``row`` to ``stop`` (step = first_step + row) and return the row reached.

    It returns early when the spike buffer may overflow, and after an overflow if ``strict``.
    Without noise ``noise`` is None, without joins ``joins``, and Numba drops the branches.
    """
    while row < stop and room_left(state, output):
        step, begin, end = first_step + row, input_ptr[row], input_ptr[row + 1]
        for block in range(layout.blocks):
            if noise is not None:
                draw_noise(block, step, row, layout, noise, state.tiles)
            step_block(block, step, inputs, begin, end, layout, widths, state, joins)
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
            call_step_block(block, step, inputs, begin, end, layout, widths, state, joins)
        overflowed = finish_step(step, row, layout.span, state, output)
        row += 1
        if strict and overflowed:
            break
    return row
