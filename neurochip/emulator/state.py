"""What the kernels read and write: flat integer arrays under names."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..image import ChipImage
from ..registers import decode_bias, decode_threshold, decode_voltage_limits, effective_decay
from ..typing import Int32Array, Int64Array, UInt8Array
from .layout import Layout

__all__ = [
    "COUNTERS",
    "OVERFLOWS",
    "Constants",
    "Output",
    "State",
    "Widths",
    "constants_of",
    "new_state",
]

OVERFLOWS = (
    "accumulator_wraps",
    "current_wraps",
    "input_wraps",
    "voltage_clips_low",
    "voltage_clips_high",
)
"""Overflow counters, in the order of the bits 1 to 5 of an event byte (bit 0 is a spike)."""

COUNTERS = (*OVERFLOWS, "synaptic_events", "updates", "spikes")
"""All counters of a run, in the order of ``State.counters``."""


class Widths(NamedTuple):
    """Register widths as the masks that the kernels need, all int32."""

    accumulator_half: np.int32
    accumulator_mask: np.int32
    state_half: np.int32
    state_mask: np.int32
    decay_bits: np.int32
    decay_mask: np.int32


class Constants(NamedTuple):
    """Decoded registers, shape (n,) each."""

    keep_u: Int32Array
    keep_v: Int32Array
    threshold: Int32Array
    bias: Int32Array
    refractory: Int32Array
    vmin: Int32Array
    vmax: Int32Array


class State(NamedTuple):
    """All that changes in a run.

    ``held`` counts the steps for which v stays at 0. ``events`` has one byte per compartment
    (bit 0 spike, bits 1 to 5 overflows), padded to whole blocks; ``events_by_8`` is the same memory
    read eight compartments at a time. ``fired`` lists the spikes of this step by block,
    ``previous`` those of the last step in the order of compartments. ``first_overflow`` holds step,
    compartment and event byte for each block, or -1.
    """

    u: Int32Array
    v: Int32Array
    held: Int32Array
    ring: Int32Array
    events: UInt8Array
    events_by_8: Any
    fired: Int32Array
    n_fired: Int64Array
    previous: Int32Array
    n_previous: Int64Array
    counters: Int64Array
    first_overflow: Int64Array


class Output(NamedTuple):
    """Buffers that a run fills: spikes as (step, compartment), and rows of v and u."""

    steps: Int32Array
    ids: Int32Array
    n_spikes: Int64Array
    v_ids: Int32Array
    v: Int32Array
    u_ids: Int32Array
    u: Int32Array


def constants_of(image: ChipImage) -> tuple[Constants, Widths]:
    """Decode the registers of an image."""
    registers, core = image.compartments, image.chip.core
    scale = core.decay_scale
    decay_u = effective_decay(registers.decay_u, registers.decay_u_offset)
    decay_v = effective_decay(registers.decay_v, registers.decay_v_offset)
    vmin, vmax = decode_voltage_limits(registers.vmin_exponent, registers.vmax_exponent, core)
    constants = Constants(
        keep_u=(scale - decay_u).astype(np.int32),
        keep_v=(scale - decay_v).astype(np.int32),
        threshold=decode_threshold(registers.threshold_mantissa, core),
        bias=decode_bias(registers.bias_mantissa, registers.bias_exponent),
        refractory=registers.refractory.copy(),
        vmin=vmin,
        vmax=vmax,
    )
    widths = Widths(
        accumulator_half=np.int32(1 << (core.accumulator_bits - 1)),
        accumulator_mask=np.int32((1 << core.accumulator_bits) - 1),
        state_half=np.int32(1 << (core.state_bits - 1)),
        state_mask=np.int32((1 << core.state_bits) - 1),
        decay_bits=np.int32(core.decay_bits),
        decay_mask=np.int32(core.decay_scale - 1),
    )
    return constants, widths


def new_state(image: ChipImage, layout: Layout) -> State:
    """State before step 0."""
    n, blocks = image.n_compartments, layout.row_ptr.shape[0]
    events = np.zeros(blocks * layout.span, dtype=np.uint8)
    return State(
        u=np.zeros(n, dtype=np.int32),
        v=image.compartments.v_init.copy(),
        held=np.zeros(n, dtype=np.int32),
        ring=np.zeros((blocks, layout.ring_mask + 1), dtype=np.int32),
        events=events,
        events_by_8=events.view(np.uint64),
        fired=np.empty((blocks, layout.span), dtype=np.int32),
        n_fired=np.zeros(blocks, dtype=np.int64),
        previous=np.empty(n, dtype=np.int32),
        n_previous=np.zeros(1, dtype=np.int64),
        # A row per block, padded to two cache lines: threads count without sharing a line.
        counters=np.zeros((blocks, 16), dtype=np.int64),
        first_overflow=np.full((blocks, 16), -1, dtype=np.int64),
    )
