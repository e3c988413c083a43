"""Deliver spikes that wait for their delays: see :mod:`neurochip._kernels.waiting`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.jit import inner_kernel, kernel
from ..._kernels.waiting import keep_spikes
from .delivery import deliver

__all__ = ["add_sums_to_come", "deliver_waiting"]


@inner_kernel
def deliver_waiting(
    block: Any,
    step: Any,
    first: Any,
    place: Any,
    layout: Any,
    ring: Any,
    ring_start: Any,
    spikes: Any,
    ends: Any,
    wide: Any,
    dense: Any,
    lags: Any,
    waiting: Any,
) -> Any:
    """Keep the spikes of the step before, and deliver those that are due in ``step`` to a block.

    ``first`` is the first row of compartment 0. Returns the number of synapses of the spikes that
    are new, in all blocks; it is counted once, for block 0.
    """
    kept, counts = waiting.spikes[block], waiting.counts[block]
    new, events = keep_spikes(step - 1, place, spikes, ends, kept, counts), 0
    for k in range(counts[new] if block == 0 else 0):
        events += lags.fan_out[kept[new, k]]
    deliver_due(step, 0, first, layout, ring, ring_start, wide, dense, lags, kept, counts)
    return events


@inner_kernel
def deliver_due(
    step: Any,
    youngest: Any,
    first: Any,
    layout: Any,
    ring: Any,
    ring_start: Any,
    wide: Any,
    dense: Any,
    lags: Any,
    kept: Any,
    counts: Any,
) -> None:
    """Deliver the rows that are due in ``step`` with delays of at least ``youngest``."""
    n_steps, n_lags = len(counts), len(lags.delays)
    for k in range(n_lags):
        lag = n_lags - 1 - k
        if lags.delays[lag] < youngest:
            break
        sent = (step - 1 - lags.delays[lag]) % n_steps
        deliver(
            kept[sent],
            0,
            counts[sent],
            first + np.uint64(lag),
            np.uint64(n_lags),
            layout,
            ring,
            ring_start,
            np.uint64(0),
            None,
            wide,
            dense,
        )


@kernel
def add_sums_to_come(
    step: Any, layout: Any, wide: Any, dense: Any, lags: Any, waiting: Any, sums: Any
) -> None:
    """Add what the spikes before the last step still deliver from ``step`` on.

    ``sums`` has for each block a row of accumulators for each step of ``waiting``.
    """
    first, size = np.uint64(layout.n_inputs), np.uint64(1) << np.uint64(layout.step_bits)
    row = np.uint64(0)
    for block in range(layout.blocks):
        kept, counts = waiting.spikes[block], waiting.counts[block]
        for later in range(len(counts)):
            deliver_due(
                *(step + later, later + 1, first, layout, sums, row * size),
                *(wide, dense, lags, kept, counts),
            )
            row += np.uint64(1)
        first += np.uint64(layout.rows)
