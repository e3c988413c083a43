"""Synapses and resets of an image as flat tables, in the order of the engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._support.csr import spans, starts_of
from ...chip.registers import decode_weights, sum_shift
from ...errors import EmulatorError
from ...image import ChipImage, Convolution, SynapseGroup
from ...learning.numbers import is_wide
from ...typing import Int16Array, Int32Array, Int64Array
from ..cpu.layout import LANES
from ..cpu.state import wrapping
from .order import Order, Part
from .plastic import PlasticGroup
from .rows import consecutive_rows, ring_offsets
from .shared import shared_tables
from .state import Group, Tables

__all__ = ["build_tables"]

_MOST_SUMS = 1 << 31  # that an int32 numbers


def build_tables(image: ChipImage, order: Order) -> tuple[Tables, tuple[PlasticGroup, ...]]:
    """Return the tables of an image, and its groups that learn.

    Raises
    ------
    EmulatorError
        If the ring would have more than 2**31 sums.
    """
    core, n_lanes = image.chip.core, len(order.compartment)
    receptors = max(len(part.program.inputs) for part in order.parts)
    # The exponent acts on the sum of a group, so each group with one has sums of its own.
    planes = [(k, 0) for k in range(receptors)]
    plane_of = []
    every: list[SynapseGroup | Convolution] = [*image.synapses, *image.convolutions]
    for group in every:
        shift = sum_shift(group.format, core)
        plane_of.append(len(planes) if shift else group.receptor)
        planes += [(group.receptor, shift)] if shift else []
    slot_size = len(planes) * n_lanes
    ring_size = slot_size * (image.max_delay + 1)
    if ring_size > _MOST_SUMS:
        raise EmulatorError(
            f"image: {n_lanes} compartments, {len(planes)} receptors and shifted sums, and a delay "
            f"of {image.max_delay} steps need {ring_size} sums; allowed: at most {_MOST_SUMS}."
        )
    n_groups = len(image.synapses)
    learning = () if image.learning is None else image.learning.groups
    wide = any(is_wide(item.rule) for item in learning)
    plastic = tuple(
        PlasticGroup(image, k, order, plane_of[item.synapses], slot_size, wide)
        for k, item in enumerate(learning)
    )
    learns = {item.synapses for item in learning}
    fixed = [(group, plane_of[k]) for k, group in enumerate(image.synapses) if k not in learns]
    row_ptr, offset, weight = _synapses(image, order, fixed, slot_size)
    offset_of_wrap, mask = wrapping(core.accumulator_bits, core.accumulator_overflow)
    resets, places, values = _resets(image, order)
    tables = Tables(
        groups=np.array([_columns(part) for part in order.parts], dtype=np.int64),
        compartment=order.compartment,
        in_order=bool((np.diff(order.compartment[order.compartment >= 0]) > 0).all()),
        sets=order.sets,
        parameters=order.parameters,
        row_ptr=row_ptr,
        offset=offset,
        weight=weight,
        consecutive=consecutive_rows(row_ptr, offset, slot_size),
        shared=shared_tables(image, order, plane_of[n_groups:], slot_size),
        ring_size=ring_size,
        slot_size=slot_size,
        planes=np.array(planes, dtype=np.int64),
        weight_shift=core.weight_shift,
        sum_offset=np.int64(offset_of_wrap),
        sum_mask=np.int64(mask),
        resets=resets,
        reset_place=places,
        reset_value=values,
    )
    return tables, plastic


def _columns(part: Part) -> list[int]:
    """Return the columns of :class:`~neurochip.emulator.programmed.state.Group`."""
    columns = {
        Group.FIRST: part.first,
        Group.END: part.end,
        Group.PLACE: part.place,
        Group.SIZE: len(part.rows) * LANES,
        Group.RECEPTORS: len(part.program.inputs),
        Group.LIVE: part.live,
    }
    return [columns[k] for k in range(len(columns))]


def _synapses(
    image: ChipImage, order: Order, fixed: Sequence[tuple[SynapseGroup, int]], slot_size: int
) -> tuple[Int64Array, Int32Array, Int16Array]:
    """Return the start of each row, and offset and weight of each synapse that does not learn.

    ``fixed`` has their groups, each with the plane of its sums.
    """
    core, n_lanes = image.chip.core, len(order.compartment)
    rows = {"inputs": np.arange(image.n_inputs), "compartments": image.n_inputs + order.lane}
    counts = np.zeros(image.n_inputs + n_lanes, dtype=np.int64)
    for group, _ in fixed:
        counts[rows[group.source]] += np.diff(group.indptr)
    row_ptr = starts_of(counts)
    offset = np.empty(row_ptr[-1], dtype=np.int32)
    weight = np.empty(row_ptr[-1], dtype=np.int16)
    free = row_ptr[:-1].copy()
    for group, plane in fixed:
        mine, lengths = rows[group.source], np.diff(group.indptr)
        to = spans(free[mine], lengths)
        free[mine] += lengths
        offset[to] = ring_offsets(group, order, plane, slot_size)
        weight[to] = decode_weights(group.mantissa, group.format, core) >> core.weight_shift
    return row_ptr, offset, weight


def _resets(image: ChipImage, order: Order) -> tuple[Int64Array, Int64Array, Int32Array]:
    """Return interval, offset, first and last entry of each reset, and places and values of all."""
    places = [order.state_places(reset.compartments) for reset in image.resets]
    ends = starts_of([len(part) for part in places])
    rules = [
        (reset.interval, reset.offset, begin, end)
        for reset, begin, end in zip(image.resets, ends[:-1], ends[1:], strict=True)
    ]
    every = np.concatenate([np.empty(0, dtype=np.int64), *places])
    return np.array(rules, dtype=np.int64).reshape(-1, 4), every, order.tiles[every]
