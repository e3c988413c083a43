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
    spike = begin
    while spike < end:
        if spike + _AHEAD < end:
            ask_for(synapses, first + sources[spike + _AHEAD])
        source = first + sources[spike]
        start, stop = np.uint64(indptr[source]), np.uint64(indptr[source + 1])
        spike += 1
        if synapses.in_order[source]:
            row = arrival(synapses.delay, start, now, n_rows)
            slot, size = np.uint64(synapses.target[start]), stop - start
            if spike + 3 <= end and three_like(sources, spike, first, source, synapses, n_rows):
                second = np.uint64(indptr[first + sources[spike]])
                third = np.uint64(indptr[first + sources[spike + 1]])
                fourth = np.uint64(indptr[first + sources[spike + 2]])
                add_four(ring[row], slot, synapses.weight, start, second, third, fourth, size)
                spike += 3
            else:
                for k in range(size):
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
def three_like(
    sources: Any, spike: Any, first: Any, source: Any, synapses: Any, n_rows: Any
) -> Any:
    """Whether the next three rows are in order and have the targets and delay of ``source``."""
    indptr, start = synapses.indptr, synapses.indptr[source]
    alike = True
    for k in range(spike, spike + 3):
        other = first + sources[k]
        its = indptr[other]
        alike = (
            alike
            and synapses.in_order[other]
            and indptr[other + 1] - its == indptr[source + 1] - start
            and synapses.target[its] == synapses.target[start]
            and (n_rows == 1 or synapses.delay[its] == synapses.delay[start])
        )
    return alike


@inline_kernel
def add_four(row: Any, slot: Any, weight: Any, a: Any, b: Any, c: Any, d: Any, size: Any) -> None:
    """Add four rows in their order: what is summed is read and written once."""
    for k in range(size):
        row[slot + k] = (
            row[slot + k] + weight[a + k] + weight[b + k] + weight[c + k] + weight[d + k]
        )


@inline_kernel
def arrival(delay: Any, k: Any, now: Any, n_rows: Any) -> Any:
    """Row of the ring that synapse ``k`` adds to."""
    if n_rows == 1:
        return 0
    row = now + delay[k]
    return row - n_rows if row >= n_rows else row


@inline_kernel
def ask_for(synapses: Any, source: Any) -> None:
    """Start to load a row: it begins with cache misses, which pass while others are delivered."""
    if synapses.in_order[source]:  # one stream, which the processor follows by itself
        return
    for k in range(synapses.indptr[source], synapses.indptr[source + 1], _LINE):
        if len(synapses.words) > 0:
            prefetch(synapses.words, k)
        else:
            prefetch(synapses.target, k)
            prefetch(synapses.weight, k)
            prefetch(synapses.weight, k + _LINE // 2)
