"""Dense rows: (nearly) consecutive targets, stored without indices.

The first word of a *dense* row holds the offset of its first target; the weights follow it, in 1 or
2 bytes each. The pointer of a row marks it as dense. Adding a dense row is one vector loop, about
ten times as fast as a sparse row in the same cache. Weights of 1 byte are differences from a base,
which is stored above the offset in the first word; the second word holds the number of synapses. In
an image that fits the caches, a row with at least an eighth of the possible targets is stored as
dense too, with zeros in the gaps.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._kernels.jit import inline_kernel, kernel
from ..._kernels.plain import call
from ...typing import Int8Array, Int16Array, Int32Array, Int64Array

__all__ = ["BYTES", "HALVES", "PLACE", "SIZE_BIT", "DenseRows", "dense_rows_of", "pack_rows"]

HALVES = 1 << 61
"""Mark of a dense row with weights of 2 bytes, in its entry of ``Layout.row_ptr``."""

BYTES = 1 << 62
"""Mark of a dense row with weights of 1 byte."""

SIZE_BIT = 40
"""Lowest bit of the number of targets of a dense row, in its pointer, below the marks."""

PLACE = (1 << SIZE_BIT) - 1
"""Mask of the part of a pointer that is an index into ``Layout.synapses``."""

_SHORTEST_DENSE = 32  # synapses; a vector loop over fewer is not faster
_SPARSEST = 8  # targets per synapse; adding a zero is about 8 times as fast as a sparse synapse
_MOST_PADDED = 1 << 22  # words; 16 MB, about the share of one core in the L3 cache
_HALF = 16  # bits of a narrow offset, which leaves 16 bits for the weight


class DenseRows(NamedTuple):
    """The words of all rows as weights of 2 bytes and of 1 byte."""

    halves: Int16Array
    bytes: Int8Array


def dense_rows_of(row_ptr: Int64Array, synapses: Int32Array) -> DenseRows | None:
    """Return the weights of the dense rows of packed rows; None if all rows are sparse."""
    if row_ptr.max() < HALVES:
        return None
    return DenseRows(synapses.view(np.int16), synapses.view(np.int8))


def pack_rows(
    row_ptr: Int64Array, synapses: Int32Array, offset_bits: int, target_bits: int, edge: int
) -> Int32Array:
    """Pack the dense rows, mark them in ``row_ptr``, and return the words of all rows.

    Parameters
    ----------
    row_ptr : ndarray of int64, shape (n_rows + 1,)
        Start of each row; changed in place.
    synapses : ndarray of int32
        One word per synapse: weight in the high bits, offset in the low bits; overwritten.
    offset_bits, target_bits : int
        Number of bits of an offset, and of the target within an offset.
    edge : int
        Rows with gaps begin and end at multiples of ``edge``, which divides the span of a block.
    """
    place, work = (offset_bits, target_bits, edge), len(row_ptr) + len(synapses)
    words = call(_padded_words, work, row_ptr, synapses, *place, _SPARSEST)
    sparsest = _SPARSEST if 0 < words <= _MOST_PADDED else 1
    packed = np.empty(words, dtype=np.int32) if sparsest > 1 else synapses
    halves, single = packed.view(np.int16), packed.view(np.int8)
    used = call(_pack, work, row_ptr, synapses, *place, sparsest, packed, halves, single)
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
    """Return first offset, width, smallest and largest weight of a dense row; width 0 if sparse.

    With ``sparsest`` above 1, a row may have gaps: up to ``sparsest`` targets per synapse. Such a
    row begins and ends at multiples of ``edge``, so that rows of the same range can be added
    together.
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
    # All targets must be in the same step: the next step may be at the other end of the ring.
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
    row_ptr: Any, synapses: Any, offset_bits: Any, target_bits: Any, edge: Any, sparsest: Any
) -> Any:
    """Return the words of all rows if rows with gaps become dense; 0 if no row has such gaps."""
    words, padded = 0, False
    for row in range(len(row_ptr) - 1):
        start, stop = row_ptr[row], row_ptr[row + 1]
        _, width, _, _ = _shape_of(synapses, start, stop, offset_bits, target_bits, edge, sparsest)
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
    """Write all rows, the dense ones without indices, and return the number of words used.

    ``packed`` may be ``synapses`` if no row grows: every word is read before it is overwritten.
    Weight i is written behind the word that it is read from, or into the low half of a word that is
    read later, which holds an offset and no weight.
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
