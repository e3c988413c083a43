"""Spikes that wait for their delays, in networks whose ring would outgrow the caches.

Usually a spike is delivered at once: each of its synapses adds its weight to the ring, in the row
of the step in which it arrives. The ring of a large network with long delays does not fit the
caches, and few spikes meet in a cache line of it, so each addition is a cache miss. There, the
spikes wait instead. The synapses of a source are sorted by delay, and those of each delay are a
row. In every step the spikes of as many steps before deliver the row of each delay. The ring then
has a single step.

The rows of a source lie one behind the other: the next step goes on in the same cache line.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..typing import Int32Array, Int64Array
from .jit import inner_kernel, kernel
from .plain import call

__all__ = ["Waiting", "keep_spikes", "new_waiting", "waiting_delays"]

_LARGEST_RING = 1 << 20  # sums; of 4 bytes, about the share of one core in the L3 cache
_SHORTEST_ROW = 8  # synapses; shorter rows take longer than the cache misses of a ring


class Waiting(NamedTuple):
    """Spikes of the last steps, a copy for each part of the targets: no thread reads another's.

    Parameters
    ----------
    spikes : ndarray of int32, shape (n_parts, n_steps, n_sources)
        Sources that spiked in step t, in order, are at ``t % n_steps``. The system provides memory
        for what is used.
    counts : ndarray of int64, shape (n_parts, n_steps)
        Their number.
    """

    spikes: Int32Array
    counts: Int64Array


def waiting_delays(
    parts: list[NDArray[Any]], longest: int, n_sources: int, n_synapses: int, n_parts: int
) -> Int64Array | None:
    """Return the different delays if spikes should wait for them; None if a ring serves better.

    Parameters
    ----------
    parts : list of ndarray
        Delays of the synapses in steps; an empty array stands for synapses without delays.
    longest : int
        Longest delay.
    n_sources, n_synapses : int
        Number of sources, which are the targets too, and of their synapses.
    n_parts : int
        Number of parts of the targets; the rows of a source are divided among them.

    Returns
    -------
    ndarray of int64 or None
        In increasing order.
    """
    if not longest or n_sources * (longest + 1) <= _LARGEST_RING:
        return None
    found = np.zeros(longest + 1, dtype=np.int64)
    for delay in parts:
        call(_find, len(delay), delay, found)
    delays = np.flatnonzero(found)
    enough = n_synapses >= _SHORTEST_ROW * n_sources * len(delays) * n_parts
    return delays if enough else None


@kernel
def _find(delay: Any, found: Any) -> None:
    if len(delay) == 0:
        found[0] = 1
    for k in range(len(delay)):
        found[delay[k]] = 1


def new_waiting(delays: Int64Array, n_sources: int, n_parts: int) -> Waiting:
    """Return the spikes before step 0: none."""
    n_steps = int(delays[-1]) + 1
    spikes = np.zeros((n_parts, n_steps, n_sources), dtype=np.int32)
    return Waiting(spikes, np.zeros((n_parts, n_steps), dtype=np.int64))


@inner_kernel
def keep_spikes(step: Any, place: Any, spikes: Any, ends: Any, kept: Any, counts: Any) -> Any:
    """Copy the spikes of ``step`` from the lists of all workers; return where they are kept."""
    new, n = step % len(counts), 0
    for worker in range(len(ends)):
        for k in range(ends[worker, place], ends[worker, place + 1]):
            kept[new, n] = spikes[k]
            n += 1
    counts[new] = n
    return new
