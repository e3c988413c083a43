"""The learning step in float64, with a switch for each source of error.

With all sources on, every number is an integer and the step is that of the chip, draw for draw;
with all off it is the rule in real arithmetic, in the order of Brian2. Accumulators count 1/128 of
a weight step, as on the chip.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.jit import inline_kernel, inner_kernel, kernel
from ..learning.draw_kernels import impulse_draw, key_in_step, uniform
from ..learning.terms import FRACTION_BITS, VARIABLES

__all__ = ["run_rule"]

X0, Y0, X1, Y1, Y3, W = (VARIABLES.index(name) for name in ("x0", "y0", "x1", "y1", "y3", "w"))
ALL, ON_PRE, ON_POST, ON_TIME = -1, 0, 1, 2  # terms of all dependencies, or of one
UNIT = float(1 << FRACTION_BITS)


@inline_kernel
def impulse_of(v: Any, r: Any, side: Any, exact: Any) -> float:
    """Return the impulse of trace ``v``: exact, or with a fraction that a draw rounds."""
    impulse = np.float64(side.whole[v])
    if exact:
        impulse += side.fraction[v]
    elif r < side.fraction[v]:
        impulse += 1.0
    return impulse


@inline_kernel
def topped(value: Any, setting: Any, counts: Any) -> Any:
    """Clip a trace to its top, if traces saturate."""
    if setting.switches.trace_saturation and value > setting.engine.trace_top:
        counts[0] += 1
        value = np.float64(setting.engine.trace_top)
    return value


@inline_kernel
def further_draw(v: Any, i: Any, t: Any, side: Any, exact: Any, setting: Any) -> float:
    """Return the draw for the fraction of an impulse that a trace gets at once, undecayed."""
    if exact or side.up or side.fraction[v] == 0.0:
        return 0.0
    key, draws = side.again_key, setting.draws.again
    return impulse_draw(draws, 0, setting.engine, key, side, v, t, i)  # type: ignore[no-any-return]


@inner_kernel
def note_spikes(
    k: Any,
    t: Any,
    spikes: Any,
    side: Any,
    when: Any,
    times: Any,
    values: Any,
    setting: Any,
    counts: Any,
) -> None:
    """Note the spikes of a side in step ``k`` of an epoch; further ones add their impulse."""
    exact = not setting.switches.impulse
    for place in range(spikes.ends[t + 1], spikes.ends[t + 2]):
        i = side.place[spikes.ids[place]]
        if i < 0:
            continue
        if when[i] == k:
            if not setting.switches.repeated_spikes:
                times[i] += 1
            continue
        times[i] = 1
        for v in range(len(values) if when[i] > 0 else 0):
            if side.used[v]:
                r = further_draw(v, i, t, side, exact, setting)
                fresh = values[v, i] + impulse_of(v, r, side, exact)
                values[v, i] = topped(fresh, setting, counts)
        when[i] = k


@inner_kernel
def advance(
    step: Any,
    side: Any,
    when: Any,
    times: Any,
    values: Any,
    history: Any,
    before: Any,
    setting: Any,
    counts: Any,
) -> None:
    """Take the traces of a side through an epoch, which ends with ``step``."""
    engine, exact = setting.engine, not setting.switches.impulse
    fractions = setting.draws.pre_impulse
    for v in range(len(values)):
        for i in range(values.shape[1] if side.used[v] or side.given[v] else 0):
            a = values[v, i]
            history[v, 0, i] = a
            for k in range(1, setting.epoch + 1):
                now = step if engine.shared else step - setting.epoch + k
                a = a * side.decay[v]
                rest = a - np.floor(a)
                if setting.switches.trace_rounding and rest > 0.0:
                    number = np.int32(0) if engine.shared else side.number[i]
                    r = uniform(key_in_step(side.decay_key[v], now), number)
                    a = np.floor(a)
                    if r < rest:
                        a += 1.0
                before[v, k, i] = a
                if when[i] == k and side.used[v]:
                    r = 0.0
                    if step < 0:
                        r = further_draw(v, i, step, side, exact, setting)
                    elif not exact and side.fraction[v] > 0.0:
                        key = side.impulse_key
                        r = impulse_draw(fractions, 0, engine, key, side, v, now, i)
                    a += times[i] * impulse_of(v, r, side, exact)
                    a = topped(a, setting, counts)
                history[v, k, i] = a
            if not side.given[v]:
                values[v, i] = a


@inline_kernel
def product_of(
    term: Any, i: Any, j: Any, at: Any, early: Any, state: Any, terms: Any, switches: Any
) -> Any:
    """Return a term's product with its coefficient, in units of an accumulator.

    With ``early``, traces of the other side are those before the spikes of the step.
    """
    product, on_pre = 1.0, terms.dependency[term] == ON_PRE
    for f in range(terms.start[term], terms.start[term + 1]):
        variable = terms.variable[f]
        if variable == X0:
            value = np.float64(state.pre_when[i] > 0)
        elif variable == Y0:
            value = np.float64(state.post_when[j] > 0)
        elif variable < Y1:
            value = state.x_history[variable - X1, at, i]
            if early and not on_pre:
                value = state.x_before[variable - X1, at, i]
        elif variable <= Y3:
            value = state.y_history[variable - Y1, at, j]
            if early and on_pre:
                value = state.y_before[variable - Y1, at, j]
        else:
            value = state.now[variable - W]
        value += terms.constant[f]
        if switches.limits:
            value = min(max(value, terms.low[f]), terms.high[f])
        if terms.sign[f]:
            value = np.float64(value > 0.0) - np.float64(value < 0.0)
        product *= value
    product *= terms.mantissa[term]
    if switches.product_shift:
        product = np.floor(product * 2.0 ** -np.float64(terms.right[term]))
        product *= 2.0 ** np.float64(terms.left[term])
    else:
        product *= 2.0 ** np.float64(terms.left[term] - terms.right[term])
    return product


@inline_kernel
def limited(value: Any, switches: Any, engine: Any, counts: Any) -> Any:
    """Bring a product or a partial sum into the accumulator, if limits are on."""
    if switches.limits and not engine.low <= value <= engine.high:
        counts[1] += 1
        if engine.wraps:
            span = np.float64(engine.high - engine.low + 1)
            value -= span * np.floor((value - engine.low) / span)
        else:
            value = min(max(value, np.float64(engine.low)), np.float64(engine.high))
    return value


@inner_kernel
def add_terms(
    which: Any, early: Any, i: Any, j: Any, number: Any, state: Any, setting: Any
) -> None:
    """Add the terms of one dependency, or of all, to each variable of a synapse.

    Terms of one dependency follow each other in the order of the source, in which products of both
    spikes are left out.
    """
    terms, switches, engine = setting.terms, setting.switches, setting.engine
    pre, post = state.pre_when[i] > 0, state.post_when[j] > 0
    for target in range(3):
        total = state.now[target] * UNIT
        for term in range(terms.first[target], terms.first[target + 1]):
            dependency = terms.dependency[term]
            if terms.skip[term] or (which != ALL and (which != dependency or terms.both[term])):
                continue
            at, active = np.int64(setting.epoch), number & ((1 << terms.k[term]) - 1) == 0
            if dependency == ON_PRE:
                active, at = pre, np.int64(state.pre_when[i])
            elif dependency == ON_POST:
                active, at = post, np.int64(state.post_when[j])
            elif number < 0:
                active = False
            if active:
                before = early or terms.early[term]
                value = product_of(term, i, j, at, before, state, terms, switches)
                if dependency == ON_PRE:
                    value *= state.pre_times[i]
                value = limited(value, switches, engine, state.counts)
                total = limited(total + value, switches, engine, state.counts)
        total /= UNIT
        state.fresh[target] = min(
            max(total, terms.limits[0, target, 0]), terms.limits[0, target, 1]
        )
    for target in range(3):
        state.now[target] = state.fresh[target]


@inner_kernel
def change_synapse(s: Any, j: Any, number: Any, step: Any, state: Any, setting: Any) -> None:
    """Apply the rule of an epoch to synapse ``s``, whose target is neuron ``j``."""
    terms, engine, limits = setting.terms, setting.engine, setting.terms.limits
    i = setting.synapses.source[s]
    for target in range(3):
        state.now[target] = state.synaptic[target, s]
    if setting.switches.event_order:
        add_terms(ALL, False, i, j, number, state, setting)
    else:
        first, second = (ON_PRE, ON_POST) if setting.pre_first else (ON_POST, ON_PRE)
        add_terms(ON_TIME, False, i, j, number, state, setting)
        add_terms(first, True, i, j, number, state, setting)
        add_terms(second, False, i, j, number, state, setting)
    for target in range(3):
        if terms.first[target] == terms.first[target + 1]:
            continue
        fresh = state.now[target]
        rounds = setting.switches.weight_rounding if target == 0 else setting.switches.tag_rounding
        if rounds:
            scale = 1.0
            if target == 0:
                scale = 2.0 ** np.float64(engine.low_bits)
            whole = np.floor(fresh / scale)
            rest = fresh / scale - whole
            if rest > 0.0:
                key = key_in_step(setting.synapses.key[0 if engine.weight_shared else target], step)
                number = np.int32(0) if engine.weight_shared else setting.synapses.number[s]
                if uniform(key, number) < rest:
                    whole += 1.0
            fresh = whole * scale
        if fresh < limits[1, target, 0] or fresh > limits[1, target, 1]:
            state.counts[2] += 1
            fresh = min(max(fresh, limits[1, target, 0]), limits[1, target, 1])
        if target == 0:
            state.moved[0] += abs(fresh - state.synaptic[0, s])
        state.synaptic[target, s] = fresh
    state.counts[3] += 1


@inner_kernel
def learn_epoch(number: Any, step: Any, state: Any, setting: Any) -> None:
    """Change the synapses that an epoch touches; all if a term of time is due."""
    terms, synapses = setting.terms, setting.synapses
    due = False
    for term in range(len(terms.dependency)):
        if terms.dependency[term] == ON_TIME and number >= 0:
            due = due or number & ((1 << terms.k[term]) - 1) == 0
    for i in range(len(state.pre_when)):
        if due or state.pre_when[i] > 0:
            for s in range(synapses.row[i], synapses.row[i + 1]):
                change_synapse(s, synapses.target[s], number, step, state, setting)
    for j in range(0 if due else len(state.post_when)):
        if state.post_when[j] > 0:
            for place in range(synapses.column[j], synapses.column[j + 1]):
                s = synapses.position[place]
                if state.pre_when[synapses.source[s]] == 0:
                    change_synapse(s, j, number, step, state, setting)


@kernel
def run_rule(setting: Any, state: Any) -> None:
    """Run all steps. Terms of time are due when they are on the chip, also in shorter epochs.

    Step -1 ends an epoch, as on the chip, before its traces are given and its terms of time are
    due.
    """
    engine, n_rows, k = setting.engine, len(setting.pre_spikes.ends) - 1, setting.epoch - 1
    for row in range(n_rows):
        t = np.int64(row - 1)
        k += 1
        note_spikes(
            k,
            t,
            setting.pre_spikes,
            setting.pre,
            state.pre_when,
            state.pre_times,
            state.x,
            setting,
            state.counts,
        )
        note_spikes(
            k,
            t,
            setting.post_spikes,
            setting.post,
            state.post_when,
            state.post_times,
            state.y,
            setting,
            state.counts,
        )
        for v in range(len(state.y) if len(setting.given) > 0 and t >= 0 else 0):
            if setting.post.given[v]:
                for j in range(state.y.shape[1]):
                    state.y[v, j] = setting.given[t, v, j]
        if k == setting.epoch:
            advance(
                t,
                setting.pre,
                state.pre_when,
                state.pre_times,
                state.x,
                state.x_history,
                state.x_before,
                setting,
                state.counts,
            )
            advance(
                t,
                setting.post,
                state.post_when,
                state.post_times,
                state.y,
                state.y_history,
                state.y_before,
                setting,
                state.counts,
            )
            number = -1
            if t >= 0 and (t + 1) % engine.epoch == 0:
                number = engine.first_epoch + (t + 1) // engine.epoch - 1
            learn_epoch(number, t, state, setting)
            for i in range(len(state.pre_when)):
                state.pre_when[i] = 0
            for j in range(len(state.post_when)):
                state.post_when[j] = 0
            k = 0
