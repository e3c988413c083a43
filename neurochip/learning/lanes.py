"""The lanes of a batch of synapses: how many there are, and the rows of their scratch memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import DISABLED

__all__ = [
    "CHUNK",
    "DRAW",
    "EARLY",
    "FRESH",
    "LANES",
    "LANE_ROWS",
    "LIVE",
    "NUMBER",
    "OLD",
    "PLACE",
    "PRODUCT",
    "STEP",
    "SUM",
    "VALUE",
    "X_AT",
    "Y_AT",
    "X",
    "Y",
    "padded",
]

LANES = 8 if DISABLED else 128
"""Synapses of a batch: enough to hide the cost of a batch, few enough to stay in a fast cache.

Plain Python works on each lane, used or not, so it has fewer of them."""
CHUNK = np.uint64(LANES // 4)
"""Lanes that a loop takes at a time: a multiple of what a vector holds, so that none is left."""
STEP = np.uint64(4 if DISABLED else 16)
"""Neighbours that a loop over a line takes at a time: a multiple of what a vector holds."""
LANE_ROWS = 16
_ROWS = [np.uint64(row * LANES) for row in range(LANE_ROWS)]
OLD = _ROWS[0]
"""This one and the next two say where the rows begin, and have weights, delays and tags."""
FRESH, SUM, EARLY, PRODUCT, VALUE, DRAW, NUMBER, LIVE, PLACE, X, Y, X_AT, Y_AT = _ROWS[3:]


def padded(values: Any) -> Any:
    """Return an array with zeros behind its end, which a loop over a line may read."""
    return np.concatenate([values, np.zeros(int(STEP), dtype=values.dtype)])
