"""The rule of an epoch, applied to the synapses that it touches, 64 at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed_number
from .._kernels.jit import inline_kernel, inner_kernel, kernel_part
from .batch_kernels import COLUMNS, PAIRS, put, take_dense, take_sparse
from .draw_kernels import key_in_step
from .lane_kernels import (
    add_clipped,
    add_early,
    add_wrapped,
    chunks_of,
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
from .layout import (
    CONSTANT,
    DEPENDENCY,
    END,
    HIGH,
    LEFT,
    LOW,
    MANTISSA,
    RIGHT,
    SIGN,
    START,
    VARIABLE,
    WHOLE,
    Count,
    K,
    Kind,
)
from .line_kernels import factors_of_line, learn_columns, learn_rows
from .term_kernels import active_terms, is_active, is_due, signs_of
from .terms import FRACTION_BITS, VARIABLES

__all__ = ["learn_epoch"]

MAGNITUDE, AWAY = 1, 2  # WeightRounding.SIGN_MAGNITUDE, AWAY_FROM_ZERO; STOCHASTIC is 0
X0, Y0, X1, Y1, Y3, W = (VARIABLES.index(name) for name in ("x0", "y0", "x1", "y1", "y3", "w"))
SYNAPSE = int(Kind.SYNAPSE)
ACCUMULATORS, WEIGHTS = int(Count.ACCUMULATORS), int(Count.WEIGHTS)
PRE, TIME = 0, 2  # dependencies of terms
SAME, NEXT, ANY = 0, 1, 2  # owners of the traces of all lanes: one, one after the other, any
BY_LANE = np.int64(-1)


@inner_kernel
def learn_epoch(number: Any, step: Any, row: Any, tables: Any, state: Any) -> None:
    """Change the synapses that an epoch touches: in lines where that is possible, or in batches.

    ``number`` is that of the epoch for u terms, ``row`` that of given draws. A synapse without a
    spike and without a u term that is due has a sum without a fraction, so leaving it out is exact.
    """
    terms, engine, synapses, given = tables.terms, tables.engine, tables.synapses, tables.draws
    due = np.int64(0)
    for term in range(len(terms.each)):
        if terms.each[term, DEPENDENCY] == TIME and is_due(number, terms.each[term, K]):
            due = np.int64(1)
    n_pre = state.n_listed[0] if engine.uses_pre else np.int64(0)
    n_post = state.n_listed[1] if engine.uses_post else np.int64(0)
    if due + n_pre + n_post == 0:
        return
    for target in range(len(state.keys)):
        if terms.first[target] < terms.first[target + 1]:
            key = synapses.key[0 if engine.weight_shared else target]
            state.keys[target] = key_in_step(key, step)
    hashed = len(given.synapse) == 0
    for kind in range(1 - due, PAIRS + 1 if n_post > 0 else COLUMNS):
        n_active, only = active_terms(kind, number, terms, engine)
        if n_active == 1 and hashed and engine.lined and synapses.dense:
            lined, factors = factors_of_line(only, kind, terms)
            if lined:
                signs = signs_of(0, engine)
                if kind == COLUMNS:
                    learn_columns(factors, n_pre, n_post, signs, terms, engine, synapses, state)
                else:
                    learn_rows(kind, factors, n_pre, n_post, signs, terms, engine, synapses, state)
                continue
        if n_active > 0:
            learn_batches(
                kind, number, row, n_pre, n_post, terms, engine, synapses, given.synapse, state
            )


@kernel_part
def learn_batches(
    kind: Any, number: Any, row: Any, n_pre: Any, n_post: Any, terms: Any, engine: Any,
    synapses: Any, given: Any, state: Any,
) -> None:  # fmt: skip
    """Take all batches of a kind."""
    a, b, i, j = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    n = np.int64(1)
    while n > 0:
        if synapses.dense:
            n, a, b, i, j = take_dense(
                kind, a, b, n_pre, n_post, engine.epoch, state.lanes, synapses, state
            )
        else:
            n, a, b = take_sparse(
                kind, a, b, n_pre, n_post, engine.epoch, state.lanes, synapses, state
            )
        if n > 0:
            learn_lanes(kind, n, number, row, i, j, terms, engine, synapses.dense, given, state)


@kernel_part
def learn_lanes(
    kind: Any,
    n: Any,
    number: Any,
    row: Any,
    i: Any,
    j: Any,
    terms: Any,
    engine: Any,
    dense: Any,
    given: Any,
    state: Any,
) -> None:
    """Apply the rule to the synapses in the lanes; all targets see the old values."""
    lanes, chunks = state.lanes, chunks_of(n)
    for target in range(3):
        old, active = OLD + np.uint64(target * LANES), False
        for term in range(terms.first[target], terms.first[target + 1]):
            active |= is_active(term, kind, number, terms)
        if not active:
            continue
        low_bits, bits = np.int64(engine.low_bits if target == 0 else 0), np.int64(0)
        if engine.weight_rounding != AWAY:
            bits += FRACTION_BITS
        sum_lanes(target, old, kind, n, number, i, j, terms, engine, dense, state)
        draw(bits + low_bits, n, row, engine.weight_shared, given, state.keys[target], lanes)
        least, most = signs_of(target, engine)
        if engine.weight_rounding == AWAY:
            move_away(lanes, chunks, old, low_bits)
        elif engine.weight_rounding == MAGNITUDE:
            round_magnitude(lanes, chunks, least, most, low_bits)
        else:
            round_up(lanes, chunks, least, most, low_bits)
        state.counts[WEIGHTS] += limit(
            lanes, chunks, old, engine.limits[target, 0], engine.limits[target, 1]
        )
        put((state.weight, state.delay, state.tag)[target], lanes, n, dense and kind < COLUMNS)


@inline_kernel
def draw(bits: Any, n: Any, row: Any, shared: Any, given: Any, key: Any, lanes: Any) -> None:
    """Set DRAW to ``bits`` random bits of each synapse, given or hashed."""
    if len(given) > 0:
        take_draws(lanes, given, row, bits, n)
    elif shared:
        fill(lanes, chunks_of(n), DRAW, np.int64(hashed_number(np.int64(0), key)) >> (32 - bits))
    else:
        draw_lanes(lanes, chunks_of(n), key, bits)


@kernel_part
def sum_lanes(
    target: Any,
    old: Any,
    kind: Any,
    n: Any,
    number: Any,
    i: Any,
    j: Any,
    terms: Any,
    engine: Any,
    dense: Any,
    state: Any,
) -> None:
    """Set SUM to a target's sum after all terms, each limited.

    Set EARLY to the change that Brian2Loihi sees before the spikes of the step: by u terms with
    whole coefficients, with the traces as they were.
    """
    lanes, chunks = state.lanes, chunks_of(n)
    start_sum(lanes, chunks, old)
    if engine.weight_rounding == AWAY:
        fill(lanes, chunks, EARLY, 0)
    first, last = terms.first[target], terms.first[target + 1]
    for place in range(first, last + (last - first if engine.weight_rounding == AWAY else 0)):
        early, term = place >= last, place if place < last else place - (last - first)
        if not is_active(term, kind, number, terms):
            continue
        if early and not (terms.each[term, DEPENDENCY] == TIME and terms.each[term, WHOLE] != 0):
            continue
        coefficient = multiply_factors(term, early, kind, n, i, j, terms, engine, dense, state)
        if engine.product_wraps:
            scale(lanes, chunks, coefficient)
            wrap_product(lanes, chunks)
            coefficient = np.int64(1)
        right, left = terms.each[term, RIGHT], terms.each[term, LEFT]
        if engine.product_wraps:
            shift(lanes, chunks, right, left)
            wrap_product(lanes, chunks)
            right = left = 0
        if early:
            add_early(lanes, chunks, coefficient, right, left)
        elif engine.wraps:
            state.counts[ACCUMULATORS] += add_wrapped(
                lanes, chunks, coefficient, right, left, engine.low, engine.high
            )
        else:
            state.counts[ACCUMULATORS] += add_clipped(
                lanes, chunks, coefficient, right, left, engine.low, engine.high
            )


@kernel_part
def multiply_factors(
    term: Any, early: Any, kind: Any, n: Any, i: Any, j: Any, terms: Any, engine: Any, dense: Any,
    state: Any,
) -> Any:  # fmt: skip
    """Set PRODUCT to the factors that differ between lanes; return the product of the others."""
    lanes, last = state.lanes, np.int64(engine.epoch)
    x_mode, y_mode, x_row, y_row, chunks = ANY, ANY, X, Y, chunks_of(n)
    if engine.per_synapse:
        x_row, y_row = PLACE, PLACE
    elif dense and kind < PAIRS:
        # All lanes of a row have the same x traces, those of a column the same y traces.
        x_mode, y_mode = (NEXT, SAME) if kind == COLUMNS else (SAME, NEXT)
    at = step_of(
        terms.each[term, DEPENDENCY], early, last, kind, x_mode == ANY, i, j, state.pre_when,
        state.post_when,
    )  # fmt: skip
    at_row = X_AT if terms.each[term, DEPENDENCY] == PRE else Y_AT
    coefficient = terms.each[term, MANTISSA]
    first = True
    for f in range(terms.each[term, START], terms.each[term, END]):
        variable, same, row = terms.factor[f, VARIABLE], False, VALUE
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
            coefficient *= shared_factor(value + terms.factor[f, CONSTANT], f, terms)
            if engine.product_wraps:
                coefficient = wrapped32(coefficient)
            continue
        multiply_by(lanes, chunks, row, f, first, terms)
        first = False
        if engine.product_wraps:
            wrap_product(lanes, chunks)
    if first:
        fill(lanes, chunks, PRODUCT, 1)
    return coefficient


@inline_kernel
def multiply_by(lanes: Any, chunks: Any, row: Any, f: Any, first: Any, terms: Any) -> None:
    """Multiply PRODUCT by a factor that differs between lanes; the first one sets it."""
    if terms.factor[f, SIGN] != 0:
        if first:
            fill(lanes, chunks, PRODUCT, 1)
        multiply_sign(lanes, chunks, row, terms.factor[f, CONSTANT])
    elif first:
        set_product(
            lanes,
            chunks,
            row,
            terms.factor[f, CONSTANT],
            terms.factor[f, LOW],
            terms.factor[f, HIGH],
        )
    else:
        multiply(
            lanes,
            chunks,
            row,
            terms.factor[f, CONSTANT],
            terms.factor[f, LOW],
            terms.factor[f, HIGH],
        )


@inline_kernel
def step_of(
    dependency: Any, early: Any, last: Any, kind: Any, by_lane: Any, i: Any, j: Any, pre_when: Any,
    post_when: Any,
) -> Any:  # fmt: skip
    """Return the step of the epoch in which a term reads traces, or BY_LANE: that of its spike."""
    if early:
        return np.int64(0)
    if dependency == TIME or last == 1:
        return last
    if by_lane:
        return BY_LANE
    return np.int64(post_when[j] if kind == COLUMNS else pre_when[i])


@inline_kernel
def shared_factor(value: Any, f: Any, terms: Any) -> Any:
    """Return a factor that all lanes have, from its variable plus its constant."""
    if terms.factor[f, SIGN] != 0:
        return np.int64(value > 0) - np.int64(value < 0)
    return min(max(value, terms.factor[f, LOW]), terms.factor[f, HIGH])


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
