"""One step of all neurons and synapses, as loops over flat arrays.

Spikes travel through a ring with a row for every step that something can still arrive in. A row
is emptied into v or the current at the beginning of the step *after* its own: then a trace shows
no kick in the step that delivers it, and every neuron is touched once a step.
"""

from __future__ import annotations

from typing import NamedTuple

from .._jit import kernel
from ..typing import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array
from .tables import Neurons, Synapses

__all__ = ["N_SPIKES", "NEXT_INPUT", "SYNAPTIC_EVENTS", "Probes", "State", "run_steps"]

N_SPIKES, NEXT_INPUT, SYNAPTIC_EVENTS = 0, 1, 2  # places in State.progress


class State(NamedTuple):
    """Everything that a step changes.

    Parameters
    ----------
    v, i_syn : ndarray of float64, shape (n_neurons,)
        mV and nA.
    free_from : ndarray of int64, shape (n_neurons,)
        First step in which a neuron integrates again. It is later than the step of the spike
        itself, so that kicks in that step are lost to the reset.
    ring : ndarray of float64, shape (n_rows, n_neurons)
        Sums of what arrives (mV or nA); row ``step % n_rows`` belongs to ``step``.
    spike_steps, spike_ids : ndarray of int32, shape (capacity,)
        Spikes since the buffers were last emptied.
    progress : ndarray of int64, shape (3,)
        Spikes in the buffers, input spikes consumed, synaptic events so far.
    """

    v: Float64Array
    i_syn: Float64Array
    free_from: Int64Array
    ring: Float64Array
    spike_steps: Int32Array
    spike_ids: Int32Array
    progress: Int64Array


class Probes(NamedTuple):
    """Where the value of each recorded neuron goes: ``values[first + stride * step]``.

    Parameters
    ----------
    ids, first, stride : ndarray of int64, shape (n_columns,)
        Neuron, place in step 0, and distance between steps.
    is_current : ndarray of bool, shape (n_columns,)
        Whether the value is i_syn; else v.
    values : ndarray of float64, shape (n_values,)
        All traces, one after the other.
    """

    ids: Int64Array
    first: Int64Array
    stride: Int64Array
    is_current: BoolArray
    values: Float64Array


@kernel
def advance_delta(
    v: Float64Array,
    free_from: Int64Array,
    arrived: Float64Array,
    v_inf: Float64Array,
    decay: Float64Array,
    step: int,
) -> None:
    """Take in the kicks of the step before, then decay toward v_inf."""
    for i in range(len(v)):
        kick = arrived[i] if free_from[i] < step else 0.0
        arrived[i] = 0.0
        moved = v_inf[i] + (v[i] + kick - v_inf[i]) * decay[i]
        v[i] = moved if free_from[i] <= step else v[i]


@kernel
def advance_current(
    v: Float64Array,
    i_syn: Float64Array,
    free_from: Int64Array,
    arrived: Float64Array,
    v_inf: Float64Array,
    decay: Float64Array,
    decay_syn: Float64Array,
    gain: Float64Array,
    step: int,
) -> None:
    """Take in the currents of the step before, then advance v and decay the current."""
    for i in range(len(v)):
        current = i_syn[i] + arrived[i]
        arrived[i] = 0.0
        moved = v_inf[i] + (v[i] - v_inf[i]) * decay[i] + gain[i] * current
        v[i] = moved if free_from[i] <= step else v[i]
        i_syn[i] = current * decay_syn[i]


@kernel
def advance(neurons: Neurons, state: State, step: int) -> None:
    """Advance every population by one step."""
    arrived = state.ring[(step - 1) % state.ring.shape[0]]
    for block in range(len(neurons.has_current)):
        a, b = neurons.bounds[block], neurons.bounds[block + 1]
        if neurons.has_current[block]:
            advance_current(
                state.v[a:b],
                state.i_syn[a:b],
                state.free_from[a:b],
                arrived[a:b],
                neurons.v_inf[a:b],
                neurons.decay[a:b],
                neurons.decay_syn[a:b],
                neurons.gain[a:b],
                step,
            )
        else:
            advance_delta(
                state.v[a:b],
                state.free_from[a:b],
                arrived[a:b],
                neurons.v_inf[a:b],
                neurons.decay[a:b],
                step,
            )


@kernel
def fire(neurons: Neurons, state: State, step: int) -> None:
    """Note and reset every neuron above its threshold.

    A refractory neuron is held at its reset, below its threshold, and needs no test. The reset
    may come before the delivery since the kicks of this step wait in the ring.
    """
    count = state.progress[N_SPIKES]
    for i in range(len(state.v)):
        if state.v[i] > neurons.v_thresh[i]:
            state.v[i] = neurons.v_reset[i]
            state.free_from[i] = step + neurons.hold_steps[i]
            state.spike_steps[count] = step
            state.spike_ids[count] = i
            count += 1
    state.progress[N_SPIKES] = count


@kernel
def sample(probes: Probes, state: State, step: int) -> None:
    """Copy what the probes asked for."""
    for k in range(len(probes.ids)):
        i = probes.ids[k]
        value = state.i_syn[i] if probes.is_current[k] else state.v[i]
        probes.values[probes.first[k] + probes.stride[k] * step] = value


@kernel
def deliver_now(weight: Float64Array, target: Int32Array, row: Float64Array) -> None:
    """Add the synapses of one source to this step."""
    for k in range(len(target)):
        row[target[k]] += weight[k]


@kernel
def deliver_later(
    weight: Float64Array, target: Int32Array, delay: UInt16Array, ring: Float64Array, slot: int
) -> None:
    """Add the synapses of one source to the steps in which they arrive."""
    n_rows = ring.shape[0]
    for k in range(len(target)):
        row = slot + delay[k]
        row -= n_rows if row >= n_rows else 0
        ring[row, target[k]] += weight[k]


@kernel
def deliver(synapses: Synapses, state: State, source: int, step: int) -> None:
    """Send one spike to all targets of its source."""
    a, b = synapses.indptr[source], synapses.indptr[source + 1]
    n_rows = state.ring.shape[0]
    if n_rows == 1:
        deliver_now(synapses.weight[a:b], synapses.target[a:b], state.ring[0])
    else:
        deliver_later(
            synapses.weight[a:b],
            synapses.target[a:b],
            synapses.delay[a:b],
            state.ring,
            step % n_rows,
        )
    state.progress[SYNAPTIC_EVENTS] += b - a


@kernel
def deliver_inputs(
    synapses: Synapses, state: State, steps: Int32Array, sources: Int32Array, step: int
) -> None:
    """Send the input spikes of this step."""
    k = state.progress[NEXT_INPUT]
    while k < len(steps) and steps[k] == step:
        deliver(synapses, state, sources[k], step)
        k += 1
    state.progress[NEXT_INPUT] = k


@kernel
def run_steps(
    neurons: Neurons,
    synapses: Synapses,
    input_steps: Int32Array,
    input_sources: Int32Array,
    probes: Probes,
    state: State,
    step: int,
    stop: int,
) -> int:
    """Run from ``step`` to ``stop``, or to where the spike buffers may overflow; return where."""
    n_neurons = len(state.v)
    n_inputs = len(synapses.indptr) - 1 - n_neurons
    while step < stop and state.progress[N_SPIKES] + n_neurons <= len(state.spike_ids):
        first = state.progress[N_SPIKES]
        advance(neurons, state, step)
        fire(neurons, state, step)
        sample(probes, state, step)
        deliver_inputs(synapses, state, input_steps, input_sources, step)
        for k in range(first, state.progress[N_SPIKES]):
            deliver(synapses, state, n_inputs + state.spike_ids[k], step)
        step += 1
    return step
