"""Earth mover's distances between samples, and pairwise correlations of spike counts."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from ..typing import Float64Array
from .metrics import Train

__all__ = ["Distances", "correlations", "distances"]


class Distances(NamedTuple):
    """Distances between all runs of the reference (r) and of the chip (c), shape (n, n) each.

    Parameters
    ----------
    rr, rc, cc : ndarray of float64
        ``rc[i, j]`` is the distance of reference i and chip j. The diagonals of rr and cc are 0.
    """

    rr: Float64Array
    rc: Float64Array
    cc: Float64Array


def distances(reference: list[Float64Array], chip: list[Float64Array]) -> Distances:
    r"""Return earth mover's distances between the runs of two lists of samples, in their unit.

    The mean distance that values must move to turn one sample into the other:

    .. math:: \int |F_1(x) - F_2(x)| \, dx

    (Vallender, Theory Probab. Appl. 18:784, 1974); as in ``scipy.stats.wasserstein_distance``.
    """
    samples = [np.sort(sample) for sample in (*reference, *chip)]
    matrix = np.zeros((len(samples), len(samples)))
    for i, j in combinations(range(len(samples)), 2):
        matrix[i, j] = matrix[j, i] = _distance(samples[i], samples[j])
    n = len(reference)
    return Distances(matrix[:n, :n], matrix[:n, n:], matrix[n:, n:])


def _distance(first: Float64Array, second: Float64Array) -> float:
    """Return the earth mover's distance of two sorted samples, neither empty nor with NaN."""
    values = np.concatenate([first, second])
    order = np.argsort(values, kind="stable")  # merges sorted runs
    below = np.cumsum(order < len(first))
    difference = below / len(first) - (np.arange(1, len(values) + 1) - below) / len(second)
    return float(np.abs(difference[:-1]) @ np.diff(values[order]))


def correlations(
    train: Train, ids: Any, first_step: int, n_steps: int, bin_steps: int
) -> Float64Array:
    """Return the Pearson correlation of the spike counts of all pairs of neurons.

    Parameters
    ----------
    train : pair of ndarray
        Steps and neurons of the spikes.
    ids : array_like of int
        Neurons whose pairs are taken.
    first_step, n_steps : int
        The run.
    bin_steps : int
        Steps per bin of the spike counts; steps of an incomplete bin are omitted.

    Returns
    -------
    ndarray of float64, shape (n_pairs,)
        Pairs with a neuron whose counts do not vary are omitted.
    """
    steps, neurons = (np.asarray(part, dtype=np.int64) for part in train)
    chosen = np.asarray(ids, dtype=np.int64)
    bins = n_steps // bin_steps
    order = np.argsort(chosen)
    place = np.searchsorted(chosen[order], neurons)
    place[place == len(chosen)] = 0
    column = (steps - first_step) // bin_steps
    counted = (chosen[order][place] == neurons) & (column < bins)
    keys = place[counted] * bins + column[counted]
    counts = np.bincount(keys, minlength=len(chosen) * bins).reshape(len(chosen), bins)
    counts = counts[np.ptp(counts, axis=1) > 0].astype(np.float64)
    if len(counts) < 2:
        return np.empty(0)
    return np.asarray(np.corrcoef(counts)[np.triu_indices(len(counts), 1)])
