"""A network as sections of a page: populations, inputs and connections."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._display.notebook import Description, describes
from .._display.sections import Section, Table
from .connection import Connection
from .network import Network

__all__ = ["describe_network"]


@describes(Network)
def describe_network(network: Network) -> Description:
    """Describe a network by its populations, inputs and connections."""
    couplings = network.couplings
    populations = Table(
        ("population", "neurons", "model", "coupling"),
        [
            (item.name, f"{item.size:,}", repr(item.model), couplings[item.name])
            for item in network.populations
        ],
    )
    inputs = Table(("input",), [(repr(item),) for item in network.inputs])
    connections = Table(
        ("connection", "from", "to", "synapses", "weight", "delay"),
        [_connection(item) for item in network.connections],
    )
    sections = [
        Section("Populations", [populations]),
        *([Section("Inputs", [inputs])] if network.inputs else []),
        *([Section("Connections", [connections])] if network.connections else []),
    ]
    return Description(repr(network), sections)


def _connection(item: Connection) -> tuple[str, ...]:
    return (
        item.name,
        item.source.name,
        item.target.name,
        f"{item.n_synapses:,}",
        _span(item.weight, item.unit),
        _span(item.delay, "ms"),
    )


def _span(values: Any, unit: str) -> str:
    """Return the smallest and the largest of some values, or the one value of all."""
    if not np.size(values):
        return "-"
    low, high = f"{np.min(values):.4g}", f"{np.max(values):.4g}"
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"
