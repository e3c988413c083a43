"""Metrics of learned weights: pure functions of arrays, in weight steps.

Weights of several seeds have the shape (n_seeds, n_synapses).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import brief
from .._support.student import t_quantile
from ..typing import Float64Array, Int32Array
from ..validation.spread import distances

__all__ = ["WeightError", "ks_distance", "receptive_fields", "weight_error"]

_AT_LIMIT = 0.5  # weight steps
_FEWEST = 3  # seeds whose distances from each other can differ
_TOLERANCE = 1.1  # errors up to so many times the spread are within it


@dataclass(frozen=True, kw_only=True)
class WeightError:
    """Weights of the chip beside those of float, over the seeds of its draws, in weight steps.

    Parameters
    ----------
    error : float
        RMS difference from float, over synapses and seeds.
    bias : float
        Mean difference: a drift that all synapses share.
    spread : float
        RMS difference between two seeds of the chip: the floor.
    interval : tuple of float
        95 % interval of ``error**2 / spread**2 - 1``, with float as one more run: above 0 the chip
        is farther from float than from itself. NaN below 3 seeds, or if they do not differ.
    correlation : float
        Pearson correlation of the changes of all weights, mean over seeds; NaN if undefined.
    ks : float
        Kolmogorov-Smirnov distance of the distributions of weights, mean over seeds.
    distance : float
        Earth mover's distance of these distributions, mean over seeds.
    floor : float
        The same between two seeds.
    at_limits : tuple of float
        Fraction of weights within half a step of 0 or of the largest weight, in float and on the
        chip.
    cosine : float
        Cosine of the weights onto one neuron in float and on the chip, mean over neurons and seeds.
    overlap : float
        Fraction of the strongest tenth of these weights that is so in both, mean over neurons and
        seeds.
    """

    error: float
    bias: float
    spread: float
    interval: tuple[float, float]
    correlation: float
    ks: float
    distance: float
    floor: float
    at_limits: tuple[float, float]
    cosine: float
    overlap: float

    __repr__ = brief

    @property
    def within_spread(self) -> bool | None:
        """Tell whether the chip is as near to float as to itself; None if seeds do not decide it.

        True if the error exceeds the spread by at most 10 %; False if the interval excludes that.
        """
        most = _TOLERANCE * self.spread
        if self.error <= most:
            return True
        return False if not self.spread or self.interval[0] > _TOLERANCE**2 - 1.0 else None


def weight_error(
    reference: Float64Array,
    chip: Float64Array,
    start: Float64Array,
    top: float,
    post: Int32Array,
) -> WeightError:
    """Return the metrics of learned weights.

    Parameters
    ----------
    reference, start : ndarray of float64, shape (n_synapses,)
        Weights of float at the end and at the start.
    chip : ndarray of float64, shape (n_seeds, n_synapses)
        Weights of the chip at the end.
    top : float
        Largest weight.
    post : ndarray of int32, shape (n_synapses,)
        Target neuron of each synapse.
    """
    errors = chip - reference
    squares = np.mean(errors**2, axis=1)
    apart = _apart(chip)
    found = distances([reference], list(chip))
    n = len(chip)
    others = found.cc[~np.eye(n, dtype=bool)]
    cosine, overlap = receptive_fields(reference, chip, post)
    return WeightError(
        error=math.sqrt(float(squares.mean())),
        bias=float(errors.mean()),
        spread=math.sqrt(float(apart.mean())),
        interval=_excess(float(squares.mean()), apart),
        correlation=_mean([_correlation(reference - start, row - start) for row in chip]),
        ks=_mean([ks_distance(reference, row) for row in chip]),
        distance=float(found.rc.mean()),
        floor=float(others.mean()) if n > 1 else math.nan,
        at_limits=(_at_limits(reference, top), _at_limits(chip, top)),
        cosine=cosine,
        overlap=overlap,
    )


def _excess(square: float, apart: Float64Array) -> tuple[float, float]:
    """Return the interval of the squared distance of float beside those of the seeds, minus 1.

    Float counts as one more run: in a network whose spikes follow from its weights it is one course
    among many, as each seed is. So this is a prediction interval of one more value, of Student's t
    over the logarithms of the distances. NaN below 3 seeds, whose distances are equal.
    """
    n = len(apart)
    if n < _FEWEST or not (apart > 0).all() or not square > 0:
        return math.nan, math.nan
    logs = np.log(apart)
    centre = math.log(square) - float(logs.mean())
    half = t_quantile(0.975, n - 1) * float(logs.std(ddof=1)) * math.sqrt(1 + 1 / n)
    return math.expm1(centre - half), math.expm1(centre + half)


def _apart(chip: Float64Array) -> Float64Array:
    """Return the mean squared difference of each seed from the others."""
    n = len(chip)
    centred = chip - chip.mean(axis=0)
    # The sum over b of (a - b)**2 is n a**2 + sum of b**2, if all are centred.
    own, every = np.mean(centred**2, axis=1), float(np.mean(centred**2, axis=1).sum())
    return np.asarray((n * own + every) / max(1, n - 1))


def _correlation(first: Float64Array, second: Float64Array) -> float:
    if not (np.ptp(first) > 0 and np.ptp(second) > 0):
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])


def _at_limits(weights: Float64Array, top: float) -> float:
    return float(((weights <= _AT_LIMIT) | (weights >= top - _AT_LIMIT)).mean())


def ks_distance(first: Any, second: Any) -> float:
    """Return the largest difference of two cumulative distributions, as ``scipy.stats.ks_2samp``.

    Parameters
    ----------
    first, second : ndarray of float64
        Samples, neither empty.
    """
    a, b = np.sort(first), np.sort(second)
    every = np.concatenate([a, b])
    below = [np.searchsorted(each, every, side="right") / len(each) for each in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def receptive_fields(
    reference: Float64Array, chip: Float64Array, post: Int32Array
) -> tuple[float, float]:
    """Return how alike the weights onto each neuron are: their cosine, and their strongest tenth.

    Neurons with a single synapse are left out; both are NaN if there is no other.
    """
    order = np.argsort(post, kind="stable")
    firsts = np.searchsorted(post[order], np.arange(int(post.max(initial=-1)) + 2))
    cosines, overlaps = [], []
    for begin, end in zip(firsts[:-1].tolist(), firsts[1:].tolist(), strict=True):
        if end - begin < 2:
            continue
        own = order[begin:end]
        field = reference[own]
        strongest = max(1, (end - begin) // 10)
        expected = set(np.argsort(-field, kind="stable")[:strongest].tolist())
        for row in chip[:, own]:
            size = math.sqrt(float(field @ field) * float(row @ row))
            if size:
                cosines.append(float(field @ row) / size)
            chosen = np.argsort(-row, kind="stable")[:strongest].tolist()
            overlaps.append(len(expected.intersection(chosen)) / strongest)
    return _mean(cosines), _mean(overlaps)


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
