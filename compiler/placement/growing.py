"""Cluster neurons by growing one core after another from those that share most sources with it."""

from __future__ import annotations

import numpy as np

from neurochip.packing.budget import Filler
from neurochip.packing.wiring import Wiring
from neurochip.typing import Float64Array, Int64Array

__all__ = ["grow"]


def grow(wiring: Wiring, filler: Filler, rate: Float64Array) -> Int64Array:
    """Cluster neurons by their common sources; return the cluster of each neuron.

    Each cluster fits on one core, unless a single neuron exceeds a limit.

    Parameters
    ----------
    wiring : Wiring
        Neurons and their synapses.
    filler : Filler
        Filler of this wiring, which counts resources.
    rate : ndarray of float64, shape (n_sources,)
        Message weight of each source, above 0.
    """
    from .growing_kernels import Growth, grow_cores

    n, (ptr, targets) = wiring.n_neurons, wiring.targets
    total = np.zeros(n)
    total += np.bincount(targets, np.repeat(rate, np.diff(ptr)), n)
    total += np.bincount(wiring.neuron_of, rate[: wiring.n_compartments], n)
    cluster = np.full(n, -1, dtype=np.int64)
    growth = Growth(
        kind=wiring.kind,
        neuron_of=wiring.neuron_of,
        ptr=ptr,
        targets=targets,
        rate=rate,
        total=total,
        score=np.zeros(n),
        listed=np.zeros(n, dtype=np.int8),
        reached=np.zeros(wiring.n_sources, dtype=np.int32),
        frontier=np.empty(n, dtype=np.int64),
        members=np.empty(n, dtype=np.int64),
        cluster=cluster,
        at=np.zeros(3, dtype=np.int64),
    )
    grow_cores(filler.tables, filler.packing, filler.scratch, growth)
    return cluster
