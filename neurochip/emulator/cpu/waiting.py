"""Spikes that wait for their delays: see :mod:`neurochip.emulator.cpu.lags`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._kernels.jit import inner_kernel, kernel
from ...typing import Int32Array, Int64Array
from .delivery import deliver
from .lags import Lags
from .memory import zeroed

__all__ = ["Waiting", "add_sums_to_come", "deliver_waiting", "new_waiting"]


class Waiting(NamedTuple):
    """Spikes of the last steps, for each block the same.

    Parameters
    ----------
    spikes : ndarray of int32, shape (n_blocks, n_steps, n_compartments)
        Compartments that spiked in step t are at ``t % n_steps``. The system provides memory for
        the parts that are used.
    counts : ndarray of int64, shape (n_blocks, n_steps)
        Their number.
    """

    spikes: Int32Array
    counts: Int64Array


def new_waiting(lags: Lags, blocks: int) -> Waiting:
    """Return the spikes before step 0: none."""
    n_steps = int(lags.delays[-1]) + 1
    spikes = np.zeros((blocks, n_steps, len(lags.fan_out)), dtype=np.int32)
    return Waiting(spikes, zeroed(blocks * n_steps, np.int64).reshape(blocks, n_steps))


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
    new = (step - 1) % len(counts)
    n, events = 0, 0
    for worker in range(len(ends)):
        for k in range(ends[worker, place], ends[worker, place + 1]):
            kept[new, n] = spikes[k]
            events += lags.fan_out[spikes[k]]
            n += 1
    counts[new] = n
    deliver_due(step, 0, first, layout, ring, ring_start, wide, dense, lags, kept, counts)
    return events if block == 0 else 0


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
