"""The kernel that runs the steps of the reference, on flat arrays.

Arriving input is summed in a circular buffer, the *ring*, with one row for each future step in
which input can arrive. The row of a step is applied at the beginning of the *next* step. So a trace
does not show an input in the step that delivers it, and one pass over the neurons does both input
and propagator. Input that acts in its own step is added to the row that is applied next.

Each worker owns some neurons and alone changes them: it lists their spikes, waits for the other
workers, and then delivers the spikes of all workers, in the order of the neurons, to its own
neurons. A thread does the work of one worker or of several. In large networks spikes wait for their
delays instead, and the ring has one row (:mod:`neurochip._kernels.waiting`). Those sent before the
step are delivered before its input spikes, so that the order is that of the ring.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .._kernels.barrier import must_leave, wait_for_all
from .._kernels.jit import inline_kernel, inner_kernel, kernel
from .._kernels.waiting import Waiting
from ..typing import Float64Array, Int32Array, Int64Array
from .currents import LevelRows
from .delivery import deliver, deliver_newest, deliver_older, each
from .learning import begin_step, end_step
from .plastic_state import Plastic
from .rows import WorkerRows
from .tables import TWO_CURRENTS, NeuronTable
from .update import update_population

__all__ = ["NeuronState", "Order", "SpikeLists", "TraceColumns", "run_steps"]


class NeuronState(NamedTuple):
    """All variables that a step changes.

    Parameters
    ----------
    v : ndarray of float64, shape (n_neurons,)
        Membrane potentials, mV.
    i_syn : ndarray of float64, shape (n_slots,)
        Synaptic currents, nA. The second receptor of a neuron has a slot after those of all
        neurons; that of kicks stays 0.
    free_from : ndarray of int64, shape (n_neurons,)
        First step in which a neuron integrates again, -1 before its first spike. It is later than
        the step of the spike if delta inputs in that step are lost at the reset.
    ring : ndarray of float64, shape (n_rows, n_slots)
        Circular buffer of arriving input (mV or nA), one row per step in which input can arrive.
        Step t begins with row ``t % n_rows``, which holds the input of the step before.
    raised : ndarray of float64, shape (n_neurons,), or (0,) if no reset raises thresholds
        By how much the threshold of the step is raised, mV.
    """

    v: Float64Array
    i_syn: Float64Array
    free_from: Int64Array
    ring: Float64Array
    raised: Float64Array


class SpikeLists(NamedTuple):
    """Spikes of a call.

    Parameters
    ----------
    spikes : ndarray of int32, shape (capacity,)
        Neurons that spiked, step after step; each worker has its own part of this array.
    ends : ndarray of int64, shape (n_workers, n_steps + 1)
        Spikes of the k-th step begin at ``ends[worker, k]`` and end at the next entry.
    full : ndarray of int64, shape (n_workers,)
        Entry beyond which the list of a worker may be too short for the next step.
    """

    spikes: Int32Array
    ends: Int64Array
    full: Int64Array


class Order(NamedTuple):
    """The order of events within a step.

    Parameters
    ----------
    kicks_decay : bool
        Whether delta inputs decay for one step before the threshold is tested. Such inputs are
        lost if they arrive in a refractory step or in the step of the spike.
    input_first : bool
        Whether input spikes act in their own step.
    """

    kicks_decay: bool
    input_first: bool


class TraceColumns(NamedTuple):
    """Columns of recorded values; ``values[first + stride * step]`` is the entry of a step.

    Parameters
    ----------
    ids, first, stride : ndarray of int64, shape (n_columns,)
        Neuron, index of its value in step 0 (negative in a run that begins later), and distance
        between steps.
    currents : ndarray of int64, shape (n_columns,)
        Currents whose sum is recorded: 1 for the first one, 2 for the second one, 3 for both; 0 for
        v.
    second : ndarray of int64, shape (n_columns,)
        Slot of the second receptor; the slot of the first is the neuron's number.
    values : ndarray of float64, shape (n_values,)
        All traces, one after the other.
    """

    ids: Int64Array
    first: Int64Array
    stride: Int64Array
    currents: Int64Array
    second: Int64Array
    values: Float64Array


@inner_kernel
def sample(
    ids: Int64Array,
    first: Int64Array,
    stride: Int64Array,
    currents: Int64Array,
    second: Int64Array,
    values: Float64Array,
    v: Float64Array,
    i_syn: Float64Array,
    begin: int,
    end: int,
    step: int,
) -> None:
    """Copy the recorded values of the neurons from ``begin`` to ``end`` - 1."""
    for k in range(len(ids)):
        if begin <= ids[k] < end:
            value = v[ids[k]] if currents[k] == 0 else 0.0
            if currents[k] & 1:
                value += i_syn[ids[k]]
            if currents[k] & 2:
                value += i_syn[second[k]]
            values[first[k] + stride[k] * step] = value


@inline_kernel
def must_stop(barrier: Any, place: Any, n_threads: Any, ends: Any, full: Any) -> Any:
    """Return whether a spike list may be too short for the next step, or a thread lost patience.

    All threads return the same value, because it depends only on data from before the last barrier.
    """
    stops = must_leave(barrier, place * n_threads)
    for worker in range(len(ends)):
        stops = stops or full[worker] < ends[worker, place]
    return stops


@inner_kernel
def set_levels(
    place: int, begin: int, end: int, levels: LevelRows, v_inf: Float64Array, drift: Float64Array
) -> None:
    """Set the levels of the neurons from ``begin`` to ``end`` - 1 whose current changes."""
    for c in range(levels.starts[place], levels.starts[place + 1]):
        i = levels.ids[c]
        if begin <= i < end:
            v_inf[i] = levels.v_inf[c]
            drift[i] = levels.drift[c]


@inline_kernel
def first_after(input_steps: Any, k: Any, step: Any) -> Any:
    """Return the first input spike after ``step``, from spike ``k`` on."""
    while k < len(input_steps) and input_steps[k] == step:
        k += 1
    return k


@kernel
def run_steps(
    thread: int,
    n_threads: int,
    neurons: NeuronTable,
    rows: WorkerRows,
    input_steps: Int32Array,
    input_sources: Int32Array,
    next_input: int,
    order: Order,
    levels: LevelRows | None,
    columns: TraceColumns,
    state: NeuronState,
    output: SpikeLists,
    payloads: Float64Array | None,
    plastic: Plastic | None,
    shared: bool | None,
    varied: bool | None,
    special: bool | None,
    lags: Int64Array | None,
    waiting: Waiting | None,
    step: int,
    stop: int,
    barrier: Int64Array,
) -> int:
    """Run from ``step`` to ``stop``, or to the step in which all threads leave; return the next.

    They leave if a spike list may be full, or if they lose their patience.

    ``next_input`` is the first input spike from ``step`` on. ``levels`` is None without currents
    that change in steps, and its first row is that of ``step``. ``payloads`` has a number for each
    entry of the spike lists; it is None if no neuron emits several spikes in a step. ``plastic`` is
    None if no connection learns, ``shared`` if no population is uniform, ``varied`` if all are,
    ``special`` as in :func:`update_population`, and ``lags`` and ``waiting`` if no spike waits. If
    the barrier is broken, the state is inconsistent.
    """
    (
        bounds,
        receptors,
        resets,
        bounded,
        uniform,
        second_slot,
        v_inf,
        v_thresh,
        v_reset,
        v_min,
        keep_v,
        drift,
        keep_syn,
        gain,
        hold_steps,
    ) = neurons
    kicks_decay, input_first = order
    ids, first, stride, recorded, second, values = columns
    v, i_syn, free_from, ring, raised = state
    spikes, ends, full = output
    n_workers, n_rows, k = len(ends), ring.shape[0], next_input
    first_worker = thread * n_workers // n_threads
    end_worker = (thread + 1) * n_workers // n_threads
    n_sources = (len(rows.indptr) - 1) // n_workers
    n_inputs = n_sources - len(v) * each(lags)
    place, row = 0, step % n_rows
    while step < stop and not must_stop(barrier, place, n_threads, ends, full):
        now, row = row, row + 1 if row + 1 < n_rows else 0
        arrived = ring[now]
        begin, k = k, first_after(input_steps, k, step)
        late = k if input_first else begin
        for worker in range(first_worker, end_worker):
            own, own_end = rows.shares[worker], rows.shares[worker + 1]
            first_input, first_neuron = worker * n_sources, worker * n_sources + n_inputs
            if levels is not None:
                set_levels(place, own, own_end, levels, v_inf, drift)
            if plastic is not None:
                begin_step(
                    worker, own, plastic, input_sources, begin, k, step, arrived, input_first
                )  # fmt: skip
            deliver(input_sources, begin, late, first_input, 1, rows, ring, now)
            n = ends[worker, place]
            for p in range(len(receptors)):
                a, b = max(bounds[p], own), min(bounds[p + 1], own_end)
                if a >= b:
                    continue
                j = second_slot[p] + a - bounds[p] if receptors[p] >= TWO_CURRENTS else a
                if varied is None or (shared is not None and uniform[p]):
                    n = update_population(
                        *(v, i_syn, arrived, free_from, v_inf, keep_v[a], drift[a]),
                        *(keep_syn[a], gain[a], keep_syn[j], gain[j]),
                        *(v_thresh[a], v_reset[a], v_min[a], hold_steps[a]),
                        *(receptors[p], resets[p], bounded[p], special, kicks_decay, a, b, j, step),
                        *(spikes, payloads, raised, n),
                    )
                else:
                    n = update_population(
                        *(v, i_syn, arrived, free_from, v_inf, keep_v, drift),
                        *(keep_syn, gain, keep_syn, gain, v_thresh, v_reset, v_min, hold_steps),
                        *(receptors[p], resets[p], bounded[p], special, kicks_decay, a, b, j, step),
                        *(spikes, payloads, raised, n),
                    )
            ends[worker, place + 1] = n
            sample(ids, first, stride, recorded, second, values, v, i_syn, own, own_end, step)
            deliver_older(worker, step, lags, waiting, first_neuron, rows, ring)
            deliver(input_sources, late, k, first_input, 1, rows, ring, row)
        step, place = step + 1, place + 1
        if n_threads > 1 and not wait_for_all(barrier, place * n_threads):
            break
        for worker in range(first_worker, end_worker):
            own, own_end = rows.shares[worker], rows.shares[worker + 1]
            first_neuron = worker * n_sources + n_inputs
            deliver_newest(
                *(worker, step - 1, place - 1, spikes, payloads, ends),
                *(lags, waiting, first_neuron, rows, ring, row),
            )
            if plastic is not None:
                end_step(
                    worker, own, own_end, plastic, spikes, ends, place - 1, n_inputs, step - 1,
                    ring[row], input_first,
                )  # fmt: skip
    return step
