"""Exchange neurons between pairs of cores to save messages."""

from __future__ import annotations

import numpy as np

from neurochip.packing.budget import RESOURCES, Filler
from neurochip.packing.filling import Filling
from neurochip.packing.wiring import Wiring
from neurochip.typing import Float64Array, Int64Array

__all__ = ["Pairs"]

_LEAST = 1e-12  # fraction of all messages; a smaller saving is rounding error


class Pairs:
    """Tries exchanges of neurons between two cores; reusable for all pairs.

    Parameters
    ----------
    wiring : Wiring
        Neurons and their synapses.
    filler : Filler
        Filler of this wiring, which counts resources.
    rate : ndarray of float64, shape (n_sources,)
        Spikes per step of each source. Inputs are ignored, since they send no messages between
        cores.
    order, core_ptr : ndarray of int64
        Neurons core by core, and the start of each core. These cores provide the mean memory of a
        synapse of each source.
    """

    def __init__(
        self,
        wiring: Wiring,
        filler: Filler,
        rate: Float64Array,
        order: Int64Array,
        core_ptr: Int64Array,
    ) -> None:
        from .exchange_kernels import FOLLOWED, Cut, weigh

        self._resources = RESOURCES[:FOLLOWED]
        self._kernel = (filler.scratch, filler.tables, filler.packing)
        n, n_sources = wiring.n_neurons, wiring.n_sources
        (pin_ptr, pin), (edge_ptr, edge) = wiring.pins, wiring.edges
        bits = np.zeros(n_sources)
        weigh(order, core_ptr, bits, *self._kernel)
        inside = np.where(np.arange(n_sources) < wiring.n_compartments, rate, 0.0)
        self._least = _LEAST * float(inside.sum())
        self._cut = Cut(
            pin_ptr=pin_ptr,
            pin=pin,
            edge_ptr=edge_ptr,
            edge=edge,
            rate=inside,
            bits=bits / np.maximum(1, np.diff(edge_ptr)),
            side=np.full(n, -1, dtype=np.int8),
            free=np.zeros(n, dtype=np.int8),
            gain=np.zeros(n),
            count=np.zeros((n_sources, 2), dtype=np.int32),
            moved=np.empty(n, dtype=np.int64),
            saved=np.empty(n),
            filled=np.empty(n, dtype=np.int64),
            usage=np.zeros((2, FOLLOWED), dtype=np.int64),
        )

    def followed(self, filling: Filling) -> Int64Array:
        """Return the use of the resources that exchanges track, shape (n_cores, n_followed)."""
        return np.stack([filling.usage[name] for name in self._resources], axis=1)

    def exchange(
        self, one: Int64Array, other: Int64Array, usage: Int64Array
    ) -> tuple[float, Int64Array, Int64Array, Int64Array]:
        """Exchange neurons between two cores, within all limits.

        Parameters
        ----------
        one, other : ndarray of int64
            Neurons of the two cores. A core is filled in the order of these numbers.
        usage : ndarray of int64, shape (2, n_followed)
            Use of the tracked resources on both cores.

        Returns
        -------
        saved : float
            Messages per step that are saved; 0 if nothing was changed.
        one, other, usage : ndarray of int64
            The same arrays after the exchange.
        """
        from .exchange_kernels import exchange

        both = np.sort(np.concatenate([one, other]))
        side = self._cut.side
        side[one], side[other] = 0, 1
        self._cut.usage[:] = usage
        saved = float(exchange(both, self._least, *self._kernel, self._cut))
        first = side[both] == 0
        side[both] = -1
        after = self._cut.usage.copy() if saved else usage
        return saved, both[first], both[~first], after
