"""Kernels of synapses: sums of products, their rounding, and which synapses an epoch touches.

What is done for each synapse is inlined: a call with all tables as arguments took 250 ns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed_number
from .._kernels.jit import inline_kernel, kernel
from ..chip.registers import SignMode
from .draw_kernels import key_of
from .layout import Kind
from .terms import FRACTION_BITS, VARIABLES

__all__ = ["learn_epoch"]

MAGNITUDE, AWAY = 1, 2  # WeightRounding.SIGN_MAGNITUDE, AWAY_FROM_ZERO; STOCHASTIC is 0
X0, Y0, X1, Y1, Y3, W = (VARIABLES.index(name) for name in ("x0", "y0", "x1", "y1", "y3", "w"))
SYNAPSE = int(Kind.SYNAPSE)
EXCITATORY, INHIBITORY = int(SignMode.EXCITATORY), int(SignMode.INHIBITORY)
MOST_FRACTION = (1 << FRACTION_BITS) - 1


@inline_kernel
def product_of(
    term: Any,
    s: Any,
    x: Any,
    y: Any,
    at: Any,
    pre: Any,
    post: Any,
    state: Any,
    tables: Any,
    engine: Any,
) -> int:
    """Return a term's product with its coefficient, in units of an accumulator."""
    product = np.int64(1)
    for f in range(tables.start[term], tables.start[term + 1]):
        variable = tables.variable[f]
        if variable == X0:
            value = np.int64(pre)
        elif variable == Y0:
            value = np.int64(post)
        elif variable < Y1:
            value = np.int64(state.x_history[variable - X1, at, x])
        elif variable <= Y3:
            value = np.int64(state.y_history[variable - Y1, at, y])
        else:
            value = np.int64(value_of(variable - W, s, state))
        value = min(max(value + tables.constant[f], tables.low[f]), tables.high[f])
        if tables.sign[f]:
            value = np.int64(value > 0) - np.int64(value < 0)
        product *= value
        if engine.product_wraps:
            product = wrapped32(product)
    product *= tables.mantissa[term]
    if engine.product_wraps:
        product = wrapped32(product)
    product = (product >> np.int64(tables.right[term])) << np.int64(tables.left[term])
    if engine.product_wraps:
        product = wrapped32(product)
    return product  # type: ignore[no-any-return]


@inline_kernel
def wrapped32(value: Any) -> Any:
    """Wrap into 32 bits in two's complement."""
    return ((value + np.int64(1 << 31)) & np.int64((1 << 32) - 1)) - np.int64(1 << 31)


@inline_kernel
def limited(value: Any, engine: Any, counts: Any) -> int:
    """Bring a product or a partial sum into the accumulator, and count if it did not fit."""
    if engine.low <= value <= engine.high:
        return value  # type: ignore[no-any-return]
    counts[1] += 1
    if engine.wraps:
        return ((value - engine.low) & (engine.high - engine.low)) + engine.low  # type: ignore[no-any-return]
    return min(max(value, np.int64(engine.low)), np.int64(engine.high))  # type: ignore[no-any-return]


@inline_kernel
def change_synapse(
    s: Any,
    i: Any,
    j: Any,
    number: Any,
    step: Any,
    index: Any,
    state: Any,
    synapses: Any,
    tables: Any,
    engine: Any,
    draws: Any,
) -> None:
    """Apply the rule of an epoch to synapse ``s`` from neuron ``i`` to ``j``."""
    for target in range(3):
        fresh = np.int64(value_of(target, s, state))
        if tables.first[target] < tables.first[target + 1]:
            low_bits = np.int64(engine.low_bits if target == 0 else 0)
            total = sum_of(target, s, i, j, number, False, state, tables, engine)
            if engine.weight_rounding == AWAY:
                early = sum_of(target, s, i, j, number, True, state, tables, engine)
                fresh = moved(
                    fresh, total, early, low_bits, s, step, index, synapses, engine, draws
                )
            else:
                total = signed(total, target, engine)
                fresh = rounded(total, target, low_bits, s, step, index, synapses, engine, draws)
            if fresh < engine.limits[target, 0] or fresh > engine.limits[target, 1]:
                state.counts[2] += 1
                fresh = min(max(fresh, engine.limits[target, 0]), engine.limits[target, 1])
        state.fresh[target] = fresh
    state.weight[s] = state.fresh[0]
    if len(state.delay) > 0:
        state.delay[s] = state.fresh[1]
    if len(state.tag) > 0:
        state.tag[s] = state.fresh[2]


@inline_kernel
def value_of(target: Any, s: Any, state: Any) -> Any:
    """Return a variable of a synapse, 0 where the rule has none."""
    if target == 0:
        return state.weight[s]
    if target == 1:
        return state.delay[s] if len(state.delay) > 0 else np.int16(0)
    return state.tag[s] if len(state.tag) > 0 else np.int16(0)


@inline_kernel
def bits_of(
    target: Any, s: Any, step: Any, row: Any, synapses: Any, engine: Any, draws: Any
) -> Any:
    """Return the 32 random bits of a synapse, given or hashed."""
    if len(draws) > 0:
        place = s if draws.shape[2] > 1 else 0
        return draws[row, 0, place]
    if engine.weight_shared:
        return hashed_number(np.int32(0), key_of(engine.seed, SYNAPSE, synapses.group, step))
    key = key_of(engine.seed, SYNAPSE + target, synapses.group, step)
    return hashed_number(synapses.number[s], key)


@inline_kernel
def sum_of(
    target: Any,
    s: Any,
    i: Any,
    j: Any,
    number: Any,
    early: Any,
    state: Any,
    tables: Any,
    engine: Any,
) -> int:
    """Return the accumulator of a target after all terms.

    With ``early``, return the change that Brian2Loihi sees before the spikes of the step: by u
    terms with whole coefficients only, with the traces as they were.
    """
    pre, post = state.pre_when[i] > 0, state.post_when[j] > 0
    x, y = (s, s) if engine.per_synapse else (i, j)
    total = np.int64(0)
    if not early:
        total = np.int64(value_of(target, s, state)) << FRACTION_BITS
    for term in range(tables.first[target], tables.first[target + 1]):
        active, at = number & ((1 << tables.k[term]) - 1) == 0, engine.epoch
        if tables.dependency[term] == 0:
            active, at = pre, state.pre_when[i]
        elif tables.dependency[term] == 1:
            active, at = post, state.post_when[j]
        if early:
            if active and tables.dependency[term] == 2 and tables.whole[term]:
                total += product_of(term, s, x, y, 0, False, False, state, tables, engine)
        elif active:
            value = product_of(term, s, x, y, at, pre, post, state, tables, engine)
            total = limited(total + limited(value, engine, state.counts), engine, state.counts)
    return total  # type: ignore[return-value]


@inline_kernel
def signed(total: Any, target: Any, engine: Any) -> Any:
    """Keep the sign that a weight's format allows, and a delay from being negative."""
    if (target == 0 and engine.sign == EXCITATORY) or target == 1:
        total = max(total, np.int64(0))
    elif target == 0 and engine.sign == INHIBITORY:
        total = min(total, np.int64(0))
    return total


@inline_kernel
def rounded(
    total: Any,
    target: Any,
    low_bits: Any,
    s: Any,
    step: Any,
    index: Any,
    synapses: Any,
    engine: Any,
    draws: Any,
) -> int:
    """Round an accumulator stochastically to the precision of its target."""
    size = abs(total) if engine.weight_rounding == MAGNITUDE else total
    bits = np.int64(FRACTION_BITS) + low_bits
    rest = size & ((np.int64(1) << bits) - 1)
    fresh = size >> bits
    if rest > 0:
        random = bits_of(target, s, step, index, synapses, engine, draws)
        if np.int64(np.uint64(random) >> np.uint64(32 - bits)) < rest:
            fresh += 1
    fresh = fresh << low_bits
    if engine.weight_rounding == MAGNITUDE and total < 0:
        fresh = -fresh
    return fresh  # type: ignore[no-any-return]


@inline_kernel
def moved(
    old: Any,
    total: Any,
    early: Any,
    low_bits: Any,
    s: Any,
    step: Any,
    index: Any,
    synapses: Any,
    engine: Any,
    draws: Any,
) -> int:
    """Move a weight by a change that is rounded away from zero, then toward zero."""
    change = total - (old << FRACTION_BITS)
    steps = ((abs(change) + MOST_FRACTION) >> FRACTION_BITS) >> low_bits
    if change < 0:
        steps = -steps
    rest = ((abs(early) + MOST_FRACTION) >> FRACTION_BITS) & ((np.int64(1) << low_bits) - 1)
    if rest > 0:
        random = bits_of(0, s, step, index, synapses, engine, draws)
        if np.int64(np.uint64(random) >> np.uint64(32 - low_bits)) < rest:
            steps += np.int64(early > 0) - np.int64(early < 0)
    return old + (steps << low_bits)  # type: ignore[no-any-return]


@kernel
def learn_epoch(
    number: Any,
    step: Any,
    index: Any,
    state: Any,
    synapses: Any,
    tables: Any,
    engine: Any,
    draws: Any,
) -> None:
    """Change the synapses that an epoch touches: rows of sources, then columns of targets.

    A synapse without a spike and without a u term that is due has a sum without a fraction, so
    leaving it out is exact.
    """
    due = False
    for term in range(len(tables.dependency)):
        if tables.dependency[term] == 2 and number & ((1 << tables.k[term]) - 1) == 0:
            due = True
    for i in range(len(state.pre_when)):
        if due or state.pre_when[i] > 0:
            for s in range(synapses.row[i], synapses.row[i + 1]):
                j = synapses.target[s]
                change_synapse(s, i, j, number, step, index, state, synapses, tables, engine, draws)
    if due:
        return
    for j in range(len(state.post_when)):
        if state.post_when[j] > 0:
            for place in range(synapses.column[j], synapses.column[j + 1]):
                s = synapses.position[place]
                i = synapses.source[s]
                if state.pre_when[i] == 0:
                    change_synapse(
                        s, i, j, number, step, index, state, synapses, tables, engine, draws
                    )
