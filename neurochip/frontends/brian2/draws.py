"""Draws of a PoissonInput, and lists of the spikes or counts of random inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import PoissonInput

from ... import network as ours
from ..._support.values import read_only
from ...typing import Int64Array
from ..session import Drive, collect_spikes

__all__ = ["Draws", "binomial", "odds_of"]

_SPIKE = 12  # bytes of a spike in a list; a count takes one


def odds_of(source: Any) -> tuple[int, float]:
    """Return how many sources a PoissonInput stands for, and the spikes of each in a step."""
    return int(source.N), float(source.rate) * float(source.clock.dt_)


def binomial(odds: tuple[int, float], size: int) -> Any:
    """Draw the spikes that a PoissonInput of these odds sends to ``size`` neurons in a step.

    They are Brian2's numbers, unless it would draw normal ones: whole numbers are drawn then, too.
    """
    return np.random.binomial(*odds, size)  # noqa: NPY002 - the stream of brian2.seed()


class Draws:
    """Collects what a random input sends, step by step, in the form that takes less memory."""

    def __init__(self, source: Any) -> None:
        self._name = source.name
        self._steps: list[Any] = []
        self._counts = False
        if isinstance(source, PoissonInput):
            number, probability = odds_of(source)
            self._counts = _SPIKE * number * probability > 1
            self._size = int(source._group.N)

    def add(self, counts: Any) -> None:
        """Add a step: the number of spikes of each source."""
        if self._counts:
            smallest = np.min_scalar_type(counts.max(initial=0))
            self._steps.append(counts.astype(smallest))
        else:
            active = np.flatnonzero(counts)
            self.add_ids(np.repeat(active, counts[active].astype(np.int64)))

    def add_ids(self, ids: Int64Array) -> None:
        """Add a step of an input that is listed: its spiking sources."""
        self._steps.append(ids)

    def taken(self, first: int, dt: float) -> Drive:
        """Return all steps; ``first`` is the index of the first step, and ``dt`` is in ms."""
        if not self._counts:
            return collect_spikes(self._steps, first)
        rows = np.stack(self._steps) if self._steps else np.empty((0, self._size), np.uint8)
        self._steps.clear()  # frees them while the table is checked
        return ours.SpikeCounts(self._name, read_only(rows), dt, first)
