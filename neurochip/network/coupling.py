"""Classify how the neurons of a population depend on each other, from the connections alone.

Statistics over the neurons of a population, such as an interval of its mean rate, need to know
whether the neurons are independent samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..typing import Int32Array, Int64Array
from .connection import Connection

__all__ = ["COUPLINGS", "INDEPENDENT", "RECURRENT", "SHARED_INPUT", "couplings"]

INDEPENDENT, SHARED_INPUT, RECURRENT = "independent", "shared input", "recurrent"
COUPLINGS = (INDEPENDENT, SHARED_INPUT, RECURRENT)

_CHUNK = 1 << 20  # synapses looked at together


def couplings(populations: Mapping[str, int], connections: Sequence[Connection]) -> dict[str, str]:
    """Return the coupling of each population.

    ``"recurrent"``
        The population lies on a cycle of connections between populations, or downstream of one.
        A connection that leads only from each neuron to itself is no cycle: it couples no two
        neurons.
    ``"shared input"``
        Otherwise, if a source or a neuron reaches two neurons of the population, directly or over
        other populations.
    ``"independent"``
        Otherwise: no two neurons have a common source, and none drives another.

    Constant currents couple no neurons, and synapses of weight 0 count like all others.

    Parameters
    ----------
    populations : dict of str to int
        Sizes by name.
    connections : sequence of Connection
        All connections of the network.
    """
    wires = [item for item in connections if item.n_synapses and not _is_diagonal(item)]
    order = _feed_forward(populations, wires)
    found = dict.fromkeys(populations, RECURRENT)
    for index, name in enumerate(order):
        upstream = order[: index + 1]
        shared = _is_shared(name, populations[name], upstream, wires)
        found[name] = SHARED_INPUT if shared else INDEPENDENT
    return found


def _is_diagonal(wire: Connection) -> bool:
    """Return whether all synapses lead from a neuron to itself."""
    return wire.source is wire.target and all((pre == post).all() for pre, post in _pairs(wire))


def _pairs(wire: Connection) -> Iterator[tuple[Int64Array, Int32Array]]:
    """Yield source and target of all synapses, many at a time: mostly the first ones decide."""
    for first in range(0, wire.n_synapses, _CHUNK):
        post = wire.post[first : first + _CHUNK]
        numbers: Int64Array = np.arange(first, first + len(post))
        yield np.searchsorted(wire.indptr, numbers, side="right") - 1, post


def _feed_forward(populations: Mapping[str, int], wires: Sequence[Connection]) -> list[str]:
    """Return the populations that have no cycle upstream, each after all that drive it.

    What the topological sort of A. B. Kahn (Commun. ACM 5:558, 1962) leaves over is on a cycle or
    downstream of one.
    """
    drivers = {
        name: {w.source.name for w in wires if w.target.name == name} for name in populations
    }
    order: list[str] = []
    waiting = list(populations)
    while ready := [name for name in waiting if not drivers[name] & set(waiting)]:
        order += ready
        waiting = [name for name in waiting if name not in ready]
    return order


def _is_shared(name: str, size: int, upstream: Sequence[str], wires: Sequence[Connection]) -> bool:
    """Return whether a source reaches two neurons of a population, over any path.

    ``reached[p][i]`` is the only neuron of the population that neuron i of p reaches, or -1.
    """
    reached: dict[str, Int32Array] = {name: np.arange(size, dtype=np.int32)}
    for target in reversed(upstream):
        for wire in wires:
            source = wire.source
            if wire.target.name != target or target not in reached:
                continue
            if source.name not in reached:
                reached[source.name] = np.full(source.size, -1, dtype=np.int32)
            if not _trace_back(wire, reached[target], reached[source.name]):
                return True
    return False


def _trace_back(wire: Connection, reached: Int32Array, by_source: Int32Array) -> bool:
    """Write what each source reaches over a connection; return False once one reaches two."""
    for sources, targets in _pairs(wire):
        goal = reached[targets]
        pre, goal = sources[goal >= 0], goal[goal >= 0]
        before = by_source[pre]
        by_source[pre] = goal
        if ((before >= 0) & (before != goal)).any() or (by_source[pre] != goal).any():
            return False
    return True
