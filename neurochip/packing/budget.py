"""The resources that neurons use on a core, counted as the hardware counts them.

- Each compartment counts, also in a neuron of two compartments. A core with ``b`` delay bits can
  address ``accumulator_slots >> b`` compartments.
- All synapses of a source onto a core form one list, which is rounded up to words. In a list, the
  synapses of each connection are packed in the encoding that takes the fewest bits: sparse (with
  the index of each target), dense (in the order of the targets, with weight 0 for absent synapses),
  or run-length (with the gap before each target, in one of several widths).
- A synapse format of the core is a format of the image in one encoding. If a core has too many
  formats to use all encodings, each format has the first few in the order sparse, dense, and
  run-length from the widest gap to the narrowest.
- An index has as many bits as the compartments of the core need.
- An input takes an input axon on each core that it reaches. Two or more neurons of a population
  on the same core take one shared axon to each core that they reach; a single neuron takes its own.
- An axon takes more entries (``LearningSpec.axon_slots``) on cores where its synapses learn
  (nengo-loihi 1.1.0: two), and a core has few different pre-synaptic traces (the same: three).

:mod:`neurochip.chip.spec` has the numbers and their sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.values import instance
from ..chip.spec import CoreSpec
from ..errors import ImageError
from ..image import ChipImage
from ..typing import BoolArray, Float64Array, Int32Array, Int64Array
from .tables import Packing, Scratch, Tables
from .wiring import Wiring, wiring_of

__all__ = [
    "RESOURCES",
    "Filler",
    "Filling",
    "Reach",
    "add_axons",
    "core_usage",
    "limits_of",
    "resources_of",
]

# In the order of the columns that the kernel counts, except the delay bits, which have no limit.
_COUNTED = (
    "compartments",
    "synaptic_words",
    "input_axons",
    "compartment_profiles",
    "threshold_profiles",
    "synapse_formats",
    "list_words",
    "shared_registers",
    "memory_words",
    "pre_traces",
)
RESOURCES = (*_COUNTED, "output_axons")
"""Names of all resources of a core."""

_NO_LIMIT = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, eq=False)
class Reach:
    """Sources with a synapse on each core.

    Parameters
    ----------
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Sources of core i are ``source[core_ptr[i]:core_ptr[i + 1]]``.
    source : ndarray of int32, shape (n_pairs,)
        Numbers of compartments, and of inputs, which are numbered after the compartments.
    """

    core_ptr: Int64Array
    source: Int32Array

    def grouped(
        self, group_of: Int64Array, value: Float64Array
    ) -> tuple[Int64Array, Int64Array, Int64Array, Float64Array]:
        """Sum a value over the compartments of each group that reach each core.

        Parameters
        ----------
        group_of : ndarray of int64, shape (n_compartments,)
            Group of each compartment, from 0 on.
        value : ndarray of float64, shape (n_sources,)
            Value of each source, such as its spikes per step.

        Returns
        -------
        group, core, count, total : ndarray, shape (n_pairs,)
            Each pair of group and core once, sorted, with the number of compartments and their
            total value.
        """
        from .tallies import add_pairs, count_pairs

        size = int(group_of.max(initial=-1)) + 1
        n = count_pairs(self.core_ptr, self.source, group_of, np.full(size, -1))
        group, core = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        count, total = np.zeros(n, dtype=np.int64), np.zeros(n)
        place = np.full(size, -1)
        add_pairs(self.core_ptr, self.source, group_of, value, place, group, core, count, total)
        order = np.lexsort((core, group))
        return group[order], core[order], count[order], total[order]

    def from_outside(self, n_compartments: int, value: Float64Array) -> Float64Array:
        """Return the total value of the inputs that reach each core, shape (n_cores,)."""
        inputs = np.flatnonzero(self.source >= n_compartments)
        core = np.searchsorted(self.core_ptr, inputs, side="right") - 1
        total = np.bincount(core, value[self.source[inputs]], len(self.core_ptr) - 1)
        return total.astype(np.float64)


@dataclass(frozen=True, eq=False)
class Filling:
    """The cores that result from filling cores with neurons in a given order.

    Parameters
    ----------
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Start of each core in the order of the neurons.
    usage : dict of str to ndarray of int64, shape (n_cores,)
        Use of each resource, without axons between neurons; and ``delay_bits``.
    reach : Reach
        Sources with a synapse on each core.
    failed : int
        Place in the order of a neuron that exceeds a limit alone, or -1. If there is such a neuron,
        ``usage`` holds what it needs.
    """

    core_ptr: Int64Array
    usage: Mapping[str, Int64Array]
    reach: Reach
    failed: int = -1

    @property
    def n_cores(self) -> int:
        """Number of cores."""
        return len(self.core_ptr) - 1

    def core_of(self, order: Int64Array) -> Int64Array:
        """Return the core of each neuron, for the order that was filled."""
        core = np.empty_like(order)
        core[order] = np.repeat(np.arange(self.n_cores), np.diff(self.core_ptr))
        return core


def limits_of(core: CoreSpec) -> dict[str, int]:
    """Return the limit of every resource; delays lower the limit of compartments further."""
    once = {"shared_registers": 1}
    if core.learning is not None and core.learning.pre_traces is not None:
        once["pre_traces"] = core.learning.pre_traces
    return {
        name: once[name] if name in once else getattr(core, name)
        for name in resources_of(core, learns="pre_traces" in once)
    }


def resources_of(core: CoreSpec, *, learns: bool) -> tuple[str, ...]:
    """Return the names of the resources that a core limits, in the order of :data:`RESOURCES`.

    Those of learning only if synapses learn.
    """
    absent = {*([] if core.memory_words else ["memory_words"]), *([] if learns else ["pre_traces"])}
    return tuple(name for name in RESOURCES if name not in absent)


class Filler:
    """Fills cores with neurons in any order; reusable.

    Parameters
    ----------
    wiring : Wiring
        Neurons and their synapses.
    core : CoreSpec
        Limits of a core.
    limited : bool
        Whether a new core begins where a limit would be exceeded, or only where ``opens`` says so.

    Attributes
    ----------
    tables, packing, scratch
        Arguments of the kernels: see :mod:`neurochip.packing.kernels`.
    """

    def __init__(self, wiring: Wiring, core: CoreSpec, *, limited: bool = True) -> None:
        from .kernels import heads_of

        limits = limits_of(core)
        most = _NO_LIMIT
        self._wiring = wiring
        self.packing = Packing(
            limits=np.array([limits.get(name, most) if limited else most for name in _COUNTED]),
            formats=core.synapse_formats,
            slots=core.accumulator_slots if limited else most,
            first_input=wiring.n_compartments,
            count_neurons=int(not core.population_axons),
            per_entry=core.synapses_per_entry,
            prefix=core.entry_prefix_bits,
            run_base=int(core.run_base),
            alignment=core.entry_alignment_bits,
            suffix=core.list_suffix_bits,
            word=core.word_bits,
            index_min=core.synapse_index_bits_min,
            skip_min=core.skip_bits_min,
            skip_max=core.skip_bits_max,
        )
        encodings = 3 + core.skip_bits_max - core.skip_bits_min
        lists, sources = len(wiring.list_source), wiring.n_sources
        formats = len(wiring.format_bits)
        stride = -(-2 * encodings // 16) * 16  # whole cache lines

        def ids(numbers: Int32Array) -> int:
            return int(numbers.max(initial=-1)) + 1

        def zeros(*shape: int, dtype: Any = np.int32) -> Any:
            return np.zeros(shape, dtype=dtype)

        self.scratch = Scratch(
            head=heads_of(wiring.list_source, wiring.list_format),
            counts=zeros(lists * stride),
            stride=stride,
            encodings=encodings,
            lists=zeros(lists),
            axon=zeros(sources, dtype=np.int64),
            sources=zeros(sources),
            profile=zeros(ids(wiring.profile)),
            threshold=zeros(ids(wiring.threshold)),
            shared=zeros(ids(wiring.shared)),
            format=zeros(formats),
            price=zeros(formats, encodings, core.synapses_per_entry + 1),
            alone=zeros(formats),
            users=zeros(formats, encodings),
            formats=zeros(formats),
            channels=zeros(len(wiring.channel_part)),
            parts=zeros(len(wiring.part_rows), 2),
            traces=zeros(ids(wiring.format_traces)),
            axons=zeros(ids(wiring.part_axon)),
            used=zeros(len(_COUNTED) + 1, dtype=np.int64),
            before=zeros(len(_COUNTED) + 1, dtype=np.int64),
            top=zeros(7, dtype=np.int64),
        )
        self.tables = Tables(*(getattr(wiring, name) for name in Tables._fields))

    def fill(self, order: Int64Array, opens: BoolArray) -> Filling:
        """Fill one core after another with neurons in ``order``; start a core where ``opens``."""
        from .._kernels.plain import call
        from .kernels import fill

        usage = np.empty((len(order), len(_COUNTED) + 1), dtype=np.int64)
        # Long enough for any filling; pages that are never written take no memory.
        reach = np.empty(len(self._wiring.in_list), dtype=np.int32)
        core_ptr, reach_ptr = (np.empty(len(order) + 1, dtype=np.int64) for _ in range(2))
        n_cores = call(
            fill,
            len(reach) + len(order),
            np.asarray(order, dtype=np.int64),
            opens,
            self.tables,
            self.packing,
            self.scratch,
            usage,
            core_ptr,
            reach_ptr,
            reach,
        )
        failed = -1
        if n_cores < 0:
            failed, n_cores = int(core_ptr[0]), 1
            core_ptr[:2] = (failed, failed + 1)
            reach_ptr[:2] = 0
        reach_ptr = reach_ptr[: n_cores + 1]
        return Filling(
            core_ptr[: n_cores + 1].copy(),
            dict(zip((*_COUNTED, "delay_bits"), usage[:n_cores].T.copy(), strict=True)),
            Reach(reach_ptr.copy(), reach[: reach_ptr[-1]]),
            failed,
        )


def add_axons(
    usage: Mapping[str, Int64Array],
    reach: Reach,
    wiring: Wiring,
    core_of: Int64Array,
    population: Int64Array,
    core: CoreSpec,
    chip_of: Int64Array,
) -> dict[str, Int64Array]:
    """Return ``usage`` with the axons between neurons, and the further entries of those that learn.

    Both are known when all cores are filled.

    Parameters
    ----------
    usage : dict
        As in :class:`Filling`.
    reach : Reach
        Sources with a synapse on each core.
    wiring : Wiring
        The compartments and their synapses.
    core_of, population : ndarray of int64, shape (n_compartments,)
        Core and population of each compartment.
    core : CoreSpec
        Costs of an axon.
    chip_of : ndarray of int64, shape (n_cores,)
        Chip of each core.
    """
    from .._kernels.plain import call
    from .tallies import add_axons_of

    n_cores = len(usage["compartments"])
    # Neurons of a population on the same core form a group.
    group_of = population * n_cores + core_of
    n_groups = int(group_of.max(initial=-1)) + 1
    into, out = np.zeros(n_cores, dtype=np.int64), np.zeros(n_cores, dtype=np.int64)
    call(
        add_axons_of,
        len(reach.source),
        reach.core_ptr,
        reach.source,
        group_of,
        chip_of.astype(np.int64),
        (
            int(core.population_axons),
            core.population_axon_entries,
            core.neuron_axon_entries,
            core.chip_axon_entries,
        ),
        np.full(n_groups, -1),
        np.empty(n_groups, dtype=np.int64),
        np.empty(n_groups, dtype=np.int64),
        into,
        out,
    )
    if not core.population_axons:
        into[:] = 0  # the axons were counted while the cores were filled
    if core.learning is not None:
        axon = group_of if core.population_axons else np.arange(len(core_of))
        into += (core.learning.axon_slots - 1) * _axons_that_learn(wiring, core_of, axon, n_cores)
    return {**usage, "output_axons": out, "input_axons": usage["input_axons"] + into}


def _axons_that_learn(
    wiring: Wiring, core_of: Int64Array, axon_of: Int64Array, n_cores: int
) -> Int64Array:
    """Return the number of axons to each core that bring spikes to learning synapses.

    Compartments share an axon to a core if they have the same ``axon_of``; each input has its own.
    """
    if not wiring.format_learns.any():
        return np.zeros(n_cores, dtype=np.int64)
    learns = wiring.format_learns[wiring.list_format[wiring.in_list]]
    target = np.repeat(np.arange(wiring.n_compartments), np.diff(wiring.in_ptr))[learns]
    first_input = int(axon_of.max()) + 1
    axons = np.concatenate([axon_of, first_input + np.arange(wiring.n_inputs)])
    axon = axons[wiring.list_source[wiring.in_list[learns]]]
    pairs = np.unique(core_of[target] * (first_input + wiring.n_inputs) + axon)
    return np.bincount(pairs // (first_input + wiring.n_inputs), minlength=n_cores).astype(np.int64)


def core_usage(image: ChipImage) -> tuple[dict[str, Int64Array], Reach]:
    """Count every resource of every core of an image, and the sources that reach each core.

    Returns
    -------
    usage : dict of str to ndarray of int64, shape (n_cores,)
        Use of each resource in :data:`RESOURCES`, and ``delay_bits``.
    reach : Reach
        Sources with a synapse on each core.

    Raises
    ------
    ImageError
        If ``image`` is not a ChipImage.
    """
    instance("core_usage", "image", image, ChipImage, "a ChipImage", error=ImageError)
    wiring, chip = wiring_of(image), image.chip
    opens = np.zeros(image.n_compartments, dtype=bool)
    opens[image.core_ptr[:-1]] = True
    order = np.arange(image.n_compartments)
    filling = Filler(wiring, chip.core, limited=False).fill(order, opens)
    core_of = np.repeat(np.arange(image.n_cores), np.diff(image.core_ptr))
    population = wiring.population.astype(np.int64)
    chip_of = image.sites // chip.cores
    usage = add_axons(filling.usage, filling.reach, wiring, core_of, population, chip.core, chip_of)
    return usage, filling.reach
