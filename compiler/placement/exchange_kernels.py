"""Kernels that exchange neurons between two cores, one at a time, to save messages.

The moves are those of Fiduccia and Mattheyses (1982, 10.1109/DAC.1982.1585498): the best move is
made even if it saves nothing, every neuron moves at most once, and the best state on the way is
kept. A core beyond a limit gives a neuron away before it takes another, so full cores can swap
neurons. The memory that a move takes is estimated. Before a result is kept, both cores are filled
again and all their limits are counted.
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

FOLLOWED = 3  # number of resources tracked from move to move: the first in RESOURCES
# A pass ends after 64 moves, or an eighth of the neurons if that is more, without a new best state.
_PATIENCE, _PART = 64, 8


class Cut(NamedTuple):
    """Neurons, the sources that connect them, and the two cores that exchange neurons."""

    pin_ptr: Int64Array  # row pointers of ``pin``, by neuron
    pin: Int32Array  # sources of each neuron, including its own compartments
    edge_ptr: Int64Array  # row pointers of ``edge``, by source
    edge: Int32Array  # neurons of each source, including its own neuron
    rate: Float64Array  # messages of each source; 0 for inputs
    bits: Float64Array  # mean memory of a synapse of each source, in bits
    side: Int8Array  # core of each neuron: 0 or 1, or -1 if it is on another core
    free: Int8Array  # whether each neuron may still move; zero between calls
    gain: Float64Array  # messages that a move of each neuron saves
    count: Int32Array  # number of neurons, per source and side; zero between calls
    moved: Int64Array  # neurons moved in a pass, in order
    saved: Float64Array  # total saving after each move; 0 if a side is beyond a limit
    filled: Int64Array  # neurons of one core
    usage: Int64Array  # tracked resources, per side


@kernel
def _count(members, start, stop, s, tables, packing):
    """Fill a core, without checking limits."""
    size, index = 0, packing.index_min
    for i in range(start, stop):
        size += tables.neuron_ptr[members[i] + 1] - tables.neuron_ptr[members[i]]
    while size > 1 << index:  # the number of compartments is known, so the index is right at once
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
    """Add the bits that the lists of each source take on all cores to ``bits``."""
    for core in range(len(ptr) - 1):
        _count(members, ptr[core], ptr[core + 1], s, tables, packing)
        for i in range(s.top[N_SOURCES]):
            bits[s.sources[i]] += s.axon[s.sources[i]] - 1
    clear(s)


@inline_kernel
def _estimate(count, bits, packing):
    return 0 if count == 0 else words_of(int(count * bits), packing)


@kernel
def _saves(u, c):
    """Return the messages that moving a neuron to the other side saves."""
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
    """Change the gain of those neurons of a source that are on ``side`` and may still move."""
    for i in range(c.edge_ptr[source], c.edge_ptr[source + 1]):
        v = c.edge[i]
        if c.free[v] == 1 and c.side[v] == side:
            c.gain[v] += change


@kernel
def _move(u, c, tables, packing):
    """Move a neuron, and update the gains of other neurons and the usage of both sides."""
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
            if come == 1:  # the message to ``there`` is now paid: others may follow for free
                _tell(source, here, rate, c)
            elif come == 2:  # the neuron that was alone there no longer saves by leaving
                _tell(source, there, -rate, c)
            if left == 0:  # moving back would cost a message again
                _tell(source, there, -rate, c)
            elif left == 1:  # the last neuron here would save a message by leaving
                _tell(source, here, rate, c)


@kernel
def _beyond(side, c, packing):
    beyond = False
    for i in range(FOLLOWED):
        beyond = beyond or c.usage[side, i] > packing.limits[i]
    return beyond


@kernel
def _choose(members, c, packing):
    """Return the neuron whose move saves most (ties by order in ``members``), or -1 if none."""
    best = -1
    full = (_beyond(0, c, packing), _beyond(1, c, packing))
    for u in members:
        if c.free[u] == 1 and not full[1 - c.side[u]] and (best < 0 or c.gain[u] > c.gain[best]):
            best = u
    return best


@kernel
def _try_moves(members, least, c, tables, packing):
    """Move neurons until the best state is many moves old; return the number of moves."""
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
    """Return the number of moves, at most ``most``, after which the saving was largest."""
    keep, best = 0, least
    for i in range(most):
        if c.saved[i] > best:
            keep, best = i + 1, c.saved[i]
    return keep


@kernel
def _fit(members, s, tables, packing, c):
    """Fill both cores and write their usage; return whether all limits hold."""
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
    """Make the moves between two cores that save most; return the messages saved.

    ``members`` are the neurons of both cores in the order in which cores are filled. ``c.side`` and
    ``c.usage`` hold the sides of the neurons and the usage of the cores, and are updated if the
    moves save messages. Savings up to ``least`` count as 0.
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
        for i in range(keep, n):  # undo the later moves
            c.side[c.moved[i]] = 1 - c.side[c.moved[i]]
        if keep == 0:
            break
        if _fit(members, s, tables, packing, c):
            saved = c.saved[keep - 1]
        n, most = keep, keep // 2
    clear(s)
    return saved
