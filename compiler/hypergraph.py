"""Neurons onto cores by hypergraph partitioning.

A source and its targets are a hyperedge. Cut into blocks, it costs one message per spike for every
block but one that it touches (the connectivity metric): what the partitioner minimises is the
spikes between cores. It balances one weight per neuron; the other limits are seen to afterwards.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np

from neurochip._extras import require
from neurochip.hardware import ChipSpec
from neurochip.mapping.budget import Filler
from neurochip.typing import Int64Array

from .settle import settle
from .workload import Workload

__all__ = ["messages_between", "partition_hypergraph"]

_IMBALANCE = 0.03
_TOP = 1000  # largest weight of a hyperedge: the partitioner takes integers
_FEWER = 0.8  # neurons that belong together share words: fewer cores may do than in order
_MANY_PINS = 2_000_000  # from which only one number of blocks is tried


def partition_hypergraph(work: Workload, chip: ChipSpec, filler: Filler, seed: int) -> Int64Array:
    """Return the core of each neuron.

    Raises
    ------
    MissingExtraError
        If mtkahypar is not installed.
    """
    library = _library()
    w = work.wiring
    n = w.n_neurons
    in_order = filler.fill(np.arange(n), np.zeros(n, dtype=bool))
    if in_order.failed >= 0 or in_order.n_cores == 1:
        return np.zeros(n, dtype=np.int64)
    edges, weights = _hyperedges(work)
    sizes = np.diff(w.neuron_ptr)
    by_compartments = int(np.ceil(sizes.sum() / in_order.usage["compartments"].max()))
    words = in_order.usage["synaptic_words"].sum() / chip.core.synaptic_words
    load = sizes
    if words > by_compartments:
        load = 1 + np.add.reduceat(np.diff(w.in_ptr), w.neuron_ptr[:-1])
    blocks = {in_order.n_cores, max(2, by_compartments, round(_FEWER * in_order.n_cores))}
    if len(w.in_list) > _MANY_PINS:
        blocks = {in_order.n_cores}
    found = []
    for k in sorted(blocks):
        cluster = _partition(library, edges, weights, load, min(k, n), seed)
        cluster = settle(work, chip, filler, cluster)
        found.append((messages_between(work, cluster), k, cluster))
    return min(found, key=lambda item: item[:2])[2]


def _hyperedges(work: Workload) -> tuple[list[list[int]], list[int]]:
    w = work.wiring
    ptr, targets = w.targets
    source = np.repeat(np.arange(w.n_sources), np.diff(ptr))
    # A compartment is with its own targets; an input is nowhere.
    active = np.flatnonzero(np.diff(ptr)[: w.n_compartments])
    source = np.concatenate([source, active])
    pin = np.concatenate([targets, w.neuron_of[active]]).astype(np.int64)
    source, pin = np.divmod(np.unique(source * w.n_neurons + pin), w.n_neurons)
    starts = np.searchsorted(source, np.arange(w.n_sources + 1))
    several = np.flatnonzero(np.diff(starts) > 1)
    top = work.rate.max(initial=0.0)
    share = work.rate / top if top > 0 else np.ones(w.n_sources)
    weights = np.maximum(1, np.rint(_TOP * share[several])).astype(int).tolist()
    pins = pin.tolist()
    bounds = np.stack([starts[several], starts[several + 1]], axis=1).tolist()
    return [pins[a:b] for a, b in bounds], weights


def _partition(
    library: Any,
    edges: list[list[int]],
    weights: list[int],
    load: Int64Array,
    k: int,
    seed: int,
) -> Int64Array:
    import mtkahypar

    # This preset gives one answer for a seed, whatever the number of threads.
    context = library.context_from_preset(mtkahypar.PresetType.DETERMINISTIC)
    context.set_partitioning_parameters(k, _IMBALANCE, mtkahypar.Objective.KM1)
    context.logging = False
    mtkahypar.set_seed(seed)
    graph = library.create_hypergraph(context, len(load), len(edges), edges, load.tolist(), weights)
    return np.array(graph.partition(context).get_partition(), dtype=np.int64)


def messages_between(work: Workload, cluster: Int64Array) -> float:
    """Messages per step between clusters."""
    w = work.wiring
    n = int(cluster.max()) + 1
    ptr, targets = w.targets
    source = np.repeat(np.arange(w.n_sources), np.diff(ptr))
    pairs = np.unique(source * n + cluster[targets])
    source, there = np.divmod(pairs, n)
    inside = source < w.n_compartments
    source, there = source[inside], there[inside]
    leaves = there != cluster[w.neuron_of[source]]
    return float(work.rate[source[leaves]].sum())


@cache
def _library() -> Any:
    package = require("mtkahypar", "mapping", "placement='hypergraph'")
    return package.initialize(os.cpu_count() or 1, False)
