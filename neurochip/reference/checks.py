"""Checks whether a network can go on from the state of a run of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import NetworkError
from ..network import Network
from .loop import Loop
from .plastic import plastic_connections
from .tables import NeuronTable, SynapseTable

__all__ = ["check_like", "size_of"]

_SAME = "allowed: a network of the same populations, inputs and synapses, with other values."


def size_of(network: Network) -> int:
    """Return the number of neurons."""
    return sum(item.size for item in network.populations)


def check_like(old: Loop, network: Network, neurons: NeuronTable, synapses: SynapseTable) -> None:
    """Raise a NetworkError unless a network with these tables can go on from the state of a run."""
    if _shape(old.network) != _shape(network):
        raise _refusal("its populations or inputs are others, or its delivery")
    if not np.array_equal(neurons.receptors, old.neurons.receptors):
        raise _refusal("its neurons have other receptors")
    learn, learned = plastic_connections(network), plastic_connections(old.network)
    if [item.name for item in learn] != [item.name for item in learned]:
        raise _refusal(f"it learns at {_listed(learn)} instead of {_listed(learned)}")
    of_slots = neurons.of_slots
    ends = of_slots[synapses.target], of_slots[old.synapses.target]
    same = np.array_equal(synapses.indptr, old.synapses.indptr) and np.array_equal(*ends)
    for item, before in zip(learn, learned, strict=True):
        same = same and np.array_equal(item.indptr, before.indptr)
        same = same and np.array_equal(item.post, before.post)
        if not (np.asarray(item.delay) == np.asarray(before.delay)).all():
            raise _refusal(f"connection {item.name!r} learns, and has other delays")
    if not same:
        raise _refusal("its synapses are others")


def _shape(network: Network) -> tuple[Any, ...]:
    members = (*network.populations, *network.spike_inputs)
    return network.delivery, [(item.name, item.size) for item in members]


def _listed(items: list[Any]) -> str:
    return ", ".join(repr(item.name) for item in items) or "no connection"


def _refusal(reason: str) -> NetworkError:
    return NetworkError(f"run: the network cannot go on from here: {reason}; {_SAME}")
