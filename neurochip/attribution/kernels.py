"""The recurrence of the chip in float64, in which truncation and overflow can be switched off.

Registers are in LSB and may be fractional. With integer registers and both switches on, every
product and sum is exact (at most 28 + 15 bits), so a run gives the spikes of the chip, bit for bit.
"""

from __future__ import annotations

import numpy as np

from .._kernels.jit import inline_kernel, inner_kernel, kernel
from ..typing import Float64Array, Int32Array, Int64Array
from .tables import Changes, FloatState, NeuronRegisters, Rules, SoftRegisters, SourceRows

__all__ = ["NEXT_INPUT", "N_SPIKES", "run_steps"]

N_SPIKES, NEXT_INPUT, RING_ROW, NEXT_SAMPLE = 0, 1, 2, 3  # indices into FloatState.position


@inline_kernel
def wrapped(value: float, half: float, up: bool) -> float:
    """Shift by multiples of ``2 half`` into [-half, half), or (-half, half] if ``up``."""
    inside = -half < value < half
    turns = (
        np.ceil((value - half) / (2.0 * half)) if up else np.floor((value + half) / (2.0 * half))
    )
    return value if inside else value - 2.0 * half * turns


@inline_kernel
def kept(value: float, keep: float, truncates: bool) -> float:
    """Return a state variable after the decay of one step."""
    product = value * keep
    return np.trunc(product) if truncates else product


@inline_kernel
def set_back(
    v: Float64Array,
    held: Int64Array,
    i: int,
    moved: float,
    threshold: float,
    release: float,
    refractory: int,
) -> float:
    """Hold v, or set it back after a spike (semantics 5.5 and 5.6); return the number of spikes."""
    number = 0.0
    if held[i] > 1:
        moved = 0.0
        held[i] -= 1
    elif held[i] == 1:
        moved = release
        held[i] = -1
    elif moved > threshold:
        again = refractory == 1
        moved = release if again else 0.0
        held[i] = -1 if again else refractory - 1
        number = 1.0
    else:
        held[i] = 0
    v[i] = moved
    return number


@inline_kernel
def lower_or_set_back(
    v: Float64Array,
    held: Int64Array,
    i: int,
    moved: float,
    threshold: float,
    release: float,
    refractory: int,
    share: float,
    soft: SoftRegisters,
) -> float:
    """Do as :func:`set_back` does, or hold v and lower it for each spike; with a lowest v.

    A v that is lowered moves by ``share`` in the first step in which it moves again. A v above the
    threshold may raise the threshold of the next step.
    """
    moved = max(moved, soft.v_min[i])
    if soft.amount[i] == 0.0:
        plain: float = set_back(v, held, i, moved, threshold, release, refractory)
        return plain
    number, waits = 0.0, held[i] > soft.early[i]
    limit = threshold + soft.amount[i] if soft.raises[i] and v[i] > threshold else threshold
    if waits:
        moved = v[i]
        held[i] = held[i] - 1 if held[i] > 1 else -1
    else:
        if held[i] != 0:
            moved = v[i] + share * (moved - v[i])
        held[i] = 0
        if moved > limit:
            number = np.ceil((moved - threshold) / soft.amount[i]) if soft.several[i] else 1.0
            moved = max(moved - number * soft.amount[i], soft.v_min[i])
            held[i] = refractory - 1 if refractory > 1 else -1
    v[i] = moved
    return number


@inner_kernel
def update(
    cells: NeuronRegisters,
    soft: SoftRegisters | None,
    rules: Rules,
    state: FloatState,
    row: int,
    count: int,
    step: int,
) -> int:
    """Advance all neurons by a step and record their spikes; return the new number of spikes.

    Input (semantics 5.1), current (semantics 5.2), bias (semantics 5.3), voltage (semantics 5.4),
    hold (semantics 5.5), threshold and reset (semantics 5.6). ``soft`` is None if all resets set v
    to a value and v has no lower bound.
    """
    keep_v, bias, threshold, _, refractory, v_release, v_share = cells[:7]
    second, kicks_lost, keep_u, v_low, v_high, _ = cells[7:]
    truncates, overflows, q_half, u_half, x_half, q_up, u_up, x_up = rules
    u, v, held, ring, spike_steps, spike_ids, spike_numbers, _, _, _ = state
    for i in range(len(v)):
        current = 0.0
        j = i
        while j >= 0:  # the first receptor, then the second if the neuron has one
            q = ring[row, j]
            ring[row, j] = 0.0
            if overflows:
                q = wrapped(q, q_half, q_up)
            u[j] = kept(u[j], keep_u[j], truncates) + q
            if overflows:
                u[j] = wrapped(u[j], u_half, u_up)
            current += u[j]
            j = second[i] if j == i else -1
        if soft is not None and soft.early[i] > 0 and held[i] > 0:
            current = u[i] if second[i] >= 0 else 0.0  # without kicks
        elif held[i] < 0 and (soft is None or soft.amount[i] == 0.0):
            if kicks_lost[i]:
                current = u[i]
            current *= v_share[i]
        x = current + bias[i]
        if overflows:
            x = wrapped(x, x_half, x_up)
        moved = kept(v[i], keep_v[i], truncates) + x
        if overflows:
            moved = min(max(moved, v_low[i]), v_high[i])
        if soft is None:
            number = set_back(v, held, i, moved, threshold[i], v_release[i], refractory[i])
        else:
            number = lower_or_set_back(
                v, held, i, moved, threshold[i], v_release[i], refractory[i], v_share[i], soft
            )
        if number > 0.0:
            spike_steps[count], spike_ids[count] = step, i
            spike_numbers[count] = number
            count += 1
    return count


@inner_kernel
def deliver(
    indptr: Int64Array,
    target: Int32Array,
    weight: Float64Array,
    delay: Int64Array,
    ring: Float64Array,
    source: int,
    number: int,
    now: int,
) -> None:
    """Add the weights of ``number`` spikes of a source to the rows in which they arrive."""
    n_rows = ring.shape[0]
    for k in range(np.uint64(indptr[source]), np.uint64(indptr[source + 1])):
        row = now + delay[k]
        row -= n_rows if row >= n_rows else 0
        ring[row, target[k]] += number * weight[k]


@kernel
def run_steps(
    cells: NeuronRegisters,
    soft: SoftRegisters | None,
    changes: Changes | None,
    rows: SourceRows,
    rules: Rules,
    input_steps: Int32Array,
    input_sources: Int32Array,
    state: FloatState,
    step: int,
    stop: int,
    every: int,
    input_first: bool,
) -> int:
    """Run from ``step`` to ``stop``, or until the spike buffers may be full; return the next step.

    ``soft`` is None without resets that subtract and lowest v, and ``changes`` without currents
    that change in steps. With ``input_first`` input spikes act in their own step, otherwise in the
    next step. v is sampled at the end of every ``every``-th step.
    """
    position, ring = state.position, state.ring
    indptr, target, weight, delay = rows
    n_neurons, n_rows = len(state.v), ring.shape[0]
    n_inputs = len(indptr) - 1 - n_neurons
    while step < stop and position[N_SPIKES] + n_neurons <= len(state.spike_ids):
        before, row = position[N_SPIKES], position[RING_ROW]
        if changes is not None:
            for c in range(changes.starts[step], changes.starts[step + 1]):
                cells.bias[changes.ids[c]] = changes.bias[c]
                cells.v_release[changes.ids[c]] = changes.v_release[c]
        following = row + 1 if row + 1 < n_rows else 0
        begin = position[NEXT_INPUT]
        end = begin
        while end < len(input_steps) and input_steps[end] == step:
            end += 1
        if input_first:
            for k in range(begin, end):
                deliver(indptr, target, weight, delay, ring, input_sources[k], 1, row)
        count = update(cells, soft, rules, state, row, before, step)
        row = following
        if not input_first:
            for k in range(begin, end):
                deliver(indptr, target, weight, delay, ring, input_sources[k], 1, row)
        for spike in range(before, count):
            source = n_inputs + state.spike_ids[spike]
            number = state.spike_numbers[spike]
            deliver(indptr, target, weight, delay, ring, source, number, row)
        position[N_SPIKES], position[NEXT_INPUT], position[RING_ROW] = count, end, row
        step += 1
        if step % every == 0:
            sample = position[NEXT_SAMPLE]
            for k in range(len(state.sampled)):
                i = state.sampled[k]
                at_value = state.held[i] > 0 and (soft is None or soft.amount[i] == 0.0)
                state.samples[sample, k] = np.nan if at_value else state.v[i]
            position[NEXT_SAMPLE] = sample + 1
    return step
