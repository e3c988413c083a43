"""Strategies: in which order neurons go to the cores, and where a new core begins.

A strategy is a function of a workload. What it proposes is not trusted:
:mod:`compiler.placement.place` puts the neurons on cores in this order and ends a core earlier
where a limit would be broken. So no strategy has to know all limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from neurochip.chip.spec import ChipSpec
from neurochip.packing.budget import Filler
from neurochip.typing import BoolArray, Int64Array

from .growing import grow
from .hypergraph import partition_hypergraph
from .refine import messages_between, refine
from .settle import cluster_order, settle
from .workload import Workload

__all__ = ["STRATEGIES", "Strategy"]

Strategy = Callable[[Workload, ChipSpec, Filler, int], tuple[Int64Array, BoolArray]]
"""Takes the work, the chip, a filler to try things with, and a seed.

Returns every neuron once, in an order, and for each place whether a core begins there.
"""


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
    grown = settle(work, chip, filler, grow(work.wiring, filler, work.message_weight))
    return _refined(work, chip, filler, grown)


def _hypergraph(
    work: Workload, chip: ChipSpec, filler: Filler, seed: int
) -> tuple[Int64Array, BoolArray]:
    """Cut the hypergraph of sources and targets into balanced blocks."""
    return _refined(work, chip, filler, partition_hypergraph(work, chip, filler, seed))


def _best(
    work: Workload, chip: ChipSpec, filler: Filler, seed: int
) -> tuple[Int64Array, BoolArray]:
    """Try all others; take the one with the fewest spikes between cores."""
    tried = [strategy(work, chip, filler, seed) for strategy in (_sequential, _greedy, _hypergraph)]
    return _fewest(work, chip, filler, tried)


def _refined(
    work: Workload, chip: ChipSpec, filler: Filler, cluster: Int64Array
) -> tuple[Int64Array, BoolArray]:
    """Let cores exchange neurons, from these clusters or from the order of the network."""
    tried = [cluster_order(work, cluster), _sequential(work, chip, filler, 0)]
    return refine(work, chip, filler, *_fewest(work, chip, filler, tried))


def _fewest(
    work: Workload, chip: ChipSpec, filler: Filler, tried: Sequence[tuple[Int64Array, BoolArray]]
) -> tuple[Int64Array, BoolArray]:
    """Return what takes the fewest spikes between cores, if it can on those that there are."""
    found = []
    for number, (order, opens) in enumerate(tried):
        filling = filler.fill(order, opens)
        if filling.failed >= 0:
            return order, opens  # placing them fails too, and says why
        messages = messages_between(work, filling.core_of(order))
        missing = max(0, filling.n_cores - chip.total_cores)
        found.append((missing, messages, filling.n_cores, number))
    return tried[min(found)[-1]]


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {"sequential": _sequential, "greedy": _greedy, "hypergraph": _hypergraph, "best": _best}
)
"""All strategies by name."""
