"""Tabulate what is left of a trace after a number of steps, as the product of two entries.

A trace is stored with the step of its last spike and decays when it is read, as the event-driven
variables of Brian2 do. ``exp`` at every reading would take longer than the change of a weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .._kernels.jit import inline_kernel, inner_kernel
from .._support.csr import starts_of
from ..typing import Float64Array, Int64Array

__all__ = ["Decays", "left", "read_all", "read_listed", "tabulate"]

_NOTHING = 746.0  # time constants: exp(-746) is 0 in float64
_MOST_STEPS = 1 << 31


class Decays(NamedTuple):
    """The decays of several traces; that of trace t after m steps is ``kept(..., m)``.

    Parameters
    ----------
    fine, coarse : ndarray of float64
        Decays over 0, 1, 2 ... steps, and over multiples of ``2 ** shift`` steps, of all traces.
    fine_at, coarse_at : ndarray of int64, shape (n_traces,)
        First entry of each trace.
    shift : ndarray of int64, shape (n_traces,)
        Bits of the number of steps that ``fine`` covers.
    most : ndarray of int64, shape (n_traces,)
        Number of steps after which nothing is left.
    """

    fine: Float64Array
    coarse: Float64Array
    fine_at: Int64Array
    coarse_at: Int64Array
    shift: Int64Array
    most: Int64Array


def tabulate(taus: Sequence[float], dt: float) -> Decays:
    """Tabulate the decays of traces with these time constants (ms) in steps of ``dt`` ms.

    Both tables of a trace have about as many entries as the square root of the number of steps that
    a trace needs to vanish, so the readings of a run stay in the cache.
    """
    fine, coarse, shifts, mosts = [], [], [], []
    for tau in taus:
        most = min(math.ceil(_NOTHING * tau / dt), _MOST_STEPS)
        shift = (most.bit_length() + 1) // 2
        fine.append(np.exp(-np.arange(1 << shift) * (dt / tau)))
        coarse.append(np.exp(-np.arange((most >> shift) + 1) * ((1 << shift) * (dt / tau))))
        shifts.append(shift)
        mosts.append(most)
    places = [starts_of(list(map(len, parts)))[:-1] for parts in (fine, coarse)]
    none = [np.empty(0)]
    return Decays(
        np.concatenate(fine or none),
        np.concatenate(coarse or none),
        places[0],
        places[1],
        np.array(shifts, dtype=np.int64),
        np.array(mosts, dtype=np.int64),
    )


@inline_kernel
def kept(
    fine: Any, coarse: Any, fine_at: Any, coarse_at: Any, shift: Any, most: Any, m: Any
) -> Any:
    """Return what ``m`` steps leave of a trace, whose entries begin at these places."""
    m = m if m < most else most
    low = m & ((1 << shift) - 1)
    return fine[fine_at + low] * coarse[coarse_at + (m >> shift)]


@inline_kernel
def left(decays: Any, trace: Any, m: Any) -> Any:
    """Return what ``m`` steps leave of one trace."""
    fine, coarse, fine_at, coarse_at, shift, most = decays
    return kept(
        fine, coarse, fine_at[trace], coarse_at[trace], shift[trace], most[trace], m
    )  # fmt: skip


@inner_kernel
def read_all(
    values: Any, steps: Any, now: Any, now_at: Any, begin: Any, end: Any, step: Any, decays: Any,
    trace: Any,
) -> None:  # fmt: skip
    """Read the traces from ``begin`` to ``end`` - 1 in this step."""
    fine, coarse, fine_at, coarse_at, shift, most = decays
    f, c, bits, last = fine_at[trace], coarse_at[trace], shift[trace], most[trace]
    for i in range(np.uint64(begin), np.uint64(end)):
        now[i] = values[i] * kept(fine, coarse, f, c, bits, last, step - steps[i])
        now_at[i] = step


@inner_kernel
def read_listed(
    values: Any, steps: Any, now: Any, now_at: Any, ids: Any, begin: Any, end: Any, first: Any,
    step: Any, decays: Any, trace: Any,
) -> None:  # fmt: skip
    """Read the traces ``first + ids[k]`` in this step, unless they were read."""
    fine, coarse, fine_at, coarse_at, shift, most = decays
    f, c, bits, last = fine_at[trace], coarse_at[trace], shift[trace], most[trace]
    for k in range(np.uint64(begin), np.uint64(end)):
        i = first + ids[k]
        if now_at[i] != step:
            now[i] = values[i] * kept(fine, coarse, f, c, bits, last, step - steps[i])
            now_at[i] = step
