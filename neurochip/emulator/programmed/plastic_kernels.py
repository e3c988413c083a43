"""Kernels of groups that learn: they end a step by delivering its spikes, then by learning."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.jit import inline_kernel, kernel
from ...learning.kernels import learn_step
from .plastic_layout import SAMPLED
from .rows import place_of

__all__ = ["deliver_first", "learn_from_step"]

_ZERO = np.int64(0)
_TAG, _X, _Y = (SAMPLED.index(name) for name in ("t", "x1", "y1"))


@kernel
def deliver_group(
    sources: Any,
    payloads: Any,
    begin: Any,
    end: Any,
    head: Any,
    ring_size: Any,
    plastic: Any,
    weight: Any,
    ring: Any,
) -> Any:
    """Add weight times payload for the synapses of some sources; return the number of synapses."""
    delivered, row, lowest = np.int64(0), plastic.learn.synapses.row, plastic.lowest
    for k in range(begin, end):
        source, payload = plastic.learn.pre.place[sources[k]], np.int64(payloads[k])
        if source < 0:
            continue
        start, stop = np.uint64(row[source]), np.uint64(row[source + 1])
        delivered += np.int64(stop - start)
        factor = plastic.scale * payload
        if plastic.consecutive[source] and plastic.scale > 0:
            place = place_of(plastic.offset[start], head, ring_size) - start
            for s in range(start, stop):
                ring[place + s] += weight[s] * factor
        elif plastic.scale > 0:
            for s in range(start, stop):
                ring[place_of(plastic.offset[s], head, ring_size)] += weight[s] * factor
        else:
            for s in range(start, stop):
                value = plastic.decoded[np.int64(weight[s]) - lowest] * payload
                ring[place_of(plastic.offset[s], head, ring_size)] += value
    return delivered


@inline_kernel
def deliver_first(step: Any, index: Any, inputs: Any, head: Any, tables: Any, state: Any) -> None:
    """Deliver the input spikes of step -1; those of later steps are delivered before they teach."""
    for g in range(len(tables.learning) if step == 0 else 0):
        if tables.learning[g].of_inputs:
            state.events[0] += deliver_group(
                inputs.sources,
                inputs.payloads,
                inputs.starts[index],
                inputs.starts[index + 1],
                head,
                np.uint64(tables.ring_size),
                tables.learning[g],
                state.learning[g].weight,
                state.ring,
            )


@kernel
def take_given(place: Any, rows: Any, traces: Any) -> None:
    """Write the traces that the host sets in a step."""
    for i in range(rows.starts[place], rows.starts[place + 1]):
        one = rows.values.shape[1] == 1
        for j in range(traces.shape[1]):
            traces[rows.variable[i], j] = rows.values[i, 0 if one else j]


@kernel
def sample(step: Any, sampling: Any, state: Any) -> None:
    """Record what is due at the end of a step."""
    for p in range(len(sampling.kind)):
        done, every, kind = step + 1, sampling.every[p], sampling.kind[p]
        if done % every != 0:
            continue
        begin, end = sampling.begin[p], sampling.begin[p + 1]
        row = done // every - 1 - sampling.before[p]
        to = sampling.start[p] + row * (end - begin) - begin
        for i in range(begin, end):
            place = sampling.places[i]
            if kind < _TAG:
                value = np.int32(state.weight[place])
            elif kind < _X:
                value = np.int32(state.tag[place])
            elif kind < _Y:
                value = np.int32(state.x[kind - _X, place])
            else:
                value = np.int32(state.y[kind - _Y, place])
            sampling.values[to + i] = value


@inline_kernel
def learn_from_step(
    step: Any, index: Any, inputs: Any, tables: Any, state: Any, output: Any
) -> None:
    """Deliver the spikes of a step to the groups that learn, then learn (semantics 5.8).

    Spikes are weighed before their step teaches, and arrive in the next step. Input spikes of a
    step are those that the next step delivers, so they stand in the next row.
    """
    head = np.uint64((step + 1) * tables.slot_size % tables.ring_size)
    for g in range(len(tables.learning)):
        plastic, now = tables.learning[g], state.learning[g]
        take_given(index - output.first_index, output.given[g], now.y)
        if plastic.of_inputs:
            learn_group(
                step,
                inputs.sources,
                inputs.payloads,
                inputs.starts[index + 1],
                inputs.starts[index + 2],
                head,
                tables.ring_size,
                plastic,
                now,
                state,
            )
        else:
            learn_group(
                step,
                state.sent,
                state.payloads,
                _ZERO,
                state.n_sent[0],
                head,
                tables.ring_size,
                plastic,
                now,
                state,
            )
        sample(step, output.samples[g], now)


@inline_kernel
def learn_group(
    step: Any,
    sources: Any,
    payloads: Any,
    begin: Any,
    end: Any,
    head: Any,
    ring_size: Any,
    plastic: Any,
    now: Any,
    state: Any,
) -> None:
    """Deliver the spikes of the sources of a group, then let the group learn."""
    state.events[0] += deliver_group(
        sources, payloads, begin, end, head, np.uint64(ring_size), plastic, now.weight, state.ring
    )
    learn_step(step, sources, begin, end, state.sent, _ZERO, state.n_sent[0], plastic.learn, now)
