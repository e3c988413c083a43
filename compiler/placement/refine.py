"""Local search: pairs of cores exchange neurons as long as this saves messages.

Preserves all limits of a core and never increases traffic.
"""

from __future__ import annotations

import numpy as np

from neurochip.chip.spec import ChipSpec
from neurochip.packing.budget import Filler
from neurochip.typing import BoolArray, Float64Array, Int64Array

from .exchange import Pairs
from .settle import exchanged
from .workload import Workload

__all__ = ["messages_between", "refine"]

_ROUNDS = 8
_PARTNERS = 8  # partners of each core in a round, those with the most messages
_ENOUGH = 0.01  # fraction of all messages; the search ends after a round that saves less


def messages_between(work: Workload, core: Int64Array) -> float:
    """Return the messages per step between cores, for the given core of each neuron."""
    from neurochip.packing.tallies import sum_messages

    inside = work.rate[: work.wiring.n_compartments]
    last = np.full(int(core.max(initial=0)) + 1, -1)
    return float(sum_messages(*work.wiring.edges, inside, core, last))


def refine(
    work: Workload, chip: ChipSpec, filler: Filler, order: Int64Array, opens: BoolArray
) -> tuple[Int64Array, BoolArray]:
    """Return an order of the neurons, and where a core begins, after exchanges between cores.

    Parameters
    ----------
    work, chip, filler
        The neurons, the chip, and the filler that counts resources.
    order, opens : ndarray of int64, of bool, shape (n_neurons,)
        All neurons in an order, and for each place in it whether a core begins there.
    """
    pairs, last_changed = None, None
    for _ in range(_ROUNDS):
        filling = filler.fill(order, opens)
        n = filling.n_cores
        if filling.failed >= 0 or n == 1:
            break
        core = filling.core_of
        pairs = pairs or Pairs(work.wiring, filler, work.rate, order, filling.core_ptr)
        members = np.split(order, filling.core_ptr[1:-1])
        usage = pairs.followed(filling)
        kind = _kinds(work, order, filling.core_ptr[:-1])
        start, stop, messages = exchanged(work, chip, filling, core)
        apart = (start != stop) & (kind[start] == kind[stop]) & (kind[start] >= 0)
        saved, changed = 0.0, np.zeros(n, dtype=bool)
        again = np.ones(n, dtype=bool) if last_changed is None else last_changed
        for a, b in _partners(start[apart], stop[apart], messages[apart], n):
            both = [a, b]
            if again[both].any() or changed[both].any():
                gain, members[a], members[b], usage[both] = pairs.exchange(
                    members[a], members[b], usage[both]
                )
                changed[both] |= gain > 0
                saved += gain
        sizes = np.array([len(m) for m in members])
        core[np.concatenate(members)] = np.repeat(np.arange(n), sizes)
        order, opens = _order(work, core)
        last_changed = changed[sizes > 0]  # a core without neurons disappears
        if saved <= _ENOUGH * messages_between(work, core):
            break
    return order, opens


def _kinds(work: Workload, order: Int64Array, starts: Int64Array) -> Int64Array:
    """Return the kind of the neurons of each core; -1 if a core has neurons of two kinds."""
    kind = work.wiring.kind[order]
    least, most = np.minimum.reduceat(kind, starts), np.maximum.reduceat(kind, starts)
    return np.where(least == most, least, -1)


def _order(work: Workload, core: Int64Array) -> tuple[Int64Array, BoolArray]:
    """Return neurons sorted by core, two-compartment neurons first, and where a core begins."""
    single = np.diff(work.wiring.neuron_ptr) == 1
    share = np.bincount(core, single) / np.maximum(1, np.bincount(core))
    order = np.lexsort((core, np.ceil(share[core]) + np.floor(share[core])))
    return order, np.concatenate([[True], np.diff(core[order]) != 0])


def _partners(
    start: Int64Array, stop: Int64Array, messages: Float64Array, n_cores: int
) -> list[tuple[int, int]]:
    """Return pairs of cores that exchange messages, sorted by decreasing number of messages."""
    key, which = np.unique(start * n_cores + stop, return_inverse=True)
    total = np.bincount(which.ravel(), messages, len(key))
    one, other = np.divmod(key, n_cores)
    by_core = np.lexsort((other, -total, one))
    rank = np.arange(len(key)) - np.searchsorted(one[by_core], one[by_core])
    near = by_core[rank < _PARTNERS]
    one, other, total = one[near], other[near], total[near]
    low, high = np.minimum(one, other), np.maximum(one, other)
    pair, at = np.unique(low * n_cores + high, return_index=True)
    pair = pair[np.lexsort((pair, -total[at]))]
    return [(int(p) // n_cores, int(p) % n_cores) for p in pair]
