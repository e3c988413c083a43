"""Accumulators to u, v and spikes: one tile of 64 compartments at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import inline_kernel, kernel
from . import offsets as at
from .arithmetic import decay_toward_zero, wrap
from .layout import LANES
from .state import ROWS

__all__ = ["draw_noise", "join_tile", "update_tile"]


@inline_kernel
def update_tile(
    tiles: Any,
    tile: Any,
    compartment: Any,
    ring: Any,
    slot: Any,
    events: Any,
    widths: Any,
    noise: Any,
) -> Any:
    """Integrate, clip, hold, compare and reset 64 compartments; one vector loop.

    What happened is left in event words, and their union is returned: branching on it here would
    cost the vector unit.
    """
    first = np.uint64(compartment)
    union = np.int32(0)
    for lane in range(at.EACH_LANE):
        i = tile + lane
        raw = np.int32(ring[slot + lane] * widths.weight_unit)
        if noise is not None:
            raw = np.int32(raw + noise.current[first + lane])
        ring[slot + lane] = 0
        q = wrap(raw, widths.accumulator_offset, widths.accumulator_mask)
        raw_u = np.int32(decay_toward_zero(tiles[i + at.U], tiles[i + at.KEEP_U]) + q)
        u = wrap(raw_u, widths.current_offset, widths.current_mask)
        raw_x = np.int32(u + tiles[i + at.BIAS])
        x = wrap(raw_x, widths.input_offset, widths.input_mask)
        raw_v = np.int32(decay_toward_zero(tiles[i + at.V], tiles[i + at.KEEP_V]) + x)
        clipped = min(max(raw_v, tiles[i + at.VMIN]), tiles[i + at.VMAX])
        held = tiles[i + at.HELD]
        free = held == 0
        v = clipped if free else np.int32(0)
        spike = v > tiles[i + at.THRESHOLD]
        count = tiles[i + at.REFRACTORY] if spike else held
        tiles[i + at.U] = u
        tiles[i + at.V] = np.int32(0) if spike else v
        tiles[i + at.HELD] = max(np.int32(count - 1), np.int32(0))
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
        events[lane] = event
        union = np.int32(union | event)
    return union


@kernel
def draw_noise(block: Any, step: Any, row: Any, layout: Any, noise: Any, tiles: Any) -> None:
    """Write this step's noise of a block to where the update takes it up.

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
        if noise.at_membrane:
            tile = np.uint64(i // LANES * ROWS * LANES)
            tiles[tile + np.uint64(i % LANES) + at.BIAS] = np.int32(noise.bias[i] + z)
        else:
            noise.current[i] = np.int32(z)


@inline_kernel
def join_tile(
    tiles: Any,
    tile: Any,
    compartment: Any,
    ring: Any,
    slot: Any,
    events: Any,
    widths: Any,
    noise: Any,
    joins: Any,
) -> None:
    """Add the u that each child of a tile will have to the bias of its parent.

    :func:`update_tile` computes that u again. Until then the event words hold it, so that both
    loops are free of branches.
    """
    first = np.uint64(compartment)
    for lane in range(at.EACH_LANE):
        i = tile + lane
        raw = np.int32(ring[slot + lane] * widths.weight_unit)
        if noise is not None:
            raw = np.int32(raw + noise.current[first + lane])
        q = wrap(raw, widths.accumulator_offset, widths.accumulator_mask)
        raw_u = np.int32(decay_toward_zero(tiles[i + at.U], tiles[i + at.KEEP_U]) + q)
        events[lane] = wrap(raw_u, widths.current_offset, widths.current_mask)
    for lane in range(np.uint64(1), at.EACH_LANE):
        place, parent = tile + lane + at.BIAS, first + lane
        child = events[lane - np.uint64(1)] & joins.joined[parent]
        kept = tiles[place] & joins.kept[parent]
        tiles[place] = np.int32(np.int32(kept | joins.bias[parent]) + child)
