"""Learning by reward: the eligibility as the tag of a synapse, the reward as a given trace.

Every ``2**k`` steps the weight changes by ``S * tag * reward``, and the tag by ``-c * tag``, with
``c = 1 - exp(-interval / tau_eligibility)``. All changes of a step follow from the old values, so
the pairs of this step come after both, as in a network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neurochip.chip.learning_spec import LearningSpec
from neurochip.errors import CompileError
from neurochip.learning.terms import Factor, Term
from neurochip.network import STDP, RewardModulation
from neurochip.typing import Float64Array, Int16Array, Int64Array

from .check import interval_exponent
from .coefficients import exponents, finest, in_units, largest_mantissa

__all__ = ["REWARD", "RewardRegisters", "expected_eligibility", "fit_reward"]

REWARD = "y2"
"""The trace that holds the reward."""
_MOST = 127  # of a given trace, either side of 0
_DEVIATIONS = 4.0
_ROOM = 1.25  # between the expected peak of an eligibility and the limit of the tag


@dataclass(frozen=True, eq=False)
class RewardRegisters:
    """The part of a rule that a reward adds.

    Parameters
    ----------
    tag_step : float, mV or nA
        Eligibility that one step of a tag stands for.
    reward_step : float
        Reward that one step of the given trace stands for.
    change : Term
        The change of the weight.
    decay : tuple of Term
        Changes of the tag that let it decay.
    kept : float
        Fraction of the tag that an interval leaves.
    steps : ndarray of int64, shape (n_changes,)
        Steps from which on a reward holds.
    rewards : ndarray of float64, shape (n_changes,) or (n_changes, size)
        The rewards from then on.
    values : ndarray of int16, of the same shape
        Values of the given trace.
    peak : float
        Expected peak of the eligibility, in tag steps.
    """

    tag_step: float
    reward_step: float
    change: Term
    decay: tuple[Term, ...]
    kept: float
    steps: Int64Array
    rewards: Float64Array
    values: Int16Array
    peak: float


def fit_reward(
    owner: str, stdp: STDP, dt: float, step: float, peak: float, spec: LearningSpec
) -> RewardRegisters:
    """Choose the scales of eligibility and reward, and the terms that join them.

    Parameters
    ----------
    owner : str
        The connection, for messages.
    stdp : STDP
        Its rule, with a reward.
    dt : float, ms
        Length of a step.
    step : float, mV or nA
        One step of a weight.
    peak : float, mV or nA
        Expected peak of an eligibility. If it is 0, the tag can hold ``w_max``: a rule that changes
        nothing may go on from one that does.
    spec : LearningSpec
        The engine.

    Raises
    ------
    CompileError
        If the engine has no tags, or cannot do the interval or the decay.
    """
    modulation = stdp.reward
    assert modulation is not None
    if spec.tag_limits is None or spec.trace_per_synapse:
        raise CompileError(
            f"{owner}: its reward needs tags and given traces, which the learning engine "
            f"{spec.name!r} has not; allowed: a chip with another engine, or no reward."
        )
    k = interval_exponent(owner, modulation, dt)
    reward_step, values = _values(modulation)
    shape = Term("u", 1, 0, (Factor("t"), Factor(REWARD)), k)
    # One step of tag and reward changes the weight by this many weight steps.
    least = (peak or stdp.w_max) * _ROOM / spec.tag_limits[1] * reward_step / step
    mantissa, exponent = _at_least(math.ldexp(least, shape.shift(spec)), spec)
    change = Term("u", mantissa, exponent, shape.factors, k)
    per_step = math.ldexp(mantissa, exponent - shape.shift(spec))
    tag_step = per_step * step / reward_step
    lost = -math.expm1(-modulation.interval / modulation.tau_eligibility)
    parts = in_units(lost, spec)
    if not parts:
        raise CompileError(
            f"{owner}: tau_eligibility = {modulation.tau_eligibility:g} ms; allowed: at most "
            f"{_longest(spec):g} intervals of {modulation.interval:g} ms, so that the tag can "
            "decay. Lengthen the interval."
        )
    decay = tuple(Term("u", -m, e, (Factor("t"),), k) for m, e in parts)
    steps = modulation.reward.steps(dt)
    last = np.append(np.diff(steps) > 0, True)  # of several changes in a step
    return RewardRegisters(
        tag_step=tag_step,
        reward_step=reward_step,
        change=change,
        decay=decay,
        kept=1.0 - sum(math.ldexp(m, e) for m, e in parts),
        steps=steps[last],
        rewards=modulation.reward.values[last],
        values=values[last],
        peak=peak / tag_step,
    )


def expected_eligibility(stdp: STDP, pre: Float64Array, post: Float64Array) -> float:
    """Return the expected peak of an eligibility (mV or nA) under independent Poisson spikes.

    Mean and variance of the changes add up over ``tau_eligibility``; the peak is 4 standard
    deviations above the mean, and the largest single change.

    Parameters
    ----------
    stdp : STDP
        The rule.
    pre, post : ndarray of float64, Hz
        Rates of sources and targets.
    """
    assert stdp.reward is not None
    rates = [float(np.max(rate, initial=0.0)) / 1000.0 for rate in (pre, post)]
    tau = stdp.reward.tau_eligibility
    sizes = [abs(stdp.a_plus), abs(stdp.a_minus)]
    if stdp.triplet is not None:
        sizes[0] += abs(stdp.triplet.a3_plus) * rates[1] * stdp.triplet.tau_y
        sizes[1] += abs(stdp.triplet.a3_minus) * rates[0] * stdp.triplet.tau_x
    held = [rates[0] * stdp.tau_plus, rates[1] * stdp.tau_minus]
    often = [rates[1], rates[0]]
    means = [rate * size * x for rate, size, x in zip(often, sizes, held, strict=True)]
    powers = [
        rate * size**2 * (x**2 + x / 2) for rate, size, x in zip(often, sizes, held, strict=True)
    ]
    means.append(rates[0] * abs(stdp.a_pre))
    powers.append(rates[0] * stdp.a_pre**2)
    single = abs(stdp.a_pre) + max(size * (1 + x) for size, x in zip(sizes, held, strict=True))
    return tau * max(means) + _DEVIATIONS * math.sqrt(tau / 2 * sum(powers)) + single


def _values(modulation: RewardModulation) -> tuple[float, Int16Array]:
    """Return the reward of one step of the trace, and the rewards as integers.

    Of all scales that the trace can hold, that with the smallest rounding is taken; of several, the
    finest.
    """
    rewards = modulation.reward.values
    largest = float(np.abs(rewards).max()) or 1.0
    sizes = np.arange(_MOST, 0, -1)
    scaled = [rewards * size / largest for size in sizes]
    errors = [float(np.abs(np.rint(each) - each).max()) for each in scaled]
    relative = np.round(np.array(errors) / sizes, 12)
    best = int(sizes[np.argmin(relative)])
    return largest / best, np.rint(rewards * best / largest).astype(np.int16)


def _at_least(value: float, spec: LearningSpec) -> tuple[int, int]:
    """Return mantissa and exponent of the smallest coefficient that is at least a value."""
    mantissas = range(1, largest_mantissa(spec) + 1, 2)
    every = [(m, e) for e in range(*exponents(spec)) for m in mantissas]
    enough = [pair for pair in every if math.ldexp(*pair) >= value]
    return finest(*min(enough or every[-1:], key=lambda pair: math.ldexp(*pair)), spec)


def _longest(spec: LearningSpec) -> float:
    """Return the longest time constant, in intervals, that the smallest coefficient stands for."""
    return -1.0 / math.log1p(-math.ldexp(0.5, exponents(spec)[0]))
