"""Draw the spikes of Poisson sources."""

from __future__ import annotations

import zlib

import numpy as np

from .._support.memory import EnoughMemory
from ..errors import StimulusError
from .inputs import PoissonInput, SpikeInput

__all__ = ["draw_poisson"]


def draw_poisson(item: PoissonInput, duration: float, seed: int) -> SpikeInput:
    """Draw the spikes of Poisson sources in continuous time, over ``duration`` ms."""
    rng = np.random.default_rng([seed, zlib.crc32(item.name.encode())])
    expected = np.broadcast_to(np.asarray(item.rate), (item.size,)) * (duration / 1000.0)
    n_spikes = float(expected.sum())
    what = f"stimulus: {n_spikes:.3g} spikes of input {item.name!r} in {duration:g} ms take"
    remedy = "Draw a shorter stimulus, or lower the rate."
    with EnoughMemory(StimulusError, what, 16 * n_spikes, remedy):
        counts = rng.poisson(expected)
        ids = np.repeat(np.arange(item.size), counts)
        return SpikeInput(item.name, item.size, ids, rng.uniform(0.0, duration, len(ids)))
