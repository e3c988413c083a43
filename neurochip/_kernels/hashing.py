"""Random bits as a hash of a counter, in any order of the work and on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from .jit import inline_kernel

__all__ = ["hashed"]


@inline_kernel
def hashed(x: Any) -> Any:
    """Return 32 random bits of a uint64: two rounds of SplitMix64's finaliser.

    Source: Steele, Lea and Flood 2014, 10.1145/2660193.2660195.
    """
    for _ in range(2):
        x += np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return x >> np.uint64(32)
