"""Synapse models that the chip can run."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN.standardmodels import synapses

from ...typing import Float64Array
from . import simulator
from .translations import as_they_are

__all__ = [
    "StaticSynapse",
    "Timed",
    "delay_limits",
    "delay_steps",
]


def delay_limits() -> tuple[float, float]:
    """Return the shortest and the longest delay (ms) that ``setup`` allows."""
    low, high = simulator.state.delays
    return (
        simulator.state.dt if low == "auto" else float(low),
        np.inf if high == "auto" else float(high),
    )


def delay_steps(delay: Float64Array, dt: float) -> Float64Array:
    """Return delays (ms) as the nearest number of steps of ``dt`` ms, as NEST rounds them."""
    return np.floor(delay * (1.0 / dt) + 0.5)


class Timed:
    """A synapse whose delay is as short as it can be, unless it is given."""

    def _get_minimum_delay(self) -> float:
        return delay_limits()[0]


class StaticSynapse(Timed, synapses.StaticSynapse):
    """A synapse with a constant weight (nA, or mV onto IF_curr_delta) and a delay (ms)."""

    parameter_checks: dict[str, Any] = {}  # noqa: RUF012 - a projection checks whole columns
    translations = as_they_are(("weight", "delay"))
