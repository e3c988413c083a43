"""Assign each synapse to a receptor of its target.

All synapses of a connection drive the same receptor, unless the target has separate excitatory and
inhibitory receptors and the connection has weights of both signs. If the target has a receptor for
kicks of v and one for a current, the connection says which of them it drives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurochip._support.csr import starts_of
from neurochip.network import Connection, Network
from neurochip.recurrence import CURRENT, EXCITATORY, INHIBITORY, KICKS
from neurochip.typing import BoolArray

__all__ = ["Projection", "project", "projections_onto"]


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses that drive one receptor.

    Parameters
    ----------
    connection : Connection
        All synapses of a connection of the network, or only those of one sign.
    receptor : int
        Index into the receptors of the target.
    sign : int
        1 or -1 if only the synapses of that sign are included; 0 if all are.
    """

    connection: Connection
    receptor: int
    sign: int = 0


def project(network: Network) -> tuple[Projection, ...]:
    """Return the projections of a network, in the order of its connections."""
    return tuple(item for connection in network.connections for item in _split(network, connection))


def projections_onto(name: str, projections: Sequence[Projection]) -> tuple[Projection, ...]:
    """Return the projections onto a population."""
    return tuple(item for item in projections if item.connection.target.name == name)


def _split(network: Network, connection: Connection) -> Iterator[Projection]:
    if connection.target.name in network.kicked:
        yield Projection(connection, KICKS if connection.kicks_v else CURRENT)
        return
    if not connection.target.model.two_currents:
        yield Projection(connection, 0)
        return
    inhibitory = np.broadcast_to(np.asarray(connection.weight) < 0, connection.post.shape)
    if not inhibitory.any():
        yield Projection(connection, EXCITATORY)
    elif inhibitory.all():
        yield Projection(connection, INHIBITORY)
    else:
        yield Projection(_part(connection, ~inhibitory), EXCITATORY, sign=1)
        yield Projection(_part(connection, inhibitory), INHIBITORY, sign=-1)


def _part(connection: Connection, chosen: BoolArray) -> Connection:
    before = starts_of(chosen)
    delay = connection.delay
    return replace(
        connection,
        indptr=before[connection.indptr],
        post=connection.post[chosen],
        weight=np.asarray(connection.weight)[chosen],
        delay=delay[chosen] if isinstance(delay, np.ndarray) else delay,
    )
