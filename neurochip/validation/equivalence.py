"""Equivalence tests of a difference against a tolerance that the user chooses.

A difference that is not significant can still be large: with few data, no difference is
significant. An equivalence test requires evidence that the difference lies within the tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from .._support.json_text import plain_data
from .._support.ranges import FRACTION, POSITIVE
from .._support.values import instance, integer, items, real, reals, switch
from ..errors import RecordingError
from .bootstrap import FEWEST_PAIRS, resampled_means
from .population import PopulationComparison, Verdict

__all__ = [
    "Conclusion",
    "Equivalence",
    "check_tolerance",
    "conclude",
    "equivalence",
    "rate_equivalence",
]

LEVEL = 0.05
"""Level of significance: probability of a false claim of equality."""

_RESOLVED = 3  # spikes: a smaller tolerance cannot be tested
_MOST_RESAMPLES = 10_000_000  # 160 MB


class Conclusion(Enum):
    """Conclusion from the data about a difference and a tolerance."""

    EQUAL = "equal within tolerance"
    DIFFERENT = "different"
    UNDECIDED = "not enough data"


@dataclass(frozen=True, kw_only=True)
class Equivalence:
    """Result of an equivalence test.

    Parameters
    ----------
    conclusion : Conclusion
        EQUAL if the interval lies within the tolerance, DIFFERENT if it lies outside, otherwise
        UNDECIDED.
    difference : float
        ``mean(chip) - mean(reference)``, divided by ``mean(reference)`` if
        ``relative``.
    interval : tuple of float
        90 % interval of the difference, which corresponds to two one-sided tests at 5 %.
    tolerance : float
        Largest acceptable difference, in the unit of the difference.
    p_value : float
        Larger p-value of the two one-sided tests; a small value is evidence of equality.
    relative : bool
        Whether difference and tolerance are fractions of the reference's mean.
    pairs : int
        Number of pairs.
    """

    conclusion: Conclusion
    difference: float
    interval: tuple[float, float]
    tolerance: float
    p_value: float
    relative: bool
    pairs: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as data for JSON, with None for NaN."""
        data: dict[str, Any] = plain_data({**vars(self), "conclusion": self.conclusion.value})
        return data

    def __str__(self) -> str:
        def text(value: float, sign: str = "+") -> str:
            return f"{100 * value:{sign}.2f} %" if self.relative else f"{value:{sign}.4g}"

        if math.isnan(self.interval[0]):
            return f"{self.conclusion.value}: no interval from {self.pairs} pairs"
        low, high = self.interval
        return (
            f"{self.conclusion.value}: difference {text(self.difference)}, 90 % interval "
            f"{text(low)} to {text(high)}, tolerance {text(self.tolerance, '')}"
        )


def equivalence(
    reference: Any,
    chip: Any,
    *,
    tolerance: float,
    relative: bool = True,
    bootstrap_seed: Any = 0,
    resamples: int = 4000,
) -> Equivalence:
    """Test whether two means differ by less than a tolerance.

    Two one-sided tests (Schuirmann, J. Pharmacokinet. Biopharm. 15:657, 1987), each at 5 %, by a
    percentile bootstrap over pairs: equal if the 90 % interval of the difference lies within
    ``-tolerance`` to ``tolerance``.

    Parameters
    ----------
    reference, chip : array_like, shape (n,)
        Paired values: rates of the same neuron, or means of runs with the same seed. Pairs should
        be independent; neurons that drive each other are not.
    tolerance : float
        A fraction of the reference's mean, above 0 and at most 1 (0.05 is 5 %); or a difference
        above 0, if ``relative`` is False.
    relative : bool
        Whether the tolerance is a fraction of the reference's mean.
    bootstrap_seed : int or sequence of int
        Seed of the bootstrap.
    resamples : int
        Number of resamples.

    Returns
    -------
    Equivalence
        UNDECIDED below 5 pairs, or for a relative tolerance if a mean of a resample of the
        reference is 0 or less.

    Raises
    ------
    RecordingError
        If the tolerance is out of range, or the values do not form pairs of finite numbers.

    Examples
    --------
    >>> print(equivalence([10.0] * 20, [10.1] * 20, tolerance=0.02))
    equal within tolerance: difference +1.00 %, 90 % interval +1.00 % to +1.00 %, tolerance 2.00 %
    """
    relative = switch("equivalence", "relative", relative, error=RecordingError)
    tolerance = check_tolerance("equivalence", tolerance, relative)
    resamples = integer(
        "equivalence",
        "resamples",
        resamples,
        at_least=1,
        at_most=_MOST_RESAMPLES,
        error=RecordingError,
    )
    seed = _seed(bootstrap_seed)
    allowed = "a list of finite numbers, one per pair"
    sides = [
        np.asarray(
            reals("equivalence", name, side, "", allowed=allowed, error=RecordingError),
            dtype=np.float64,
        )
        for name, side in (("reference", reference), ("chip", chip))
    ]
    if sides[0].ndim != 1 or sides[0].shape != sides[1].shape or not np.isfinite(sides).all():
        raise RecordingError(
            f"equivalence: values of shapes {sides[0].shape} and {sides[1].shape}; allowed: two "
            "lists of finite numbers of equal length, one number of each per pair."
        )
    pairs = np.array(sides)
    size = pairs.shape[1]
    nan = float("nan")
    means = pairs.mean(axis=1) if size else np.zeros(2)
    scale = means[0] if relative else 1.0
    drawn = resampled_means(pairs, seed, resamples) if size >= FEWEST_PAIRS else np.zeros((2, 0))
    if not drawn.size or (relative and not (drawn[0] > 0).all()):
        difference = float((means[1] - means[0]) / scale) if scale > 0 else nan
        return Equivalence(
            conclusion=Conclusion.UNDECIDED,
            difference=difference,
            interval=(nan, nan),
            tolerance=float(tolerance),
            p_value=nan,
            relative=relative,
            pairs=size,
        )
    differences = (drawn[1] - drawn[0]) / (drawn[0] if relative else 1.0)
    low, high = (float(x) for x in np.quantile(differences, (LEVEL, 1 - LEVEL)))
    # Add one: a count of 0 in ``resamples`` resamples does not prove a probability of 0.
    beyond = max((differences >= tolerance).sum(), (differences <= -tolerance).sum()) + 1
    return Equivalence(
        conclusion=conclude(low, high, -tolerance, tolerance),
        difference=float((means[1] - means[0]) / scale),
        interval=(low, high),
        tolerance=float(tolerance),
        p_value=float(beyond / (resamples + 1)),
        relative=relative,
        pairs=size,
    )


def rate_equivalence(
    item: PopulationComparison, *, tolerance: float, bootstrap_seed: Any = 0
) -> Equivalence:
    """Test whether the mean rates of a population are equal within a tolerance.

    Parameters
    ----------
    item : PopulationComparison
        Population of a :func:`compare`.
    tolerance : float
        Largest acceptable difference, as a fraction of the reference's mean rate.
    bootstrap_seed : int or sequence of int
        Seed of the bootstrap.

    Returns
    -------
    Equivalence
        The test is over neurons, so it is valid if they do not drive each other. UNDECIDED if there
        are no or too few spikes, or if the tolerance is below three spikes: even if no count
        differs in n neurons, up to 3 / n of all similar neurons may differ (rule of three, 95 %).
    """
    allowed = "the comparison of a population"
    instance("rate_equivalence", "item", item, PopulationComparison, allowed, error=RecordingError)
    result = equivalence(
        item.reference_rates, item.chip_rates, tolerance=tolerance, bootstrap_seed=bootstrap_seed
    )
    counted = item.verdict in (Verdict.COMPARED, Verdict.SATURATED, Verdict.SILENT_ON_CHIP)
    resolved = result.tolerance * item.reference_counts.sum() >= _RESOLVED
    if not counted or (result.conclusion is Conclusion.EQUAL and not resolved):
        return replace(result, conclusion=Conclusion.UNDECIDED)
    return result


def conclude(low: float, high: float, least: float, most: float) -> Conclusion:
    """Return the conclusion for an interval and the range of acceptable differences."""
    if least < low and high < most:
        return Conclusion.EQUAL
    return Conclusion.DIFFERENT if low > most or high < least else Conclusion.UNDECIDED


def check_tolerance(owner: str, tolerance: Any, relative: bool = True) -> float:
    """Return the tolerance, or raise unless it is a fraction, or a number above 0."""
    within = FRACTION if relative else POSITIVE
    return real(owner, "tolerance", tolerance, within=within, error=RecordingError)


def _seed(seed: Any) -> list[int]:
    """Return a seed, one integer or several, as a list."""
    allowed = "an integer of at least 0, or a list of them"
    words = (seed,)
    if isinstance(seed, Sequence) and len(seed):
        words = items("equivalence", "bootstrap_seed", seed, allowed, error=RecordingError)
    return [
        integer(
            "equivalence", "bootstrap_seed", word, at_least=0, allowed=allowed, error=RecordingError
        )
        for word in words
    ]
