"""Spike sources, and their spikes in a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN.standardmodels import build_translations, cells

from ..._support.grid import steps_of
from ...typing import Float64Array
from ..session import Spikes

__all__ = ["SpikeSourceArray", "draw", "expected_rate"]


class SpikeSourceArray(cells.SpikeSourceArray):
    """Sources that spike at given times."""

    translations = build_translations(("spike_times", "spike_times"))


def draw(population: Any, first_step: int, n_steps: int, dt: float, seed: int) -> Spikes:  # noqa: ARG001
    """Return the spikes of a population of sources in consecutive steps."""
    trains = [np.asarray(item.value) for item in population._parameters["spike_times"]]
    steps = steps_of(np.concatenate(trains), dt).astype(np.int64)
    ids = np.repeat(np.arange(population.size), [len(item) for item in trains])
    inside = (steps >= first_step) & (steps < first_step + n_steps)
    order = np.argsort(steps[inside], kind="stable")
    return steps[inside][order], ids[inside][order].astype(np.int32)


def expected_rate(population: Any) -> Float64Array | None:  # noqa: ARG001
    """Return the rates (Hz) of sources for the compiler; None if its spikes are known."""
    return None
