"""A run of the reference in progress: its tables, state and threads."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .._kernels.barrier import new_barrier
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

_CALL_TIME = 0.05  # s; approximate time between updates of progress and checks for Ctrl-C
_SPIKE_BUFFER = 1 << 16  # spikes per worker, in addition to one step in which all neurons spike
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
    n_workers : int
        Number of threads.
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
        n_workers: int,
        dt: float,
        currents: Currents | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        self.inputs, self.columns, self.currents = inputs, columns, currents
        self._n_workers, self._dt, self._at_once = n_workers, dt, at_once
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
        several = bool((neurons.resets == SUBTRACT_MANY).any())
        self._lags = None
        if may_wait and not several and not plastic_connections(network):
            self._lags = lags_of(neurons, synapses, self._n_workers)
        self._rows = lay_out_rows(neurons, synapses, self._n_workers, self._lags)
        self._order = Order(network.kicks_decay, input_first=network.input_lead > 0)
        room = int(np.diff(self._rows.shares).max()) + _SPIKE_BUFFER
        self._starts = room * np.arange(self._n_workers)
        self._spikes = np.empty(self._n_workers * room, dtype=np.int32)
        self._payloads = np.empty(len(self._spikes)) if several else None
        self.learner: Learner | None = None
        self.fan_out = np.diff(synapses.indptr)
        firsts = first_indices((*network.spike_inputs, *network.populations))
        for item in plastic_connections(network):
            own = slice(firsts[item.source.name], firsts[item.source.name] + item.source.size)
            self.fan_out[own] += np.diff(item.indptr)
        if plastic_connections(network):
            self.learner = Learner(network, self._dt, self._rows.shares, at_once=self._at_once)

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
        self._waiting: Waiting | None = None
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
        self._lay_out(network, neurons, synapses, may_wait=False)
        self._waiting = None
        if self.learner is not None and learner is not None:
            self.learner.go_on_from(learner)
        self.state = self.state._replace(ring=ring)

    def run_to(
        self, stop: int, report: Callable[[int], object]
    ) -> list[tuple[Int32Array, Int32Array, Int32Array]]:
        """Run to ``stop`` in calls of about ``_CALL_TIME``; return what :meth:`advance` does.

        ``report`` is called after each of them with its number of steps.
        """
        parts = []
        ahead = 1
        while self.step < stop:
            began, before = time.perf_counter(), self.step
            parts.append(self.advance(min(stop, before + ahead)))
            report(self.step - before)
            quick = time.perf_counter() - began < _CALL_TIME
            ahead = 2 * ahead if quick else max(1, ahead // 2)
        return parts

    def advance(self, stop: int) -> tuple[Int32Array, Int32Array, Int32Array]:
        """Run to ``stop``, or until a spike list may be full.

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
        begin, n_workers = self.step, self._n_workers
        if self.currents is not None and self.currents.most_steps is not None:
            stop = min(stop, begin + self.currents.most_steps)
        ends = np.empty((n_workers, stop - begin + 1), dtype=np.int64)
        ends[:, 0] = self._starts
        self.step = run_workers(
            run_steps,
            n_workers,
            self.neurons,
            self._rows,
            *self.inputs,
            int(self.inputs[0].searchsorted(begin)),
            self._order,
            None if self.currents is None else self.currents.rows(begin, stop),
            self.columns,
            self.state,
            SpikeLists(self._spikes, ends, full=self._starts + _SPIKE_BUFFER),
            self._payloads,
            None if self.learner is None else self.learner.plastic(),
            True if self.neurons.uniform.any() else None,
            None if self.neurons.uniform.all() else True,
            True if self.neurons.special else None,
            self._lags,
            self._waiting,
            begin,
            stop,
            barrier=new_barrier(),
        )
        n_steps = self.step - begin
        steps, ids = join_lists(self._spikes, ends, 0, n_steps, begin)
        return steps, ids, self._joined_payloads(ends[:, : n_steps + 1])

    def _joined_payloads(self, ends: Int64Array) -> Int32Array:
        """Return the payloads of the spikes of a call, in the order of :func:`join_lists`."""
        if self._payloads is None:
            return np.empty(0, dtype=np.int32)
        payloads = self._payloads[spans(ends[:, :-1].T.ravel(), np.diff(ends).T.ravel())]
        if payloads.max(initial=0.0) > _MOST_SPIKES:
            raise EmulatorError(
                f"run: a neuron emitted {payloads.max():.3g} spikes in one step; allowed: at most "
                f"{_MOST_SPIKES}. Shorten dt, or raise the amount that a spike subtracts, v_thresh "
                "- v_reset."
            )
        return payloads.astype(np.int32)
