"""One step of the chip, and runs of steps: loops over flat integer arrays.

The order within a step is that of ``docs/reference/core-semantics.md``. Kernels allocate nothing,
raise nothing and know no Python object.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from .._jit import kernel, parallel_kernel
from .arithmetic import decay_toward_zero, wrap

__all__ = ["run_parallel", "run_serial"]

_SPIKE = 1  # bit 0 of an event byte; bits 1 to 5 are state.OVERFLOWS
_KINDS = 5
_SYNAPTIC_EVENTS, _UPDATES, _SPIKES = 5, 6, 7  # positions in state.COUNTERS


@kernel
def deliver(
    sources: Any,
    start: Any,
    stop: Any,
    first: Any,
    row_ptr: Any,
    synapses: Any,
    ring: Any,
    head: Any,
    ring_mask: Any,
) -> Any:
    """Add the weights of all synapses of some sources to the ring of one block."""
    delivered = 0
    for k in range(start, stop):
        source = first + sources[k]
        begin, end = row_ptr[source], row_ptr[source + 1]
        for s in range(begin, end):
            packed = synapses[s]
            # Unsigned, so that Numba does not test for an index counted from the end.
            ring[np.uint32((np.int32(packed & 0xFFFF) + head) & ring_mask)] += packed >> 16
        delivered += end - begin
    return delivered


@kernel
def update(
    start: Any, stop: Any, inputs: Any, shift: Any, constants: Any, widths: Any, state: Any
) -> None:
    """Integrate, clip, hold, compare and reset the compartments of one block; vectorises.

    What happened is left in the event bytes: branching on it here would cost the vector unit.
    """
    u, v, held, events = state.u, state.v, state.held, state.events
    for i in range(start, stop):
        raw = np.int32(inputs[i - start] << shift)
        inputs[i - start] = 0
        q = wrap(raw, widths.accumulator_half, widths.accumulator_mask)
        kept_u = decay_toward_zero(u[i], constants.keep_u[i], widths.decay_bits, widths.decay_mask)
        raw_u = np.int32(kept_u + q)
        new_u = wrap(raw_u, widths.state_half, widths.state_mask)
        raw_x = np.int32(new_u + constants.bias[i])
        x = wrap(raw_x, widths.state_half, widths.state_mask)
        kept_v = decay_toward_zero(v[i], constants.keep_v[i], widths.decay_bits, widths.decay_mask)
        raw_v = np.int32(kept_v + x)
        clipped = min(max(raw_v, constants.vmin[i]), constants.vmax[i])
        free = held[i] == 0
        new_v = clipped if free else np.int32(0)
        spike = new_v > constants.threshold[i]
        u[i] = new_u
        v[i] = np.int32(0) if spike else new_v
        count = constants.refractory[i] if spike else held[i]
        held[i] = max(np.int32(count - 1), np.int32(0))
        # A held compartment discards x and v, so their overflow has no effect and is not counted;
        # neither has a clip from above in a step that spikes anyway.
        events[i] = np.uint8(
            np.uint8(spike)
            | np.uint8(np.uint8(q != raw) << 1)
            | np.uint8(np.uint8(new_u != raw_u) << 2)
            | np.uint8(np.uint8(free & (x != raw_x)) << 3)
            | np.uint8(np.uint8(free & (raw_v < clipped)) << 4)
            | np.uint8(np.uint8(free & (raw_v > clipped) & (not spike)) << 5)
        )


@kernel
def collect(
    start: Any, stop: Any, step: Any, state: Any, fired: Any, counters: Any, first_overflow: Any
) -> Any:
    """List the compartments of a block that spiked, and count overflows.

    Eight event bytes are skipped at a time: nearly all of them are 0.
    """
    events, events_by_8 = state.events, state.events_by_8
    n = 0
    for word in range(start >> 3, (stop + 7) >> 3):
        if events_by_8[word] == 0:
            continue
        for i in range(word << 3, (word + 1) << 3):
            event = events[i]
            if event & _SPIKE:
                fired[n] = i
                n += 1
            if event > _SPIKE:
                for kind in range(_KINDS):
                    counters[kind] += (event >> (kind + 1)) & 1
                if first_overflow[0] < 0:
                    first_overflow[0], first_overflow[1], first_overflow[2] = step, i, event
    return n


@kernel
def step_block(
    block: Any,
    step: Any,
    sources: Any,
    begin: Any,
    end: Any,
    layout: Any,
    constants: Any,
    widths: Any,
    state: Any,
) -> None:
    """One step of one block: deliver the spikes of the previous step, update, collect."""
    start = block * layout.span
    stop = min(start + layout.span, layout.n_compartments)
    ring, row_ptr, synapses = state.ring[block], layout.row_ptr[block], layout.synapses
    counters = state.counters[block]
    head = np.int32((step << layout.target_bits) & layout.ring_mask)
    mask = np.int32(layout.ring_mask)
    delivered = deliver(sources, begin, end, 0, row_ptr, synapses, ring, head, mask)
    delivered += deliver(
        state.previous, 0, state.n_previous[0], layout.n_inputs, row_ptr, synapses, ring, head, mask
    )
    now = ring[head : head + (stop - start)]
    update(start, stop, now, layout.weight_shift, constants, widths, state)
    fired, first_overflow = state.fired[block], state.first_overflow[block]
    n = collect(start, stop, step, state, fired, counters, first_overflow)
    state.n_fired[block] = n
    counters[_SYNAPTIC_EVENTS] += delivered
    counters[_UPDATES] += stop - start
    counters[_SPIKES] += n


@kernel
def finish_step(step: Any, row: Any, state: Any, output: Any) -> Any:
    """Join the spikes of all blocks, in the order of compartments, and copy what is recorded.

    Returns whether an overflow was seen in or before this step.
    """
    n, total, overflowed = 0, output.n_spikes[0], False
    for block in range(len(state.n_fired)):
        for k in range(state.n_fired[block]):
            state.previous[n] = state.fired[block, k]
            output.steps[total + n] = step
            output.ids[total + n] = state.fired[block, k]
            n += 1
        overflowed |= state.first_overflow[block, 0] >= 0
    state.n_previous[0] = n
    output.n_spikes[0] = total + n
    for k in range(len(output.v_ids)):
        output.v[row, k] = state.v[output.v_ids[k]]
    for k in range(len(output.u_ids)):
        output.u[row, k] = state.u[output.u_ids[k]]
    return overflowed


@kernel
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
    constants: Any,
    widths: Any,
    state: Any,
    output: Any,
    strict: Any,
) -> Any:
    """Run rows ``row`` to ``stop`` (step = first_step + row) and return the row reached.

    It returns early when the spike buffer may overflow, and after an overflow if ``strict``.
    """
    while row < stop and room_left(state, output):
        step, begin, end = first_step + row, input_ptr[row], input_ptr[row + 1]
        for block in range(len(state.n_fired)):
            step_block(block, step, inputs, begin, end, layout, constants, widths, state)
        overflowed = finish_step(step, row, state, output)
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
    constants: Any,
    widths: Any,
    state: Any,
    output: Any,
    strict: Any,
) -> Any:
    """As :func:`run_serial`, with the blocks of a step spread over threads.

    The loop stands here again because only its spelling, ``prange``, makes Numba spread it.
    """
    while row < stop and room_left(state, output):
        step, begin, end = first_step + row, input_ptr[row], input_ptr[row + 1]
        for block in numba.prange(len(state.n_fired)):
            step_block(block, step, inputs, begin, end, layout, constants, widths, state)
        overflowed = finish_step(step, row, state, output)
        row += 1
        if strict and overflowed:
            break
    return row
