"""The learning step of a group: spikes, traces and rules in the order of the page on learning."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel, inner_kernel, kernel, kernel_part
from .layout import Count
from .synapse_kernels import learn_epoch
from .trace_kernels import advance, again

__all__ = ["learn_before", "learn_late", "learn_step", "learn_steps"]

EVENTS, REFUSED = int(Count.EVENTS), int(Count.REFUSED)
SPIKES, REPEATED = int(Count.SPIKES), int(Count.REPEATED)
PRE, POST = 0, 1  # of State.n_listed
_NO_TIME = np.int64(-1)  # an epoch without u terms


@inline_kernel
def copy(values: Any, into: Any) -> None:
    """Copy values; an assignment of slices would allocate."""
    for i in range(len(values)):
        into[i] = values[i]


@inner_kernel
def note_spikes(
    ids: Any,
    begin: Any,
    end: Any,
    k: Any,
    step: Any,
    row: Any,
    starts: Any,
    which: Any,
    when: Any,
    listed: Any,
    values: Any,
    side: Any,
    engine: Any,
    draws: Any,
    state: Any,
) -> None:
    """Note the spikes of one side in step ``k`` of an epoch."""
    for place in range(begin, end):
        i = side.place[ids[place]]
        if i < 0:
            continue
        if when[i] == k:  # an input may be listed twice in a step
            state.counts[REPEATED] += 1
            continue
        state.counts[SPIKES] += 1
        state.counts[EVENTS] += starts[i + 1] - starts[i]
        if when[i] > 0:
            if engine.one_spike:
                state.counts[REFUSED] += 1
            again(values, i, side, engine, draws, step, row, state.counts)
        else:
            listed[state.n_listed[which]] = i
            state.n_listed[which] += 1
        when[i] = k


@inline_kernel
def forget_spikes(when: Any, listed: Any, which: Any, state: Any) -> None:
    """Clear the spikes of an epoch of one side."""
    for k in range(state.n_listed[which]):
        when[listed[k]] = 0
    state.n_listed[which] = 0


@kernel_part
def learn_step(
    step: Any,
    pre_ids: Any,
    pre_begin: Any,
    pre_end: Any,
    post_ids: Any,
    post_begin: Any,
    post_end: Any,
    tables: Any,
    state: Any,
) -> None:
    """Note the spikes of a step, and learn if it is the last of its epoch.

    ``step`` counts from 0 since the traces were 0. The spikes of the step are
    ``pre_ids[pre_begin:pre_end]`` and ``post_ids[post_begin:post_end]``, in any order, and may hold
    neurons that the group does not have. Given traces are taken from ``state.y`` as they stand.
    """
    engine, draws = tables.engine, tables.draws
    index = step // engine.epoch
    k = step - index * engine.epoch + 1
    row, epoch_row = step - draws.first_step, index - draws.first_epoch
    note_spikes(
        pre_ids,
        pre_begin,
        pre_end,
        k,
        step,
        row,
        tables.synapses.row,
        PRE,
        state.pre_when,
        state.pre_list,
        state.x,
        tables.pre,
        engine,
        draws.again,
        state,
    )
    note_spikes(
        post_ids,
        post_begin,
        post_end,
        k,
        step,
        row,
        tables.synapses.column,
        POST,
        state.post_when,
        state.post_list,
        state.y,
        tables.post,
        engine,
        draws.again,
        state,
    )
    if k < engine.epoch:
        return
    advance(
        state.x,
        state.x_history,
        state.pre_when,
        state.pre_list,
        state.n_listed[PRE],
        tables.pre,
        draws.pre_decay,
        draws.pre_impulse,
        step,
        row,
        epoch_row,
        engine,
        state.draws,
        state.counts,
    )
    advance(
        state.y,
        state.y_history,
        state.post_when,
        state.post_list,
        state.n_listed[POST],
        tables.post,
        draws.post_decay,
        draws.post_impulse,
        step,
        row,
        epoch_row,
        engine,
        state.draws,
        state.counts,
    )
    learn_epoch(engine.first_epoch + index, step, epoch_row, tables, state)
    forget_spikes(state.pre_when, state.pre_list, PRE, state)
    forget_spikes(state.post_when, state.post_list, POST, state)


@kernel_part
def learn_late(step: Any, ids: Any, begin: Any, end: Any, tables: Any, state: Any) -> None:
    """Learn from presynaptic spikes of the last step, which has been learned without them.

    Step -1 has none of its own. Before the end of an epoch the spikes are noted. After it, their
    impulses are added to the traces, and terms with x0 act.
    """
    if begin == end:
        return
    engine, draws = tables.engine, tables.draws
    index = step // engine.epoch
    k = step - index * engine.epoch + 1
    row, epoch_row = step - draws.first_step, index - draws.first_epoch
    note_spikes(
        ids,
        begin,
        end,
        k,
        step,
        row,
        tables.synapses.row,
        PRE,
        state.pre_when,
        state.pre_list,
        state.x,
        tables.pre,
        engine,
        draws.again,
        state,
    )
    if k < engine.epoch:
        return
    n = state.x.shape[1]
    for i in range(n):
        if state.pre_when[tables.pre.neuron[i]] > 0:
            again(state.x, i, tables.pre, engine, draws.again, step, row, state.counts)
            for v in range(len(state.x)):
                state.x_history[(v * (engine.epoch + 1) + engine.epoch) * n + i] = state.x[v, i]
    learn_epoch(_NO_TIME, step, epoch_row, tables, state)
    forget_spikes(state.pre_when, state.pre_list, PRE, state)


@kernel
def learn_before(ids: Any, tables: Any, state: Any) -> None:
    """Learn from presynaptic spikes of step -1, before step 0."""
    learn_late(np.int64(-1), ids, np.int64(0), np.int64(len(ids)), tables, state)


@kernel
def learn_steps(
    pre: Any,
    pre_ends: Any,
    post: Any,
    post_ends: Any,
    given: Any,
    tables: Any,
    state: Any,
    record: Any,
) -> None:
    """Run all steps with their spikes given, and record values at the ends of steps."""
    for t in range(len(pre_ends) - 1):
        for v in range(len(state.y) if len(given) > 0 else 0):
            if tables.post.given[v]:
                copy(given[t, v], state.y[v])
        learn_step(
            np.int64(t),
            pre,
            pre_ends[t],
            pre_ends[t + 1],
            post,
            post_ends[t],
            post_ends[t + 1],
            tables,
            state,
        )
        for v in range(len(state.x) if len(record.x) > 0 else 0):
            copy(state.x[v], record.x[t, v])
        for v in range(len(state.y) if len(record.y) > 0 else 0):
            copy(state.y[v], record.y[t, v])
        if len(record.weight) > 0:
            copy(state.weight, record.weight[t])
        if len(record.delay) > 0:
            copy(state.delay, record.delay[t])
        if len(record.tag) > 0:
            copy(state.tag, record.tag[t])
