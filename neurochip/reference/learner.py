"""The connections that learn in a run of the reference: their tables, state, rewards and probes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.csr import starts_of
from ..network import Connection, Network, Reward
from ..recording import Sampled, WeightTrace
from ..typing import Float64Array, Int64Array
from .plastic import lay_out_plastic, plastic_connections
from .plastic_state import Plastic, PlasticState, Rewards, SynapseColumns

__all__ = ["Learner", "variables_of"]

_KINDS = {"w": 0, "t": 1, "x1": 2, "y1": 3, "x2": 4, "y2": 5}  # the order of the decays, from 2 on


def variables_of(item: Connection) -> tuple[str, ...]:
    """Return the variables that a probe of a connection that learns can record."""
    rule = item.plasticity
    slow = () if rule is None or rule.triplet is None else ("x2", "y2")
    return ("w", *(() if rule is None or rule.reward is None else ("t",)), "x1", "y1", *slow)


class Learner:
    """The connections of a network that learn, with a state.

    Parameters
    ----------
    network : Network
        A network with connections that learn.
    dt : float, ms
        Time step.
    shares : ndarray of int64, shape (n_workers + 1,)
        Neurons of worker w are ``shares[w]`` to ``shares[w + 1]``.
    at_once : bool
        Whether all changes of a step are applied at once: see :class:`Plastic`.
    """

    def __init__(self, network: Network, dt: float, shares: Int64Array, *, at_once: bool) -> None:
        self._dt, self._shares, self._at_once = dt, shares, at_once
        self._items = {item.name: item for item in plastic_connections(network)}
        self._table, self._places = lay_out_plastic(network, shares, dt)
        self.rewind()

    def rewind(self) -> None:
        """Go back to step 0: weights and rewards of the network, no traces."""
        table, n_workers = self._table, len(self._shares) - 1
        n_synapses, n_rows, n_posts = len(table.post), len(table.indptr) - 1, len(table.columns) - 1
        lists = n_workers, table.lists, int(table.members.size.sum())
        most = n_workers, int(table.groups.n_targets.max())
        never = -1
        self._state = PlasticState(
            weight=np.empty(n_synapses),
            tag=np.zeros(n_synapses if table.groups.interval.any() else 0),
            change=np.zeros(n_synapses if self._at_once else 0),
            x=np.zeros(n_rows),
            x2=np.zeros(n_rows),
            x_step=np.zeros(n_rows, dtype=np.int64),
            y=np.zeros(n_posts),
            y2=np.zeros(n_posts),
            y_step=np.zeros(n_posts, dtype=np.int64),
            x_now=np.zeros(n_rows),
            x_at=np.full(n_rows, never, dtype=np.int64),
            y_now=np.zeros(n_posts),
            y_at=np.full(n_posts, never, dtype=np.int64),
            fired=np.empty(most, dtype=np.int32),
            gain=np.empty(most),
            listed=np.empty(lists, dtype=np.int32),
            times=np.empty(lists, dtype=np.int32),
            n_listed=np.zeros((*lists[:2], len(table.members.first)), dtype=np.int64),
        )
        for name, item in self._items.items():
            self._state.weight[self._places[name]] = item.weight
        self._rewards = {name: self._planned(item) for name, item in self._items.items()}
        self._set: set[str] = set()  # connections whose reward is no longer the planned one
        self._flatten_rewards()
        self.record({}, 0, 0)

    def _planned(self, item: Connection) -> list[tuple[int, Float64Array]]:
        """Return step and values of each change of the reward of a connection."""
        modulation = item.plasticity and item.plasticity.reward
        if not modulation:
            return []
        reward: Reward = modulation.reward
        return list(
            zip(reward.steps(self._dt).tolist(), map(np.atleast_1d, reward.values), strict=True)
        )

    def go_on_from(self, old: Learner) -> None:
        """Take the state of the connections that another learner has with the same synapses.

        Weights are taken where both networks have the same start weights.
        """
        mine, state = self._state, old._state
        for name in self._items.keys() & old._items.keys():
            item, place, before = self._items[name], self._places[name], old._places[name]
            if not (np.asarray(item.weight) != np.asarray(old._items[name].weight)).any():
                mine.weight[place] = state.weight[before]
            if len(mine.tag) and len(state.tag):
                mine.tag[place] = state.tag[before]
            rows, old_rows = self._rows(name), old._rows(name)
            for field in ("x", "x2", "x_step"):
                getattr(mine, field)[rows] = getattr(state, field)[old_rows]
            posts, old_posts = self._posts(name), old._posts(name)
            for field in ("y", "y2", "y_step"):
                getattr(mine, field)[posts] = getattr(state, field)[old_posts]
            if name in old._set and self._rewards[name]:
                self._rewards[name] = old._rewards[name]
                self._set.add(name)
        self._flatten_rewards()
        if self._table.lists == old._table.lists:
            self._take_lists(old)

    def _take_lists(self, old: Learner) -> None:
        """Take the spikes of sources that both learners list."""
        mine, state = self._state, old._state
        sources, others = (list(dict.fromkeys(each._sources)) for each in (self, old))
        for m, name in enumerate(sources):
            if name in others:
                k = others.index(name)
                place, before = self._table.members.place[m], old._table.members.place[k]
                size = self._table.members.size[m]
                for field in ("listed", "times"):
                    own = getattr(mine, field)[..., place : place + size]
                    own[...] = getattr(state, field)[..., before : before + size]
                mine.n_listed[..., m] = state.n_listed[..., k]

    @property
    def _sources(self) -> list[str]:
        return [item.source.name for item in self._items.values()]

    def _rows(self, name: str) -> slice:
        """Return the rows of a connection, of all workers."""
        parts, own = self._table.parts, list(self._items).index(name) == self._table.parts.group
        rows = parts.row[own]
        return slice(rows.min(), rows.max() + self._items[name].source.size)

    def _posts(self, name: str) -> slice:
        """Return the postsynaptic traces of a connection."""
        first = self._table.groups.post[list(self._items).index(name)]
        return slice(first, first + self._items[name].target.size)

    def plastic(self) -> Plastic:
        """Return what the kernel takes."""
        return Plastic(self._at_once, self._table, self._state, self._flat, self._columns)

    def _flatten_rewards(self) -> None:
        changes = [change for name in self._items for change in self._rewards[name]]
        values = [value for _, value in changes]
        self._flat = Rewards(
            starts_of([len(self._rewards[name]) for name in self._items]),
            np.array([step for step, _ in changes], dtype=np.int64),
            starts_of(list(map(len, values)))[:-1],
            np.array([len(value) > 1 for value in values], dtype=np.int64),
            np.concatenate([*values, np.empty(0)]),
        )

    def values(self, name: str, variable: str) -> Float64Array:
        """Return ``"w"`` or ``"t"`` of the synapses of a connection, in their order."""
        values = self._state.weight if variable == "w" else self._state.tag
        return values[self._places[name]]

    def set_weights(self, name: str, weights: Any) -> None:
        """Set the weights of a connection, in the order of its synapses."""
        self._state.weight[self._places[name]] = weights

    def set_reward(self, name: str, value: Float64Array, step: int) -> None:
        """Set the reward of a connection from ``step`` on, whatever was planned."""
        earlier = [change for change in self._rewards[name] if change[0] < step]
        self._rewards[name] = [*earlier, (step, np.atleast_1d(value))]
        self._set.add(name)
        self._flatten_rewards()

    def record(
        self, wanted: Mapping[tuple[str, str], Sampled], n_steps: int, first_step: int
    ) -> dict[tuple[str, str], WeightTrace]:
        """Return traces that the next ``n_steps`` steps fill, by connection and variable."""
        groups, post = self._table.groups, self._table.post
        sizes = [len(sampled.synapses) for sampled in wanted.values()]
        steps = [sampled.steps(first_step, n_steps) for sampled in wanted.values()]
        blocks = starts_of([len(at) * size for at, size in zip(steps, sizes, strict=True)])
        values, index, worker, traces = np.empty(blocks[-1]), [], [], {}
        every, first, kinds, decays = [], [], [], []
        for k, ((name, variable), sampled) in enumerate(wanted.items()):
            g, at = list(self._items).index(name), self._places[name][sampled.synapses]
            targets, kind = post[at].astype(np.int64), _KINDS[variable]
            found = {0: at, 1: targets + groups.post[g]}[0 if kind < 2 else kind % 2]
            if kind in {2, 4}:
                found = np.searchsorted(self._table.indptr, at, side="right") - 1
            index.append(found)
            worker.append(
                np.searchsorted(self._shares[1:-1], targets + groups.target[g], side="right")
            )
            every.append(sampled.every)
            first.append(blocks[k] - (first_step // sampled.every + 1) * sizes[k])
            kinds.append(kind)
            decays.append(4 * g + kind - 2)
            block = values[blocks[k] : blocks[k + 1]].reshape(len(steps[k]), sizes[k])
            unit = self._items[name].unit if variable in ("w", "t") else "1"
            traces[name, variable] = WeightTrace(sampled.synapses, steps[k], block, unit, self._dt)
        none = np.empty(0, dtype=np.int64)
        self._columns = SynapseColumns(
            np.array(every, dtype=np.int64),
            np.array(first, dtype=np.int64),
            np.array(kinds, dtype=np.int64),
            np.array(decays, dtype=np.int64),
            starts_of(sizes),
            np.concatenate([*index, none]),
            np.concatenate([*worker, none]),
            values,
        )
        return traces
