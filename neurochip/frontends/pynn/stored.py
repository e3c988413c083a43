"""The weights of a projection as the chip stores them, after rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import FrontendError
from ...image.weights import stored_weights
from ...typing import Float64Array
from . import simulator
from .network import parts_of

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
        If the network is not compiled yet, or was changed since.
    """
    state = simulator.state
    if state.stale or state.image is None or state.network is None:
        raise FrontendError(
            f"projection {projection.label!r}: stored_weight is known once the network, as it is "
            "now, is compiled for the chip. Call run(), or compile()."
        )
    stored = stored_weights(state.network, state.image)
    asked = {item.name: np.asarray(item.weight) for item in state.network.connections}
    weights = np.zeros(len(projection))
    for part in parts_of(projection, state.populations):
        rows = np.argsort(part.pre, kind="stable")  # a Connection is sorted by its sources
        there = np.broadcast_to(asked[part.name], len(rows))
        scale = np.divide(part.weight[rows], there, out=np.ones(len(rows)), where=there != 0)
        weights[part.synapses[rows]] = stored[part.name] * scale
    return weights
