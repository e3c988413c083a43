"""Choose how many steps a call of a kernel has, and how many threads share it, by their times.

Threads that wait for each other in every step are slow if another program takes one of their cores:
all of them then wait for the thread that has none. So a run is divided into calls, and each of them
runs on one thread or on all, whichever took less time for a step. The other number is tried again
from time to time, in calls so short that little time is lost. Results do not depend on it.

What a first step takes is not counted: it may load a kernel, and threads begin with empty caches. A
call on several threads starts them, which takes half a millisecond; a trial is ten times as long.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["ALONE", "CALL", "Call", "Pace"]

CALL = 0.05
"""Longest time of a call, s: Ctrl-C is handled and progress is shown between calls."""

ALONE = 0.01
"""Time on one thread before several are tried, s: a first wait for a busy core may be as long."""

_TRIAL = 0.005  # s; a trial of the other number of threads, on a machine that does nothing else
_SHARE = 100  # times that a trial has lost pass before the next one, so they lose 1 % of the time
_SOONER = 10  # times after a first loss, twice as many after each: some threads start late
_NARROW = 0.1  # of its time; a trial that lost less counts as one that lost so much
_FINEST = 1e-9  # s; a clock may not have moved
_LONGEST = 1.0  # s between two trials, after which a core that became free is found


class Call(NamedTuple):
    """The work of the next call of a kernel.

    Parameters
    ----------
    steps : int
        Most steps, at least 1.
    threads : int
        Number of threads.
    patience : float, s
        Time after which threads that wait for each other leave, for :func:`new_barrier`.
    """

    steps: int
    threads: int
    patience: float


class Pace:
    """Chooses the calls of runs of one network, and remembers what they took.

    Parameters
    ----------
    threads : int
        Largest number of threads.
    work : int, default 0
        Work of a step in updates of a neuron of the chip, for the length of the first call.
    delay : float, default 1
        By how much the time on one thread is longer before several are tried.
    clock : callable, default ``time.perf_counter``
        Returns the time, s.
    """

    def __init__(
        self,
        threads: int,
        work: int = 0,
        delay: float = 1.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._clock = clock
        self._seconds = {threads: math.inf, 1: 1e-9 * (work + 1000)}  # of a step
        self._best = 1
        self._span = min(_TRIAL, CALL)  # of the next stretch on the best number of threads, s
        self._left = delay * ALONE if threads > 1 else math.inf  # s until the other number is tried
        self._unknown = {1, threads}  # numbers of threads that no call had
        self._share = _SOONER
        self._begin_stretch()

    def _begin_stretch(self) -> None:
        """Begin some steps on one number of threads, which may be divided into several calls."""
        trial = self._left <= 0
        span = min(_TRIAL, CALL) if trial else self._span
        self._threads = next(n for n in self._seconds if (n != self._best) == trial)
        self._asked = max(1, round(span / self._seconds[self._best]))
        if self._threads in self._unknown:
            self._asked = 1
        self._done, self._took = 0, 0.0

    @property
    def threads(self) -> int:
        """Number of threads of the next call."""
        return self._threads

    def begin(self) -> Call:
        """Return the next call, and start the clock."""
        patience = math.inf
        if self._threads > 1 and self._threads in self._unknown:
            patience = _TRIAL
        elif self._threads > 1:  # as long as one thread would take
            patience = max(0.0, self._asked * self._seconds[1] - self._took)
        self._began = self._clock()
        # Ctrl-C may have come while the last call was counted.
        return Call(max(1, self._asked - self._done), self._threads, patience)

    def end(self, steps: int) -> None:
        """Stop the clock after a call, in which ``steps`` steps were done."""
        if self._threads in self._unknown:
            self._unknown.remove(self._threads)
            self._begin_stretch()
            return
        self._took += self._clock() - self._began
        self._done += steps
        slow = self._threads > 1 and self._took >= self._asked * self._seconds[1]
        if self._done < self._asked and not slow:
            return
        self._seconds[self._threads] = max(self._took, _FINEST) / max(1, self._done)
        before, self._best = self._best, min(self._seconds, key=lambda n: self._seconds[n])
        if before == self._best == self._threads:
            self._left -= self._took
            self._span = min(2 * self._span, CALL)
        elif before == self._best:  # a trial that lost
            lost = self._took - self._done * self._seconds[self._best]
            self._left = min(self._share * max(lost, _NARROW * self._took), _LONGEST)
            self._share = min(2 * self._share, _SHARE)
        else:
            self._left = min(_SHARE * self._took, _LONGEST)
            self._share = _SOONER
            self._span = min(_TRIAL, CALL)
        self._begin_stretch()
