"""Choose how weights and resting level are corrected for rounded decays.

Let a be the exact fraction of v that a step keeps, a' the fraction of the rounded register, and
``r = (1 - a') / (1 - a)``. A power rule multiplies weights by ``r**power``: power 0 preserves the
jump caused by a spike (impulse), power 1 the mean of v under steady input (dc). The moment rule
preserves the variance of v under Poisson input (a power of about 1/2 for delta synapses) and
corrects the mean through the bias; both are exact only for the expected input. None of these
preserves the *firing rate*. Which one comes closest depends on whether a neuron is driven by
fluctuations or far above threshold. ``gain="auto"`` searches the power between 0 and 1 at which the
expected rate equals that of the unrounded decay. If there is none, it takes the moment rule and
lifts the mean of v as far as the rate wants. Where no rate can be predicted, it preserves the mean
(dc).

The moment rule moves the resting level, which is seen when the input ends: it is made for no input
that is known to end early, and ``gain="auto"`` takes it only where it moves the level little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurochip.image import MomentGain, PowerGain
from neurochip.image.gains import GainRule, variance_gain
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array

from ..options import CompileOptions
from .drive import OperatingPoint, lif_rate

__all__ = ["GainChoice", "choose_gain", "rounded_point"]

_BISECTIONS = 20
_LIFT = 0.1  # mV: small, to take the slope of the rates
_CROSSING = 0.1  # of the expected rate: that of neurons which begin or cease to need no input
_SILENT = 0.1  # Hz: lower rates are too uncertain to choose a power from
_MOVED = 0.05  # of the way from reset to threshold, the farthest that the resting level moves


@dataclass(frozen=True, eq=False)
class GainChoice:
    """A rule, and a note for the compile report; empty if the option names the rule.

    Parameters
    ----------
    rule : PowerGain or MomentGain
        Rule that corrects weights and resting level.
    note : str
        What the rule preserves, or why ``gain="auto"`` fell back to preserving the mean.
    """

    rule: GainRule
    note: str = ""


def choose_gain(
    ideal: IdealPopulation,
    keep_v: Float64Array,
    keep_u: Sequence[Float64Array],
    point: OperatingPoint | None,
    lasting: OperatingPoint | None,
    dt: float,
    options: CompileOptions,
) -> GainChoice:
    """Choose the rule that corrects a population for its rounded decays.

    Parameters
    ----------
    ideal : IdealPopulation
        Unrounded decays.
    keep_v : ndarray, shape (size,)
        Fraction of v that a step keeps with the rounded register.
    keep_u : sequence of ndarray, shape (size,)
        The same for the current of each receptor.
    point : OperatingPoint or None
        Expected input of the population. Without it, ``gain="auto"`` and ``"mean_and_variance"``
        preserve the mean.
    lasting : OperatingPoint or None
        The part of it that does not end early; the same object if that is all.
    dt : float, ms
        Length of a step.
    options : CompileOptions
        The option ``gain`` decides.
    """
    u = 0.0 if options.gain == "impulse" else 1.0
    leaky = ideal.population.model.leaky
    if not leaky or options.gain in ("dc", "impulse"):
        # Without a leak, v has no rounded decay and no stationary moments.
        return GainChoice(PowerGain(u if leaky else 0.0, u))
    if point is None or lasting is None:
        return _mean_only("the expected input is not known")
    moments = MomentGain(tuple(values * dt for values in lasting.charge))
    if options.gain == "mean_and_variance":
        return _noted(moments)
    goes_on = bool((lasting.mean != lasting.v_inf).any())
    if lasting is not point and not (goes_on and lif_rate(lasting).mean() >= _SILENT):
        # Weights alone keep the rate during the input that ends; the level after it stays.
        return _keeping_rate(ideal, keep_v, keep_u, point, dt, None)
    return _keeping_rate(ideal, keep_v, keep_u, lasting, dt, moments)


def _keeping_rate(
    ideal: IdealPopulation,
    keep_v: Float64Array,
    keep_u: Sequence[Float64Array],
    point: OperatingPoint,
    dt: float,
    moments: MomentGain | None,
) -> GainChoice:
    """Choose the rule that preserves the expected rate, or the mean if it cannot be predicted."""
    if np.array_equal(keep_v[point.ids], ideal.keep_v[point.ids]):
        return GainChoice(PowerGain(1.0, 1.0))
    if not (point.mean != point.v_inf).any():
        return _mean_only("no input spikes are expected")
    # Use the decay of the integration method of the model, which may be forward Euler.
    exact = rounded_point(point, ideal.keep_v, ideal.keep_v, PowerGain(1.0, 1.0), dt)
    wanted = float(lif_rate(exact).mean())
    if wanted < _SILENT:
        return _mean_only("the neurons are expected to be silent")
    if wanted * dt > 1e3:
        return _mean_only("the expected rate is above one spike per step")

    def changes(rule: GainRule) -> Float64Array:
        return lif_rate(rounded_point(point, ideal.keep_v, keep_v, rule, dt)) - lif_rate(exact)

    def error(rule: GainRule) -> float:
        return float(changes(rule).mean())

    if moments is None:
        return _noted(_preserving(error, ()))
    lifted = _lifted(changes, moments)
    get = ideal.population.parameter
    most = _MOVED * (get("v_thresh") - get("v_reset"))
    undriven = _undriven(exact, 0.0)

    def is_small(rule: MomentGain) -> bool:
        shift = rule.follow(ideal, keep_v, keep_u)[1]
        rounded = rounded_point(point, ideal.keep_v, keep_v, rule, dt)
        moved = _undriven(rounded, shift[point.ids])
        crossing = np.where((moved > 0) != (undriven > 0), np.abs(moved - undriven), 0.0)
        return bool((np.abs(shift) <= most).all() and crossing.mean() <= _CROSSING * wanted)

    others = [rule for rule in (moments, lifted) if is_small(rule)]
    return _noted(_preserving(error, others))


def _undriven(point: OperatingPoint, shift: float | Float64Array) -> Float64Array:
    """Return the rates (Hz) without input spikes, with the resting level moved by ``shift`` mV."""
    return lif_rate(replace(point, mean=point.v_inf + shift, std=np.zeros(len(point.ids))))


def _lifted(changes: Callable[[GainRule], Float64Array], moments: MomentGain) -> MomentGain:
    """Return the moment rule with the lift that leaves the smallest squared changes of rates.

    The changes are taken to be linear in the lift. Rates that hardly depend on the mean of v, as
    those of rare and large kicks, want a large one, which the caller refuses.
    """
    before = changes(moments)
    slope = (changes(replace(moments, lift=_LIFT)) - before) / _LIFT
    squares = float(slope @ slope)
    lift = -float(slope @ before) / squares if squares else 0.0
    return replace(moments, lift=lift)


def _preserving(error: Callable[[GainRule], float], others: Sequence[MomentGain]) -> GainRule:
    """Return the power without an error of the rate; if there is none, the best of all rules."""
    low, high = 0.0, 1.0
    rules: tuple[GainRule, ...] = (PowerGain(low, 1.0), PowerGain(high, 1.0), *others)
    errors = [error(rule) for rule in rules]
    at_low, at_high, *_ = errors
    if at_low * at_high >= 0:  # no power from 0 to 1 gives the wanted rate
        return rules[int(np.argmin(np.abs(errors)))]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if error(PowerGain(middle, 1.0)) * at_low > 0:
            low = middle
        else:
            high = middle
    return PowerGain((low + high) / 2, 1.0)


def _noted(rule: GainRule) -> GainChoice:
    """Return a rule with a note that says what it preserves."""
    if isinstance(rule, MomentGain):
        kept = "expected rate" if rule.lift else "mean"
        text = f"weights preserve the variance of v, the bias preserves the {kept}"
        return GainChoice(rule, text)
    text = f"gain power {rule.v:.2f} (0 preserves the jump of a spike, 1 the mean)"
    return GainChoice(rule, text)


def _mean_only(reason: str) -> GainChoice:
    """Return the rule for a population whose rate cannot be predicted, with the reason."""
    return GainChoice(PowerGain(1.0, 1.0), f"gain dc (preserves the mean): {reason}")


def rounded_point(
    point: OperatingPoint,
    ideal_keep_v: Float64Array,
    keep_v: Float64Array,
    rule: GainRule,
    dt: float,
) -> OperatingPoint:
    """Return the operating point for the rounded decay of v.

    Parameters
    ----------
    point : OperatingPoint
        Operating point with the unrounded decay; returned unchanged for neurons without a leak.
    ideal_keep_v, keep_v : ndarray, shape (size,)
        Fraction of v that a step keeps, unrounded and with the register.
    rule : PowerGain or MomentGain
        Rule that corrects weights and resting level.
    dt : float, ms
        Length of a step.
    """
    if np.isinf(point.tau_m).all():
        return point
    a, b = ideal_keep_v[point.ids], keep_v[point.ids]
    with np.errstate(divide="ignore"):
        tau_m = -dt / np.log(b)
    correction = (1 - b) / (1 - a)
    if isinstance(rule, MomentGain):
        return replace(point, tau_m=tau_m, mean=point.mean + rule.lift * (1 - correction))
    with np.errstate(divide="ignore"):
        s = np.where(point.tau_syn > 0, np.exp(-dt / point.tau_syn), 0.0)
    variance = variance_gain(b, s) / variance_gain(a, s)
    return replace(
        point,
        tau_m=tau_m,
        mean=point.v_inf + (point.mean - point.v_inf) * correction ** (rule.v - 1),
        std=point.std * correction**rule.v * np.sqrt(variance),
    )
