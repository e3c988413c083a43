"""A run of the reference in progress: its tables, state and threads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._kernels.barrier import new_barrier
from .._kernels.pace import Call, Pace
from .._kernels.waiting import Waiting, new_waiting
from .._kernels.workers import join_lists, run_workers
from .._support.csr import spans
from ..errors import EmulatorError
from ..network import Network
from ..recurrence import first_current
from ..typing import Float64Array, Int32Array, Int64Array
from .currents import Currents
from .kernels import NeuronState, Order, SpikeLists, TraceColumns, run_steps
from .learner import Learner
from .plastic import plastic_connections
from .rows import lags_of, lay_out_rows
from .tables import (
    SUBTRACT_AND_RAISE,
    SUBTRACT_MANY,
    NeuronTable,
    SynapseTable,
    first_indices,
)

__all__ = ["Loop"]

_SYNAPSES = 150_000  # are divided among workers in a third of the time on one thread, pace.ALONE
_SPIKE_BUFFER = 1 << 16  # spikes per worker, in addition to one step in which all neurons spike
WORK_OF_WORKER = 1000
"""Least work of a worker: a step with less takes less time than waiting for another thread."""

_MOST_SPIKES = np.iinfo(np.int32).max  # of a neuron in a step


class Loop:
    """A network laid out for a number of threads, at the beginning of ``step``.

    Parameters
    ----------
    network : Network
        Network to simulate.
    neurons, synapses : NeuronTable, SynapseTable
        Tables of the network.
    inputs : tuple of ndarray of int32
        Step and source of every input spike, sorted by step; may be replaced by those of later
        steps.
    columns : TraceColumns
        Values to record; may be replaced by those of a later run.
    threads : int
        Largest number of threads; as many workers share the neurons, unless there are few.
    dt : float, ms
        Time step.
    currents : Currents, optional
        Currents that change in steps; may be replaced by those of a later run.
    at_once : bool, default False
        Whether connections learn in the order of the chip: see :class:`Plastic`.
    """

    def __init__(
        self,
        network: Network,
        neurons: NeuronTable,
        synapses: SynapseTable,
        inputs: tuple[Int32Array, Int32Array],
        columns: TraceColumns,
        threads: int,
        dt: float,
        currents: Currents | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        self.inputs, self.columns, self.currents = inputs, columns, currents
        self._dt, self._at_once = dt, at_once
        work = 2 * (len(neurons.v_inf) + network.n_synapses // 50)
        self._most_workers = min(threads, max(1, work // WORK_OF_WORKER))
        delay = 1 + len(synapses.target) / _SYNAPSES
        self._pace = Pace(self._most_workers, work, delay)
        self._n_workers = 1
        self._waiting: Waiting | None = None
        self._lay_out(network, neurons, synapses)
        self.rewind()

    def _lay_out(
        self,
        network: Network,
        neurons: NeuronTable,
        synapses: SynapseTable,
        *,
        may_wait: bool = True,
    ) -> None:
        self.network, self.neurons, self.synapses = network, neurons, synapses
        # The tables of connections that learn cannot be divided later.
        learns = bool(plastic_connections(network))
        several = bool((neurons.resets == SUBTRACT_MANY).any())
        self._lags = None
        if may_wait and not several and not learns:
            self._lags = lags_of(neurons, synapses, self._most_workers)
        self._divide(self._most_workers if learns else self._n_workers)
        self._order = Order(network.kicks_decay, input_first=network.input_lead > 0)
        self.learner: Learner | None = None
        self.fan_out = np.diff(synapses.indptr)
        firsts = first_indices((*network.spike_inputs, *network.populations))
        for item in plastic_connections(network):
            own = slice(firsts[item.source.name], firsts[item.source.name] + item.source.size)
            self.fan_out[own] += np.diff(item.indptr)
        if learns:
            self.learner = Learner(network, self._dt, self._shared[0].shares, at_once=self._at_once)

    def _divide(self, n_workers: int) -> None:
        """Give each worker its neurons, the synapses onto them, and a list of spikes."""
        rows = lay_out_rows(self.neurons, self.synapses, n_workers, self._lags)
        room = int(np.diff(rows.shares).max()) + _SPIKE_BUFFER
        several = bool((self.neurons.resets == SUBTRACT_MANY).any())
        starts, spikes = room * np.arange(n_workers), np.empty(n_workers * room, dtype=np.int32)
        payloads = np.empty(len(spikes)) if several else None
        if self._waiting is not None:  # all workers have the same
            kept, counts = self._waiting.spikes[:1], self._waiting.counts[:1]
            self._waiting = Waiting(np.repeat(kept, n_workers, 0), np.repeat(counts, n_workers, 0))
        self._n_workers, self._shared = n_workers, (rows, starts, spikes, payloads)

    def rewind(self) -> None:
        """Go back to step 0."""
        self.step = 0
        if self.learner is not None:
            self.learner.rewind()
        v = [item.parameter("v_init") for item in self.network.populations]
        firsts, seconds = [], []
        for item in self.network.populations:
            firsts.append(first_current(item, "tau_syn_E"))
            seconds += [first_current(item, "tau_syn_I")] if item.model.two_currents else []
            seconds += [np.zeros(item.size)] if item.name in self.network.kicked else []
        raises = bool((self.neurons.resets == SUBTRACT_AND_RAISE).any())
        self.state = NeuronState(
            v=np.concatenate(v),
            i_syn=np.concatenate([*firsts, *seconds]),
            free_from=np.full(sum(len(part) for part in v), -1, dtype=np.int64),
            ring=np.zeros((self._ring_rows, len(self.neurons.gain))),
            raised=np.zeros(sum(len(part) for part in v) if raises else 0),
        )
        if self._lags is not None:
            self._waiting = new_waiting(self._lags, len(self.state.v), self._n_workers)

    @property
    def _ring_rows(self) -> int:
        return self.synapses.ring_rows if self._lags is None else 1

    def go_on(
        self, network: Network, neurons: NeuronTable, synapses: SynapseTable, ring: Float64Array
    ) -> None:
        """Replace the network and the input in transit; the other variables stay."""
        free_from, before, learner = self.state.free_from, self.neurons.hold_steps, self.learner
        free_from += np.where(free_from >= 0, neurons.hold_steps - before, 0)
        if len(ring) > 1 and not synapses.delay.size:  # input in transit, of synapses with delays
            delay = np.zeros(len(synapses.target), dtype=np.uint16)
            synapses = synapses._replace(delay=delay)
        # Sums in transit are in the order in which they were sent; spikes that wait come later.
        self._waiting = None
        self._lay_out(network, neurons, synapses, may_wait=False)
        if self.learner is not None and learner is not None:
            self.learner.go_on_from(learner)
        self.state = self.state._replace(ring=ring)

    def run_to(
        self, stop: int, report: Callable[[int], object]
    ) -> list[tuple[Int32Array, Int32Array, Int32Array]]:
        """Run to ``stop`` in the calls that the pace chooses; return what :meth:`advance` does.

        ``report`` is called after each of them with its number of steps.
        """
        parts = []
        while self.step < stop:
            if self._pace.threads > self._n_workers:
                self._divide(self._pace.threads)
            call, before = self._pace.begin(), self.step
            parts.append(self.advance(min(stop, before + call.steps), call))
            self._pace.end(self.step - before)
            report(self.step - before)
        return parts

    def advance(self, stop: int, call: Call) -> tuple[Int32Array, Int32Array, Int32Array]:
        """Run to ``stop``, until a spike list may be full, or until the patience is over.

        Returns
        -------
        steps, ids, payloads : ndarray of int32
            Step, neuron and payload of each spike; no payloads if no neuron emits several spikes in
            a step.

        Raises
        ------
        EmulatorError
            If a neuron emits more spikes in a step than int32 counts.
        """
        begin, (rows, starts, spikes, payloads) = self.step, self._shared
        if self.currents is not None and self.currents.most_steps is not None:
            stop = min(stop, begin + self.currents.most_steps)
        ends = np.empty((len(starts), stop - begin + 1), dtype=np.int64)
        ends[:, 0] = starts
        self.step = run_workers(
            run_steps,
            call.threads,
            call.threads,
            self.neurons,
            rows,
            *self.inputs,
            int(self.inputs[0].searchsorted(begin)),
            self._order,
            None if self.currents is None else self.currents.rows(begin, stop),
            self.columns,
            self.state,
            SpikeLists(spikes, ends, full=starts + _SPIKE_BUFFER),
            payloads,
            None if self.learner is None else self.learner.plastic(),
            True if self.neurons.uniform.any() else None,
            None if self.neurons.uniform.all() else True,
            True if self.neurons.special else None,
            self._lags,
            self._waiting,
            begin,
            stop,
            barrier=new_barrier(call.patience),
        )
        n_steps = self.step - begin
        steps, ids = join_lists(spikes, ends, 0, n_steps, begin)
        return steps, ids, _joined_payloads(payloads, ends[:, : n_steps + 1])


def _joined_payloads(payloads: Float64Array | None, ends: Int64Array) -> Int32Array:
    """Return the payloads of the spikes of a call, in the order of :func:`join_lists`."""
    if payloads is None:
        return np.empty(0, dtype=np.int32)
    joined = payloads[spans(ends[:, :-1].T.ravel(), np.diff(ends).T.ravel())]
    if joined.max(initial=0.0) > _MOST_SPIKES:
        raise EmulatorError(
            f"run: a neuron emitted {joined.max():.3g} spikes in one step; allowed: at most "
            f"{_MOST_SPIKES}. Shorten dt, or raise the amount that a spike subtracts, v_thresh "
            "- v_reset."
        )
    return joined.astype(np.int32)
