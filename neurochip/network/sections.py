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
    columns: tuple[str, ...] = ("connection", "from", "to", "synapses", "weight", "delay")
    rows = [_connection(item) for item in network.connections]
    if any(item.plasticity for item in network.connections):
        columns = (*columns, "learns by")
        rows = [(*row, _rule(item)) for row, item in zip(rows, network.connections, strict=True)]
    connections = Table(columns, rows)
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


def _rule(item: Connection) -> str:
    """Return the rule by which a connection learns, without the values that it does not have."""
    stdp = item.plasticity
    if stdp is None:
        return "-"
    times = f"tau {stdp.tau_plus:g}, {stdp.tau_minus:g} ms"
    sizes = f"a {stdp.a_plus:g}, {stdp.a_minus:g} of {stdp.w_max:g} {item.unit}"
    if stdp.a_pre:
        sizes += f"; {stdp.a_pre:+g} at a presynaptic spike"
    kinds = [stdp.bounds] + ["triplet"] * (stdp.triplet is not None)
    kinds += ["reward"] * (stdp.reward is not None)
    return f"STDP: {times}; {sizes}; {', '.join(kinds)}"


def _span(values: Any, unit: str) -> str:
    """Return the smallest and the largest of some values, or the one value of all."""
    if not np.size(values):
        return "-"
    low, high = f"{np.min(values):.4g}", f"{np.max(values):.4g}"
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"
