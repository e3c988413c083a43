"""Kernels of traces: an epoch of decays and impulses, and spikes that are not the first of one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel, kernel
from .draw_kernels import impulse_draw, uniform

__all__ = ["advance", "again"]

ONCE, EARLY = 1, 2  # TraceRounding.ONCE_AN_EPOCH, IMPULSE_THEN_DECAY; DECAY_THEN_IMPULSE is 0


@kernel
def advance(
    values: Any,
    history: Any,
    when: Any,
    side: Any,
    engine: Any,
    counts: Any,
    decays: Any,
    impulses: Any,
    step: Any,
    row: Any,
    epoch_row: Any,
) -> None:
    """Take the traces of a side through an epoch, which ends with ``step``.

    ``row`` and ``epoch_row`` are those of given draws, of this step and of this epoch.
    """
    for v in range(len(values)):
        if not (side.used[v] or side.given[v]):
            continue
        for i in range(values.shape[1]):
            a = np.int64(values[v, i])
            spike = when[side.neuron[i]]
            if side.given[v]:
                spike = 0
            history[v, 0, i] = a
            if engine.trace_rounding == ONCE:
                a = advance_once(a, spike, v, i, side, engine, counts, decays, step, epoch_row)
                for k in range(1, engine.epoch + 1):
                    history[v, k, i] = a
            elif engine.trace_rounding == EARLY:
                y = a * side.early_decay[v]
                up = rounds_up(y, decays, epoch_row, v, step, i, side, engine)
                if spike > 0:
                    a = topped(a + side.whole[v], engine, counts)
                history[v, 1, i] = a
                a = np.int64(np.floor(a * side.decay[v])) + up
            else:
                a = advance_by_steps(
                    a,
                    spike,
                    v,
                    i,
                    history,
                    side,
                    engine,
                    counts,
                    decays,
                    impulses,
                    step,
                    row,
                    epoch_row,
                )
            if not side.given[v]:
                values[v, i] = a


@kernel
def advance_once(
    a: Any,
    spike: Any,
    v: Any,
    i: Any,
    side: Any,
    engine: Any,
    counts: Any,
    decays: Any,
    step: Any,
    row: Any,
) -> int:
    """Return a trace after an epoch that decays it, adds its impulse and rounds it once."""
    y = a * side.decay[v]
    if spike > 0:
        y += side.whole[v] + side.fraction[v]
    a = np.int64(np.floor(y)) + rounds_up(y, decays, row, v, step, i, side, engine)
    return topped(a, engine, counts)  # type: ignore[no-any-return]


@kernel
def advance_by_steps(
    a: Any,
    spike: Any,
    v: Any,
    i: Any,
    history: Any,
    side: Any,
    engine: Any,
    counts: Any,
    decays: Any,
    impulses: Any,
    step: Any,
    last: Any,
    epoch_row: Any,
) -> int:
    """Return a trace after an epoch whose steps round the decay, then add the impulse."""
    for k in range(1, engine.epoch + 1):
        # Traces that share draws have one for the whole epoch, others one for each step.
        now = step if engine.shared else step - engine.epoch + k
        row = epoch_row if engine.shared else last - engine.epoch + k
        y = a * side.decay[v]
        a = np.int64(np.floor(y)) + rounds_up(y, decays, row, v, now, i, side, engine)
        if spike == k:
            a += side.whole[v]
            if side.fraction[v] > 0.0:
                r = impulse_draw(impulses, row, engine, side, side.impulse_kind, v, now, i)
                if r < side.fraction[v]:
                    a += 1
            a = topped(a, engine, counts)
        history[v, k, i] = a
    return a  # type: ignore[no-any-return]


@inline_kernel
def rounds_up(
    y: Any, decays: Any, row: Any, v: Any, step: Any, i: Any, side: Any, engine: Any
) -> int:
    """Return 1 if a draw rounds a decayed trace up, otherwise 0; an integer takes no draw."""
    rest, up = y - np.floor(y), np.int64(0)
    if rest > 0.0:
        r = uniform(decays, row, engine, side, v, step, i)
        up = np.int64(r < rest)
    return up  # type: ignore[return-value]


@kernel
def topped(value: Any, engine: Any, counts: Any) -> int:
    """Clip a trace to its top, and count if it was above."""
    if value > engine.trace_top:
        counts[0] += 1
        return np.int64(engine.trace_top)  # type: ignore[return-value]
    return value  # type: ignore[no-any-return]


@kernel
def again(
    values: Any,
    i: Any,
    side: Any,
    engine: Any,
    draws: Any,
    step: Any,
    row: Any,
    up: Any,
    counts: Any,
) -> None:
    """Add the impulses of a spike that is not the first of neuron ``i`` in its epoch."""
    for v in range(len(values)):
        if not side.used[v]:
            continue
        a = values[v, i] + side.whole[v]
        if side.fraction[v] > 0.0:
            r = 0.0 if up else impulse_draw(draws, row, engine, side, side.again_kind, v, step, i)
            if r < side.fraction[v]:
                a += 1
        values[v, i] = topped(a, engine, counts)
