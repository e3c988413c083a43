"""Rows and columns of a dense group in one loop each, which is all that most rules need.

A row has one source and a column one target, so a *line* of synapses lies between one neuron and
all neurons of the other side, in their order. If one term acts on the weights of a line, and no
factor but one trace and the weight differs between its synapses, then they are read, changed and
written back in one loop over neighbours, without lanes. The loop takes ``STEP`` synapses at a time:
those behind the end of a line are read, too, and written back as they were.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed_number
from .._kernels.instructions import shifted
from .._kernels.jit import inline_kernel, inner_kernel, kernel_part
from .batch_kernels import COLUMNS, QUIET, ROWS
from .lanes import LANES, STEP
from .layout import CONSTANT, END, HIGH, LEFT, LOW, MANTISSA, RIGHT, SIGN, START, VARIABLE, Count
from .terms import FRACTION_BITS, VARIABLES

__all__ = ["factors_of_line", "learn_columns", "learn_rows"]

ACCUMULATORS, WEIGHTS = int(Count.ACCUMULATORS), int(Count.WEIGHTS)
X1, Y0, Y1, Y3, W = (VARIABLES.index(name) for name in ("x1", "y0", "y1", "y3", "w"))
MOST = np.int64(1 << 12)  # synapses of a piece: their counts fit 16 bits
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
def limits_of(f: Any, terms: Any) -> Any:
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
    """Return the limits of sums, those of the signs, those of weights, and the bits they lack."""
    weights = engine.limits[0, 0], engine.limits[0, 1]
    return (engine.low, engine.high), signs, weights, np.int64(engine.low_bits)


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
    factors = limits_of(trace, terms), limits_of(weight, terms)
    for a in range(n_pre if kind == ROWS else n_rows):
        i = np.int64(state.pre_list[a]) if kind == ROWS else a
        if kind == QUIET and n_pre > 0 and state.pre_when[i] > 0:
            continue
        at = last if kind == QUIET or last == 1 else np.int64(state.pre_when[i])
        coefficient = coefficient_of(
            term, kind, at, state.x_history, state.x.shape[1], i, last, terms
        )
        begin = place_of_trace(trace, Y1, at, state.y.shape[1], last, terms)
        for j in range(0, n_columns, MOST):
            neurons = state.post_when, j, n_post == 0, synapses.column_number
            beyond = learn_piece(
                state.weight, i * n_columns + j, min(n_columns - j, MOST), neurons,
                synapses.row_number[i], state.y_history, begin + j, state.keys[0], factors,
                scaling_of(term, coefficient, terms), bounds,
            )  # fmt: skip
            count(beyond, state.counts)


@kernel_part
def learn_columns(
    only: Any, n_pre: Any, n_post: Any, signs: Any, terms: Any, engine: Any, synapses: Any,
    state: Any,
) -> None:  # fmt: skip
    """Apply a term to the columns of the targets with a spike: some rows, then the next ones."""
    (term, trace, weight), last, bounds = only, np.int64(engine.epoch), bounds_of(signs, engine)
    n_rows, n_columns = len(synapses.row) - 1, len(synapses.column) - 1
    factors = limits_of(trace, terms), limits_of(weight, terms)
    for i in range(0, n_rows, LANES):
        n: Any = min(n_rows - i, np.int64(LANES))
        for b in range(n_post):
            j = np.int64(state.post_list[b])
            at = last if last == 1 else np.int64(state.post_when[j])
            coefficient = coefficient_of(
                term, COLUMNS, at, state.y_history, state.y.shape[1], j, last, terms
            )
            begin = place_of_trace(trace, X1, at, state.x.shape[1], last, terms)
            neurons = state.pre_when, i, n_pre == 0, synapses.row_number
            place = np.uint64(i * n_columns + j)
            for k in range(np.uint64(n)):
                state.line[k] = state.weight[place + k * np.uint64(n_columns)]
            beyond = learn_piece(
                state.line, 0, n, neurons, synapses.column_number[j], state.x_history, begin + i,
                state.keys[0], factors, scaling_of(term, coefficient, terms), bounds,
            )  # fmt: skip
            for k in range(np.uint64(n)):
                state.weight[place + k * np.uint64(n_columns)] = state.line[k]
            count(beyond, state.counts)


@inline_kernel
def count(beyond: Any, counts: Any) -> None:
    """Count the sums and the weights that were beyond their limits."""
    counts[ACCUMULATORS] += np.int64(beyond) & 0xFFFF
    counts[WEIGHTS] += np.int64(beyond) >> 16


@inner_kernel
def learn_piece(
    values: Any,
    first: Any,
    n: Any,
    neurons: Any,
    more: Any,
    traces: Any,
    at: Any,
    key: Any,
    factors: Any,
    scaling: Any,
    limits: Any,
) -> Any:
    """Apply a term to the ``n`` weights from ``values[first]`` on.

    ``neurons`` are those of the other side: when they spiked, the first one, whether all are live,
    and their numbers, to which ``more`` is added. Their traces begin at ``traces[at]``. Return how
    many sums of live synapses were beyond, and how many weights, times ``2**16``.
    """
    cast, beyond = np.int32, np.int32(0)
    when, begin, every, numbers = neurons
    (plus, low, high), (weight_plus, weight_low, weight_high) = factors
    coefficient, right, left = scaling
    (least, most), (smallest, largest), (bottom, top), low_bits = limits
    unit = cast(low_bits + FRACTION_BITS)
    mask, few = cast((np.int64(1) << np.int64(unit)) - 1), cast(31 - unit)
    for k in range((np.uint64(n) + (STEP - np.uint64(1))) // STEP * STEP):
        place, neuron = np.uint64(first) + k, np.uint64(begin) + k
        old = cast(values[place])
        live = -(cast((when[neuron] == 0) | every) & cast(cast(k) < cast(n)))
        trace = min(max(cast(traces[np.uint64(at) + k] + cast(plus)), cast(low)), cast(high))
        weight = min(max(cast(old + cast(weight_plus)), cast(weight_low)), cast(weight_high))
        product = cast(cast(trace * weight) * cast(coefficient))
        change = shifted(product, cast(right), cast(left))
        kept = min(max(change, cast(least)), cast(most))
        total = cast(cast(old << cast(FRACTION_BITS)) + kept)
        last = min(max(total, cast(least)), cast(most))
        over = cast(cast(kept != change) + cast(last != total))
        signed = min(max(last, cast(smallest)), cast(largest))
        random = cast(hashed_number(cast(numbers[neuron] + more), key) >> np.uint32(1))
        up = cast(shifted(random, few, cast(0)) < cast(signed & mask))
        whole = shifted(cast(shifted(signed, unit, cast(0)) + up), cast(0), cast(low_bits))
        fresh = min(max(whole, cast(bottom)), cast(top))
        values[place] = (fresh & live) | (old & ~live)
        beyond = cast(beyond + (live & cast(over + cast(cast(fresh != whole) << cast(16)))))
    return beyond
