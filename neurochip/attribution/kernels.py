"""The recurrence of the chip in float64, in which truncation and overflow can be switched off.

Registers are in LSB and may be fractional. With integer registers and both switches on, every
product and sum is exact (at most 28 + 15 bits), so a run gives the spikes of the chip, bit for bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._kernels.jit import inline_kernel, kernel
from ..typing import BoolArray, Float64Array, Int32Array, Int64Array

__all__ = [
    "NEXT_INPUT",
    "N_SPIKES",
    "Changes",
    "FloatState",
    "NeuronRegisters",
    "Rules",
    "SourceRows",
    "run_steps",
]

N_SPIKES, NEXT_INPUT, RING_ROW, NEXT_SAMPLE = 0, 1, 2, 3  # indices into FloatState.position


class NeuronRegisters(NamedTuple):
    """Registers of all neurons; arrays of shape (n_neurons,) unless stated, in LSB.

    Parameters
    ----------
    keep_v, bias, threshold, v_init : ndarray of float64
        Fraction of v that a step keeps, bias added to v, threshold, and initial v.
    refractory : ndarray of int64
        Steps from a spike to the first step that integrates again.
    v_release : ndarray of float64
        v at the end of the last held step: 0, or the value that a refractory period with a fraction
        of a step would give.
    v_share : ndarray of float64
        Fraction of the synaptic input that v integrates in the step after the last held one: 1, or
        the part of that step outside such a refractory period.
    second : ndarray of int64
        Slot of the neuron's second receptor, or -1. The slot of the first is the neuron's number.
    kicks_lost : ndarray of bool
        Whether the second receptor has no effect on v in the step after the last held one: its
        kicks arrived while the neuron was refractory.
    keep_u : ndarray of float64, shape (n_slots,)
        Fraction of a current that a step keeps.
    v_low, v_high : ndarray of float64
        Limits of v, used if overflow is switched on.
    u_init : ndarray of float64, shape (n_slots,)
        Currents before the first step.
    """

    keep_v: Float64Array
    bias: Float64Array
    threshold: Float64Array
    v_init: Float64Array
    refractory: Int64Array
    v_release: Float64Array
    v_share: Float64Array
    second: Int64Array
    kicks_lost: BoolArray
    keep_u: Float64Array
    v_low: Float64Array
    v_high: Float64Array
    u_init: Float64Array


class Changes(NamedTuple):
    """Registers that follow currents in steps.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_steps + 1,)
        Entries ``starts[t]`` to ``starts[t + 1] - 1`` act from step t on.
    ids : ndarray of int64, shape (n_changes,)
        Neurons.
    bias, v_release : ndarray of float64, shape (n_changes,), LSB
        As in :class:`NeuronRegisters`.
    """

    starts: Int64Array
    ids: Int64Array
    bias: Float64Array
    v_release: Float64Array


class SourceRows(NamedTuple):
    """Synapses in compressed sparse rows by source: inputs first, then neurons.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n_sources + 1,)
        Synapses of source s are ``indptr[s]`` to ``indptr[s + 1]``.
    target : ndarray of int32, shape (n_synapses,)
        Slot of the target current.
    weight : ndarray of float64, shape (n_synapses,), LSB
        Increment of the current by a spike.
    delay : ndarray of int64, shape (n_synapses,)
        Delay in steps, in addition to the one step that every spike takes.
    """

    indptr: Int64Array
    target: Int32Array
    weight: Float64Array
    delay: Int64Array


class Rules(NamedTuple):
    """Switches and ranges of the arithmetic.

    Parameters
    ----------
    truncates : bool
        Whether decayed u and v are truncated toward zero.
    overflows : bool
        Whether v is clipped and sums wrap.
    accumulator, current, input : float, LSB
        Half the range of each sum; infinite if the sum does not wrap.
    accumulator_up, current_up, input_up : bool
        Whether a sum of exactly half the range does not wrap (``Overflow.WRAP_UP``).
    """

    truncates: bool
    overflows: bool
    accumulator: float
    current: float
    input: float
    accumulator_up: bool
    current_up: bool
    input_up: bool


class FloatState(NamedTuple):
    """All variables that a step changes.

    Parameters
    ----------
    u : ndarray of float64, shape (n_slots,)
        Synaptic currents.
    v : ndarray of float64, shape (n_neurons,)
        Membrane potentials, relative to the potential of register value 0.
    held : ndarray of int64, shape (n_neurons,)
        Remaining steps in which v is held; -1 in the first step after them.
    ring : ndarray of float64, shape (n_rows, n_slots)
        Circular buffer of arriving input, one row per future step.
    spike_steps, spike_ids : ndarray of int32, shape (capacity,)
        Spikes since the buffers were last emptied.
    position : ndarray of int64, shape (4,)
        Number of spikes in the buffers, next input spike, row of the ring for the next step, next
        sample.
    sampled : ndarray of int64, shape (n_sampled,)
        Neurons whose v is sampled.
    samples : ndarray of float64, shape (n_samples, n_sampled)
        Sampled v; NaN while a neuron is held at its reset.
    """

    u: Float64Array
    v: Float64Array
    held: Int64Array
    ring: Float64Array
    spike_steps: Int32Array
    spike_ids: Int32Array
    position: Int64Array
    sampled: Int64Array
    samples: Float64Array


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


@kernel
def update(
    cells: NeuronRegisters, rules: Rules, state: FloatState, row: int, count: int, step: int
) -> int:
    """Advance all neurons by a step and record their spikes; return the new number of spikes.

    Input (semantics 5.1), current (semantics 5.2), bias (semantics 5.3), voltage (semantics 5.4),
    hold (semantics 5.5), threshold and reset (semantics 5.6).
    """
    keep_v, bias, threshold, _, refractory, v_release, v_share = cells[:7]
    second, kicks_lost, keep_u, v_low, v_high, _ = cells[7:]
    truncates, overflows, q_half, u_half, x_half, q_up, u_up, x_up = rules
    u, v, held, ring, spike_steps, spike_ids, _, _, _ = state
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
        if held[i] < 0:
            if kicks_lost[i]:
                current = u[i]
            current *= v_share[i]
        x = current + bias[i]
        if overflows:
            x = wrapped(x, x_half, x_up)
        moved = kept(v[i], keep_v[i], truncates) + x
        if overflows:
            moved = min(max(moved, v_low[i]), v_high[i])
        if held[i] > 1:
            moved = 0.0
            held[i] -= 1
        elif held[i] == 1:
            moved = v_release[i]
            held[i] = -1
        elif moved > threshold[i]:
            again = refractory[i] == 1
            moved = v_release[i] if again else 0.0
            held[i] = -1 if again else refractory[i] - 1
            spike_steps[count] = step
            spike_ids[count] = i
            count += 1
        else:
            held[i] = 0
        v[i] = moved
    return count


@kernel
def deliver(
    indptr: Int64Array,
    target: Int32Array,
    weight: Float64Array,
    delay: Int64Array,
    ring: Float64Array,
    source: int,
    now: int,
) -> None:
    """Add the weights of one source to the rows of the ring in which they arrive."""
    n_rows = ring.shape[0]
    for k in range(np.uint64(indptr[source]), np.uint64(indptr[source + 1])):
        row = now + delay[k]
        row -= n_rows if row >= n_rows else 0
        ring[row, target[k]] += weight[k]


@kernel
def run_steps(
    cells: NeuronRegisters,
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

    ``changes`` is None without currents that change in steps. With ``input_first`` input spikes act
    in their own step, otherwise in the next step. v is
    sampled at the end of every ``every``-th step.
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
                deliver(indptr, target, weight, delay, ring, input_sources[k], row)
        count = update(cells, rules, state, row, before, step)
        row = following
        if not input_first:
            for k in range(begin, end):
                deliver(indptr, target, weight, delay, ring, input_sources[k], row)
        for spike in range(before, count):
            source = n_inputs + state.spike_ids[spike]
            deliver(indptr, target, weight, delay, ring, source, row)
        position[N_SPIKES], position[NEXT_INPUT], position[RING_ROW] = count, end, row
        step += 1
        if step % every == 0:
            sample = position[NEXT_SAMPLE]
            for k in range(len(state.sampled)):
                i = state.sampled[k]
                state.samples[sample, k] = np.nan if state.held[i] > 0 else state.v[i]
            position[NEXT_SAMPLE] = sample + 1
    return step
