"""Bin spikes onto the grid of a run: each spike gets its step, and counts are listed."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from .._support.grid import LAST_STEP, places_of
from ..typing import Int32Array
from .counts import SpikeCounts
from .graded import GradedSpikes
from .inputs import SpikeInput

__all__ = ["Train", "bin_train", "bin_trains", "binned_windows", "windows_of"]

Train: TypeAlias = SpikeInput | SpikeCounts | GradedSpikes
"""Spikes of one input."""

_WINDOW = 1 << 22  # counted spikes that a window of a run lists: 16 MB


def bin_train(train: Train, dt: float, first: int, stop: int | None) -> tuple[Any, Int32Array]:
    """Return the place on the grid and the source of each spike of some steps.

    They are sorted by place. Rounded down, a place is a step.

    Parameters
    ----------
    train : SpikeInput, SpikeCounts or GradedSpikes
        The spikes; a count is listed as often as it says. Graded spikes are refused.
    dt : float, ms
        Length of a step.
    first, stop : int
        Steps from ``first`` to ``stop - 1``; without ``stop`` all later steps, too.
    """
    if isinstance(train, GradedSpikes):
        train.refuse()
    last = LAST_STEP + 1 if stop is None else stop
    if isinstance(train, SpikeCounts):
        steps = train.steps_on(dt)
        begin, end = np.searchsorted(steps, [first, last]).tolist()
        rows, ids = train.listed(begin, end)
        return steps[rows], ids
    whole = first == 0 and stop is None

    def before(step: int) -> int:
        return bisect_left(train.times, step, key=lambda time: math.floor(places_of(time, dt)))

    part = slice(None) if whole else slice(before(first) if first else 0, before(last))
    places = places_of(train.times[part], dt)
    # Times are sorted; clip the last ones, whose steps no run reaches, to fit into int32.
    places[np.searchsorted(places, LAST_STEP) :] = LAST_STEP
    return places, train.ids[part]


def bin_trains(
    trains: Iterable[Train], dt: float, first: int, stop: int | None, *, ordered: bool
) -> tuple[Int32Array, Int32Array]:
    """Return the steps and the sources of all spikes: see :meth:`neurochip.Stimulus.binned`."""
    trains = tuple(trains)
    parts = [bin_train(train, dt, first, stop) for train in trains]
    n_spikes = sum(len(places) for places, _ in parts)
    step, source = np.empty(n_spikes, np.int32), np.empty(n_spikes, np.int32)
    begin = number = 0
    for train, (places, ids) in zip(trains, parts, strict=True):
        own = slice(begin, begin + len(places))
        step[own] = places  # rounds down, since no time is negative
        np.add(ids, np.int32(number), out=source[own])
        begin, number = own.stop, number + train.size
    if not ordered:
        return step, source
    # Sorting one key per spike is ten times as fast as sorting two columns. The stable sort is
    # another four times as fast, because each train is already sorted.
    keys = np.sort(step * np.int64(max(number, 1)) + source, kind="stable")
    step, source = np.divmod(keys, max(number, 1))
    return step.astype(np.int32), source.astype(np.int32)


def windows_of(
    trains: Iterable[Train], dt: float, first: int, stop: int
) -> Iterator[tuple[int, int]]:
    """Divide the steps of a run into windows whose counted spikes take little memory when listed.

    Parameters
    ----------
    trains : iterable of SpikeInput or SpikeCounts
        Input of the run; without counts there is one window.
    dt : float, ms
        Length of a step of the run.
    first, stop : int
        The run has the steps from ``first`` to ``stop - 1``.
    """
    tables = [item for item in trains if isinstance(item, SpikeCounts)]
    spikes = np.zeros(stop - first if tables else 0, dtype=np.int64)
    for item in tables:
        steps = item.steps_on(dt) - first
        inside = (steps >= 0) & (steps < len(spikes))
        np.add.at(spikes, steps[inside], item.in_each_step[inside])
    until = np.cumsum(spikes)
    begin = first
    while begin < stop:
        before = int(until[begin - first - 1]) if begin > first and tables else 0
        end = stop
        if tables:
            end = first + int(np.searchsorted(until, before + _WINDOW, side="right"))
            end = min(max(end, begin + 1), stop)
        yield begin, end
        begin = end


def binned_windows(
    trains: Sequence[Train], dt: float, first: int, stop: int
) -> Iterator[tuple[int, Int32Array, Int32Array]]:
    """Yield the spikes of a run window by window, so that counts are never listed all at once.

    Parameters
    ----------
    trains : sequence of SpikeInput or SpikeCounts
        Input of the run, in its order; without counts there is one window.
    dt : float, ms
        Length of a step of the run.
    first, stop : int
        The run has the steps from ``first`` to ``stop - 1``.

    Yields
    ------
    stop : int
        The step after the window.
    steps, sources : ndarray of int32
        Its spikes, as from :func:`bin_trains`, ordered.
    """
    for begin, end in windows_of(trains, dt, first, stop):
        yield end, *bin_trains(trains, dt, begin, end, ordered=True)
