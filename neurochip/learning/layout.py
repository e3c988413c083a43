"""The kernels of the learning step get these tuples of numbers, state, synapses and draws.

Groups have tuples of the same types, so that an engine can hold them in one tuple; only ``lanes``
of the state depends on how wide the numbers of a rule are.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from ..typing import (
    BoolArray,
    Float64Array,
    Int16Array,
    Int32Array,
    Int64Array,
    UInt32Array,
    UInt64Array,
)

__all__ = [
    "Count",
    "Draws",
    "Engine",
    "Kind",
    "Neurons",
    "PlasticTables",
    "Record",
    "Side",
    "State",
    "Synapses",
    "Terms",
]


class Kind(enum.IntEnum):
    """Numbers the uses of draws; the place of a trace is added to the first of its side."""

    PRE_DECAY = 0
    POST_DECAY = 2
    PRE_IMPULSE = 5
    POST_IMPULSE = 7
    PRE_AGAIN = 10
    POST_AGAIN = 12
    SYNAPSE = 15


class Count(enum.IntEnum):
    """Numbers the events that a run counts, in ``State.counts``.

    The first three are traces, accumulators and weights (also tags, delays) that did not fit;
    ``EVENTS`` are synapses of each spike of either side, and ``REFUSED`` further spikes of an epoch
    on an engine that allows one. ``SPIKES`` are those of both sides, and ``REPEATED`` those of an
    input in a step with an earlier one, which teach nothing.
    """

    TRACES = 0
    ACCUMULATORS = 1
    WEIGHTS = 2
    EVENTS = 3
    REFUSED = 4
    SPIKES = 5
    REPEATED = 6


DEPENDENCY, K, MANTISSA, RIGHT, LEFT, WHOLE, START, END = range(8)  # of a row of Terms.each
VARIABLE, CONSTANT, SIGN, LOW, HIGH = range(5)  # of a row of Terms.factor


class Terms(NamedTuple):
    """The terms of a rule as two tables of int64: see :class:`neurochip.learning.terms.Tables`.

    Few arrays are compiled faster than many. Terms of a target are rows ``first[target]`` and on of
    ``each``, and the factors of a term rows ``START`` to ``END`` of ``factor``.
    """

    first: Int32Array
    each: Int64Array
    factor: Int64Array


class Engine(NamedTuple):
    """Numbers of a rule and of its :class:`LearningSpec`, for the kernels.

    ``uses_pre`` says whether spikes of the pre-synaptic side matter, as events or as factors. No
    sum reaches ``reach``. Sums of a ``lined`` engine are clipped, and rounded up by draws of
    their own, and a change of 0 leaves all values, as loops over lines need it.
    """

    epoch: int
    first_epoch: int
    trace_top: int
    trace_rounding: int
    per_synapse: bool
    shared: bool
    impulse_scale: float
    impulse_bits: int
    one_spike: bool
    uses_pre: bool
    uses_post: bool
    reach: int
    product_wraps: bool
    low: int
    high: int
    wraps: bool
    weight_rounding: int
    weight_shared: bool
    low_bits: int
    sign: int
    lined: bool
    limits: Int64Array


class Neurons(NamedTuple):
    """The neurons of one side of a group: how lists of spikes name them, and their draws.

    Neuron k of the side is ``ids[k]`` in lists of spikes, whose ids are below ``n_ids``. Its traces
    have the draws of ``numbers[k]``; ``stream`` keeps the draws of inputs apart from those of
    compartments of the same number.
    """

    ids: Int32Array
    n_ids: int
    numbers: Int32Array
    stream: int = 0


class Side(NamedTuple):
    """Traces of one side: parameters of each, and the neurons that they follow.

    ``place`` is the neuron of each id in a list of spikes, -1 if the group has none. ``neuron`` is
    the neuron of each owner of traces (neuron or synapse), and ``number`` the owner's for draws.
    The keys of each trace are those of its draws: of its decay, of the fraction of its impulse, and
    of a further impulse of an epoch, which may always round ``up``. They come from the seed, from
    ``stream`` and from the kind of draw.
    """

    whole: Int64Array
    fraction: Float64Array
    decay: Float64Array
    early_decay: Float64Array
    used: BoolArray
    given: BoolArray
    place: Int32Array
    neuron: Int32Array
    number: Int32Array
    stream: int
    decay_key: UInt64Array
    impulse_key: UInt64Array
    again_key: UInt64Array
    up: bool


class Synapses(NamedTuple):
    """Synapses by source (their *places*), and by target the places of the same synapses.

    The synapses of source i are places ``row[i]`` to ``row[i + 1] - 1``, with ``source``,
    ``target`` and ``number`` for draws. Those of target j are ``position[k]``, of source
    ``column_source[k]`` and with ``column_number[k]`` for draws, for k from ``column[j]`` to
    ``column[j + 1] - 1``. The numbers are held twice: those of a column lie far apart by place.

    In a *dense* group each source has one synapse with each target, in the order of the targets,
    and its number is the sum of ``row_number`` and ``column_number``, one for each source and one
    for each target; the lists are empty then.

    The ``key`` of the draws of weight, delay and tag comes from the seed and from ``group``.
    """

    dense: bool
    row: Int64Array
    column: Int64Array
    source: Int32Array
    target: Int32Array
    number: Int32Array
    position: Int32Array
    column_source: Int32Array
    row_number: Int32Array
    column_number: Int32Array
    group: int
    key: UInt64Array


class Draws(NamedTuple):
    """Given draws, as (rows, traces or 1, owners or 1); an empty array is hashed.

    Row 0 is step ``first_step`` or, of those that count epochs, epoch ``first_epoch``. Draws of
    synapses are the leading 32 bits of a number in [0, 1), in the order of places.
    """

    pre_decay: Float64Array
    post_decay: Float64Array
    pre_impulse: Float64Array
    post_impulse: Float64Array
    again: Float64Array
    synapse: UInt32Array
    first_step: int
    first_epoch: int


class PlasticTables(NamedTuple):
    """Holds all of a plastic group that does not change in a run."""

    engine: Engine
    terms: Terms
    pre: Side
    post: Side
    synapses: Synapses
    draws: Draws


class State(NamedTuple):
    """Holds all of a plastic group that a run changes.

    Traces ``x`` (2, owners) and ``y`` (3, owners); a given y holds what is written into it. Steps
    of the last spikes of this epoch, from 1, and the list of neurons with one. Histories are the
    traces of the last epoch, flat: (traces, epoch + 1, owners). ``weight``, ``delay`` and ``tag``
    by place; delays and tags are empty if the rule has none. ``counts`` see :class:`Count`.
    ``lanes`` (int32, or int64 for wide rules), ``keys``, ``draws``, ``line`` and
    ``change`` are scratch memory.
    Arrays by place or neuron, and histories, are longer by what a loop over a line may read.
    """

    x: Int32Array
    y: Int32Array
    pre_when: Int32Array
    post_when: Int32Array
    pre_list: Int32Array
    post_list: Int32Array
    n_listed: Int64Array
    x_history: Int32Array
    y_history: Int32Array
    weight: Int16Array
    delay: Int16Array
    tag: Int16Array
    counts: Int64Array
    lanes: Int32Array | Int64Array
    keys: UInt64Array
    draws: Float64Array
    line: Int16Array
    change: Int32Array


class Record(NamedTuple):
    """Values at the end of each step; empty ones are not recorded."""

    x: Int32Array
    y: Int32Array
    weight: Int16Array
    delay: Int16Array
    tag: Int16Array
