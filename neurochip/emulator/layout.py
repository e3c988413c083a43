"""How an image lies in memory while it runs.

Compartments are cut into *blocks* of equal span; one thread works on one block at a time. A block
owns a ring of accumulators (one row per delay step) and its own table of synapses, so that blocks
share nothing within a step. A synapse takes four bytes::

    bit 31 .. 16  weight in units of 2**weight_shift, signed
    bit 15 .. 0   delay, plane, target within the block

The low half is an offset into the ring: adding the position of the current step and masking gives
the accumulator, with no branch for delays. There is one plane, and one more for each synapse group
whose sum is shifted before it joins the others (``CoreSpec.exponent_on_sum``). Blocks are cut for
speed only. Cores of the chip play no part here, and neither changes any result.

A row whose targets follow one another needs no index: its first word is the offset of its first
target, and its weights stand behind it, two to a word. Such a *dense* row is marked in its pointer;
adding it is one vector loop, about eight times as fast as a sparse row in the same cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._jit import kernel
from ..errors import EmulatorError
from ..hardware import CoreSpec
from ..image import ChipImage
from ..registers import SynapseFormat, decode_weights, sum_shift
from ..typing import Int16Array, Int32Array, Int64Array

__all__ = ["DENSE", "LANES", "Layout", "build_layout", "sum_shifts_of"]

LANES = 64
"""Compartments of a tile (see ``state``); the span of a block is a multiple of it."""

DENSE = 1 << 62
"""Mark of a dense row in ``Layout.row_ptr``."""

_OFFSET_BITS = 16  # low half of a packed synapse
_SHORTEST_DENSE = 32  # synapses: below it a vector loop does not pay


class Layout(NamedTuple):
    """Synapses packed for the kernels.

    Sources are the inputs, then the compartments; the synapses of source s into block b begin at
    ``row_ptr[b * (n_sources + 1) + s]`` and end where those of the next source begin. A step takes
    ``2**step_bits`` accumulators of a ring, a plane ``2**target_bits`` of them. ``halves`` is the
    memory of ``synapses`` read as int16.
    """

    n_inputs: int
    n_compartments: int
    blocks: int
    span: int
    target_bits: int
    step_bits: int
    ring_mask: int
    row_ptr: Int64Array
    synapses: Int32Array
    halves: Int16Array


def build_layout(image: ChipImage, blocks: int) -> Layout:
    """Pack the synapses of an image into at least ``blocks`` blocks.

    Time is proportional to the synapses; memory is 4 bytes a synapse and 8 bytes per source and
    block.
    """
    core = image.chip.core
    shifts = [sum_shift(group.format, core) for group in image.synapses]
    planes = np.cumsum(np.array(shifts, dtype=np.int64) > 0) * (np.array(shifts) > 0)
    plane_bits = int(planes.max(initial=0)).bit_length()
    delay_bits = image.max_delay.bit_length()
    size = image.n_compartments
    widest = 1 << (_OFFSET_BITS - delay_bits - plane_bits)
    if widest < LANES:
        raise EmulatorError(
            f"image: {int(planes.max())} synapse groups shift their sums and the longest delay is "
            f"{image.max_delay} steps; together they leave {widest} of the {1 << _OFFSET_BITS} "
            f"accumulators for a block, which needs {LANES}. Join groups of one format."
        )
    span = min(widest, _round_up(_round_up(size, blocks) // blocks, LANES))
    target_bits = (span - 1).bit_length()
    n_blocks = _round_up(size, span) // span
    n_sources = image.n_inputs + size

    # counts become row starts in place, and the fill moves each start to the next row's.
    row_ptr = np.zeros((n_blocks, n_sources + 1), dtype=np.int64)
    firsts = {"inputs": 0, "compartments": image.n_inputs}
    for group in image.synapses:
        _count(group.indptr, group.target, firsts[group.source], span, row_ptr)
    _accumulate(row_ptr)
    synapses = np.empty(image.n_synapses, dtype=np.int32)
    step_bits = target_bits + plane_bits
    for group, plane in zip(image.synapses, planes, strict=True):
        _fill(
            group.indptr,
            group.target,
            group.mantissa,
            group.delay,
            _weight_table(group.format, core),
            firsts[group.source],
            span,
            int(plane) << target_bits,
            step_bits,
            row_ptr,
            synapses,
        )
    starts = _starts(row_ptr).ravel()
    halves = synapses.view(np.int16)
    _mark_dense(starts, n_sources + 1, synapses, halves)
    return Layout(
        n_inputs=image.n_inputs,
        n_compartments=size,
        blocks=n_blocks,
        span=span,
        target_bits=target_bits,
        step_bits=step_bits,
        ring_mask=(1 << (step_bits + delay_bits)) - 1,
        row_ptr=starts,
        synapses=synapses,
        halves=halves,
    )


def sum_shifts_of(image: ChipImage) -> Int64Array | None:
    """Return the shifts of planes 1, 2 and so on; None if there are no such planes."""
    shifts = [sum_shift(group.format, image.chip.core) for group in image.synapses]
    return np.array([shift for shift in shifts if shift], dtype=np.int64) if any(shifts) else None


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit


def _weight_table(synapse_format: SynapseFormat, core: CoreSpec) -> Int16Array:
    """Decoded weight of every mantissa, from the most negative one up."""
    top = 1 << core.weight_mantissa_bits
    weights = decode_weights(np.arange(-top, top), synapse_format, core)
    return (weights >> core.weight_shift).astype(np.int16)


def _starts(ends: Int64Array) -> Int64Array:
    """After the fill every entry is the end of its row; shift by one row to get starts and ends."""
    starts = np.empty_like(ends)
    starts[:, 1:] = ends[:, :-1]
    starts[0, 0] = 0
    starts[1:, 0] = ends[:-1, -2]
    return starts


@kernel
def _count(indptr: Any, target: Any, first: Any, span: Any, counts: Any) -> None:
    for source in range(len(indptr) - 1):
        for k in range(indptr[source], indptr[source + 1]):
            counts[target[k] // span, first + source] += 1


@kernel
def _accumulate(counts: Any) -> None:
    total = 0
    for block in range(counts.shape[0]):
        for source in range(counts.shape[1]):
            here = counts[block, source]
            counts[block, source] = total
            total += here


@kernel
def _fill(
    indptr: Any,
    target: Any,
    mantissa: Any,
    delay: Any,
    weights: Any,
    first: Any,
    span: Any,
    plane: Any,
    step_bits: Any,
    cursor: Any,
    synapses: Any,
) -> None:
    zero = len(weights) // 2
    delayed = len(delay) > 0
    for source in range(len(indptr) - 1):
        for k in range(indptr[source], indptr[source + 1]):
            block = target[k] // span
            offset = plane | (target[k] - block * span)
            if delayed:
                offset |= np.int64(delay[k]) << step_bits
            position = cursor[block, first + source]
            cursor[block, first + source] = position + 1
            weight = np.int64(weights[mantissa[k] + zero])
            synapses[position] = np.int32((weight << 16) | offset)


@kernel
def _mark_dense(row_ptr: Any, rows: Any, synapses: Any, halves: Any) -> None:
    """Rewrite rows of consecutive targets in place, each within its own memory."""
    for row in range(len(row_ptr) - 1):
        if row % rows == rows - 1:  # the end of a block's last row
            continue
        start, stop = row_ptr[row], row_ptr[row + 1] & (DENSE - 1)
        if stop - start < _SHORTEST_DENSE:
            continue
        offset = synapses[start] & 0xFFFF
        k = start + 1
        while k < stop and synapses[k] & 0xFFFF == offset + (k - start):
            k += 1
        if k < stop:
            continue
        for i in range(stop - start):
            # Half i never lies behind word start + i, so a word is read before it is written over.
            halves[2 * (start + 1) + i] = np.int16(synapses[start + i] >> 16)
            if i == 0:
                synapses[start] = np.int32(offset)
        row_ptr[row] = start | DENSE
