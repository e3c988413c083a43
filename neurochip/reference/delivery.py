"""Spikes to what arrives: the loop that most of the time of a large network is spent in.

Sums of floating-point numbers depend on their order, so every form of a row is added in the order
of its synapses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import inline_kernel, kernel
from .._llvm import prefetch
from .rows import TARGET_BITS

__all__ = ["deliver"]

_AHEAD = 4  # spikes whose rows are asked for in advance
_LINE = 16  # targets in a cache line, which are two of weights
_TARGET, _NUMBER = np.uint64((1 << TARGET_BITS) - 1), np.uint64(TARGET_BITS)  # of a word


@kernel
def deliver(
    sources: Any, begin: Any, end: Any, first: Any, synapses: Any, ring: Any, now: Any
) -> None:
    """Add the synapses of some sources to the rows of the steps in which they arrive.

    The sources are counted from row ``first`` of the synapses, ``now`` is the row without a delay.
    """
    indptr, n_rows = synapses.indptr, ring.shape[0]
    for spike in range(begin, end):
        if spike + _AHEAD < end:
            later = first + sources[spike + _AHEAD]
            ask_for(synapses, indptr[later], indptr[later + 1])
        source = first + sources[spike]
        start, stop = np.uint64(indptr[source]), np.uint64(indptr[source + 1])
        if synapses.in_order[source]:
            row = now if n_rows == 1 else (now + synapses.delay[start]) % n_rows
            slot = np.uint64(synapses.target[start])
            for k in range(stop - start):
                ring[row, slot + k] += synapses.weight[start + k]
        elif len(synapses.words) > 0:
            words, values = synapses.words, synapses.values
            for k in range(start, stop):
                row = arrival(synapses.delay, k, now, n_rows)
                ring[row, words[k] & _TARGET] += values[words[k] >> _NUMBER]
        else:
            for k in range(start, stop):
                row = arrival(synapses.delay, k, now, n_rows)
                ring[row, synapses.target[k]] += synapses.weight[k]


@inline_kernel
def arrival(delay: Any, k: Any, now: Any, n_rows: Any) -> Any:
    """Row of the ring that synapse ``k`` adds to."""
    if n_rows == 1:
        return 0
    row = now + delay[k]
    return row - n_rows if row >= n_rows else row


@inline_kernel
def ask_for(synapses: Any, begin: Any, end: Any) -> None:
    """Start to load a row: it begins with cache misses, which pass while others are delivered."""
    for k in range(begin, end, _LINE):
        if len(synapses.words) > 0:
            prefetch(synapses.words, k)
        else:
            prefetch(synapses.target, k)
            prefetch(synapses.weight, k)
            prefetch(synapses.weight, k + _LINE // 2)
