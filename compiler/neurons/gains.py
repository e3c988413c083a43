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

from dataclasses import replace

import numpy as np

from neurochip.image import MomentGain, PowerGain
from neurochip.image.gains import GainRule, variance_gain
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array

from ..options import CompileOptions
from .drive import OperatingPoint, lif_rate

__all__ = ["choose_gain", "rounded_point"]

_BISECTIONS = 20
_SILENT = 0.1  # Hz: a lower rate is no guide


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
    u = 0.0 if options.gain == "impulse" else 1.0
    if not ideal.population.model.leaky:  # v has no moments to keep, and no decay that is rounded
        return PowerGain(0.0, u)
    if options.gain in ("dc", "impulse"):
        return PowerGain(u, u)
    assert point is not None
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
