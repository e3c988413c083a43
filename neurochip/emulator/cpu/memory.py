"""Memory for the kernels: whole cache lines, in huge pages where the system has them."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["aligned", "zeroed"]

_LINE = 64  # bytes of a cache line, and of the widest vector register


def aligned(size: int, dtype: type[Any]) -> Any:
    """As ``np.empty(size, dtype)``, but begun on a cache line.

    A vector register that lies across two lines takes two loads.
    """
    n_bytes = size * np.dtype(dtype).itemsize
    room = np.empty(n_bytes + _LINE, dtype=np.uint8)
    start = -room.ctypes.data % _LINE
    return room[start : start + n_bytes].view(dtype)


def zeroed(size: int, dtype: type[Any]) -> Any:
    """As ``np.zeros(size, dtype)``, but aligned, and written at once.

    NumPy asks for huge pages for an array that is empty, not for one that is zero; of 1e8 synapses
    a third of the run time went into finding 4 kB pages.
    """
    array = aligned(size, dtype)
    array.fill(0)
    return array
