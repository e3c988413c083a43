"""Connections that learn, with the spikes of a run forced on the chip's learning engine.

In this open loop chip and float learn from the same spikes, so what differs is learning alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..emulator.connections import in_units
from ..errors import RecordingError
from ..image import ChipImage, Learning, Plasticity, Symbols, SynapseGroup
from ..learning import LearningRule
from ..learning.group import plastic_group
from ..learning.kernels import learn_before, learn_steps
from ..learning.layout import Neurons, PlasticTables, Record, State
from ..learning.terms import POST
from ..network import Connection, Network, Population
from ..recording import Recording
from ..recurrence import delay_steps
from ..stimulus import Stimulus
from ..typing import Float64Array, Int32Array, Int64Array

__all__ = [
    "ForcedSpikes",
    "LearnedConnection",
    "PlasticGroup",
    "by_step",
    "forced_spikes",
    "late_steps",
    "learned_connections",
    "learned_weights",
    "once",
    "with_seed",
]

_INPUTS, _COMPARTMENTS = 1, 0  # streams of the draws of their traces
Spikes: TypeAlias = tuple[Int32Array, Int64Array]
PlasticGroup: TypeAlias = tuple[PlasticTables, State, Int64Array]
_NO_TRACES = np.zeros((0, 0, 0), dtype=np.int32)
_NO_IDS = np.zeros(0, dtype=np.int32)


class ForcedSpikes(NamedTuple):
    """Spikes of both sides of a connection, as ids and the end of each step's, from 0 on.

    ``arrived`` has the presynaptic ones when they arrive, ``sent`` when the chip has them. A source
    that spikes several times in a step is listed as often; it counts once on the chip. ``early``
    has the ids of those that the chip has in step -1: inputs of step 0 that act early.
    """

    sent: Spikes
    arrived: Spikes
    post: Spikes
    early: Int32Array = _NO_IDS


@dataclass(frozen=True, eq=False)
class LearnedConnection:
    """A connection that learns, in the network and on the chip.

    Parameters
    ----------
    connection : Connection
        The synapses in physical units.
    image : ChipImage
        The compiled network.
    index : int
        Number of the group in ``image.learning.groups``.
    """

    connection: Connection
    image: ChipImage
    index: int

    @property
    def learning(self) -> Learning:
        """All that learns in the image."""
        assert self.image.learning is not None
        return self.image.learning

    @property
    def symbols(self) -> Symbols:
        """The names and units of the image."""
        assert self.image.symbols is not None
        return self.image.symbols

    @property
    def item(self) -> Plasticity:
        """The group that learns."""
        return self.learning.groups[self.index]

    @property
    def rule(self) -> LearningRule:
        """The rule of the connection for the engine of the chip."""
        return self.item.rule

    @property
    def synapses(self) -> SynapseGroup:
        """The synapses of the connection on the chip."""
        return self.image.synapses[self.item.synapses]

    @property
    def low_bits(self) -> int:
        """Low bits of a weight that its format does not store."""
        return self.synapses.format.low_bits(self.image.chip.core)

    @property
    def mantissas(self) -> Int32Array:
        """Weights at the start, in the order of the connection."""
        return self._by_number(self.synapses.mantissa)

    def _by_number(self, values: Any) -> Int32Array:
        found = np.empty(self.synapses.n_synapses, dtype=np.int32)
        found[self.item.numbers(len(found))] = values
        return found

    @property
    def top(self) -> int:
        """Largest learned weight in weight steps."""
        _, high = self.rule.spec.limits(self.synapses.format.sign_mode)
        return high >> self.low_bits << self.low_bits

    @property
    def step(self) -> Float64Array:
        """The value of one weight step at each synapse, in the unit of the connection."""
        tops = np.full(self.connection.n_synapses, self.top)
        return np.asarray(in_units(self.image, self.index, tops)) / self.top

    def group(self, seed: int, listed: bool = False) -> PlasticGroup:
        """Return the group for the kernels, whose neurons are those of the two populations."""
        n = self.synapses.n_synapses
        return plastic_group(
            self.rule,
            self._neurons(self.connection.source.name),
            self._neurons(self.connection.target.name),
            self.connection.pre,
            self.connection.post,
            self.mantissas,
            sign_mode=self.synapses.format.sign_mode,
            low_bits=self.low_bits,
            numbers=np.arange(n),
            tags=self._by_number(self.item.tags(n)),
            group=self.index,
            seed=seed,
            listed=listed,
        )

    def _neurons(self, name: str) -> Neurons:
        """Return the neurons of a population or an input, with the numbers of their draws."""
        first = 0
        for source in self.symbols.inputs:
            if source.name == name:
                ids = np.arange(source.size, dtype=np.int32)
                return Neurons(ids, source.size, ids + np.int32(first), _INPUTS)
            first += source.size
        found = next(item for item in self.symbols.populations if item.name == name)
        own = self.learning.compartment_numbers(self.image.n_compartments)
        ids = np.arange(len(found.compartment_ids), dtype=np.int32)
        return Neurons(ids, len(ids), own[found.compartment_ids].astype(np.int32), _COMPARTMENTS)

    def given(self, n_steps: int) -> Int32Array:
        """Return the traces that the host writes, shape (n_steps, 3, size of the target)."""
        rewards = [item for item in self.learning.rewards if item.group == self.index]
        if not rewards:
            return _NO_TRACES
        target = self.connection.target
        symbol = next(each for each in self.symbols.populations if each.name == target.name)
        neuron = np.zeros(self.image.n_compartments, dtype=np.int64)
        for compartments in symbol.currents:
            neuron[compartments] = np.arange(target.size)
        columns = neuron[np.unique(self.synapses.target)]
        values = np.zeros((n_steps, len(POST), target.size), dtype=np.int32)
        for reward in rewards:
            ends = [*reward.steps[1:].tolist(), n_steps]
            for begin, end, row in zip(reward.steps.tolist(), ends, reward.values, strict=True):
                values[begin:end, POST.index(reward.variable), columns] = row
        return values

    def learn(self, spikes: ForcedSpikes, seed: int) -> Int32Array:
        """Return the mantissas that the chip learns from these spikes, with the draws of a seed."""
        given = self.given(len(spikes.post[1]) - 1)
        return learned_weights(
            self.group(seed), once(spikes.sent), spikes.post, given, spikes.early
        )


def learned_weights(
    group: PlasticGroup,
    pre: Spikes,
    post: Spikes,
    given: Int32Array = _NO_TRACES,
    early: Int32Array = _NO_IDS,
) -> Int32Array:
    """Return the mantissas of a group after the spikes of both sides, in the order of its synapses.

    A neuron spikes at most once in a step. ``given`` are the traces that the host writes, ``early``
    the presynaptic neurons that spike in step -1.
    """
    tables, state, place = group
    nothing = np.zeros((0, 0), dtype=np.int16)
    record = Record(_NO_TRACES, _NO_TRACES, nothing, nothing, nothing)
    if len(early):
        learn_before(early, tables, state)
    learn_steps(*pre, *post, given, tables, state, record)
    return state.weight[place].astype(np.int32)


def with_seed(image: ChipImage, seed: int) -> ChipImage:
    """Return an image with another seed of the draws of learning."""
    assert image.learning is not None
    return replace(image, learning=replace(image.learning, seed=seed))


def learned_connections(
    owner: str, network: Network, image: ChipImage
) -> tuple[LearnedConnection, ...]:
    """Return the connections of a network that learn in its image.

    Raises
    ------
    RecordingError
        If none learns, or the image is not one of the network, or begins with what it has learned.
    """
    if image.symbols is None or image.learning is None:
        raise RecordingError(
            f"{owner}: the image {'does not learn' if image.symbols else 'has no symbols'}; "
            "allowed: a compiled network with plasticity=STDP(...)."
        )
    known = {item.name: item for item in network.connections if item.learns}
    found = []
    for index, item in enumerate(image.learning.groups):
        name = image.symbols.synapses[item.synapses].connection
        size = image.synapses[item.synapses].n_synapses
        if name not in known or known[name].n_synapses != size:
            raise RecordingError(
                f"{owner}: connection {name!r} learns {size} synapses in the image and "
                f"{known[name].n_synapses if name in known else 0} in the network; allowed: the "
                "image of this network."
            )
        found.append(LearnedConnection(known[name], image, index))
        _check_start(owner, found[-1])
    return tuple(found)


def _check_start(owner: str, link: LearnedConnection) -> None:
    """Raise unless a connection begins with the weights of the network, rounded, and tags of 0."""
    name, other = link.connection.name, ""
    beyond = np.abs(link.mantissas * link.step - link.connection.weight).max(initial=0.0)
    if beyond > link.step.max(initial=0.0) * (1 << link.low_bits):
        other = f"weights that are up to {beyond:.3g} {link.connection.unit} from those"
    elif link.item.tag.any():
        other = "tags, and not with those"
    if other:
        raise RecordingError(
            f"{owner}: connection {name!r} begins in the image with {other} of the network; "
            "allowed: the image as compiled. To begin with learned weights, compile the network "
            f"with weight=stored_weights(network, image)[{name!r}]."
        )


def forced_spikes(item: LearnedConnection, run: Recording, stimulus: Stimulus) -> ForcedSpikes:
    """Return the spikes of both sides of a connection in a run from step 0."""
    symbols = item.symbols
    source, target = item.connection.source, item.connection.target
    lead = 0
    if isinstance(source, Population):
        steps, ids = run.steps[source.name], run.ids[source.name]
    else:
        lead = symbols.input_lead
        sizes = [(each.name, each.size) for each in symbols.inputs]
        steps, ids = stimulus.binned(symbols.dt, sizes, stop=run.n_steps + lead)
        begin = sum(size for _, size in sizes[: [name for name, _ in sizes].index(source.name)])
        own = (ids >= begin) & (ids < begin + source.size)
        steps, ids = steps[own], ids[own] - np.int32(begin)
    late = late_steps(item)
    return ForcedSpikes(
        sent=by_step(steps - lead, ids, run.n_steps),
        arrived=by_step(steps + (late - lead), ids, run.n_steps),
        post=by_step(run.steps[target.name], run.ids[target.name], run.n_steps),
        early=ids[steps < lead],
    )


def late_steps(item: LearnedConnection) -> int:
    """Return by how many steps a presynaptic event is later in the network than on the chip."""
    symbols = item.symbols
    delay = int(np.max(delay_steps(item.connection.delay, symbols.dt)))
    own = 0 if isinstance(item.connection.source, Population) else symbols.input_lead
    return delay + own


def by_step(steps: Int32Array | Int64Array, ids: Int32Array, n_steps: int) -> Spikes:
    """Return spikes within a run by step, then neuron."""
    inside = np.flatnonzero((steps >= 0) & (steps < n_steps))
    order = inside[np.lexsort((ids[inside], steps[inside]))]
    ends = np.searchsorted(steps[order], np.arange(n_steps + 1)).astype(np.int64)
    return ids[order].astype(np.int32), ends


def once(spikes: Spikes) -> Spikes:
    """Return spikes, in the order of step and neuron, with each neuron once in a step."""
    ids, ends = spikes
    steps = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    first = np.ones(len(ids), dtype=bool)
    first[1:] = (ids[1:] != ids[:-1]) | (steps[1:] != steps[:-1])
    return ids[first], np.searchsorted(steps[first], np.arange(len(ends))).astype(np.int64)
