"""What the kernels read and write: flat integer arrays under names.

The state of 64 compartments lies together in one *tile*, row after row of 64 int32. All rows of a
tile are at fixed distances from one pointer, so the compiler can prove that they do not overlap and
fills whole vector registers; with an array per variable it would need a check for each pair of
arrays, gives up, and a step costs ten times as much. A tile is also the order in which memory is
read.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...chip.fixedpoint import Overflow
from ...chip.registers import OVERFLOWS, decode_bias
from ...image import ChipImage
from ...typing import Int8Array, Int32Array, Int64Array
from .layout import LANES, Layout
from .memory import aligned, zeroed

__all__ = [
    "COUNTERS",
    "ROWS",
    "UNDERWAY",
    "JoinTable",
    "NoiseTable",
    "RunBuffers",
    "RunState",
    "TileRow",
    "Widths",
    "joins_of",
    "new_state",
    "noise_of",
    "read_row",
    "rewind",
    "widths_of",
]

COUNTERS = (*OVERFLOWS, "synaptic_events", "updates", "spikes")
"""All counters of a run, in the order of ``RunState.counters``; overflows in that of the bits 1 to
5 of an event word (bit 0 is a spike)."""


class TileRow:
    """Rows of a tile.

    ``HELD`` counts the steps for which v stays at 0. ``BIAS`` is added to u: noise on v and the
    current of a child are summed into it.
    """

    U = 0
    V = 1
    HELD = 2
    BIAS = 3


ROWS = 4

UNDERWAY = -1
"""The value of ``RunState.clock`` while registers change."""


class Widths(NamedTuple):
    """Register widths as what :func:`~neurochip.emulator.cpu.arithmetic.wrap` needs, all int32.

    ``sum`` is what a sum of weights, in units of ``weight_unit``, may be: as the accumulator, or
    where noise is added to it whatever its product with the unit does not leave 32 bits for.
    """

    weight_unit: np.int32
    sum_offset: np.int32
    sum_mask: np.int32
    accumulator_offset: np.int32
    accumulator_mask: np.int32
    current_offset: np.int32
    current_mask: np.int32
    input_offset: np.int32
    input_mask: np.int32


class NoiseTable(NamedTuple):
    """Noise registers.

    ``bias`` is the bias without noise, which the kernel adds to when the noise goes into v;
    ``current`` is this step's noise on the synaptic input, for whole tiles.
    ``draws`` are given raw numbers, shape (n_steps, n), or none.
    """

    enabled: Int32Array
    current: Int32Array
    bias: Int32Array
    draws: Int8Array
    exponent: int
    mantissa_offset: int
    at_membrane: bool
    seed: int


class JoinTable(NamedTuple):
    """Which compartments are joined, as masks (all bits or none), shape (n_blocks * span,).

    A child adds to ``row & kept | bias``: the row of the tile where the compartment is not joined,
    or this step's noise on v was already added to it; else the bias alone.
    """

    joined: Int32Array
    kept: Int32Array
    bias: Int32Array


class RunState(NamedTuple):
    """All that changes in a run.

    ``clock`` is the step that runs next, which only kernels move, or ``UNDERWAY``.
    ``undo`` and ``events`` have a row per worker, for the tile that it updates: u, v and held
    before the step (rows as in a tile), and event words.
    ``counters`` has rows for each block: one for the updates, the spikes and what these send; and
    one for each copy, for its overflows and what its inputs send. ``first_overflow`` (step,
    compartment and event word, or -1) has a row per block.
    """

    clock: Int64Array
    tiles: Int32Array
    ring: Int32Array
    undo: Int32Array
    events: Int32Array
    counters: Int64Array
    first_overflow: Int64Array


class RunBuffers(NamedTuple):
    """Buffers that a run fills.

    Each worker lists its spikes, step after step, in its part of ``spikes``: those of step k of the
    run end at ``ends[worker, k - first_index + 2]`` and begin at the entry before, and the first
    ones are those of the step before ``first_index``. A list is ``full`` when the next step might
    not fit. ``v`` and ``u`` have a row for each step of the run and a column for each of their ids.
    """

    first_index: int
    spikes: Int32Array
    ends: Int64Array
    full: Int64Array
    v_ids: Int32Array
    v: Int32Array
    u_ids: Int32Array
    u: Int32Array


def widths_of(image: ChipImage, layout: Layout) -> Widths:
    """Offsets and masks of the chip's register widths and overflow rules."""
    core, unit = image.chip.core, layout.weight_unit
    accumulator = _wrapping(core.accumulator_bits, core.accumulator_overflow)
    limits = (1 << 31, (1 << 32) - 1) if image.noise else (int(accumulator[0]), int(accumulator[1]))
    return Widths(
        np.int32(unit),
        *_in_units(*limits, unit),
        *accumulator,
        *_wrapping(core.state_bits, core.current_overflow),
        *_wrapping(core.state_bits, core.input_overflow),
    )


def noise_of(
    image: ChipImage, draws: Int8Array | None = None, seed: int | None = None
) -> NoiseTable | None:
    """Noise registers of an image, with given draws or a seed or neither; None without noise."""
    noise, registers = image.noise, image.compartments
    if noise is None:
        return None
    return NoiseTable(
        enabled=noise.enabled.copy(),
        current=np.zeros(-(-len(noise.enabled) // LANES) * LANES, dtype=np.int32),
        bias=decode_bias(registers.bias_mantissa, registers.bias_exponent),
        draws=np.empty((0, 0), dtype=np.int8) if draws is None else draws,
        exponent=noise.exponent,
        mantissa_offset=noise.mantissa_offset,
        at_membrane=noise.at_membrane,
        seed=noise.seed if seed is None else seed,
    )


def joins_of(image: ChipImage, layout: Layout) -> JoinTable | None:
    """Joins of an image; None if it has none."""
    registers, noise = image.compartments, image.noise
    if not registers.join.any():
        return None
    kept = registers.join == 0
    if noise is not None and noise.at_membrane:
        kept |= noise.enabled == 1
    bias = decode_bias(registers.bias_mantissa, registers.bias_exponent)
    padding = (0, layout.blocks * layout.span - len(registers))
    columns = (-registers.join, -kept.astype(np.int32), np.where(kept, 0, bias))
    return JoinTable(*(np.pad(column.astype(np.int32), padding) for column in columns))


def _wrapping(bits: int, overflow: Overflow) -> tuple[np.int32, np.int32]:
    if overflow is Overflow.NONE:
        bits = 31
    half = 1 << (bits - 1)
    offset = half - 1 if overflow is Overflow.WRAP_UP else half
    return np.int32(offset), np.int32(2 * half - 1)


def _in_units(offset: int, mask: int, unit: int) -> tuple[np.int32, np.int32]:
    """Return offset and mask of the multiples of ``unit``, a power of two, that a register has."""
    below, above = offset // unit, (mask - offset) // unit
    narrow = np.array([below, below + above]).astype(np.int32)  # 2**31 of them: as any int32
    return narrow[0], narrow[1]


def new_state(image: ChipImage, layout: Layout, workers: int, copies: int) -> RunState:
    """State before step 0."""
    registers, blocks = image.compartments, layout.blocks
    state = RunState(
        clock=zeroed(1, np.int64),
        tiles=aligned(blocks * layout.span * ROWS, np.int32),
        ring=aligned(blocks * layout.ring_size, np.int32),
        undo=zeroed(workers * 3 * LANES, np.int32).reshape(workers, -1),
        events=zeroed(workers * LANES, np.int32).reshape(workers, -1),
        # Rows of two cache lines: threads count without sharing a line.
        counters=zeroed(blocks * (1 + copies) * 16, np.int64).reshape(blocks, 1 + copies, 16),
        first_overflow=zeroed(blocks * 16, np.int64).reshape(blocks, 16),
    )
    _fill(state, TileRow.BIAS, decode_bias(registers.bias_mantissa, registers.bias_exponent))
    rewind(state, image)  # fills the other rows, and the ring
    return state


def rewind(state: RunState, image: ChipImage) -> None:
    """Go back to step 0, but for the clock: initial u and v, nothing held, nothing on its way."""
    registers = image.compartments
    _fill(state, TileRow.U, registers.u_init)
    _fill(state, TileRow.V, registers.v_init)
    _fill(state, TileRow.HELD, np.zeros_like(registers.v_init))
    state.ring[:] = 0


def _fill(state: RunState, row: int, values: Int32Array) -> None:
    tiles = state.tiles.reshape(-1, ROWS, LANES)
    padded = np.zeros(len(tiles) * LANES, dtype=np.int32)
    padded[: len(values)] = values
    tiles[:, row] = padded.reshape(-1, LANES)


def read_row(state: RunState, row: int, size: int) -> Int32Array:
    """Copy one row of all tiles, shape (size,)."""
    return state.tiles.reshape(-1, ROWS, LANES)[:, row].reshape(-1)[:size].copy()
