"""Equivalence tests of a difference against a tolerance that the user chooses.

A difference that is not significant can still be large: with few data, no difference is
significant. An equivalence test requires evidence that the difference lies within the tolerance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.ranges import FRACTION, POSITIVE
from .._support.values import instance, real, reals, switch
from ..errors import RecordingError
from .intervals import difference_interval, equivalence_p_value, ratio_interval
from .population import PopulationComparison
from .verdict import Verdict

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

_CONFIDENCE = 1 - 2 * LEVEL


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

    def __repr__(self) -> str:
        return line(self, str(self))


def equivalence(
    reference: Any, chip: Any, *, tolerance: float, relative: bool = True
) -> Equivalence:
    """Test whether two means differ by less than a tolerance.

    Two one-sided paired t tests (Schuirmann, J. Pharmacokinet. Biopharm. 15:657, 1987), each at
    5 %: equal if the 90 % interval of the difference lies within ``-tolerance`` to ``tolerance``.
    If ``relative``, it is the interval of the ratio of the means (Fieller, J. R. Stat. Soc. B
    16:175, 1954). Both are exact for normal pairs.

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

    Returns
    -------
    Equivalence
        UNDECIDED below two pairs, or for a relative tolerance if the mean of the reference is not
        significantly above 0.

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
    first, second = sides
    difference = float(second.mean() - first.mean()) if first.size else math.nan
    if relative:
        mean = float(first.mean()) if first.size else 0.0
        difference = difference / mean if mean > 0 else math.nan
    interval = (ratio_interval if relative else difference_interval)(first, second, _CONFIDENCE)
    defined = not math.isnan(interval[0])
    return Equivalence(
        conclusion=conclude(*interval, -tolerance, tolerance) if defined else Conclusion.UNDECIDED,
        difference=difference,
        interval=interval,
        tolerance=float(tolerance),
        p_value=equivalence_p_value(first, second, tolerance, relative) if defined else math.nan,
        relative=relative,
        pairs=first.size,
    )


def rate_equivalence(item: PopulationComparison, *, tolerance: float) -> Equivalence:
    """Test whether the mean rates of a population are equal within a tolerance.

    Parameters
    ----------
    item : PopulationComparison
        Population of a :func:`compare`.
    tolerance : float
        Largest acceptable difference, as a fraction of the reference's mean rate.

    Returns
    -------
    Equivalence
        The test is over the pairs of the comparison (``item.pairs``): neurons where they are
        independent, otherwise blocks of time. UNDECIDED if there are no or too few spikes. Even
        without any difference between the runs, equality needs a tolerance of three spikes.
    """
    allowed = "the comparison of a population"
    instance("rate_equivalence", "item", item, PopulationComparison, allowed, error=RecordingError)
    pairs = item.pairs
    result = equivalence(pairs.reference, pairs.chip, tolerance=tolerance)
    counted = item.verdict in (Verdict.COMPARED, Verdict.SATURATED, Verdict.SILENT_ON_CHIP)
    if not counted or math.isnan(result.p_value):
        return replace(result, conclusion=Conclusion.UNDECIDED)
    interval = pairs.ratio(_CONFIDENCE)
    # So many differing spikes are expected on the tolerance: the probability that none is seen.
    unseen = math.exp(-result.tolerance * item.reference_rate / pairs.spike)
    return replace(
        result,
        conclusion=conclude(*interval, -result.tolerance, result.tolerance),
        interval=interval,
        p_value=max(result.p_value, unseen),
    )


def conclude(low: float, high: float, least: float, most: float) -> Conclusion:
    """Return the conclusion for an interval and the range of acceptable differences."""
    if least < low and high < most:
        return Conclusion.EQUAL
    return Conclusion.DIFFERENT if low > most or high < least else Conclusion.UNDECIDED


def check_tolerance(owner: str, tolerance: Any, relative: bool = True) -> float:
    """Return the tolerance, or raise unless it is a fraction, or a number above 0."""
    within = FRACTION if relative else POSITIVE
    return real(owner, "tolerance", tolerance, within=within, error=RecordingError)
