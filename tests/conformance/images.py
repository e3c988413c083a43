"""Code that tests of golden vectors share."""

from __future__ import annotations

import numba

from neurochip.conformance import VECTOR_CHIP as CHIP
from neurochip.conformance import image_of

__all__ = ["CHIP", "THREADS", "image_of"]

THREADS = (1, 2) if numba.config.NUMBA_NUM_THREADS > 1 else (1,)
