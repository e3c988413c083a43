"""A run of the reference in progress: its tables, state and threads."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .._kernels.barrier import new_barrier
from .._kernels.workers import join_lists, run_workers
from ..network import Network
from ..typing import Float64Array, Int32Array
from .currents import Currents
from .kernels import NeuronState, Order, SpikeLists, TraceColumns, run_steps
from .rows import lay_out_rows
from .tables import NeuronTable, SynapseTable

__all__ = ["Loop"]

_CALL_TIME = 0.05  # s; approximate time between updates of progress and checks for Ctrl-C
_SPIKE_BUFFER = 1 << 16  # spikes per worker, in addition to one step in which all neurons spike


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
    currents : Currents, optional
        Currents that change in steps; may be replaced by those of a later run.
    """

    def __init__(
        self,
        network: Network,
        neurons: NeuronTable,
        synapses: SynapseTable,
        inputs: tuple[Int32Array, Int32Array],
        columns: TraceColumns,
        n_workers: int,
        currents: Currents | None = None,
    ) -> None:
        self.inputs, self.columns, self.currents = inputs, columns, currents
        self._n_workers = n_workers
        self._lay_out(network, neurons, synapses)
        self.rewind()

    def _lay_out(self, network: Network, neurons: NeuronTable, synapses: SynapseTable) -> None:
        self.network, self.neurons, self.synapses = network, neurons, synapses
        self._rows = lay_out_rows(neurons, synapses, self._n_workers)
        self._order = Order(network.kicks_decay, input_first=network.input_lead > 0)
        room = int(np.diff(self._rows.shares).max()) + _SPIKE_BUFFER
        self._starts = room * np.arange(self._n_workers)
        self._spikes = np.empty(self._n_workers * room, dtype=np.int32)

    def rewind(self) -> None:
        """Go back to step 0."""
        self.step = 0
        v = [item.parameter("v_init") for item in self.network.populations]
        firsts, seconds = [], []
        for item in self.network.populations:
            current, two = item.parameter("i_syn_init"), item.model.two_currents
            firsts.append(np.maximum(current, 0.0) if two else current)
            seconds += [np.minimum(current, 0.0)] if two else []
            seconds += [np.zeros(item.size)] if item.name in self.network.kicked else []
        self.state = NeuronState(
            v=np.concatenate(v),
            i_syn=np.concatenate([*firsts, *seconds]),
            free_from=np.zeros(sum(len(part) for part in v), dtype=np.int64),
            ring=np.zeros((self.synapses.ring_rows, len(self.neurons.gain))),
        )

    def go_on(
        self, network: Network, neurons: NeuronTable, synapses: SynapseTable, ring: Float64Array
    ) -> None:
        """Replace the network and the input in transit; v, currents and spike times stay."""
        free_from, before = self.state.free_from, self.neurons.hold_steps
        free_from += np.where(free_from > 0, neurons.hold_steps - before, 0)
        self._lay_out(network, neurons, synapses)
        self.state = self.state._replace(ring=ring)

    def run_to(
        self, stop: int, report: Callable[[int], object]
    ) -> list[tuple[Int32Array, Int32Array]]:
        """Run to ``stop`` in calls of about ``_CALL_TIME``; return steps and neurons of the spikes.

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

    def advance(self, stop: int) -> tuple[Int32Array, Int32Array]:
        """Run to ``stop``, or until a spike list may be full; return step and neuron of spikes."""
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
            begin,
            stop,
            barrier=new_barrier(),
        )
        return join_lists(self._spikes, ends, 0, self.step - begin, begin)
