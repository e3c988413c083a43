"""Trace of a variable over the steps of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.ranges import POSITIVE
from .._support.text import counted
from .._support.values import ArrayValue, instance, integer, integers, real, reals
from ..errors import RecordingError
from ..typing import Float64Array, Int32Array

__all__ = ["MOST_STEPS", "Trace"]

MOST_STEPS = 1 << 62
"""Largest number of a step."""


@dataclass(frozen=True, eq=False)
class Trace(ArrayValue):
    """Values of one variable of some neurons of a population at the end of every step.

    Parameters
    ----------
    ids : ndarray of int32, shape (n_ids,)
        Neurons within the population.
    values : ndarray, shape (n_steps, n_ids)
        float64 in ``unit``, or int32 register values if the image has no symbols.
    unit : str
        ``"mV"``, ``"nA"``, ``"mV per step"`` or ``"LSB"``.
    dt : float, ms
        Length of a step, as of the recording.
    first_step : int, default 0
        First step, as of the recording.

    Raises
    ------
    RecordingError
        If the ids are not integers, the values do not have one column per id, or a number is not
        allowed.
    """

    ids: Int32Array
    values: Any
    unit: str
    dt: float
    first_step: int = 0

    def __post_init__(self) -> None:
        ids = integers("trace", "ids", self.ids, error=RecordingError)
        allowed = "numbers, a row for each step and a column for each neuron"
        values = reals("trace", "values", self.values, "", allowed=allowed, error=RecordingError)
        if ids.ndim != 1 or values.ndim != 2 or values.shape[1] != len(ids):
            raise RecordingError(
                f"trace: ids have shape {ids.shape} and values {values.shape}; allowed: {allowed}."
            )
        instance("trace", "unit", self.unit, str, "a string, such as 'mV'", error=RecordingError)
        dt = real("trace", "dt", self.dt, "ms", POSITIVE, error=RecordingError)
        first_step = integer(
            *("trace", "first_step", self.first_step),
            at_least=0,
            at_most=MOST_STEPS,
            error=RecordingError,
        )
        for name, value in (
            ("ids", ids),
            ("values", values),
            ("dt", dt),
            ("first_step", first_step),
        ):
            object.__setattr__(self, name, value)

    @property
    def times(self) -> Float64Array:
        """Sampling times in ms, the end of every step, shape (n_steps,)."""
        ends = self.first_step + 1 + np.arange(len(self.values), dtype=np.float64)
        times: Float64Array = ends * self.dt
        return times

    def __repr__(self) -> str:
        steps, columns = self.values.shape
        return (
            f"Trace({counted(columns, 'neuron')}, {counted(steps, 'step')} of {self.dt:g} ms, "
            f"{self.unit})"
        )
