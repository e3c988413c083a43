"""Continuous time on a grid of steps: the rule that all engines share with Brian2."""

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
"""Part of a step. A time t belongs to step ``floor(t / dt + GRID_TOLERANCE)``, since float rounding
puts times a little below the grid; a refractory period lasts as many steps."""

LAST_STEP = (1 << 31) - 1
"""The step that no run reaches: steps are counted in 32 bits. Later spikes belong to it."""


def places_of(times: Any, dt: float) -> Any:
    """Return where times lie on the grid, in steps: rounded down, the steps that they belong to."""
    places = np.divide(times, dt)
    places += GRID_TOLERANCE  # in place: new memory takes as long as the arithmetic
    return places


def steps_of(times: Any, dt: float) -> Any:
    """Return the steps that times belong to, or that lengths of time take: whole, as float64."""
    return np.floor(places_of(times, dt))


def nearest_steps(delays: Any, dt: float) -> Float64Array:
    """Return delays in steps, rounded half up as Brian2's compiled spike queue does."""
    return np.floor(np.asarray(delays) / dt + 0.5)


def whole_steps(duration: float, dt: float) -> int | None:
    """Return the number of steps in a duration; None if it is no whole number."""
    steps = round(duration / dt)
    return None if is_apart(steps * dt, duration, dt) else steps


def is_later(time: float, end: float, dt: float) -> bool:
    """Return whether a time lies beyond an end, by more than rounding."""
    return time > end + GRID_TOLERANCE * dt


def is_apart(first: float, second: float, dt: float) -> bool:
    """Return whether two times differ, by more than rounding."""
    return abs(first - second) > GRID_TOLERANCE * dt
