"""Graded spikes given as a table: one signed payload for each source and step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from .._support.grid import LAST_STEP, steps_of
from .._support.ranges import POSITIVE
from .._support.spike_digest import count_digests
from .._support.text import counted
from .._support.values import ArrayValue, check_name, integer, integers, read_only, real
from ..errors import NetworkError, StimulusError
from ..typing import Int32Array, Int64Array

__all__ = ["GradedSpikes"]

_MOST = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class GradedSpikes(ArrayValue):
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

    name: str
    payloads: Any
    dt: float
    first_step: int = 0

    def __post_init__(self) -> None:
        check_name("input", self.name)
        owner = f"input {self.name!r}"
        payloads = integers(owner, "payloads", self.payloads, low=-_MOST, high=_MOST)
        if payloads.ndim != 2 or not payloads.shape[1]:
            raise NetworkError(
                f"{owner}: payloads have shape {payloads.shape}; allowed: (n_steps, size), one row "
                "for each step and one column for each source."
            )
        own = payloads.astype(np.int32, order="C", copy=payloads.flags.writeable)
        object.__setattr__(self, "payloads", read_only(own))
        object.__setattr__(self, "dt", real(owner, "dt", self.dt, "ms", POSITIVE))
        last = LAST_STEP - len(payloads)
        first = integer(owner, "first_step", self.first_step, at_least=0, at_most=last)
        object.__setattr__(self, "first_step", first)

    @property
    def size(self) -> int:
        """Number of sources."""
        return int(self.payloads.shape[1])

    @property
    def n_spikes(self) -> int:
        """Number of spikes: payloads other than 0."""
        return int(np.count_nonzero(self.payloads))

    @property
    def of_each_source(self) -> Int64Array:
        """Spikes of each source in all steps, shape (size,)."""
        return np.asarray(np.count_nonzero(self.payloads, axis=0), dtype=np.int64)

    @property
    def step_times(self) -> Any:
        """Time of each row in ms, shape (n_steps,)."""
        return (self.first_step + np.arange(len(self.payloads))) * self.dt

    def listed(self, dt: float, first: int, stop: int) -> tuple[Int64Array, Int32Array, Int32Array]:
        """Return the spikes of the steps ``first`` to ``stop - 1`` of a grid of ``dt`` (ms).

        Returns
        -------
        steps, sources, payloads : ndarray, shape (n_spikes,)
            Sorted by step, then source.
        """
        steps = np.minimum(steps_of(self.step_times, dt), LAST_STEP).astype(np.int64)
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

    def digest(self, first: int, stop: int) -> int:
        """Return the digest of the spikes whose ticks are from ``first`` to ``stop - 1``.

        It is that of as many spikes, one by one: see :mod:`neurochip._support.spike_digest`.
        """
        ticks, each = self._digests
        low, high = np.searchsorted(ticks, [first, stop])
        return int(each[low:high].sum(dtype=np.uint64))

    @cached_property
    def _digests(self) -> tuple[Any, Any]:
        signless = self.payloads.astype(np.int64).view(np.uint64)  # digests are modulo 2**64
        return count_digests(self.name, signless, self.step_times)

    def __repr__(self) -> str:
        spikes, steps = counted(self.n_spikes, "spike"), counted(len(self.payloads), "step")
        return f"GradedSpikes({self.name!r}, {self.size}, <{spikes} in {steps} of {self.dt:g} ms>)"
