"""Spikes in transit: those whose input has not arrived when a run ends.

The ring of the kernel holds sums of weights. To go on with other weights, the same sums are formed
again from the spikes, in the order in which the kernel forms them, so that equal weights give equal
bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._support.csr import spans
from ..typing import Float64Array, Int32Array, Int64Array
from .tables import SynapseTable

__all__ = ["Arrivals", "Sent", "ring_of"]


class Arrivals(NamedTuple):
    """Input in transit, in the order in which it was sent.

    Parameters
    ----------
    steps : ndarray of int64, shape (n_arrivals,)
        Step that begins with the input.
    synapses : ndarray of int64, shape (n_arrivals,)
        Synapse of the :class:`SynapseTable`.
    payloads : ndarray of int32, shape (n_arrivals,)
        Payload of the spike.
    """

    steps: Int64Array
    synapses: Int64Array
    payloads: Int32Array

    @classmethod
    def none(cls) -> Arrivals:
        """Return the input in transit at step 0."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, nothing.astype(np.int32))

    def after(self, sent: Sent, synapses: SynapseTable, step: int, input_lead: int) -> Arrivals:
        """Return what is in transit at ``step``, after more spikes were sent."""
        places, sources, is_neuron, payloads = sent
        order = np.lexsort((is_neuron, places))
        fan_out = np.diff(synapses.indptr)[sources[order]]
        own = spans(synapses.indptr[sources[order]], fan_out)
        arrive = np.repeat(places[order] + 1 - input_lead * ~is_neuron[order], fan_out)
        if synapses.delay.size:
            arrive += synapses.delay[own]
        steps = np.concatenate([self.steps, arrive])
        later = steps >= step
        return Arrivals(
            steps[later],
            np.concatenate([self.synapses, own])[later],
            np.concatenate([self.payloads, np.repeat(payloads[order], fan_out)])[later],
        )


class Sent(NamedTuple):
    """Spikes by step and by source of the :class:`SynapseTable`, each kind sorted by step."""

    steps: Int64Array
    sources: Int64Array
    is_neuron: np.ndarray[tuple[int], np.dtype[np.bool_]]
    payloads: Int32Array

    @classmethod
    def none(cls) -> Sent:
        """Return no spikes."""
        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, np.empty(0, np.bool_), np.empty(0, np.int32))

    def plus(
        self,
        steps: Int32Array,
        sources: Int32Array,
        first: int,
        n_inputs: int,
        payloads: Int32Array | None = None,
    ) -> Sent:
        """Return these spikes and more of them, without those before step ``first``.

        The new ones are sorted by step, so that most of a long run is cut off without being read.
        Without ``payloads`` each of them counts once.
        """
        late, kept = slice(np.searchsorted(steps, first), None), self.steps >= first
        new = np.ones(len(steps[late]), np.int32) if payloads is None else payloads[late]
        return Sent(
            np.concatenate([self.steps[kept], steps[late]]),
            np.concatenate([self.sources[kept], sources[late]]),
            np.concatenate([self.is_neuron[kept], sources[late] >= n_inputs]),
            np.concatenate([self.payloads[kept], new]),
        )


def ring_of(arrivals: Arrivals, synapses: SynapseTable, step: int, n_slots: int) -> Float64Array:
    """Return the ring of the kernel at the beginning of ``step``, with input in transit."""
    longest = int(arrivals.steps.max(initial=step)) - step
    ring = np.zeros((max(synapses.ring_rows, longest + 1), n_slots))
    slots = synapses.target[arrivals.synapses]
    values = arrivals.payloads * synapses.weight[arrivals.synapses]
    np.add.at(ring, (arrivals.steps % len(ring), slots), values)
    return ring
