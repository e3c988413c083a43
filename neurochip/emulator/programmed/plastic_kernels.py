"""Kernels of groups that learn: their spikes are delivered, and a step of learning ends a step."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.jit import inline_kernel, kernel
from ...learning.kernels import learn_step
from .plastic_layout import SAMPLED
from .rows import place_of

__all__ = ["deliver_plastic", "learn_from_step"]

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
def deliver_plastic(index: Any, inputs: Any, head: Any, tables: Any, state: Any) -> None:
    """Deliver the spikes of a step to the groups that learn, and count their synapses."""
    ring_size = np.uint64(tables.ring_size)
    for g in range(len(tables.learning)):
        plastic, weight = tables.learning[g], state.learning[g].weight
        if plastic.of_inputs:
            state.events[0] += deliver_group(
                inputs.sources,
                inputs.payloads,
                inputs.starts[index],
                inputs.starts[index + 1],
                head,
                ring_size,
                plastic,
                weight,
                state.ring,
            )
        else:
            state.events[0] += deliver_group(
                state.sent,
                state.payloads,
                _ZERO,
                state.n_sent[0],
                head,
                ring_size,
                plastic,
                weight,
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
    """Learn from the spikes of a step, of inputs and of neurons that sent them (semantics 5.8).

    Input spikes of step n are those that the next step delivers, so they stand in the next row.
    """
    n_sent = state.n_sent[0]
    for g in range(len(tables.learning)):
        plastic, now = tables.learning[g], state.learning[g]
        take_given(index - output.first_index, output.given[g], now.y)
        if plastic.of_inputs:
            learn_step(
                step,
                inputs.sources,
                inputs.starts[index + 1],
                inputs.starts[index + 2],
                state.sent,
                _ZERO,
                n_sent,
                plastic.learn,
                now,
            )
        else:
            learn_step(
                step, state.sent, _ZERO, n_sent, state.sent, _ZERO, n_sent, plastic.learn, now
            )
        sample(step, output.samples[g], now)
