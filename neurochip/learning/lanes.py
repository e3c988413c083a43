"""The lanes of a batch of synapses: how many there are, and the rows of their scratch memory."""

from __future__ import annotations

import enum

from .._kernels.jit import DISABLED

__all__ = ["LANES", "LANE_ROWS", "Lane"]

LANES = 8 if DISABLED else 128
"""Synapses of a batch: enough to hide the cost of a batch, few enough to stay in a fast cache.

Plain Python works on each lane, used or not, so it has fewer of them."""


class Lane(enum.IntEnum):
    """Numbers the rows of the scratch memory of a batch."""

    OLD = 0  # a row for each of weight, delay and tag
    FRESH = 3
    SUM = 4
    EARLY = 5
    PRODUCT = 6
    VALUE = 7
    DRAW = 8
    NUMBER = 9
    LIVE = 10
    PLACE = 11
    X = 12
    Y = 13
    X_AT = 14
    Y_AT = 15


LANE_ROWS = Lane.Y_AT + 1
