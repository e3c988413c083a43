"""Find what a script has changed in its network since it was compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..network import Network

__all__ = ["Change", "find_change"]


class Change(NamedTuple):
    """A part of a network that has changed.

    Parameters
    ----------
    kind : str
        ``"input"``, ``"population"``, ``"connection"`` or ``"network"``.
    name : str
        Name of the part, or of the field of the network if ``kind`` is ``"network"``.
    what : str
        Kind of change: ``"appeared"``, ``"is gone"`` or ``"was changed"``.
    """

    kind: str
    name: str
    what: str


def find_change(before: Network, now: Network) -> Change | None:
    """Return the first part in which a network differs from the compiled one, or None.

    The spikes of its inputs are ignored, and how long they last, but not the rates that the
    compiler is told to expect.

    Parameters
    ----------
    before, now : Network
        The network as it was compiled, and as it is now.
    """
    old, new = _parts(before), _parts(now)
    for key in (each for each in (*old, *new) if (each in old) != (each in new)):
        return Change(*key, "appeared" if key in new else "is gone")
    for key in old:
        if not all(_equal(a, b) for a, b in zip(old[key], new[key], strict=False)):
            return Change(*key, "was changed")
    return None


def _parts(network: Network) -> dict[tuple[str, str], tuple[Any, ...]]:
    inputs = {
        ("input", i.name): (i.size, getattr(i, "expected_rate", None)) for i in network.spike_inputs
    }
    populations = {
        ("population", item.name): (
            item,
            network.constant_current(item),
            len(currents := network.step_currents(item)),
            *(part for current in currents for part in (current.times, current.amplitudes)),
        )
        for item in network.populations
    }
    connections = {
        ("connection", item.name): (
            item.source.name,
            item.target.name,
            *map(np.asarray, (item.indptr, item.post, item.weight, item.delay)),
            item.receptor,
            item.plasticity,
        )
        for item in network.connections
    }
    rules = {("network", name): (getattr(network, name),) for name in ("delivery", "refractory")}
    return {**inputs, **populations, **connections, **rules}


def _equal(a: Any, b: Any) -> bool:
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)
