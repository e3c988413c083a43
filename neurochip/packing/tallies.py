"""Kernels that sum the messages of groups of neurons to each core, without temporary arrays."""

from __future__ import annotations

import numpy as np

from .._kernels.instructions import prefetch
from .._kernels.jit import kernel
from ..typing import Int32Array, Int64Array

__all__ = [
    "add_axons_of",
    "add_pairs",
    "count_pairs",
    "groups_on",
    "list_pins",
    "list_reach",
    "sum_messages",
]

_AHEAD = 16  # the group of a source is prefetched this many sources before its use
# Places of a group: the last core that it reaches, its first source there, whether that is all or
# how many reach it, and its own core.
_LAST, _FIRST, _COUNT, _CORE = range(4)
_GROUP = 4


@kernel
def count_pairs(core_ptr, source, group_of, last):
    """Return the number of pairs of a group and a core that it reaches.

    ``last`` is scratch, with -1 for each group at the start.
    """
    found = 0
    for core in range(len(core_ptr) - 1):
        for k in range(core_ptr[core], core_ptr[core + 1]):
            if source[k] < len(group_of):
                group = group_of[source[k]]
                if last[group] != core:
                    last[group] = core
                    found += 1
    return found


@kernel
def add_pairs(core_ptr, source, group_of, value, place, groups, cores, counts, totals):
    """List each pair of group and core once, with the number of its sources and their total value.

    At the start ``place`` holds -1 for each group, and ``counts`` and ``totals`` hold 0.
    """
    n = 0
    for core in range(len(core_ptr) - 1):
        first = n
        for k in range(core_ptr[core], core_ptr[core + 1]):
            if source[k] < len(group_of):
                group = group_of[source[k]]
                if place[group] < first:
                    place[group] = n
                    groups[n] = group
                    cores[n] = core
                    n += 1
                counts[place[group]] += 1
                totals[place[group]] += value[source[k]]


@kernel
def list_reach(order, core_ptr, start, in_list, list_source, seen, ptr, source):
    """List the sources of the synapses on each core once, in the order in which they are met.

    ``seen`` is scratch, with -1 for each source at the start.
    """
    n = 0
    ptr[0] = 0
    for core in range(len(core_ptr) - 1):
        for i in range(core_ptr[core], core_ptr[core + 1]):
            for j in range(start[order[i]], start[order[i] + 1]):
                found = list_source[in_list[j]]
                if seen[found] != core:
                    seen[found] = core
                    source[n] = found
                    n += 1
        ptr[core + 1] = n


def groups_on(core_of: Int64Array) -> Int32Array:
    """Return what :func:`add_axons_of` notes of groups, which lie on these cores."""
    groups = np.full((len(core_of), _GROUP), -1, dtype=np.int32)
    groups[:, _CORE] = core_of
    return groups.ravel()


@kernel
def add_axons_of(
    begin,
    stop,
    order,
    core_ptr,
    start,
    in_list,
    of_list,
    chip_of,
    costs,
    seen,
    groups,
    met,
    into,
    out,
):
    """Add the axons from each group to each core of a range, to ``into`` and ``out``.

    The range is ``begin`` to ``stop - 1``. ``of_list`` holds the source of each list and its group,
    or -1 for an input. ``costs`` holds whether neurons share axons, and the entries of a shared
    axon, of a single axon, and of an axon to another chip. ``seen`` holds -1 for each source at the
    start, and ``met`` has room for each group. If neurons share axons, it only matters whether a
    second one of the group reaches the core. All that is noted of a group is in one cache line.
    """
    shares, shared_entries, single_entries, chip_entries = costs
    for core in range(begin, stop):
        n = 0
        for i in range(core_ptr[core], core_ptr[core + 1]):
            end = start[order[i] + 1]
            for j in range(start[order[i]], end):
                if j + _AHEAD < end:
                    prefetch(of_list, 2 * in_list[j + _AHEAD])
                source, group = of_list[2 * in_list[j]], _GROUP * of_list[2 * in_list[j] + 1]
                if group < 0:
                    continue
                if groups[group + _LAST] != core:
                    groups[group + _LAST] = core
                    groups[group + _FIRST] = source
                    groups[group + _COUNT] = shares
                    met[n] = group
                    n += 1
                elif shares and source != groups[group + _FIRST]:
                    groups[group + _COUNT] = 2
                if not shares and seen[source] != core:
                    seen[source] = core
                    groups[group + _COUNT] += 1
        for i in range(n):
            sender, neurons = groups[met[i] + _CORE], groups[met[i] + _COUNT]
            shared = shares and neurons > 1
            axons = 1 if shared else neurons
            into[core] += axons
            out[sender] += shared_entries if shared else neurons * single_entries
            if chip_of[sender] != chip_of[core]:
                out[sender] += axons * chip_entries


@kernel
def list_pins(neuron_ptr, in_ptr, in_list, list_source, last, ptr, pin):
    """List the sources of each neuron once, its own compartments first; return their number.

    ``last`` holds -1 for each source at the start.
    """
    n = 0
    for u in range(len(neuron_ptr) - 1):
        ptr[u] = n
        for c in range(neuron_ptr[u], neuron_ptr[u + 1]):
            last[c] = u
            pin[n] = c
            n += 1
        for j in range(in_ptr[neuron_ptr[u]], in_ptr[neuron_ptr[u + 1]]):
            source = list_source[in_list[j]]
            if last[source] != u:
                last[source] = u
                pin[n] = source
                n += 1
    ptr[len(neuron_ptr) - 1] = n
    return n


@kernel
def sum_messages(edge_ptr, edge, rate, core, last):
    """Return the messages that sources send to cores other than their own.

    Counts the first ``len(rate)`` sources. ``last`` holds -1 for each core at the start.
    """
    total = 0.0
    for source in range(len(rate)):
        cores = 0
        if rate[source] > 0.0:
            for i in range(edge_ptr[source], edge_ptr[source + 1]):
                if last[core[edge[i]]] != source:
                    last[core[edge[i]]] = source
                    cores += 1
            total += rate[source] * (cores - 1)
    return total
