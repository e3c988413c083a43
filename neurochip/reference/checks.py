"""Checks whether a network can go on from the state of a run of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import NetworkError
from ..network import Network
from .plastic import plastic_connections
from .tables import SynapseTable, delay_steps, flatten_neurons

__all__ = ["check_like", "size_of"]

_SAME = "allowed: a network of the same populations, inputs and synapses, with other values."


def size_of(network: Network) -> int:
    """Return the number of neurons."""
    return sum(item.size for item in network.populations)


def check_like(
    old: Network, network: Network, dt: float, synapses: tuple[SynapseTable, SynapseTable]
) -> None:
    """Raise a NetworkError unless a network can go on from the state of a run of another.

    ``synapses`` are the tables of all synapses of the old and of the new network.
    """
    if _shape(old) != _shape(network):
        raise _refusal("its populations or inputs are others, or its delivery")
    before, now = flatten_neurons(old, dt), flatten_neurons(network, dt)
    if not np.array_equal(before.receptors, now.receptors):
        raise _refusal("its neurons have other receptors")
    ends = before.of_slots[synapses[0].target], now.of_slots[synapses[1].target]
    same = np.array_equal(synapses[0].indptr, synapses[1].indptr)
    if not (same and np.array_equal(*ends)):
        raise _refusal("its synapses are others")
    learned, learns = (
        {item.name: item for item in plastic_connections(each)} for each in (old, network)
    )
    for name, item in (learned | learns).items():
        both = name in learned and name in learns
        if not both and delay_steps(item, dt).any():
            verb = "begins" if name in learns else "ceases"
            raise _refusal(f"connection {name!r} {verb} to learn, and has delays")
        if both and not np.array_equal(learned[name].post, item.post):
            raise _refusal("its synapses are others")
        if both and (np.asarray(learned[name].delay) != np.asarray(item.delay)).any():
            raise _refusal(f"connection {name!r} learns, and has other delays")


def _shape(network: Network) -> tuple[Any, ...]:
    members = (*network.populations, *network.spike_inputs)
    return network.delivery, [(item.name, item.size) for item in members]


def _refusal(reason: str) -> NetworkError:
    return NetworkError(f"run: the network cannot go on from here: {reason}; {_SAME}")
