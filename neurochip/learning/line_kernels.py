"""Rows and columns of a dense group in one loop each, which is all that most rules need.

A row has one source and a column one target, so a *line* of synapses lies between one neuron and
all neurons of the other side, in their order. If one term acts on the weights of a line, and no
factor but one trace and the weight differs between its synapses, then loops over neighbours take
the place of lanes: one finds what the term adds to each sum, another one reads, changes and writes
back the weights. What is added often is the same for all lines of an epoch, so it is found again
only if it may differ from that of the line before. Loops take ``STEP`` synapses at a time: those
behind the end of a line are read, too, and written back as they were.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import leading_bits
from .._kernels.instructions import prefetch, shifted
from .._kernels.jit import inline_kernel, inner_kernel, kernel_part
from .batch_kernels import COLUMNS, QUIET, ROWS
from .lanes import LANES, STEP
from .layout import CONSTANT, END, HIGH, LEFT, LOW, MANTISSA, RIGHT, SIGN, START, VARIABLE, Count
from .terms import FRACTION_BITS, VARIABLES

__all__ = ["factors_of_line", "learn_columns", "learn_rows"]

ACCUMULATORS, WEIGHTS = int(Count.ACCUMULATORS), int(Count.WEIGHTS)
X1, Y0, Y1, Y3, W = (VARIABLES.index(name) for name in ("x1", "y0", "y1", "y3", "w"))
NOTHING = np.int64(-1)


@inline_kernel
def factors_of_line(term: Any, kind: Any, terms: Any) -> Any:
    """Return whether a term is one for lines, and (term, trace of the other side, weight).

    The last two are factors; one that it does not have is -1.
    """
    trace, weight, found = NOTHING, NOTHING, kind <= COLUMNS and term < terms.first[1]
    for f in range(terms.each[term, START], terms.each[term, END]):
        variable = terms.factor[f, VARIABLE]
        of_other = X1 <= variable < Y1 if kind == COLUMNS else Y1 <= variable <= Y3
        if of_other or variable >= W:
            found &= terms.factor[f, SIGN] == 0 and variable <= W
            found &= (trace if of_other else weight) == NOTHING
            trace, weight = (np.int64(f), weight) if of_other else (trace, np.int64(f))
    return found, (np.int64(term), trace, weight)


@inline_kernel
def limits_of_factor(f: Any, terms: Any) -> Any:
    """Return the constant of a factor and its limits; those of 1 if there is none."""
    if f == NOTHING:
        return np.int64(0), np.int64(1), np.int64(1)
    return terms.factor[f, CONSTANT], terms.factor[f, LOW], terms.factor[f, HIGH]


@inline_kernel
def coefficient_of(
    term: Any, kind: Any, at: Any, history: Any, size: Any, neuron: Any, last: Any, terms: Any
) -> Any:
    """Return the product of all factors that a line has in common, with the mantissa."""
    coefficient, first = terms.each[term, MANTISSA], Y1 if kind == COLUMNS else X1
    for f in range(terms.each[term, START], terms.each[term, END]):
        variable, value = terms.factor[f, VARIABLE], np.int64(0)
        if variable <= Y0:
            value = np.int64((kind >> np.int64(variable == Y0)) & 1)
        elif variable < W and (variable >= Y1) == (kind == COLUMNS):
            value = np.int64(history[((variable - first) * (last + 1) + at) * size + neuron])
        else:
            continue
        value += terms.factor[f, CONSTANT]
        if terms.factor[f, SIGN] != 0:
            coefficient *= np.int64(value > 0) - np.int64(value < 0)
        else:
            coefficient *= min(max(value, terms.factor[f, LOW]), terms.factor[f, HIGH])
    return coefficient


@inline_kernel
def place_of_trace(f: Any, first: Any, at: Any, size: Any, last: Any, terms: Any) -> Any:
    """Return where the traces of a factor are at a step, for all neurons of its side."""
    if f == NOTHING:
        return np.int64(0)
    return ((terms.factor[f, VARIABLE] - first) * (last + 1) + at) * size


@inline_kernel
def scaling_of(term: Any, coefficient: Any, terms: Any) -> Any:
    """Return the coefficient of a term, and its shifts right and left."""
    return coefficient, terms.each[term, RIGHT], terms.each[term, LEFT]


@inline_kernel
def bounds_of(signs: Any, engine: Any) -> Any:
    """Return the limits of sums, the same within those of signs, those of weights, and low bits."""
    sums, weights = (engine.low, engine.high), (engine.limits[0, 0], engine.limits[0, 1])
    low, high = min(max(sums[0], signs[0]), signs[1]), min(max(sums[1], signs[0]), signs[1])
    return sums, (low, high), weights, np.int64(engine.low_bits)


@kernel_part
def learn_rows(
    kind: Any, only: Any, n_pre: Any, n_post: Any, signs: Any, terms: Any, engine: Any,
    synapses: Any, state: Any,
) -> None:  # fmt: skip
    """Apply a term to the rows of the sources with a spike, or of all others.

    ``only`` has the term and its factors, see :func:`factors_of_line`.
    """
    (term, trace, weight), last, bounds = only, np.int64(engine.epoch), bounds_of(signs, engine)
    n_rows, n_columns = len(synapses.row) - 1, len(synapses.column) - 1
    factors = limits_of_factor(trace, terms), limits_of_factor(weight, terms)
    at_before, before, beyond = NOTHING, np.int64(0), np.int64(0)
    for a in range(n_pre if kind == ROWS else n_rows):
        i = np.int64(state.pre_list[a]) if kind == ROWS else a
        if kind == QUIET and n_pre > 0 and state.pre_when[i] > 0:
            continue
        at = last if kind == QUIET or last == 1 else np.int64(state.pre_when[i])
        coefficient = coefficient_of(
            term, kind, at, state.x_history, state.x.shape[1], i, last, terms
        )
        if at != at_before or coefficient != before or weight != NOTHING:
            beyond = find_changes(
                state.change, state.weight, i * n_columns, n_columns,
                (state.post_when, np.int64(0), n_post == 0), state.y_history,
                place_of_trace(trace, Y1, at, state.y.shape[1], last, terms), factors,
                scaling_of(term, coefficient, terms), bounds,
            )  # fmt: skip
            at_before, before = at, coefficient
        more = change_line(
            state.weight, i * n_columns, n_columns, state.change, synapses.column_number, 0,
            synapses.row_number[i], state.keys[0], bounds,
        )  # fmt: skip
        count(beyond, more, state.counts)


@kernel_part
def learn_columns(
    only: Any, n_pre: Any, n_post: Any, signs: Any, terms: Any, engine: Any, synapses: Any,
    state: Any,
) -> None:  # fmt: skip
    """Apply a term to the columns of the targets with a spike: some rows, then the next ones."""
    (term, trace, weight), last, bounds = only, np.int64(engine.epoch), bounds_of(signs, engine)
    n_rows, n_columns = len(synapses.row) - 1, len(synapses.column) - 1
    factors = limits_of_factor(trace, terms), limits_of_factor(weight, terms)
    for i in range(0, n_rows, LANES):
        n: Any = min(n_rows - i, np.int64(LANES))
        at_before, before, beyond = NOTHING, np.int64(0), np.int64(0)
        for b in range(n_post):
            j = np.int64(state.post_list[b])
            at = last if last == 1 else np.int64(state.post_when[j])
            coefficient = coefficient_of(
                term, COLUMNS, at, state.y_history, state.y.shape[1], j, last, terms
            )
            place = np.uint64(i * n_columns + j)
            for k in range(np.uint64(n)):
                state.line[k] = state.weight[place + k * np.uint64(n_columns)]
            if at != at_before or coefficient != before or weight != NOTHING:
                beyond = find_changes(
                    state.change, state.line, np.int64(0), n,
                    (state.pre_when, i, n_pre == 0), state.x_history,
                    place_of_trace(trace, X1, at, state.x.shape[1], last, terms) + i, factors,
                    scaling_of(term, coefficient, terms), bounds,
                )  # fmt: skip
                at_before, before = at, coefficient
            more = change_line(
                state.line, 0, n, state.change, synapses.row_number, i, synapses.column_number[j],
                state.keys[0], bounds,
            )  # fmt: skip
            # The column that comes next is fetched while this one is put back.
            ahead = np.uint64(i * n_columns + state.post_list[min(b + 1, n_post - 1)])
            for k in range(np.uint64(n)):
                prefetch(state.weight, ahead + k * np.uint64(n_columns))
                state.weight[place + k * np.uint64(n_columns)] = state.line[k]
            count(beyond, more, state.counts)


@inline_kernel
def count(beyond: Any, more: Any, counts: Any) -> None:
    """Count the changes, sums and weights of a line that were beyond their limits."""
    sums, weights = more
    counts[ACCUMULATORS] += np.int64(beyond) + np.int64(sums)
    counts[WEIGHTS] += np.int64(weights)


@inner_kernel
def find_changes(
    change: Any,
    values: Any,
    first: Any,
    n: Any,
    neurons: Any,
    traces: Any,
    at: Any,
    factors: Any,
    scaling: Any,
    bounds: Any,
) -> Any:
    """Set ``change`` to what a term adds to the ``n`` sums from ``values[first]`` on, clipped.

    ``neurons`` are those of the other side: when they spiked, the first one, and whether all are
    live. A synapse that is not keeps its weight, since nothing is added. The traces begin at
    ``traces[at]``. All have the largest rest added to them, for :func:`change_line`. Return how
    many changes were beyond.
    """
    cast, beyond = np.int32, np.int32(0)
    when, begin, every = neurons
    (plus, low, high), (weight_plus, weight_low, weight_high) = factors
    coefficient, right, left = scaling
    (least, most), _, _, low_bits = bounds
    for k in range((np.uint64(n) + (STEP - np.uint64(1))) // STEP * STEP):
        old = cast(values[np.uint64(first) + k])
        live = -(cast((when[np.uint64(begin) + k] == 0) | every) & cast(cast(k) < cast(n)))
        trace = min(max(cast(traces[np.uint64(at) + k] + cast(plus)), cast(low)), cast(high))
        weight = min(max(cast(old + cast(weight_plus)), cast(weight_low)), cast(weight_high))
        product = cast(cast(trace * weight) * cast(coefficient))
        whole = shifted(product, cast(right), cast(left))
        kept = min(max(whole, cast(least)), cast(most))
        change[k] = cast(cast(kept & live) + cast(rest_of(low_bits)))
        beyond = cast(beyond + cast(cast(kept != whole) & -live))
    return beyond


@inner_kernel
def change_line(
    values: Any,
    first: Any,
    n: Any,
    change: Any,
    numbers: Any,
    begin: Any,
    more: Any,
    key: Any,
    bounds: Any,
) -> Any:
    """Add changes to the ``n`` weights from ``values[first]`` on, and round them.

    A sum is rounded up if its draw is below its rest: if the sum, plus the largest rest, less the
    draw reaches the next weight. The numbers of the synapses are ``more`` than those from
    ``numbers[begin]`` on. Return how many sums were beyond, and how many weights.
    """
    cast, sums, weights = np.int32, np.int32(0), np.int32(0)
    (least, most), (low, high), (bottom, top), low_bits = bounds
    rest = rest_of(low_bits)
    few = cast(31 - FRACTION_BITS - low_bits)
    for k in range((np.uint64(n) + (STEP - np.uint64(1))) // STEP * STEP):
        place = np.uint64(first) + k
        total = cast(cast(cast(values[place]) << cast(FRACTION_BITS)) + change[k])
        over = cast(total < cast(least + rest)) | cast(total > cast(most + rest))
        kept = min(max(total, cast(low + rest)), cast(high + rest))
        random = leading_bits(cast(numbers[np.uint64(begin) + k] + more), key)
        draw = shifted(cast(random >> np.uint32(1)), few, cast(0))
        whole = shifted(cast(cast(kept - draw) & ~cast(rest)), cast(FRACTION_BITS), cast(0))
        fresh = min(max(whole, cast(bottom)), cast(top))
        values[place] = fresh
        sums = cast(sums + over)
        weights = cast(weights + cast(fresh != whole))
    return sums, weights


@inline_kernel
def rest_of(low_bits: Any) -> Any:
    """Return the largest rest of a sum, which is less than a step of weights."""
    return (np.int64(1) << (FRACTION_BITS + low_bits)) - 1
