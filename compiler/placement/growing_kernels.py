"""Grow one core after the other from the neurons that share most with it.

A candidate's score is what messages would cost less if it joined: the rates of its sources that
reach the core already or are on it, and its own if it has a target there.
"""

from __future__ import annotations

from typing import NamedTuple

from neurochip._kernels.jit import inline_kernel, kernel
from neurochip.packing.kernels import adapt, add_neuron, clear, open_core, within_limits
from neurochip.typing import Float64Array, Int8Array, Int32Array, Int64Array

__all__ = ["Growth", "grow_cores"]

_EIGHTH = 8  # a core takes up to an eighth of what it holds between two looks at all candidates
_NEAR = 0.95  # of the best score: what is as good in such a look


class Growth(NamedTuple):
    """What is known of neurons and sources, and the candidates of the open core."""

    kind: Int64Array  # of each neuron; different kinds share no core
    neuron_of: Int32Array  # of each compartment
    ptr: Int64Array  # neurons that each source reaches
    targets: Int32Array
    rate: Float64Array  # what each source weighs
    total: Float64Array  # largest score of each neuron
    score: Float64Array
    listed: Int8Array  # whether a neuron is a candidate
    reached: Int32Array  # last core that a source reached, + 1
    frontier: Int64Array  # candidates
    members: Int64Array  # neurons of the open core, and those that it tries
    cluster: Int64Array  # the result, -1 at the beginning
    at: Int64Array


_WAITING, _KIND, _LOWEST = range(3)  # places in Growth.at


@inline_kernel
def _raise_score(t, rate, g):
    if g.cluster[t] < 0 and g.kind[t] == g.at[_KIND]:
        g.score[t] += rate
        if g.listed[t] == 0:
            g.listed[t] = 1
            g.frontier[g.at[_WAITING]] = t
            g.at[_WAITING] += 1


@kernel
def _arrive(source, core, g):
    """Raise the scores of all targets of a source that reaches the core, or is on it, once."""
    if g.reached[source] == core + 1:
        return False
    g.reached[source] = core + 1
    for i in range(g.ptr[source], g.ptr[source + 1]):
        _raise_score(g.targets[i], g.rate[source], g)
    return True


@kernel
def _join(u, core, g, tables, packing):
    """Give a neuron to the core, and raise the scores of those that share its sources."""
    g.cluster[u] = core
    for c in range(tables.neuron_ptr[u], tables.neuron_ptr[u + 1]):
        _arrive(c, core, g)
        for j in range(tables.in_ptr[c], tables.in_ptr[c + 1]):
            source = tables.list_source[tables.in_list[j]]
            if _arrive(source, core, g) and source < packing.first_input:
                _raise_score(g.neuron_of[source], g.rate[source], g)


@kernel
def _forget(g):
    """Leave no candidates."""
    for i in range(g.at[_WAITING]):
        g.listed[g.frontier[i]] = 0
        g.score[g.frontier[i]] = 0.0
    g.at[_WAITING] = 0


@kernel
def _look(held, g):
    """Write who comes next behind the members: the best by share of its total, of equals the first.

    Returns how many; 0 if there is no candidate.
    """
    best, kept = 0.0, 0
    for i in range(g.at[_WAITING]):
        u = g.frontier[i]
        if g.cluster[u] < 0:
            g.frontier[kept] = u
            kept += 1
            best = max(best, g.score[u] / g.total[u])
        else:
            g.listed[u] = 0
            g.score[u] = 0.0
    g.at[_WAITING] = kept
    if best == 0.0:
        return 0
    room, found = held // _EIGHTH, 0
    for i in range(kept):
        u = g.frontier[i]
        share = g.score[u] / g.total[u]
        if room > 1:
            if found < room and share >= _NEAR * best:
                g.members[held + found] = u
                found += 1
        elif share == best and (found == 0 or u < g.members[held]):
            g.members[held] = u
            found = 1
    return found


@kernel
def _first(held, g):
    """Write the first neuron of the open kind that has no core; return how many there are."""
    n = len(g.cluster)
    u = g.at[_LOWEST]
    while u < n and (g.cluster[u] >= 0 or g.kind[u] != g.at[_KIND]):
        u += 1
    g.at[_LOWEST] = u
    if u == n:
        return 0
    g.members[held] = u
    return 1


@kernel
def grow_cores(tables, packing, s, g):
    """Write the cluster of every neuron.

    A core ends where the best candidate would break a limit, and the next begins with that one.
    """
    done, core, held, left_over = 0, 0, 0, -1
    open_core(s, packing, packing.index_min)
    while done < len(g.cluster):
        tried = 1
        if left_over >= 0:
            g.members[0] = left_over
        else:
            tried = _look(held, g)
            if tried == 0:
                tried = _first(held, g)
        left_over = -1
        ends = tried == 0  # all of this kind have a core: now the next
        if ends:
            g.at[_KIND] += 1
            g.at[_LOWEST] = 0
        for place in range(held, held + tried):
            u = g.members[place]
            add_neuron(u, s, tables, packing)
            while adapt(s, packing):
                clear(s)
                for i in range(place + 1):
                    add_neuron(g.members[i], s, tables, packing)
            if not within_limits(s, packing) and place > 0:
                left_over = u
                ends = True
                break
            _join(u, core, g, tables, packing)
            done += 1
            held = place + 1
        if ends:
            core += held > 0
            held = 0
            _forget(g)
            open_core(s, packing, packing.index_min)
    clear(s)
