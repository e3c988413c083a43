"""The current of all sources into a population: in a run, and for the compiler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...typing import Float64Array, Int64Array
from .simulator import state

__all__ = ["currents", "is_beyond", "room", "steps_at_once"]

_MOST = 1 << 25  # amplitudes at once: 268 MB
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
        if not _everyone(population, indices):
            spread = np.zeros((len(steps), population.size))
            np.add.at(spread.T, indices, values.reshape(len(steps), -1).T)
            values = spread
        found.append((steps * dt, values))
    return found


def steps_at_once(populations: Iterable[Any]) -> int:
    """Return how many steps of the currents into some populations memory holds well.

    A run may then be longer; :func:`currents` do not depend on how it is cut.
    """
    per_step: int = sum(
        population.size
        for population in populations
        for source, _, indices in _into(population)
        if source._often and (source._varies or not _everyone(population, indices))
    )
    return max(1, _MOST // max(1, per_step))


def room(population: Any, dt: float) -> tuple[Float64Array, Float64Array] | None:
    """Return a current in few steps for which the compiler leaves enough room.

    It reaches the smallest and the largest current of all sources together, by their parameters,
    and has the mean that is expected while they are on: it does not depend on the length of a run,
    so that a run in pieces has the same image. It stays the same until a parameter goes beyond what
    was asked for before, and then only widens.

    Parameters
    ----------
    population : Population
        The neurons.
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
    if not _into(population):
        return None
    if getattr(population, "_room", None) is None or is_beyond(population):
        population._room = _needed(population)
    low, high, mean = population._room
    # The extremes last for a step each, which is nothing in the mean over time.
    return np.array([0.0, 1.0, 2.0, _LONG]) * dt, np.stack([low, high, mean, mean])


def is_beyond(population: Any) -> bool:
    """Return whether a source may inject more than :func:`room` has ever said, if it has."""
    room = getattr(population, "_room", None)
    return room is not None and not np.array_equal(room[:2], _needed(population)[:2])


def _needed(population: Any) -> Float64Array:
    """Return the smallest, the largest and the mean current: shape (3, size).

    The first two also reach what was asked for before.
    """
    found = np.zeros((3, population.size))
    for source, _, indices in _into(population):
        values = source._history()[-1][1]
        low, high = source._range(values)
        own = np.array([[min(low, 0.0)], [max(high, 0.0)], [source._mean(values)]])
        np.add.at(found.T, indices, own.T)
    before = getattr(population, "_room", found)
    found[0], found[1] = np.minimum(found[0], before[0]), np.maximum(found[1], before[1])
    return found


def _everyone(population: Any, indices: Int64Array) -> bool:
    return np.array_equal(indices, np.arange(population.size))


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
