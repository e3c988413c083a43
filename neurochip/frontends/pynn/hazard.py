"""Draws spikes of gamma processes whose order and scale change in time, from their hazard.

A source that has not spiked for a time x spikes with the hazard of the gamma distribution of the
present order a and scale b at x (E. Muller, L. Buesing, J. Schemmel and K. Meier, *Spike-frequency
adapting neural ensembles: beyond mean adaptation and renewal theories*, 2007,
10.1162/neco.2007.19.11.2958). There the next spike is found by thinning; here it is where the
integral of the hazard reaches a random number with an exponential distribution, which needs no
rejected tries: while a and b stay, the integral is ``-log(Q(a, x / b))``, with the regularised
upper incomplete gamma function Q, and SciPy inverts it.

The functions are those of :mod:`~neurochip.frontends.pynn.renewal`, and so are the rules: the
spikes do not depend on how a simulation is cut into runs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._support.extras import require
from ...typing import Float64Array, Int32Array, Int64Array, UInt64Array
from .renewal import amounts, as_keys, in_order, next_intervals

__all__ = ["Course", "Position", "begin", "changed", "draw_until"]

_TINY = 1e-290  # Q below it is taken from its asymptote


class Course(NamedTuple):
    """The parameters of a population of sources, in steps.

    Parameters
    ----------
    ends : ndarray of float64, shape (size, n_pieces), steps
        End of each piece of time in which a and b stay; the last one of a source is infinite.
    order, scale : ndarray of float64, shape (size, n_pieces)
        a, and b in steps, both above 0.
    start, stop : ndarray of float64, shape (size,), steps
        Sources spike from ``start`` on, before ``stop``.
    """

    ends: Float64Array
    order: Float64Array
    scale: Float64Array
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
    last : ndarray of float64, steps
        Time of the last spike.
    at : ndarray of float64, steps
        Time until which its hazard is integrated.
    left : ndarray of float64
        What the integral from there on is at the next spike.
    """

    streams: UInt64Array
    interval: UInt64Array
    last: Float64Array
    at: Float64Array
    left: Float64Array


def begin(course: Course, now: int, rng: np.random.Generator) -> Position:
    """Return sources in the equilibrium of their first parameters, as if they had spiked for long.

    The time since the last spike is a random part of an interval that is chosen with a probability
    that grows with its length, which has a gamma distribution of the next order.
    """
    size = len(course.start)
    streams = rng.integers(1 << 64, size=size, dtype=np.uint64)
    at = np.maximum(course.start, now)
    piece = _piece(course, np.arange(size), at)
    order, scale = (part[np.arange(size), piece] for part in (course.order, course.scale))
    age = rng.random(size) * rng.gamma(order + 1) * scale
    interval = np.zeros(size, np.uint64)
    left = amounts(streams, interval[:, None], np.ones(size, np.int64))[:, 0]
    return Position(streams, interval, at - age, at, left)


def changed(position: Position, before: Course, after: Course, now: int) -> Position:
    """Return where sources are in step ``now`` when their parameters change."""
    at, left = position.at.copy(), position.left.copy()
    until = np.minimum(before.stop, now)
    behind = np.flatnonzero(at < until)
    while behind.size:
        piece = _piece(before, behind, at[behind])
        end = np.minimum(before.ends[behind, piece], until[behind])
        passed = _passed(before, behind, piece, position.last[behind], at[behind], end)
        left[behind] = np.maximum(left[behind] - passed, 0.0)
        at[behind] = end
        behind = behind[end < until[behind]]
    return position._replace(at=np.maximum(at, np.maximum(after.start, now)), left=left)


def draw_until(
    course: Course, position: Position, until: int
) -> tuple[Int64Array, Int32Array, Position]:
    """Draw all spikes before step ``until``; see :func:`.renewal.draw_until`."""
    limit = np.minimum(course.stop, until)
    interval, last = position.interval.copy(), position.last.copy()
    at, left = position.at.copy(), position.left.copy()
    found = [np.empty(0, np.int64)]
    active = np.flatnonzero(at < limit)
    while active.size:  # in each pass every source comes to the end of its piece, or further
        piece = _piece(course, active, at[active])
        end = course.ends[active, piece]
        due = _due(course, active, piece, last[active], at[active], left[active])
        crossing = (due >= end) & (end < limit[active])
        who, to = active[crossing], end[crossing]
        passed = _passed(course, who, piece[crossing], last[who], at[who], to)
        left[who] = np.maximum(left[who] - passed, 0.0)
        at[who] = to
        spiking = due < np.minimum(end, limit[active])
        who, own, horizon = active[spiking], piece[spiking], np.minimum(end, limit[active])[spiking]
        if who.size:
            order, scale = course.order[who, own][:, None], course.scale[who, own][:, None]
            expected = (horizon - due[spiking]) / (order * scale)[:, 0]
            numbers = next_intervals(interval[who], expected, 1)
            drawn = amounts(position.streams[who], numbers, np.ones(who.size, np.int64))
            times = np.empty((who.size, numbers.shape[1] + 1))
            times[:, 0] = due[spiking]
            times[:, 1:] = scale * _inverse(order, np.exp(-drawn))
            np.cumsum(times, axis=1, out=times)
            sent = times[:, :-1] < horizon[:, None]
            counts = sent.sum(axis=1)
            row = np.arange(who.size)
            found.append(as_keys(times[:, :-1][sent], np.repeat(who, counts)))
            interval[who] += counts.astype(np.uint64)
            last[who] = at[who] = times[row, counts - 1]
            left[who] = drawn[row, counts - 1]
        active = active[crossing | spiking]
    return *in_order(found), Position(position.streams, interval, last, at, left)


def _piece(course: Course, who: Int64Array, at: Float64Array) -> Int64Array:
    """Return the piece of time of some sources; it ends after ``at``."""
    return np.asarray((course.ends[who] <= at[:, None]).sum(axis=1))


def _due(
    course: Course,
    who: Int64Array,
    piece: Int64Array,
    last: Float64Array,
    at: Float64Array,
    left: Float64Array,
) -> Float64Array:
    """Return when sources would spike if their present piece did not end."""
    order, scale = course.order[who, piece], course.scale[who, piece]
    age = (at - last) / scale
    survived = _survival(order, age)
    target = survived * np.exp(-left)
    tail = target < _TINY  # where the hazard is 1 / b
    return np.asarray(last + scale * np.where(tail, age + left, _inverse(order, target)))


def _passed(
    course: Course,
    who: Int64Array,
    piece: Int64Array,
    last: Float64Array,
    at: Float64Array,
    end: Float64Array,
) -> Float64Array:
    """Return the integral of the hazard from ``at`` to ``end``, within a piece."""
    order, scale = course.order[who, piece], course.scale[who, piece]
    first, then = (at - last) / scale, (end - last) / scale
    survived, still = _survival(order, first), _survival(order, then)
    tail = still < _TINY
    kept = np.divide(still, survived, out=np.ones_like(still), where=~tail)
    return np.asarray(np.where(tail, then - first, -np.log(kept)))


def _survival(order: Float64Array, age: Float64Array) -> Float64Array:
    return np.asarray(_special().gammaincc(order, age))


def _inverse(order: Float64Array, survival: Float64Array) -> Float64Array:
    return np.asarray(_special().gammainccinv(order, survival))


def _special() -> Any:
    return require("scipy.special", "pynn", "a SpikeSourceInhGamma")
