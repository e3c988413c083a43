"""Count the axons between filled cores, and list the sources that reach each core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..chip.spec import CoreSpec
from ..typing import Float64Array, Int32Array, Int64Array
from .filling import Filling
from .threads import on_threads, threads_for
from .wiring import Wiring

__all__ = ["Reach", "add_axons", "reach_of"]


@dataclass(frozen=True, eq=False)
class Reach:
    """Sources with a synapse on each core.

    Parameters
    ----------
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Sources of core i are ``source[core_ptr[i]:core_ptr[i + 1]]``.
    source : ndarray of int32, shape (n_pairs,)
        Numbers of compartments, and of inputs, which are numbered after the compartments.
    """

    core_ptr: Int64Array
    source: Int32Array

    def grouped(
        self, group_of: Int64Array, value: Float64Array
    ) -> tuple[Int64Array, Int64Array, Int64Array, Float64Array]:
        """Sum a value over the compartments of each group that reach each core.

        Parameters
        ----------
        group_of : ndarray of int64, shape (n_compartments,)
            Group of each compartment, from 0 on.
        value : ndarray of float64, shape (n_sources,)
            Value of each source, such as its spikes per step.

        Returns
        -------
        group, core, count, total : ndarray, shape (n_pairs,)
            Each pair of group and core once, sorted, with the number of compartments and their
            total value.
        """
        from .tallies import add_pairs, count_pairs

        size = int(group_of.max(initial=-1)) + 1
        n = count_pairs(self.core_ptr, self.source, group_of, np.full(size, -1))
        group, core = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        count, total = np.zeros(n, dtype=np.int64), np.zeros(n)
        place = np.full(size, -1)
        add_pairs(self.core_ptr, self.source, group_of, value, place, group, core, count, total)
        order = np.lexsort((core, group))
        return group[order], core[order], count[order], total[order]

    def from_outside(self, n_compartments: int, value: Float64Array) -> Float64Array:
        """Return the total value of the inputs that reach each core, shape (n_cores,)."""
        inputs = np.flatnonzero(self.source >= n_compartments)
        core = np.searchsorted(self.core_ptr, inputs, side="right") - 1
        total = np.bincount(core, value[self.source[inputs]], len(self.core_ptr) - 1)
        return total.astype(np.float64)


def reach_of(filling: Filling, wiring: Wiring) -> Reach:
    """Return the sources that reach each core, in the order in which they first do."""
    from .._kernels.plain import call
    from .tallies import list_reach

    ptr = np.empty(filling.n_cores + 1, dtype=np.int64)
    # Long enough for any filling; pages that are never written take no memory.
    source = np.empty(len(wiring.in_list), dtype=np.int32)
    call(
        list_reach,
        len(source) + len(filling.order),
        filling.order,
        filling.core_ptr,
        wiring.synapse_ptr,
        wiring.in_list,
        wiring.list_source,
        np.full(wiring.n_sources, -1, dtype=np.int32),
        ptr,
        source,
    )
    return Reach(ptr, source[: ptr[-1]])


def add_axons(
    filling: Filling,
    wiring: Wiring,
    core_of: Int64Array,
    population: Int64Array,
    core: CoreSpec,
    chip_of: Int64Array,
) -> dict[str, Int64Array]:
    """Return ``filling.usage`` with the axons between neurons, and further entries that learn.

    Both are known when all cores are filled.

    Parameters
    ----------
    filling : Filling
        Neurons on cores.
    wiring : Wiring
        The compartments and their synapses.
    core_of, population : ndarray of int64, shape (n_compartments,)
        Core and population of each compartment.
    core : CoreSpec
        Costs of an axon.
    chip_of : ndarray of int64, shape (n_cores,)
        Chip of each core.
    """
    from .._kernels.plain import call
    from .tallies import add_axons_of, groups_on

    n_cores, usage = filling.n_cores, filling.usage
    # Neurons of a population on the same core form a group.
    pairs, group_of = np.unique(population * n_cores + core_of, return_inverse=True)
    of_source = np.full(wiring.n_sources, -1, dtype=np.int32)
    of_source[: len(group_of)] = group_of
    of_list = np.stack([wiring.list_source, of_source[wiring.list_source]], axis=1).ravel()
    costs = (
        int(core.population_axons),
        core.population_axon_entries,
        core.neuron_axon_entries,
        core.chip_axon_entries,
    )
    into = np.zeros(n_cores, dtype=np.int64)

    def count(first: int, stop: int) -> Int64Array:
        """Count the axons into a range of cores, and return those out of all cores to it."""
        out = np.zeros(n_cores, dtype=np.int64)
        call(
            add_axons_of,
            work,
            first,
            stop,
            filling.order,
            filling.core_ptr,
            wiring.synapse_ptr,
            wiring.in_list,
            of_list,
            chip_of.astype(np.int32),
            costs,
            np.full(wiring.n_sources, -1, dtype=np.int32),
            groups_on(pairs % n_cores),
            np.empty(len(pairs), dtype=np.int64),
            into,
            out,
        )
        return out

    work = len(wiring.in_list) + len(filling.order)
    threads = threads_for(work)
    borders = [n_cores * k // threads for k in range(threads + 1)]
    out = np.sum(on_threads(count, borders[:-1], borders[1:]), axis=0)
    if not core.population_axons:
        into[:] = 0  # the axons were counted while the cores were filled
    if core.learning is not None:
        axon = group_of if core.population_axons else np.arange(len(core_of))
        into += (core.learning.axon_slots - 1) * _axons_that_learn(wiring, core_of, axon, n_cores)
    return {**usage, "output_axons": out, "input_axons": usage["input_axons"] + into}


def _axons_that_learn(
    wiring: Wiring, core_of: Int64Array, axon_of: Int64Array, n_cores: int
) -> Int64Array:
    """Return the number of axons to each core that bring spikes to learning synapses.

    Compartments share an axon to a core if they have the same ``axon_of``; each input has its own.
    """
    if not wiring.format_learns.any():
        return np.zeros(n_cores, dtype=np.int64)
    learns = wiring.format_learns[wiring.list_format[wiring.in_list]]
    target = np.repeat(np.arange(wiring.n_compartments), np.diff(wiring.in_ptr))[learns]
    first_input = int(axon_of.max()) + 1
    axons = np.concatenate([axon_of, first_input + np.arange(wiring.n_inputs)])
    axon = axons[wiring.list_source[wiring.in_list[learns]]]
    pairs = np.unique(core_of[target] * (first_input + wiring.n_inputs) + axon)
    return np.bincount(pairs // (first_input + wiring.n_inputs), minlength=n_cores).astype(np.int64)
