"""Decoded registers that no step changes, each set of 64 compartments kept once.

A population has mostly the same registers throughout, so that a few sets serve all its tiles and
stay in the L1 cache. With sets of their own, tiles of 100,000 compartments would take 4 MB, more
than an L2 cache, all of which is read in every step; without, 1.6 MB.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..image import ChipImage
from ..registers import decode_threshold, decode_voltage_limits, effective_decay
from ..typing import Int32Array, Int64Array
from .arithmetic import DECAY_BITS
from .layout import LANES, Layout
from .memory import aligned

__all__ = ["Setting", "Settings", "settings_of"]


class Setting:
    """Rows of a set."""

    KEEP_U = 0
    KEEP_V = 1
    VMIN = 2
    VMAX = 3
    THRESHOLD = 4
    REFRACTORY = 5


class Settings(NamedTuple):
    """Sets of rows of 64 int32, and where in ``rows`` that of each tile begins."""

    rows: Int32Array
    starts: Int64Array


def settings_of(image: ChipImage, layout: Layout) -> Settings:
    """Decode the registers of an image; tiles with equal ones share a set."""
    registers, core = image.compartments, image.chip.core
    scale, finer = core.decay_scale, DECAY_BITS - core.decay_bits
    vmin, vmax = decode_voltage_limits(registers.vmin_exponent, registers.vmax_exponent, core)
    values = {
        Setting.KEEP_U: (scale - effective_decay(registers.decay_u, registers.decay_u_offset))
        << finer,
        Setting.KEEP_V: (scale - effective_decay(registers.decay_v, registers.decay_v_offset))
        << finer,
        Setting.VMIN: vmin,
        Setting.VMAX: vmax,
        Setting.THRESHOLD: decode_threshold(registers.threshold_mantissa, core),
        Setting.REFRACTORY: registers.refractory,
    }
    # Lanes beyond the last compartment stay at v = 0; 0 > 0 is false, so they never spike.
    every = np.zeros((layout.blocks * layout.span, len(values)), dtype=np.int32)
    for row, column in values.items():
        every[: image.n_compartments, row] = column
    tiles = (
        every.reshape(-1, LANES, len(values)).transpose(0, 2, 1).reshape(-1, LANES * len(values))
    )
    distinct, which = np.unique(tiles, axis=0, return_inverse=True)
    rows = aligned(distinct.size, np.int32)
    rows[:] = distinct.ravel()
    return Settings(rows, which.astype(np.int64) * distinct.shape[1])
