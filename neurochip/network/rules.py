"""Random rules for weights and delays.

Plain parameters are in the unit of the weight or delay that the rule draws. Quantities are
converted to mV, nA or ms, and the rule then draws only values of that unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._support.ranges import FINITE, Range
from .._support.values import real
from ..errors import NetworkError
from ..typing import Float64Array
from .quantities import find_unit

__all__ = ["LogNormal", "Normal", "Rule", "Uniform"]


class _Drawn:
    """A rule; ``unit`` is that of its quantities, and empty if its parameters are plain numbers."""

    unit: ClassVar[str] = ""


def _check(rule: Any, *names: str, unit: str = "", within: Range = FINITE) -> None:
    """Check parameters, and convert quantities to a unit."""
    for name in names:
        given = getattr(rule, name)
        value = real(type(rule).__name__, name, given, unit, within=within)
        if type(given) not in {int, float}:  # ints and floats keep their repr
            object.__setattr__(rule, name, value)


def _check_order(rule: Uniform | Normal) -> None:
    if rule.low > rule.high:
        raise NetworkError(
            f"{type(rule).__name__}: low = {rule.low:g} is above high = {rule.high:g}; exchange "
            "them."
        )


@dataclass(frozen=True)
class Uniform(_Drawn):
    """A uniform distribution between ``low`` and ``high``.

    Raises
    ------
    NetworkError
        If a bound is not finite or ``low`` is above ``high``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        find_unit(self, "low", "high")
        _check(self, "low", "high", unit=self.unit)
        _check_order(self)
        if not math.isfinite(self.high - self.low):
            raise NetworkError(
                f"Uniform: low = {self.low:g} and high = {self.high:g} are further apart than a "
                "float can represent; move them closer together."
            )

    def draw(self, rng: np.random.Generator, size: int) -> Float64Array:
        """Draw ``size`` values from the generator ``rng``, shape (size,)."""
        return rng.uniform(self.low, self.high, size)


@dataclass(frozen=True)
class Normal(_Drawn):
    """A normal distribution; values outside ``low``..``high`` are drawn again, not clipped.

    Parameters
    ----------
    mean, std : float
        Mean and standard deviation of the unbounded distribution; std at least 0.
    low, high : float
        Bounds, infinite by default.

    Raises
    ------
    NetworkError
        If the standard deviation is negative or less than 1 % of the values would be accepted.
    """

    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        find_unit(self, "mean", "std", "low", "high")
        _check(self, "mean", "std", unit=self.unit)
        if self.std < 0:
            raise NetworkError(f"Normal: std = {self.std:g}; allowed: at least 0.")
        _check(self, "low", "high", unit=self.unit, within=Range(finite=False))
        _check_order(self)
        if not self._accepted() >= 0.01:
            raise NetworkError(
                f"Normal: only {self._accepted():.1%} of the values of mean {self.mean:g} and std "
                f"{self.std:g} lie between low = {self.low:g} and high = {self.high:g}; allowed: "
                "at least 1 %. Move the bounds or the mean."
            )

    def _accepted(self) -> float:
        if self.std == 0:
            return float(self.low <= self.mean <= self.high)
        scale = self.std * math.sqrt(2)
        above, below = (self.high - self.mean) / scale, (self.low - self.mean) / scale
        return 0.5 * (math.erf(above) - math.erf(below))

    def draw(self, rng: np.random.Generator, size: int) -> Float64Array:
        """Draw ``size`` values from the generator ``rng``, shape (size,)."""
        values = rng.normal(self.mean, self.std, size)
        outside = np.flatnonzero((values < self.low) | (values > self.high))
        while outside.size:
            values[outside] = rng.normal(self.mean, self.std, outside.size)
            again = values[outside]
            outside = outside[(again < self.low) | (again > self.high)]
        return values


@dataclass(frozen=True)
class LogNormal(_Drawn):
    """``exp(x)`` with x normal of mean ``mu`` and standard deviation ``sigma``, times ``scale``.

    A negative ``scale`` gives inhibitory weights.

    Raises
    ------
    NetworkError
        If a value is not finite or ``sigma`` is negative.
    """

    mu: float
    sigma: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        _check(self, "mu", "sigma")
        find_unit(self, "scale")
        _check(self, "scale", unit=self.unit)
        if self.sigma < 0:
            raise NetworkError(f"LogNormal: sigma = {self.sigma:g}; allowed: at least 0.")

    def draw(self, rng: np.random.Generator, size: int) -> Float64Array:
        """Draw ``size`` values from the generator ``rng``, shape (size,)."""
        return self.scale * rng.lognormal(self.mu, self.sigma, size)


Rule = Uniform | Normal | LogNormal
