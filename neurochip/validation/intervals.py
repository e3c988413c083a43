"""Confidence intervals of rate errors, from pairs of values that do not depend on each other.

A pair is a neuron where neurons are independent, and a block of time where they share input or
drive each other. Intervals are those of Student's t distribution over the pairs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .._support.brief import brief
from .._support.student import t_quantile, t_tail
from ..network.coupling import INDEPENDENT
from ..recording import Recording
from ..typing import Float64Array

__all__ = [
    "BLOCKS",
    "RatePairs",
    "coupling_of",
    "difference_interval",
    "equivalence_p_value",
    "rate_pairs",
    "ratio_interval",
    "unseen_spikes",
]

BLOCKS = 10
"""Blocks of time: 10 to 30 are advised (Schmeiser, Oper. Res. 30:556, 1982); few are long ones."""

_FEWEST = 2
_UNDEFINED = (math.nan, math.nan)


@dataclass(frozen=True, kw_only=True, eq=False)
class RatePairs:
    """Rates of a population in both runs, as pairs that do not depend on each other.

    Parameters
    ----------
    over : str
        What a pair is. :func:`rate_pairs` makes ``"neurons"`` if no two of them share a source or
        drive each other and there are at least 10 of them, otherwise ``"blocks of time"``, 10 of
        equal length. :func:`neurochip.bits` pairs ``"seeds"``.
    reference, chip : ndarray of float64, shape (n_pairs,)
        Mean rates of the pairs in Hz; none if the run is shorter than 10 steps.
    spike : float, Hz
        By how much one spike changes the mean over the pairs.
    """

    over: str
    reference: Float64Array
    chip: Float64Array
    spike: float

    __repr__ = brief

    def least(self, confidence: float) -> float:
        """Return the smallest half-width of an interval, in Hz (:func:`unseen_spikes`)."""
        return unseen_spikes((1 - confidence) / 2) * self.spike

    def difference(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of ``chip - reference`` in Hz, NaN if there are no pairs."""
        found = difference_interval(self.reference, self.chip, confidence)
        return _widened(found, _mean_difference(self.reference, self.chip), self.least(confidence))

    def ratio(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of ``chip / reference - 1``, NaN if it is unbounded."""
        found = ratio_interval(self.reference, self.chip, confidence)
        if math.isnan(found[0]):
            return found
        rate = float(self.reference.mean())
        centre = _mean_difference(self.reference, self.chip) / rate
        return _widened(found, centre, self.least(confidence) / rate)


def unseen_spikes(tail: float) -> float:
    """Return by how many spikes runs that are equal may differ when they are repeated.

    Equal counts do not prove equal rates: up to ``-ln(tail)`` spikes may differ, where ``tail`` is
    the probability on one side (the rule of three: Hanley and Lippman-Hand, JAMA 249:1743, 1983).
    That is 3.7 spikes for a 95 % interval, 3.0 for 90 %.
    """
    return -math.log(tail)


def rate_pairs(
    reference: Recording, chip: Recording, population: str, coupling: str | None
) -> RatePairs:
    """Return the rates of a population as pairs that do not depend on each other.

    Blocks of time are almost independent, because the activity forgets within some membrane and
    synaptic time constants. What is left is a negative correlation of neighbours: a spike that the
    chip emits later leaves one block and enters the next, which makes the interval too wide rather
    than too narrow. ``tests/coverage_of_intervals.py`` measures the coverage.

    Parameters
    ----------
    reference, chip : Recording
        Runs over the same time, on equal or different grids.
    population : str
        Name of the population.
    coupling : str or None
        How its neurons depend on each other (:class:`neurochip.recording.Origin`); None if that
        is not known, which counts as recurrent.
    """
    size, seconds = reference.populations[population], reference.duration / 1000.0
    enough = min(reference.n_steps, chip.n_steps) >= BLOCKS
    if coupling == INDEPENDENT and size >= BLOCKS:
        sides = [run.rates(population) for run in (reference, chip)]
        over = "neurons"
    else:
        sides = [
            _block_counts(run, population) * (BLOCKS / (size * seconds))
            if enough
            else np.empty(0, dtype=np.float64)
            for run in (reference, chip)
        ]
        over = "blocks of time"
    return RatePairs(over=over, reference=sides[0], chip=sides[1], spike=1 / (size * seconds))


def coupling_of(runs: tuple[Recording, ...], population: str) -> str | None:
    """Return how the neurons of a population depend on each other, as far as a run knows it."""
    for run in runs:
        known: Mapping[str, str] = {} if run.origin is None else run.origin.coupling
        if population in known:
            return known[population]
    return None


def difference_interval(
    reference: Float64Array, chip: Float64Array, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of the mean of ``chip - reference``; NaN below two pairs."""
    if len(reference) < _FEWEST:
        return _UNDEFINED
    difference = chip - reference
    half = t_quantile((1 + confidence) / 2, len(difference) - 1) * _standard_error(difference)
    centre = _mean_difference(reference, chip)
    return centre - half, centre + half


def ratio_interval(
    reference: Float64Array, chip: Float64Array, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of ``mean(chip) / mean(reference) - 1``.

    It holds the ratios R for which the mean of ``chip - R * reference`` does not differ from 0 by a
    t test (Fieller, J. R. Stat. Soc. B 16:175, 1954): exact for normal pairs. NaN below two pairs,
    or if the mean of the reference is not significantly above 0: the interval is then unbounded.
    """
    n = len(reference)
    if n < _FEWEST:
        return _UNDEFINED
    mean_r, mean_c = float(reference.mean()), float(chip.mean())
    t = t_quantile((1 + confidence) / 2, n - 1)
    r, c = reference - mean_r, chip - mean_c
    scale = t * t / (n * (n - 1))
    # The ratios between the roots of a R**2 - 2 b R + d = 0.
    a = mean_r**2 - scale * float(r @ r)
    b = mean_r * mean_c - scale * float(r @ c)
    d = mean_c**2 - scale * float(c @ c)
    if mean_r <= 0.0 or a <= 0.0:
        return _UNDEFINED
    root = math.sqrt(max(b * b - a * d, 0.0))
    return (b - root) / a - 1.0, (b + root) / a - 1.0


def equivalence_p_value(
    reference: Float64Array, chip: Float64Array, tolerance: float, relative: bool
) -> float:
    """Return the larger p-value of two one-sided t tests against a tolerance.

    Parameters
    ----------
    reference, chip : ndarray of float64, shape (n_pairs,)
        At least two pairs.
    tolerance : float
        Largest acceptable difference of the means, as a fraction of the reference's mean if
        ``relative``.
    relative : bool
        Whether the tolerance is such a fraction.
    """
    margin = tolerance * reference if relative else np.full(len(reference), tolerance)
    inside = [margin - (chip - reference), margin + (chip - reference)]
    return max(_p_above_zero(values) for values in inside)


def _p_above_zero(values: Float64Array) -> float:
    """Return the p-value of the hypothesis that the mean is 0 or less."""
    mean, error = float(values.mean()), _standard_error(values)
    rounding = 1e-12 * float(np.abs(values).max())
    if error <= rounding:  # all values are equal
        return 0.0 if mean > rounding else 1.0
    return t_tail(mean / error, len(values) - 1)


def _standard_error(values: Float64Array) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def _mean_difference(reference: Float64Array, chip: Float64Array) -> float:
    return float(chip.mean() - reference.mean()) if len(chip) else math.nan


def _block_counts(run: Recording, population: str) -> Float64Array:
    """Return the spikes of a population in each block; blocks differ by a step at most."""
    steps = run.steps[population].astype(np.int64) - run.first_step
    block = steps * BLOCKS // run.n_steps
    return np.bincount(block, run.numbers(population), minlength=BLOCKS).astype(np.float64)


def _widened(interval: tuple[float, float], centre: float, least: float) -> tuple[float, float]:
    low, high = interval
    return min(low, centre - least), max(high, centre + least)
