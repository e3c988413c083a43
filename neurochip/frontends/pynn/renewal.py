"""Draws spikes of renewal processes: each interval is a dead time and a sum of exponential stages.

One stage and no dead time is a Poisson process, one stage after a dead time a Poisson process with
dead time, several stages a gamma process of whole order (D. R. Cox, *Renewal Theory*, 1962). All
sources of a population are drawn together.

The random number of a stage depends on the seed, the source, the interval and the stage only, not
on when it is asked for, and times are counted in steps. So the spikes do not depend on how a
simulation is cut into runs. A stage lasts for a random amount of *operational time*, which passes
at the rate of the process: after a change of the rate the rest of the amount passes at the new one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...typing import BoolArray, Float64Array, Int32Array, Int64Array, UInt64Array

__all__ = [
    "Position",
    "Process",
    "amounts",
    "as_keys",
    "begin",
    "changed",
    "draw_until",
    "in_order",
    "next_intervals",
]

_AT_ONCE = 1 << 20  # random numbers that are drawn in one pass
_SOURCE = 32  # bits of a key for the number of the source
_STAGE = np.uint64(40)  # place of the number of the stage above that of the interval, in bits
_MIX = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST, _GOLDEN = np.uint64(31), np.uint64(0x9E3779B97F4A7C15)


class Process(NamedTuple):
    """The parameters of a population of sources; arrays of shape (size,).

    Parameters
    ----------
    rate : ndarray of float64, per step
        Rate at which a stage ends; 0 is allowed.
    stages : ndarray of int64
        Stages of each interval, at least 1.
    dead : ndarray of float64, steps
        Dead time after each spike.
    start, stop : ndarray of float64, steps
        Sources spike from ``start`` on, before ``stop``.
    """

    rate: Float64Array
    stages: Int64Array
    dead: Float64Array
    start: Float64Array
    stop: Float64Array


class Position(NamedTuple):
    """Say how far sources are drawn; arrays of shape (size,).

    Parameters
    ----------
    streams : ndarray of uint64
        Random stream of each source.
    interval : ndarray of uint64
        Number of the interval that has begun.
    free : ndarray of float64, steps
        Time from which its stages pass: the end of the dead time.
    left : ndarray of float64
        Operational time that is left of its stages after ``free``.
    due : ndarray of float64, steps
        Time of the next spike; infinite if the rate is 0.
    """

    streams: UInt64Array
    interval: UInt64Array
    free: Float64Array
    left: Float64Array
    due: Float64Array


def begin(process: Process, now: int, rng: np.random.Generator) -> Position:
    """Return sources in equilibrium: as if they had spiked for a long time before they start.

    So the rate is the same from the start on: a source is within a dead time with the probability
    that it has on average, and otherwise in any of its stages.
    """
    size = len(process.rate)
    streams = rng.integers(1 << 64, size=size, dtype=np.uint64)
    where, how_far = rng.random(size), rng.random(size)
    free = np.maximum(process.start, now)
    dead = where * (process.dead * process.rate + process.stages) < process.dead * process.rate
    free += np.where(dead, how_far * process.dead, 0.0)
    stages = np.where(dead, process.stages, 1 + (how_far * process.stages).astype(np.int64))
    interval = np.zeros(size, np.uint64)
    left = amounts(streams, interval[:, None], stages)[:, 0]
    return Position(streams, interval, free, left, _due(process, free, left))


def changed(position: Position, before: Process, after: Process, now: int) -> Position:
    """Return where sources are in step ``now`` when their parameters change."""
    begun = np.maximum(position.free, before.start)
    passed = np.maximum(np.minimum(before.stop, now) - begun, 0.0) * before.rate
    left = np.maximum(position.left - passed, 0.0)
    free = np.maximum(position.free - before.dead + after.dead, np.maximum(after.start, now))
    return position._replace(free=free, left=left, due=_due(after, free, left))


def draw_until(
    process: Process, position: Position, until: int
) -> tuple[Int64Array, Int32Array, Position]:
    """Draw all spikes before step ``until``.

    Returns
    -------
    steps : ndarray of int64, shape (n_spikes,)
        Step of each spike, in order.
    ids : ndarray of int32, shape (n_spikes,)
        Its source, in order within a step.
    position : Position
        Where the sources are then.
    """
    limit = np.minimum(process.stop, until)
    interval = position.interval.copy()
    free, left, due = position.free.copy(), position.left.copy(), position.due.copy()
    stages = int(process.stages.max(initial=1))
    found = [np.empty(0, np.int64)]
    active = np.flatnonzero(due < limit)
    while active.size:
        expected = (limit - due)[active] / _mean(process, active)
        numbers = next_intervals(interval[active], expected, stages)
        drawn = amounts(position.streams[active], numbers, process.stages[active])
        dead = process.dead[active]
        times = np.empty((active.size, numbers.shape[1] + 1))
        times[:, 0] = due[active]
        np.divide(drawn, process.rate[active, None], out=times[:, 1:])
        times[:, 1:] += dead[:, None]
        np.cumsum(times, axis=1, out=times)
        sent = times[:, :-1] < limit[active, None]
        counts = sent.sum(axis=1)
        row, last = np.arange(active.size), counts - 1  # at least one was due
        found.append(as_keys(times[:, :-1][sent], np.repeat(active, counts)))
        interval[active] += counts.astype(np.uint64)
        free[active] = times[row, last] + dead
        left[active] = drawn[row, last]
        due[active] = times[row, counts]
        active = active[due[active] < limit[active]]
    return *in_order(found), Position(position.streams, interval, free, left, due)


def next_intervals(interval: UInt64Array, expected: Float64Array, stages: int) -> UInt64Array:
    """Return the numbers of the next intervals of sources that are drawn in one pass.

    They are enough for most sources; the fastest ones take several passes.

    Parameters
    ----------
    interval : ndarray of uint64, shape (n_sources,)
        Number of the interval that each source has begun.
    expected : ndarray of float64, shape (n_sources,)
        Expected number of intervals that each source still has to draw.
    stages : int
        Random numbers that an interval takes, at most.

    Returns
    -------
    ndarray of uint64, shape (n_sources, n_intervals)
    """
    half = float(np.median(expected))
    number = int(2 * half + 4 * np.sqrt(half) + 4)
    number = max(1, min(number, _AT_ONCE // (len(interval) * stages)))
    return np.asarray(interval[:, None] + np.arange(1, number + 1, dtype=np.uint64))


def as_keys(times: Float64Array, ids: Int64Array) -> Int64Array:
    """Return spikes as integers that are ordered by step, then source."""
    return np.asarray((times.astype(np.int64) << _SOURCE) | ids)


def in_order(keys: list[Int64Array]) -> tuple[Int64Array, Int32Array]:
    """Return steps and sources of spikes in order, given lists of them from :func:`as_keys`."""
    both = np.concatenate(keys)
    both.sort()
    return both >> _SOURCE, both.astype(np.int32)  # the lower half


def amounts(streams: UInt64Array, intervals: UInt64Array, stages: Int64Array) -> Float64Array:
    """Return the operational time of some intervals of each source.

    Parameters
    ----------
    streams : ndarray of uint64, shape (n_sources,)
        Random streams.
    intervals : ndarray of uint64, shape (n_sources, n_intervals)
        Numbers of the intervals.
    stages : ndarray of int64, shape (n_sources,)
        Stages of each interval, at least 1.

    Returns
    -------
    ndarray of float64, shape (n_sources, n_intervals)
        Sums of as many exponential numbers of mean 1 as there are stages.
    """
    total = np.zeros(np.broadcast_shapes((len(streams), 1), intervals.shape))
    for stage in range(int(stages.max(initial=1))):
        number = intervals + (np.uint64(stage) << _STAGE)
        uniform = _uniform(streams[:, None] + number * _GOLDEN)
        total -= _where(stage < stages, np.log(uniform, out=uniform))
    return total


def _mean(process: Process, who: Int64Array) -> Float64Array:
    """Return the mean interval in steps of sources that spike."""
    return np.asarray(process.dead[who] + process.stages[who] / process.rate[who])


def _due(process: Process, free: Float64Array, left: Float64Array) -> Float64Array:
    never = np.full(len(free), np.inf)
    return np.asarray(free + np.divide(left, process.rate, out=never, where=process.rate > 0))


def _where(rows: BoolArray, values: Float64Array) -> Float64Array:
    """Return values, but 0 in the rows that are not chosen."""
    return values if rows.all() else np.where(rows[:, None], values, 0.0)


def _uniform(state: UInt64Array) -> Float64Array:
    """Return random numbers between 0 and 1, both excluded, by the function of SplitMix64.

    It makes a number of each state of a counter: G. L. Steele, D. Lea and C. H. Flood, *Fast
    splittable pseudorandom number generators*, 2014, 10.1145/2660193.2660195.
    """
    for shift, factor in _MIX:
        state ^= state >> shift
        state *= factor
    state ^= state >> _LAST
    return np.asarray(((state >> np.uint64(11)) + 0.5) * 2.0**-53, dtype=np.float64)
