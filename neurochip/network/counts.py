"""Input spikes as counts: for sources that spike in many steps, such as a drive by many sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._support.grid import LAST_STEP, steps_of
from .._support.ranges import POSITIVE
from .._support.spike_digest import count_digests
from .._support.text import counted
from .._support.values import ArrayValue, check_name, integer, integers, read_only, real
from ..errors import NetworkError
from ..typing import Int32Array, Int64Array
from .inputs import SpikeInput

__all__ = ["SpikeCounts"]

_MOST = (1 << 31) - 1  # of a source in a step


@dataclass(frozen=True, eq=False)
class SpikeCounts(ArrayValue):
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

    name: str
    counts: Any
    dt: float
    first_step: int = 0

    def __post_init__(self) -> None:
        check_name("input", self.name)
        owner = f"input {self.name!r}"
        counts = integers(owner, "counts", self.counts)
        if counts.ndim != 2 or not counts.shape[1]:
            raise NetworkError(
                f"{owner}: counts have shape {counts.shape}; allowed: (n_steps, size), one row for "
                "each step and one column for each source."
            )
        low, high = (int(counts.min()), int(counts.max())) if counts.size else (0, 0)
        if low < 0 or high > _MOST:
            integers(owner, "counts", counts, low=0, high=_MOST)
        own = counts.astype(np.min_scalar_type(high), order="C", copy=counts.flags.writeable)
        object.__setattr__(self, "counts", read_only(own))
        object.__setattr__(self, "dt", real(owner, "dt", self.dt, "ms", POSITIVE))
        last = LAST_STEP - len(counts)
        first = integer(owner, "first_step", self.first_step, at_least=0, at_most=last)
        object.__setattr__(self, "first_step", first)

    @property
    def size(self) -> int:
        """Number of sources."""
        return int(self.counts.shape[1])

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

    @property
    def step_times(self) -> Any:
        """Time of each row in ms, shape (n_steps,)."""
        return (self.first_step + np.arange(len(self.counts))) * self.dt

    def steps_on(self, dt: float) -> Int64Array:
        """Return the step of each row on a grid of ``dt`` (ms), as every run bins spikes."""
        steps = np.minimum(steps_of(self.step_times, dt), LAST_STEP)
        return np.asarray(steps, dtype=np.int64)

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

    def digest(self, first: int, stop: int) -> int:
        """Return the digest of the spikes whose ticks are from ``first`` to ``stop - 1``.

        It is that of the same spikes one by one: see :mod:`neurochip._support.spike_digest`.
        """
        ticks, each = self._digests
        low, high = np.searchsorted(ticks, [first, stop])
        return int(each[low:high].sum(dtype=np.uint64))

    @cached_property
    def _digests(self) -> tuple[Any, Any]:
        return count_digests(self.name, self.counts, self.step_times)

    def __repr__(self) -> str:
        spikes, steps = counted(self.n_spikes, "spike"), counted(len(self.counts), "step")
        return f"SpikeCounts({self.name!r}, {self.size}, <{spikes} in {steps} of {self.dt:g} ms>)"
