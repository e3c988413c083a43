"""Named tuples of the flat integer arrays that the kernels read and write.

The state of 64 compartments is stored in one *tile* of contiguous rows of 64 int32. All rows of a
tile are at fixed distances from one pointer, so the compiler can prove that they do not overlap,
and vectorises. With one array per variable it would have to check each pair of arrays for overlap;
it does not, and a step takes ten times as long. Tiles also make memory accesses sequential.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..._kernels.waiting import Waiting, new_waiting
from ...chip.fixedpoint import Overflow
from ...chip.registers import OVERFLOWS, decode_bias
from ...image import ChipImage
from ...typing import Int8Array, Int32Array, Int64Array
from .lags import Lags
from .layout import LANES, Layout
from .memory import aligned, zeroed

__all__ = [
    "EVENTS",
    "ROWS",
    "BiasTable",
    "JoinTable",
    "NoiseTable",
    "RunBuffers",
    "RunState",
    "TileRow",
    "Widths",
    "bias_of",
    "joins_of",
    "new_state",
    "noise_of",
    "read_row",
    "rewind",
    "widths_of",
    "wrapping",
    "write_row",
]

EVENTS = ("synaptic_events", "updates", "spikes")
"""Events that every run counts, in the order of ``RunState.counters``."""


class TileRow:
    """Row numbers of a tile.

    ``HELD`` counts the remaining steps in which v stays at 0. ``BIAS`` is added to u, and includes
    noise on v and the current of a child compartment.
    """

    U = 0
    V = 1
    HELD = 2
    BIAS = 3


ROWS = 4


class Widths(NamedTuple):
    """Register widths as offsets and masks for :func:`~neurochip.emulator.cpu.arithmetic.wrap`.

    The unit of weights is ``2**weight_shift``. ``sum_offset`` and ``sum_mask`` give the range of a
    sum of weights in this unit: the range of the accumulator, or with noise the range whose product
    with the unit fits 32 bits.
    """

    weight_shift: np.int32
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

    ``bias`` is the bias without noise, to which the kernel adds noise on v; ``current`` is the
    noise of this step on the synaptic input, padded to whole tiles. ``draws`` holds raw numbers
    that replace the generator, shape (n_steps, n), or is empty.
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
    """Joined compartments, as masks (all bits or none), shape (n_blocks * span,).

    The current of a child is added to ``row & kept | bias``, where ``row`` is the bias row of the
    tile. ``kept`` keeps this row if the compartment is not joined, or if the row already holds the
    noise of this step on v; otherwise ``bias`` replaces it.
    """

    joined: Int32Array
    kept: Int32Array
    bias: Int32Array


class BiasTable(NamedTuple):
    """Writes of the bias registers in one call of the kernel.

    The k-th step of the call begins with the writes ``starts[k]`` to ``starts[k + 1] - 1``: the
    bias of ``compartments[i]`` becomes ``values[i]``. ``bias`` has the bias of every compartment,
    shape (n,); the kernel keeps it up to date.
    """

    starts: Int64Array
    compartments: Int32Array
    values: Int32Array
    bias: Int32Array


class RunState(NamedTuple):
    """All arrays that change in a run.

    ``clock`` is the step that runs next, or ``UNDERWAY``; in a run only kernels change it.
    ``undo`` and ``events`` have a row per worker for the tile that it is updating: u, v and held
    before the step (rows as in a tile), and event words.
    ``counters`` has for each block one row for updates, spikes and their synaptic events, and one
    row per copy for the synaptic events of its inputs. ``overflows`` has a row per compartment: the
    number of its overflows in the order of bits 1 to 5 of an event word, which is that of
    ``OVERFLOWS`` (bit 0 is a spike). ``first_overflow`` has a row per block: step, compartment and
    event word; step -1 if no register has overflowed, and then ``overflows`` is 0. ``waiting`` is
    None if no spike waits.
    """

    clock: Int64Array
    tiles: Int32Array
    ring: Int32Array
    undo: Int32Array
    events: Int32Array
    counters: Int64Array
    overflows: Int32Array
    first_overflow: Int64Array
    waiting: Waiting | None


class RunBuffers(NamedTuple):
    """Buffers that a run fills.

    Each worker lists its spikes, step after step, in its part of ``spikes``. The spikes of step k
    of the run begin at ``ends[worker, k - first_index + 1]`` and end at the next entry; a list
    begins with the spikes of the step before ``first_index``. Beyond entry ``full``, a list may be
    too short for the next step. ``v`` and ``u`` have a row for each step of the run and a column
    for each recorded compartment.
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
    """Return offsets and masks for the chip's register widths and overflow rules."""
    core, unit = image.chip.core, layout.weight_unit
    accumulator = wrapping(core.accumulator_bits, core.accumulator_overflow)
    limits = (1 << 31, (1 << 32) - 1) if image.noise else (int(accumulator[0]), int(accumulator[1]))
    return Widths(
        np.int32(unit.bit_length() - 1),
        *_in_units(*limits, unit),
        *accumulator,
        *wrapping(core.state_bits, core.current_overflow),
        *wrapping(core.state_bits, core.input_overflow),
    )


def noise_of(
    image: ChipImage,
    draws: Int8Array | None = None,
    seed: int | None = None,
    bias: Int32Array | None = None,
) -> NoiseTable | None:
    """Return the noise registers of an image; None without noise.

    ``draws`` replaces the generator, ``seed`` the seed and ``bias`` the bias in the image.
    """
    noise = image.noise
    if noise is None:
        return None
    return NoiseTable(
        enabled=noise.enabled.copy(),
        current=np.zeros(-(-len(noise.enabled) // LANES) * LANES, dtype=np.int32),
        bias=(bias_of(image) if bias is None else bias).copy(),
        draws=np.empty((0, 0), dtype=np.int8) if draws is None else draws,
        exponent=noise.exponent,
        mantissa_offset=noise.mantissa_offset,
        at_membrane=noise.at_membrane,
        seed=noise.seed if seed is None else seed,
    )


def joins_of(image: ChipImage, layout: Layout, bias: Int32Array | None = None) -> JoinTable | None:
    """Return the joined compartments of an image; None if the image has none.

    ``bias`` replaces the bias in the image.
    """
    registers, noise = image.compartments, image.noise
    if not registers.join.any():
        return None
    kept = registers.join == 0
    if noise is not None and noise.at_membrane:
        kept |= noise.enabled == 1
    bias = bias_of(image) if bias is None else bias
    padding = (0, layout.blocks * layout.span - len(registers))
    columns = (-registers.join, -kept.astype(np.int32), np.where(kept, 0, bias))
    return JoinTable(*(np.pad(column.astype(np.int32), padding) for column in columns))


def wrapping(bits: int, overflow: Overflow) -> tuple[np.int32, np.int32]:
    """Return offset and mask of a register of some bits, for ``arithmetic.wrap``."""
    if overflow is Overflow.NONE:
        bits = 31
    half = 1 << (bits - 1)
    offset = half - 1 if overflow is Overflow.WRAP_UP else half
    return np.int32(offset), np.int32(2 * half - 1)


def _in_units(offset: int, mask: int, unit: int) -> tuple[np.int32, np.int32]:
    """Return offset and mask of a register in multiples of ``unit``, a power of two."""
    below, above = offset // unit, (mask - offset) // unit
    narrow = np.array([below, below + above]).astype(np.int32)  # 2**31 wraps, as in wrap itself
    return narrow[0], narrow[1]


def new_state(
    image: ChipImage, layout: Layout, workers: int, copies: int, lags: Lags | None
) -> RunState:
    """Return the state before step 0."""
    blocks = layout.blocks
    state = RunState(
        clock=zeroed(1, np.int64),
        tiles=aligned(blocks * layout.span * ROWS, np.int32),
        ring=aligned(blocks * layout.ring_size, np.int32),
        undo=zeroed(workers * 3 * LANES, np.int32).reshape(workers, -1),
        events=zeroed(workers * LANES, np.int32).reshape(workers, -1),
        # Rows of two cache lines, so that threads do not share a line (no false sharing).
        counters=zeroed(blocks * (1 + copies) * 16, np.int64).reshape(blocks, 1 + copies, 16),
        # The system fills pages with zeros when they are first used: never in most runs.
        overflows=np.zeros((blocks * layout.span, len(OVERFLOWS)), dtype=np.int32),
        first_overflow=zeroed(blocks * 16, np.int64).reshape(blocks, 16),
        waiting=new_waiting(lags.delays, layout.n_compartments, blocks) if lags else None,
    )
    state.first_overflow[:] = -1
    write_row(state, TileRow.BIAS, bias_of(image))
    rewind(state, image)  # fills the other rows and the ring
    return state


def rewind(state: RunState, image: ChipImage) -> None:
    """Set initial u and v, and clear all else that is in the state except the clock."""
    registers = image.compartments
    write_row(state, TileRow.U, registers.u_init)
    write_row(state, TileRow.V, registers.v_init)
    write_row(state, TileRow.HELD, np.zeros_like(registers.v_init))
    state.ring[:] = 0
    if state.waiting is not None:
        state.waiting.counts[:] = 0


def bias_of(image: ChipImage) -> Int32Array:
    """Return the bias of each compartment of an image."""
    registers = image.compartments
    return decode_bias(registers.bias_mantissa, registers.bias_exponent)


def write_row(state: RunState, row: int, values: Int32Array) -> None:
    """Set one row of all tiles to the values of the compartments."""
    tiles = state.tiles.reshape(-1, ROWS, LANES)
    padded = np.zeros(len(tiles) * LANES, dtype=np.int32)
    padded[: len(values)] = values
    tiles[:, row] = padded.reshape(-1, LANES)


def read_row(state: RunState, row: int, size: int) -> Int32Array:
    """Return a copy of one row of all tiles, shape (size,)."""
    return state.tiles.reshape(-1, ROWS, LANES)[:, row].reshape(-1)[:size].copy()
