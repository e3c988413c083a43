"""Tables of the kernels that fill cores: what is placed, the limits, and the open core."""

from __future__ import annotations

from typing import NamedTuple

from ..typing import Int8Array, Int32Array, Int64Array

__all__ = ["Packing", "Scratch", "Tables"]


class Tables(NamedTuple):
    """Neurons to place. A neuron is a row of compartments; a source is a compartment or input."""

    neuron_ptr: Int64Array
    in_ptr: Int64Array  # row pointers of the synapses onto each compartment
    in_list: Int32Array  # list number of each synapse
    list_source: Int32Array
    format_bits: Int32Array  # bits of weight and delay of a synapse
    format_delay: Int32Array  # bits of the delay alone
    format_once: Int8Array  # whether the synapses of a format take no memory of their own
    format_traces: Int32Array  # numbers of its pre-synaptic traces x1 and x2, or -1
    profile: Int32Array
    threshold: Int32Array
    shared: Int32Array
    state: Int32Array  # bits of state and parameters of each compartment
    channel_ptr: Int64Array  # row pointers of the channels that each compartment belongs to
    channel: Int32Array
    channel_part: Int32Array  # part of a kernel that holds each channel
    part_rows: Int32Array  # rows of a part, each with one weight per channel
    part_bits: Int32Array  # bits of such a weight
    part_axon: Int32Array  # number of the axon of the inputs of a part, or -1


class Packing(NamedTuple):
    """Limits and encoding sizes of a core: see the fields of ``CoreSpec``."""

    limits: Int64Array
    formats: int
    slots: int
    first_input: int  # number of the first input; lower sources are compartments
    count_neurons: int  # whether each source compartment takes its own input axon
    per_entry: int
    prefix: int
    run_base: int
    alignment: int
    suffix: int
    word: int
    index_min: int
    skip_min: int
    skip_max: int


class Scratch(NamedTuple):
    """State of the open core; heads and axons are empty between calls.

    A list has a *head*: its source, its format, its last target, and 0 while it is not on the core,
    minus its best encoding - 1 while it has one synapse, or its best encoding and the place of its
    *counts*. These are ``stride`` numbers: for each encoding the synapses in the last entry, then
    the bits of all entries (int32 suffices: 2**31 bits are 256 MB in one list). Almost all lists of
    a large network have one synapse, and a head takes a quarter of a cache line.
    """

    head: Int32Array
    counts: Int32Array
    stride: int
    encodings: int
    lists: Int32Array
    axon: Int64Array  # per source that reaches the core: 1 + the bits of its lists
    sources: Int32Array
    profile: Int32Array  # per number: mark of the last core that has it
    threshold: Int32Array
    shared: Int32Array
    format: Int32Array
    price: Int32Array  # bits of an entry, per format, encoding and number of its synapses
    alone: Int32Array  # smallest encoding of a list of one synapse, per format
    users: Int32Array  # number of lists of the core, per format and encoding
    formats: Int32Array
    channels: Int32Array  # per channel: mark of the last core that has it
    parts: Int32Array  # per part: number of its channels on the core, and mark of that core
    traces: Int32Array  # per pre-synaptic trace: mark of the last core that has it
    axons: Int32Array  # per axon of inputs: mark of the last core that it reaches
    used: Int64Array
    before: Int64Array
    # Lists, sources, formats; index bits; encodings; mark; state bits; lists with counts.
    top: Int64Array
