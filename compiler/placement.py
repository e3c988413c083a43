"""Pass 10: neurons onto cores, in order: a core is filled until the next neuron would not fit.

Neurons of two compartments come first. So each of them begins at an even compartment, which is what
a join needs, and a core is never cut within a neuron.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurochip.errors import CompileError
from neurochip.hardware import ChipSpec, CoreSpec
from neurochip.network import Network, Population
from neurochip.typing import Int32Array, Int64Array

from .budget import SHARED_AXON_ENTRIES, PopulationBudget, Usage, limits
from .compartments import PopulationCompartments
from .synapses import ConnectionRegisters

__all__ = ["Placement", "place_sequentially"]

_REMEDY = {
    "compartments": "shorten its delays",
    "synaptic_words": "reduce its in-degree",
    "input_axons": "drive it from fewer sources",
    "compartment_profiles": "use fewer distinct time constants",
    "threshold_profiles": "use fewer distinct thresholds",
    "synapse_formats": "merge its connections",
    "output_axons": "connect it to fewer populations",
}
_CHUNK = 1 << 22  # synapses looked at together: bounds the temporary arrays to about 100 MB


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the neurons are.

    Parameters
    ----------
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Compartments of each core.
    first : dict of str to int
        First compartment of each population, in the order of the compartments.
    per_neuron : dict of str to int
        Compartments of each neuron of a population.
    resources : dict of str to (used, limit)
        Cores of the chip, and for each resource the fullest core.
    """

    core_ptr: Int64Array
    first: Mapping[str, int]
    per_neuron: Mapping[str, int]
    resources: Mapping[str, tuple[int, int]]

    def compartments(self, population: Population, receptor: int = -1) -> Int32Array:
        """Compartment of each neuron, or of one of its receptors."""
        stride = self.per_neuron[population.name]
        first = self.first[population.name] + receptor % stride
        return np.arange(first, first + stride * population.size, stride, dtype=np.int32)


def place_sequentially(
    network: Network,
    populations: Mapping[str, PopulationCompartments],
    connections: Sequence[ConnectionRegisters],
    chip: ChipSpec,
) -> Placement:
    """Fill core after core with the neurons in the order of the network, pairs first.

    Raises
    ------
    CompileError
        If a single neuron exceeds a limit of a core, or all cores do not suffice.
    """
    budgets = {
        item.name: PopulationBudget(
            populations[item.name],
            [c for c in connections if c.connection.target is item and c.connection.n_synapses],
        )
        for item in network.populations
    }
    ends: list[int] = []
    usages: list[Usage] = []
    open_core, done, first = Usage(), 0, {}
    pairs_first = sorted(network.populations, key=lambda item: -populations[item.name].per_neuron)
    for population in pairs_first:
        first[population.name] = done
        start = 0
        while start < population.size:
            stop, usage = _fill(budgets[population.name], start, population.size, open_core, chip)
            if stop == start:  # not even one more neuron: close the core
                if open_core.compartments == 0:
                    raise CompileError(_too_large(population, start, budgets, chip))
                usages.append(open_core)
                ends.append(done)
                open_core = Usage()
                continue
            open_core += usage
            done += (stop - start) * budgets[population.name].per_neuron
            start = stop
    usages.append(open_core)
    ends.append(done)
    if len(ends) > chip.cores:
        raise CompileError(
            f"network: needs {len(ends)} cores; chip {chip.name!r} has {chip.cores}. Reduce the "
            "number of synapses, or compile for a larger chip with "
            f"chip.what_if(cores={len(ends)})."
        )
    core_ptr = np.array([0, *ends], dtype=np.int64)
    per_neuron = {name: item.per_neuron for name, item in populations.items()}
    placement = Placement(core_ptr, first, per_neuron, {})
    return replace(placement, resources=_resources(placement, usages, connections, chip))


def _fill(
    budget: PopulationBudget, start: int, size: int, taken: Usage, chip: ChipSpec
) -> tuple[int, Usage]:
    """Return the largest stop for which neurons start to stop still fit, and their usage."""
    core = chip.core

    def fits(stop: int) -> Usage | None:
        usage = budget.usage(start, stop, core)
        return usage if (taken + usage).exceeded(core) is None else None

    good, found = start, Usage()
    room = (core.compartments - taken.compartments) // budget.per_neuron
    bad = min(size, start + room) + 1
    stop = bad - 1
    while bad - good > 1:
        usage = fits(stop)
        if usage is None:
            bad = stop
        else:
            good, found = stop, usage
        stop = (good + bad) // 2
    return good, found


def _too_large(
    population: Population, neuron: int, budgets: Mapping[str, PopulationBudget], chip: ChipSpec
) -> str:
    usage = budgets[population.name].usage(neuron, neuron + 1, chip.core)
    name = usage.exceeded(chip.core) or "compartments"
    return (
        f"population {population.name!r}: neuron {neuron} alone needs {getattr(usage, name)} "
        f"{name.replace('_', ' ')} of a core; allowed: {limits(chip.core, usage.max_delay)[name]}. "
        f"Make the network fit ({_REMEDY[name]}), or compile for a chip that has more with "
        "chip.what_if(...)."
    )


def _resources(
    placement: Placement,
    usages: Sequence[Usage],
    connections: Sequence[ConnectionRegisters],
    chip: ChipSpec,
) -> dict[str, tuple[int, int]]:
    core: CoreSpec = chip.core
    inputs = np.array([usage.input_axons for usage in usages])
    outputs = np.zeros(len(usages), dtype=np.int64)
    for item in connections:
        if isinstance(item.connection.source, Population):
            pairs = _core_pairs(item, placement)
            inputs += pairs.sum(axis=0)
            outputs += SHARED_AXON_ENTRIES * pairs.sum(axis=1)
    used = {
        "cores": (len(usages), chip.cores),
        **{
            name: (max(getattr(usage, name) for usage in usages), limit)
            for name, limit in limits(core, max(usage.max_delay for usage in usages)).items()
        },
        "input_axons": (int(inputs.max()), core.input_axons),
        "output_axons": (int(outputs.max()), core.output_axons),
    }
    for name, counts in (("input_axons", inputs), ("output_axons", outputs)):
        if used[name][0] > used[name][1]:
            raise CompileError(
                f"network: core {int(np.argmax(counts))} needs {used[name][0]} "
                f"{name.replace('_', ' ')}; allowed: {used[name][1]}. Make the network fit "
                f"({_REMEDY[name]}), or compile for a chip that has more with chip.what_if(...)."
            )
    return used


def _core_pairs(item: ConnectionRegisters, placement: Placement) -> Int64Array:
    """Whether core i holds a source of the connection with a target on core j, as 0 or 1."""
    connection, n = item.connection, len(placement.core_ptr) - 1

    def cores(population: Any) -> Int64Array:
        compartments = placement.compartments(population)
        return np.searchsorted(placement.core_ptr, compartments, side="right") - 1

    source, target = cores(connection.source), cores(connection.target)
    pairs = np.zeros(n * n, dtype=bool)
    row_core = np.repeat(source.astype(np.int32), np.diff(connection.indptr))
    for start in range(0, connection.n_synapses, _CHUNK):
        part = slice(start, start + _CHUNK)
        pairs[row_core[part].astype(np.int64) * n + target[connection.post[part]]] = True
    return pairs.reshape(n, n).astype(np.int64)
