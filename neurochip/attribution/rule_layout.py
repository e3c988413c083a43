"""The kernels of the float64 learning step get these tuples of switches, terms and state."""

from __future__ import annotations

from typing import NamedTuple

from ..learning.layout import Draws, Engine, Side, Synapses
from ..typing import BoolArray, Float64Array, Int32Array, Int64Array

__all__ = ["RuleState", "RuleTerms", "Setting", "Spikes", "Switches"]


class Switches(NamedTuple):
    """Sources of error that are on, as far as the kernels know them; the rest is in tables."""

    repeated_spikes: bool
    impulse: bool
    trace_rounding: bool
    trace_saturation: bool
    product_shift: bool
    weight_rounding: bool
    tag_rounding: bool
    limits: bool
    epoch: bool
    event_order: bool


class Spikes(NamedTuple):
    """The spikes of a side by step: those of step t are ``ids[ends[t + 1]:ends[t + 2]]``.

    The first step is -1, in which the chip has the inputs of step 0 that act early.
    """

    ids: Int32Array
    ends: Int64Array


class RuleTerms(NamedTuple):
    """The terms of a rule as in :class:`~neurochip.learning.terms.Tables`, with real numbers.

    ``both`` marks products of both spikes, which only stand for the order of events; ``skip`` the
    terms that a run leaves out, and ``early`` those that see traces of the other side before the
    spikes of the step. ``limits`` has the bounds of w, d and t before and after their rounding,
    shape (2, 3, 2).
    """

    first: Int32Array
    dependency: Int32Array
    k: Int32Array
    mantissa: Float64Array
    right: Int32Array
    left: Int32Array
    both: BoolArray
    skip: BoolArray
    early: BoolArray
    start: Int32Array
    variable: Int32Array
    constant: Float64Array
    sign: BoolArray
    low: Float64Array
    high: Float64Array
    limits: Float64Array


class Setting(NamedTuple):
    """Holds all of a run with some sources of error that does not change in it."""

    switches: Switches
    terms: RuleTerms
    engine: Engine
    pre: Side
    post: Side
    synapses: Synapses
    draws: Draws
    pre_spikes: Spikes
    post_spikes: Spikes
    given: Float64Array
    pre_first: bool
    epoch: int


class RuleState(NamedTuple):
    """Traces, steps of the last spikes in this epoch, histories, (w, d, t), and what is counted.

    ``pre_times`` says how often a source spikes in the step of its last spike; of ``post_times``,
    all are 1.
    ``x_before`` and ``y_before`` have the traces of each step before its impulses. ``now`` and
    ``fresh`` hold the variables of one synapse, ``moved`` the sum of the sizes of all changes of
    weights, and ``counts`` the events of :class:`~neurochip.learning.layout.Count`, then the
    synapses that epochs touched.
    """

    x: Float64Array
    y: Float64Array
    pre_when: Int32Array
    pre_times: Int32Array
    post_when: Int32Array
    post_times: Int32Array
    x_history: Float64Array
    y_history: Float64Array
    x_before: Float64Array
    y_before: Float64Array
    synaptic: Float64Array
    now: Float64Array
    fresh: Float64Array
    moved: Float64Array
    counts: Int64Array
