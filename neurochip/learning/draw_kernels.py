"""Kernels of draws: given ones, or a hash of seed, kind, step and number of the owner.

A hash depends neither on the order of the work nor on threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed_number, mixed
from .._kernels.jit import inline_kernel, kernel

__all__ = ["given_draw", "impulse_draw", "key_of", "uniform"]


@inline_kernel
def key_of(seed: Any, kind: Any, stream: Any, step: Any) -> Any:
    """Return the key of all draws of a kind in a step (or epoch); a stream is a group of owners."""
    return mixed(
        mixed(np.uint64(seed))
        ^ mixed((np.uint64(stream) << np.uint64(8)) + np.uint64(kind))
        ^ np.uint64(step)
    )


@inline_kernel
def given_draw(draws: Any, row: Any, trace: Any, index: Any) -> Any:
    """Return a given draw, which may be shared by all traces or by all owners."""
    if draws.shape[1] == 1:
        trace = 0
    if draws.shape[2] == 1:
        index = 0
    return draws[row, trace, index]


@inline_kernel
def uniform(draws: Any, row: Any, engine: Any, side: Any, trace: Any, step: Any, i: Any) -> float:
    """Return the draw in [0, 1) of the decay of a trace."""
    if len(draws) > 0:
        return given_draw(draws, row, trace, i)  # type: ignore[no-any-return]
    kind, number = side.decay_kind + trace, side.number[i]
    if engine.shared:
        kind, number = side.decay_kind, np.int32(0)
    bits = hashed_number(number, key_of(engine.seed, kind, side.stream, step))
    return np.float64(bits) * 2.0**-32


@kernel
def impulse_draw(
    draws: Any, row: Any, engine: Any, side: Any, kind: Any, trace: Any, step: Any, i: Any
) -> float:
    """Return a draw for the fraction of an impulse: an integer over ``2**fraction_bits``."""
    if len(draws) > 0:
        return given_draw(draws, row, trace, i)  # type: ignore[no-any-return]
    number = side.number[i]
    if engine.shared:
        trace, number = 0, np.int32(0)
    bits = hashed_number(number, key_of(engine.seed, kind + trace, side.stream, step))
    return np.float64(np.uint64(bits) >> np.uint64(32 - engine.impulse_bits)) * engine.impulse_scale  # type: ignore[no-any-return]
