"""Metrics of spikes and traces: pure functions of arrays, without loops over neurons or spikes.

A train is a pair ``(steps, ids)``: the step and the neuron of every spike, as a Recording holds
them. Times are whole steps, so that no result depends on the rounding of a float.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from ..typing import Float64Array, Int32Array, Int64Array

__all__ = [
    "Train",
    "coincidence_factor",
    "coincidences",
    "intervals",
    "isi_cv",
    "largest_difference",
    "rmse",
]

Train: TypeAlias = tuple[Int32Array | Int64Array, Int32Array | Int64Array]


def intervals(train: Train) -> tuple[Int64Array, Int64Array]:
    """Return all interspike intervals and the neuron of each.

    Returns
    -------
    intervals, ids : ndarray of int64, shape (n_intervals,)
        In steps, sorted by neuron, then time.
    """
    steps, ids = (np.asarray(part, dtype=np.int64) for part in train)
    order = np.lexsort((steps, ids))
    steps, ids = steps[order], ids[order]
    same = ids[1:] == ids[:-1]
    return np.diff(steps)[same], ids[1:][same]


def isi_cv(train: Train, size: int) -> Float64Array:
    """Return the coefficient of variation of the interspike intervals of each neuron.

    Standard deviation (divided by the number of intervals, not by one less) over mean, as in
    ``elephant.statistics.cv``.

    Returns
    -------
    ndarray of float64, shape (size,)
        NaN for a neuron with fewer than 3 spikes.
    """
    isi, ids = intervals(train)
    number = np.bincount(ids, minlength=size)
    enough = number >= 2  # intervals, of 3 spikes
    divisor = np.maximum(number, 1)
    mean = np.bincount(ids, weights=isi, minlength=size) / divisor
    # In two passes: the difference of two large sums would lose a small variance.
    variance = np.bincount(ids, weights=(isi - mean[ids]) ** 2, minlength=size) / divisor
    cv = np.full(size, np.nan)
    cv[enough] = np.sqrt(variance[enough]) / mean[enough]
    return cv


def coincidences(first: Train, second: Train, size: int, window: int) -> Int64Array:
    """Count, for each neuron, the spikes that two trains share.

    Parameters
    ----------
    first, second : pair of ndarray
        Steps and neurons of the spikes, in any order, on the same grid.
    size : int
        Number of neurons.
    window : int
        Largest distance of coincident spikes in steps; 0 requires the same step.

    Returns
    -------
    ndarray of int64, shape (size,)

    Notes
    -----
    The spikes of each train that have a partner in the other are counted, and the smaller count is
    returned. If no interval is shorter than ``2 window + 1`` steps, partners are unique and this is
    the number of pairs; otherwise a burst that coincides with one spike counts once.
    """
    stride = _stride(first, second, window)
    a, b = _keys(first, stride), _keys(second, stride)
    counts = [
        np.bincount(x[_has_partner(x, y, window)] // stride, minlength=size)
        for x, y in ((a, b), (b, a))
    ]
    return np.minimum(*counts).astype(np.int64)


def _stride(first: Train, second: Train, window: int) -> int:
    last = max((int(np.max(steps)) for steps, _ in (first, second) if len(steps)), default=0)
    return last + window + 1  # the last window of a neuron ends before step 0 of the next neuron


def _keys(train: Train, stride: int) -> Int64Array:
    steps, ids = train
    return np.sort(np.asarray(ids, dtype=np.int64) * stride + steps)


def _has_partner(keys: Int64Array, others: Int64Array, window: int) -> Any:
    begin = np.searchsorted(others, keys - window, side="left")
    return np.searchsorted(others, keys + window, side="right") > begin


def coincidence_factor(
    reference: Train, other: Train, size: int, n_steps: int, window: int
) -> Float64Array:
    r"""Return the coincidence factor Gamma of each neuron: 1 for equal trains, 0 for chance.

    .. math:: \Gamma = \frac{N_c - \langle N_c \rangle}{(N_1 + N_2) / 2} \, \frac{1}{1 - p}

    with :math:`N_c` from :func:`coincidences`, :math:`p` the fraction of time that lies within the
    window of a spike of the other train, and :math:`\langle N_c \rangle = p N_1` the expected
    number for a Poisson train of the other's rate.

    Parameters
    ----------
    reference, other : pair of ndarray
        Steps and neurons of the spikes.
    size, n_steps : int
        Number of neurons and length of the run.
    window : int
        Largest distance of coincident spikes in steps.

    Returns
    -------
    ndarray of float64, shape (size,)
        NaN where it is undefined: neither train spikes, or the other's windows cover all time
        (p >= 1; at 2 ms on a grid of 0.1 ms that is a rate of 244 Hz).

    Notes
    -----
    Kistler, Gerstner and van Hemmen, Neural Comput. 9:1015 (1997); Jolivet et al., J. Neurosci.
    Methods 169:417 (2008). They write p = 2 nu Delta, for continuous time; a spike on a grid
    covers ``2 window + 1`` steps, so p = (2 window + 1) N_2 / n_steps here, which also holds for
    window = 0. Windows that overlap are counted twice in p, as in the papers: the result for
    independent trains is slightly below 0 (by 0.01 at p = 0.12).
    """
    n_reference = np.bincount(reference[1], minlength=size)
    n_other = np.bincount(other[1], minlength=size)
    chance = (2 * window + 1) * n_other / n_steps
    mean = (n_reference + n_other) / 2
    defined = (mean > 0) & (chance < 1)
    found = coincidences(reference, other, size, window)
    gamma = np.full(size, np.nan)
    gamma[defined] = ((found - chance * n_reference)[defined] / mean[defined]) / (
        1 - chance[defined]
    )
    return gamma


def rmse(first: Any, second: Any) -> float:
    """Return the root mean squared difference of two arrays of equal shape; NaN if empty."""
    difference = np.subtract(first, second, dtype=np.float64).ravel()
    if difference.size == 0:
        return float("nan")
    return float(np.sqrt(np.dot(difference, difference) / difference.size))


def largest_difference(first: Any, second: Any) -> float:
    """Return the largest absolute difference of two arrays of equal shape; NaN if empty."""
    difference = np.subtract(first, second, dtype=np.float64)
    return float(np.abs(difference).max()) if difference.size else float("nan")
