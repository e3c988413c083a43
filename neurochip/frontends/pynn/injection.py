"""The current of all sources into a population: in a run, and for the compiler."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...typing import Float64Array, Int64Array
from .simulator import state

__all__ = ["currents", "room"]

_LONG = 1e4  # steps in which two steps with another current are few


def currents(
    population: Any, first_step: int, n_steps: int, dt: float
) -> list[tuple[Float64Array, Float64Array]]:
    """Return the currents of all sources into a population in consecutive steps.

    Parameters
    ----------
    population : Population
        The neurons.
    first_step, n_steps : int
        First step and number of steps.
    dt : float, ms
        Length of a step.

    Returns
    -------
    list of (times, amplitudes)
        One item for each injection: the times (ms) from ``first_step`` on at which it changes,
        shape (n,), and its amplitudes (nA), shape (n,) if they are equal for all neurons, otherwise
        (n, size).
    """
    found = []
    for source, number, indices in _into(population):
        steps = source._changing(first_step, first_step + n_steps)
        values = source._amplitudes(number, steps, len(indices))
        if not np.array_equal(indices, np.arange(population.size)):
            spread = np.zeros((len(steps), population.size))
            np.add.at(spread.T, indices, values.reshape(len(steps), -1).T)
            values = spread
        found.append((steps * dt, values))
    return found


def room(
    population: Any, first_step: int, n_steps: int, dt: float
) -> tuple[Float64Array, Float64Array] | None:
    """Return a current in few steps for which the compiler leaves enough room.

    It reaches the smallest and the largest current of all sources together, by their parameters,
    and has the mean that is expected in some steps. It stays the same until a parameter goes beyond
    what was asked for before, and then only widens.

    Parameters
    ----------
    population : Population
        The neurons.
    first_step, n_steps : int
        First step and number of steps of the run that comes.
    dt : float, ms
        Length of a step.

    Returns
    -------
    times : ndarray of float64, shape (4,), ms
        Times of the changes.
    amplitudes : ndarray of float64, shape (4, size), nA
        The current from each time on.
        None instead of both if no source is injected into the population.
    """
    needed = np.zeros((3, population.size))  # smallest, largest, mean
    injected = _into(population)
    if not injected:
        return None
    for source, _, indices in injected:
        values = source._history()[-1][1]
        low, high = source._range(values)
        mean = source._mean(values, first_step, first_step + n_steps)
        own = np.array([[min(low, 0.0)], [max(high, 0.0)], [mean]])
        np.add.at(needed.T, indices, own.T)
    before = getattr(population, "_room", None)
    if before is not None and (needed[0] >= before[0]).all() and (needed[1] <= before[1]).all():
        needed = before
    elif before is not None:
        needed[0], needed[1] = np.minimum(needed[0], before[0]), np.maximum(needed[1], before[1])
    population._room = needed
    low, high, mean = needed
    # The extremes last for a step each, which is nothing in the mean over time.
    return np.array([0.0, 1.0, 2.0, _LONG]) * dt, np.stack([low, high, mean, mean])


def _into(population: Any) -> list[tuple[Any, int, Int64Array]]:
    """Return source, number of the injection of that source, and indices, of a population."""
    counts: dict[int, int] = {}
    found = []
    for source, target, indices in state.electrodes:
        number = counts.setdefault(id(source), 0)
        counts[id(source)] += 1
        if target is population:
            found.append((source, number, indices))
    return found
