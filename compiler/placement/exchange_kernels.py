"""Two cores exchange neurons, one at a time, as long as that saves messages.

The moves are those of Fiduccia and Mattheyses (1982, 10.1109/DAC.1982.1585498): the best one is
made even if it saves nothing, every neuron moves once, and what was best on the way is kept. A core
beyond a limit gives before it takes; so full cores swap. The memory that a move takes is estimated.
Before anything is kept, both cores are filled anew and all their limits counted.
"""

from __future__ import annotations

from typing import NamedTuple

from neurochip._kernels.jit import inline_kernel, kernel
from neurochip.packing.kernels import (
    COMPARTMENTS,
    INPUTS,
    N_SOURCES,
    WORDS,
    adapt,
    add_neuron,
    clear,
    open_core,
    within_limits,
    words_of,
)
from neurochip.typing import Float64Array, Int8Array, Int32Array, Int64Array

__all__ = ["FOLLOWED", "Cut", "exchange", "weigh"]

FOLLOWED = 3  # resources that are followed from move to move: the first ones
_PATIENCE, _PART = 64, 8  # moves without a new best that end a pass, or that part of the neurons


class Cut(NamedTuple):
    """Neurons, the sources that connect them, and the two cores in hand."""

    pin_ptr: Int64Array  # sources of each neuron, each once, with its own compartments
    pin: Int32Array
    edge_ptr: Int64Array  # neurons of each source, each once, with its own
    edge: Int32Array
    rate: Float64Array  # messages of each source; 0 for one that sends none between cores
    bits: Float64Array  # per source: memory of one synapse
    side: Int8Array  # of each neuron: 0 or 1, -1 if it is on neither of the two cores
    free: Int8Array  # per neuron: whether it may still move; zero between calls
    gain: Float64Array  # per neuron: messages that its move saves
    count: Int32Array  # per source and side: neurons; zero between calls
    moved: Int64Array  # moves of a pass
    saved: Float64Array  # by them until then; 0 where a side is beyond a limit
    filled: Int64Array  # neurons of one core
    usage: Int64Array  # per side: the resources that are followed


@kernel
def _count(members, start, stop, s, tables, packing):
    """Fill a core, whatever the limits."""
    size, index = 0, packing.index_min
    for i in range(start, stop):
        size += tables.neuron_ptr[members[i] + 1] - tables.neuron_ptr[members[i]]
    while size > 1 << index:  # known beforehand: nothing has to be packed again
        index += 1
    open_core(s, packing, index)
    for i in range(start, stop):
        add_neuron(members[i], s, tables, packing)
        while adapt(s, packing):
            clear(s)
            for j in range(start, i + 1):
                add_neuron(members[j], s, tables, packing)


@kernel
def weigh(members, ptr, bits, s, tables, packing):
    """Add up what the lists of each source take on all cores."""
    for core in range(len(ptr) - 1):
        _count(members, ptr[core], ptr[core + 1], s, tables, packing)
        for i in range(s.top[N_SOURCES]):
            bits[s.sources[i]] += s.axon[s.sources[i]]
    clear(s)


@inline_kernel
def _estimate(count, bits, packing):
    return 0 if count == 0 else words_of(int(count * bits), packing)


@kernel
def _saves(u, c):
    """Messages that the move of a neuron to the other side saves."""
    here, saved = c.side[u], 0.0
    for i in range(c.pin_ptr[u], c.pin_ptr[u + 1]):
        source = c.pin[i]
        if c.count[source, here] == 1:
            saved += c.rate[source]
        if c.count[source, 1 - here] == 0:
            saved -= c.rate[source]
    return saved


@kernel
def _tell(source, side, change, c):
    """Change the gain of the neurons of a source that are on a side and may still move."""
    for i in range(c.edge_ptr[source], c.edge_ptr[source + 1]):
        v = c.edge[i]
        if c.free[v] == 1 and c.side[v] == side:
            c.gain[v] += change


@kernel
def _move(u, c, tables, packing):
    """Move a neuron, and change what the moves of others save and what the sides use."""
    here = c.side[u]
    there = 1 - here
    c.free[u] = 0
    c.side[u] = there
    size = tables.neuron_ptr[u + 1] - tables.neuron_ptr[u]
    c.usage[here, COMPARTMENTS] -= size
    c.usage[there, COMPARTMENTS] += size
    for i in range(c.pin_ptr[u], c.pin_ptr[u + 1]):
        source = c.pin[i]
        rate, bits = c.rate[source], c.bits[source]
        left, come = c.count[source, here] - 1, c.count[source, there] + 1
        c.count[source, here] = left
        c.count[source, there] = come
        c.usage[here, WORDS] -= _estimate(left + 1, bits, packing) - _estimate(left, bits, packing)
        c.usage[there, WORDS] += _estimate(come, bits, packing)
        c.usage[there, WORDS] -= _estimate(come - 1, bits, packing)
        if packing.count_neurons == 1 or source >= packing.first_input:
            c.usage[here, INPUTS] -= left == 0
            c.usage[there, INPUTS] += come == 1
        if rate > 0.0:
            if come == 1:  # others may follow at no cost
                _tell(source, here, rate, c)
            elif come == 2:  # one was alone there
                _tell(source, there, -rate, c)
            if left == 0:  # to go back would cost
                _tell(source, there, -rate, c)
            elif left == 1:  # one is alone here
                _tell(source, here, rate, c)


@kernel
def _beyond(side, c, packing):
    beyond = False
    for i in range(FOLLOWED):
        beyond = beyond or c.usage[side, i] > packing.limits[i]
    return beyond


@kernel
def _choose(members, c, packing):
    """Return the neuron to move next: the first of those that save most, or -1."""
    best = -1
    full = (_beyond(0, c, packing), _beyond(1, c, packing))
    for u in members:
        if c.free[u] == 1 and not full[1 - c.side[u]] and (best < 0 or c.gain[u] > c.gain[best]):
            best = u
    return best


@kernel
def _try_moves(members, least, c, tables, packing):
    """Move neurons until nothing better has come for long; return how many moves there were."""
    patience = max(_PATIENCE, len(members) // _PART)
    total, best, best_at, n = 0.0, least, 0, 0
    while n - best_at < patience:
        u = _choose(members, c, packing)
        if u < 0:
            break
        total += c.gain[u]
        _move(u, c, tables, packing)
        fine = not (_beyond(0, c, packing) or _beyond(1, c, packing))
        c.moved[n] = u
        c.saved[n] = total if fine else 0.0
        n += 1
        if fine and total > best:
            best, best_at = total, n
    return n


@kernel
def _best_of(most, least, c):
    """Return after how many of the first moves most was saved."""
    keep, best = 0, least
    for i in range(most):
        if c.saved[i] > best:
            keep, best = i + 1, c.saved[i]
    return keep


@kernel
def _fit(members, s, tables, packing, c):
    """Fill both cores; say whether all limits hold, and write what each uses."""
    for side in range(2):
        n = 0
        for u in members:
            if c.side[u] == side:
                c.filled[n] = u
                n += 1
        _count(c.filled, 0, n, s, tables, packing)
        for i in range(FOLLOWED):
            c.usage[side, i] = s.used[i]
        if not within_limits(s, packing):
            return False
    return True


@kernel
def exchange(members, least, s, tables, packing, c):
    """Make the moves between two cores that save most; return how many messages that is.

    ``members`` are the neurons of both cores in the order in which cores are filled. ``c.side`` and
    ``c.usage`` begin with where they are and what the cores use, and end so if something is saved.
    Savings below ``least`` are none.
    """
    for u in members:
        c.free[u] = 1
        for i in range(c.pin_ptr[u], c.pin_ptr[u + 1]):
            c.count[c.pin[i], c.side[u]] += 1
    for u in members:
        c.gain[u] = _saves(u, c)
    n = _try_moves(members, least, c, tables, packing)
    for u in members:
        c.free[u] = 0
        for i in range(c.pin_ptr[u], c.pin_ptr[u + 1]):
            c.count[c.pin[i], 0] = 0
            c.count[c.pin[i], 1] = 0
    most, saved = n, 0.0
    while saved == 0.0:
        keep = _best_of(most, least, c)
        for i in range(keep, n):  # the later ones go back
            c.side[c.moved[i]] = 1 - c.side[c.moved[i]]
        if keep == 0:
            break
        if _fit(members, s, tables, packing, c):
            saved = c.saved[keep - 1]
        n, most = keep, keep // 2
    clear(s)
    return saved
