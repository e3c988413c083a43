"""Kernels of draws: given ones, or a hash of seed, kind, step and index.

A hash depends neither on the order of the work nor on threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed
from .._kernels.jit import inline_kernel, kernel

__all__ = ["impulse_draw", "uniform"]


@inline_kernel
def random_bits(seed: Any, kind: Any, step: Any, index: Any) -> Any:
    """Return 32 random bits, hashed as those of noise are."""
    x = np.uint64(seed) + np.uint64(kind) * np.uint64(0xD1342543DE82EF95)
    x = x ^ (np.uint64(step) << np.uint64(32) | np.uint64(index))
    return hashed(x)


@inline_kernel
def given_draw(draws: Any, row: Any, trace: Any, index: Any) -> Any:
    """Return a given draw, which may be shared by all traces or by all owners."""
    if draws.shape[1] == 1:
        trace = 0
    if draws.shape[2] == 1:
        index = 0
    return draws[row, trace, index]


@inline_kernel
def uniform(
    draws: Any, row: Any, engine: Any, shared: Any, kind: Any, trace: Any, step: Any, i: Any
) -> float:
    """Return a draw in [0, 1)."""
    if len(draws) > 0:
        return given_draw(draws, row, trace, i)  # type: ignore[no-any-return]
    if shared:
        return np.float64(random_bits(engine.seed, kind, step, 0)) * 2.0**-32
    return np.float64(random_bits(engine.seed, kind + trace, step, i)) * 2.0**-32


@kernel
def impulse_draw(
    draws: Any, row: Any, engine: Any, kind: Any, trace: Any, step: Any, i: Any
) -> float:
    """Return a draw for the fraction of an impulse: an integer over ``2**fraction_bits``."""
    if len(draws) > 0:
        return given_draw(draws, row, trace, i)  # type: ignore[no-any-return]
    if engine.shared:
        trace, i = 0, 0
    bits = random_bits(engine.seed, kind + trace, step, i) >> np.uint64(32 - engine.impulse_bits)
    return np.float64(bits) * engine.impulse_scale  # type: ignore[no-any-return]
