"""Graded spikes given as a table: one signed payload for each source and step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from .._support.text import counted
from ..errors import StimulusError
from ..typing import Int32Array, Int64Array
from .spike_table import MOST, SpikeTable

__all__ = ["GradedSpikes"]


@dataclass(frozen=True, eq=False)
class GradedSpikes(SpikeTable):
    """Spikes that carry a number, for chips of the second generation: frames, or changes of them.

    A synapse adds its weight times the payload. Only the emulator takes such spikes, for images
    whose neurons run programs; positive payloads act like :class:`SpikeCounts`.

    Parameters
    ----------
    name : str
        Name of the input that sends the spikes.
    payloads : array_like of int, shape (n_steps, size)
        Payload of each source in each step, at most 31 bits and a sign; 0 is no spike.
    dt : float, ms
        Length of a step, above 0.
    first_step : int
        Step of the first row, at least 0.

    Raises
    ------
    NetworkError
        If the name is not allowed, the payloads are not a table of integers with at least one
        source, or dt or the first step is out of range.

    Examples
    --------
    >>> GradedSpikes("pixels", [[52, 0], [-3, 7]], dt=1.0)
    GradedSpikes('pixels', 2, <3 spikes in 2 steps of 1 ms>)
    """

    _values = "payloads"
    name: str
    payloads: Any
    dt: float
    first_step: int = 0

    def __post_init__(self) -> None:
        self._keep(self._given(low=-MOST, high=MOST), np.int32)

    @property
    def n_spikes(self) -> int:
        """Number of spikes: payloads other than 0."""
        return int(np.count_nonzero(self.payloads))

    @property
    def of_each_source(self) -> Int64Array:
        """Spikes of each source in all steps, shape (size,)."""
        return np.asarray(np.count_nonzero(self.payloads, axis=0), dtype=np.int64)

    def listed(self, dt: float, first: int, stop: int) -> tuple[Int64Array, Int32Array, Int32Array]:
        """Return the spikes of the steps ``first`` to ``stop - 1`` of a grid of ``dt`` (ms).

        Returns
        -------
        steps, sources, payloads : ndarray, shape (n_spikes,)
            Sorted by step, then source.
        """
        steps = self.steps_on(dt)
        begin, end = np.searchsorted(steps, [first, stop]).tolist()
        rows, sources = np.nonzero(self.payloads[begin:end])
        values = self.payloads[begin:end][rows, sources]
        return steps[begin:end][rows], sources.astype(np.int32), values

    def refuse(self) -> NoReturn:
        """Raise StimulusError: whoever calls this takes binary spikes only."""
        raise StimulusError(
            f"stimulus: input {self.name!r} sends payloads, and only the emulator takes them, for "
            "images whose neurons run programs; allowed: SpikeInput or SpikeCounts."
        )

    def __repr__(self) -> str:
        spikes, steps = counted(self.n_spikes, "spike"), counted(len(self.payloads), "step")
        return f"GradedSpikes({self.name!r}, {self.size}, <{spikes} in {steps} of {self.dt:g} ms>)"
