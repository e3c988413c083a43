"""Both runs of a population, and what several metrics need of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import RecordingError
from ..recording import Recording
from ..typing import BoolArray, Float64Array, Int64Array
from . import metrics
from .intervals import RatePairs

__all__ = ["RunPair"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RunPair:
    """One population in the reference and on the chip: the argument of every metric.

    Parameters
    ----------
    name : str
        Name of the population.
    reference, chip : Recording
        Runs over the same steps.
    rate_pairs : RatePairs
        The independent pairs of rates behind the intervals.
    shortest : ndarray of int64, shape (size,), steps
        Longest interval between spikes at which each neuron fires at its limit.
    window : int, steps
        Largest distance of coincident spikes.
    """

    name: str
    reference: Recording
    chip: Recording
    rate_pairs: RatePairs
    shortest: Int64Array
    window: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.reference.populations[self.name]

    @property
    def runs(self) -> tuple[Recording, Recording]:
        """The reference and the chip."""
        return self.reference, self.chip

    @cached_property
    def trains(self) -> tuple[metrics.Train, metrics.Train]:
        """Steps and neurons of the spikes of both runs."""
        first, second = ((run.steps[self.name], run.ids[self.name]) for run in self.runs)
        return first, second

    @cached_property
    def counts(self) -> tuple[Int64Array, Int64Array]:
        """Number of spikes of each neuron in both runs, shape (size,)."""
        return self.reference.counts(self.name), self.chip.counts(self.name)

    @cached_property
    def rates(self) -> tuple[Float64Array, Float64Array]:
        """Rate of each neuron in both runs in Hz, shape (size,)."""
        return self.reference.rates(self.name), self.chip.rates(self.name)

    @cached_property
    def distances(self) -> Float64Array:
        """Absolute difference of the rates of each neuron in Hz, shape (size,)."""
        return np.abs(self.rates[1] - self.rates[0])

    @property
    def spikes(self) -> tuple[int, int]:
        """Number of spikes in both runs."""
        return int(self.counts[0].sum()), int(self.counts[1].sum())

    @cached_property
    def at_limit(self) -> tuple[float, float]:
        """Fraction of the intervals in both runs that are the shortest possible."""
        shares = [float(short.mean()) if len(short) else 0.0 for short, _ in self._short]
        return shares[0], shares[1]

    @cached_property
    def saturated(self) -> tuple[int, int]:
        """Number of neurons in both runs with at least 3 spikes, most of them at the limit."""
        found = []
        for short, ids in self._short:
            number = np.bincount(ids, minlength=self.size)
            most = 2 * np.bincount(ids, weights=short, minlength=self.size) > number
            found.append(int(((number >= 2) & most).sum()))
        return found[0], found[1]

    @cached_property
    def _short(self) -> list[tuple[BoolArray, Int64Array]]:
        found = [metrics.intervals(train) for train in self.trains]
        return [(isi <= self.shortest[ids], ids) for isi, ids in found]

    @cached_property
    def v(self) -> tuple[Float64Array, Float64Array]:
        """V of the neurons recorded on both sides in mV, shape (n_samples, n_common) each.

        Raises
        ------
        RecordingError
            If v of a run is not in mV.
        """
        key = (self.name, "v")
        if key not in self.reference.traces or key not in self.chip.traces:
            return np.empty((0, 0)), np.empty((0, 0))
        for side, run in zip(("reference", "chip"), self.runs, strict=True):
            if run.traces[key].unit != "mV":
                raise RecordingError(
                    f"compare: 'v' of {self.name!r} is in {run.traces[key].unit} in the {side}; "
                    "allowed: mV. Run an image that has its symbols."
                )
        first, second = self.reference.traces[key], self.chip.traces[key]
        _, a, b = np.intersect1d(first.ids, second.ids, return_indices=True)
        return first.values[:, a], second.values[:, b]

    @property
    def v_neurons(self) -> int:
        """Number of neurons whose v was recorded on both sides."""
        return int(self.v[0].shape[1])
