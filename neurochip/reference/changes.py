"""Loops that change the synapses of a row, a column or a block: most of the time of learning.

A change is ``z <- clip(z + d (ground + slope w))``, where z is the weight w or, if ``tagged``, the
eligibility, which has no limits. Hard bounds have ground 1 and slope 0, which is exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel, inner_kernel

__all__ = ["change_block", "change_column", "change_listed", "change_run", "clipped"]


@inline_kernel
def clipped(value: Any, high: Any) -> Any:
    """Return a value within 0 and ``high``."""
    value = value if value > 0.0 else 0.0
    return value if value < high else high


@inner_kernel
def change_run(
    weight: Any, tag: Any, tagged: Any, start: Any, stop: Any, alone: Any, amount: Any, now: Any,
    first: Any, ground: Any, slope: Any, w_max: Any,
) -> None:  # fmt: skip
    """Change consecutive synapses by ``alone + amount y``: y are traces of consecutive neurons."""
    begin = np.uint64(first)
    if tagged:
        for j in range(stop - start):
            factor = ground + slope * weight[start + j]
            tag[start + j] += (alone + amount * now[begin + j]) * factor
    else:
        for j in range(stop - start):
            w = weight[start + j]
            moved = (alone + amount * now[begin + j]) * (ground + slope * w)
            weight[start + j] = clipped(w + moved, w_max)


@inner_kernel
def change_listed(
    weight: Any, tag: Any, tagged: Any, start: Any, stop: Any, alone: Any, amount: Any, now: Any,
    first: Any, post: Any, ground: Any, slope: Any, w_max: Any,
) -> None:  # fmt: skip
    """Change consecutive synapses by ``alone + amount y``: y are the traces of their targets."""
    if tagged:
        for k in range(start, stop):
            moved = alone + amount * now[first + post[k]]
            tag[k] += moved * (ground + slope * weight[k])
    else:
        for k in range(start, stop):
            w, moved = weight[k], alone + amount * now[first + post[k]]
            weight[k] = clipped(w + moved * (ground + slope * w), w_max)


@inner_kernel
def change_block(
    weight: Any, tag: Any, tagged: Any, indptr: Any, first_row: Any, n_rows: Any, x_now: Any,
    fired: Any, gain: Any, n: Any, low: Any, ground: Any, slope: Any, w_max: Any,
) -> None:  # fmt: skip
    """Change the synapses of all sources onto the neurons that spiked, row by row."""
    for row in range(first_row, first_row + n_rows):
        now, start = x_now[row], indptr[row] - low
        if now == 0.0:
            continue
        for q in range(n):
            k = np.uint64(start + fired[q])
            w = weight[k]
            moved = gain[q] * now * (ground + slope * w)
            if tagged:
                tag[k] += moved
            else:
                weight[k] = clipped(w + moved, w_max)


@inner_kernel
def change_column(
    weight: Any, tag: Any, tagged: Any, synapse: Any, row: Any, begin: Any, end: Any, amount: Any,
    x_now: Any, ground: Any, slope: Any, w_max: Any,
) -> None:  # fmt: skip
    """Change the synapses of a neuron by ``amount`` times the traces of their sources."""
    for c in range(np.uint64(begin), np.uint64(end)):
        k = synapse[c]
        w = weight[k]
        moved = amount * x_now[row[c]] * (ground + slope * w)
        if tagged:
            tag[k] += moved
        else:
            weight[k] = clipped(w + moved, w_max)
