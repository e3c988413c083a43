"""Converts Brian2's times in seconds to times in ms with the same number of steps.

Brian2 rounds the quotient of a time and a step in seconds, neurochip in ms. For a time halfway
between two steps the results may differ; such a time is replaced by the time of Brian2's step. All
other times keep their values, so that a network can be compiled at another dt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2.core.functions import timestep
from brian2.units import have_same_dimensions, second

from ...errors import FrontendError
from ...network.refractory import refractory_steps
from ...recurrence import delay_steps
from ...typing import Float64Array, Int64Array

__all__ = ["delays", "milliseconds", "periods", "run_length"]


def milliseconds(seconds: float) -> float:
    """Return a time in ms without the rounding error of the conversion."""
    return float(f"{seconds * 1e3:.12g}")


def run_length(what: str, duration: Any) -> float:
    """Return the duration of a run in ms; ``what`` names the caller in messages.

    Raises
    ------
    FrontendError
        If it is not a time above 0.
    """
    if not have_same_dimensions(duration, second) or not float(duration) > 0:
        raise FrontendError(f"{what}: duration = {duration!r}; allowed: a time above 0.")
    return milliseconds(float(duration))


def delays(seconds: Any, dt: float) -> Float64Array:
    """Return delays in ms; ``seconds`` of any shape, ``dt`` in seconds.

    Brian2's compiled spike queue takes ``(int)(delay / dt + 0.5)`` steps.
    """
    values = np.asarray(seconds, dtype=np.float64)
    return _meaning(values, (values / dt + 0.5).astype(np.int64), dt, delay_steps)


def periods(seconds: Any, dt: float) -> Float64Array:
    """Return refractory periods in ms, with the steps ``timestep(period, dt)`` of Brian2."""
    values = np.asarray(seconds, dtype=np.float64)
    return _meaning(values, np.asarray(timestep(values, dt)), dt, refractory_steps)


def _meaning(
    seconds: Float64Array, steps: Int64Array, dt: float, rule: Callable[..., Int64Array]
) -> Float64Array:
    step, values = milliseconds(dt), seconds * 1e3
    differs = (steps >= 0) & (rule(values, step) != steps)
    return np.asarray(np.where(differs, steps * step, values))
