"""The numbers of a rule and of its engine in the form that the kernels read."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from .._kernels.hashing import mixed_plainly
from ..chip.fixedpoint import Overflow
from ..chip.learning_spec import (
    DrawSharing,
    ExtraSpikes,
    LearningSpec,
    TraceRounding,
    WeightRounding,
)
from ..chip.registers import SignMode
from ..typing import Int32Array, UInt64Array
from .layout import Engine, Kind, Neurons, Side, Terms
from .rule import LearningRule
from .terms import DEPENDENCIES, FRACTION_BITS, PRE, TARGETS, VARIABLES, WIDEST, bounds_of

__all__ = ["engine_of", "is_wide", "keys_of", "side_of", "side_with_seed", "terms_of"]

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


_NO_KEYS = np.zeros(0, dtype=np.uint64)
_NARROW = 1 << 30
"""Sums of a rule in 32 bits are smaller, so that no difference of two of them overflows."""
_MOST_WEIGHT = 1 << (16 + FRACTION_BITS)


def terms_of(rule: LearningRule, wide: bool) -> Terms:
    """Return the terms of a rule, with numbers that fit the integers of its kernel."""
    tables, most = rule.tables(), WIDEST if wide else _NARROW // 2
    numbers = (tables.dependency, tables.k, tables.mantissa, tables.right, tables.left)
    each = (*numbers, tables.whole, tables.start[:-1], tables.start[1:])
    limited = [values.clip(-most, most) for values in (tables.constant, tables.low, tables.high)]
    return Terms(
        first=tables.first,
        each=np.stack(each, axis=1).astype(np.int64),
        factor=np.stack((tables.variable, limited[0], tables.sign, *limited[1:]), axis=1).astype(
            np.int64
        ),
    )


def is_wide(rule: LearningRule) -> bool:
    """Return whether a product or a sum of a rule may need more than 32 bits.

    A shift of 32 bits by more than 31 is not defined.
    """
    spec, terms = rule.spec, [term for target in TARGETS for term in rule.terms[target]]
    if rule.tables().right.max(initial=0) > 31 or _can_wrap(rule):
        return True
    if any(max(term.most(spec), term.reach(spec)) >= _NARROW for term in terms):
        return True
    low, high = bounds_of(spec.accumulator_limits, spec.accumulator_overflow)
    reach = min(sum(term.reach(spec) for term in terms), max(-low, high))
    return reach + _MOST_WEIGHT >= _NARROW


def _can_wrap(rule: LearningRule) -> bool:
    """Return whether a product of a rule can wrap at 32 bits."""
    spec, terms = rule.spec, [term for target in TARGETS for term in rule.terms[target]]
    most = max(max(term.most(spec), term.reach(spec)) for term in terms)
    return spec.product_wraps and most >= 1 << 31


def engine_of(rule: LearningRule, mode: SignMode, low_bits: int, wide: bool) -> Engine:
    """Return the numbers of a rule's engine, for weights of a sign mode that lack ``low_bits``."""
    spec = rule.spec
    low, high = bounds_of(spec.accumulator_limits, spec.accumulator_overflow)
    weights = spec.limits(mode)
    if spec.precision_kept:  # a limit that a format does not store is not reached
        weights = -(-weights[0] >> low_bits << low_bits), weights[1] >> low_bits << low_bits
    limits = (weights, spec.delay_limits or (0, 0), spec.tag_limits or (0, 0))
    terms, reach = rule.tables(), WIDEST if wide else _NARROW
    used = [
        (terms.dependency == DEPENDENCIES.index(name)).any()
        or (terms.variable == VARIABLES.index(name)).any()
        for name in ("x0", "y0")
    ]
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
        one_spike=spec.extra_spikes is ExtraSpikes.REFUSED,
        uses_pre=bool(used[0]),
        uses_post=bool(used[1]),
        reach=reach,
        product_wraps=_can_wrap(rule),
        low=max(low, -reach),
        high=min(high, reach),
        wraps=spec.accumulator_overflow is Overflow.WRAP,
        weight_rounding=_WEIGHT_CODES[spec.weight_rounding],
        weight_shared=spec.weight_draw is DrawSharing.SHARED,
        low_bits=low_bits if keeps else 0,
        sign=int(mode),
        lined=_is_lined(spec, wide) and _keeps(limits, mode, (low, high)),
        limits=np.array(limits, dtype=np.int64),
    )


def _is_lined(spec: LearningSpec, wide: bool) -> bool:
    """Return whether loops over lines have the arithmetic of an engine."""
    clips = spec.accumulator_overflow is not Overflow.WRAP
    own = spec.weight_draw is not DrawSharing.SHARED and not spec.trace_per_synapse
    return clips and own and not wide and spec.weight_rounding is WeightRounding.STOCHASTIC


def _keeps(limits: Iterable[tuple[int, int]], mode: SignMode, sums: tuple[int, int]) -> bool:
    """Return whether a change of 0 leaves all values: no limit of sums or of signs moves one.

    Nor does one move what lies behind the end of a line: zeros, or weights of another one.
    """
    (least, most), *_ = limits = tuple(limits)
    reached = (mode is SignMode.EXCITATORY and least < 0, mode is SignMode.INHIBITORY and most > 0)
    return (
        least <= 0 <= most
        and not any(reached)
        and all(
            sums[0] <= low << FRACTION_BITS and high << FRACTION_BITS <= sums[1]
            for low, high in limits
        )
    )


def side_of(
    rule: LearningRule,
    names: tuple[str, ...],
    neurons: Neurons,
    synapse_neuron: Int32Array,
    synapse_number: Int32Array,
    seed: int,
) -> Side:
    """Return the parameters of the traces of one side.

    The arrays are the neuron of this side and the number of each synapse, by place.
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
    side = Side(
        whole=np.array([int(impulse) for impulse in impulses], dtype=np.int64),
        fraction=np.array([impulse % 1.0 for impulse in impulses], dtype=np.float64),
        decay=np.array([_digits(decay, spec) for decay in early], dtype=np.float64),
        early_decay=np.array(early, dtype=np.float64),
        used=np.array([name in rule.traces for name in names], dtype=bool),
        given=np.array([trace is None and not pre for trace in traces], dtype=bool),
        place=place,
        neuron=synapse_neuron if spec.trace_per_synapse else every,
        number=synapse_number if spec.trace_per_synapse else neurons.numbers,
        stream=neurons.stream,
        decay_key=_NO_KEYS,
        impulse_key=_NO_KEYS,
        again_key=_NO_KEYS,
        up=pre and spec.extra_spikes is ExtraSpikes.AT_EPOCH_START_PRE_UP,
    )
    return side_with_seed(side, rule.spec, seed)


def side_with_seed(side: Side, spec: LearningSpec, seed: int) -> Side:
    """Return a side whose traces have the draws of a seed."""
    pre, shared = len(side.whole) == len(PRE), spec.trace_draw is DrawSharing.SHARED

    def keys(kind: Kind) -> UInt64Array:
        kinds = [int(kind) + (0 if shared else v) for v in range(len(side.whole))]
        return keys_of(seed, side.stream, kinds)

    return side._replace(
        decay_key=keys(Kind.PRE_DECAY if pre else Kind.POST_DECAY),
        impulse_key=keys(Kind.PRE_IMPULSE if pre else Kind.POST_IMPULSE),
        again_key=keys(Kind.PRE_AGAIN if pre else Kind.POST_AGAIN),
    )


def keys_of(seed: int, stream: int, kinds: Iterable[int]) -> UInt64Array:
    """Return the keys of some kinds of draws, for all steps."""
    keys = [mixed_plainly(mixed_plainly(seed) ^ ((stream << 8) + kind)) for kind in kinds]
    return np.array(keys, dtype=np.uint64)


def _digits(decay: float, spec: LearningSpec) -> float:
    return decay if spec.decay_digits is None else float(f"{decay:.{spec.decay_digits}g}")
