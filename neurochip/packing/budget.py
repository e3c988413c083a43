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

from typing import Any

import numpy as np

from .._support.csr import spans, starts_of
from .._support.values import instance
from ..chip.spec import CoreSpec
from ..errors import ImageError
from ..image import ChipImage
from ..typing import BoolArray, Int32Array, Int64Array
from .axons import Reach, add_axons, reach_of
from .filling import Filling
from .tables import Packing, Scratch, Tables
from .threads import on_threads, threads_for
from .wiring import Wiring, wiring_of

__all__ = [
    "RESOURCES",
    "Filler",
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
        limits = limits_of(core)
        most = _NO_LIMIT
        self._wiring = wiring
        self._others: list[Scratch] = []  # of further threads
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
        self.tables = Tables(*(getattr(wiring, name) for name in Tables._fields))
        self.scratch = self._empty_core()

    def _empty_core(self) -> Scratch:
        from .kernels import heads_of

        wiring, packing = self._wiring, self.packing
        lists, sources = len(wiring.list_source), wiring.n_sources
        formats = len(wiring.format_bits)
        encodings = 3 + packing.skip_max - packing.skip_min
        stride = -(-2 * encodings // 16) * 16  # whole cache lines

        def ids(numbers: Int32Array) -> int:
            return int(numbers.max(initial=-1)) + 1

        def zeros(*shape: int, dtype: Any = np.int32) -> Any:
            return np.zeros(shape, dtype=dtype)

        return Scratch(
            head=heads_of(wiring.list_source, wiring.list_format),
            # Few lists of a core have counts, and pages that are never written take no memory.
            counts=zeros((1 + lists) * stride),
            stride=stride,
            encodings=encodings,
            lists=zeros(lists),
            axon=zeros(sources, dtype=np.int64),
            sources=zeros(sources),
            profile=zeros(ids(wiring.profile)),
            threshold=zeros(ids(wiring.threshold)),
            shared=zeros(ids(wiring.shared)),
            format=zeros(formats),
            price=zeros(formats, encodings, packing.per_entry + 1),
            alone=zeros(formats),
            users=zeros(formats, encodings),
            formats=zeros(formats),
            channels=zeros(len(wiring.channel_part)),
            parts=zeros(len(wiring.part_rows), 2),
            traces=zeros(ids(wiring.format_traces)),
            axons=zeros(ids(wiring.part_axon)),
            used=zeros(len(_COUNTED) + 1, dtype=np.int64),
            before=zeros(len(_COUNTED) + 1, dtype=np.int64),
            top=zeros(8, dtype=np.int64),
        )

    def fill(self, order: Int64Array, opens: BoolArray) -> Filling:
        """Fill one core after another with neurons in ``order``; start a core where ``opens``.

        How a core is filled does not depend on the cores before it. So threads fill the parts of a
        long order from one start of a core to another, with the same result.
        """
        order = np.asarray(order, dtype=np.int64)
        starts = self._parts(opens)
        if len(starts) == 1:
            return self._fill(self.scratch, order, opens)
        stops = [*starts[1:], len(order)]
        self._others += [self._empty_core() for _ in starts[1 + len(self._others) :]]

        def fill_part(scratch: Scratch, start: int, stop: int) -> Filling:
            return self._fill(scratch, order[start:stop], opens[start:stop])

        scratches = [self.scratch, *self._others][: len(starts)]
        parts = on_threads(fill_part, scratches, starts, stops)
        for start, part in zip(starts, parts, strict=True):
            if part.failed >= 0:
                failed = start + part.failed
                return Filling(order, np.array([failed, failed + 1]), part.usage, failed)
        ends = [start + part.core_ptr[1:] for start, part in zip(starts, parts, strict=True)]
        usage = {
            name: np.concatenate([part.usage[name] for part in parts]) for name in parts[0].usage
        }
        return Filling(order, np.concatenate([[0], *ends]), usage)

    def _parts(self, opens: BoolArray) -> list[int]:
        """Return where the parts of an order begin, at most one for each thread."""
        n, wiring = len(opens), self._wiring
        threads = threads_for(n * (1 + len(wiring.in_list) / max(wiring.n_neurons, 1)))
        starts = np.flatnonzero(opens)
        if threads == 1 or not starts.size:
            return [0]
        wanted = np.searchsorted(starts, np.arange(1, threads) * n // threads)
        return sorted({0, *starts[np.minimum(wanted, len(starts) - 1)].tolist()})

    def _fill(self, scratch: Scratch, order: Int64Array, opens: BoolArray) -> Filling:
        from .._kernels.plain import call
        from .kernels import fill

        usage = np.empty((len(order), len(_COUNTED) + 1), dtype=np.int64)
        core_ptr = np.empty(len(order) + 1, dtype=np.int64)
        n_cores = call(
            fill,
            len(order) + len(self._wiring.in_list) + len(self._wiring.channel),
            order,
            opens,
            self.tables,
            self.packing,
            scratch,
            usage,
            core_ptr,
        )
        failed = -1
        if n_cores < 0:
            failed, n_cores = int(core_ptr[0]), 1
            core_ptr[:2] = (failed, failed + 1)
        return Filling(
            order,
            core_ptr[: n_cores + 1].copy(),
            dict(zip((*_COUNTED, "delay_bits"), usage[:n_cores].T.copy(), strict=True)),
            failed,
        )

    def divide(self, filling: Filling, cores: Int64Array, firsts: Int64Array) -> Filling:
        """Divide some cores in two, and leave the others as they are.

        Parameters
        ----------
        filling : Filling
            Neurons on cores, none of which failed.
        cores : ndarray of int64
            The cores to divide, ascending.
        firsts : ndarray of int64
            Number of neurons that the first half of each gets; 0 or all to leave it whole.
        """
        sizes = np.diff(filling.core_ptr)[cores]
        places = spans(filling.core_ptr[cores], sizes)
        begins = starts_of(sizes)[:-1]
        opens = np.zeros(len(places), dtype=bool)
        opens[begins] = True
        opens[begins + firsts % sizes] = True
        halves = self.fill(filling.order[places], opens)
        whole = np.delete(np.arange(filling.n_cores), cores)
        starts = np.concatenate([filling.core_ptr[whole], places[halves.core_ptr[:-1]]])
        by_place = np.argsort(starts)
        usage = {
            name: np.concatenate([values[whole], halves.usage[name]])[by_place]
            for name, values in filling.usage.items()
        }
        return Filling(filling.order, np.append(starts[by_place], len(filling.order)), usage)


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
    usage = add_axons(filling, wiring, core_of, population, chip.core, chip_of)
    return usage, reach_of(filling, wiring)
