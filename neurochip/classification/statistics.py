"""Statistics of two classifiers on the same samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._support.brief import brief
from ..typing import Int64Array

__all__ = ["LEVEL", "Paired", "holm", "mcnemar", "said_p", "wilson_interval"]

LEVEL = 0.05
"""Level of all tests."""

_MANY = 1000  # tosses, above which the powers of 2 exceed float64
_Z = 1.959963984540054  # 97.5 % quantile of the standard normal distribution


class Paired(NamedTuple):
    """Accuracy of a second classifier against a first one, on the same samples.

    Parameters
    ----------
    lost, won : int
        Samples that only the first, and only the second classifies correctly.
    samples : int
        Number of samples.
    """

    lost: int
    won: int
    samples: int

    @classmethod
    def of(cls, labels: Int64Array, first: Int64Array, second: Int64Array) -> Paired:
        """Compare two classifiers.

        Parameters
        ----------
        labels, first, second : ndarray of int64, shape (n_samples,)
            The true class of each sample, and those that the first and the second give.
        """
        was, now = first == labels, second == labels
        lost, won = np.count_nonzero(was & ~now), np.count_nonzero(now & ~was)
        return cls(int(lost), int(won), len(labels))

    @property
    def difference(self) -> float:
        """Accuracy of the second minus that of the first."""
        return (self.won - self.lost) / self.samples

    @property
    def p_value(self) -> float:
        """P-value of McNemar's exact test that both are equally accurate."""
        return mcnemar(self.lost, self.won)

    def __repr__(self) -> str:
        return brief(self)


def wilson_interval(hits: int, samples: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion, after Wilson (1927).

    Unlike the normal approximation it keeps its coverage near 0 and 1, where accuracies lie.

    Parameters
    ----------
    hits : int
        Samples with the property, 0 to ``samples``.
    samples : int
        Number of samples, at least 1.
    """
    share, spread = hits / samples, _Z * _Z / samples
    centre = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / samples + spread / samples / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def mcnemar(lost: int, won: int) -> float:
    """Return the two-sided p-value of McNemar's test, in its exact form.

    Under the hypothesis that both classifiers are equally good, each sample that only one of them
    classifies correctly is a fair coin (McNemar 1947; exact binomial form).

    Parameters
    ----------
    lost, won : int
        Samples that only the first, and only the second classifies correctly.
    """
    tosses = lost + won
    if tosses >= _MANY:
        return _mcnemar_of_many(lost, won)
    tail = sum(math.comb(tosses, k) for k in range(min(lost, won) + 1))
    return float(min(1.0, 2 * tail / 2**tosses))


def _mcnemar_of_many(lost: int, won: int) -> float:
    """Sum the tail by its logarithms: with many tosses the coefficients exceed float64."""
    tosses, least = lost + won, min(lost, won)
    whole = math.lgamma(tosses + 1) - tosses * math.log(2)
    terms = (whole - math.lgamma(k + 1) - math.lgamma(tosses - k + 1) for k in range(least + 1))
    return min(1.0, 2 * math.fsum(map(math.exp, terms)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of several tests, adjusted so that any false finding has its probability.

    Among all tests whose hypothesis is true, one falls below 5 % with a probability of at most 5 %,
    however the tests depend on each other (Holm 1979, Scand. J. Stat. 6:65).
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def said_p(value: float) -> str:
    """Return a p-value in words: ``p = 0.4``, ``p < 0.001``."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
