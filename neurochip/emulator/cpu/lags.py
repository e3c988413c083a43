"""The delays of waiting spikes: which networks have them, and how their rows are sorted.

Usually a spike is delivered in the step after it: each of its synapses adds its weight to the ring,
in the row of the step in which it arrives. The ring of a large network with long delays does not
fit the caches, and few spikes meet in a cache line of it, so each addition is a cache miss. There,
the spikes wait instead. The synapses of a source are sorted by delay, and those of each delay are a
row. In every step the spikes of as many steps before deliver the row of each delay
(:mod:`neurochip.emulator.cpu.waiting`). The ring then has a single step, and an offset no delay, so
that there are fewer blocks.

The rows of a source lie one behind the other: the next step goes on in the same cache line.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._kernels.jit import kernel
from ..._kernels.plain import call
from ...image import ChipImage
from ...typing import Int64Array

__all__ = ["Lags", "lags_of"]

_LARGEST_RING = 1 << 20  # sums; 4 MB, about the share of one core in the L3 cache
_SHORTEST_ROW = 8  # synapses; shorter rows take longer than the cache misses of a ring


class Lags(NamedTuple):
    """Delays of the rows of a compartment.

    Parameters
    ----------
    delays : ndarray of int64, shape (n_lags,)
        In increasing order: row j of each compartment has its synapses with delay ``delays[j]``.
    fan_out : ndarray of int64, shape (n_compartments,)
        Number of synapses of each compartment.
    """

    delays: Int64Array
    fan_out: Int64Array


def lags_of(image: ChipImage, blocks: int) -> Lags | None:
    """Return the delays of compartments if their spikes wait; None if a ring serves better.

    Inputs do not wait, so an image whose inputs have delays uses the ring.
    """
    groups = [group for group in image.synapses if group.source == "compartments"]
    n_synapses, size = sum(group.n_synapses for group in groups), image.n_compartments
    if not image.max_delay or size * (image.max_delay + 1) <= _LARGEST_RING:
        return None
    if any(group.delay.any() for group in image.synapses if group.source == "inputs"):
        return None
    found = np.zeros(image.max_delay + 1, dtype=np.int64)
    fan_out = np.zeros(size, dtype=np.int64)
    for group in groups:
        call(_find, group.n_synapses, group.delay, found)
        fan_out += np.diff(group.indptr)
    delays = np.flatnonzero(found)
    if n_synapses < _SHORTEST_ROW * size * len(delays) * blocks:
        return None
    return Lags(delays, fan_out)


@kernel
def _find(delay: Any, found: Any) -> None:
    """Mark the delays that occur; no delays are delays of 0."""
    if len(delay) == 0:
        found[0] = 1
    for k in range(len(delay)):
        found[delay[k]] = 1
