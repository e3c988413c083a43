"""Several spikes of a source in one step: how many, and which share of all."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.grid import steps_of
from ..typing import Int64Array
from .connection import Source
from .inputs import PoissonInput, SpikeInput

__all__ = ["count_together", "repeated_share"]


def count_together(source: SpikeInput, dt: float) -> Int64Array:
    """Return how many given spikes come together, for each step in which a source has any."""
    events = steps_of(source.times, dt).astype(np.int64) * source.size + source.ids
    return np.unique(events, return_counts=True)[1]


def repeated_share(source: Source, dt: float, rates: Any = None) -> float:
    """Return the share of spikes in a step with an earlier one of their source; 0 of neurons.

    Those of a Poisson input are drawn in continuous time: with n spikes expected in a step, there
    are any in ``1 - exp(-n)`` of the steps.

    Parameters
    ----------
    source : PoissonInput, SpikeInput or Population
        The source.
    dt : float, ms
        Length of a step.
    rates : ndarray, shape (size,), Hz, optional
        Rates of a Poisson input. Default: its own.
    """
    if isinstance(source, SpikeInput) and source.n_spikes:
        return 1.0 - len(count_together(source, dt)) / source.n_spikes
    if not isinstance(source, PoissonInput):
        return 0.0
    each = np.broadcast_to(source.rate if rates is None else rates, (source.size,)) * (dt / 1000.0)
    return float(1.0 + np.expm1(-each).sum() / each.sum()) if each.any() else 0.0
