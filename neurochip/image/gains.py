"""Gain rules: corrections of weights and resting level for rounded decays, as data.

Let a be the exact fraction of a state that a step keeps, a' the fraction of the rounded register,
and ``r = (1 - a') / (1 - a)``. A rule multiplies weights by a power of r, or by the factor that
preserves the variance of v. A rule can also compute the gains for the case that only some of the
decays are rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._support.brief import brief
from .._support.ranges import Range
from .._support.values import ArrayValue, items, read_only, real
from ..errors import ImageError
from ..typing import Float64Array
from .parts import check_array

__all__ = ["GainRule", "MomentGain", "PowerGain", "Unrounded", "variance_gain"]


_POWERS = Range(at_least=0.0, at_most=1.0)


class _Current(Protocol):
    @property
    def keep_u(self) -> Float64Array: ...
    @property
    def gain(self) -> Float64Array: ...


class Unrounded(Protocol):
    """Decays and gains before rounding, such as an ``IdealPopulation``; arrays of shape (size,)."""

    @property
    def keep_v(self) -> Float64Array:
        """Fraction of v that a step keeps."""

    @property
    def receptors(self) -> Sequence[_Current]:
        """For each receptor, the fraction of u that a step keeps, and its gain."""


@dataclass(frozen=True)
class PowerGain:
    """Weights are multiplied by a power of the correction r; the resting level stays unchanged.

    Parameters
    ----------
    v, u : float, 0 to 1
        Powers of the corrections for the decay of v and of each current: 0 preserves the impulse
        response, 1 the response to steady input. Without a leak, v has no rounded decay, and its
        power is 0.

    Raises
    ------
    ImageError
        If a power is not allowed.
    """

    v: float
    u: float

    def __post_init__(self) -> None:
        for name in ("v", "u"):
            allowed, value = "a number from 0 to 1", getattr(self, name)
            power = real(
                "gain rule", name, value, within=_POWERS, allowed=allowed, error=ImageError
            )
            object.__setattr__(self, name, power)

    def follow(
        self, ideal: Unrounded, keep_v: Float64Array, keep_u: Sequence[Float64Array]
    ) -> tuple[list[Float64Array], Float64Array]:
        """Return the gains for rounded decays, and a shift of the resting level of 0.

        Parameters
        ----------
        ideal : Unrounded
            Unrounded decays and gains.
        keep_v, keep_u : ndarray and one ndarray per receptor, shape (size,)
            Fraction of v and of each u that a step keeps, rounded or not.

        Returns
        -------
        gains : list of ndarray, shape (size,), mV per weight unit
            Amount that a spike of weight 1 adds to u of each receptor.
        shift : ndarray, shape (size,), mV
            Shift of the resting level.
        """
        of_v = ((1 - keep_v) / (1 - ideal.keep_v)) ** self.v if self.v else 1.0
        gains = [
            item.gain * of_v * ((1 - kept) / (1 - item.keep_u)) ** self.u
            for item, kept in zip(ideal.receptors, keep_u, strict=True)
        ]
        return gains, np.zeros(len(keep_v))


@dataclass(frozen=True, eq=False)
class MomentGain(ArrayValue):
    """Weights preserve the variance of v under Poisson input, and the bias preserves its mean.

    Only for neurons with a leak. The rate still changes with the speed of v, unless ``lift`` makes
    up for that, too.

    Parameters
    ----------
    charge : tuple of ndarray of float64, shape (size,), weight units per step
        Expected input of each receptor, all finite.
    lift : float, mV
        The bias raises the mean of v by ``lift (1 - r)``: by a hundredth of it if v is slower by
        1 %. 0 preserves the mean.

    Raises
    ------
    ImageError
        If a value is not finite, or an array has the wrong type or shape.
    """

    charge: tuple[Float64Array, ...]
    lift: float = 0.0

    __repr__ = brief

    def __post_init__(self) -> None:
        allowed = "an array for each receptor"
        charge = items("gain rule", "charge", self.charge, allowed, error=ImageError)
        for index, values in enumerate(charge):
            check_array("gain rule", f"charge {index}", values, np.float64)
            if not np.isfinite(values).all():
                raise ImageError(
                    f"gain rule: charge {index} holds {values[~np.isfinite(values)][0]:g}; "
                    "allowed: finite numbers."
                )
        object.__setattr__(self, "charge", tuple(read_only(values) for values in charge))
        object.__setattr__(self, "lift", real("gain rule", "lift", self.lift, error=ImageError))

    def follow(
        self, ideal: Unrounded, keep_v: Float64Array, keep_u: Sequence[Float64Array]
    ) -> tuple[list[Float64Array], Float64Array]:
        """Return the gains for rounded decays, and the shift of the resting level.

        The shift makes up for the change of the expected mean of v, and adds the lift. ``ideal``,
        ``keep_v``, ``keep_u`` and the returned values are those of :meth:`PowerGain.follow`.
        """
        gains = [
            item.gain
            * np.sqrt(variance_gain(ideal.keep_v, item.keep_u) / variance_gain(keep_v, kept))
            for item, kept in zip(ideal.receptors, keep_u, strict=True)
        ]
        lift = self.lift * (1 - (1 - keep_v) / (1 - ideal.keep_v))
        return gains, self.expected(ideal) - self._mean(keep_v, keep_u, gains) + lift

    def expected(self, ideal: Unrounded) -> Float64Array:
        """Return the displacement of the mean of v by the expected input with ``ideal``, in mV."""
        receptors = ideal.receptors
        keep_u, gains = [item.keep_u for item in receptors], [item.gain for item in receptors]
        return self._mean(ideal.keep_v, keep_u, gains)

    def _mean(
        self, keep_v: Float64Array, keep_u: Sequence[Float64Array], gains: Sequence[Float64Array]
    ) -> Float64Array:
        mean = np.zeros(len(keep_v))
        for charge, kept, gain in zip(self.charge, keep_u, gains, strict=True):
            mean += charge * gain / ((1 - kept) * (1 - keep_v))
        return mean


GainRule = PowerGain | MomentGain


def variance_gain(a: Float64Array, s: Float64Array) -> Float64Array:
    """Return the variance of v per variance of the input of a step, with poles a and s."""
    gain: Float64Array = (1 + a * s) / ((1 - a**2) * (1 - s**2) * (1 - a * s))
    return gain
