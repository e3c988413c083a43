"""Choose the weight format of a connection: one shared exponent, one mantissa per synapse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.chip.spec import CoreSpec
from neurochip.typing import Float64Array, Int64Array

__all__ = ["Grid", "choose_format", "grid", "grids", "mantissas", "sign_mode_of"]


@dataclass(frozen=True)
class Grid:
    """Weights that a synapse format can represent: multiples of ``step`` up to ``largest``."""

    format: SynapseFormat
    mantissa_step: int
    step: int
    largest: int


def sign_mode_of(weights: Float64Array) -> SignMode:
    """Return the narrowest sign mode: only ``MIXED`` spends a mantissa bit on the sign."""
    if weights.size == 0 or weights.min() >= 0:
        return SignMode.EXCITATORY
    return SignMode.INHIBITORY if weights.max() <= 0 else SignMode.MIXED


def grid(exponent: int, sign_mode: SignMode, core: CoreSpec) -> Grid:
    """Return the grid of a format that stores all mantissa bits."""
    form = SynapseFormat(exponent, core.weight_mantissa_bits, sign_mode)
    low = form.low_bits(core)
    top = (1 << core.weight_mantissa_bits) - (1 << low)
    step = 1 << (core.weight_shift + exponent + low)
    return Grid(form, 1 << low, step, min((top >> low) * step, core.weight_limit // step * step))


def exponents(sign_mode: SignMode, core: CoreSpec) -> range:
    """Return the useful weight exponents.

    Smaller exponents do not make the grid finer, because of the fixed shift. Larger exponents make
    the grid coarser without reaching larger weights, because of the weight limit.
    """
    low = SynapseFormat(0, core.weight_mantissa_bits, sign_mode).low_bits(core)
    every = range(max(core.weight_exponent_min, -low), core.weight_exponent_max + 1)
    reach = [grid(exponent, sign_mode, core).largest for exponent in every]
    return every[: int(np.argmax(reach)) + 1]


@lru_cache(maxsize=64)
def grids(sign_mode: SignMode, core: CoreSpec) -> tuple[Grid, ...]:
    """Return the grids of the useful exponents, finest first.

    They are kept, because the search for a scale asks for them hundreds of times.
    """
    return tuple(grid(exponent, sign_mode, core) for exponent in exponents(sign_mode, core))


def choose_format(largest: float, sign_mode: SignMode, core: CoreSpec) -> Grid:
    """Return the finest grid that reaches ``largest`` (in LSB), otherwise the coarsest grid."""
    for candidate in grids(sign_mode, core):
        # Up to half a step above the largest value still rounds to it.
        if largest <= candidate.largest + candidate.step / 2:
            return candidate
    return candidate


def mantissas(steps: Int64Array, chosen: Grid) -> Int64Array:
    """Return whole steps as mantissas of a grid, clipped to its largest weight."""
    most = chosen.largest // chosen.step
    return np.clip(steps, -most, most) * chosen.mantissa_step
