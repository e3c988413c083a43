"""Kernels that grow one core after another from the neurons that share most sources with it.

The score of a candidate is the number of messages that it saves by joining the core: the rates of
its sources that already reach the core or are on it, plus its own rate if it has a target there.
"""

from __future__ import annotations

from typing import NamedTuple

from neurochip._kernels.jit import inline_kernel, kernel
from neurochip.packing.kernels import adapt, add_neuron, clear, open_core, within_limits
from neurochip.typing import Float64Array, Int8Array, Int32Array, Int64Array

__all__ = ["Growth", "grow_cores"]

_EIGHTH = 8  # a core grows by up to an eighth between two searches through all candidates
_NEAR = 0.95  # fraction of the best score from which a candidate is accepted too


class Growth(NamedTuple):
    """Tables of neurons and sources, and the candidates of the open core."""

    kind: Int64Array  # kind of each neuron; neurons of different kinds cannot share a core
    neuron_of: Int32Array  # neuron of each compartment
    ptr: Int64Array  # row pointers of ``targets``, by source
    targets: Int32Array  # target neurons of each source
    rate: Float64Array  # message weight of each source
    total: Float64Array  # largest possible score of each neuron
    score: Float64Array  # score of each candidate
    listed: Int8Array  # whether a neuron is a candidate
    reached: Int32Array  # last core that a source reached, + 1
    frontier: Int64Array  # candidates
    members: Int64Array  # neurons of the open core, then the neurons to try next
    cluster: Int64Array  # the result; -1 at the beginning
    at: Int64Array  # number of candidates, open kind, lowest neuron that may have no core


_WAITING, _KIND, _LOWEST = range(3)  # indices into Growth.at


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
    """Raise the scores of all targets of a source when it first reaches the core or is put on it.

    Return whether it was the first time.
    """
    if g.reached[source] == core + 1:
        return False
    g.reached[source] = core + 1
    for i in range(g.ptr[source], g.ptr[source + 1]):
        _raise_score(g.targets[i], g.rate[source], g)
    return True


@kernel
def _join(u, core, g, tables, packing):
    """Add a neuron to the core, and raise the scores of the neurons that share its sources."""
    g.cluster[u] = core
    for c in range(tables.neuron_ptr[u], tables.neuron_ptr[u + 1]):
        _arrive(c, core, g)
        for j in range(tables.in_ptr[c], tables.in_ptr[c + 1]):
            source = tables.list_source[tables.in_list[j]]
            if _arrive(source, core, g) and source < packing.first_input:
                _raise_score(g.neuron_of[source], g.rate[source], g)


@kernel
def _forget(g):
    """Remove all candidates."""
    for i in range(g.at[_WAITING]):
        g.listed[g.frontier[i]] = 0
        g.score[g.frontier[i]] = 0.0
    g.at[_WAITING] = 0


@kernel
def _look(held, g):
    """Append the best candidates to ``members`` (highest share; ties by lowest number).

    Share is the score divided by the neuron's total. Return the number appended; 0 without
    candidates.
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
    """Append the first neuron of the open kind without a core; return the number appended."""
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

    A core ends when the best candidate would exceed a limit; the next core begins with it.
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
        ends = tried == 0  # all neurons of this kind have a core: go on with the next kind
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
