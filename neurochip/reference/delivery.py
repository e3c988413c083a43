"""Deliver spikes to the ring: the loop that takes most of the time in large networks.

Sums of floating-point numbers depend on their order, so every form of a row is added in the order
of its synapses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.instructions import prefetch
from .._kernels.jit import inline_kernel, inner_kernel
from .._kernels.waiting import keep_spikes
from .rows import TARGET_BITS

__all__ = ["deliver", "deliver_newest", "deliver_older", "each"]

_LINE = np.uint64(16)  # targets in a cache line; their weights take two lines
_TARGET, _NUMBER = np.uint64((1 << TARGET_BITS) - 1), np.uint64(TARGET_BITS)  # mask and shift


@inner_kernel
def deliver(
    sources: Any, begin: Any, end: Any, first: Any, stride: Any, rows: Any, ring: Any, now: Any
) -> None:
    """Add the weights of all synapses of some sources to the rows of the ring.

    ``first`` is the row of source 0, and that of the next source is ``stride`` rows later; ``now``
    is the row of the ring for delay 0.
    """
    indptr, n_rows = rows.indptr, ring.shape[0]
    spike = begin
    while spike < end:
        # Prefetching a row needs its pointer, which would be a cache miss too: prefetch it earlier.
        far = spike + 2 * rows.ahead
        if far < end:
            prefetch(indptr, first + stride * sources[far])
        source = first + stride * sources[spike]
        start, stop = np.uint64(indptr[source]), np.uint64(indptr[source + 1])
        pattern = rows.pattern[source]
        if pattern > 0:  # sequential reads, which the processor prefetches by itself
            arrived, weight = ring[arrival(rows.delay, start, now, n_rows)], rows.weight
            slot, size = np.uint64(rows.target[start]), stop - start
            if spike + 4 <= end and three_alike(sources, spike + 1, first, stride, rows, pattern):
                b = np.uint64(indptr[first + stride * sources[spike + 1]])
                c = np.uint64(indptr[first + stride * sources[spike + 2]])
                d = np.uint64(indptr[first + stride * sources[spike + 3]])
                add_four(arrived, slot, weight, start, b, c, d, size)
                spike += 4
            else:
                for k in range(size):
                    arrived[slot + k] += weight[start + k]
                spike += 1
        else:
            # A later row is prefetched one cache line at a time; at once, it would stall the loads
            # of this row.
            later = np.uint64(indptr[first + stride * sources[min(spike + rows.ahead, end - 1)]])
            ask_for(rows, later)
            while start + _LINE < stop:
                later += _LINE
                ask_for(rows, later)
                add_indexed(rows, start, start + _LINE, ring, now, n_rows)
                start += _LINE
            add_indexed(rows, start, stop, ring, now, n_rows)
            spike += 1


@inner_kernel
def deliver_graded(
    sources: Any,
    payloads: Any,
    begin: Any,
    end: Any,
    first: Any,
    rows: Any,
    ring: Any,
    now: Any,
) -> None:
    """Do as :func:`deliver` does, with each weight times the payload unless that is None."""
    if payloads is None:
        deliver(sources, begin, end, first, 1, rows, ring, now)
    else:
        add_graded(sources, payloads, begin, end, first, rows, ring, now)


@inline_kernel
def each(lags: Any) -> Any:
    """Return the number of rows of each neuron."""
    return 1 if lags is None else len(lags)


@inner_kernel
def deliver_older(
    worker: Any, step: Any, lags: Any, waiting: Any, first: Any, rows: Any, ring: Any
) -> None:
    """Deliver spikes from before ``step`` that have waited and are due at its end.

    The longest delay comes first, as if each spike had been delivered when it was sent.
    """
    if lags is not None:
        kept, counts = waiting.spikes[worker], waiting.counts[worker]
        for k in range(len(lags)):
            lag = len(lags) - 1 - k
            sent = (step - lags[lag]) % len(counts)
            n = counts[sent] if lags[lag] > 0 else 0
            deliver(kept[sent], 0, n, first + lag, len(lags), rows, ring, 0)


@inner_kernel
def deliver_newest(
    worker: Any,
    step: Any,
    place: Any,
    spikes: Any,
    payloads: Any,
    ends: Any,
    lags: Any,
    waiting: Any,
    first: Any,
    rows: Any,
    ring: Any,
    now: Any,
) -> None:
    """Deliver the spikes that all workers listed in ``step``, or keep those that wait."""
    if lags is None:
        for other in range(len(ends)):
            begin, end = ends[other, place], ends[other, place + 1]
            deliver_graded(spikes, payloads, begin, end, first, rows, ring, now)
    else:
        kept, counts = waiting.spikes[worker], waiting.counts[worker]
        new = keep_spikes(step, place, spikes, ends, kept, counts)
        n = counts[new] if lags[0] == 0 else 0
        deliver(kept[new], 0, n, first, len(lags), rows, ring, 0)


@inner_kernel
def add_graded(
    sources: Any,
    payloads: Any,
    begin: Any,
    end: Any,
    first: Any,
    rows: Any,
    ring: Any,
    now: Any,
) -> None:
    """Add each weight times the payload of the spike."""
    n_rows = ring.shape[0]
    for spike in range(begin, end):
        source, payload = first + sources[spike], payloads[spike]
        start, stop = np.uint64(rows.indptr[source]), np.uint64(rows.indptr[source + 1])
        if rows.pattern[source] > 0:
            arrived = ring[arrival(rows.delay, start, now, n_rows)]
            slot = np.uint64(rows.target[start])
            for k in range(stop - start):
                arrived[slot + k] += payload * rows.weight[start + k]
        elif len(rows.words) > 0:
            for k in range(start, stop):
                word, row = rows.words[k], arrival(rows.delay, k, now, n_rows)
                ring[row, word & _TARGET] += payload * rows.values[word >> _NUMBER]
        else:
            for k in range(start, stop):
                row = arrival(rows.delay, k, now, n_rows)
                ring[row, rows.target[k]] += payload * rows.weight[k]


@inline_kernel
def three_alike(sources: Any, spike: Any, first: Any, stride: Any, rows: Any, pattern: Any) -> Any:
    """Return whether the rows of the next three spikes have this pattern."""
    return (
        rows.pattern[first + stride * sources[spike]] == pattern
        and rows.pattern[first + stride * sources[spike + 1]] == pattern
        and rows.pattern[first + stride * sources[spike + 2]] == pattern
    )


@inline_kernel
def add_four(
    arrived: Any, slot: Any, weight: Any, a: Any, b: Any, c: Any, d: Any, size: Any
) -> None:
    """Add four rows, in order, with one read and one write of each sum."""
    for k in range(size):
        arrived[slot + k] = (
            arrived[slot + k]
            + np.float64(weight[a + k])
            + np.float64(weight[b + k])
            + np.float64(weight[c + k])
            + np.float64(weight[d + k])
        )


@inline_kernel
def arrival(delay: Any, k: Any, now: Any, n_rows: Any) -> Any:
    """Return the row of the ring that synapse ``k`` adds to."""
    if n_rows == 1:
        return 0
    row = now + delay[k]
    return row - n_rows if row >= n_rows else row


@inline_kernel
def add_indexed(rows: Any, start: Any, stop: Any, ring: Any, now: Any, n_rows: Any) -> None:
    """Add synapses with explicit targets."""
    if len(rows.words) > 0:
        for k in range(start, stop):
            word = rows.words[k]
            row = arrival(rows.delay, k, now, n_rows)
            ring[row, word & _TARGET] += rows.values[word >> _NUMBER]
    else:
        for k in range(start, stop):
            row = arrival(rows.delay, k, now, n_rows)
            ring[row, rows.target[k]] += rows.weight[k]


@inline_kernel
def ask_for(rows: Any, k: Any) -> None:
    """Prefetch a line of synapses, so that its cache miss overlaps with the additions."""
    if len(rows.words) > 0:
        prefetch(rows.words, k)
    else:
        prefetch(rows.target, k)
        prefetch(rows.weight, k)
        prefetch(rows.weight, k + _LINE // np.uint64(2))
