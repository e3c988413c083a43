"""Strategies: in which order neurons go to the cores, and where a new core begins.

A strategy is a function of a workload. What it proposes is not trusted: :mod:`compiler.placement`
puts the neurons on cores in this order and ends a core earlier where a limit would be broken. So no
strategy has to know all limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from neurochip.hardware import ChipSpec
from neurochip.mapping.budget import Filler
from neurochip.typing import BoolArray, Int64Array

from .workload import Workload

__all__ = ["STRATEGIES", "Proposal", "Strategy", "propose_clusters", "sequential"]


@dataclass(frozen=True, eq=False)
class Proposal:
    """Neurons in an order, cut into cores.

    Parameters
    ----------
    order : ndarray of int64, shape (n_neurons,)
        Every neuron once.
    opens : ndarray of bool, shape (n_neurons,)
        Whether a core begins with the neuron at this place.
    """

    order: Int64Array
    opens: BoolArray


Strategy = Callable[[Workload, ChipSpec, Filler, int], Proposal]
"""Takes the work, the chip, a filler to try things with, and a seed."""


def propose_clusters(work: Workload, cluster: Int64Array) -> Proposal:
    """Propose a core for each cluster, its neurons in the order of the network.

    Neurons of two compartments and of one never share a core, and the former come first: a pair
    must begin at an even compartment.
    """
    single = np.diff(work.wiring.neuron_ptr) == 1
    order = np.lexsort((np.arange(len(cluster)), cluster, single))
    key = np.stack([single[order], cluster[order]], axis=1)
    opens = np.concatenate([[True], (key[1:] != key[:-1]).any(axis=1)])
    return Proposal(order, opens)


def sequential(work: Workload, chip: ChipSpec, filler: Filler, seed: int) -> Proposal:  # noqa: ARG001
    """Take the neurons in the order of the network; a core ends when it is full."""
    n = work.wiring.n_neurons
    return Proposal(np.arange(n), np.zeros(n, dtype=bool))


STRATEGIES: Mapping[str, Strategy] = MappingProxyType({"sequential": sequential})
"""All strategies by name."""
