"""Rows without an index: their targets follow one another, or are not far from it.

The first word of a *dense* row holds the offset of its first target, and its weights stand behind
it, in one byte each or two. Such a row is marked in its pointer; adding it is one vector loop,
about ten times as fast as a sparse row in the same cache. Weights of one byte are differences from
a base, which stands above the offset, and the next word holds the number of synapses: in an image
that the caches can hold, a row with an eighth of the possible targets is dense as well, with zeros
between.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.jit import inline_kernel, kernel
from ...typing import Int32Array, Int64Array

__all__ = ["BYTES", "HALVES", "PLACE", "SIZE_BIT", "pack_rows"]

HALVES = 1 << 61
"""Mark of a dense row in ``Layout.row_ptr``, with weights of two bytes."""

BYTES = 1 << 62
"""Mark of a dense row with weights of one byte."""

SIZE_BIT = 40
"""Where the number of targets of a dense row stands in its pointer, below the marks."""

PLACE = (1 << SIZE_BIT) - 1
"""The part of a pointer that is a place in ``Layout.synapses``."""

_SHORTEST_DENSE = 32  # synapses: below it a vector loop does not pay
_SPARSEST = 8  # zeros are added so much faster than synapses with an index
_MOST_PADDED = 1 << 22  # words: 16 MB, about what a core has of the L3 cache
_HALF = 16  # bits: offsets that leave as many for a weight


def pack_rows(
    row_ptr: Int64Array, synapses: Int32Array, offset_bits: int, target_bits: int, edge: int
) -> Int32Array:
    """Pack the rows that are dense, mark them in ``row_ptr``, and return the words of all rows.

    Parameters
    ----------
    row_ptr : ndarray of int64, shape (n_rows + 1,)
        Where each row begins; changed in place.
    synapses : ndarray of int32
        One word each: weight above, offset below; overwritten.
    offset_bits, target_bits : int
        Bits of an offset, and those of them that tell the targets of one step apart.
    edge : int
        Rows with gaps are widened to multiples of it; divides the span of a block.
    """
    place = offset_bits, target_bits, edge
    words = _padded_words(row_ptr, synapses, *place)
    sparsest = _SPARSEST if 0 < words <= _MOST_PADDED else 1
    packed = np.empty(words, dtype=np.int32) if sparsest > 1 else synapses
    halves, single = packed.view(np.int16), packed.view(np.int8)
    used = _pack(row_ptr, synapses, *place, sparsest, packed, halves, single)
    packed.resize(used, refcheck=False)
    return packed


@inline_kernel
def _shape_of(
    synapses: Any,
    start: Any,
    stop: Any,
    offset_bits: Any,
    target_bits: Any,
    edge: Any,
    sparsest: Any,
) -> Any:
    """First offset, width, least and largest weight of a row as a dense one; width 0 if it is none.

    With ``sparsest`` above 1, a row may have so many targets for each synapse. It then begins and
    ends with a multiple of ``edge``, so that rows that reach as far are alike.
    """
    low = (1 << offset_bits) - 1
    n = stop - start
    if n < _SHORTEST_DENSE:
        return 0, 0, 0, 0
    first = last = np.int64(synapses[start]) & low
    least = most = np.int64(synapses[start]) >> offset_bits
    for k in range(start + 1, stop):
        offset, weight = np.int64(synapses[k]) & low, np.int64(synapses[k]) >> offset_bits
        if offset <= last:
            return 0, 0, 0, 0
        last, least, most = offset, min(least, weight), max(most, weight)
    # Targets of one step: the next step may lie at the other end of the ring.
    if first >> target_bits != last >> target_bits:
        return 0, 0, 0, 0
    if last - first + 1 == n:
        return first, n, least, most
    first, last = first // edge * edge, last // edge * edge + edge - 1
    least, most = min(least, 0), max(most, 0)
    fits = last - first < sparsest * n and most - least < 256
    return first, last - first + 1 if fits else 0, least, most


@kernel
def _padded_words(
    row_ptr: Any, synapses: Any, offset_bits: Any, target_bits: Any, edge: Any
) -> Any:
    """How many words all rows take if sparse ones are made dense; 0 if there are none of these."""
    words, padded = 0, False
    for row in range(len(row_ptr) - 1):
        start, stop = row_ptr[row], row_ptr[row + 1]
        _, width, _, _ = _shape_of(synapses, start, stop, offset_bits, target_bits, edge, _SPARSEST)
        if width > stop - start:
            words += 2 + (width + 3) // 4
            padded = True
        else:
            words += stop - start
    return words if padded else 0


@kernel
def _pack(
    row_ptr: Any,
    synapses: Any,
    offset_bits: Any,
    target_bits: Any,
    edge: Any,
    sparsest: Any,
    packed: Any,
    halves: Any,
    single: Any,
) -> Any:
    """Write rows together, dense ones without an index, and return the words used.

    ``packed`` may be ``synapses`` if no row grows: no word is written over before it is read.
    Weight i goes behind the word that it was read from, or into the low half of a word that is read
    later, where there is no weight.
    """
    low = (1 << offset_bits) - 1
    end = 0
    for row in range(len(row_ptr) - 1):
        start, stop = row_ptr[row], row_ptr[row + 1]
        n = stop - start
        first, width, least, most = _shape_of(
            synapses, start, stop, offset_bits, target_bits, edge, sparsest
        )
        if width > 0 and most - least < 256:
            base, begin = (least + most + 1) >> 1, 4 * (end + 2)
            for i in range(width if width > n else 0):
                single[begin + i] = np.int8(-base)
            for i in range(n):
                word = np.int64(synapses[start + i])
                place = i if width == n else (word & low) - first
                single[begin + place] = np.int8((word >> offset_bits) - base)
            packed[end] = np.int32((base << offset_bits) | first)
            packed[end + 1] = np.int32(n)
            row_ptr[row] = BYTES | width << SIZE_BIT | end
            end += 2 + (width + 3) // 4
        elif width > 0 and offset_bits == _HALF:
            for i in range(n):
                halves[2 * (end + 1) + i] = np.int16(synapses[start + i] >> offset_bits)
            packed[end] = np.int32(first)
            row_ptr[row] = HALVES | n << SIZE_BIT | end
            end += 1 + (n + 1) // 2
        else:
            for i in range(n if end < start or sparsest > 1 else 0):
                packed[end + i] = synapses[start + i]
            row_ptr[row] = end
            end += n
    row_ptr[len(row_ptr) - 1] = end
    return end
