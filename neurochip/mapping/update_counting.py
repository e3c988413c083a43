"""Count the updates of synapses that learn, for each core, at the end of each epoch."""

from __future__ import annotations

from typing import NamedTuple

from .._kernels.jit import inline_kernel, inner_kernel
from ..typing import BoolArray, Int32Array, Int64Array

__all__ = ["Plastic", "count_updates"]


class Plastic(NamedTuple):
    """Synapses that learn, of all groups one after the other, and working memory."""

    first_step: int  # of the run
    epoch: Int64Array  # per group: steps
    first_epoch: Int64Array
    by_pre: BoolArray  # whether spikes of a side change synapses
    by_post: BoolArray
    by_time: BoolArray  # shape (n_groups, 10): whether a term u0 to u9 does
    rows: Int64Array  # per group, CSR: synapses of each source, compartments before inputs
    target: Int32Array
    columns: Int64Array  # per group, CSR: synapses onto each compartment
    source: Int32Array
    seen: Int64Array  # shape (2, n_sources): mark of the last epoch with a spike of each side


@inline_kernel
def _due(p, g, at):
    """Return whether time alone changes the synapses of a group in the epoch that ends now."""
    number = p.first_epoch[g] + at // p.epoch[g]
    due = False
    for k in range(p.by_time.shape[1]):
        due = due or (p.by_time[g, k] and number % (1 << k) == 0)
    return due


@inline_kernel
def _count(n, core, time, updates, busy):
    updates[core] += n
    busy[core] += n * time


@inner_kernel
def _count_sources(g, spiked, mark, core_of, time, p, updates, busy):
    """Count the synapses of each source that spiked in the epoch."""
    for source in spiked:
        if p.seen[0, source] != mark:
            p.seen[0, source] = mark
            for j in range(p.rows[g, source], p.rows[g, source + 1]):
                _count(1, core_of[p.target[j]], time, updates, busy)


@inner_kernel
def _count_targets(g, spiked, mark, core_of, time, p, updates, busy):
    """Count the synapses onto each target that spiked, but those that its sources updated."""
    for target in spiked:
        if target < len(core_of) and p.seen[1, target] != mark:
            p.seen[1, target] = mark
            for j in range(p.columns[g, target], p.columns[g, target + 1]):
                if not (p.by_pre[g] and p.seen[0, p.source[j]] == mark):
                    _count(1, core_of[target], time, updates, busy)


@inner_kernel
def count_updates(step, spike_ptr, spike_source, core_of, time, p, updates, busy):
    """Add the updates at the end of a step to those of each core, and their time.

    A synapse is updated once in an epoch in which a spike of its source or target changes it, or
    time does.
    """
    at, n_groups = p.first_step + step, len(p.epoch)
    for g in range(n_groups):
        if (at + 1) % p.epoch[g] != 0:
            continue
        if _due(p, g, at):
            for target in range(len(core_of)):
                n = p.columns[g, target + 1] - p.columns[g, target]
                _count(n, core_of[target], time, updates, busy)
            continue
        mark = step * n_groups + g + 1
        spiked = spike_source[spike_ptr[max(0, step + 1 - p.epoch[g])] : spike_ptr[step + 1]]
        if p.by_pre[g]:
            _count_sources(g, spiked, mark, core_of, time, p, updates, busy)
        if p.by_post[g]:
            _count_targets(g, spiked, mark, core_of, time, p, updates, busy)
