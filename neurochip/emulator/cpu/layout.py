"""The memory layout of a running image: blocks of compartments and packed synapses.

Compartments are divided into *blocks* of equal span; a block belongs to one thread. A block owns a
circular buffer of accumulators, the *ring* (one row per delay step), and the synapses that end in
the block, so threads share no data within a step. A synapse takes 4 bytes: its signed weight in the
high bits, and in the low bits an *offset* into the ring, made of delay, plane and target within the
block. Adding the position of the current step and masking gives the accumulator, with no branch for
delays. In large networks spikes wait for their delays instead, and a ring has one step (``lags``).
The offset has 16 bits, or 20 bits if this saves blocks and the weights leave room: every block goes
through all spikes, so fewer blocks are faster.

Dense rows need no offsets (``dense``).

A ring has one *plane* of accumulators, and one more for each synapse group whose sum is shifted
before it is added to the others (``CoreSpec.exponent_on_sum``). Blocks only serve speed and do not
depend on the cores of the chip; neither changes a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._kernels.instructions import rows_ahead
from ..._kernels.jit import kernel
from ..._kernels.plain import call
from ...chip.registers import SynapseFormat, decode_weights, sum_shift
from ...chip.spec import CoreSpec
from ...errors import EmulatorError
from ...image import ChipImage
from ...typing import Int32Array, Int64Array
from .dense import pack_rows
from .lags import Lags, lags_of
from .memory import zeroed

__all__ = [
    "LANES",
    "NARROW_BITS",
    "WIDE_BITS",
    "Layout",
    "build_layout",
    "sum_shifts_of",
]

LANES = 64
"""Compartments of a tile (see ``state``); the span of a block is a multiple of it."""

NARROW_BITS = 16
WIDE_BITS = 20
_WORD = 32


class Layout(NamedTuple):
    """Synapses packed for the kernels.

    Sources are the inputs, then the compartments; the synapses of source s into block b begin at
    ``row_ptr[b * rows + s]`` and end where the next row begins. If spikes wait, each compartment
    has a row for each delay instead of one. A step takes ``2**step_bits`` accumulators of a ring,
    and a plane takes ``2**target_bits`` of them. A row is prefetched ``ahead`` rows before it is
    used. With ``one_to_one`` each input has one synapse.
    """

    n_inputs: int
    n_compartments: int
    blocks: int
    span: int
    target_bits: int
    step_bits: int
    ring_size: int
    weight_unit: int
    ahead: np.uint64
    one_to_one: bool
    rows: int
    row_ptr: Int64Array
    synapses: Int32Array


class _Split(NamedTuple):
    """The bits of an offset, and the size and number of blocks."""

    offset_bits: int
    delay_bits: int
    plane_bits: int
    span: int
    blocks: int


def build_layout(
    image: ChipImage, workers: int, finest: int | None = None, *, may_wait: bool = True
) -> tuple[Layout, bool, Lags | None]:
    """Pack the synapses of an image into blocks, the same number of blocks for each worker.

    Small images have fewer blocks than workers. Time is proportional to the number of synapses;
    memory is 4 bytes per synapse and 8 bytes per row and block. ``finest`` is the largest
    ``weight_unit``; spikes may wait for their delays unless ``may_wait`` is False.

    Returns
    -------
    layout : Layout
    wide : bool
        Whether an offset has ``WIDE_BITS`` instead of ``NARROW_BITS``.
    lags : Lags or None
        Delays of the rows of a compartment, if spikes wait.
    """
    core = image.chip.core
    shifts = [sum_shift(group.format, core) for group in image.synapses]
    planes = np.cumsum(np.array(shifts, dtype=np.int64) > 0) * (np.array(shifts) > 0)
    tables = [_weight_table(group.format, core) for group in image.synapses]
    # Trailing zero bits common to all weights are dropped, so that more weights fit a byte. Not if
    # sums are shifted, since the shifts would have to change as well.
    zeros = 0 if any(shifts) else _common_zeros(tables)
    if finest is not None:
        zeros = min(zeros, max((finest >> core.weight_shift).bit_length() - 1, 0))
    tables = [table >> zeros for table in tables]
    lags = lags_of(image, workers) if may_wait else None
    delay_bits = 0 if lags else image.max_delay.bit_length()
    split = _choose_split(image, delay_bits, int(planes.max(initial=0)), tables, workers)
    firsts = {"inputs": 0, "compartments": image.n_inputs}
    per_source = {"inputs": 1, "compartments": len(lags.delays) if lags else 1}
    rows = image.n_inputs + image.n_compartments * per_source["compartments"]
    places: dict[str, Int64Array | None] = dict.fromkeys(firsts)
    if lags:  # each delay of a compartment has a row; inputs do not wait
        delays = np.arange(image.max_delay + 1)
        places = {"inputs": 0 * delays, "compartments": np.searchsorted(lags.delays, delays)}

    # A counting sort in place: the count of row k is stored at k + 2, so that the running sum puts
    # the start of row k at k + 1. Filling row k moves this entry to the start of row k + 1, where
    # it belongs.
    row_ptr = zeroed(split.blocks * rows + 2, np.int64)
    for group in image.synapses:
        call(
            _count,
            len(group.indptr) + group.n_synapses,
            group.indptr,
            group.target,
            group.delay,
            places[group.source],
            per_source[group.source],
            firsts[group.source] + 2,
            split.span,
            rows,
            row_ptr,
        )
    np.cumsum(row_ptr, out=row_ptr)
    synapses = np.empty(image.n_synapses, dtype=np.int32)
    target_bits = (split.span - 1).bit_length()
    step_bits = target_bits + split.plane_bits
    for group, plane, table in zip(image.synapses, planes, tables, strict=True):
        call(
            _fill,
            len(group.indptr) + group.n_synapses,
            group.indptr,
            group.target,
            group.mantissa,
            group.delay,
            table,
            places[group.source],
            per_source[group.source],
            firsts[group.source] + 1,
            split.span,
            rows,
            int(plane) << target_bits,
            step_bits,
            split.offset_bits,
            row_ptr,
            synapses,
        )
    row_ptr = row_ptr[:-1]
    one_each = (np.diff(row_ptr[: image.n_inputs + 1]) == 1).all()
    synapses = pack_rows(row_ptr, synapses, split.offset_bits, target_bits, LANES)
    layout = Layout(
        n_inputs=image.n_inputs,
        n_compartments=image.n_compartments,
        blocks=split.blocks,
        span=split.span,
        target_bits=target_bits,
        step_bits=step_bits,
        ring_size=1 << (step_bits + split.delay_bits),
        weight_unit=1 << (core.weight_shift + zeros),
        ahead=np.uint64(rows_ahead(len(row_ptr), len(synapses))),
        one_to_one=split.blocks == 1 and bool(one_each),
        rows=rows,
        row_ptr=row_ptr,
        synapses=synapses,
    )
    return layout, split.offset_bits == WIDE_BITS, lags


def sum_shifts_of(image: ChipImage) -> Int64Array | None:
    """Return the shifts of planes 1, 2 and so on; None if there are no such planes."""
    shifts = [sum_shift(group.format, image.chip.core) for group in image.synapses]
    return np.array([shift for shift in shifts if shift], dtype=np.int64) if any(shifts) else None


def _choose_split(
    image: ChipImage, delay_bits: int, planes: int, tables: Sequence[Int32Array], workers: int
) -> _Split:
    """Choose the narrow offset, unless the wide one needs fewer blocks and the weights fit."""
    plane_bits = planes.bit_length()
    lowest = min((int(table.min()) for table in tables), default=0)
    highest = max((int(table.max()) for table in tables), default=0)
    weight_bits = 1 + max(highest.bit_length(), (-lowest - 1).bit_length() if lowest else 0)
    fitting = NARROW_BITS
    splits = []
    for offset_bits in (NARROW_BITS, WIDE_BITS):
        widest = 1 << max(offset_bits - delay_bits - plane_bits, 0)
        if offset_bits > NARROW_BITS and weight_bits > _WORD - offset_bits:
            continue
        fitting = offset_bits
        if widest < LANES:
            continue
        # The same number of blocks for every worker, so that no worker waits for another.
        pieces = workers * _ceil(_ceil(image.n_compartments, workers), widest)
        span = LANES * _ceil(_ceil(image.n_compartments, pieces), LANES)
        blocks = _ceil(image.n_compartments, span)
        splits.append(_Split(offset_bits, delay_bits, plane_bits, span, blocks))
    if not splits:
        left = max(fitting - delay_bits - plane_bits, 0)
        raise EmulatorError(
            f"image: {planes} synapse groups shift their sums and the longest delay is "
            f"{image.max_delay} steps; together they leave {1 << left} of the {1 << fitting} "
            f"accumulators for a block, which needs {LANES}. Merge groups of the same format."
        )
    return min(splits, key=lambda split: split.blocks)


def _ceil(value: int, divisor: int) -> int:
    return -(-value // divisor)


def _weight_table(synapse_format: SynapseFormat, core: CoreSpec) -> Int32Array:
    """Return the decoded weight of every mantissa, in increasing order of the mantissa."""
    top = 1 << core.weight_mantissa_bits
    weights = decode_weights(np.arange(-top, top), synapse_format, core)
    return (weights >> core.weight_shift).astype(np.int32)


def _common_zeros(tables: Sequence[Int32Array]) -> int:
    """Return the number of trailing zero bits that all weights have."""
    used = int(np.bitwise_or.reduce(np.concatenate([np.zeros(1, np.int32), *tables])))
    return (used & -used).bit_length() - 1 if used else 0


@kernel
def _count(
    indptr: Any,
    target: Any,
    delay: Any,
    places: Any,
    per_source: Any,
    first: Any,
    span: Any,
    rows: Any,
    counts: Any,
) -> None:
    delayed = len(delay) > 0
    for source in range(len(indptr) - 1):
        for k in range(indptr[source], indptr[source + 1]):
            row = target[k] // span * rows + first + source * per_source
            if places is not None:
                row += places[delay[k] if delayed else 0]
            counts[row] += 1


@kernel
def _fill(
    indptr: Any,
    target: Any,
    mantissa: Any,
    delay: Any,
    weights: Any,
    places: Any,
    per_source: Any,
    first: Any,
    span: Any,
    rows: Any,
    plane: Any,
    step_bits: Any,
    offset_bits: Any,
    cursor: Any,
    synapses: Any,
) -> None:
    zero = len(weights) // 2
    delayed = len(delay) > 0
    for source in range(len(indptr) - 1):
        for k in range(indptr[source], indptr[source + 1]):
            block = target[k] // span
            offset = plane | (target[k] - block * span)
            row = block * rows + first + source * per_source
            if places is not None:
                row += places[delay[k] if delayed else 0]
            elif delayed:
                offset |= np.int64(delay[k]) << step_bits
            weight = np.int64(weights[mantissa[k] + zero])
            synapses[cursor[row]] = np.int32((weight << offset_bits) | offset)
            cursor[row] += 1
