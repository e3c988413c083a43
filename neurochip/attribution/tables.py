"""Arrays that the recurrence of the chip in float64 runs on."""

from __future__ import annotations

from typing import NamedTuple

from ..typing import BoolArray, Float64Array, Int32Array, Int64Array

__all__ = ["Changes", "FloatState", "NeuronRegisters", "Rules", "SoftRegisters", "SourceRows"]


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


class SoftRegisters(NamedTuple):
    """Registers of resets that subtract and of lowest v; arrays of shape (n_neurons,), in LSB.

    Parameters
    ----------
    amount : ndarray of float64
        What a spike subtracts from v; 0 if v is set to a value.
    several : ndarray of bool
        Whether a neuron emits as many spikes in a step as bring v down to its threshold.
    raises : ndarray of bool
        Whether a v above the threshold raises the threshold of the next step by ``amount``.
    early : ndarray of int64
        Held steps, counted from the last one, in which v moves without kicks: 0 or 1.
    v_min : ndarray of float64
        Lowest v; minus infinity without a bound.
    """

    amount: Float64Array
    several: BoolArray
    raises: BoolArray
    early: Int64Array
    v_min: Float64Array


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
    spike_steps, spike_ids, spike_numbers : ndarray of int32, shape (capacity,)
        Spikes since the buffers were last emptied, and how many of them each is.
    position : ndarray of int64, shape (4,)
        Number of spikes in the buffers, next input spike, row of the ring for the next step, next
        sample.
    sampled : ndarray of int64, shape (n_sampled,)
        Neurons whose v is sampled.
    samples : ndarray of float64, shape (n_samples, n_sampled)
        Sampled v; NaN while a neuron is held at a value.
    """

    u: Float64Array
    v: Float64Array
    held: Int64Array
    ring: Float64Array
    spike_steps: Int32Array
    spike_ids: Int32Array
    spike_numbers: Int32Array
    position: Int64Array
    sampled: Int64Array
    samples: Float64Array
