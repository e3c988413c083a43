"""Synapse groups that learn, in the order of the engine: tables, start, values, and runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._support.csr import starts_of
from ...chip.learning_spec import LearningSpec
from ...chip.registers import decode_weights
from ...chip.spec import CoreSpec
from ...errors import EmulatorError
from ...image import ChipImage, SynapseGroup
from ...learning.draws import draws_of
from ...learning.group import plastic_group
from ...learning.layout import Count, Engine, Neurons, State
from ...learning.terms import POST, PRE
from ...recording import Sampled
from ...typing import Int32Array, Int64Array
from ..learning_run import HostWrites, Samples
from .order import Order
from .plastic_layout import SAMPLED, GivenRows, Plastic, Sampling
from .rows import consecutive_rows, ring_offsets

__all__ = ["PlasticGroup"]

_COUNTED = {
    "events": Count.EVENTS,
    "traces": Count.TRACES,
    "accumulators": Count.ACCUMULATORS,
    "weights": Count.WEIGHTS,
    "spikes": Count.SPIKES,
    "repeated": Count.REPEATED,
}
_INPUTS, _COMPARTMENTS = 1, 0  # streams of the draws of their traces


class PlasticGroup:
    """A group that learns: what does not change in a run, and its state at step 0.

    Parameters
    ----------
    image : ChipImage
        An image that learns.
    index : int
        Number of the group in ``image.learning.groups``.
    order : Order
        Where the engine keeps its compartments.
    plane, slot_size : int
        Plane of the group's sums in a slot of the ring, and sums of a slot.
    wide : bool
        Whether groups compute in 64 bits: all do if the rule of one must.

    Attributes
    ----------
    tables : Plastic
        What the kernels read.
    start : State
        Its state at step 0.
    place : ndarray of int64, shape (n_synapses,)
        Place of each synapse in its state, by number.
    ends : ndarray of int32, shape (2, n_synapses)
        Source and target of each synapse, by number, as places in ``neurons``.
    neurons : tuple of two ndarray of int32
        Numbers of its sources and of its targets.
    """

    def __init__(
        self, image: ChipImage, index: int, order: Order, plane: int, slot_size: int, wide: bool
    ) -> None:
        assert image.learning is not None
        self.item = image.learning.groups[index]
        group = image.synapses[self.item.synapses]
        numbers = self.item.numbers(group.n_synapses)
        own = image.learning.compartment_numbers(image.n_compartments)
        pre_ids, source = np.unique(
            np.repeat(np.arange(len(group.indptr) - 1), np.diff(group.indptr)), return_inverse=True
        )
        post_ids, target = np.unique(group.target, return_inverse=True)
        of_inputs = group.source == "inputs"

        def compartments(ids: Any) -> Neurons:
            lanes = _int32(order.lane[ids])
            return Neurons(lanes, len(order.compartment), _int32(own[ids]), _COMPARTMENTS)

        sources = (
            Neurons(_int32(pre_ids), image.n_inputs, _int32(pre_ids), _INPUTS)
            if of_inputs
            else compartments(pre_ids)
        )
        targets = compartments(post_ids)
        self.neurons = sources.numbers, targets.numbers
        learn, self.start, place = plastic_group(
            self.item.rule,
            sources,
            targets,
            source,
            target,
            group.mantissa,
            sign_mode=group.format.sign_mode,
            low_bits=group.format.low_bits(image.chip.core),
            numbers=numbers,
            tags=self.item.tags(group.n_synapses),
            delays=group.delay if group.delay.size else None,
            group=index,
            seed=image.learning.seed,
            wide=wide,
        )
        self.place = np.empty(group.n_synapses, dtype=np.int64)
        self.place[numbers] = place  # by the number of the synapse
        self.ends = np.empty((2, group.n_synapses), dtype=np.int32)
        self.ends[:, numbers] = source, target
        offset = np.empty(group.n_synapses, dtype=np.int32)
        offset[place] = ring_offsets(group, order, plane, slot_size)
        lowest, decoded, scale = _decoded(group, learn.engine, image.chip.core, self.item.rule.spec)
        self.tables = Plastic(
            learn=learn,
            of_inputs=of_inputs,
            offset=offset,
            consecutive=consecutive_rows(learn.synapses.row, offset, slot_size),
            scale=scale,
            decoded=decoded,
            lowest=lowest,
        )

    @property
    def work(self) -> int:
        """Work of a step in updates of a compartment: of spikes, and of time if the rule has u."""
        rule, n = self.item.rule, len(self.place)
        powers = [term.k for each in rule.terms.values() for term in each if term.k is not None]
        by_time = n // (rule.epoch << min(powers)) if powers else 0
        return n // 5 + by_time

    def state(self) -> State:
        """Return the state at step 0, in arrays of its own."""
        return State._make(values.copy() for values in self.start)

    def values(self, state: State, variable: str) -> Int32Array:
        """Return a variable of all synapses by number; for a trace, what each synapse reads."""
        if variable == "t" and not self.start.tag.size:  # the rule has no use for them
            tags = np.zeros(len(self.place), dtype=np.int32)
            tags[self.item.numbers(len(tags))] = self.item.tags(len(tags))
            return tags
        places = self._places(variable, np.arange(len(self.place)))
        if variable in ("w", "t"):
            return _int32((state.weight if variable == "w" else state.tag)[places])
        side, names = (state.x, PRE) if variable in PRE else (state.y, POST)
        return _int32(side[names.index(variable)][places])

    def write(self, state: State, variable: str, values: Any) -> None:
        """Write the weight or the tag of all synapses, by number."""
        (state.weight if variable == "w" else state.tag)[self.place] = values

    def _places(self, variable: str, synapses: Any) -> Int64Array:
        """Return where a variable of synapses is, which are given by number."""
        places: Int64Array = self.place[synapses]
        if variable in ("w", "t") or self.tables.learn.engine.per_synapse:
            return places
        neurons: Int64Array = self.ends[int(variable in POST), synapses].astype(np.int64)
        return neurons

    def sampling(self, samples: Mapping[str, Sampled], first: int, n_steps: int) -> Sampling:
        """Return room for the samples of a run, by variable."""
        probes = list(samples.values())
        places = [self._places(name, each.synapses) for name, each in samples.items()]
        counts = [len(each.steps(first, n_steps)) * len(each.synapses) for each in probes]
        starts = starts_of(counts)
        return Sampling(
            kind=np.array([SAMPLED.index(name) for name in samples], dtype=np.int64),
            every=np.array([each.every for each in probes], dtype=np.int64),
            begin=starts_of([len(each.synapses) for each in probes]),
            places=np.concatenate([np.empty(0, dtype=np.int64), *places]),
            start=starts[:-1].copy(),
            before=np.array([first // each.every for each in probes], dtype=np.int64),
            values=np.empty(starts[-1], dtype=np.int32),
        )

    def sampled(
        self, samples: Mapping[str, Sampled], room: Sampling, first: int, n_steps: int
    ) -> dict[str, Samples]:
        """Return what a run recorded, by variable."""
        found = {}
        for (name, each), start in zip(samples.items(), room.start.tolist(), strict=True):
            steps, width = each.steps(first, n_steps), len(each.synapses)
            values = room.values[start : start + len(steps) * width].reshape(len(steps), width)
            found[name] = Samples(each.synapses, steps, values)
        return found

    def given(self, writes: Mapping[str, HostWrites], begin: int, stop: int) -> GivenRows:
        """Return the writes into traces of some steps, by variable."""
        width = max((each.values.shape[1] for each in writes.values()), default=1)
        steps, variables, values = [], [], []
        for name, each in writes.items():
            rows = slice(*np.searchsorted(each.steps, [begin, stop]).tolist())
            steps.append(each.steps[rows])
            variables.append(np.full(len(steps[-1]), POST.index(name), dtype=np.int64))
            values.append(np.broadcast_to(each.values[rows], (len(steps[-1]), width)))
        at = np.concatenate([np.empty(0, dtype=np.int64), *steps])
        by_step = np.argsort(at, kind="stable")
        return GivenRows(
            np.searchsorted(at[by_step], np.arange(begin, stop + 1)),
            np.concatenate([np.empty(0, dtype=np.int64), *variables])[by_step],
            np.concatenate([np.empty((0, width), dtype=np.int32), *values])[by_step],
        )

    def with_draws(self, draws: Mapping[str, Any] | None, first: int, n_steps: int) -> Plastic:
        """Return the tables of a run, whose draws may be given.

        Raises
        ------
        EmulatorError
            If draws are given and the run begins within an epoch.
        LearningError
            If a name, a shape or a value of the draws is not allowed.
        """
        if draws is None:
            return self.tables
        epoch, learn = self.item.rule.epoch, self.tables.learn
        if first % epoch:
            raise EmulatorError(
                f"emulator: draws were given for a run that begins at step {first}, within an "
                f"epoch; allowed: multiples of {epoch} steps."
            )
        sizes = len(self.neurons[0]), len(self.neurons[1])
        of_place = np.argsort(self.place)
        given = draws_of(self.item.rule, draws, n_steps, sizes, of_place)._replace(
            first_step=first, first_epoch=first // epoch
        )
        return self.tables._replace(learn=learn._replace(draws=given))

    def counts(self, state: State) -> dict[str, int]:
        """Return the counters of a run by name.

        Raises
        ------
        EmulatorError
            If a neuron spiked twice in an epoch of an engine that allows one spike.
        """
        if state.counts[Count.REFUSED]:
            rule = self.item.rule
            raise EmulatorError(
                f"emulator: a neuron spiked twice within an epoch of {rule.epoch} steps; the "
                f"engine {rule.spec.name!r} allows one spike an epoch. Shorten the epoch."
            )
        return {name: int(state.counts[each]) for name, each in _COUNTED.items()}


def _decoded(
    group: SynapseGroup, engine: Engine, core: CoreSpec, spec: LearningSpec
) -> tuple[int, Int32Array, int]:
    """Return the lowest mantissa, what all mantissas from it on add, and their factor, or 0."""
    low, high = engine.limits[0].tolist()
    mantissas = np.arange(low, high + 1)
    decoded = decode_weights(mantissas, group.format, core) >> core.weight_shift
    # Some engines let weights between those that the format stores, which delivery rounds.
    stored = mantissas % spec.weight_step(engine.low_bits) == 0
    last = np.flatnonzero(stored & (mantissas != 0))
    scale = int(decoded[last[-1]] // mantissas[last[-1]]) if last.size else 1
    linear = bool((decoded == mantissas * scale)[stored].all())
    return low, _int32(decoded), scale if linear else 0


def _int32(values: Any) -> Int32Array:
    return np.ascontiguousarray(values, dtype=np.int32)
