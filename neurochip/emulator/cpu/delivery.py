"""Deliver spikes to accumulators: the loop that takes most of the time in large networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.instructions import prefetch
from ..._kernels.jit import inline_kernel, inner_kernel
from .dense import BYTES, HALVES, PLACE, SIZE_BIT
from .layout import NARROW_BITS, WIDE_BITS

__all__ = ["deliver", "deliver_one_to_one", "fold_planes"]

_LINE = np.uint64(16)  # synapses in a cache line
_ONE, _TWO, _THREE, _FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_PLACE = np.uint64(PLACE)
_NARROW, _WIDE = np.uint64((1 << NARROW_BITS) - 1), np.uint64((1 << WIDE_BITS) - 1)


@inline_kernel
def deliver(
    sources: Any,
    begin: Any,
    end: Any,
    first: Any,
    stride: Any,
    layout: Any,
    ring: Any,
    ring_start: Any,
    head: Any,
    ring_mask: Any,
    wide: Any,
    dense: Any,
) -> Any:
    """Add the weights of all synapses of some sources to the ring of one block.

    Returns the number of synapses. ``first`` is the row of source 0 for this block; that of the
    next source is ``stride`` rows later, or one if this is None. Without delays ``ring_mask`` is
    None and the ring has a single step; with narrow offsets ``wide`` is None; without dense rows
    ``dense`` is None.
    """
    row_ptr, synapses = layout.row_ptr, layout.synapses
    delivered = 0
    k, end = np.uint64(begin), np.uint64(end)
    while k < end:
        # Prefetching a row needs its pointer, which would be a cache miss too: prefetch it earlier.
        far = k + _TWO * layout.ahead
        if far < end:
            prefetch(row_ptr, row_of(sources[far], first, stride))
        row = row_of(sources[k], first, stride)
        if dense is not None and row_ptr[row] >= HALVES:
            place = place_of(sources[k], first, stride, row_ptr)
            slot = ring_start + slot_of(synapses[place], head, ring_mask, wide)
            sent, n = add_dense(
                ring, slot, sources, k, end, first, stride, row_ptr, synapses, wide, dense
            )
            delivered += sent
            k += n
        else:
            ahead = k + layout.ahead
            later = place_of(sources[ahead if ahead < end else end - _ONE], first, stride, row_ptr)
            place = np.uint64(row_ptr[row])
            stop = np.uint64(row_ptr[row + _ONE]) & _PLACE
            add_sparse(ring, ring_start, head, ring_mask, synapses, place, stop, later, wide)
            delivered += np.int64(stop - place)
            k += _ONE
    return delivered


@inline_kernel
def deliver_one_to_one(
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
    """Deliver as :func:`deliver` does, for sources with one synapse each, without row look-ups."""
    place = np.uint64(layout.row_ptr[first])
    for k in range(np.uint64(begin), np.uint64(end)):
        s = place + np.uint64(sources[k])
        add_synapse(ring, ring_start, head, ring_mask, layout.synapses, s, wide)
    return end - begin


@inline_kernel
def offset_of(word: Any, wide: Any) -> Any:
    """Return the offset (low bits) in a synapse, or in the first word of a dense row."""
    return np.uint64(word) & (_NARROW if wide is None else _WIDE)


@inline_kernel
def slot_of(word: Any, head: Any, ring_mask: Any, wide: Any) -> Any:
    """Return the place in the ring of a synapse, or of the first target of a dense row."""
    offset = offset_of(word, wide)
    if ring_mask is not None:
        return (offset + head) & ring_mask
    return offset


@inline_kernel
def weight_of(word: Any, wide: Any) -> Any:
    """Return the weight (high bits) of a synapse, or the base in the first word of a dense row."""
    return np.int32(word >> (NARROW_BITS if wide is None else WIDE_BITS))


@inline_kernel
def row_of(source: Any, first: Any, stride: Any) -> Any:
    """Return the row of a source."""
    return first + (np.uint64(source) if stride is None else stride * np.uint64(source))


@inline_kernel
def place_of(source: Any, first: Any, stride: Any, row_ptr: Any) -> Any:
    """Return the start of the row of a source."""
    return np.uint64(row_ptr[row_of(source, first, stride)]) & _PLACE


@inline_kernel
def add_dense(
    ring: Any,
    slot: Any,
    sources: Any,
    k: Any,
    end: Any,
    first: Any,
    stride: Any,
    row_ptr: Any,
    synapses: Any,
    wide: Any,
    dense: Any,
) -> Any:
    """Add the dense row of source ``k``; return its synapses, and 1.

    If the next three rows have the same targets, add them too, and return their synapses, and 4.
    """
    mark = row_ptr[row_of(sources[k], first, stride)]
    place = np.uint64(mark) & _PLACE
    size = np.uint64((mark & (HALVES - 1)) >> SIZE_BIT)
    if mark < BYTES:
        add_halves(ring, slot, dense.halves, place, size)
        return np.int64(size), _ONE
    if not four_alike(sources, k, end, first, stride, row_ptr, synapses, wide):
        add_bytes(ring, slot, dense.bytes, place, size, weight_of(synapses[place], wide))
        return np.int64(synapses[place + _ONE]), _ONE
    b = place_of(sources[k + _ONE], first, stride, row_ptr)
    c = place_of(sources[k + _TWO], first, stride, row_ptr)
    d = place_of(sources[k + _THREE], first, stride, row_ptr)
    return add_four(ring, slot, synapses, dense.bytes, place, b, c, d, size, wide), _FOUR


@inline_kernel
def four_alike(
    sources: Any, k: Any, end: Any, first: Any, stride: Any, row_ptr: Any, synapses: Any, wide: Any
) -> Any:
    """Return whether the dense rows of source ``k`` and the next three have the same targets."""
    if k + _FOUR > end:
        return False
    mark = row_ptr[row_of(sources[k], first, stride)]
    offset = offset_of(synapses[np.uint64(mark) & _PLACE], wide)
    alike = True
    for i in range(_ONE, _FOUR):
        other = row_ptr[row_of(sources[k + i], first, stride)]
        its = offset_of(synapses[np.uint64(other) & _PLACE], wide)
        alike = alike and other >> SIZE_BIT == mark >> SIZE_BIT and its == offset
    return alike


@inline_kernel
def add_synapse(
    ring: Any, ring_start: Any, head: Any, ring_mask: Any, synapses: Any, s: Any, wide: Any
) -> None:
    """Add the weight of a synapse at its own offset."""
    slot = ring_start + slot_of(synapses[s], head, ring_mask, wide)
    ring[slot] += weight_of(synapses[s], wide)


@inline_kernel
def add_sparse(
    ring: Any,
    ring_start: Any,
    head: Any,
    ring_mask: Any,
    synapses: Any,
    place: Any,
    stop: Any,
    later: Any,
    wide: Any,
) -> None:
    """Add a sparse row: synapses with an offset each.

    Prefetches the ``later`` row one cache line at a time; prefetching it at once would stall the
    loads of this row. A row of one synapse prefetches nothing, since that takes longer than adding
    the synapse.
    """
    if place + _ONE < stop:
        prefetch(synapses, later)
        while place + _LINE < stop:
            later += _LINE
            prefetch(synapses, later)
            for s in range(place, place + _LINE):
                add_synapse(ring, ring_start, head, ring_mask, synapses, s, wide)
            place += _LINE
    for s in range(place, stop):
        add_synapse(ring, ring_start, head, ring_mask, synapses, s, wide)


@inline_kernel
def add_bytes(ring: Any, slot: Any, weights: Any, row: Any, size: Any, base: Any) -> None:
    """Add a dense row with weights of 1 byte; ``row`` is the index of its first word."""
    start = (row + _TWO) * _FOUR
    for i in range(size):
        ring[slot + i] += np.int32(np.int32(weights[start + i]) + base)


@inline_kernel
def add_four(
    ring: Any,
    slot: Any,
    synapses: Any,
    weights: Any,
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    size: Any,
    wide: Any,
) -> Any:
    """Add four dense rows with weights of 1 byte and equal targets; return their synapses.

    This takes half as long as one row after another: the ring is read and written once, and the
    sums of four bytes fit 16 bits, so a vector register holds twice as many of them.
    """
    at_a, at_b = (a + _TWO) * _FOUR, (b + _TWO) * _FOUR
    at_c, at_d = (c + _TWO) * _FOUR, (d + _TWO) * _FOUR
    base, delivered = np.int32(0), 0
    for row in (a, b, c, d):
        base = np.int32(base + weight_of(synapses[row], wide))
        delivered += np.int64(synapses[row + _ONE])
    for i in range(size):
        ab = np.int16(np.int16(weights[at_a + i]) + np.int16(weights[at_b + i]))
        cd = np.int16(np.int16(weights[at_c + i]) + np.int16(weights[at_d + i]))
        ring[slot + i] += np.int32(np.int32(np.int16(ab + cd)) + base)
    return delivered


@inline_kernel
def add_halves(ring: Any, slot: Any, weights: Any, row: Any, size: Any) -> None:
    """Add a dense row with weights of 2 bytes; ``row`` is the index of its first word."""
    start = (row + _ONE) * _TWO
    for i in range(size):
        ring[slot + i] += np.int32(weights[start + i])


@inner_kernel
def fold_planes(ring: Any, slot: Any, layout: Any, shifts: Any) -> None:
    """Shift the sums of a step in each plane of a block, add them to plane 0, and clear them.

    See semantics 8.
    """
    for plane in range(len(shifts)):
        other = slot + np.uint64((plane + 1) << layout.target_bits)
        shift = shifts[plane]
        for lane in range(np.uint64(layout.span)):
            ring[slot + lane] += np.int32(ring[other + lane] >> shift)
            ring[other + lane] = 0
