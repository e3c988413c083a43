"""The steps of a run, as loops over flat arrays.

Spikes travel through a ring with one row for every step that something can still arrive in. A row
is taken in at the beginning of the step *after* its own: so a trace shows no kick in the step that
delivers it, and one pass over the neurons does the kicks and the propagator. Input that acts in its
own step goes to the row that is about to be taken in.

Each worker has its own neurons, and does everything that changes them: it lists their spikes, and
after a wait for the others delivers those of all, in the order of the neurons, to its own.
"""

from __future__ import annotations

from typing import NamedTuple

from .._kernels.barrier import wait_for_all
from .._kernels.jit import kernel
from ..typing import Float64Array, Int32Array, Int64Array
from .delivery import deliver
from .rows import WorkerRows
from .tables import NeuronTable
from .update import update_population

__all__ = ["NeuronState", "Order", "SpikeLists", "TraceColumns", "run_steps"]


class NeuronState(NamedTuple):
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
        Sums of what arrives (mV or nA): a row for each step that something can still arrive in.
        Step t begins with row ``t % n_rows``, which holds what arrived in the step before.
    """

    v: Float64Array
    i_syn: Float64Array
    free_from: Int64Array
    ring: Float64Array


class SpikeLists(NamedTuple):
    """Spikes of a call.

    Parameters
    ----------
    spikes : ndarray of int32, shape (capacity,)
        Neurons, step after step; each worker has a part of it.
    ends : ndarray of int64, shape (n_workers, n_steps + 1)
        Spikes of the k-th step begin at ``ends[worker, k]`` and end at the entry after it.
    full : ndarray of int64, shape (n_workers,)
        Where the next step might not fit.
    """

    spikes: Int32Array
    ends: Int64Array
    full: Int64Array


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


class TraceColumns(NamedTuple):
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
def sample(
    ids: Int64Array,
    first: Int64Array,
    stride: Int64Array,
    current: Int64Array,
    second: Int64Array,
    values: Float64Array,
    v: Float64Array,
    i_syn: Float64Array,
    begin: int,
    end: int,
    step: int,
) -> None:
    """Copy what is recorded of the neurons from ``begin`` to ``end``."""
    for k in range(len(ids)):
        if begin <= ids[k] < end:
            value = i_syn[ids[k]] if current[k] > 0 else v[ids[k]]
            if current[k] == 2:
                value += i_syn[second[k]]
            values[first[k] + stride[k] * step] = value


@kernel
def is_full(ends: Int64Array, full: Int64Array, place: int) -> bool:
    """Whether a list might overflow; what is read was written before the last wait."""
    any_full = False
    for worker in range(len(ends)):
        any_full = any_full or full[worker] < ends[worker, place]
    return any_full


@kernel
def run_steps(
    worker: int,
    neurons: NeuronTable,
    rows: WorkerRows,
    input_steps: Int32Array,
    input_sources: Int32Array,
    next_input: int,
    order: Order,
    columns: TraceColumns,
    state: NeuronState,
    output: SpikeLists,
    step: int,
    stop: int,
    barrier: Int64Array,
) -> int:
    """Run from ``step`` to ``stop``, or to where a list may overflow; return where.

    ``next_input`` is the first input spike from ``step`` on. Where the barrier is broken the state
    is that of no step.
    """
    (
        bounds,
        n_currents,
        uniform,
        second_slot,
        v_inf,
        v_thresh,
        v_reset,
        keep_v,
        drift,
        keep_syn,
        gain,
        hold_steps,
    ) = neurons
    kicks_decay, input_first = order
    ids, first, stride, current, second, values = columns
    v, i_syn, free_from, ring = state
    spikes, ends, full = output
    n_workers, n_rows, k = len(ends), ring.shape[0], next_input
    own, own_end = rows.shares[worker], rows.shares[worker + 1]
    n_sources = (len(rows.indptr) - 1) // n_workers
    first_input, first_neuron = worker * n_sources, (worker + 1) * n_sources - len(v)
    first_step, row = step, step % n_rows
    while step < stop and not is_full(ends, full, step - first_step):
        place, arrived = step - first_step, ring[row]
        begin = k
        while k < len(input_steps) and input_steps[k] == step:
            k += 1
        if input_first:
            deliver(input_sources, begin, k, first_input, rows, ring, row)
            begin = k
        n = ends[worker, place]
        for p in range(len(n_currents)):
            a, b = max(bounds[p], own), min(bounds[p + 1], own_end)
            if a >= b:
                continue
            j = second_slot[p] + a - bounds[p] if n_currents[p] == 2 else a
            if uniform[p]:
                n = update_population(
                    *(v, i_syn, arrived, free_from, v_inf, keep_v[a], drift[a]),
                    *(keep_syn[a], gain[a], keep_syn[j], gain[j]),
                    *(v_thresh[a], v_reset[a], hold_steps[a]),
                    *(n_currents[p], kicks_decay, a, b, j, step, spikes, n),
                )
            else:
                n = update_population(
                    *(v, i_syn, arrived, free_from, v_inf, keep_v, drift),
                    *(keep_syn, gain, keep_syn, gain, v_thresh, v_reset, hold_steps),
                    *(n_currents[p], kicks_decay, a, b, j, step, spikes, n),
                )
        ends[worker, place + 1] = n
        row = row + 1 if row + 1 < n_rows else 0
        sample(ids, first, stride, current, second, values, v, i_syn, own, own_end, step)
        deliver(input_sources, begin, k, first_input, rows, ring, row)
        step += 1
        if n_workers > 1:
            all_came = wait_for_all(barrier, (step - first_step) * n_workers)
            if not all_came:
                break
        for other in range(n_workers):
            a, b = ends[other, place], ends[other, place + 1]
            deliver(spikes, a, b, first_neuron, rows, ring, row)
    return step
