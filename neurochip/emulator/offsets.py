"""Where the rows of a tile begin, as the kernels index them.

Unsigned, like all indices of kernels: Numba tests a signed index for counting from the end, and the
test keeps LLVM from vectorising.
"""

from __future__ import annotations

import numpy as np

from .layout import LANES
from .state import Row

EACH_LANE = np.uint64(LANES)
U = np.uint64(Row.U * LANES)
V = np.uint64(Row.V * LANES)
HELD = np.uint64(Row.HELD * LANES)
KEEP_U = np.uint64(Row.KEEP_U * LANES)
KEEP_V = np.uint64(Row.KEEP_V * LANES)
BIAS = np.uint64(Row.BIAS * LANES)
VMIN = np.uint64(Row.VMIN * LANES)
VMAX = np.uint64(Row.VMAX * LANES)
THRESHOLD = np.uint64(Row.THRESHOLD * LANES)
REFRACTORY = np.uint64(Row.REFRACTORY * LANES)
