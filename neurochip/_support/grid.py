"""Conversion of continuous time to steps, by the rule that all engines share with Brian2."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..typing import Float64Array

__all__ = [
    "GRID_TOLERANCE",
    "LAST_STEP",
    "is_apart",
    "is_later",
    "nearest_steps",
    "places_of",
    "steps_of",
    "whole_steps",
]

GRID_TOLERANCE = 1e-3
"""Fraction of a step. A time t belongs to step ``floor(t / dt + GRID_TOLERANCE)``, since float
rounding can put times slightly below the grid; a refractory period is converted in the same way."""

LAST_STEP = (1 << 31) - 1
"""The first step that no run reaches: steps have 32 bits. Later spikes are assigned to it."""


def places_of(times: Any, dt: float) -> Any:
    """Return the positions of times on the grid in steps; rounded down, they are the steps."""
    places = np.divide(times, dt)
    places += GRID_TOLERANCE  # in place: new memory takes as long as the arithmetic
    return places


def steps_of(times: Any, dt: float) -> Any:
    """Return the step of each time, or the steps in each duration: whole numbers as float64."""
    return np.floor(places_of(times, dt))


def nearest_steps(delays: Any, dt: float) -> Float64Array:
    """Return delays in steps, rounded half up as Brian2's compiled spike queue does."""
    return np.floor(np.asarray(delays) / dt + 0.5)


def whole_steps(duration: float, dt: float) -> int | None:
    """Return the number of steps in a duration, or None if it is not a whole number."""
    steps = round(duration / dt)
    return None if is_apart(steps * dt, duration, dt) else steps


def is_later(time: float, end: float, dt: float) -> bool:
    """Return whether a time is later than ``end`` by more than rounding."""
    return time > end + GRID_TOLERANCE * dt


def is_apart(first: float, second: float, dt: float) -> bool:
    """Return whether two times differ by more than rounding."""
    return abs(first - second) > GRID_TOLERANCE * dt
