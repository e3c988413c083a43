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

    OLD = 0
    FRESH = 3  # both have a row for each of weight, delay and tag
    SUM = 6
    EARLY = 7
    PRODUCT = 8
    VALUE = 9
    DRAW = 10
    NUMBER = 11
    LIVE = 12
    PLACE = 13
    X = 14
    Y = 15
    X_AT = 16
    Y_AT = 17


LANE_ROWS = Lane.Y_AT + 1
