"""The kernels of the learning step get these tuples of numbers, state, synapses and draws."""

from __future__ import annotations

import enum
from typing import NamedTuple

from ..typing import BoolArray, Float64Array, Int32Array, Int64Array

__all__ = ["Count", "Draws", "Engine", "Kind", "Record", "Side", "State", "Synapses"]


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
    """Numbers the events that a run counts."""

    TRACES = 0
    ACCUMULATORS = 1
    WEIGHTS = 2


class Engine(NamedTuple):
    """Numbers of a :class:`LearningSpec` and of an epoch, for the kernels."""

    epoch: int
    first_epoch: int
    trace_top: int
    trace_rounding: int
    per_synapse: bool
    shared: bool
    impulse_scale: float
    impulse_bits: int
    pre_up: bool
    product_wraps: bool
    low: int
    high: int
    wraps: bool
    weight_rounding: int
    weight_shared: bool
    low_bits: int
    sign: int
    limits: Int64Array
    seed: int


class Side(NamedTuple):
    """Traces of one side: parameters of each, and whose spikes each owner follows."""

    whole: Int64Array
    fraction: Float64Array
    decay: Float64Array
    early_decay: Float64Array
    given: BoolArray
    neuron: Int32Array
    decay_kind: int
    impulse_kind: int


class State(NamedTuple):
    """Traces (2 and 3, owners), steps of the last spikes in this epoch, histories, (w, d, t)."""

    x: Int32Array
    y: Int32Array
    pre_when: Int32Array
    post_when: Int32Array
    x_history: Int32Array
    y_history: Int32Array
    synaptic: Int32Array
    fresh: Int64Array
    counts: Int64Array


class Synapses(NamedTuple):
    """Synapses by source, and by target the positions of the same synapses."""

    row: Int64Array
    target: Int32Array
    column: Int64Array
    position: Int64Array
    source: Int32Array


class Draws(NamedTuple):
    """Given draws in [0, 1), as (rows, traces or 1, owners or 1); an empty array is hashed."""

    pre_decay: Float64Array
    post_decay: Float64Array
    pre_impulse: Float64Array
    post_impulse: Float64Array
    again: Float64Array
    synapse: Float64Array


class Record(NamedTuple):
    """Values at the end of each step; empty traces are not recorded, nor other targets."""

    x: Int32Array
    y: Int32Array
    synaptic: Int32Array
    targets: Int64Array
