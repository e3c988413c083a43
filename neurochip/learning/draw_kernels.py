"""Kernels of draws: given ones, or a hash of a key, the step and the number of the owner.

A hash depends neither on the order of the work nor on threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed_number, mixed
from .._kernels.jit import inline_kernel, inner_kernel

__all__ = ["given_draw", "impulse_draw", "key_in_step", "uniform"]


@inline_kernel
def key_in_step(key: Any, step: Any) -> Any:
    """Return the key of a kind of draws in a step."""
    return mixed(key ^ np.uint64(step))


@inline_kernel
def given_draw(draws: Any, row: Any, trace: Any, index: Any) -> Any:
    """Return a given draw, which may be shared by all traces or by all owners."""
    if draws.shape[1] == 1:
        trace = np.int64(0)
    if draws.shape[2] == 1:
        index = np.int64(0)
    return draws[row, trace, index]


@inline_kernel
def uniform(key: Any, number: Any) -> Any:
    """Return a draw in [0, 1) of an owner, with the key of a step."""
    return np.float64(hashed_number(number, key)) * 2.0**-32


@inner_kernel
def impulse_draw(
    draws: Any, row: Any, engine: Any, key: Any, side: Any, trace: Any, step: Any, i: Any
) -> float:
    """Return a draw for the fraction of an impulse: an integer over ``2**fraction_bits``."""
    if len(draws) > 0:
        return given_draw(draws, row, trace, i)  # type: ignore[no-any-return]
    number = np.int32(0) if engine.shared else side.number[i]
    bits = np.uint64(hashed_number(number, key_in_step(key[trace], step)))
    return np.float64(bits >> np.uint64(32 - engine.impulse_bits)) * engine.impulse_scale  # type: ignore[no-any-return]
