"""The numbers of a rule and of its engine in the form that the kernels read."""

from __future__ import annotations

import math

import numpy as np

from ..chip.fixedpoint import Overflow
from ..chip.learning_spec import (
    DrawSharing,
    ExtraSpikes,
    LearningSpec,
    TraceRounding,
    WeightRounding,
)
from ..chip.registers import SignMode
from ..typing import Int32Array
from .layout import Engine, Kind, Neurons, Side
from .rule import LearningRule
from .terms import PRE, bounds_of

__all__ = ["engine_of", "side_of"]

_TRACE_CODES = {
    TraceRounding.DECAY_THEN_IMPULSE: 0,
    TraceRounding.ONCE_AN_EPOCH: 1,
    TraceRounding.IMPULSE_THEN_DECAY: 2,
}
_WEIGHT_CODES = {
    WeightRounding.STOCHASTIC: 0,
    WeightRounding.SIGN_MAGNITUDE: 1,
    WeightRounding.AWAY_FROM_ZERO: 2,
}


def engine_of(rule: LearningRule, mode: SignMode, low_bits: int, seed: int) -> Engine:
    """Return the numbers of a rule's engine, for weights of a sign mode that lack ``low_bits``."""
    spec = rule.spec
    low, high = bounds_of(spec.accumulator_limits, spec.accumulator_overflow)
    weights = spec.limits(mode)
    if spec.precision_kept:  # a limit that a format does not store is not reached
        weights = -(-weights[0] >> low_bits << low_bits), weights[1] >> low_bits << low_bits
    limits = (weights, spec.delay_limits or (0, 0), spec.tag_limits or (0, 0))
    keeps = spec.precision_kept or spec.weight_rounding is WeightRounding.AWAY_FROM_ZERO
    return Engine(
        epoch=rule.epoch,
        first_epoch=int(rule.first_epoch or 0),
        trace_top=(1 << spec.trace_bits) - 1,
        trace_rounding=_TRACE_CODES[spec.trace_rounding],
        per_synapse=spec.trace_per_synapse,
        shared=spec.trace_draw is DrawSharing.SHARED,
        impulse_scale=2.0**-spec.impulse_fraction_bits,
        impulse_bits=spec.impulse_draw_bits,
        pre_up=spec.extra_spikes is ExtraSpikes.AT_EPOCH_START_PRE_UP,
        one_spike=spec.extra_spikes is ExtraSpikes.REFUSED,
        product_wraps=spec.product_wraps,
        low=low,
        high=high,
        wraps=spec.accumulator_overflow is Overflow.WRAP,
        weight_rounding=_WEIGHT_CODES[spec.weight_rounding],
        weight_shared=spec.weight_draw is DrawSharing.SHARED,
        low_bits=low_bits if keeps else 0,
        sign=int(mode),
        limits=np.array(limits, dtype=np.int64),
        seed=seed,
    )


def side_of(
    rule: LearningRule,
    names: tuple[str, ...],
    neurons: Neurons,
    synapse_neuron: Int32Array,
    synapse_number: Int32Array,
) -> Side:
    """Return the parameters of the traces of one side.

    The last two arrays are the neuron of this side and the number of each synapse, by place.
    """
    spec, pre = rule.spec, names == PRE
    traces = [getattr(rule, name) for name in names]
    impulses = [0.0 if trace is None else trace.impulse for trace in traces]
    # A trace that a rule does not have stays 0, whatever its decay; a given one holds its value.
    reward = math.exp(-1.0 / spec.given_trace_tau)
    early = [reward if trace is None else trace.decay(spec, rule.epoch) for trace in traces]
    place = np.full(neurons.n_ids, -1, dtype=np.int32)
    place[neurons.ids] = np.arange(len(neurons.ids))
    every = np.arange(len(neurons.ids), dtype=np.int32)
    return Side(
        whole=np.array([int(impulse) for impulse in impulses], dtype=np.int64),
        fraction=np.array([impulse % 1.0 for impulse in impulses], dtype=np.float64),
        decay=np.array([_digits(decay, spec) for decay in early], dtype=np.float64),
        early_decay=np.array(early, dtype=np.float64),
        used=np.array([trace is not None for trace in traces], dtype=bool),
        given=np.array([trace is None and not pre for trace in traces], dtype=bool),
        place=place,
        neuron=synapse_neuron if spec.trace_per_synapse else every,
        number=synapse_number if spec.trace_per_synapse else neurons.numbers,
        stream=neurons.stream,
        decay_kind=int(Kind.PRE_DECAY if pre else Kind.POST_DECAY),
        impulse_kind=int(Kind.PRE_IMPULSE if pre else Kind.POST_IMPULSE),
        again_kind=int(Kind.PRE_AGAIN if pre else Kind.POST_AGAIN),
    )


def _digits(decay: float, spec: LearningSpec) -> float:
    return decay if spec.decay_digits is None else float(f"{decay:.{spec.decay_digits}g}")
