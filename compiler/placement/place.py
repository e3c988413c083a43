"""Place neurons on cores within all limits of a core, and cores on the mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurochip._support.csr import spans
from neurochip.chip.spec import ChipSpec, CoreSpec
from neurochip.errors import FitError
from neurochip.network import Population
from neurochip.packing.axons import add_axons, reach_of
from neurochip.packing.budget import Filler, limits_of
from neurochip.packing.filling import Filling
from neurochip.packing.flows import flows_of
from neurochip.packing.wiring import delay_limit
from neurochip.typing import Int32Array, Int64Array

from ..options import CompileOptions
from .fullest import fullest_resource
from .sites import choose_sites
from .strategies import STRATEGIES
from .workload import Workload

__all__ = ["Placement", "binding", "place"]

_REMEDY = {
    "compartments": "shorten its delays",
    "synaptic_words": "reduce its in-degree",
    "input_axons": "drive it from fewer sources",
    "compartment_profiles": "use fewer distinct time constants",
    "threshold_profiles": "use fewer distinct thresholds",
    "synapse_formats": "give its connections fewer signs, scales and delays",
    "list_words": "reduce the synapses of each of its sources",
    "shared_registers": "use the same limits of v",
    "output_axons": "connect it to fewer populations",
    "memory_words": "reduce its in-degree or its state",
    "pre_traces": "give the connections onto it fewer different pre-synaptic traces",
}
_REMEDY_OF_ALL = {
    **_REMEDY,
    "compartments": "simulate fewer neurons",
    "synaptic_words": "reduce the number of synapses",
    "input_axons": "drive the neurons from fewer sources",
    "compartment_profiles": "use fewer distinct time constants and refractory periods",
    "synapse_formats": "give connections fewer signs, scales and delays",
    "list_words": "reduce the synapses of each source",
    "memory_words": "reduce the number of synapses or the state of the neurons",
    "pre_traces": "give connections that learn fewer different pre-synaptic traces",
}


@dataclass(frozen=True, eq=False)
class Placement:
    """A placement of neurons on cores and of cores on the mesh.

    Parameters
    ----------
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Compartments of core i are ``core_ptr[i]`` to ``core_ptr[i + 1]``.
    compartment : ndarray of int64, shape (n_compartments,)
        New number of each compartment of the workload.
    first_compartment, per_neuron : dict of str to int
        As in :class:`Workload`.
    sites : ndarray of int64, shape (n_cores,)
        Site of each core.
    usage : dict of str to ndarray of int64, shape (n_cores,)
        Use of each resource.
    """

    core_ptr: Int64Array
    compartment: Int64Array
    first_compartment: Mapping[str, int]
    per_neuron: Mapping[str, int]
    sites: Int64Array
    usage: Mapping[str, Int64Array]

    def compartment_ids(self, population: Population, receptor: int = -1) -> Int32Array:
        """Return the compartment of each neuron, or of one of its receptors."""
        stride = self.per_neuron[population.name]
        first = self.first_compartment[population.name]
        stop = first + stride * population.size
        found = self.compartment[first + receptor % stride : stop : stride]
        return found.astype(np.int32)

    def child_ids(self, population: Population) -> Int32Array:
        """Return the child compartment of each neuron; empty for neurons of one compartment."""
        single = self.per_neuron[population.name] == 1
        return np.empty(0, np.int32) if single else self.compartment_ids(population, 0)

    def resources(self, chip: ChipSpec) -> dict[str, tuple[int, int]]:
        """Return use and limit of the chip's cores, and of each resource on its fullest core."""
        limits = limits_of(chip.core)
        limits["compartments"] = int(delay_limit(chip.core, int(self.usage["delay_bits"].max())))
        return {
            "cores": (len(self.core_ptr) - 1, chip.total_cores),
            **{
                name: (int(self.usage[name].max()), limit)
                for name, limit in limits.items()
                if name != "pre_traces" or self.usage[name].any()
            },
        }


def place(work: Workload, chip: ChipSpec, options: CompileOptions) -> Placement:
    """Fill cores as the chosen strategy proposes, and place the cores on the mesh.

    The number of axons between neurons is known only when all cores are filled. Cores that need too
    many axons are divided in two until none does. The axons of a core can grow at first: as long as
    it sends to almost all cores, there are twice as many of them, and only then does it share them
    with fewer neurons.

    Raises
    ------
    FitError
        If a single neuron exceeds a limit of a core, or the network needs too many cores or axons.
    """
    filler = Filler(work.wiring, chip.core)
    order, opens = STRATEGIES[options.placement](work, chip, filler, options.placement_seed)
    first = filling = filler.fill(order, opens)
    if filling.failed >= 0:
        raise FitError(_too_large(work, filling, chip))
    while True:
        if filling.n_cores > chip.total_cores:
            if filling is first:
                raise FitError(_too_many(work, filling, chip))
            raise FitError(_too_many_axons(work, first, chip, options))
        placement = _on_mesh(work, chip, filling, options)
        over = np.flatnonzero(np.maximum(*_excess(placement, chip).values()) > 0)
        if not over.size:
            return placement
        del placement
        sizes = np.diff(filling.core_ptr)[over]
        if sizes.max() == 1:
            raise FitError(_too_many_axons(work, first, chip, options))
        filling = filler.divide(filling, over, (sizes + 1) // 2)


def binding(placement: Placement, work: Workload, chip: ChipSpec) -> str:
    """Return the name of the resource that ends most cores."""
    first = placement.compartment[work.wiring.neuron_ptr[:-1]]
    order = np.argsort(first)
    core_ptr = np.searchsorted(first[order], placement.core_ptr)
    return fullest_resource(work, chip.core, order, core_ptr, placement.usage)


def _excess(placement: Placement, chip: ChipSpec) -> dict[str, Int64Array]:
    """Return the axons of each core beyond its limits."""
    return {
        name: placement.usage[name] - getattr(chip.core, name)
        for name in ("input_axons", "output_axons")
    }


def _on_mesh(
    work: Workload, chip: ChipSpec, filling: Filling, options: CompileOptions
) -> Placement:
    ptr, order = work.wiring.neuron_ptr, filling.order
    sizes = np.diff(ptr)
    # The compartments in their new order, and its inverse: the new number of each compartment.
    ends = np.cumsum(sizes[order])
    moved = spans(ptr[order], sizes[order])
    compartment = np.empty_like(moved)
    compartment[moved] = np.arange(len(moved))
    core_ptr = np.concatenate([[0], ends[filling.core_ptr[1:] - 1]])
    core_of = np.searchsorted(core_ptr, compartment, side="right") - 1
    sites = np.arange(filling.n_cores)
    assert options.sites is not None  # CompileOptions replaces None by a choice
    if options.sites != "in_order":
        traffic = flows_of(reach_of(filling, work.wiring), core_of, work.rate, sites, chip)
        sites = choose_sites(traffic, chip, options.sites, options.placement_seed)
    population = work.wiring.population[work.wiring.neuron_of].astype(np.int64)
    usage = add_axons(
        filling,
        work.wiring,
        core_of,
        population,
        chip.core,
        sites // chip.cores,
    )
    return Placement(core_ptr, compartment, work.first_compartment, work.per_neuron, sites, usage)


def _too_many_axons(
    work: Workload, filling: Filling, chip: ChipSpec, options: CompileOptions
) -> str:
    """Describe what the cores lack as they were filled first, before any was divided."""
    placement = _on_mesh(work, chip, filling, options)
    excess = _excess(placement, chip)
    name = next(name for name, values in excess.items() if values.max() > 0)
    counts = placement.usage[name]
    worst = int(np.argmax(counts))
    most, limit = int(counts[worst]), getattr(chip.core, name)
    needs = f"network: core {worst} needs {most} {name.replace('_', ' ')}"
    more = f"compile for a chip that has more, with chip.what_if({name}={most})"
    inputs = int(filling.usage["input_axons"][worst])
    if name == "output_axons" or not chip.core.population_axons or 2 * inputs >= most:
        return f"{needs}; allowed: {limit}. Make the network fit ({_REMEDY[name]}), or {more}."
    full = binding(placement, work, chip)
    each = work.wiring.n_neurons / filling.n_cores
    return (
        f"{needs}: {inputs} for inputs and {most - inputs} for groups of neurons, one for each "
        f"population on each core that sends to it; allowed: {limit}. Smaller cores make more "
        f"groups: let a core hold more than {each:.3g} neurons (it is full with "
        f"{_full(full, filling.usage, chip.core)}), or {more}. explain_fit tries such changes."
    )


def _too_many(work: Workload, filling: Filling, chip: ChipSpec) -> str:
    needed, core = filling.n_cores, chip.core
    name = fullest_resource(work, core, filling.order, filling.core_ptr, filling.usage)
    there, larger = (
        f"chip {chip.name!r} has {chip.cores}",
        f"chip with chip.what_if(cores={needed})",
    )
    if chip.chips > 1:
        there = f"the {chip.chips} chips of {chip.name!r} have {chip.total_cores}"
        larger = f"system with chip.what_if(chips={-(-needed // chip.cores)})"
    return (
        f"network: needs {needed} cores; {there}. A core is full with "
        f"{_full(name, filling.usage, core)}, or compile for a larger {larger}."
    )


def _full(name: str, usage: Mapping[str, Int64Array], core: CoreSpec) -> str:
    """Return how much of a resource fills a core, and what to do about it."""
    limit, remedy = limits_of(core)[name], _REMEDY_OF_ALL[name]
    if name == "compartments":
        limit = int(delay_limit(core, usage["delay_bits"].max()))
        remedy = remedy if limit == core.compartments else "shorten the delays"
    return f"{limit} {name.replace('_', ' ')}: {remedy}"


def _too_large(work: Workload, filling: Filling, chip: ChipSpec) -> str:
    population, neuron = work.owner(int(filling.order[filling.failed]))
    limits = limits_of(chip.core)
    limits["compartments"] = int(delay_limit(chip.core, filling.usage["delay_bits"])[0])
    used = {name: int(filling.usage[name][0]) for name in limits if name in filling.usage}
    name = next(name for name, value in used.items() if value > limits[name])
    return (
        f"population {population.name!r}: neuron {neuron} alone needs {used[name]} "
        f"{name.replace('_', ' ')} of a core; allowed: {limits[name]}. "
        f"Make the network fit ({_REMEDY[name]}), or compile for a chip that has more with "
        "chip.what_if(...)."
    )
