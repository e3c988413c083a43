"""Offsets of the rows of a tile, and of its settings, for indexing in the kernels.

They are unsigned, like all indices in kernels: Numba checks whether a signed index is negative
(Python's indexing from the end), and this check keeps LLVM from vectorising.
"""

from __future__ import annotations

import numpy as np

from .layout import LANES
from .settings import Setting
from .state import TileRow

EACH_LANE = np.uint64(LANES)
U = np.uint64(TileRow.U * LANES)
V = np.uint64(TileRow.V * LANES)
HELD = np.uint64(TileRow.HELD * LANES)
BIAS = np.uint64(TileRow.BIAS * LANES)

KEEP_U = np.uint64(Setting.KEEP_U * LANES)
KEEP_V = np.uint64(Setting.KEEP_V * LANES)
VMIN = np.uint64(Setting.VMIN * LANES)
VMAX = np.uint64(Setting.VMAX * LANES)
THRESHOLD = np.uint64(Setting.THRESHOLD * LANES)
REFRACTORY = np.uint64(Setting.REFRACTORY * LANES)
