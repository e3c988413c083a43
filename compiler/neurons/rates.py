"""Rates of inputs, as far as they are known when a network is compiled."""

from __future__ import annotations

import numpy as np

from neurochip.network import PoissonInput, SpikeInput
from neurochip.network.inputs import ends_early
from neurochip.typing import Float64Array

__all__ = ["GUESSED", "UNKNOWN", "input_origin", "input_rates", "lasting_rates"]

UNKNOWN = "unknown"
"""Origin of the rate of an input that has neither spikes nor an expected rate."""

GUESSED = 100.0
"""Rate in Hz of the sources of an input that has neither spikes nor an expected rate."""


def input_rates(source: PoissonInput | SpikeInput) -> Float64Array:
    """Return the rate of each source of an input in Hz.

    Given spikes count with their mean rate from time 0 to the last one, but over at least 1 ms.
    """
    rate: object = GUESSED
    if isinstance(source, PoissonInput):
        rate = source.rate
    elif source.expected_rate is not None:
        rate = source.expected_rate
    elif len(source.times):
        counts = np.bincount(source.ids, minlength=source.size)
        rate = counts * (1000.0 / max(float(source.times[-1]), 1.0))
    return np.array(np.broadcast_to(np.asarray(rate, dtype=np.float64), (source.size,)))


def lasting_rates(source: PoissonInput | SpikeInput) -> Float64Array:
    """Return the rate of each source of an input in Hz, or 0 if it ends within half a second."""
    return np.where(ends_early(source), 0.0, input_rates(source))


def input_origin(source: PoissonInput | SpikeInput) -> str:
    """Return where the rate of an input comes from, for the compile report."""
    if isinstance(source, PoissonInput):
        return "its own rate"
    if source.expected_rate is not None:
        return "expected_rate"
    return "its spikes" if len(source.times) else UNKNOWN
