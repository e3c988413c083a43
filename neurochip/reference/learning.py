"""Kernels of plasticity: what the spikes of a step change in the synapses of one worker.

A step changes a synapse at most by a reward, a spike that arrives, and a spike of its target. The
order is that of :func:`~neurochip.simulate_reference`. Traces decay when they are read; a value
that was read in this step is kept with the number of the step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel, inner_kernel
from .arrivals import deliver_plastic, forget, note
from .changes import change_block, change_column, change_listed, change_run, clipped
from .decays import left, read_all, read_listed
from .samples import sample_synapses

__all__ = ["begin_step", "end_step"]


@inner_kernel
def begin_step(
    worker: Any, own: Any, plastic: Any, sources: Any, begin: Any, end: Any, step: Any,
    arrived: Any, input_first: Any,
) -> None:  # fmt: skip
    """List the input spikes of a step; deliver those that act in it before the neurons advance.

    Entries ``begin`` to ``end`` - 1 of ``sources`` are the input spikes, ``own`` is the first
    neuron of the worker, and ``arrived`` is the row of the ring that this step applies.
    """
    if not plastic.at_once:
        reward(worker, plastic, step)
    forget(worker, plastic, step)
    note(worker, sources, begin, end, 0, plastic, step)
    if input_first:
        deliver_plastic(worker, own, plastic, step, arrived, True, False)


@inner_kernel
def end_step(
    worker: Any, own: Any, own_end: Any, plastic: Any, spikes: Any, ends: Any, place: Any,
    n_inputs: Any, step: Any, arrived: Any, input_first: Any,
) -> None:  # fmt: skip
    """Deliver the spikes that arrive in a step, and learn from them and from its own.

    ``spikes`` and ``ends`` are the lists of all workers, of which entry ``place`` is this step, and
    ``arrived`` is the row of the ring that the next step applies.
    """
    for other in range(len(ends)):
        note(worker, spikes, ends[other, place], ends[other, place + 1], n_inputs, plastic, step)
    begin, end = ends[worker, place], ends[worker, place + 1]
    deliver_plastic(worker, own, plastic, step, arrived, not input_first, True)
    arrive(worker, own, own_end, plastic, step)
    fire(worker, own, spikes, begin, end, plastic, step)
    if plastic.at_once:
        reward(worker, plastic, step)
        settle(worker, own, spikes, begin, end, plastic, step)
    sample_synapses(worker, plastic, step)


@inner_kernel
def arrive(worker: Any, own: Any, end: Any, plastic: Any, step: Any) -> None:
    """Change the synapses at which a spike arrives, then raise their presynaptic traces.

    ``own`` to ``end`` - 1 are the neurons of the worker.
    """
    table, state = plastic.table, plastic.state
    groups, parts, members, decays = table.groups, table.parts, table.members, table.decays
    indptr, post, y_now = table.indptr, table.post, state.y_now
    into = state.change if plastic.at_once else state.tag
    x, x2, x_step = state.x, state.x2, state.x_step
    n_lists = state.listed.shape[1]
    for p in range(parts.starts[worker], parts.starts[worker + 1]):
        g, m, first_row = parts.group[p], parts.member[p], parts.row[p]
        at, place = (step - parts.delay[p]) % n_lists, members.place[m]
        listed, times = state.listed[worker, at], state.times[worker, at]
        stop = place + state.n_listed[worker, at, m]
        if place == stop:
            continue
        low = groups.post[g] + max(own - groups.target[g], 0)
        high = groups.post[g] + min(end - groups.target[g], groups.n_targets[g])
        read_targets(listed, place, stop, first_row, indptr, post, low, high, g, plastic, step)
        tagged, w_max = plastic.at_once or groups.interval[g] > 0, groups.w_max[g]
        ground, slope = (0.0, 1.0 / w_max) if groups.soft[g] else (1.0, 0.0)
        for s in range(place, stop):
            row = first_row + listed[s]
            for _ in range(times[s]):
                gap, alone, amount = step - x_step[row], groups.a_pre[g], -groups.a_minus[g]
                if groups.triplet[g]:
                    slow = x2[row] * left(decays, 4 * g + 2, gap)
                    amount -= groups.a3_minus[g] * slow
                    x2[row] = slow + 1.0
                k, last = np.uint64(indptr[row]), np.uint64(indptr[row + 1])
                moves = amount != 0.0 or alone != 0.0
                if groups.dense[g] and moves:
                    change_run(
                        state.weight, into, tagged, k, last, alone, amount, y_now, low, ground,
                        slope, w_max,
                    )  # fmt: skip
                elif moves:
                    change_listed(
                        state.weight, into, tagged, k, last, alone, amount, y_now, groups.post[g],
                        post, ground, slope, w_max,
                    )  # fmt: skip
                x[row] = x[row] * left(decays, 4 * g, gap) + 1.0
                x_step[row] = step


@inner_kernel
def read_targets(
    listed: Any, begin: Any, end: Any, first_row: Any, indptr: Any, post: Any, low: Any, high: Any,
    g: Any, plastic: Any, step: Any,
) -> None:  # fmt: skip
    """Read the postsynaptic traces of the rows ``first_row + listed[s]``, or those of all neurons.

    The traces of all neurons of the worker are ``low`` to ``high`` - 1.
    """
    state, decays = plastic.state, plastic.table.decays
    y, y_step, y_now, y_at = state.y, state.y_step, state.y_now, state.y_at
    n_synapses = 0
    for s in range(begin, end):
        n_synapses += indptr[first_row + listed[s] + 1] - indptr[first_row + listed[s]]
    if n_synapses >= high - low:
        read_all(y, y_step, y_now, y_at, low, high, step, decays, 4 * g + 1)
        return
    first = plastic.table.groups.post[g]
    for s in range(begin, end):
        a, b = indptr[first_row + listed[s]], indptr[first_row + listed[s] + 1]
        read_listed(y, y_step, y_now, y_at, post, a, b, first, step, decays, 4 * g + 1)


@inner_kernel
def fire(worker: Any, own: Any, spikes: Any, begin: Any, end: Any, plastic: Any, step: Any) -> None:
    """Change the synapses of neurons that spiked, then raise their postsynaptic traces.

    The neurons are entries ``begin`` to ``end`` - 1 of ``spikes``.
    """
    table, state = plastic.table, plastic.state
    groups, parts, members, decays = table.groups, table.parts, table.members, table.decays
    into = state.change if plastic.at_once else state.tag
    fired, gain = state.fired[worker], state.gain[worker]
    y, y_step = state.y, state.y_step
    p = parts.starts[worker]
    for g in range(len(groups.target)):
        first_row, n_rows, first = parts.row[p], 0, groups.post[g]
        while p < parts.starts[worker + 1] and parts.group[p] == g:
            n_rows += members.size[parts.member[p]]
            p += 1
        n = list_fired(worker, spikes, begin, end, plastic, g, step)
        if n == 0:
            continue
        read_sources(fired, n, first_row, n_rows, plastic, g, step)
        tagged, w_max = plastic.at_once or groups.interval[g] > 0, groups.w_max[g]
        slope = -1.0 / w_max if groups.soft[g] else 0.0
        if groups.dense[g]:
            low = max(own - groups.target[g], 0)
            change_block(
                state.weight, into, tagged, table.indptr, first_row, n_rows, state.x_now, fired,
                gain, n, low, 1.0, slope, w_max,
            )  # fmt: skip
        for q in range(n):
            i = first + fired[q]
            change_column(
                state.weight, into, tagged, table.synapse, table.row, table.columns[i],
                table.columns[i + 1], gain[q], state.x_now, 1.0, slope, w_max,
            )  # fmt: skip
            y[i] = y[i] * left(decays, 4 * g + 1, step - y_step[i]) + 1.0
            y_step[i] = step


@inner_kernel
def list_fired(
    worker: Any, spikes: Any, begin: Any, end: Any, plastic: Any, g: Any, step: Any
) -> Any:
    """List the target neurons of a connection that spiked, and the changes of their synapses."""
    groups, state, decays = plastic.table.groups, plastic.state, plastic.table.decays
    target, n_targets, first = groups.target[g], groups.n_targets[g], groups.post[g]
    fired, gain, y2 = state.fired[worker], state.gain[worker], state.y2
    n = 0
    for s in range(begin, end):
        j = spikes[s] - target
        if 0 <= j < n_targets:
            fired[n] = j
            gain[n] = groups.a_plus[g]
            if groups.triplet[g]:
                i = first + j
                slow = y2[i] * left(decays, 4 * g + 3, step - state.y_step[i])
                gain[n] += groups.a3_plus[g] * slow
                y2[i] = slow + 1.0
            n += 1
    return n


@inner_kernel
def read_sources(
    fired: Any, n: Any, first_row: Any, n_rows: Any, plastic: Any, g: Any, step: Any
) -> None:
    """Read the presynaptic traces of neurons that spiked, or those of all rows."""
    table, state, decays = plastic.table, plastic.state, plastic.table.decays
    x, x_step, x_now, x_at = state.x, state.x_step, state.x_now, state.x_at
    columns, first = table.columns, table.groups.post[g]
    n_synapses = 0
    for q in range(n):
        n_synapses += columns[first + fired[q] + 1] - columns[first + fired[q]]
    if table.groups.dense[g] or n_synapses >= n_rows:
        read_all(x, x_step, x_now, x_at, first_row, first_row + n_rows, step, decays, 4 * g)
        return
    for q in range(n):
        a, b = columns[first + fired[q]], columns[first + fired[q] + 1]
        read_listed(x, x_step, x_now, x_at, table.row, a, b, 0, step, decays, 4 * g)


@inner_kernel
def settle(
    worker: Any, own: Any, spikes: Any, begin: Any, end: Any, plastic: Any, step: Any
) -> None:
    """Apply the changes of a step, which were computed from the weights before it."""
    table, state = plastic.table, plastic.state
    groups, parts, members = table.groups, table.parts, table.members
    indptr, columns, n_lists = table.indptr, table.columns, state.listed.shape[1]
    for p in range(parts.starts[worker], parts.starts[worker + 1]):
        g, m, first_row = parts.group[p], parts.member[p], parts.row[p]
        at, place = (step - parts.delay[p]) % n_lists, members.place[m]
        for s in range(place, place + state.n_listed[worker, at, m]):
            row = first_row + state.listed[worker, at, s]
            for k in range(indptr[row], indptr[row + 1]):
                apply(state, groups, g, k)
        low = max(own - groups.target[g], 0)
        for s in range(begin, end):
            j = spikes[s] - groups.target[g]
            if not 0 <= j < groups.n_targets[g]:
                continue
            if groups.dense[g]:
                for row in range(first_row, first_row + members.size[m]):
                    apply(state, groups, g, indptr[row] + j - low)
            i = groups.post[g] + j
            for c in range(columns[i], columns[i + 1]):
                apply(state, groups, g, table.synapse[c])


@inline_kernel
def apply(state: Any, groups: Any, g: Any, k: Any) -> None:
    """Apply the change of a synapse to its weight, or to its eligibility, and forget it."""
    if groups.interval[g] > 0:
        state.tag[k] += state.change[k]
    else:
        state.weight[k] = clipped(state.weight[k] + state.change[k], groups.w_max[g])
    state.change[k] = 0.0


@inner_kernel
def reward(worker: Any, plastic: Any, step: Any) -> None:
    """Turn eligibilities into changes of weights where a reward is due in this step."""
    table, state, rewards = plastic.table, plastic.state, plastic.rewards
    groups, parts, members = table.groups, table.parts, table.members
    weight, tag = state.weight, state.tag
    for p in range(parts.starts[worker], parts.starts[worker + 1]):
        g, row = parts.group[p], parts.row[p]
        if groups.interval[g] == 0 or step % groups.interval[g] > 0:
            continue
        c, later = rewards.starts[g], rewards.starts[g + 1]
        while c < later:  # the first change after this step
            middle = (c + later) // 2
            if rewards.step[middle] > step:
                later = middle
            else:
                c = middle + 1
        c -= 1
        w_max, keep = groups.w_max[g], groups.keep_tag[g]
        end_row = row + members.size[parts.member[p]]
        for k in range(np.uint64(table.indptr[row]), np.uint64(table.indptr[end_row])):
            if c >= rewards.starts[g]:
                value = rewards.values[rewards.place[c] + rewards.stride[c] * table.post[k]]
                weight[k] = clipped(weight[k] + tag[k] * value, w_max)
            tag[k] *= keep
