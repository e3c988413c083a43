"""Strategies: in which order neurons go to the cores, and where a new core begins.

A strategy is a function of a workload. What it proposes is not trusted: :mod:`compiler.placement`
puts the neurons on cores in this order and ends a core earlier where a limit would be broken. So no
strategy has to know all limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from neurochip.hardware import ChipSpec
from neurochip.mapping.budget import Filler
from neurochip.typing import BoolArray, Int64Array

from .hypergraph import messages_between, partition_hypergraph
from .settle import cluster_order, settle
from .workload import Workload

__all__ = ["STRATEGIES", "Strategy"]

Strategy = Callable[[Workload, ChipSpec, Filler, int], tuple[Int64Array, BoolArray]]
"""Takes the work, the chip, a filler to try things with, and a seed.

Returns every neuron once, in an order, and for each place whether a core begins there.
"""

_QUIET = 1e-3  # of the largest rate: what a silent source weighs, so that structure still counts


def _sequential(
    work: Workload,
    chip: ChipSpec,  # noqa: ARG001
    filler: Filler,  # noqa: ARG001
    seed: int,  # noqa: ARG001
) -> tuple[Int64Array, BoolArray]:
    """Take the neurons in the order of the network; a core ends when it is full."""
    n = work.wiring.n_neurons
    return np.arange(n), np.zeros(n, dtype=bool)


def _greedy(
    work: Workload,
    chip: ChipSpec,
    filler: Filler,
    seed: int,  # noqa: ARG001
) -> tuple[Int64Array, BoolArray]:
    """Grow a core from the neurons that share most with it, then the next."""
    top = work.rate.max(initial=0.0)
    rate = np.maximum(work.rate, _QUIET * top) if top > 0 else np.ones_like(work.rate)
    return cluster_order(work, settle(work, chip, filler, filler.grow(rate)))


def _hypergraph(
    work: Workload, chip: ChipSpec, filler: Filler, seed: int
) -> tuple[Int64Array, BoolArray]:
    """Cut the hypergraph of sources and targets into balanced blocks."""
    return cluster_order(work, partition_hypergraph(work, chip, filler, seed))


def _best(
    work: Workload, chip: ChipSpec, filler: Filler, seed: int
) -> tuple[Int64Array, BoolArray]:
    """Try all others; take the one with the fewest spikes between cores, of equals the first."""
    found: list[Any] = []
    for strategy in (_sequential, _greedy, _hypergraph):
        order, opens = strategy(work, chip, filler, seed)
        filling = filler.fill(order, opens)
        if filling.failed >= 0:
            return order, opens
        core = np.empty_like(order)
        core[order] = np.repeat(np.arange(filling.n_cores), np.diff(filling.core_ptr))
        found.append((messages_between(work, core), filling.n_cores, len(found), order, opens))
    *_, order, opens = min(found, key=lambda item: item[:3])
    return order, opens


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {"sequential": _sequential, "greedy": _greedy, "hypergraph": _hypergraph, "best": _best}
)
"""All strategies by name."""
