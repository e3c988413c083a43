"""Update u, v and spikes from the accumulators, one tile of 64 compartments at a time.

The numbers in brackets are sections of ``docs/reference/core-semantics.md``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.hashing import hashed
from ..._kernels.instructions import shifted
from ..._kernels.jit import inline_kernel, inner_kernel
from . import offsets as at
from .arithmetic import decay_toward_zero, outside, wrap
from .layout import LANES
from .state import ROWS

__all__ = ["draw_noise", "join_tile", "redo_tile", "update_tile", "write_biases"]


@inline_kernel
def arrived(ring: Any, place: Any, widths: Any, noise: Any, compartment: Any) -> Any:
    """Return the synaptic input of a compartment before its wrap (semantics 5.1)."""
    sum_of_weights = shifted(ring[place], np.int32(0), widths.weight_shift)
    if noise is not None:
        return np.int32(sum_of_weights + noise.current[compartment])
    return sum_of_weights


@inline_kernel
def leaves_accumulator(sum_of_weights: Any, raw_q: Any, widths: Any, noise: Any) -> Any:
    """Return 0 where the input of a step fits its register (semantics 5.1).

    ``raw_q`` may have wrapped at 32 bits; ``sum_of_weights``, in units of a weight, has not.
    """
    beyond = outside(sum_of_weights, widths.sum_offset, widths.sum_mask)
    if noise is not None:
        rest = outside(raw_q, widths.accumulator_offset, widths.accumulator_mask)
        return np.int32(beyond | rest)
    return beyond


@inline_kernel
def integrate(
    u: Any, v: Any, raw_q: Any, bias: Any, settings: Any, r: Any, widths: Any, wraps: Any
) -> Any:
    """Return the input q, u, u + bias and v of a compartment, each before and after its register.

    Input (semantics 5.1), current (semantics 5.2), bias (semantics 5.3), voltage (semantics 5.4).

    If ``wraps`` is None, q, u and u + bias are assumed to fit their registers.
    """
    q = raw_q
    if wraps is not None:
        q = wrap(raw_q, widths.accumulator_offset, widths.accumulator_mask)
    raw_u = np.int32(decay_toward_zero(u, settings[r + at.KEEP_U]) + q)
    new_u = raw_u
    if wraps is not None:
        new_u = wrap(raw_u, widths.current_offset, widths.current_mask)
    raw_x = np.int32(new_u + bias)
    x = raw_x
    if wraps is not None:
        x = wrap(raw_x, widths.input_offset, widths.input_mask)
    raw_v = np.int32(decay_toward_zero(v, settings[r + at.KEEP_V]) + x)
    low, high = settings[r + at.VMIN], settings[r + at.VMAX]
    raised = raw_v if raw_v > low else low
    clipped = raised if raised < high else high
    return q, raw_u, new_u, raw_x, x, raw_v, clipped


@inline_kernel
def finish(
    tiles: Any, i: Any, settings: Any, r: Any, undo: Any, lane: Any, u: Any, v: Any, held: Any
) -> Any:
    """Apply hold (semantics 5.5), threshold and reset (semantics 5.6), and store the state.

    Return whether it spiked, and whether it stored a new v. A spike is marked in ``undo``: -1 in
    the row HELD.
    """
    threshold, refractory = settings[r + at.THRESHOLD], settings[r + at.REFRACTORY]
    spike, rises = (held == 0) & (v > threshold), (held == 0) & (v <= threshold)
    count = refractory if spike else held
    undo[lane + at.HELD] = np.int32(-1) if spike else held
    tiles[i + at.U] = u
    tiles[i + at.V] = v if rises else np.int32(0)
    tiles[i + at.HELD] = np.int32(count - 1) if count > 0 else np.int32(0)
    return spike, rises


@inline_kernel
def update_tile(
    tiles: Any,
    tile: Any,
    settings: Any,
    setting: Any,
    first: Any,
    ring: Any,
    slot: Any,
    undo: Any,
    widths: Any,
    noise: Any,
) -> Any:
    """Update 64 compartments as if no register could overflow; one vector loop.

    Returns 0 if nothing overflowed. Otherwise only ``undo`` is valid and :func:`redo_tile` must
    follow: wrapping registers and recording each overflow here would take half of the time.
    ``undo`` keeps u, v and held from before the step; held is -1 for compartments that spiked.
    """
    overflowed = np.int32(0)
    for lane in range(at.EACH_LANE):
        i, r = tile + lane, setting + lane
        old_u, old_v, held = tiles[i + at.U], tiles[i + at.V], tiles[i + at.HELD]
        raw = arrived(ring, slot + lane, widths, noise, first + lane)
        q, _, u, _, x, raw_v, v = integrate(
            old_u, old_v, raw, tiles[i + at.BIAS], settings, r, widths, None
        )
        undo[lane + at.U] = old_u
        undo[lane + at.V] = old_v
        _, rises = finish(tiles, i, settings, r, undo, lane, u, v, held)
        beyond = np.int32(
            leaves_accumulator(ring[slot + lane], q, widths, noise)
            | outside(u, widths.current_offset, widths.current_mask)
            | outside(x, widths.input_offset, widths.input_mask)
        )
        overflowed = np.int32(overflowed | beyond)
        overflowed = np.int32(overflowed | (np.int32(raw_v ^ v) if rises else np.int32(0)))
    return overflowed


@inner_kernel
def redo_tile(
    tiles: Any,
    tile: Any,
    settings: Any,
    setting: Any,
    first: Any,
    ring: Any,
    slot: Any,
    undo: Any,
    widths: Any,
    noise: Any,
    events: Any,
) -> None:
    """Update 64 compartments again, from ``undo``, and wrap every register.

    Writes an event word for each compartment: bit 0 is a spike, bits 1 to 5 are ``OVERFLOWS``.
    """
    for lane in range(at.EACH_LANE):
        i, r = tile + lane, setting + lane
        held = undo[lane + at.HELD] if undo[lane + at.HELD] > 0 else np.int32(0)
        raw = arrived(ring, slot + lane, widths, noise, first + lane)
        _, raw_u, u, raw_x, x, raw_v, v = integrate(
            undo[lane + at.U],
            undo[lane + at.V],
            raw,
            tiles[i + at.BIAS],
            settings,
            r,
            widths,
            True,
        )
        spike, rises = finish(tiles, i, settings, r, undo, lane, u, v, held)
        leaves = leaves_accumulator(ring[slot + lane], raw, widths, noise)
        # A held compartment discards x and v, so their overflow has no effect and is not counted
        # (semantics 7).
        # The same holds for a clip at vmax in a step that spikes anyway.
        events[lane] = np.int32(
            np.int32(spike)
            | np.int32(np.int32(leaves != 0) << 1)
            | np.int32(np.int32(u != raw_u) << 2)
            | np.int32(np.int32((spike | rises) & (x != raw_x)) << 3)
            | np.int32(np.int32((spike | rises) & (raw_v < v)) << 4)
            | np.int32(np.int32(rises & (raw_v > v)) << 5)
        )


@inner_kernel
def write_biases(
    place: Any, begin: Any, end: Any, writes: Any, tiles: Any, noise: Any, joins: Any
) -> None:
    """Write the bias registers of compartments ``begin`` to ``end`` - 1 in a step (semantics 5.3).

    Noise on v and joined compartments rebuild the bias row of a tile in every step, from tables of
    their own.
    """
    for k in range(writes.starts[place], writes.starts[place + 1]):
        i = writes.compartments[k]
        if begin <= i < end:
            writes.bias[i] = writes.values[k]
            tile = np.uint64(i // LANES * ROWS * LANES)
            tiles[tile + np.uint64(i % LANES) + at.BIAS] = writes.values[k]
            if noise is not None:
                noise.bias[i] = writes.values[k]
            if joins is not None:
                joins.bias[i] = writes.values[k] & ~joins.kept[i]


@inner_kernel
def draw_noise(block: Any, step: Any, row: Any, layout: Any, noise: Any, tiles: Any) -> None:
    """Write the noise of a block in this step to the bias row or ``noise.current`` (semantics 5.7).

    The raw draw r in -127..127 is given, or is a hash of seed, step and compartment only. The noise
    is ``z = trunc((r + 64 offset) 2**(exponent - 7))``.
    """
    begin = block * layout.span
    for i in range(begin, min(begin + layout.span, layout.n_compartments)):
        if noise.enabled[i] == 0:
            continue
        if len(noise.draws) > 0:
            r = np.int64(noise.draws[row, i])
        else:
            x = np.uint64(noise.seed) ^ (np.uint64(step) << np.uint64(32) | np.uint64(i))
            r = np.int64((hashed(x) * np.uint64(255)) >> np.uint64(32)) - 127
        r += 64 * noise.mantissa_offset
        if noise.exponent >= 7:
            z = r << (noise.exponent - 7)
        elif r >= 0:
            z = r >> (7 - noise.exponent)
        else:
            z = -(-r >> (7 - noise.exponent))
        if noise.at_membrane:
            tile = np.uint64(i // LANES * ROWS * LANES)
            tiles[tile + np.uint64(i % LANES) + at.BIAS] = np.int32(noise.bias[i] + z)
        else:
            noise.current[i] = np.int32(z)


@inline_kernel
def join_tile(
    tiles: Any,
    tile: Any,
    settings: Any,
    setting: Any,
    first: Any,
    ring: Any,
    slot: Any,
    events: Any,
    widths: Any,
    noise: Any,
    joins: Any,
) -> None:
    """Add the new u of each child compartment in a tile to the bias of its parent (semantics 5.3).

    :func:`update_tile` computes this u again. Both loops are branch-free; the event words hold u
    between them.
    """
    for lane in range(at.EACH_LANE):
        i, r = tile + lane, setting + lane
        raw = arrived(ring, slot + lane, widths, noise, first + lane)
        u, v, bias = tiles[i + at.U], tiles[i + at.V], tiles[i + at.BIAS]
        _, _, events[lane], _, _, _, _ = integrate(u, v, raw, bias, settings, r, widths, True)
    for lane in range(np.uint64(1), at.EACH_LANE):
        place, parent = tile + lane + at.BIAS, first + lane
        child = events[lane - np.uint64(1)] & joins.joined[parent]
        kept = tiles[place] & joins.kept[parent]
        tiles[place] = np.int32(np.int32(kept | joins.bias[parent]) + child)
