"""The steps of a run, as loops over flat arrays.

Spikes travel through a ring with one row for every step that something can still arrive in. A row
is taken in at the beginning of the step *after* its own: so a trace shows no kick in the step that
delivers it, and one pass over the neurons does the kicks and the propagator. Input that acts in its
own step goes to the row that is about to be taken in.

Two habits for speed: a loop over a part of an array counts in uint64, since Numba then needs no
test for negative indices and LLVM vectorises it; and only :func:`run_steps` sees named tuples,
since reading a field of one costs as much as ten neurons.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._jit import kernel
from .._llvm import prefetch
from ..typing import Float64Array, Int32Array, Int64Array
from .tables import BoolArray, Neurons, Synapses, UInt16Array

__all__ = ["N_SPIKES", "Columns", "Order", "State", "run_steps"]

N_SPIKES, NEXT_INPUT, RING_ROW = 0, 1, 2  # places in State.position
_AHEAD = 4  # spikes whose rows are asked for in advance
_LINE = 16  # targets in a cache line, which are two of weights


class State(NamedTuple):
    """Everything that a step changes.

    Parameters
    ----------
    v : ndarray of float64, shape (n_neurons,)
        mV.
    i_syn : ndarray of float64, shape (n_slots,)
        nA; where a neuron has two currents, the second is in a slot after all neurons.
    free_from : ndarray of int64, shape (n_neurons,)
        First step in which a neuron integrates again. It is later than the step of the spike
        itself: kicks in that step are lost to the reset.
    ring : ndarray of float64, shape (n_rows, n_slots)
        Sums of what arrives (mV or nA): a row for the last step, then for the next ones, around.
    spike_steps, spike_ids : ndarray of int32, shape (capacity,)
        Spikes since the buffers were last emptied.
    position : ndarray of int64, shape (3,)
        Spikes in the buffers, the next input spike, and the ring's row of the last step.
    """

    v: Float64Array
    i_syn: Float64Array
    free_from: Int64Array
    ring: Float64Array
    spike_steps: Int32Array
    spike_ids: Int32Array
    position: Int64Array


class Order(NamedTuple):
    """The order of events within a step.

    Parameters
    ----------
    kicks_decay : bool
        Whether delta kicks decay once before they meet the threshold; such kicks are lost where
        they arrive in a refractory step or in that of the spike.
    input_first : bool
        Whether input spikes act in their own step.
    """

    kicks_decay: bool
    input_first: bool


class Columns(NamedTuple):
    """Where the value of each recorded neuron goes: ``values[first + stride * step]``.

    Parameters
    ----------
    ids, first, stride : ndarray of int64, shape (n_columns,)
        Neuron, place in step 0, and distance between steps.
    current : ndarray of int64, shape (n_columns,)
        How many slots of i_syn the value is the sum of; 0 for v.
    second : ndarray of int64, shape (n_columns,)
        The second of these slots; the neuron is the first.
    values : ndarray of float64, shape (n_values,)
        All traces, one after the other.
    """

    ids: Int64Array
    first: Int64Array
    stride: Int64Array
    current: Int64Array
    second: Int64Array
    values: Float64Array


@kernel
def advance_delta(
    v: Float64Array,
    arrived: Float64Array,
    free_from: Int64Array,
    v_inf: Float64Array,
    decay: Float64Array,
    drift: Float64Array,
    begin: int,
    end: int,
    step: int,
) -> None:
    """Take in the kicks of the step before, then let v decay toward v_inf."""
    for i in range(np.uint64(begin), np.uint64(end)):
        kick = arrived[i] if free_from[i] < step else 0.0
        arrived[i] = 0.0
        moved = v_inf[i] + (v[i] + kick - v_inf[i]) * decay[i] + drift[i]
        v[i] = moved if free_from[i] <= step else v[i]


@kernel
def advance_then_kick(
    v: Float64Array,
    arrived: Float64Array,
    free_from: Int64Array,
    v_inf: Float64Array,
    decay: Float64Array,
    drift: Float64Array,
    begin: int,
    end: int,
    step: int,
) -> None:
    """Let v decay toward v_inf, then take in the kicks."""
    for i in range(np.uint64(begin), np.uint64(end)):
        moved = v_inf[i] + (v[i] - v_inf[i]) * decay[i] + drift[i] + arrived[i]
        arrived[i] = 0.0
        v[i] = moved if free_from[i] <= step else v[i]


@kernel
def advance_current(
    v: Float64Array,
    i_syn: Float64Array,
    arrived: Float64Array,
    free_from: Int64Array,
    v_inf: Float64Array,
    decay: Float64Array,
    drift: Float64Array,
    decay_syn: Float64Array,
    gain: Float64Array,
    begin: int,
    end: int,
    step: int,
) -> None:
    """Take in the currents of the step before, then advance v and let the current decay."""
    for i in range(np.uint64(begin), np.uint64(end)):
        current = i_syn[i] + arrived[i]
        arrived[i] = 0.0
        moved = v_inf[i] + (v[i] - v_inf[i]) * decay[i] + drift[i] + gain[i] * current
        v[i] = moved if free_from[i] <= step else v[i]
        i_syn[i] = current * decay_syn[i]


@kernel
def advance_two_currents(
    v: Float64Array,
    i_syn: Float64Array,
    arrived: Float64Array,
    free_from: Int64Array,
    v_inf: Float64Array,
    decay: Float64Array,
    drift: Float64Array,
    decay_syn: Float64Array,
    gain: Float64Array,
    begin: int,
    end: int,
    second: int,
    step: int,
) -> None:
    """As :func:`advance_current`, with an excitatory and an inhibitory current."""
    shift = np.uint64(second - begin)
    for i in range(np.uint64(begin), np.uint64(end)):
        j = i + shift
        excitatory, inhibitory = i_syn[i] + arrived[i], i_syn[j] + arrived[j]
        arrived[i] = 0.0
        arrived[j] = 0.0
        driven = gain[i] * excitatory + gain[j] * inhibitory
        moved = v_inf[i] + (v[i] - v_inf[i]) * decay[i] + drift[i] + driven
        v[i] = moved if free_from[i] <= step else v[i]
        i_syn[i] = excitatory * decay_syn[i]
        i_syn[j] = inhibitory * decay_syn[j]


@kernel
def fire(
    v: Float64Array,
    free_from: Int64Array,
    v_thresh: Float64Array,
    v_reset: Float64Array,
    hold_steps: Int64Array,
    spike_steps: Int32Array,
    spike_ids: Int32Array,
    count: int,
    step: int,
) -> int:
    """Note and reset every neuron above its threshold; return the new number of spikes.

    A refractory neuron is held at its reset, below its threshold, and needs no test. The reset
    may come before the delivery, since the kicks of this step wait in the ring.
    """
    for i in range(len(v)):
        if v[i] > v_thresh[i]:
            v[i] = v_reset[i]
            free_from[i] = step + hold_steps[i]
            spike_steps[count] = step
            spike_ids[count] = i
            count += 1
    return count


@kernel
def sample(
    ids: Int64Array,
    first: Int64Array,
    stride: Int64Array,
    current: Int64Array,
    second: Int64Array,
    values: Float64Array,
    v: Float64Array,
    i_syn: Float64Array,
    step: int,
) -> None:
    """Copy what is recorded."""
    for k in range(len(ids)):
        value = i_syn[ids[k]] if current[k] > 0 else v[ids[k]]
        if current[k] == 2:
            value += i_syn[second[k]]
        values[first[k] + stride[k] * step] = value


@kernel
def deliver(
    sources: Int32Array,
    begin: int,
    end: int,
    first: int,
    indptr: Int64Array,
    target: Int32Array,
    weight: Float64Array,
    delay: UInt16Array,
    in_order: BoolArray,
    ring: Float64Array,
    now: int,
) -> None:
    """Add the synapses of some sources to the rows of the steps in which they arrive.

    The sources are counted from row ``first`` of the synapses.
    """
    n_rows = ring.shape[0]
    for spike in range(begin, end):
        if spike + _AHEAD < end:
            # A row begins with cache misses; asked for now, they pass while others are delivered.
            later = first + sources[spike + _AHEAD]
            for k in range(indptr[later], indptr[later + 1], _LINE):
                prefetch(target, k)
                prefetch(weight, k)
                prefetch(weight, k + _LINE // 2)
        source = first + sources[spike]
        start, stop = np.uint64(indptr[source]), np.uint64(indptr[source + 1])
        if in_order[source]:
            row = now if n_rows == 1 else (now + delay[start]) % n_rows
            slot = np.uint64(target[start])
            for k in range(stop - start):
                ring[row, slot + k] += weight[start + k]
            continue
        for k in range(start, stop):
            if n_rows == 1:
                ring[0, target[k]] += weight[k]
            else:
                row = now + delay[k]
                row -= n_rows if row >= n_rows else 0
                ring[row, target[k]] += weight[k]


@kernel
def run_steps(
    neurons: Neurons,
    synapses: Synapses,
    input_steps: Int32Array,
    input_sources: Int32Array,
    order: Order,
    columns: Columns,
    state: State,
    step: int,
    stop: int,
) -> int:
    """Run from ``step`` to ``stop``, or to where the spike buffers may overflow; return where."""
    (
        bounds,
        n_currents,
        second_slot,
        v_inf,
        v_thresh,
        v_reset,
        decay,
        drift,
        decay_syn,
        gain,
        hold_steps,
    ) = neurons
    kicks_decay, input_first = order
    indptr, target, weight, delay, in_order = synapses
    ids, first, stride, current, second, values = columns
    v, i_syn, free_from, ring, spike_steps, spike_ids, position = state
    n_neurons, n_rows = len(v), ring.shape[0]
    n_inputs = len(indptr) - 1 - n_neurons
    count, k, row = position[N_SPIKES], position[NEXT_INPUT], position[RING_ROW]
    while step < stop and count + n_neurons <= len(spike_ids):
        arrived, before = ring[row], count
        begin = k
        while k < len(input_steps) and input_steps[k] == step:
            k += 1
        if input_first:
            deliver(input_sources, begin, k, 0, indptr, target, weight, delay, in_order, ring, row)
            begin = k
        for p in range(len(n_currents)):
            a, b = bounds[p], bounds[p + 1]
            if n_currents[p] == 2:
                j = second_slot[p]
                advance_two_currents(
                    v,
                    i_syn,
                    arrived,
                    free_from,
                    v_inf,
                    decay,
                    drift,
                    decay_syn,
                    gain,
                    a,
                    b,
                    j,
                    step,
                )
            elif n_currents[p] == 1:
                advance_current(
                    v, i_syn, arrived, free_from, v_inf, decay, drift, decay_syn, gain, a, b, step
                )
            elif kicks_decay:
                advance_delta(v, arrived, free_from, v_inf, decay, drift, a, b, step)
            else:
                advance_then_kick(v, arrived, free_from, v_inf, decay, drift, a, b, step)
        count = fire(
            v, free_from, v_thresh, v_reset, hold_steps, spike_steps, spike_ids, count, step
        )
        row = row + 1 if row + 1 < n_rows else 0
        sample(ids, first, stride, current, second, values, v, i_syn, step)
        deliver(input_sources, begin, k, 0, indptr, target, weight, delay, in_order, ring, row)
        deliver(
            spike_ids, before, count, n_inputs, indptr, target, weight, delay, in_order, ring, row
        )
        step += 1
    position[N_SPIKES], position[NEXT_INPUT], position[RING_ROW] = count, k, row
    return step
