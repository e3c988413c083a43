"""Distribute synapses over the threads of a run, in forms that are fast to read.

Each thread has the synapses that end in its own neurons. So the input of a neuron is summed by one
thread, in the order of the network, for any number of threads. The faster forms of a row hold the
same weights, bit for bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._kernels.instructions import rows_ahead
from .._kernels.jit import kernel
from .._kernels.plain import call
from .._kernels.waiting import waiting_delays
from ..typing import Float64Array, Int32Array, Int64Array
from .tables import NeuronTable, SynapseTable, UInt16Array

__all__ = [
    "TARGET_BITS",
    "WorkerRows",
    "find_patterns",
    "lags_of",
    "lay_out_rows",
    "narrowed",
    "pack_synapses",
]

TARGET_BITS = 20
"""Low bits of a word, which hold the target; the high bits hold the number of the weight."""

_MOST_WEIGHTS = 1 << (32 - TARGET_BITS)
_PLACES = 4 * _MOST_WEIGHTS  # size of the hash table
_HASH = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Knuth, TAOCP 3, section 6.4

_SHORTEST = 16  # synapses; a vector loop over fewer is not faster
_SYNAPSES = 100  # synapses that take as long as one neuron, for usual spike rates
_LINE = 8  # neurons in a cache line; no two threads write to the same line


class WorkerRows(NamedTuple):
    """Compressed sparse rows: those of all sources for worker 0, then for worker 1, and so on.

    Parameters
    ----------
    shares : ndarray of int64, shape (n_workers + 1,)
        Neurons of worker w are ``shares[w]`` to ``shares[w + 1]``.
    indptr : ndarray of int64, shape (n_workers * n_rows + 1,)
        Synapses of row r are ``indptr[r]`` to ``indptr[r + 1]``. Each source has a row, or if
        spikes wait, each input has one and each neuron one for each delay.
    target, weight, delay : ndarray
        As in :class:`~neurochip.reference.tables.SynapseTable`; weights may be float32.
    pattern : ndarray of int32, shape (n_workers * n_rows,)
        Positive for dense rows: consecutive targets with a common delay. Rows with the same number
        have the same targets and delay. 0 for all other rows.
    words : ndarray of uint32, shape (n_synapses,)
        Target and number of the weight in ``values``, in one word; empty if the network has too
        many targets or different weights.
    values : ndarray of float64
        Different weights, by number.
    ahead : int
        A row is prefetched this number of rows before its use.
    """

    shares: Int64Array
    indptr: Int64Array
    target: Int32Array
    weight: NDArray[np.floating]
    delay: UInt16Array
    pattern: Int32Array
    words: NDArray[np.uint32]
    values: Float64Array
    ahead: int


def lags_of(neurons: NeuronTable, synapses: SynapseTable, n_workers: int) -> Int64Array | None:
    """Return the delays of neurons if their spikes wait: see ``neurochip._kernels.waiting``.

    Inputs do not wait, so a network whose inputs have delays uses the ring.
    """
    n_neurons = int(neurons.bounds[-1])
    begin = int(synapses.indptr[-1 - n_neurons])
    if synapses.delay[:begin].any():
        return None
    own = synapses.delay[begin:]
    longest = synapses.ring_rows - 1
    return waiting_delays([own], longest, n_neurons, len(own), n_workers)


def lay_out_rows(
    neurons: NeuronTable, synapses: SynapseTable, n_workers: int, lags: Int64Array | None = None
) -> WorkerRows:
    """Divide the neurons among the workers, and give each worker the synapses onto its neurons.

    With ``lags``, spikes wait for these delays.
    """
    of_slots = neurons.of_slots
    indptr, target, weight, delay = synapses
    shares = np.array([0, neurons.bounds[-1]])
    if n_workers > 1 or lags is not None:
        shares = _share_out(of_slots, target, n_workers)
        worker = np.searchsorted(shares, of_slots, side="right") - 1
        # Row of each source, and of each delay behind it.
        row = np.arange(len(indptr))
        place = None
        if lags is not None:
            row += (len(lags) - 1) * np.maximum(row - (len(indptr) - 1 - neurons.bounds[-1]), 0)
            place = np.searchsorted(lags, np.arange(synapses.ring_rows))
        cursor = np.zeros(n_workers * row[-1] + 2, dtype=np.int64)
        _count_rows(indptr, target, delay, worker, row, place, cursor)
        np.cumsum(cursor, out=cursor)
        target, weight = np.empty_like(target), np.empty_like(weight)
        delay = np.empty_like(delay[: len(delay) if lags is None else 0])
        _split_rows(*synapses, worker, row, place, cursor, target, weight, delay)
        indptr = cursor[:-1]
    pattern = np.zeros(len(indptr) - 1, dtype=np.int32)
    call(find_patterns, len(target) + len(pattern), indptr, target, delay, pattern)
    words, values = pack_synapses(target, weight, len(of_slots))
    streamed = narrowed(weight) if pattern.any() else weight
    return WorkerRows(
        shares,
        indptr,
        target,
        streamed,
        delay,
        pattern,
        words,
        values,
        ahead=rows_ahead(len(pattern), len(target)),
    )


def narrowed(weight: Float64Array) -> NDArray[np.floating]:
    """Return the weights in float32 if all of them are exact in float32, otherwise unchanged.

    Dense rows are read sequentially, so half the bytes take half the time.
    """
    with np.errstate(over="ignore"):
        single = weight.astype(np.float32)
    return single if np.array_equal(single, weight) else weight


def _share_out(of_slots: Int64Array, target: Int32Array, n_workers: int) -> Int64Array:
    """Divide the neurons into parts with about the same work; return the bounds."""
    arriving = np.bincount(of_slots, np.bincount(target, minlength=len(of_slots)))
    work = np.cumsum(1 + arriving / _SYNAPSES)
    cuts = np.searchsorted(work, work[-1] * np.arange(1, n_workers) / n_workers)
    return np.array([0, *(cuts // _LINE * _LINE), len(work)], dtype=np.int64)


@kernel
def _count_rows(
    indptr: Any, target: Any, delay: Any, worker: Any, row: Any, place: Any, counts: Any
) -> None:
    """Count the synapses of each row, stored two places later for a counting sort in place.

    The running sum then holds the start of row k at k + 1, and filling moves it to the start of
    row k + 1.
    """
    n_sources = len(indptr) - 1
    for source in range(n_sources):
        for k in range(indptr[source], indptr[source + 1]):
            own = worker[target[k]] * row[n_sources] + row[source]
            if place is not None:
                own += place[delay[k]]
            counts[own + 2] += 1


@kernel
def _split_rows(
    indptr: Any,
    target: Any,
    weight: Any,
    delay: Any,
    worker: Any,
    row: Any,
    place: Any,
    cursor: Any,
    new_target: Any,
    new_weight: Any,
    new_delay: Any,
) -> None:
    n_sources = len(indptr) - 1
    for source in range(n_sources):
        for k in range(indptr[source], indptr[source + 1]):
            own = worker[target[k]] * row[n_sources] + row[source] + 1
            if place is not None:
                own += place[delay[k]]
            at = cursor[own]
            new_target[at], new_weight[at] = target[k], weight[k]
            if len(new_delay) > 0:
                new_delay[at] = delay[k]
            cursor[own] += 1


@kernel
def find_patterns(indptr: Any, target: Any, delay: Any, pattern: Any) -> None:
    """Number the dense rows: consecutive targets with a common delay, added in vector loops.

    A row has the same number as the last dense row if their targets and delays are equal.
    """
    last, n_patterns = -1, 0
    for source in range(len(pattern)):
        start, stop = indptr[source], indptr[source + 1]
        k = start + 1
        while (
            k < stop
            and target[k] == target[k - 1] + 1
            and (len(delay) == 0 or delay[k] == delay[k - 1])
        ):
            k += 1
        if stop - start >= _SHORTEST and k == stop:
            before = indptr[max(last, 0)]
            alike = (
                last >= 0
                and indptr[last + 1] - before == stop - start
                and target[before] == target[start]
                and (len(delay) == 0 or delay[before] == delay[start])
            )
            n_patterns += 0 if alike else 1
            pattern[source], last = n_patterns, source


def pack_synapses(
    target: Int32Array, weight: Float64Array, n_slots: int
) -> tuple[NDArray[np.uint32], Float64Array]:
    """Pack the target and the number of the weight in one word, if there are few different weights.

    Most networks have one weight per connection, or few different weights, such as those of a chip.
    A synapse then takes 4 bytes instead of 12, without loss of precision.

    Returns
    -------
    words : ndarray of uint32, shape (n_synapses,)
        Empty if the network has more than 4096 different weights or 2**20 targets.
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
    """Number the weights in the order of appearance; return their number, or -1 if too many."""
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
