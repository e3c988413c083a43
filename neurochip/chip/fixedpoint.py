"""Fixed-point numbers: widths, rounding, overflow and the mantissa/exponent code.

Every conversion to a narrower number in this project names its :class:`Format` and
:class:`Rounding`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from ..typing import Float64Array, Int64Array

__all__ = ["Format", "Overflow", "Rounding", "encode_mantissa_exponent", "round_to_integer"]


class Rounding(enum.Enum):
    """Rule that rounds a real number to an integer."""

    NEAREST = "nearest"
    """Round to the nearest integer, ties to even: unbiased for symmetric input."""
    FLOOR = "floor"
    """Round toward minus infinity, like an arithmetic right shift."""
    TOWARD_ZERO = "toward zero"
    """Drop the fraction of the magnitude."""
    STOCHASTIC = "stochastic"
    """Round up with a probability equal to the fraction: unbiased for all input, but noisy."""


class Overflow(enum.Enum):
    """Rule for a number that does not fit its register."""

    WRAP = "wrap"
    """Wrap in two's complement into [-2**b, 2**b - 1]."""
    WRAP_UP = "wrap up"
    """Wrap into (-2**b, 2**b]: like WRAP, except that 2**b does not wrap (a quirk of Lava)."""
    CLIP = "clip"
    """Clip to the limit."""
    NONE = "none"
    """No limit, as if the register were wider; the emulator counts values beyond 31 bits."""


@dataclass(frozen=True)
class Format:
    """An integer register.

    Parameters
    ----------
    bits : int
        Width, including the sign bit of a signed register.
    signed : bool
        Whether the register is in two's complement.
    """

    bits: int
    signed: bool

    @property
    def minimum(self) -> int:
        """Smallest value that the register holds."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """Largest value that the register holds."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1


def round_to_integer(
    values: Float64Array, rounding: Rounding, rng: np.random.Generator | None = None
) -> Int64Array:
    """Round real numbers to integers.

    Parameters
    ----------
    values : ndarray of float64
        Numbers of magnitude below 2**53, any shape.
    rounding : Rounding
        Rounding rule.
    rng : numpy.random.Generator, optional
        Random generator, required by ``Rounding.STOCHASTIC``.

    Returns
    -------
    ndarray of int64
        Same shape as ``values``.

    Raises
    ------
    ValueError
        If the rule is stochastic and no generator was given.
    """
    if rounding is Rounding.NEAREST:
        rounded = np.rint(values)
    elif rounding is Rounding.FLOOR:
        rounded = np.floor(values)
    elif rounding is Rounding.TOWARD_ZERO:
        rounded = np.trunc(values)
    else:
        if rng is None:
            raise ValueError("stochastic rounding needs a random generator; pass rng=...")
        below = np.floor(values)
        rounded = below + (rng.random(np.shape(values)) < values - below)
    return np.asarray(rounded).astype(np.int64)


def encode_mantissa_exponent(
    values: Float64Array, mantissa: Format, max_exponent: int
) -> tuple[Int64Array, Int64Array]:
    """Encode each value as ``mantissa * 2**exponent`` with the smallest possible exponent.

    The smallest exponent has the finest grid, and therefore the smallest rounding error.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Numbers to encode, rounded to nearest.
    mantissa : Format
        Range of the mantissa.
    max_exponent : int
        Largest exponent; the smallest is 0.

    Returns
    -------
    mantissas, exponents : ndarray of int64, shape (n,)
        A value too large for ``max_exponent`` gets a mantissa outside the range of ``mantissa``.
        The caller checks this, so that its message can name the object.
    """
    values = np.asarray(values, dtype=np.float64)
    _, width = np.frexp(values)  # bits before the point
    # The largest exponent that may be too small: a negative mantissa may have one bit more.
    exponents = np.array(np.clip(width - mantissa.maximum.bit_length() - 1, 0, max_exponent))
    candidate = np.array(np.rint(np.ldexp(values, -exponents)))
    while True:
        fits = (candidate >= mantissa.minimum) & (candidate <= mantissa.maximum)
        beyond = ~fits & (exponents < max_exponent)
        if not beyond.any():
            return candidate.astype(np.int64), exponents.astype(np.int64)
        exponents[beyond] += 1
        candidate[beyond] = np.rint(np.ldexp(values[beyond], -exponents[beyond]))
