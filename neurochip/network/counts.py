"""Input spikes as counts: for sources that spike in many steps, such as a drive by many sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._support.text import counted
from .._support.values import integers
from ..typing import Int32Array, Int64Array
from .inputs import SpikeInput
from .spike_table import MOST, SpikeTable

__all__ = ["SpikeCounts"]


@dataclass(frozen=True, eq=False)
class SpikeCounts(SpikeTable):
    """Spikes of sources as a number per step: one byte for each source and step.

    A list of spikes takes 12 bytes for each, so counts are smaller where a source sends more than
    one spike in twelve steps: a drive by a thousand sources, or spikes counted in bins. A count
    stands for that many spikes of its source at the time ``step * dt``, and every run treats it so:
    an axon of the chip receives them one after the other in the step.

    Parameters
    ----------
    name : str
        Name of the input that sends the spikes.
    counts : array_like of int, shape (n_steps, size)
        Spikes of each source in each step, at least 0; stored in the smallest unsigned type that
        holds them. A read-only array of this type is not copied.
    dt : float, ms
        Length of a step, above 0.
    first_step : int
        Step of the first row, at least 0.

    Raises
    ------
    NetworkError
        If the name is not allowed, the counts are not a table of integers of at least 0 with at
        least one source, or dt or the first step is out of range.

    Examples
    --------
    >>> SpikeCounts("drive", [[2, 0], [0, 1]], dt=0.5)
    SpikeCounts('drive', 2, <3 spikes in 2 steps of 0.5 ms>)
    """

    _values = "counts"
    name: str
    counts: Any
    dt: float
    first_step: int = 0

    def __post_init__(self) -> None:
        counts = self._given()
        low, high = (int(counts.min()), int(counts.max())) if counts.size else (0, 0)
        if low < 0 or high > MOST:
            integers(f"input {self.name!r}", "counts", counts, low=0, high=MOST)
        self._keep(counts, np.min_scalar_type(high))

    @property
    def n_spikes(self) -> int:
        """Number of spikes."""
        return int(self.in_each_step.sum())

    @cached_property
    def in_each_step(self) -> Int64Array:
        """Spikes of all sources in each step, shape (n_steps,)."""
        return np.asarray(self.counts.sum(axis=1, dtype=np.int64))

    @property
    def of_each_source(self) -> Int64Array:
        """Spikes of each source in all steps, shape (size,)."""
        return np.asarray(self.counts.sum(axis=0, dtype=np.int64))

    def as_spikes(self) -> SpikeInput:
        """Return the same spikes one by one: 12 bytes for each, and several times as much at work.

        Raises
        ------
        MemoryError
            If there are too many.
        """
        rows, ids = self.listed(0, len(self.counts))
        return SpikeInput(self.name, self.size, ids, self.step_times[rows])

    def listed(self, begin: int, end: int) -> tuple[Int64Array, Int32Array]:
        """Return the row and the source of each spike from row ``begin`` to row ``end - 1``."""
        part = self.counts[begin:end]
        rows = np.repeat(np.arange(begin, end), self.in_each_step[begin:end])
        own = np.broadcast_to(np.arange(self.size, dtype=np.int32), part.shape)
        return rows, np.repeat(own.ravel(), part.ravel())

    def __repr__(self) -> str:
        spikes, steps = counted(self.n_spikes, "spike"), counted(len(self.counts), "step")
        return f"SpikeCounts({self.name!r}, {self.size}, <{spikes} in {steps} of {self.dt:g} ms>)"
