"""The weights of a projection as the chip stores them: after rounding, and as it has learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import FrontendError
from ...image.weights import stored_weights
from ...typing import Float64Array
from . import simulator
from .network import parts_of
from .plasticity import learns

__all__ = ["weights_on_chip"]


def weights_on_chip(projection: Any) -> Float64Array:
    """Return what the chip's registers mean, in PyNN's units, shape (n_synapses,).

    Parameters
    ----------
    projection : Projection
        The projection.

    Raises
    ------
    FrontendError
        If the network is not compiled yet, or was changed since, or the projection was made before
        the last ``setup``.
    """
    state = simulator.state
    state.check_present(projection.post)
    session = state.session
    if session is None or (state.stale and not learns(projection)):
        raise FrontendError(
            f"projection {projection.label!r}: stored_weight is known once the network, as it is "
            "now, is compiled for the chip. Call run(), or compile()."
        )
    stored = stored_weights(session.network, session.image)
    connections = {item.name: item for item in session.network.connections}
    weights = np.zeros(len(projection))
    for part in parts_of(projection, state.populations):
        connection = connections[part.name]
        rows = np.argsort(part.pre, kind="stable")  # a Connection is sorted by its sources
        if connection.plasticity is None:
            there = np.broadcast_to(connection.weight, len(rows))
            own, found = part.weight[rows], stored[part.name]
            scale = np.divide(own, there, out=np.ones(len(rows)), where=there != 0)
        else:
            found = session.emulator.weights(part.name)
            scale = projection.column("w_max")[0] / connection.plasticity.w_max
        weights[part.synapses[rows]] = found * scale
    return weights
