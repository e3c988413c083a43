"""Turn clusters into cores: split clusters that exceed a limit, and merge small ones that fit.

Strategies know only some limits and estimate others. Here all limits of each cluster are counted.
"""

from __future__ import annotations

import numpy as np

from neurochip.chip.spec import ChipSpec
from neurochip.packing.axons import reach_of
from neurochip.packing.budget import Filler, limits_of
from neurochip.packing.filling import Filling
from neurochip.packing.flows import flows_of
from neurochip.typing import BoolArray, Float64Array, Int64Array

from .workload import Workload

__all__ = ["cluster_order", "exchanged", "settle"]

_SMALL = 0.7  # load of the fullest resource; a core with more is not merged with others
_TOGETHER = 1.3  # largest sum of two loads to try; above 1, since cores can share words
_PARTNERS = 5  # number of partners tried by traffic, and of partners tried by load
_ADDED_UP = ("compartments", "synaptic_words", "input_axons")  # resources that add up over neurons


def settle(work: Workload, chip: ChipSpec, filler: Filler, cluster: Int64Array) -> Int64Array:
    """Return clusters that respect all limits of a core, with few small clusters.

    Parameters
    ----------
    work, chip, filler
        The neurons, the chip, and the filler that counts resources.
    cluster : ndarray of int64, shape (n_neurons,)
        Proposed core of each neuron.
    """
    order, opens = cluster_order(work, cluster)
    filling = filler.fill(order, opens)
    if filling.failed >= 0:
        return cluster  # placement fails too, and reports the reason
    return _merge(work, chip, filler, filling, order, filling.core_of)


def cluster_order(work: Workload, cluster: Int64Array) -> tuple[Int64Array, BoolArray]:
    """Return neurons in the order of clusters, then of the network, and the start of each cluster.

    Neurons of different kinds (:attr:`Wiring.kind`) never share a core.
    """
    kind = work.wiring.kind
    order = np.lexsort((cluster, kind))
    key = np.stack([kind[order], cluster[order]], axis=1)
    opens = np.concatenate([[True], (key[1:] != key[:-1]).any(axis=1)])
    return order, opens


def _merge(
    work: Workload,
    chip: ChipSpec,
    filler: Filler,
    filling: Filling,
    order: Int64Array,
    core: Int64Array,
) -> Int64Array:
    """Merge small cores with the cores that they exchange most messages with."""
    n = filling.n_cores
    load = _loads(filling, chip)
    kind = work.wiring.kind[order[filling.core_ptr[:-1]]]
    start, stop, weight = exchanged(work, chip, filling, core)
    members = dict(enumerate(np.split(order, filling.core_ptr[1:-1])))
    parts = {k: [k] for k in range(n)}
    ptr = np.searchsorted(start, np.arange(n + 1))
    root = np.arange(n)
    for small in np.argsort(load, kind="stable"):
        k = int(small)
        if k not in members or load[k] > _SMALL:
            continue
        pull = np.zeros(n)
        for part in parts[k]:
            row = slice(ptr[part], ptr[part + 1])
            pull += np.bincount(root[stop[row]], weight[row], n)
        pull[k] = 0.0
        fits = (load + load[k] <= _TOGETHER) & (kind == kind[k]) & (root == np.arange(n))
        fits[k] = False
        partners = np.flatnonzero(fits)
        # First the partners with the most messages (ties: lowest load), then those of lowest load.
        near = partners[np.lexsort((load[partners], -pull[partners]))][:_PARTNERS]
        empty = partners[np.argsort(load[partners], kind="stable")][:_PARTNERS]
        for other in dict.fromkeys([*near.tolist(), *empty.tolist()]):
            both = np.sort(np.concatenate([members[k], members[other]]))
            trial = filler.fill(both, np.zeros(len(both), dtype=bool))
            if trial.n_cores == 1 and trial.failed < 0:
                members[other] = both
                parts[other] += parts.pop(k)
                root[parts[other]] = other
                load[other] = _loads(trial, chip)[0]
                del members[k]
                break
    return root[core]


def _loads(filling: Filling, chip: ChipSpec) -> Float64Array:
    """Return the used share of the fullest resource of each core."""
    limits = limits_of(chip.core)
    shares = [filling.usage[name] / limits[name] for name in _ADDED_UP]
    loads: Float64Array = np.max(shares, axis=0)
    return loads


def exchanged(
    work: Workload, chip: ChipSpec, filling: Filling, core: Int64Array
) -> tuple[Int64Array, Int64Array, Float64Array]:
    """Return messages between pairs of cores in both directions, sorted by the first core."""
    of_compartment = core[work.wiring.neuron_of]
    sites = np.zeros(filling.n_cores, dtype=np.int64)
    traffic = flows_of(reach_of(filling, work.wiring), of_compartment, work.rate, sites, chip)
    a = np.concatenate([traffic.start, traffic.stop])
    b = np.concatenate([traffic.stop, traffic.start])
    by_start = np.argsort(a, kind="stable")
    return a[by_start], b[by_start], np.tile(traffic.messages, 2)[by_start]
