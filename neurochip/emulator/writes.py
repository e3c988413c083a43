"""Bias registers that the host writes during a run, by the step in which they act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._support.csr import rows_of
from .._support.grid import LAST_STEP
from .._support.values import integers, items
from ..chip.registers import decode_bias
from ..errors import EmulatorError
from ..image import ChipImage
from ..typing import Int32Array, Int64Array

__all__ = ["BiasRows", "GivenWrites", "JointWrites", "Writes", "check_writes", "rows_by_step"]


class BiasRows(NamedTuple):
    """Writes of consecutive steps, grouped by step.

    The k-th of these steps begins with the writes ``starts[k]`` to ``starts[k + 1] - 1``: the bias
    of ``compartments[i]`` becomes ``values[i]`` (semantics 5.3), the last write if there are
    several.
    """

    starts: Int64Array
    compartments: Int32Array
    values: Int32Array


class Writes(Protocol):
    """All writes of a run."""

    @property
    def per_step(self) -> int:
        """Largest number of writes in a step that :meth:`rows` has to compute; 0 if none."""

    def rows(self, first: int, stop: int) -> BiasRows:
        """Return the writes of the steps ``first`` to ``stop - 1`` of the run, counted from 0."""


class GivenWrites:
    """Writes that are given one by one.

    Parameters
    ----------
    steps : ndarray of int64, shape (n,)
        Step of each write, counted from the first step of the run, in any order.
    compartments, values : ndarray of int32, shape (n,)
        Compartment and bias; of several writes to a compartment in a step the last one acts.
    """

    per_step = 0

    def __init__(self, steps: Int64Array, compartments: Int32Array, values: Int32Array) -> None:
        order = np.argsort(steps, kind="stable")
        self._steps, self._ids, self._values = steps[order], compartments[order], values[order]

    def from_step(self, step: int) -> GivenWrites:
        """Return the writes of a run that begins at ``step``."""
        return GivenWrites(self._steps - step, self._ids, self._values)

    def rows(self, first: int, stop: int) -> BiasRows:
        """Return the writes of some steps: see :meth:`Writes.rows`."""
        part = slice(*np.searchsorted(self._steps, [first, stop]).tolist())
        steps = self._steps[part] - first
        return rows_by_step(steps, self._ids[part], self._values[part], stop - first)


def check_writes(writes: Any, image: ChipImage) -> GivenWrites:
    """Return the writes of :meth:`~neurochip.emulator.Emulator.run_steps`.

    Raises
    ------
    EmulatorError
        If they are not four arrays of one length, or a value is out of its range.
    """
    owner, core = "emulator", image.chip.core
    allowed = "four arrays (steps, compartments, mantissas, exponents)"
    given = items(owner, "writes", writes, allowed, error=EmulatorError)
    if len(given) != 4:
        raise EmulatorError(f"{owner}: writes hold {len(given)} arrays; allowed: {allowed}.")
    ranges = {
        "steps": (0, LAST_STEP),
        "compartments": (0, image.n_compartments - 1),
        "mantissas": (core.bias_mantissa.minimum, core.bias_mantissa.maximum),
        "exponents": (0, core.bias_exponent_max),
    }
    columns = [
        integers(owner, f"{name} of writes", values, low=low, high=high, error=EmulatorError)
        for values, (name, (low, high)) in zip(given, ranges.items(), strict=True)
    ]
    shapes = [column.shape for column in columns]
    if columns[0].ndim != 1 or len(set(shapes)) > 1:
        raise EmulatorError(
            f"{owner}: writes have shapes {', '.join(map(str, shapes))}; allowed: four "
            "one-dimensional arrays of one length."
        )
    steps, compartments, mantissas, exponents = columns
    return GivenWrites(
        steps.astype(np.int64), compartments.astype(np.int32), decode_bias(mantissas, exponents)
    )


class JointWrites:
    """The writes of copies of an image that run side by side.

    Parameters
    ----------
    parts : sequence of Writes
        The writes of each copy.
    size : int
        Number of compartments of a copy.
    """

    def __init__(self, parts: Sequence[Writes], size: int) -> None:
        self._parts, self._size = parts, size
        self.per_step = sum(part.per_step for part in parts)

    def rows(self, first: int, stop: int) -> BiasRows:
        """Return the writes of some steps: see :meth:`Writes.rows`."""
        rows = [part.rows(first, stop) for part in self._parts]
        steps = [np.repeat(np.arange(stop - first), np.diff(row.starts)) for row in rows]
        shifted = [row.compartments + np.int32(k * self._size) for k, row in enumerate(rows)]
        values = [row.values for row in rows]
        return rows_by_step(
            np.concatenate(steps), np.concatenate(shifted), np.concatenate(values), stop - first
        )


def rows_by_step(
    steps: Int64Array, compartments: Int32Array, values: Int32Array, n_steps: int
) -> BiasRows:
    """Group writes by step; writes of one step keep their order."""
    if (steps[1:] >= steps[:-1]).all():  # sorting and indexing take longer than the writes
        starts = np.searchsorted(steps, np.arange(n_steps + 1)).astype(np.int64)
    else:
        starts, order = rows_of(steps, n_steps)
        compartments, values = compartments[order], values[order]
    return BiasRows(
        starts,
        np.require(compartments, np.int32, ["C", "W"]),
        np.require(values, np.int32, ["C", "W"]),
    )
