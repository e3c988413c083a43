"""Noise of effects: what a change that means nothing does to the metrics of a recurrent network.

In a recurrent network, any change moves spikes, and these move others, until the run differs from
the original as much as any other run with the same statistics. An effect that is not larger is no
evidence. *Twins* measure it: float64 runs in which one synapse is changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .._support.student import t_quantile
from .effects import METRICS
from .measure import Values

__all__ = ["TWINS", "Noise", "noise_of"]

TWINS = 8
"""Number of twins. With 8, a bound is 2.4 standard deviations of an effect; with many, 2."""

_CONFIDENCE = 0.95
_DISTANCES = ("v_rmse", "spike_times")  # from the ideal run, which has 0

Key: TypeAlias = tuple[str, str]  # population and metric


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Bounds of effects that mean nothing: 95 % of them are smaller.

    All runs of a recurrent population count as draws from one normal distribution. Populations
    that are not recurrent are missing: their effects have no noise.

    Parameters
    ----------
    twins : int
        Number of twins.
    spread : dict of (str, str) to float
        Standard deviation of a metric over the twins, by population and metric.
    apart : dict of (str, str) to (float, float)
        For metrics that are distances: mean and standard deviation of the distance between a twin
        and the run from which it differs in one synapse.
    """

    twins: int
    spread: Mapping[Key, float]
    apart: Mapping[Key, tuple[float, float]]

    def effect(self, key: Key, from_ideal: bool) -> float:
        """Return the bound of the difference of two runs.

        Parameters
        ----------
        key : (str, str)
            Population and metric.
        from_ideal : bool
            Whether the first run is the ideal, from which distances are measured.
        """
        return self._bound(key, from_ideal, first=-1, others=1)

    def interaction(self, key: Key, from_ideal: bool, sources: int) -> float:
        """Return the bound of the interaction of some sources that have an effect.

        With the first run B, the run A with all sources and the runs B_i with one source, it is
        ``A - B - sum(B_i - B)``.

        Parameters
        ----------
        key, from_ideal : (str, str), bool
            As for :meth:`effect`.
        sources : int
            Number of sources that have an effect.
        """
        if not sources:
            return 0.0
        return self._bound(key, from_ideal, first=sources - 1, others=sources + 1)

    def _bound(self, key: Key, from_ideal: bool, first: int, others: int) -> float:
        """Return the bound of ``first`` times a run and a sum of other runs, signed, with mean 0.

        A Student t bound, since the standard deviation is that of a few twins.
        """
        if key not in self.spread:
            return 0.0
        t = t_quantile((1 + _CONFIDENCE) / 2, self.twins - 1)
        if from_ideal and key in self.apart:  # the first run is exactly 0, the others are not
            mean, spread = self.apart[key]
            return abs(first) * mean + t * spread * math.sqrt(others + first**2 / self.twins)
        return t * self.spread[key] * math.sqrt(others + first**2)


def noise_of(
    populations: Iterable[str], twins: Sequence[Values], from_original: Sequence[Values]
) -> Noise:
    """Return the noise of populations, which are recurrent.

    Parameters
    ----------
    populations : iterable of str
        Their names; none without twins.
    twins : sequence of dict
        Metrics of the twins against the ideal.
    from_original : sequence of dict
        Metrics of the same twins against the run from which each differs in one synapse.
    """
    spread, apart = {}, {}
    for name in populations:
        for metric in METRICS:
            spread[name, metric] = _mean_and_spread(twins, name, metric)[1]
            if metric in _DISTANCES:
                apart[name, metric] = _mean_and_spread(from_original, name, metric)
    return Noise(twins=len(twins), spread=spread, apart=apart)


def _mean_and_spread(runs: Sequence[Values], name: str, metric: str) -> tuple[float, float]:
    means = [float(np.mean(values[name][metric])) for values in runs]
    return float(np.mean(means)), float(np.std(means, ddof=1))
