"""Place neurons on cores by hypergraph partitioning.

A source and its targets form a hyperedge. If a hyperedge touches k blocks, each spike costs k - 1
messages (the connectivity metric). So the partitioner minimises the messages between cores. It
balances one weight per neuron; the other limits are handled afterwards.

The partitioner takes up to a minute for a million pins. So a large network is reduced first:
neurons with common sources are grouped, and a sample of the sources represents all sources.
"""

from __future__ import annotations

import dataclasses
import os
from functools import cache
from typing import Any

import numpy as np

from neurochip._support.csr import spans
from neurochip._support.extras import require
from neurochip.chip.spec import ChipSpec
from neurochip.packing.budget import Filler
from neurochip.typing import Float64Array, Int64Array

from .growing import grow
from .refine import messages_between
from .settle import settle
from .workload import Workload

__all__ = ["partition_hypergraph"]

_IMBALANCE = 0.03
_TOP = 1000  # largest weight of a hyperedge: the partitioner takes integer weights
_FEWER = 0.8  # fraction of the sequential cores to try: related neurons share words
_SPARE = 1.04  # extra blocks, since blocks of a partition may be fuller than the mean
_SMALL = 1_000_000  # pins; larger networks are grouped and sampled
_LARGE = 2_000_000  # pins; for larger networks only one number of blocks is tried
_GROUPS = 30  # groups of neurons per core
_PINS = 1_000_000  # pins of the sampled sources of a large network, before grouping


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
    sizes = np.diff(w.neuron_ptr)
    by_compartments = int(np.ceil(sizes.sum() / in_order.usage["compartments"].max()))
    words = in_order.usage["synaptic_words"].sum() / chip.core.synaptic_words
    load = sizes
    if words > by_compartments:
        load = 1 + np.add.reduceat(np.diff(w.in_ptr), w.neuron_ptr[:-1])
    pins = len(w.edges[1])
    group = np.arange(n)
    if pins > _SMALL:
        most = max(1, n // (_GROUPS * in_order.n_cores))
        small = dataclasses.replace(chip.core, compartments=most * int(sizes.max()))
        group = grow(w, Filler(w, small), work.message_weight)
    blocks = {in_order.n_cores, max(2, by_compartments, round(_FEWER * in_order.n_cores))}
    if pins > _LARGE:
        blocks = {round(_SPARE * in_order.n_cores)}
    edges, weights = _hyperedges(work, group)
    load = np.bincount(group, load).astype(np.int64)
    found = []
    for k in sorted(blocks):
        block = _partition(library, edges, weights, load, min(k, len(load)), seed)
        cluster = settle(work, chip, filler, block[group])
        found.append((messages_between(work, cluster), k, cluster))
    return min(found, key=lambda item: item[:2])[2]


def _hyperedges(work: Workload, group: Int64Array) -> tuple[list[list[int]], list[int]]:
    """Return the hyperedges (groups that each source reaches or belongs to) and their weights."""
    w = work.wiring
    ptr, edge = w.edges
    source, weights = _sources(work.message_weight, ptr)
    sizes = ptr[source + 1] - ptr[source]
    number = np.repeat(np.arange(len(source)), sizes)
    pin = group[edge[spans(ptr[source], sizes)]]
    n_groups = int(group.max()) + 1
    number, pin = np.divmod(np.unique(number * n_groups + pin), n_groups)
    starts = np.searchsorted(number, np.arange(len(source) + 1))
    several = np.flatnonzero(np.diff(starts) > 1)
    bounds = np.stack([starts[several], starts[several + 1]], axis=1).tolist()
    pins = pin.tolist()
    return [pins[a:b] for a, b in bounds], weights[several].tolist()


def _sources(rate: Float64Array, ptr: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return the sources that become hyperedges, and their weights.

    In a large network, sources are sampled in proportion to their rate, by systematic sampling: at
    equal distances in the sum of rates. So the sample represents all parts of the network evenly.
    """
    if ptr[-1] <= _PINS:
        return np.arange(len(rate)), np.maximum(1, np.rint(_TOP * rate / rate.max())).astype(int)
    draws = len(rate) * _PINS // int(ptr[-1])
    spikes = np.cumsum(rate)
    drawn = np.searchsorted(spikes, (np.arange(draws) + 0.5) * spikes[-1] / draws)
    return np.unique(drawn, return_counts=True)


def _partition(
    library: Any,
    edges: list[list[int]],
    weights: list[int],
    load: Int64Array,
    k: int,
    seed: int,
) -> Int64Array:
    import mtkahypar

    # With this preset the result depends on the seed, but not on the number of threads.
    context = library.context_from_preset(mtkahypar.PresetType.DETERMINISTIC)
    context.set_partitioning_parameters(k, _IMBALANCE, mtkahypar.Objective.KM1)
    context.logging = False
    mtkahypar.set_seed(seed)
    graph = library.create_hypergraph(context, len(load), len(edges), edges, load.tolist(), weights)
    return np.array(graph.partition(context).get_partition(), dtype=np.int64)


@cache
def _library() -> Any:
    package = require("mtkahypar", "mapping", "placement='hypergraph'")
    return package.initialize(os.cpu_count() or 1, False)
