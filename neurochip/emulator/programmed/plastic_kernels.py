"""Kernels of groups that learn: they end a step by delivering its spikes, then by learning."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.jit import inner_kernel, kernel_part
from ...learning.kernels import learn_late, learn_step
from .plastic_layout import SAMPLED
from .rows import place_of

__all__ = ["deliver_first", "learn_from_step"]

_ZERO = np.int64(0)
_TAG, _X, _Y = (SAMPLED.index(name) for name in ("t", "x1", "y1"))


@inner_kernel
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


@kernel_part
def deliver_first(
    step: Any, index: Any, inputs: Any, head: Any, ring_size: Any, learning: Any, state: Any
) -> None:
    """Deliver, then learn from the input spikes that the step before a run did not know."""
    for g in range(len(learning.tables) if index == 0 else 0):
        if learning.tables[g].of_inputs:
            state.events[0] += deliver_group(
                inputs.sources,
                inputs.payloads,
                inputs.starts[1] - inputs.unknown,
                inputs.starts[1],
                head,
                ring_size,
                learning.tables[g],
                learning.states[g].weight,
                state.ring,
            )
            learn_late(
                np.int64(step - 1),
                inputs.sources,
                inputs.starts[1] - inputs.untaught,
                inputs.starts[1],
                learning.tables[g].learn,
                learning.states[g],
            )


@inner_kernel
def take_given(place: Any, rows: Any, traces: Any) -> None:
    """Write the traces that the host sets in a step."""
    for i in range(rows.starts[place], rows.starts[place + 1]):
        one = rows.values.shape[1] == 1
        for j in range(traces.shape[1]):
            traces[rows.variable[i], j] = rows.values[i, 0 if one else j]


@inner_kernel
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


@kernel_part
def learn_from_step(
    step: Any, index: Any, place: Any, inputs: Any, head: Any, ring_size: Any, learning: Any,
    state: Any,
) -> None:  # fmt: skip
    """Deliver the spikes of a step to the groups that learn, then learn (semantics 5.8).

    Spikes are weighed before their step teaches, and arrive in the next step, whose sums begin at
    ``head``. Input spikes of a step are those that the next step delivers, so they stand in the
    next row.
    """
    for g in range(len(learning.tables)):
        sources, payloads, begin, end = state.sent, state.payloads, _ZERO, state.n_sent[0]
        if learning.tables[g].of_inputs:
            sources, payloads = inputs.sources, inputs.payloads
            begin, end = inputs.starts[index + 1], inputs.starts[index + 2]
        state.events[0] += learn_group(
            step,
            place,
            sources,
            payloads,
            begin,
            end,
            state.sent,
            state.n_sent[0],
            head,
            ring_size,
            state.ring,
            learning.tables[g],
            learning.states[g],
            learning.given[g],
            learning.samples[g],
        )


@kernel_part
def learn_group(
    step: Any, place: Any, sources: Any, payloads: Any, begin: Any, end: Any, spikes: Any,
    n_spikes: Any, head: Any, ring_size: Any, ring: Any, plastic: Any, now: Any, given: Any,
    samples: Any,
) -> Any:  # fmt: skip
    """Deliver the spikes of the sources of a group, let it learn, and record what is due.

    Returns the number of synapses that received a spike.
    """
    take_given(place, given, now.y)
    delivered = deliver_group(
        sources, payloads, begin, end, head, ring_size, plastic, now.weight, ring
    )
    learn_step(step, sources, begin, end, spikes, _ZERO, n_spikes, plastic.learn, now)
    sample(step, samples, now)
    return delivered
