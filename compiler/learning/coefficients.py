"""Choose mantissa, exponent and impulse of a product together, so that its amplitude is right.

A coefficient alone, ``mantissa * 2**exponent`` with 4 bits, is off by up to 11 %. An impulse is
free: what a product needs is the coefficient times the impulses of its traces.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from neurochip.chip.learning_spec import LearningSpec
from neurochip.typing import Float64Array

__all__ = [
    "Coefficient",
    "coefficients",
    "expected_peak",
    "exponents",
    "finest",
    "impulse_unit",
    "in_units",
    "largest_impulse",
    "largest_mantissa",
]

_FINE = 1e-3  # relative error of an amplitude that does not matter
_MOST = 4e-3  # and the largest one that is taken for a finer trace
_DEVIATIONS = 4.0


class Coefficient(NamedTuple):
    """A coefficient ``mantissa * 2**exponent``, the impulse that goes with it, and their error.

    ``error`` is relative to the product that was asked; so is ``lost``, what the product shift
    rounds off on average. ``taken`` is what a rule takes off a second trace, so that it does not
    count the spike of this step.
    """

    mantissa: int
    exponent: int
    impulse: float
    error: float
    lost: float = 0.0
    taken: int = 0

    @property
    def value(self) -> float:
        """The coefficient as a number."""
        return math.ldexp(self.mantissa, self.exponent)

    def cost(self, most: float) -> float:
        """Return what to minimise: both errors in units of 0.1 %, and how coarse the trace is.

        Half the largest impulse costs as much as 0.1 %, and a fraction, which is drawn, a quarter.
        Errors of more than 0.4 % are only taken if nothing else is there.
        """
        error, drawn = abs(self.error), 0.25 * (self.impulse % 1.0 > 0.0)
        beyond = 1e6 * max(0.0, error - _MOST)
        errors = (max(error, _FINE) + self.lost) / _FINE
        return errors + most / self.impulse + drawn + beyond


def coefficients(
    asked: float, most: float, spec: LearningSpec, *, whole: bool = False, lost: float = 0.0
) -> list[Coefficient]:
    """Return all pairs of a coefficient and an impulse for a product, the best one first.

    Parameters
    ----------
    asked : float
        Coefficient times impulse, above 0, in the scale of the text of a rule.
    most : float
        Largest impulse.
    spec : LearningSpec
        The engine.
    whole : bool
        Whether the impulse must be whole.
    lost : float
        What the product shift rounds off with an exponent of 0, relative to the product.
    """
    unit = 1 if whole else impulse_unit(spec)
    found = []
    for mantissa in range(1, largest_mantissa(spec) + 1, 2):
        for exponent in range(*exponents(spec)):
            value = math.ldexp(mantissa, exponent)
            impulse = round(asked / value * unit) / unit
            if 0 < impulse <= most:
                error = value * impulse / asked - 1
                m, e = finest(mantissa, exponent, spec) if lost else (mantissa, exponent)
                found.append(Coefficient(m, e, impulse, error, math.ldexp(lost, e)))
    return sorted(found, key=lambda item: item.cost(most))


def finest(mantissa: int, exponent: int, spec: LearningSpec) -> tuple[int, int]:
    """Return the same coefficient with the smallest exponent, at which a shift rounds off least."""
    low, most = exponents(spec)[0], largest_mantissa(spec)
    while 2 * mantissa <= most and exponent > low:
        mantissa, exponent = 2 * mantissa, exponent - 1
    return mantissa, exponent


def impulse_unit(spec: LearningSpec) -> int:
    """Return into how many parts an engine divides a unit of an impulse.

    It is 1 for an engine that draws a fraction with another probability than the fraction.
    """
    return 1 << spec.impulse_fraction_bits * (spec.impulse_fraction_bits == spec.impulse_draw_bits)


def in_units(asked: float, spec: LearningSpec) -> list[tuple[int, int]]:
    """Return mantissas and exponents whose sum is nearest to a number of at least 0."""
    low, _ = exponents(spec)
    rest, parts = round(math.ldexp(asked, -low)), []
    while rest:
        shift = max(0, rest.bit_length() - 3)
        parts.append((rest >> shift, low + shift))
        rest -= rest >> shift << shift
    return parts


def expected_peak(rate: Float64Array, tau: float) -> float:
    """Return how many impulses a trace holds at most at a spike: at least 2.

    A trace of a Poisson train has the mean ``rate tau`` and the variance ``rate tau / 2``
    (Campbell's theorem; Rice 1944, 10.1002/j.1538-7305.1944.tb00874.x). The peak is taken as 4
    standard deviations above the mean, and the impulse of the spike itself. In simulations, 1 spike
    in 130 to 2,000 made a trace higher than that, for a ``rate tau`` of 0.1 to 5.

    Parameters
    ----------
    rate : ndarray of float64, Hz
        Rates of the neurons.
    tau : float, ms
        Time constant.
    """
    held = float(np.max(rate, initial=0.0)) * tau / 1000.0
    return max(2.0, 1.0 + held + _DEVIATIONS * math.sqrt(held / 2))


def largest_impulse(peak: float, spec: LearningSpec) -> float:
    """Return the largest impulse for which a trace of ``peak`` impulses does not saturate."""
    return max(1.0, math.floor(((1 << spec.trace_bits) - 1) / peak))


def largest_mantissa(spec: LearningSpec) -> int:
    """Return the largest mantissa to take."""
    return int(min(7, spec.mantissa_limits[1]))


def exponents(spec: LearningSpec) -> tuple[int, int]:
    """Return the smallest exponent to take, and the one after the largest."""
    low, high = spec.exponent_limits
    return int(max(low, -30)), int(min(high, 30)) + 1
