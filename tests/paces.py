"""Calls of a run that tests choose, instead of the time that calls take."""

from __future__ import annotations

import itertools
import math
from typing import ClassVar

import pytest

from neurochip._kernels.pace import Call
from neurochip.emulator.cpu import engine
from neurochip.reference import loop

__all__ = ["AllThreads", "pace_of", "share_every_call", "use"]


class AllThreads:
    """All threads share every call, which lasts until it must end."""

    def __init__(self, threads, work=0, delay=1.0):
        del work, delay
        self.threads = threads

    def begin(self):
        return Call(1 << 40, self.threads, math.inf)

    def end(self, steps):
        pass


def pace_of(*calls, patience=math.inf):
    """Return a pace whose calls repeat ``calls``: most steps, and whether all threads run.

    Its ``done`` lists the threads and steps of the calls that have ended.
    """

    class Given(AllThreads):
        done: ClassVar[list[tuple[int, int]]] = []

        def __init__(self, threads, work=0, delay=1.0):
            super().__init__(threads, work, delay)
            self._most, self._calls = threads, itertools.cycle(calls)
            self._next()

        def begin(self):
            return Call(self._steps, self.threads, patience)

        def end(self, steps):
            self.done.append((self.threads, steps))
            self._next()

        def _next(self):
            self._steps, together = next(self._calls)
            self.threads = self._most if together else 1

    return Given


def use(pace, patch):
    """Let ``pace`` choose the calls of all runs of both engines."""
    patch.setattr(engine, "Pace", pace)
    patch.setattr(loop, "Pace", pace)


def share_every_call():
    """Let all threads that a test asks for share every call, also of small networks."""
    patch = pytest.MonkeyPatch()
    use(AllThreads, patch)
    patch.setattr(loop, "WORK_OF_WORKER", 1)
