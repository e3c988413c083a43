"""Checks and reads input spikes that are given as a table, be it of counts or of payloads."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .._support.grid import LAST_STEP, steps_of
from .._support.ranges import POSITIVE
from .._support.spike_digest import count_digests
from .._support.values import ArrayValue, check_name, integer, integers, read_only, real
from ..errors import NetworkError
from ..typing import Int64Array

__all__ = ["MOST", "SpikeTable"]

MOST = (1 << 31) - 1
"""Largest number of a source in a step."""


class SpikeTable(ArrayValue):
    """Mixin for inputs with a number for each step of a grid (row) and each source (column)."""

    _values: ClassVar[str]  # the field that holds the table
    name: str
    dt: float
    first_step: int

    def _given(self, low: int | None = None, high: int | None = None) -> Any:
        """Return the table as it was given, or raise NetworkError if it is none."""
        check_name("input", self.name)
        owner = f"input {self.name!r}"
        table = integers(owner, self._values, self._table, low=low, high=high)
        if table.ndim != 2 or not table.shape[1]:
            raise NetworkError(
                f"{owner}: {self._values} have shape {table.shape}; allowed: (n_steps, size), one "
                "row for each step and one column for each source."
            )
        return table

    def _keep(self, table: Any, dtype: Any) -> None:
        """Store the table in a type that holds it, and check its grid."""
        owner = f"input {self.name!r}"
        own = table.astype(dtype, order="C", copy=table.flags.writeable)
        object.__setattr__(self, self._values, read_only(own))
        object.__setattr__(self, "dt", real(owner, "dt", self.dt, "ms", POSITIVE))
        last = LAST_STEP - len(table)
        first = integer(owner, "first_step", self.first_step, at_least=0, at_most=last)
        object.__setattr__(self, "first_step", first)

    @property
    def _table(self) -> Any:
        return getattr(self, self._values)

    @property
    def size(self) -> int:
        """Number of sources."""
        return int(self._table.shape[1])

    @property
    def step_times(self) -> Any:
        """Time of each row in ms, shape (n_steps,)."""
        return (self.first_step + np.arange(len(self._table))) * self.dt

    def steps_on(self, dt: float) -> Int64Array:
        """Return the step of each row on a grid of ``dt`` (ms), as every run bins spikes."""
        steps = np.minimum(steps_of(self.step_times, dt), LAST_STEP)
        return np.asarray(steps, dtype=np.int64)

    def digest(self, first: int, stop: int) -> int:
        """Return the digest of the spikes whose ticks are from ``first`` to ``stop - 1``.

        It is that of as many spikes, one by one: see :mod:`neurochip._support.spike_digest`.
        """
        ticks, each = self._digests
        low, high = np.searchsorted(ticks, [first, stop])
        return int(each[low:high].sum(dtype=np.uint64))

    @cached_property
    def _digests(self) -> tuple[Any, Any]:
        table = self._table
        if table.dtype.kind != "u":
            table = table.astype(np.int64).view(np.uint64)  # digests are modulo 2**64
        return count_digests(self.name, table, self.step_times)
