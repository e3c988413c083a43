"""Kernels of traces: an epoch of decays and impulses, and spikes that are not the first of one.

Owners of traces (neurons, or synapses) are taken 64 at a time, without branches, so that the loops
over them are vector loops.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel, inner_kernel
from .draw_kernels import given_draw, impulse_draw, key_in_step, uniform
from .lanes import LANES
from .layout import Count

__all__ = ["advance", "again"]

BY_STEPS, ONCE, EARLY = 0, 1, 2  # DECAY_THEN_IMPULSE, ONCE_AN_EPOCH, IMPULSE_THEN_DECAY
SIZE = np.int64(LANES)
TRACES = int(Count.TRACES)


@inner_kernel
def advance(
    values: Any,
    history: Any,
    when: Any,
    listed: Any,
    n_listed: Any,
    side: Any,
    decays: Any,
    impulses: Any,
    step: Any,
    row: Any,
    epoch_row: Any,
    engine: Any,
    draws: Any,
    counts: Any,
) -> None:
    """Take the traces of a side through an epoch, which ends with ``step``.

    The first ``n_listed`` neurons of a list have a spike in it. ``row`` and ``epoch_row`` are those
    of given draws, of this step and of this epoch.
    """
    n, last = values.shape[1], np.int64(engine.epoch)
    by_steps = engine.trace_rounding == BY_STEPS
    for v in range(len(values)):
        if not side.used[v]:
            continue
        start = np.int64(v) * (last + 1) * n
        for i in range(np.uint64(n)):
            history[np.uint64(start) + i] = values[v, i]
        for k in range(1, last + 1 if by_steps else 2):
            # Traces that share draws have one for the epoch, others one for each step.
            time, given = step - last + k, row - last + k
            if engine.shared or not by_steps:
                time, given = step, epoch_row
            key = key_in_step(side.decay_key[v], time)
            for first in range(0, n, SIZE):
                size, place = min(n - first, SIZE), start + k * n + first
                draw(decays, given, v, key, first, size, side, engine, draws)
                if by_steps:
                    decay_lanes(place, n, size, side.decay[v], history, draws)
                elif engine.trace_rounding == ONCE:
                    advance_once(
                        v, place, n, first, size, history, when, side, engine, draws, counts
                    )
                else:
                    advance_early(
                        v, place, n, first, size, values, history, when, side, engine, draws, counts
                    )
            if by_steps and not side.given[v]:
                add_impulses(
                    v,
                    k,
                    start + k * n,
                    n,
                    time,
                    given,
                    history,
                    when,
                    listed,
                    n_listed,
                    side,
                    impulses,
                    engine,
                    counts,
                )
        if engine.trace_rounding != EARLY and not side.given[v]:
            end = np.uint64(start + last * n)
            for i in range(np.uint64(n)):
                values[v, i] = history[end + i]


@inline_kernel
def draw(
    decays: Any,
    row: Any,
    v: Any,
    key: Any,
    first: Any,
    size: Any,
    side: Any,
    engine: Any,
    draws: Any,
) -> None:
    """Set ``draws`` to the draws of up to 64 owners, given or hashed."""
    if len(decays) > 0:
        for lane in range(size):
            draws[lane] = given_draw(decays, row, v, first + lane)
    elif engine.shared:
        shared = uniform(key, np.int32(0))
        for lane in range(size):
            draws[lane] = shared
    else:
        for lane in range(np.uint64(size)):
            draws[lane] = uniform(key, side.number[np.uint64(first) + lane])


@inline_kernel
def decay_lanes(place: Any, n: Any, size: Any, decay: Any, history: Any, draws: Any) -> None:
    """Write to ``place`` what is left of the traces of the step before, ``n`` places earlier."""
    before, now = np.uint64(place - n), np.uint64(place)
    for lane in range(np.uint64(size)):
        y = history[before + lane] * decay
        whole = np.floor(y)
        history[now + lane] = np.int32(whole) + np.int32(draws[lane] < y - whole)


@inline_kernel
def add_impulses(
    v: Any,
    k: Any,
    place: Any,
    n: Any,
    step: Any,
    row: Any,
    history: Any,
    when: Any,
    listed: Any,
    n_listed: Any,
    side: Any,
    impulses: Any,
    engine: Any,
    counts: Any,
) -> None:
    """Add the impulses of step ``k`` of an epoch, each with the draw of its fraction."""
    top, fraction = np.int32(engine.trace_top), side.fraction[v]
    for each in range(n if engine.per_synapse else n_listed):
        i = np.int64(each) if engine.per_synapse else np.int64(listed[each])
        if when[side.neuron[i]] == k:
            a = np.int32(history[place + i] + side.whole[v])
            if fraction > 0.0:
                r = impulse_draw(impulses, row, engine, side.impulse_key, side, v, step, i)
                a = np.int32(a + np.int32(r < fraction))
            counts[TRACES] += a > top
            history[place + i] = min(a, top)


@inline_kernel
def advance_once(
    v: Any,
    place: Any,
    n: Any,
    first: Any,
    size: Any,
    history: Any,
    when: Any,
    side: Any,
    engine: Any,
    draws: Any,
    counts: Any,
) -> None:
    """Let traces decay over an epoch, add the impulse, and round once: the same for all steps."""
    impulse = 0.0 if side.given[v] else side.whole[v] + side.fraction[v]
    decay, top, beyond = side.decay[v], np.int32(engine.trace_top), np.int32(0)
    before, now, owner = np.uint64(place - n), np.uint64(place), np.uint64(first)
    for lane in range(np.uint64(size)):
        y = history[before + lane] * decay
        y += impulse if when[side.neuron[owner + lane]] > 0 else 0.0
        whole = np.floor(y)
        a = np.int32(whole) + np.int32(draws[lane] < y - whole)
        beyond = np.int32(beyond + np.int32(a > top))
        for k in range(engine.epoch):
            history[now + lane + np.uint64(k * n)] = min(a, top)
    counts[TRACES] += beyond


@inline_kernel
def advance_early(
    v: Any,
    place: Any,
    n: Any,
    first: Any,
    size: Any,
    values: Any,
    history: Any,
    when: Any,
    side: Any,
    engine: Any,
    draws: Any,
    counts: Any,
) -> None:
    """Add the impulse, which rules see, and decay: up if the value before the impulse would be."""
    early, decay, impulse = side.early_decay[v], side.decay[v], np.int32(side.whole[v])
    top, beyond = np.int32(engine.trace_top), np.int32(0)
    then, now, owner = np.uint64(place - n), np.uint64(place), np.uint64(first)
    for lane in range(np.uint64(size)):
        before = history[then + lane]
        y = before * early
        up = np.int32(draws[lane] < y - np.floor(y))
        spike = np.int32(when[side.neuron[owner + lane]] > 0)
        a = np.int32(before + impulse * spike)
        beyond = np.int32(beyond + (np.int32(a > top) & spike))
        a = min(a, top) if spike else a
        history[now + lane] = a
        values[v, owner + lane] = np.int32(np.floor(a * decay)) + up
    counts[TRACES] += beyond


@inner_kernel
def again(
    values: Any,
    i: Any,
    side: Any,
    engine: Any,
    draws: Any,
    step: Any,
    row: Any,
    counts: Any,
) -> None:
    """Add the impulses of a spike that is not the first of neuron ``i`` in its epoch."""
    top = np.int64(engine.trace_top)
    for v in range(len(values)):
        if side.given[v] or not side.used[v]:
            continue
        a = values[v, i] + side.whole[v]
        if side.fraction[v] > 0.0:
            r = 0.0
            if not side.up:
                r = impulse_draw(draws, row, engine, side.again_key, side, v, step, i)
            a += np.int64(r < side.fraction[v])
        counts[TRACES] += a > top
        values[v, i] = min(a, top)
