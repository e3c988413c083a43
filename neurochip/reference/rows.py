"""Rows of synapses in a form that is read faster."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from ..typing import Float64Array, Int32Array

__all__ = ["TARGET_BITS", "mark_rows_in_order", "pack_synapses"]

TARGET_BITS = 20
"""Low bits of a word: the target; the others number the weight."""

_MOST_WEIGHTS = 1 << (32 - TARGET_BITS)
_PLACES = 4 * _MOST_WEIGHTS  # of the hash table
_HASH = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Knuth, TAOCP 3, section 6.4

_SHORTEST = 16  # synapses: below it a vector loop does not pay


@kernel
def mark_rows_in_order(indptr: Any, target: Any, delay: Any, in_order: Any) -> None:
    """Mark the rows whose targets follow one another, with one delay: they are added as vectors."""
    for source in range(len(indptr) - 1):
        start, stop = indptr[source], indptr[source + 1]
        k = start + 1
        while (
            k < stop
            and target[k] == target[k - 1] + 1
            and (len(delay) == 0 or delay[k] == delay[k - 1])
        ):
            k += 1
        in_order[source] = stop - start >= _SHORTEST and k == stop


def pack_synapses(
    target: Int32Array, weight: Float64Array, n_slots: int
) -> tuple[NDArray[np.uint32], Float64Array]:
    """Put target and number of the weight into one word, where there are few weights.

    Most networks have one weight per connection, and weights that a chip holds are few: then a
    synapse takes 4 bytes, not 12, and the values are the same.

    Returns
    -------
    words : ndarray of uint32, shape (n_synapses,)
        Empty where there are more than 4096 weights or 2**20 targets.
    values : ndarray of float64
        Weights by their number.
    """
    words, values = np.empty(len(target), dtype=np.uint32), np.empty(_MOST_WEIGHTS)
    found = -1
    if n_slots <= 1 << TARGET_BITS:
        found = _pack(target, weight, weight.view(np.uint64), np.full(_PLACES, -1), values, words)
    return (words[:0], values[:0]) if found < 0 else (words, values[:found].copy())


@kernel
def _pack(target: Any, weight: Any, bits: Any, table: Any, values: Any, words: Any) -> Any:
    """Number the weights in the order of their appearance; return how many, or -1."""
    found = 0
    for k in range(len(target)):
        place = (bits[k] * _HASH) >> np.uint64(50)
        while table[place] >= 0 and bits[k] != bits[table[place]]:
            place = (place + np.uint64(1)) % np.uint64(_PLACES)
        if table[place] < 0:
            if found == len(values):
                return -1
            table[place] = k
            values[found] = weight[k]
            words[k] = np.uint32(found << TARGET_BITS | target[k])
            found += 1
        else:
            first = np.int64(words[table[place]]) >> TARGET_BITS
            words[k] = np.uint32(first << TARGET_BITS | target[k])
    return found
