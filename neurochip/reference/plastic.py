"""Tables of the synapses that learn, laid out for the threads of a run.

Each thread has the synapses that end in its own neurons, and a copy of the traces of their sources.
So no thread waits for another, and no sum depends on the number of threads. The synapses of a
connection are sorted by thread, delay and source. Those of one source and one delay are a *row*: a
spike reaches them all at once, and they share one presynaptic trace.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .._kernels.jit import kernel
from .._support.csr import starts_of
from .._support.grid import whole_steps
from ..errors import NetworkError
from ..network import STDP, Connection, Network
from ..typing import BoolArray, Float64Array, Int32Array, Int64Array
from .decays import Decays, tabulate
from .tables import delay_steps, first_indices, first_slot

__all__ = ["Groups", "Members", "Parts", "PlasticTable", "lay_out_plastic", "plastic_connections"]


class Groups(NamedTuple):
    """The connections that learn, one entry each.

    Parameters
    ----------
    target, n_targets, slot, post : ndarray of int64
        First neuron of the target, its size, the slot of that neuron which spikes are added to, and
        the index of its traces.
    a_plus, a_minus, a_pre, a3_plus, a3_minus, w_max : ndarray of float64, mV or nA
        Amplitudes of pairs, of presynaptic spikes alone and of triplets, and the upper limit.
    soft, triplet, dense : ndarray of bool
        Whether the bounds are soft; whether x2 and y2 are read; and whether every source has a
        synapse onto every neuron, in their order, with a common delay.
    interval : ndarray of int64
        Steps between two rewards; 0 if pairs change the weight itself.
    keep_tag : ndarray of float64
        What is left of an eligibility after an interval.
    """

    target: Int64Array
    n_targets: Int64Array
    slot: Int64Array
    post: Int64Array
    a_plus: Float64Array
    a_minus: Float64Array
    a_pre: Float64Array
    a3_plus: Float64Array
    a3_minus: Float64Array
    w_max: Float64Array
    soft: BoolArray
    triplet: BoolArray
    dense: BoolArray
    interval: Int64Array
    keep_tag: Float64Array


class Parts(NamedTuple):
    """The synapses of a connection with a common delay that a worker has.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_workers + 1,)
        Parts of worker w are ``starts[w]`` to ``starts[w + 1]``, in the order of the connections.
    group, member, delay, row : ndarray of int64, shape (n_parts,)
        Connection, number of its source in :class:`Members`, delay in steps, and the row of the
        first source; those of the other sources follow.
    """

    starts: Int64Array
    group: Int64Array
    member: Int64Array
    delay: Int64Array
    row: Int64Array


class Members(NamedTuple):
    """The sources of connections that learn.

    Parameters
    ----------
    first, size, place : ndarray of int64
        Number of the first source among all inputs, then neurons; number of sources; and the place
        of their spikes in a list.
    is_input : ndarray of bool
        Whether they are inputs.
    """

    first: Int64Array
    size: Int64Array
    place: Int64Array
    is_input: BoolArray


class PlasticTable(NamedTuple):
    """Everything about the synapses that learn that does not change in a run.

    Parameters
    ----------
    groups, parts, members : Groups, Parts, Members
    decays : Decays
        Those of x, y, x2 and y2 of the first connection, then of the next.
    indptr : ndarray of int64, shape (n_rows + 1,)
        Synapses of row r are ``indptr[r]`` to ``indptr[r + 1]``.
    post : ndarray of int32, shape (n_synapses,)
        Neuron of the target.
    columns : ndarray of int64, shape (n_posts + 1,)
        Synapses onto the target neuron with traces p are the entries ``columns[p]`` to
        ``columns[p + 1]`` of the next two arrays; none in dense connections.
    synapse, row : ndarray of int64
        A synapse, and its row.
    """

    groups: Groups
    parts: Parts
    members: Members
    decays: Decays
    indptr: Int64Array
    post: Int32Array
    columns: Int64Array
    synapse: Int64Array
    row: Int64Array

    @property
    def lists(self) -> int:
        """Number of steps whose spikes are kept, including the present one."""
        return int(self.parts.delay.max(initial=0)) + 1


class _Sorted(NamedTuple):
    """A connection whose synapses are sorted for the workers.

    Parameters
    ----------
    order : ndarray of int64, shape (n_synapses,)
        Synapses in their new order.
    rows : ndarray of int64, shape (n_synapses,)
        Row of each, counted from the first of the connection.
    n_rows : int
    delays : ndarray of int64
        Different delays in steps.
    dense : bool
    """

    order: Int64Array
    rows: Int64Array
    n_rows: int
    delays: Int64Array
    dense: bool


def plastic_connections(network: Network) -> list[Connection]:
    """Return the connections that learn, in the order of the network."""
    return [item for item in network.connections if item.plasticity is not None]


def rules_of(network: Network) -> list[STDP]:
    """Return the rules of the connections that learn."""
    return [item.plasticity for item in network.connections if item.plasticity is not None]


def lay_out_plastic(
    network: Network, shares: Int64Array, dt: float
) -> tuple[PlasticTable, dict[str, Int64Array]]:
    """Lay out the connections that learn for workers with these neurons.

    Parameters
    ----------
    network : Network
    shares : ndarray of int64, shape (n_workers + 1,)
        Neurons of worker w are ``shares[w]`` to ``shares[w + 1]``.
    dt : float, ms
        Time step.

    Returns
    -------
    table : PlasticTable
    places : dict of str to ndarray of int64, shape (n_synapses,)
        Place of each synapse in the tables, by connection.

    Raises
    ------
    NetworkError
        If a delay is too long, or the interval of a reward is not a whole number of steps.
    """
    items, n_workers = plastic_connections(network), len(shares) - 1
    neurons = first_indices(network.populations)
    members = list({item.source.name: item.source for item in items}.values())
    names = [item.name for item in members]
    places, parts, post, dense = {}, [], [], []
    counts, fan_in, sparse = [], [], []
    begin = first_row = first_post = 0
    for g, item in enumerate(items):
        own = _sort(item, neurons[item.target.name], shares, dt)
        place = np.empty(item.n_synapses, dtype=np.int64)
        place[own.order] = begin + np.arange(item.n_synapses)
        places[item.name] = place
        ends = item.post[own.order]
        post.append(ends)
        dense.append(own.dense)
        counts.append(np.bincount(own.rows, minlength=own.n_rows))
        fan_in.append(np.bincount(ends[: 0 if own.dense else None], minlength=item.target.size))
        if not own.dense:
            sparse.append((own.rows, ends, begin, first_row, first_post))
        member, size = names.index(item.source.name), item.source.size
        for k in range(n_workers * len(own.delays)):
            worker, at = divmod(k, len(own.delays))
            parts.append((worker, g, member, int(own.delays[at]), first_row + k * size))
        begin, first_row = begin + item.n_synapses, first_row + own.n_rows
        first_post += item.target.size
    parts.sort()
    column = np.array(parts, dtype=np.int64).reshape(-1, 5).T
    table = PlasticTable(
        _groups(network, items, dense, dt),
        Parts(starts_of(np.bincount(column[0], minlength=n_workers)), *column[1:].copy()),
        _members(network, names),
        tabulate([tau for rule in rules_of(network) for tau in _taus(rule)], dt),
        starts_of(np.concatenate(counts)),
        np.concatenate(post),
        *_columns(starts_of(np.concatenate(fan_in)), sparse),
    )
    return table, places


def _sort(item: Connection, first: int, shares: Int64Array, dt: float) -> _Sorted:
    """Sort the synapses of a connection whose target begins with neuron ``first``."""
    steps = delay_steps(item, dt).astype(np.int64)
    delays = np.unique(steps) if steps.size else np.zeros(1, np.int64)  # without synapses, too
    n_workers, size = len(shares) - 1, item.source.size
    rows = item.pre.astype(np.int64)
    if n_workers > 1:
        worker = np.searchsorted(shares[1:-1], first + item.post, side="right")
        rows += worker * (len(delays) * size)
    if len(delays) > 1:
        rows += np.searchsorted(delays, steps) * size
    order = np.arange(len(rows))
    if (rows[1:] < rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
    dense = len(delays) == 1 and item.n_synapses == size * item.target.size
    if dense:
        bounds = np.clip(shares - first, 0, item.target.size)
        whole = [np.tile(np.arange(a, b), size) for a, b in pairwise(bounds)]
        dense = np.array_equal(item.post[order], np.concatenate(whole))
    return _Sorted(order, rows[order], n_workers * len(delays) * size, delays, dense)


def _columns(
    starts: Int64Array, sparse: list[tuple[Int64Array, Int32Array, int, int, int]]
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return the synapses onto each neuron, and their rows, of the connections that are not dense.

    Each is given by the rows and neurons of its synapses, its first synapse, its first row and its
    first neuron.
    """
    synapse, row = np.empty((2, starts[-1]), dtype=np.int64)
    cursor = starts[:-1].copy()
    for each in sparse:
        list_columns(*each, cursor, synapse, row)
    return starts, synapse, row


@kernel
def list_columns(
    rows: Any, post: Any, begin: Any, first_row: Any, first_post: Any, cursor: Any, synapse: Any,
    row: Any,
) -> None:  # fmt: skip
    """Append the synapses of a connection to the lists of their neurons."""
    for k in range(len(post)):
        p = first_post + post[k]
        synapse[cursor[p]] = begin + k
        row[cursor[p]] = first_row + rows[k]
        cursor[p] += 1


def _groups(network: Network, items: list[Connection], dense: list[bool], dt: float) -> Groups:
    neurons = first_indices(network.populations)
    rules = rules_of(network)
    sizes = [item.target.size for item in items]
    triplets = [rule.triplet for rule in rules]
    rewards = [rule.reward for rule in rules]
    pairs = list(zip(items, rules, strict=True))
    ints, floats = np.int64, np.float64
    return Groups(
        np.array([neurons[item.target.name] for item in items], ints),
        np.array(sizes, ints),
        np.array([first_slot(network, item) for item in items], ints),
        starts_of(sizes)[:-1],
        np.array([rule.a_plus for rule in rules], floats),
        np.array([rule.a_minus for rule in rules], floats),
        np.array([rule.a_pre for rule in rules], floats),
        np.array([each.a3_plus if each else 0.0 for each in triplets], floats),
        np.array([each.a3_minus if each else 0.0 for each in triplets], floats),
        np.array([rule.w_max for rule in rules], floats),
        np.array([rule.bounds == "soft" for rule in rules]),
        np.array([each is not None for each in triplets]),
        np.array(dense),
        np.array([_interval(item.name, rule, dt) for item, rule in pairs], ints),
        np.array([np.exp(-r.interval / r.tau_eligibility) if r else 0.0 for r in rewards], floats),
    )


def _interval(name: str, rule: STDP, dt: float) -> int:
    """Return the steps between two rewards of a connection, or 0 without rewards."""
    modulation = rule.reward
    if modulation is None:
        return 0
    steps = whole_steps(modulation.interval, dt)
    if not steps:
        raise NetworkError(
            f"connection {name!r}: interval = {modulation.interval:g} ms of its reward; "
            f"allowed: a whole number of steps of {dt:g} ms."
        )
    return steps


def _members(network: Network, names: list[str]) -> Members:
    inputs = {item.name for item in network.spike_inputs}
    sources = (*network.spike_inputs, *network.populations)
    firsts, sizes = first_indices(sources), {item.name: item.size for item in sources}
    size = np.array([sizes[name] for name in names], dtype=np.int64)
    return Members(
        np.array([firsts[name] for name in names], dtype=np.int64),
        size,
        starts_of(size)[:-1],
        np.array([name in inputs for name in names]),
    )


def _taus(rule: STDP) -> tuple[float, float, float, float]:
    """Return the time constants of x, y, x2 and y2; the last two are unused without triplets."""
    if rule.triplet is None:
        return rule.tau_plus, rule.tau_minus, rule.tau_plus, rule.tau_minus
    return rule.tau_plus, rule.tau_minus, rule.triplet.tau_x, rule.triplet.tau_y
