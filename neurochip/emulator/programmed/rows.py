"""Rows of synapses: how far each adds its weight ahead of a step in the ring of sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.jit import inline_kernel
from ..._support.csr import starts_of
from ...image import SynapseGroup
from ...typing import Int64Array, UInt8Array
from .order import Order

__all__ = ["consecutive_rows", "place_of", "ring_offsets"]


@inline_kernel
def place_of(offset: Any, head: Any, ring_size: Any) -> Any:
    """Return the place in the ring that is ``offset`` ahead of ``head``."""
    place = head + np.uint64(offset)
    return place - ring_size if place >= ring_size else place


def ring_offsets(group: SynapseGroup, order: Order, plane: int, slot_size: int) -> Int64Array:
    """Return how far the sum of each synapse of a group is ahead of lane 0 of a step in the ring.

    Parameters
    ----------
    group : SynapseGroup
        The group.
    order : Order
        Where the engine keeps its compartments.
    plane, slot_size : int
        Plane of the group's sums in a slot, and sums of a slot.
    """
    ahead = order.lane[group.target] + plane * len(order.compartment)
    if group.delay.size:
        ahead += group.delay.astype(np.int64) * slot_size
    return ahead


def consecutive_rows(row_ptr: Int64Array, offset: Any, slot_size: int) -> UInt8Array:
    """Return 1 for each row whose offsets are consecutive, within one slot."""
    starts, stops = row_ptr[:-1], row_ptr[1:]
    gaps = starts_of(np.diff(offset) != 1)  # before each synapse, but for a 0 at the first
    found = np.zeros(len(starts), dtype=np.uint8)
    used = np.flatnonzero(stops > starts)
    first, last = starts[used], stops[used] - 1
    same_slot = offset[first] // slot_size == offset[last] // slot_size
    found[used] = (gaps[last] == gaps[first]) & same_slot & (last > first)
    return found
