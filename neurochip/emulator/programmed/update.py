"""Update the compartments of a program from what arrived, one tile of 64 at a time."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import numpy as np

from ..._kernels.instructions import lowest_bit, sign_bits
from ..._kernels.jit import inline_kernel, inner_kernel
from ..cpu.layout import LANES
from .counting import COUNTED
from .generate import Scratch, TileKernels, digest_of
from .state import Group

__all__ = ["bound", "group_kernel"]

_NONE, _ONE, _EACH = np.uint64(0), np.uint64(1), np.uint64(LANES)
_ALL = np.uint64((1 << LANES) - 1)
_ARRIVED, _WRAPPED = np.uint64(Scratch.ARRIVED * LANES), np.uint64(Scratch.WRAPPED * LANES)
_EMITTED, _FIRED = np.uint64(Scratch.EMITTED * LANES), np.uint64(Scratch.FIRED * LANES)
_KINDS = len(COUNTED)
_FIRST, _END, _PLACE, _SIZE = Group.FIRST, Group.END, Group.PLACE, Group.SIZE
_RECEPTORS, _LIVE = Group.RECEPTORS, Group.LIVE


@inline_kernel
def collect(receptor: Any, place: Any, tables: Any, ring: Any, scratch: Any) -> Any:
    """Write what arrived at a receptor of a tile in this step, and clear it (semantics 5.1).

    The exponent of a synapse group acts on its sum. Returns 0 if every sum fits the accumulator.
    """
    plane_size = np.uint64(tables.slot_size // len(tables.planes))
    base = place + np.uint64(receptor) * plane_size
    to, flag = _ARRIVED + np.uint64(receptor) * _EACH, _WRAPPED + np.uint64(receptor) * _EACH
    for plane in range(len(tables.planes)):
        shift, other = tables.planes[plane, 1], place + np.uint64(plane) * plane_size
        if tables.planes[plane, 0] == receptor and shift > 0:
            for lane in range(_EACH):
                ring[base + lane] += ring[other + lane] >> shift
                ring[other + lane] = 0
    beyond = np.int32(0)
    for lane in range(_EACH):
        total = ring[base + lane] << tables.weight_shift
        ring[base + lane] = 0
        fits = ((total + tables.sum_offset) & tables.sum_mask) - tables.sum_offset
        scratch[to + lane] = np.int32(fits)
        scratch[flag + lane] = np.int32(total != fits)
        beyond = np.int32(beyond | np.int32(total != fits))
    return beyond


@inline_kernel
def list_spikes(first: Any, live: Any, state: Any, n: Any) -> Any:
    """Append the lanes of a tile that spiked and their payloads; return the number of spikes."""
    left = sign_bits(state.scratch, _FIRED) & live
    while left != _NONE:
        lane = lowest_bit(left)
        state.sent[n] = np.int32(first + lane)
        state.payloads[n] = state.scratch[_EMITTED + lane]
        n += _ONE
        left &= left - _ONE
    return n


@inner_kernel
def clear_counts(receptors: Any, scratch: Any, counts: Any) -> None:
    """Begin the counts of a tile with the sums of its receptors that wrapped."""
    for lane in range(_EACH):
        counts[lane] = scratch[_WRAPPED + lane]
        if receptors > 1:
            counts[lane] += scratch[_WRAPPED + _EACH + lane]
        for kind in range(1, _KINDS):
            counts[np.uint64(kind) * _EACH + lane] = 0


@inner_kernel
def add_overflows(first: Any, step: Any, tables: Any, state: Any) -> None:
    """Add the counts of a tile to those of its compartments; remember the first (semantics 7)."""
    for lane in range(_EACH):
        compartment = tables.compartment[first + lane]
        if compartment < 0:
            continue
        bits = np.int64(0)
        for kind in range(_KINDS):
            count = state.counts[np.uint64(kind) * _EACH + lane]
            state.overflows[first + lane, kind] += count
            bits |= np.int64(count > 0) << kind
        if bits and state.first_overflow[0] < 0:
            state.first_overflow[0] = step
            state.first_overflow[1] = compartment
            state.first_overflow[2] = bits


def update_tile(*arguments: Any) -> Any:
    """Stand for ``TileKernels.update`` of a program."""


def count_tile(*arguments: Any) -> Any:
    """Stand for ``TileKernels.count`` of a program."""


def update_group(group: Any, step: Any, slot: Any, tables: Any, state: Any, n: Any) -> Any:
    """Update all tiles of a program, list what they send, and return the number of spikes.

    ``slot`` is the place in the ring of the sums of this step.
    """
    end, receptors = tables.groups[group, _END], tables.groups[group, _RECEPTORS]
    size = np.uint64(tables.groups[group, _SIZE])
    tile = np.uint64(tables.groups[group, _PLACE])
    for number in range(tables.groups[group, _FIRST], end):
        first, start = np.uint64(number) * _EACH, np.uint64(tables.sets[number])
        wrapped = np.int32(0)
        for receptor in range(receptors):
            wrapped |= collect(receptor, slot + first, tables, state.ring, state.scratch)
        acted = update_tile(
            state.tiles, tile, tables.parameters, start, state.scratch, state.counts
        )
        if wrapped | acted:
            clear_counts(receptors, state.scratch, state.counts)
            for kind in range(_KINDS):
                if acted >> kind & 1:
                    count_tile(
                        state.tiles,
                        tile,
                        tables.parameters,
                        start,
                        state.scratch,
                        state.counts,
                        kind,
                    )
            add_overflows(first, step, tables, state)
        live = _ALL
        if number + 1 == end:
            live = _ALL >> np.uint64(LANES - tables.groups[group, _LIVE])
        n = list_spikes(first, live, state, n)
        tile += size
    return n


@functools.cache
def group_kernel(kernels: TileKernels) -> Any:
    """Return :func:`update_group` of a program, compiled when it is first used."""
    return inner_kernel(bound(update_group, update_tile=kernels.update, count_tile=kernels.count))


def bound(function: Any, **kernels: Any) -> Any:
    """Return a function whose global names stand for other kernels, which become part of it.

    A kernel cannot take another one as an argument and stay in the cache on disk. The name of the
    function tells which kernels it has, see :func:`~.generate.function_of`.
    """
    digest = digest_of(" ".join(item.__name__ for item in kernels.values()))
    name = f"{function.__name__}_{digest}"
    found = FunctionType(function.__code__, {**function.__globals__, **kernels}, name)
    found.__qualname__, found.__module__ = name, function.__module__
    return found
