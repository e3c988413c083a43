"""The rule of an epoch, applied to the synapses that it touches, 64 at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed_number
from .._kernels.jit import inline_kernel, inner_kernel
from ..chip.registers import SignMode
from .batch_kernels import COLUMNS, PAIRS, put, take_dense, take_sparse
from .draw_kernels import key_in_step
from .lane_kernels import (
    add_clipped,
    add_early,
    add_wrapped,
    draw_lanes,
    fill,
    limit,
    load,
    load_at,
    load_next,
    move_away,
    multiply,
    multiply_sign,
    round_magnitude,
    round_up,
    scale,
    set_product,
    shift,
    start_sum,
    take_draws,
    wrap_product,
    wrapped32,
)
from .lanes import DRAW, EARLY, LANES, OLD, PLACE, PRODUCT, VALUE, X_AT, Y_AT, X, Y
from .layout import Count, Kind
from .terms import FRACTION_BITS, VARIABLES

__all__ = ["learn_epoch"]

MAGNITUDE, AWAY = 1, 2  # WeightRounding.SIGN_MAGNITUDE, AWAY_FROM_ZERO; STOCHASTIC is 0
X0, Y0, X1, Y1, Y3, W = (VARIABLES.index(name) for name in ("x0", "y0", "x1", "y1", "y3", "w"))
SYNAPSE = int(Kind.SYNAPSE)
EXCITATORY, INHIBITORY = int(SignMode.EXCITATORY), int(SignMode.INHIBITORY)
ACCUMULATORS, WEIGHTS = int(Count.ACCUMULATORS), int(Count.WEIGHTS)
PRE, TIME = 0, 2  # dependencies of terms
SAME, NEXT, ANY = 0, 1, 2  # owners of the traces of all lanes: one, one after the other, any
BY_LANE = np.int64(-1)


@inner_kernel
def learn_epoch(number: Any, step: Any, row: Any, tables: Any, state: Any) -> None:
    """Change the synapses that an epoch touches.

    ``number`` is that of the epoch for u terms, ``row`` that of given draws. A synapse without a
    spike and without a u term that is due has a sum without a fraction, so leaving it out is exact.
    """
    terms, engine, due = tables.terms, tables.engine, np.int64(0)
    for term in range(len(terms.dependency)):
        if terms.dependency[term] == TIME and is_due(number, terms.k[term]):
            due = np.int64(1)
    n_pre = state.n_listed[0] if engine.uses_pre else np.int64(0)
    n_post = state.n_listed[1] if engine.uses_post else np.int64(0)
    if due + n_pre + n_post > 0:
        for target in range(len(state.keys)):
            key = tables.synapses.key[0 if engine.weight_shared else target]
            state.keys[target] = key_in_step(key, step)
        learn_batches(number, row, due, n_pre, n_post, tables, state)


@inline_kernel
def is_due(number: Any, k: Any) -> Any:
    """Return whether a u term acts in an epoch."""
    return number & ((np.int64(1) << k) - 1) == 0


@inline_kernel
def learn_batches(
    number: Any, row: Any, due: Any, n_pre: Any, n_post: Any, tables: Any, state: Any
) -> None:
    """Take all batches of all kinds."""
    dense, lanes = tables.synapses.dense, state.lanes
    a, b, i, j = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    kind = np.int64(1 - due)
    while kind <= PAIRS:
        n = np.int64(0)
        if not (kind >= COLUMNS and n_post == 0):
            if dense:
                n, a, b, i, j = take_dense(kind, a, b, n_pre, n_post, lanes, tables, state)
            else:
                n, a, b = take_sparse(kind, a, b, n_pre, n_post, lanes, tables, state)
        if n == 0:
            kind, a, b = kind + 1, np.int64(0), np.int64(0)
            continue
        learn_lanes(kind, n, number, row, i, j, tables, state, lanes)


@inline_kernel
def learn_lanes(
    kind: Any,
    n: Any,
    number: Any,
    row: Any,
    i: Any,
    j: Any,
    tables: Any,
    state: Any,
    lanes: Any,
) -> None:
    """Apply the rule to the synapses in the lanes; all targets see the old values."""
    terms, engine = tables.terms, tables.engine
    for target in range(3):
        old = OLD + np.uint64(target * LANES)
        active = False
        for term in range(terms.first[target], terms.first[target + 1]):
            active |= is_active(term, kind, number, terms)
        if not active:
            continue
        low_bits = np.int64(engine.low_bits if target == 0 else 0)
        bits = low_bits
        if engine.weight_rounding != AWAY:
            bits += FRACTION_BITS
        sum_lanes(target, old, kind, n, number, i, j, tables, state, lanes)
        draw(target, bits, n, row, tables, state, lanes)
        least, most = signs_of(target, engine)
        if engine.weight_rounding == AWAY:
            move_away(lanes, old, low_bits)
        elif engine.weight_rounding == MAGNITUDE:
            round_magnitude(lanes, least, most, low_bits)
        else:
            round_up(lanes, least, most, low_bits)
        state.counts[WEIGHTS] += limit(
            lanes, old, engine.limits[target, 0], engine.limits[target, 1]
        )
        put(target, lanes, n, tables.synapses.dense and kind < COLUMNS, state)


@inline_kernel
def is_active(term: Any, kind: Any, number: Any, terms: Any) -> Any:
    """Return whether a term acts on a kind of synapses in this epoch."""
    if terms.dependency[term] == TIME:
        return is_due(number, terms.k[term])
    return (kind >> terms.dependency[term]) & 1 == 1


@inline_kernel
def signs_of(target: Any, engine: Any) -> Any:
    """Return the range of a sum by its sign: that of the weight's format; delays are positive."""
    least, most = np.int64(-engine.reach), np.int64(engine.reach)
    if (target == 0 and engine.sign == EXCITATORY) or target == 1:
        least = np.int64(0)
    elif target == 0 and engine.sign == INHIBITORY:
        most = np.int64(0)
    return least, most


@inline_kernel
def draw(target: Any, bits: Any, n: Any, row: Any, tables: Any, state: Any, lanes: Any) -> None:
    """Set DRAW to ``bits`` random bits of each synapse, given or hashed."""
    given, key = tables.draws.synapse, state.keys[target]
    if len(given) > 0:
        take_draws(lanes, given, row, bits, n)
    elif tables.engine.weight_shared:
        fill(lanes, DRAW, np.int64(hashed_number(np.int64(0), key)) >> (32 - bits))
    else:
        draw_lanes(lanes, key, bits)


@inline_kernel
def sum_lanes(
    target: Any,
    old: Any,
    kind: Any,
    n: Any,
    number: Any,
    i: Any,
    j: Any,
    tables: Any,
    state: Any,
    lanes: Any,
) -> None:
    """Set SUM to a target's sum after all terms, each limited.

    Set EARLY to the change that Brian2Loihi sees before the spikes of the step: by u terms with
    whole coefficients, with the traces as they were.
    """
    terms, engine = tables.terms, tables.engine
    start_sum(lanes, old)
    if engine.weight_rounding == AWAY:
        fill(lanes, EARLY, 0)
    first, last = terms.first[target], terms.first[target + 1]
    for place in range(first, last + (last - first if engine.weight_rounding == AWAY else 0)):
        early, term = place >= last, place if place < last else place - (last - first)
        if not is_active(term, kind, number, terms):
            continue
        if early and not (terms.dependency[term] == TIME and terms.whole[term]):
            continue
        coefficient = multiply_factors(term, early, kind, n, i, j, tables, state, lanes)
        if engine.product_wraps:
            scale(lanes, coefficient)
            wrap_product(lanes)
            coefficient = np.int64(1)
        right, left = terms.right[term], terms.left[term]
        if engine.product_wraps:
            shift(lanes, right, left)
            wrap_product(lanes)
            right = left = 0
        if early:
            add_early(lanes, coefficient, right, left)
        elif engine.wraps:
            state.counts[ACCUMULATORS] += add_wrapped(
                lanes, coefficient, right, left, engine.low, engine.high
            )
        else:
            state.counts[ACCUMULATORS] += add_clipped(
                lanes, coefficient, right, left, engine.low, engine.high
            )


@inline_kernel
def multiply_factors(
    term: Any, early: Any, kind: Any, n: Any, i: Any, j: Any, tables: Any, state: Any, lanes: Any
) -> Any:
    """Set PRODUCT to the factors that differ between lanes; return the product of the others."""
    terms, engine, last = tables.terms, tables.engine, np.int64(tables.engine.epoch)
    x_mode, y_mode, x_row, y_row = ANY, ANY, X, Y
    if engine.per_synapse:
        x_row, y_row = PLACE, PLACE
    elif tables.synapses.dense and kind < PAIRS:
        # All lanes of a row have the same x traces, those of a column the same y traces.
        x_mode, y_mode = (NEXT, SAME) if kind == COLUMNS else (SAME, NEXT)
    at = step_of(term, early, kind, x_mode == ANY, i, j, tables, state)
    at_row = X_AT if terms.dependency[term] == PRE else Y_AT
    coefficient = terms.mantissa[term]
    first = True
    for f in range(terms.start[term], terms.start[term + 1]):
        variable, same, row = terms.variable[f], False, VALUE
        value = np.int64(0)
        if variable <= Y0:
            same = True
            value = np.int64(0 if early else (kind >> np.int64(variable == Y0)) & 1)
        elif variable < Y1:
            same, table = x_mode == SAME, np.int64(variable - X1) * (last + 1)
            value = trace(
                lanes, state.x_history, table, at, at_row, x_mode, i, x_row, state.x.shape[1], n
            )
        elif variable <= Y3:
            same, table = y_mode == SAME, np.int64(variable - Y1) * (last + 1)
            value = trace(
                lanes, state.y_history, table, at, at_row, y_mode, j, y_row, state.y.shape[1], n
            )
        else:
            row = OLD + np.uint64((variable - W) * LANES)
        if same:
            coefficient *= factor(value + terms.constant[f], f, terms)
            if engine.product_wraps:
                coefficient = wrapped32(coefficient)
            continue
        multiply_by(lanes, row, f, first, terms)
        first = False
        if engine.product_wraps:
            wrap_product(lanes)
    if first:
        fill(lanes, PRODUCT, 1)
    return coefficient


@inline_kernel
def multiply_by(lanes: Any, row: Any, f: Any, first: Any, terms: Any) -> None:
    """Multiply PRODUCT by a factor that differs between lanes; the first one sets it."""
    if terms.sign[f]:
        if first:
            fill(lanes, PRODUCT, 1)
        multiply_sign(lanes, row, terms.constant[f])
    elif first:
        set_product(lanes, row, terms.constant[f], terms.low[f], terms.high[f])
    else:
        multiply(lanes, row, terms.constant[f], terms.low[f], terms.high[f])


@inline_kernel
def step_of(
    term: Any, early: Any, kind: Any, by_lane: Any, i: Any, j: Any, tables: Any, state: Any
) -> Any:
    """Return the step of the epoch in which a term reads traces, or BY_LANE: that of its spike."""
    dependency, last = tables.terms.dependency[term], np.int64(tables.engine.epoch)
    if early:
        return np.int64(0)
    if dependency == TIME or last == 1:
        return last
    if by_lane:
        return BY_LANE
    return np.int64(state.post_when[j] if kind == COLUMNS else state.pre_when[i])


@inline_kernel
def factor(value: Any, f: Any, terms: Any) -> Any:
    """Return a factor that all lanes have, from its variable plus its constant."""
    if terms.sign[f]:
        return np.int64(value > 0) - np.int64(value < 0)
    return min(max(value, terms.low[f]), terms.high[f])


@inline_kernel
def trace(
    lanes: Any,
    history: Any,
    table: Any,
    at: Any,
    at_row: Any,
    mode: Any,
    first: Any,
    owner: Any,
    size: Any,
    n: Any,
) -> Any:
    """Set VALUE to a trace, or return it if all lanes have the same.

    Its history has ``size`` owners in each step and begins with row ``table``. It is read in step
    ``at``, or in the steps of a row of lanes.
    """
    if mode == SAME:
        return np.int64(history[(table + at) * size + first])
    if mode == NEXT:
        load_next(lanes, history, (table + at) * size + first, n)
    elif at == BY_LANE:
        load_at(lanes, history, table * size, owner, at_row, size, n)
    else:
        load(lanes, history, (table + at) * size, owner, n)
    return np.int64(0)
