"""Intervals of the rate error of a population, by a bootstrap over its neurons."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..typing import Float64Array

__all__ = ["FEWEST_PAIRS", "RateIntervals", "bootstrap_rates", "resampled_means"]

FEWEST_PAIRS = 5
"""Fewest neurons (or other pairs): 4 have only 35 different resamples, too few for a 2.5 % tail."""

_CHUNK = 1 << 20  # neurons drawn at once: bounds the temporary arrays to about 20 MB


class RateIntervals(NamedTuple):
    """95 % intervals, each ``(low, high)``, NaN where they are undefined.

    Parameters
    ----------
    difference : tuple of float, Hz
        Interval of the difference of the mean rates.
    relative : tuple of float
        Interval of that difference divided by the reference's mean rate.
    """

    difference: tuple[float, float]
    relative: tuple[float, float]


def bootstrap_rates(
    reference: Any, chip: Any, *, bootstrap_seed: Any = 0, resamples: int = 1000
) -> RateIntervals:
    """Return percentile bootstrap intervals of the mean rate error of a population.

    Neurons are drawn with replacement, each with both its rates, since both runs saw the same
    input. The interval is valid for similar neurons under this input. Neurons that drive each
    other are not independent, so their interval is too narrow.

    Parameters
    ----------
    reference, chip : array_like, shape (n_neurons,)
        Rate of each neuron in Hz (or its count: the relative interval is the same).
    bootstrap_seed : int or sequence of int, default 0
        The same seed gives the same interval within a version of neurochip.
    resamples : int, default 1000
        Number of resamples. Time is proportional to ``resamples * n_neurons`` (about 10 ns each).

    Returns
    -------
    RateIntervals
        NaN below 5 neurons; ``relative`` also if a resample has no spike in the reference.
    """
    rates = np.array([reference, chip], dtype=np.float64)
    undefined = (float("nan"), float("nan"))
    if rates.shape[1] < FEWEST_PAIRS:
        return RateIntervals(undefined, undefined)
    means = resampled_means(rates, bootstrap_seed, resamples)
    difference = means[1] - means[0]
    relative = _interval(difference / means[0]) if (means[0] > 0).all() else undefined
    return RateIntervals(_interval(difference), relative)


def resampled_means(pairs: Float64Array, seed: Any, resamples: int) -> Float64Array:
    """Return the mean of each row of ``pairs``, shape (2, n), over columns that are resampled.

    Returns
    -------
    ndarray of float64, shape (2, resamples)
    """
    size = pairs.shape[1]
    rng = np.random.default_rng(seed)
    means = np.empty((2, resamples))
    step = max(1, _CHUNK // size)
    for start in range(0, resamples, step):
        drawn = rng.integers(0, size, (min(step, resamples - start), size), dtype=np.int32)
        for side in (0, 1):
            means[side, start : start + step] = pairs[side][drawn].mean(axis=1)
    return means


def _interval(values: Float64Array) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
