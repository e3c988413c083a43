"""The network as flat arrays for placement: compartments, each with its incoming synapses.

A *source* is a compartment or an input; inputs are numbered after the compartments. A *list* holds
the synapses of one source in one group of synapses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._support.csr import rows_of, starts_of
from ..chip.registers import SynapseFormat
from ..chip.spec import CoreSpec
from ..image import ChipImage, Convolution, SynapseGroup
from ..learning import LearningRule
from ..typing import BoolArray, Int8Array, Int32Array, Int64Array
from .formats import StoredFormat, format_tables
from .state import state_bits_of

__all__ = [
    "SharedKernel",
    "SynapseRows",
    "Wiring",
    "delay_limit",
    "profiles_of",
    "wire",
    "wiring_of",
]

_PROFILE = ("decay_u", "decay_v", "refractory", "join", "program")
_SHARED = ("vmin_exponent", "vmax_exponent")


@dataclass(frozen=True, eq=False)
class SharedKernel:
    """The kernel of a convolution, which a core stores once instead of a weight per synapse.

    A core stores the kernels of the output channels that it has. For each input channel of a group
    of the convolution and each position in the kernel, it has a row with one weight per output
    channel, rounded up to words.

    Parameters
    ----------
    target : ndarray of int32, shape (n_targets,)
        Compartments, output channel by output channel.
    channels, groups : int
        Output channels, and groups of the convolution that share no channels.
    rows : int
        Input channels of a group times the positions in the kernel.
    """

    target: Int32Array
    channels: int
    groups: int
    rows: int


@dataclass(frozen=True, eq=False)
class SynapseRows:
    """A group of synapses, sorted by source.

    Parameters
    ----------
    sources : ndarray of int32, shape (n_rows,)
        Source of each row.
    indptr : ndarray of int64, shape (n_rows + 1,)
        Synapses of row i are ``indptr[i]`` to ``indptr[i + 1]``.
    target : ndarray of int32, shape (n_synapses,)
        Compartment of each synapse.
    format : SynapseFormat
        Weight exponent, weight bits and sign mode of the group.
    delay_bits : int
        Number of delay bits of each synapse.
    kernel : SharedKernel, optional
        The kernel that holds the weights of the group, once for each core.
    rule : LearningRule, optional
        How the synapses learn.
    """

    sources: Int32Array
    indptr: Int64Array
    target: Int32Array
    format: SynapseFormat
    delay_bits: int
    kernel: SharedKernel | None = None
    rule: LearningRule | None = None

    @property
    def stored(self) -> StoredFormat:
        """The format that a core stores."""
        return StoredFormat(self.format, self.delay_bits, self.kernel is not None, self.rule)


@dataclass(frozen=True, eq=False)
class Wiring:
    """All data that decide which neurons fit on a core together.

    Parameters
    ----------
    neuron_ptr : ndarray of int64, shape (n_neurons + 1,)
        Compartments of neuron i, which must share a core, are ``neuron_ptr[i]`` to
        ``neuron_ptr[i + 1]``.
    population : ndarray of int32, shape (n_neurons,)
        Number of the population of each neuron.
    n_inputs : int
        Number of inputs, which are sources outside the chip.
    in_ptr, in_list : ndarray of int64, shape (n_compartments + 1,); of int32, shape (n_synapses,)
        List number of each synapse, sorted by target compartment, with row pointers.
    list_source, list_format : ndarray of int32, shape (n_lists,)
        Source and format of each list.
    format_bits, format_delay : ndarray of int32, shape (n_formats,)
        Bits of weight, delay and tag together, and of the delay alone, of a synapse.
    format_once : ndarray of int8, shape (n_formats,)
        Whether a shared kernel holds the weights of a format, so that its synapses take no memory.
    format_learns : ndarray of bool, shape (n_formats,)
        Whether the synapses of a format learn.
    format_traces : ndarray of int32, shape (n_formats, 2)
        Numbers of the pre-synaptic traces x1 and x2 of a format, or -1.
    profile, threshold, shared : ndarray of int32, shape (n_compartments,)
        Numbers of the compartment profile, the threshold profile, and the values of the registers
        that all compartments of a core share.
    state : ndarray of int32, shape (n_compartments,)
        Bits of the state of each compartment, on a core whose memory holds both state and synapses.
    channel_ptr, channel : ndarray of int64, shape (n_compartments + 1,); of int32
        Output channels of shared kernels that each compartment belongs to, with row pointers.
    channel_part : ndarray of int32, shape (n_channels,)
        Part of a kernel that holds each channel: a group of its convolution.
    part_rows, part_bits, part_axon : ndarray of int32, shape (n_parts,)
        Rows of each part, bits of a weight, and the axon that all inputs of its convolution share,
        or -1 if its sources are compartments.
    """

    neuron_ptr: Int64Array
    population: Int32Array
    n_inputs: int
    in_ptr: Int64Array
    in_list: Int32Array
    list_source: Int32Array
    list_format: Int32Array
    format_bits: Int32Array
    format_delay: Int32Array
    format_once: Int8Array
    format_learns: BoolArray
    format_traces: Int32Array
    profile: Int32Array
    threshold: Int32Array
    shared: Int32Array
    state: Int32Array
    channel_ptr: Int64Array
    channel: Int32Array
    channel_part: Int32Array
    part_rows: Int32Array
    part_bits: Int32Array
    part_axon: Int32Array

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.population)

    @property
    def n_compartments(self) -> int:
        """Number of compartments."""
        return len(self.profile)

    @property
    def n_sources(self) -> int:
        """Number of compartments and inputs."""
        return self.n_compartments + self.n_inputs

    @property
    def synapse_ptr(self) -> Int64Array:
        """Row pointers of the synapses onto each neuron, shape (n_neurons + 1,)."""
        return self.in_ptr[self.neuron_ptr]

    @cached_property
    def neuron_of(self) -> Int32Array:
        """Neuron of each compartment."""
        sizes = np.diff(self.neuron_ptr)
        return np.repeat(np.arange(self.n_neurons, dtype=np.int32), sizes)

    @cached_property
    def kind(self) -> Int64Array:
        """Kind of each neuron: only neurons of the same kind may share a core.

        Neurons of two compartments have the lowest kinds, because a pair must begin at an even
        compartment. Neurons of a kind agree in the registers that a core has only once.
        """
        single = np.diff(self.neuron_ptr) == 1
        shared = self.shared[self.neuron_ptr[:-1]]
        key = single * (int(shared.max(initial=0)) + 1) + shared
        kinds: Int64Array = np.unique(key, return_inverse=True)[1].ravel().astype(np.int64)
        return kinds

    @cached_property
    def targets(self) -> tuple[Int64Array, Int32Array]:
        """Target neurons of each source s: ``neuron[ptr[s]:ptr[s + 1]]``, one per synapse."""
        from .kernels import list_by_source

        per_list = np.bincount(self.in_list, minlength=len(self.list_source))
        ptr = starts_of(np.bincount(self.list_source, per_list, self.n_sources).astype(np.int64))
        out = np.empty(len(self.in_list), dtype=np.int32)
        list_by_source(
            self.neuron_ptr, self.in_ptr, self.in_list, self.list_source, ptr[:-1].copy(), out
        )
        return ptr, out

    @cached_property
    def pins(self) -> tuple[Int64Array, Int32Array]:
        """Sources of each neuron without repetition, including its own compartments."""
        from .tallies import list_pins

        ptr = np.empty(self.n_neurons + 1, dtype=np.int64)
        pin = np.empty(len(self.in_list) + self.n_compartments, dtype=np.int32)
        last = np.full(self.n_sources, -1)
        tables = (self.neuron_ptr, self.in_ptr, self.in_list, self.list_source)
        return ptr, pin[: list_pins(*tables, last, ptr, pin)]

    @cached_property
    def edges(self) -> tuple[Int64Array, Int32Array]:
        """Neurons of each source without repetition: its targets and its own neuron."""
        from .._kernels.csr import transposed

        return transposed(*self.pins, self.n_sources)


def profiles_of(registers: Any) -> dict[str, Int32Array]:
    """Number the distinct profiles, thresholds and shared registers of compartments.

    ``registers`` maps names of :class:`~neurochip.image.Compartments` to arrays, and ``program`` to
    the number of the program of each, or 0. A missing register has the same value in all.
    """

    def number(names: Sequence[str]) -> Int32Array:
        columns = [registers[name] for name in names if name in registers]
        key = np.zeros(len(registers["decay_u"]), dtype=np.int64)
        for column in columns:  # combined one by one, so that keys stay small
            values = np.unique(column, return_inverse=True)[1].ravel()
            key = np.unique(key * (values.max(initial=0) + 1) + values, return_inverse=True)[1]
        return key.ravel().astype(np.int32)

    return {
        "profile": number(_PROFILE),
        "threshold": number(("threshold_mantissa",)),
        "shared": number(_SHARED),
    }


def wire(
    neuron_ptr: Int64Array,
    population: Int32Array,
    n_inputs: int,
    groups: Sequence[SynapseRows],
    profiles: dict[str, Int32Array],
    state: Int32Array | None = None,
) -> Wiring:
    """Build a wiring by sorting the synapses of all groups by target.

    ``state`` holds the bits of each compartment in the memory of its core; by default none.
    """
    from .._kernels.csr import count_items, list_rows
    from .._kernels.plain import call

    n_compartments = int(neuron_ptr[-1])
    counts = np.zeros(n_compartments, dtype=np.int64)
    for group in groups:
        call(count_items, len(group.target), group.target, counts)
    in_ptr = starts_of(counts)
    in_list = np.empty(int(in_ptr[-1]), dtype=np.int32)
    cursor, first = in_ptr[:-1].copy(), 0
    formats: dict[StoredFormat, int] = {}
    numbers = []
    for group in groups:
        work = len(group.indptr) + len(group.target)
        call(list_rows, work, group.indptr, group.target, first, cursor, in_list)
        number = formats.setdefault(group.stored, len(formats))
        numbers.append(np.full(len(group.sources), number, np.int32))
        first += len(group.sources)
    none = np.empty(0, dtype=np.int32)
    return Wiring(
        neuron_ptr=np.asarray(neuron_ptr, dtype=np.int64),
        population=population,
        n_inputs=n_inputs,
        in_ptr=in_ptr,
        in_list=in_list,
        list_source=np.concatenate([none, *(group.sources for group in groups)]),
        list_format=np.concatenate([none, *numbers]),
        **format_tables(formats),
        state=np.zeros(n_compartments, dtype=np.int32) if state is None else state,
        profile=profiles["profile"],
        threshold=profiles["threshold"],
        shared=profiles["shared"],
        **_channels_of(groups, n_compartments),
    )


def _channels_of(groups: Sequence[SynapseRows], n_compartments: int) -> dict[str, Any]:
    """Number the channels and the parts of all shared kernels."""
    targets, channels, parts = [], [], []
    rows: list[tuple[int, int, int]] = []
    n_channels = n_axons = 0
    for group in groups:
        kernel = group.kernel
        if kernel is None:
            continue
        axon = -1
        if int(group.sources.min(initial=n_compartments)) >= n_compartments:
            axon, n_axons = n_axons, n_axons + 1
        each = len(kernel.target) // kernel.channels
        targets.append(kernel.target.astype(np.int64))
        channels.append(n_channels + np.arange(kernel.channels).repeat(each))
        parts.append(len(rows) + np.arange(kernel.groups).repeat(kernel.channels // kernel.groups))
        rows += [(kernel.rows, group.format.weight_bits, axon)] * kernel.groups
        n_channels += kernel.channels
    none = np.empty(0, dtype=np.int64)
    starts, order = rows_of(np.concatenate([none, *targets]), n_compartments)
    table = np.array(rows, dtype=np.int32).reshape(-1, 3)
    return {
        "channel_ptr": starts,
        "channel": np.concatenate([none, *channels])[order].astype(np.int32),
        "channel_part": np.concatenate([none, *parts]).astype(np.int32),
        "part_rows": table[:, 0].copy(),
        "part_bits": table[:, 1].copy(),
        "part_axon": table[:, 2].copy(),
    }


def wiring_of(image: ChipImage) -> Wiring:
    """Return the wiring of an image; each compartment counts as a neuron."""
    size = image.n_compartments
    population = np.zeros(size, dtype=np.int32)
    if image.symbols is not None:
        for number, symbol in enumerate(image.symbols.populations):
            population[symbol.compartment_ids] = number
    else:  # the groups of programs are the layers of a network without names
        for number, group in enumerate(image.programs, start=1):
            population[group.compartments] = number
    first = {"compartments": 0, "inputs": size}
    rows = {"compartments": size, "inputs": image.n_inputs}
    # A program takes a profile of its core, like a set of decays.
    profile = np.zeros(size, dtype=np.int32)
    for number, group in enumerate(image.programs, start=1):
        profile[group.compartments] = number
    plastic = () if image.learning is None else image.learning.groups
    rules = {item.synapses: item.rule for item in plastic}
    parts: list[tuple[SynapseGroup, SharedKernel | None, LearningRule | None]] = [
        (item, None, rules.get(number)) for number, item in enumerate(image.synapses)
    ]
    for item in image.convolutions:
        kernel = kernel_of(item) if image.chip.core.kernels_shared else None
        parts.append((item.unrolled(rows[item.source]), kernel, None))
    groups = [
        SynapseRows(
            np.arange(rows[group.source], dtype=np.int32) + np.int32(first[group.source]),
            group.indptr,
            group.target,
            group.format,
            group.max_delay.bit_length(),
            kernel,
            rule,
        )
        for group, kernel, rule in parts
        if group.n_synapses
    ]
    names = (*_PROFILE[:-1], *_SHARED, "threshold_mantissa")
    registers = {name: getattr(image.compartments, name) for name in names}
    return wire(
        np.arange(size + 1),
        population,
        image.n_inputs,
        groups,
        profiles_of({**registers, "program": profile}),
        state_bits_of(image),
    )


def kernel_of(item: Convolution) -> SharedKernel:
    """Return the kernel of a convolution as a core stores it."""
    channels, _, height, width = item.kernel.shape
    rows = item.source_shape[0] // item.groups * height * width
    return SharedKernel(item.targets, channels, item.groups, rows)


def delay_limit(core: CoreSpec, delay_bits: Any) -> Any:
    """Return the largest number of compartments on a core whose delays have ``delay_bits`` bits."""
    return np.minimum(core.compartments, core.accumulator_slots >> np.asarray(delay_bits))
