"""Steps between a simulator that passes spikes through all layers at once, and a chip.

On a chip a spike needs one step from neuron to neuron. Norse, snnTorch and sinabs pass the spikes
of a step through all layers in that step, and feed them back in the next one. A network therefore
does the same as such a simulator, ``depth`` steps later in each layer, if

- the bias of a layer begins ``depth`` steps after the input;
- a connection that skips layers is delayed by the steps that it saves.

A connection back to an earlier layer is late by the steps between the layers, which nothing can
repair. The depth of a layer is the largest number of layers that a spike passes before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from ...network import Network

__all__ = ["Timing", "find_timing", "timing_of"]


@dataclass(frozen=True)
class Timing:
    """When the layers of a graph act.

    Parameters
    ----------
    depths : dict of str to int
        Steps between an input spike and the first step in which each layer can react to it.
    extra : dict of (str, str) to int
        Steps of delay from each source to each layer with which all paths take equally long.
    late : dict of (str, str) to int
        Steps by which the spikes of a layer reach an earlier one too late.
    """

    depths: Mapping[str, int]
    extra: Mapping[tuple[str, str], int]
    late: Mapping[tuple[str, str], int]


def find_timing(feeds: Mapping[str, Collection[str]]) -> Timing:
    """Return the timing of layers.

    Parameters
    ----------
    feeds : dict of str to collection of str
        The layers and inputs that feed each layer; inputs are names that are no keys.
    """
    back = _back_edges(feeds)
    forward = {
        name: [s for s in sources if (s, name) not in back] for name, sources in feeds.items()
    }
    depths: dict[str, int] = {}
    for name in TopologicalSorter(forward).static_order():
        if name in feeds:
            depths[name] = max((depths.get(s, -1) + 1 for s in forward[name]), default=0)
    extra, late = {}, {}
    for name, sources in feeds.items():
        for source in sources:
            spare = depths[name] - depths.get(source, -1) - ((source, name) not in back)
            extra[source, name] = max(0, spare)
            if spare < 0:
                late[source, name] = -spare
    return Timing(depths, extra, late)


def timing_of(network: Network) -> Timing:
    """Return the timing of the populations of a network."""
    return find_timing(
        {
            item.name: [c.source.name for c in network.connections if c.target is item]
            for item in network.populations
        }
    )


def _back_edges(feeds: Mapping[str, Collection[str]]) -> set[tuple[str, str]]:
    """Return the edges that lead back: those that close a circle in a walk from the inputs.

    The walk visits first what is closest to an input, as a reader of the graph would.
    """
    nearest = {source: 0 for sources in feeds.values() for source in sources if source not in feeds}
    front = list(nearest)
    while front:
        reached = [
            n for n, sources in feeds.items() if n not in nearest and set(sources) & set(front)
        ]
        nearest.update(dict.fromkeys(reached, 1 + max(nearest.values())))
        front = reached
    circles = _circles(feeds)
    far = len(nearest)
    return {
        (source, name)
        for name, sources in feeds.items()
        for source in sources
        if circles[name] == circles.get(source)
        and nearest.get(source, far) >= nearest.get(name, far)
    }


def _circles(feeds: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return for each layer those from which it can be reached and which it can reach itself."""
    above = {name: set(sources) & set(feeds) for name, sources in feeds.items()}
    for through in feeds:
        for name, sources in above.items():
            if through in sources:
                above[name] = sources | above[through]
    return {
        name: frozenset({name, *(other for other in sources if name in above[other])})
        for name, sources in above.items()
    }
