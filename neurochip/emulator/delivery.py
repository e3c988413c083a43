"""Spikes to accumulators: the loop that most of the time of a large network is spent in."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import inline_kernel, kernel
from .._prefetch import prefetch
from . import offsets as at
from .layout import BYTES, HALVES, NARROW_BITS, PLACE, SIZE_BIT, WIDE_BITS

__all__ = ["deliver", "fold_plane"]

_LINE = 16  # synapses in a cache line
_AHEAD = 4  # sources whose rows are asked for in advance
_ONE, _FOUR = np.uint64(1), np.uint64(4)
_PLACE = np.uint64(PLACE)
_NARROW, _WIDE = np.uint64((1 << NARROW_BITS) - 1), np.uint64((1 << WIDE_BITS) - 1)


@inline_kernel
def deliver(
    sources: Any,
    begin: Any,
    end: Any,
    first: Any,
    layout: Any,
    ring: Any,
    ring_start: Any,
    head: Any,
    ring_mask: Any,
    wide: Any,
) -> Any:
    """Add the weights of all synapses of some sources to the ring of one block.

    ``first`` is the row of source 0 for this block. Without delays ``ring_mask`` is None, and the
    ring does not turn; with narrow offsets ``wide`` is None.
    """
    row_ptr, synapses = layout.row_ptr, layout.synapses
    delivered = 0
    for k in range(begin, end):
        if k + _AHEAD < end:
            # The start of a row is a cache miss; asking now hides it behind other rows.
            later = first + np.uint64(sources[k + _AHEAD])
            for line in range(row_ptr[later] & PLACE, row_ptr[later + _ONE] & PLACE, _LINE):
                prefetch(synapses, line)
        row = first + np.uint64(sources[k])
        mark = row_ptr[row]
        start = np.uint64(mark) & _PLACE
        if mark < HALVES:
            size = (np.uint64(row_ptr[row + _ONE]) & _PLACE) - start
            for s in range(start, start + size):
                packed = synapses[s]
                if wide is None:
                    offset, weight = np.uint64(packed) & _NARROW, np.int32(packed >> NARROW_BITS)
                else:
                    offset, weight = np.uint64(packed) & _WIDE, np.int32(packed >> WIDE_BITS)
                if ring_mask is None:
                    ring[ring_start + offset] += weight
                else:
                    ring[ring_start + ((offset + head) & ring_mask)] += weight
        else:
            header = synapses[start]
            size = np.uint64((mark & (HALVES - 1)) >> SIZE_BIT)
            offset = np.uint64(header) & (_NARROW if wide is None else _WIDE)
            slot = ring_start + (offset if ring_mask is None else (offset + head) & ring_mask)
            if mark < BYTES:
                add_halves(ring, slot, layout.halves, (start + _ONE) << _ONE, size)
            else:
                base = np.int32(header >> (NARROW_BITS if wide is None else WIDE_BITS))
                add_bytes(ring, slot, layout.bytes, (start + _ONE) * _FOUR, size, base)
        delivered += np.int64(size)
    return delivered


@inline_kernel
def add_bytes(ring: Any, slot: Any, weights: Any, place: Any, size: Any, base: Any) -> None:
    """Add a dense row of one byte a weight."""
    for i in range(size):
        ring[slot + i] += np.int32(np.int32(weights[place + i]) + base)


@inline_kernel
def add_halves(ring: Any, slot: Any, weights: Any, place: Any, size: Any) -> None:
    """Add a dense row of two bytes a weight."""
    for i in range(size):
        ring[slot + i] += np.int32(weights[place + i])


@kernel
def fold_plane(ring: Any, slot: Any, other: Any, shift: Any) -> None:
    """Shift the sums of one synapse group for a tile, and add them to the others."""
    for lane in range(at.EACH_LANE):
        ring[slot + lane] += np.int32(ring[other + lane] >> shift)
        ring[other + lane] = 0
