"""The lanes of a batch of synapses: how many there are, and the rows of their scratch memory."""

from __future__ import annotations

import numpy as np

from .._kernels.jit import DISABLED

__all__ = [
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
    "SUM",
    "VALUE",
    "X_AT",
    "Y_AT",
    "X",
    "Y",
]

LANES = 8 if DISABLED else 128
"""Synapses of a batch: enough to hide the cost of a batch, few enough to stay in a fast cache.

Plain Python works on each lane, used or not, so it has fewer of them."""
LANE_ROWS = 16
_ROWS = [np.uint64(row * LANES) for row in range(LANE_ROWS)]
OLD = _ROWS[0]
"""Where the rows begin; this one and the next two have weights, delays and tags."""
FRESH, SUM, EARLY, PRODUCT, VALUE, DRAW, NUMBER, LIVE, PLACE, X, Y, X_AT, Y_AT = _ROWS[3:]
