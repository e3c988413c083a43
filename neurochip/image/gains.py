"""How weights and the level where v settles follow rounded decays: the compiler's choice, as data.

With ``r = (1 - a') / (1 - a)``, where a' is what a register keeps of a state in a step and a what
it should, weights are multiplied by a power of r, or so that v keeps its variance. A rule also says
what gains would be if only some decays were rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

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
    """Decays and gains before rounding, as an ``IdealPopulation`` has them; arrays of (size,)."""

    @property
    def keep_v(self) -> Float64Array:
        """What a step leaves of v."""

    @property
    def receptors(self) -> Sequence[_Current]:
        """Of each receptor, what a step leaves of u, and what a spike adds: mV per weight unit."""


@dataclass(frozen=True)
class PowerGain:
    """Weights follow rounded decays by a power; the level where v settles stays.

    Parameters
    ----------
    v, u : float, 0 to 1
        Powers of the corrections for the decay of v and for those of each current: 0 keeps the
        impulse response, 1 the response to a steady input. Without a leak, v has no decay that is
        rounded, and its power is 0.

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
        """Return gains for rounded decays, and how far the level is moved: not at all.

        Parameters
        ----------
        ideal : Unrounded
            Unrounded decays and gains.
        keep_v, keep_u : ndarray and one ndarray per receptor, shape (size,)
            What a step leaves of v and of each u; where these are the ideal ones, gains stay.

        Returns
        -------
        gains : list of ndarray, shape (size,), mV per weight unit
            What a spike adds to u of each receptor.
        shift : ndarray, shape (size,), mV
            How far the level where v settles is moved.
        """
        of_v = ((1 - keep_v) / (1 - ideal.keep_v)) ** self.v if self.v else 1.0
        gains = [
            item.gain * of_v * ((1 - kept) / (1 - item.keep_u)) ** self.u
            for item, kept in zip(ideal.receptors, keep_u, strict=True)
        ]
        return gains, np.zeros(len(keep_v))


@dataclass(frozen=True, eq=False)
class MomentGain(ArrayValue):
    """Weights keep the variance of v under Poisson input, and the bias its mean.

    For neurons with a leak.

    Parameters
    ----------
    charge : tuple of ndarray of float64, shape (size,), weight units per step
        Expected input of each receptor, all finite.

    Raises
    ------
    ImageError
        If an array is not allowed.
    """

    charge: tuple[Float64Array, ...]

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

    def follow(
        self, ideal: Unrounded, keep_v: Float64Array, keep_u: Sequence[Float64Array]
    ) -> tuple[list[Float64Array], Float64Array]:
        """Return gains for rounded decays, and how far the level is moved.

        That is by what is missing of the expected mean. ``ideal``, ``keep_v``, ``keep_u`` and what
        is returned are those of :meth:`PowerGain.follow`.
        """
        gains = [
            item.gain
            * np.sqrt(variance_gain(ideal.keep_v, item.keep_u) / variance_gain(keep_v, kept))
            for item, kept in zip(ideal.receptors, keep_u, strict=True)
        ]
        return gains, self.expected(ideal) - self._mean(keep_v, keep_u, gains)

    def expected(self, ideal: Unrounded) -> Float64Array:
        """Return how far the expected input moves the mean of v with ``ideal``, in mV."""
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
    """Variance of v per variance of the input of a step; poles a and s."""
    gain: Float64Array = (1 + a * s) / ((1 - a**2) * (1 - s**2) * (1 - a * s))
    return gain
