"""The kernel of a run: spikes, traces and rules in the order of ``docs/reference/learning.md``."""

from __future__ import annotations

from typing import Any

from .._kernels.jit import inline_kernel, kernel
from .layout import Kind
from .synapse_kernels import learn_epoch
from .trace_kernels import advance, again

__all__ = ["learn_steps"]

PRE_AGAIN, POST_AGAIN = int(Kind.PRE_AGAIN), int(Kind.POST_AGAIN)


@inline_kernel
def clear(values: Any) -> None:
    """Set all values to 0."""
    for i in range(len(values)):
        values[i] = 0


@inline_kernel
def copy(values: Any, into: Any) -> None:
    """Copy values; an assignment of slices would allocate."""
    for i in range(len(values)):
        into[i] = values[i]


@kernel
def note_spikes(
    spikes: Any,
    when: Any,
    k: Any,
    t: Any,
    values: Any,
    side: Any,
    engine: Any,
    draws: Any,
    kind: Any,
    up: Any,
    counts: Any,
) -> None:
    """Note the spikes of one side in step ``k`` of an epoch."""
    for i in range(spikes.shape[1]):
        if spikes[t, i]:
            if when[i] > 0:
                again(values, i, side, engine, draws, kind, t, up, counts)
            when[i] = k


@kernel
def take_given(given: Any, t: Any, values: Any, side: Any) -> None:
    """Take the traces that are given from outside."""
    for v in range(len(values)):
        if side.given[v]:
            copy(given[t, v], values[v])


@kernel
def learn_steps(
    pre: Any,
    post: Any,
    given: Any,
    state: Any,
    synapses: Any,
    x_side: Any,
    y_side: Any,
    tables: Any,
    engine: Any,
    draws: Any,
    record: Any,
) -> None:
    """Run all steps: spikes, traces and rules at the ends of epochs, and what is recorded."""
    k, index = 0, 0
    for t in range(len(pre)):
        k += 1
        note_spikes(
            pre,
            state.pre_when,
            k,
            t,
            state.x,
            x_side,
            engine,
            draws.again,
            PRE_AGAIN,
            engine.pre_up,
            state.counts,
        )
        note_spikes(
            post,
            state.post_when,
            k,
            t,
            state.y,
            y_side,
            engine,
            draws.again,
            POST_AGAIN,
            False,
            state.counts,
        )
        if len(given) > 0:
            take_given(given, t, state.y, y_side)
        if k == engine.epoch:
            advance(
                state.x,
                state.x_history,
                state.pre_when,
                x_side,
                engine,
                state.counts,
                draws.pre_decay,
                draws.pre_impulse,
                t,
                index,
            )
            advance(
                state.y,
                state.y_history,
                state.post_when,
                y_side,
                engine,
                state.counts,
                draws.post_decay,
                draws.post_impulse,
                t,
                index,
            )
            number = engine.first_epoch + index
            learn_epoch(number, t, index, state, synapses, tables, engine, draws.synapse)
            clear(state.pre_when)
            clear(state.post_when)
            k, index = 0, index + 1
        for v in range(len(state.x) if len(record.x) > 0 else 0):
            copy(state.x[v], record.x[t, v])
        for v in range(len(state.y) if len(record.y) > 0 else 0):
            copy(state.y[v], record.y[t, v])
        for r in range(len(record.targets)):
            copy(state.synaptic[record.targets[r]], record.synaptic[t, r])
