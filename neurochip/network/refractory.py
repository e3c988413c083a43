"""The rules by which simulators turn a refractory period into steps of their grid."""

from __future__ import annotations

import numpy as np

from .._support.grid import steps_of
from ..typing import Float64Array, Int64Array

__all__ = ["REFRACTORIES", "refractory_steps"]

REFRACTORIES = ("from_spike", "after_spike")
"""The rules: Brian2's, and that of NEST and PyNN."""

_HALF_A_TIC = 5e-4  # ms; NEST keeps times in whole microseconds, its tics


def refractory_steps(tau_refrac: Float64Array, dt: float, rule: str = "from_spike") -> Int64Array:
    """Return for how many steps a neuron is refractory; the step of its spike is the first.

    0 stands for no refractory period. The result is at most 2**31, which exceeds every register.

    Parameters
    ----------
    tau_refrac : ndarray of float64, ms
        Refractory periods, at least 0; infinite ones never end.
    dt : float, ms
        Time step.
    rule : str
        One of ``REFRACTORIES``. ``"from_spike"`` rounds down, as Brian2's ``timestep``.
        ``"after_spike"`` rounds to whole microseconds and up to whole steps, as NEST's
        ``Time(Time::ms(t_ref)).get_steps()``, and adds the step of the spike.
    """
    if rule == "from_spike":
        return _whole(steps_of(tau_refrac, dt))
    steps = np.ceil((np.asarray(tau_refrac) - min(_HALF_A_TIC, dt / 2)) / dt)
    return _whole(np.where(steps > 0, steps + 1, 0.0))


def _whole(steps: Float64Array) -> Int64Array:
    return np.asarray(np.minimum(steps, 1 << 31)).astype(np.int64)
