"""Decoded registers that do not change in a run; tiles with equal registers share one set.

The compartments of a population mostly have the same registers, so a few sets serve all its tiles
and stay in the L1 cache. A step of 100,000 compartments then reads 1.6 MB; with one set per tile it
would read 4 MB, which exceeds an L2 cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...chip.registers import decode_threshold, decode_voltage_limits, effective_decay
from ...chip.spec import CoreSpec
from ...image import ChipImage
from ...typing import Int32Array, Int64Array
from .arithmetic import DECAY_BITS
from .layout import LANES, Layout
from .memory import aligned

__all__ = ["Setting", "Settings", "settings_of", "shared_sets"]


class Setting:
    """Row numbers of a set."""

    KEEP_U = 0
    KEEP_V = 1
    VMIN = 2
    VMAX = 3
    THRESHOLD = 4
    REFRACTORY = 5


_N_ROWS = 6


class Settings(NamedTuple):
    """Sets of rows of 64 int32, and the start of each tile's set in ``rows``."""

    rows: Int32Array
    starts: Int64Array


def settings_of(image: ChipImage, layout: Layout) -> Settings:
    """Decode the registers of an image; tiles with equal registers share a set."""
    registers, core = image.compartments, image.chip.core
    # Lanes beyond the last compartment stay at v = 0; 0 > 0 is false, so they never spike.
    every = np.zeros((_N_ROWS, layout.blocks * layout.span), dtype=np.int32)
    used = every[:, : image.n_compartments]
    used[Setting.KEEP_U] = _kept(registers.decay_u, registers.decay_u_offset, core)
    used[Setting.KEEP_V] = _kept(registers.decay_v, registers.decay_v_offset, core)
    used[Setting.VMIN], used[Setting.VMAX] = decode_voltage_limits(
        registers.vmin_exponent, registers.vmax_exponent, core
    )
    used[Setting.THRESHOLD] = decode_threshold(registers.threshold_mantissa, core)
    used[Setting.REFRACTORY] = registers.refractory
    return shared_sets(every)


def shared_sets(every: Int32Array) -> Settings:
    """Return rows of values, one per lane, as sets of 64 lanes that equal tiles share.

    Parameters
    ----------
    every : ndarray of int32, shape (n_rows, n_lanes)
        Values of all lanes, in whole tiles.
    """
    number: dict[bytes, int] = {}
    which = [
        number.setdefault(every[:, start : start + LANES].tobytes(), len(number))
        for start in range(0, every.shape[1], LANES)
    ]
    size = every.shape[0] * LANES
    rows = aligned(len(number) * size, np.int32)
    for i, values in enumerate(number):
        rows[i * size : (i + 1) * size] = np.frombuffer(values, dtype=np.int32)
    return Settings(rows, np.array(which, dtype=np.int64) * size)


def _kept(decay: Int32Array, offset: Int32Array, core: CoreSpec) -> Int32Array:
    """Return the fraction of a state that a step keeps, in units of 2**-DECAY_BITS."""
    left = core.decay_scale - effective_decay(decay, offset)
    return np.left_shift(left, DECAY_BITS - core.decay_bits, dtype=np.int32)
