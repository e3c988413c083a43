"""The neurons and synapses to place, in the order of the network, and their expected rates.

Neurons of two compartments come first. So each of them begins at an even compartment, as a join
requires, wherever a core ends between neurons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurochip._support.csr import renumbered, starts_of
from neurochip.chip.spec import CoreSpec
from neurochip.learning import LearningRule
from neurochip.network import Network, Population
from neurochip.packing.state import bits_of_lif, bits_of_program
from neurochip.packing.wiring import SharedKernel, SynapseRows, Wiring, profiles_of, wire
from neurochip.typing import Float64Array, Int32Array, Int64Array

from ..neurons.compartments import PopulationCompartments
from ..neurons.expectation import Expectation
from ..synapses.convert import ConnectionRegisters

__all__ = ["Workload", "lay_out_work"]

_QUIET = 1e-3  # weight of a silent source, as a fraction of the largest rate, so that it counts


@dataclass(frozen=True, eq=False)
class Workload:
    """A network to place, with numbered neurons and compartments.

    Parameters
    ----------
    populations : tuple of Population
        Populations in the order of the network, those with two compartments per neuron first.
    first_neuron, first_compartment : dict of str to int
        First neuron and first compartment of each population.
    per_neuron : dict of str to int
        Compartments per neuron of each population.
    wiring : Wiring
        Neurons, compartments and synapses.
    rate : ndarray of float64, shape (n_sources,)
        Expected spikes per step of each source; in a neuron of two compartments the last one
        spikes.
    """

    populations: tuple[Population, ...]
    first_neuron: Mapping[str, int]
    first_compartment: Mapping[str, int]
    per_neuron: Mapping[str, int]
    wiring: Wiring
    rate: Float64Array

    @cached_property
    def message_weight(self) -> Float64Array:
        """Weight of the messages of each source, above 0: its rate, or a little if it is silent."""
        top = self.rate.max(initial=0.0)
        weight: Float64Array = np.maximum(self.rate, _QUIET * top) if top > 0 else self.rate + 1.0
        return weight

    def owner(self, neuron: int) -> tuple[Population, int]:
        """Return the population of a neuron, and its number in the population."""
        for population in reversed(self.populations):
            first = self.first_neuron[population.name]
            if neuron >= first:
                break
        return population, neuron - first


def lay_out_work(
    network: Network,
    members: Mapping[str, PopulationCompartments],
    connections: Sequence[ConnectionRegisters],
    dt: float,
    expected: Expectation,
    core: CoreSpec,
    rules: Mapping[str, LearningRule],
) -> Workload:
    """Number neurons, compartments and sources, and sort the synapses by target.

    ``rules`` has the rule of each connection that learns, by its name.
    """
    ordered = tuple(sorted(network.populations, key=lambda p: -members[p.name].per_neuron))
    per_neuron = {name: item.per_neuron for name, item in members.items()}
    sizes = [p.size for p in ordered]
    widths = [per_neuron[p.name] for p in ordered]
    names = [p.name for p in ordered]
    neurons = np.cumsum([0, *sizes])
    compartments = np.cumsum([0, *np.multiply(sizes, widths)])
    first_neuron = dict(zip(names, neurons[:-1].tolist(), strict=True))
    first_compartment = dict(zip(names, compartments[:-1].tolist(), strict=True))
    first_source, n_inputs = {}, 0
    for entry in network.spike_inputs:
        first_source[entry.name] = int(compartments[-1]) + n_inputs
        n_inputs += entry.size

    def ids(population: Population, receptor: int) -> Int64Array:
        width = per_neuron[population.name]
        first = first_compartment[population.name] + receptor % width
        return np.arange(first, first + population.size * width, width)

    rate = np.zeros(int(compartments[-1]) + n_inputs)
    for population in ordered:
        rate[ids(population, -1)] = expected.traffic(population) * (dt / 1000.0)
    for entry in network.spike_inputs:
        start = first_source[entry.name]
        rate[start : start + entry.size] = expected.traffic(entry) * (dt / 1000.0)
    groups = []
    for item in connections:
        source, target = item.connection.source, item.connection.target
        if not item.connection.n_synapses:
            continue
        if isinstance(source, Population):
            rows = ids(source, -1)
        else:
            rows = first_source[source.name] + np.arange(source.size)
        ends = ids(target, item.projection.receptor).astype(np.int32)
        groups.append(
            SynapseRows(
                rows.astype(np.int32),
                item.connection.indptr,
                renumbered(ends, item.connection.post),
                item.grid.format,
                item.max_delay.bit_length(),
                _kernel(item, ends),
                rules.get(item.connection.name),
            )
        )
    registers = {
        name: np.concatenate([members[p.name].registers[name] for p in ordered])
        for name in members[names[0]].registers
    }
    # Each population with a program takes a profile of its own, and state of its own size.
    taken = np.multiply(sizes, widths)
    numbers = [k if members[name].program else 0 for k, name in enumerate(names, start=1)]
    registers["program"] = np.repeat(numbers, taken)
    steps = np.repeat(widths, sizes)
    wiring = wire(
        starts_of(steps),
        np.repeat(np.arange(len(ordered), dtype=np.int32), sizes),
        n_inputs,
        groups,
        profiles_of(registers),
        np.repeat([_state(members[name], core) for name in names], taken).astype(np.int32),
    )
    return Workload(ordered, first_neuron, first_compartment, per_neuron, wiring, rate)


def _state(found: PopulationCompartments, core: CoreSpec) -> int:
    """Return the bits of a compartment in the memory of its core."""
    own = found.program
    if own is None or not core.memory_words:
        return bits_of_lif(core)
    return bits_of_program(own.program, [own.parameters[name] for name in own.program.parameters])


def _kernel(item: ConnectionRegisters, targets: Int32Array) -> SharedKernel | None:
    """Return the kernel of a connection as a core stores it."""
    shape = item.connection.convolution
    if item.kernel is None or shape is None:
        return None
    out, inside, height, width = shape.kernel_shape
    return SharedKernel(targets, out, shape.groups, inside * height * width)
