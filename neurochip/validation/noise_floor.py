"""Noise floor of a population: by how much its rate changes when nothing that matters does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .._support.brief import brief
from .._support.student import t_quantile
from ..recording import Recording

__all__ = ["NoiseFloor", "noise_floor"]


@dataclass(frozen=True, kw_only=True)
class NoiseFloor:
    """Differences between float runs of networks that differ in one synapse.

    Parameters
    ----------
    rate : float
        Two such runs differ in mean rate by less than this in 95 % of all cases, as a fraction of
        the rate: ``t * s * sqrt(2)``, with the standard deviation s of the mean rates and Student's
        t of ``runs - 1`` degrees of freedom (a prediction interval of the difference of two runs).
    neuron : float
        Mean over pairs of runs and over neurons of the absolute difference of rates, as a fraction
        of the mean rate: the floor of ``mean_absolute_error``.
    runs : int
        Number of float runs, with the reference.
    """

    rate: float
    neuron: float
    runs: int

    __repr__ = brief


def noise_floor(
    reference: Recording, twins: Sequence[Recording], population: str
) -> NoiseFloor | None:
    """Return the noise floor of a population; None without twins or if all runs are silent."""
    rates = np.array([run.rates(population) for run in (reference, *twins)])
    mean = float(rates.mean())
    if not twins or not mean:
        return None
    runs = len(rates)
    spread = float(rates.mean(axis=1).std(ddof=1))
    apart = [np.abs(first - second).mean() for first, second in combinations(rates, 2)]
    return NoiseFloor(
        rate=t_quantile(0.975, runs - 1) * spread * math.sqrt(2.0) / mean,
        neuron=float(np.mean(apart)) / mean,
        runs=runs,
    )
