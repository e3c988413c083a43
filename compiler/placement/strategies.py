"""Strategies that choose the order in which neurons fill the cores, and where a core begins.

A strategy is a function of a workload. It need not know all limits of a core:
:mod:`compiler.placement.place` puts the neurons on cores in the proposed order, and ends a core
earlier if a limit would be exceeded.
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
"""Takes the workload, the chip, a filler that counts resources, and a seed.

Returns all neurons in an order, and for each place in it whether a core begins there.
"""


def _sequential(
    work: Workload,
    chip: ChipSpec,
    filler: Filler,
    seed: int,  # noqa: ARG001
) -> tuple[Int64Array, BoolArray]:
    """Keep the order of the network; a core ends when it is full.

    If the neurons differ in more registers than a core holds, those of a population are ordered by
    their registers, where this takes fewer cores.
    """
    wiring, core = work.wiring, chip.core
    n = wiring.n_neurons
    order, opens = np.arange(n), np.zeros(n, dtype=bool)
    kinds = (wiring.profile.max(initial=0) + 1, wiring.threshold.max(initial=0) + 1)
    if kinds[0] <= core.compartment_profiles and kinds[1] <= core.threshold_profiles:
        return order, opens
    first, last = wiring.neuron_ptr[:-1], wiring.neuron_ptr[1:] - 1
    registers = (wiring.threshold[last], wiring.profile[first], wiring.profile[last])
    by_registers = np.lexsort((*registers, wiring.population))
    fewer = filler.fill(by_registers, opens).n_cores < filler.fill(order, opens).n_cores
    return (by_registers if fewer else order), opens


def _greedy(
    work: Workload,
    chip: ChipSpec,
    filler: Filler,
    seed: int,  # noqa: ARG001
) -> tuple[Int64Array, BoolArray]:
    """Grow one core after another from the neurons that share most sources with it."""
    grown = settle(work, chip, filler, grow(work.wiring, filler, work.message_weight))
    return _refined(work, chip, filler, grown)


def _hypergraph(
    work: Workload, chip: ChipSpec, filler: Filler, seed: int
) -> tuple[Int64Array, BoolArray]:
    """Partition the hypergraph of sources and targets into balanced blocks."""
    return _refined(work, chip, filler, partition_hypergraph(work, chip, filler, seed))


def _best(
    work: Workload, chip: ChipSpec, filler: Filler, seed: int
) -> tuple[Int64Array, BoolArray]:
    """Try all other strategies; choose the result with the fewest messages between cores."""
    tried = [strategy(work, chip, filler, seed) for strategy in (_sequential, _greedy, _hypergraph)]
    return _fewest(work, chip, filler, tried)


def _refined(
    work: Workload, chip: ChipSpec, filler: Filler, cluster: Int64Array
) -> tuple[Int64Array, BoolArray]:
    """Refine by exchanging neurons, from these clusters or the network order if it is better."""
    tried = [cluster_order(work, cluster), _sequential(work, chip, filler, 0)]
    return refine(work, chip, filler, *_fewest(work, chip, filler, tried))


def _fewest(
    work: Workload, chip: ChipSpec, filler: Filler, tried: Sequence[tuple[Int64Array, BoolArray]]
) -> tuple[Int64Array, BoolArray]:
    """Return the proposal with the fewest messages between cores, if the chip has enough cores.

    Otherwise the proposal that lacks the fewest cores comes first.
    """
    found = []
    for number, (order, opens) in enumerate(tried):
        filling = filler.fill(order, opens)
        if filling.failed >= 0:
            return order, opens  # placement fails too, and reports the reason
        messages = messages_between(work, filling.core_of)
        missing = max(0, filling.n_cores - chip.total_cores)
        found.append((missing, messages, filling.n_cores, number))
    return tried[min(found)[-1]]


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {"sequential": _sequential, "greedy": _greedy, "hypergraph": _hypergraph, "best": _best}
)
"""All strategies by name."""
