"""Spikes to accumulators: the loop that most of the time of a large network is spent in."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import inline_kernel, kernel
from . import offsets as at
from .layout import DENSE
from .prefetch import prefetch

__all__ = ["deliver", "fold_plane"]

_LINE = 16  # synapses in a cache line
_AHEAD = 4  # sources whose rows are asked for in advance
_LOW_HALF = np.uint64(0xFFFF)
_PLACE = np.uint64(DENSE - 1)


@inline_kernel
def deliver(
    sources: Any,
    begin: Any,
    end: Any,
    first: Any,
    row_ptr: Any,
    synapses: Any,
    halves: Any,
    ring: Any,
    ring_start: Any,
    head: Any,
    ring_mask: Any,
) -> Any:
    """Add the weights of all synapses of some sources to the ring of one block.

    ``first`` is the position in ``row_ptr`` of source 0 for this block.
    """
    delivered = 0
    for k in range(begin, end):
        if k + _AHEAD < end:
            # The start of a row is a cache miss; asking now hides it behind other rows.
            later = first + np.uint64(sources[k + _AHEAD])
            asked = row_ptr[later] & (DENSE - 1)
            for line in range(asked, row_ptr[later + np.uint64(1)] & (DENSE - 1), _LINE):
                prefetch(synapses, line)
        row = first + np.uint64(sources[k])
        start = np.uint64(row_ptr[row]) & _PLACE
        stop = np.uint64(row_ptr[row + np.uint64(1)]) & _PLACE
        if row_ptr[row] >= DENSE:
            slot = ring_start + ((np.uint64(synapses[start]) + head) & ring_mask)
            weight = np.uint64(2) * start + np.uint64(2)
            for i in range(stop - start):
                ring[slot + i] += np.int32(halves[weight + i])
        else:
            for s in range(start, stop):
                packed = synapses[s]
                slot = ring_start + (((np.uint64(packed) & _LOW_HALF) + head) & ring_mask)
                ring[slot] += np.int32(packed >> 16)
        delivered += np.int64(stop - start)
    return delivered


@kernel
def fold_plane(ring: Any, slot: Any, other: Any, shift: Any) -> None:
    """Shift the sums of one synapse group for a tile, and add them to the others."""
    for lane in range(at.EACH_LANE):
        ring[slot + lane] += np.int32(ring[other + lane] >> shift)
        ring[other + lane] = 0
