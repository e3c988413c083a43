"""Find the resource that ends the cores: the one that the next neuron would exceed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurochip._support.csr import spans, starts_of
from neurochip.chip.spec import CoreSpec
from neurochip.packing.budget import Filler, limits_of
from neurochip.packing.wiring import delay_limit
from neurochip.typing import Int64Array

from .workload import Workload

__all__ = ["fullest_resource"]


def fullest_resource(
    work: Workload,
    core: CoreSpec,
    order: Int64Array,
    core_ptr: Int64Array,
    usage: Mapping[str, Int64Array],
) -> str:
    """Return the resource that most cores lack for one more neuron.

    If no core lacks one, it is the resource of which most cores use the largest share.

    Parameters
    ----------
    work : Workload
        The neurons that were placed.
    core : CoreSpec
        Limits of a core.
    order : ndarray of int64, shape (n_neurons,)
        Neurons in the order in which they fill the cores.
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Start of each core in ``order``.
    usage : dict of str to ndarray of int64, shape (n_cores,)
        Use of each resource, and ``delay_bits``.
    """
    lacking = _lacking(work, core, order, core_ptr)
    if any(lacking.values()):
        return max(lacking, key=lacking.__getitem__)
    # A core has one set of shared registers, which is always in use.
    room = _room(core, usage)
    names = [name for name in room if name in usage and name != "shared_registers"]
    shares = [usage[name] / np.maximum(1, room[name]) for name in names]
    counts = np.bincount(np.argmax(shares, axis=0), minlength=len(names))
    return names[int(np.argmax(counts))]


def _lacking(
    work: Workload, core: CoreSpec, order: Int64Array, core_ptr: Int64Array
) -> dict[str, int]:
    """Return the number of cores that lack each resource for the first neuron of the next core.

    Every other core is counted, so that no neuron is counted twice.
    """
    every = np.arange(0, len(core_ptr) - 2, 2)
    sizes = np.diff(core_ptr)[every] + 1
    extended = order[spans(core_ptr[every], sizes)]
    opens = np.zeros(len(extended), dtype=bool)
    opens[starts_of(sizes)[:-1]] = True
    usage = Filler(work.wiring, core, limited=False).fill(extended, opens).usage
    room = _room(core, usage)
    return {name: int((usage[name] > room[name]).sum()) for name in room if name in usage}


def _room(core: CoreSpec, usage: Mapping[str, Int64Array]) -> dict[str, Int64Array]:
    """Return the limit of each resource on each core; long delays leave fewer compartments."""
    room = {name: np.asarray(limit) for name, limit in limits_of(core).items()}
    return {**room, "compartments": delay_limit(core, usage["delay_bits"])}
