"""Kernels that list the spikes of plastic sources, and deliver them after their delay."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inner_kernel

__all__ = ["deliver_plastic", "forget", "note"]


@inner_kernel
def forget(worker: Any, plastic: Any, step: Any) -> None:
    """Empty a worker's list of the spikes of a step."""
    n_listed = plastic.state.n_listed
    at = step % n_listed.shape[1]
    for m in range(n_listed.shape[2]):
        n_listed[worker, at, m] = 0


@inner_kernel
def note(
    worker: Any, sources: Any, begin: Any, end: Any, first: Any, plastic: Any, step: Any
) -> None:
    """Append spikes to a worker's list of a step; ``first`` is the number of source 0."""
    members, state = plastic.table.members, plastic.state
    at = step % state.listed.shape[1]
    listed, times, n_listed = state.listed[worker, at], state.times[worker, at], state.n_listed
    for m in range(len(members.first)):
        low, size, place = members.first[m] - first, members.size[m], members.place[m]
        n = n_listed[worker, at, m]
        for s in range(begin, end):
            i = sources[s] - low
            if 0 <= i < size:
                if n > 0 and listed[place + n - 1] == i:
                    times[place + n - 1] += 1
                else:
                    listed[place + n] = i
                    times[place + n] = 1
                    n += 1
        n_listed[worker, at, m] = n


@inner_kernel
def deliver_plastic(
    worker: Any, own: Any, plastic: Any, step: Any, arrived: Any, inputs: Any, neurons: Any
) -> None:
    """Add the weights of the spikes that arrive in a step, of inputs and of neurons, to the ring.

    ``arrived`` is the row of the ring that is applied next, ``own`` the worker's first neuron.
    """
    table, state = plastic.table, plastic.state
    groups, parts, members = table.groups, table.parts, table.members
    indptr, post, weight = table.indptr, table.post, state.weight
    n_lists = state.listed.shape[1]
    for p in range(parts.starts[worker], parts.starts[worker + 1]):
        g, m = parts.group[p], parts.member[p]
        if not (inputs if members.is_input[m] else neurons):
            continue
        at = (step - parts.delay[p]) % n_lists
        slot, dense = groups.slot[g], groups.dense[g]
        first = np.uint64(slot + max(own - groups.target[g], 0))
        for s in range(members.place[m], members.place[m] + state.n_listed[worker, at, m]):
            row = parts.row[p] + state.listed[worker, at, s]
            start, stop = np.uint64(indptr[row]), np.uint64(indptr[row + 1])
            for _ in range(state.times[worker, at, s]):
                if dense:
                    for k in range(stop - start):
                        arrived[first + k] += weight[start + k]
                else:
                    for k in range(start, stop):
                        arrived[slot + post[k]] += weight[k]
