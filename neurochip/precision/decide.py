"""Decide at which widths of a register a network keeps its rates; the statistics of ``bits``.

The seeds are the replicates. Each seed gives one pair of mean rates, chip and float, on the same
stimulus, and pairs of different seeds are independent whether or not neurons drive each other.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._support.brief import brief
from .._support.json_text import plain_data
from .._support.student import t_quantile
from ..typing import Float64Array
from ..validation import Conclusion
from ..validation.equivalence import conclude
from ..validation.intervals import RatePairs, unseen_spikes

__all__ = [
    "MOST_SEEDS",
    "Rates",
    "Verdict",
    "WidthResult",
    "conclude_width",
    "interval",
    "judge",
    "verdict",
]

LEVEL = 0.05
"""Probability of each kind of false claim: that a width is enough, or that it is not."""

MOST_SEEDS = 1_000
"""Largest number of seeds that a prediction names."""


@dataclass(frozen=True, kw_only=True)
class WidthResult:
    """One population at one width.

    Parameters
    ----------
    width : int
        Value of the register width.
    population : str
        Name of the population.
    reference_rate, chip_rate : float, Hz
        Mean rates over neurons and seeds.
    difference : float
        ``chip_rate / reference_rate - 1``; infinite if only the chip spikes, 0 if neither does.
    interval : tuple of float
        90 % interval of the difference over seeds: two one-sided tests at 5 %. NaN if undefined.
    conclusion : Conclusion
        EQUAL if the interval lies within the tolerance, DIFFERENT if the rates differ by more than
        the tolerance (5 % for all populations together), otherwise UNDECIDED.
    neuron_error : float
        Mean over neurons and seeds of the absolute difference of their rates, as a fraction of
        ``reference_rate``; NaN if that is 0. In a recurrent network chaos alone is part of it.
    seeds_to_decide : int or None
        If UNDECIDED: about how many seeds would decide, from the spread over the seeds that ran.
        None if that is not known, or is more than 1,000.
    """

    width: int
    population: str
    reference_rate: float
    chip_rate: float
    difference: float
    interval: tuple[float, float]
    conclusion: Conclusion
    neuron_error: float
    seeds_to_decide: int | None

    __repr__ = brief

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as data for JSON, with None for NaN and infinity."""
        data: dict[str, Any] = plain_data({**vars(self), "conclusion": self.conclusion.value})
        return data


class Rates(NamedTuple):
    """Rates and number of spikes of one population at one width.

    Parameters
    ----------
    reference, chip : ndarray of float64, shape (n_seeds,), Hz
        Mean rate of each seed, in float and on the chip.
    spikes : int
        Number of spikes in float over all seeds.
    neuron_error : float, Hz
        Mean over neurons and seeds of the absolute difference of their rates.
    """

    reference: Float64Array
    chip: Float64Array
    spikes: int
    neuron_error: float


class Verdict(NamedTuple):
    """Verdict on all widths together.

    Parameters
    ----------
    enough : int or None
        Smallest width that is equal, as are all wider ones.
    not_enough : int or None
        Largest width that is different, as are all narrower ones.
    undecided : tuple of int
        Widths between the two, from the widest down.
    """

    enough: int | None
    not_enough: int | None
    undecided: tuple[int, ...]


def judge(
    width: int, population: str, rates: Rates, tolerance: float, populations: int
) -> WidthResult:
    """Test one population at one width.

    Two one-sided t tests over seeds, as in :func:`neurochip.equivalence`.

    Parameters
    ----------
    width, population : int, str
        What is tested, for the result.
    rates : Rates
        Its mean rates of each seed.
    tolerance : float
        Largest acceptable difference, as a fraction of the mean rate in float.
    populations : int
        Number of populations that can make a width DIFFERENT: each is tested for a difference at
        5 % divided by this number (Bonferroni). EQUAL needs no correction, since all must be equal.
    """
    means = float(rates.reference.mean()), float(rates.chip.mean())
    if not rates.spikes:
        return _without_reference(width, population, rates, means, LEVEL / populations)
    difference = means[1] / means[0] - 1
    strict = LEVEL / populations
    ends = interval(rates)
    conclusion = conclude(*ends, -tolerance, tolerance)
    if conclusion is Conclusion.DIFFERENT:
        conclusion = conclude(*interval(rates, strict), -tolerance, tolerance)
    seeds = None
    if conclusion is Conclusion.UNDECIDED:
        level = LEVEL if abs(difference) < tolerance else strict
        seeds = _seeds_to_decide(rates, difference, abs(abs(difference) - tolerance), level)
    return WidthResult(
        width=width,
        population=population,
        reference_rate=means[0],
        chip_rate=means[1],
        difference=difference,
        interval=ends,
        conclusion=conclusion,
        neuron_error=rates.neuron_error / means[0],
        seeds_to_decide=seeds,
    )


def conclude_width(results: Sequence[WidthResult]) -> Conclusion:
    """Return the conclusion about a width: the worst of its populations decides."""
    found = {item.conclusion for item in results}
    for conclusion in (Conclusion.DIFFERENT, Conclusion.UNDECIDED):
        if conclusion in found:
            return conclusion
    return Conclusion.EQUAL


def verdict(conclusions: Mapping[int, Conclusion]) -> Verdict:
    """Return the verdict on all widths: tested from the widest down, and from the narrowest up.

    Each sequence ends at the first test that fails, so that both claims keep 5 % although many
    widths are tested (fixed sequence of hypotheses: Maurer, Hothorn and Lehmacher, in Biometrie in
    der chemisch-pharmazeutischen Industrie 6:3, 1995).

    Parameters
    ----------
    conclusions : dict of int to Conclusion
        The conclusion about each width.
    """
    widths = sorted(conclusions)
    enough = not_enough = None
    for width in reversed(widths):
        if conclusions[width] is not Conclusion.EQUAL:
            break
        enough = width
    for width in widths:
        if conclusions[width] is not Conclusion.DIFFERENT:
            break
        not_enough = width
    between = (
        width
        for width in reversed(widths)
        if (enough is None or width < enough) and (not_enough is None or width > not_enough)
    )
    return Verdict(enough, not_enough, tuple(between))


def _without_reference(
    width: int, population: str, rates: Rates, means: tuple[float, float], level: float
) -> WidthResult:
    """Judge a population that never spikes in float: any spike on the chip is a difference.

    If chip and float were alike, a spike on the chip alone in every one of n seeds would have at
    most the probability 2**-n (sign test).
    """
    if not rates.chip.any():
        conclusion, difference = Conclusion.EQUAL, 0.0
    else:
        always = rates.chip.all() and 0.5 ** len(rates.chip) < level
        conclusion = Conclusion.DIFFERENT if always else Conclusion.UNDECIDED
        difference = math.inf
    return WidthResult(
        width=width,
        population=population,
        reference_rate=means[0],
        chip_rate=means[1],
        difference=difference,
        interval=(math.nan, math.nan),
        conclusion=conclusion,
        neuron_error=math.nan,
        seeds_to_decide=None,
    )


def interval(rates: Rates, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of the relative difference that leaves out ``level`` on each side."""
    spike = float(rates.reference.mean()) / rates.spikes
    pairs = RatePairs(over="seeds", reference=rates.reference, chip=rates.chip, spike=spike)
    return pairs.ratio(1 - 2 * level)


def _seeds_to_decide(rates: Rates, difference: float, margin: float, level: float) -> int | None:
    """Return the number of seeds whose interval is as wide as the margin on each side.

    The half-width of a t interval of n values is ``t(n - 1) s / sqrt(n)``; the spread s is that of
    the seeds that ran.
    """
    n = len(rates.reference)
    spread = np.std(rates.chip - (1 + difference) * rates.reference, ddof=1)
    relative = float(spread / rates.reference.mean())

    def too_wide(seeds: int) -> float:
        half = t_quantile(1 - level, seeds - 1) * relative / math.sqrt(seeds)
        return max(half, unseen_spikes(level) * n / (rates.spikes * seeds)) - margin

    choices = range(n + 1, MOST_SEEDS + 1)
    place = bisect.bisect_left(choices, 0.0, key=lambda seeds: -too_wide(seeds))
    return choices[place] if place < len(choices) else None
