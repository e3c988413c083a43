"""How weights, and the level where v settles, follow rounded decays.

With ``r = (1 - a') / (1 - a)``, where a' is what the register keeps of v in a step and a what it
should, weights are multiplied by ``r**power``: 0 keeps the jump that a spike makes (impulse), 1
keeps the mean of v under a steady input (dc). Or weights keep the variance of v under Poisson input
(a power of about 1/2 for delta synapses), and the bias makes up for the mean: then mean and
variance are kept, for the input that is expected. None of them keeps the *rate*; which comes
nearest depends on how a neuron is driven: by fluctuations, or well above threshold. ``gain="auto"``
looks for the power between 0 and 1 at which the expected rate is that of the unrounded decay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array

from ..options import CompileOptions
from .drive import OperatingPoint, lif_rate

__all__ = ["GainRule", "MomentGain", "PowerGain", "choose_gain", "rounded_point", "variance_gain"]

_BISECTIONS = 20
_SILENT = 0.1  # Hz: a lower rate is no guide


@dataclass(frozen=True)
class PowerGain:
    """Weights follow rounded decays by a power; the level where v settles stays.

    Parameters
    ----------
    v, u : float
        Powers of the corrections for the decay of v and for those of each current: 0 keeps the
        impulse response, 1 the response to a steady input.
    """

    v: float
    u: float

    def gains(
        self, ideal: IdealPopulation, keep_v: Float64Array, keep_u: Sequence[Float64Array]
    ) -> list[Float64Array]:
        """Return what a spike adds to u of each receptor (mV per weight unit), for rounded decays.

        Parameters
        ----------
        ideal : IdealPopulation
            Unrounded decays and gains.
        keep_v, keep_u : ndarray and one ndarray per receptor, shape (size,)
            What a step leaves of v and of each u; where these are the ideal ones, gains stay.
        """
        leaky = ideal.population.model.leaky
        of_v = ((1 - keep_v) / (1 - ideal.keep_v)) ** self.v if leaky else 1.0
        return [
            item.gain * of_v * ((1 - kept) / (1 - item.keep_u)) ** self.u
            for item, kept in zip(ideal.receptors, keep_u, strict=True)
        ]

    def shift(
        self, ideal: IdealPopulation, _keep_v: Float64Array, _keep_u: Sequence[Float64Array]
    ) -> Float64Array:
        """Return how far the level is moved, in mV: not at all."""
        return np.zeros(ideal.population.size)


@dataclass(frozen=True, eq=False)
class MomentGain:
    """Weights keep the variance of v under Poisson input, and the bias its mean.

    For neurons with a leak.

    Parameters
    ----------
    charge : tuple of ndarray, shape (size,), weight units per step
        Expected input of each receptor.
    """

    charge: tuple[Float64Array, ...]

    def gains(
        self, ideal: IdealPopulation, keep_v: Float64Array, keep_u: Sequence[Float64Array]
    ) -> list[Float64Array]:
        """Return what a spike adds to u of each receptor, as for :class:`PowerGain`."""
        return [
            item.gain
            * np.sqrt(variance_gain(ideal.keep_v, item.keep_u) / variance_gain(keep_v, kept))
            for item, kept in zip(ideal.receptors, keep_u, strict=True)
        ]

    def shift(
        self, ideal: IdealPopulation, keep_v: Float64Array, keep_u: Sequence[Float64Array]
    ) -> Float64Array:
        """Return how far the level is moved, in mV: by what is missing of the expected mean."""
        gains = self.gains(ideal, keep_v, keep_u)
        exact = [item.keep_u for item in ideal.receptors]
        wanted = self._mean(ideal.keep_v, exact, [item.gain for item in ideal.receptors])
        return np.asarray(wanted - self._mean(keep_v, keep_u, gains))

    def expected(self, ideal: IdealPopulation) -> Float64Array:
        """Return by how much the expected input moves the mean of v, in mV."""
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


def choose_gain(
    ideal: IdealPopulation,
    keep_v: Float64Array,
    point: OperatingPoint | None,
    dt: float,
    options: CompileOptions,
) -> GainRule:
    """Choose how a population follows its rounded decays.

    Parameters
    ----------
    ideal : IdealPopulation
        Unrounded decays.
    keep_v : ndarray, shape (size,)
        What the decay register keeps of v.
    point : OperatingPoint or None
        How the population is driven; needed for ``gain="auto"`` and ``"mean_and_variance"``.
    dt : float, ms
        Step.
    options : CompileOptions
        Which gain survives.
    """
    if options.gain in ("dc", "impulse"):
        power = 1.0 if options.gain == "dc" else 0.0
        return PowerGain(power, power)
    assert point is not None
    if not ideal.population.model.leaky:  # v has no moments to keep, and no decay that is rounded
        return PowerGain(1.0, 1.0)
    moments = MomentGain(tuple(values * dt for values in point.charge))
    if options.gain == "mean_and_variance":
        return moments
    # With the decay that the equations are integrated with, which may be Euler's.
    exact = rounded_point(point, ideal.keep_v, ideal.keep_v, PowerGain(1.0, 1.0), dt)
    wanted = lif_rate(exact).mean()
    moved = not np.array_equal(keep_v[point.ids], ideal.keep_v[point.ids])
    if wanted < _SILENT or not moved or not (point.mean != point.v_inf).any():
        return PowerGain(1.0, 1.0)

    def error(rule: GainRule) -> float:
        return float(lif_rate(rounded_point(point, ideal.keep_v, keep_v, rule, dt)).mean() - wanted)

    low, high = 0.0, 1.0
    rules: tuple[GainRule, ...] = (PowerGain(low, 1.0), PowerGain(high, 1.0), moments)
    errors = [error(rule) for rule in rules]
    at_low, at_high, _ = errors
    if at_low * at_high >= 0:  # no power between them gives the rate
        return rules[int(np.argmin(np.abs(errors)))]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if error(PowerGain(middle, 1.0)) * at_low > 0:
            low = middle
        else:
            high = middle
    return PowerGain((low + high) / 2, 1.0)


def rounded_point(
    point: OperatingPoint,
    ideal_keep_v: Float64Array,
    keep_v: Float64Array,
    rule: GainRule,
    dt: float,
) -> OperatingPoint:
    """Return the operating point with the decay of v that a register means.

    Parameters
    ----------
    point : OperatingPoint
        With the unrounded decay; of neurons without a leak it stays as it is.
    ideal_keep_v, keep_v : ndarray, shape (size,)
        What a step keeps of v, unrounded and by the register.
    rule : PowerGain or MomentGain
        How weights and level follow.
    dt : float, ms
        Step.
    """
    if np.isinf(point.tau_m).all():
        return point
    a, b = ideal_keep_v[point.ids], keep_v[point.ids]
    with np.errstate(divide="ignore"):
        tau_m = -dt / np.log(b)
    if isinstance(rule, MomentGain):
        return replace(point, tau_m=tau_m)
    correction = (1 - b) / (1 - a)
    with np.errstate(divide="ignore"):
        s = np.where(point.tau_syn > 0, np.exp(-dt / point.tau_syn), 0.0)
    variance = variance_gain(b, s) / variance_gain(a, s)
    return replace(
        point,
        tau_m=tau_m,
        mean=point.v_inf + (point.mean - point.v_inf) * correction ** (rule.v - 1),
        std=point.std * correction**rule.v * np.sqrt(variance),
    )


def variance_gain(a: Float64Array, s: Float64Array) -> Float64Array:
    """Variance of v per variance of the input of a step; poles a and s."""
    gain: Float64Array = (1 + a * s) / ((1 - a**2) * (1 - s**2) * (1 - a * s))
    return gain
