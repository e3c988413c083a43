"""What groups of neurons send to each core, added up without a temporary entry per message."""

from __future__ import annotations

from .._jit import kernel

__all__ = ["add_pairs", "count_pairs", "count_targets"]


@kernel
def count_pairs(core_ptr, source, group_of, last):
    """Return how many groups reach how many cores; ``last`` begins with -1 for each group."""
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

    ``place`` begins with -1 for each group, ``counts`` and ``totals`` with 0.
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
def count_targets(target, counts):
    """Add the synapses of a group to the count of each target."""
    for k in range(len(target)):
        counts[target[k]] += 1
