"""Synaptic weights as mantissas with one shared exponent per connection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.chip.spec import CoreSpec
from neurochip.typing import Float64Array, Int64Array

__all__ = ["Grid", "choose_format", "mantissas", "sign_mode_of"]


@dataclass(frozen=True)
class Grid:
    """The weights that a synapse format can express: multiples of ``step`` up to ``largest``."""

    format: SynapseFormat
    mantissa_step: int
    step: int
    largest: int


def sign_mode_of(weights: Float64Array) -> SignMode:
    """Pick the sign mode that spends no bit on a sign that does not occur."""
    if weights.size == 0 or weights.min() >= 0:
        return SignMode.EXCITATORY
    return SignMode.INHIBITORY if weights.max() <= 0 else SignMode.MIXED


def grid(exponent: int, sign_mode: SignMode, core: CoreSpec) -> Grid:
    """Return the weights of a format that stores all mantissa bits."""
    form = SynapseFormat(exponent, core.weight_mantissa_bits, sign_mode)
    low = form.low_bits(core)
    top = (1 << core.weight_mantissa_bits) - (1 << low)
    step = 1 << (core.weight_shift + exponent + low)
    return Grid(form, 1 << low, step, min((top >> low) * step, core.weight_limit // step * step))


def exponents(sign_mode: SignMode, core: CoreSpec) -> range:
    """Exponents worth using.

    Below the first, the fixed shift makes the grid no finer; beyond the last, the limit of weights
    leaves a coarser grid fewer steps, which reach less far.
    """
    low = SynapseFormat(0, core.weight_mantissa_bits, sign_mode).low_bits(core)
    every = range(max(core.weight_exponent_min, -low), core.weight_exponent_max + 1)
    reach = [grid(exponent, sign_mode, core).largest for exponent in every]
    return every[: int(np.argmax(reach)) + 1]


def choose_format(largest: float, sign_mode: SignMode, core: CoreSpec) -> Grid:
    """Return the finest grid that reaches ``largest`` (in LSB), or the coarsest there is."""
    for exponent in exponents(sign_mode, core):
        candidate = grid(exponent, sign_mode, core)
        # Half a step more still rounds to the largest.
        if largest <= candidate.largest + candidate.step / 2:
            return candidate
    return candidate


def mantissas(steps: Int64Array, chosen: Grid) -> Int64Array:
    """Whole steps as mantissas of a grid, none beyond its largest."""
    most = chosen.largest // chosen.step
    return np.clip(steps, -most, most) * chosen.mantissa_step
