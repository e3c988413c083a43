"""Convolutions: the tables of their kernels, each held once, and the delivery of a spike.

A spike meets a few rows and columns of its targets, and adds there the weights of all channels. The
engine keeps the targets of a convolution with the channel last, and the columns of a kernel in the
order in which targets meet them. So a spike adds, for each row, one run of neighbouring weights to
neighbouring sums, which the processor does several at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._kernels.jit import kernel
from ..._support.convolving import meetings
from ..._support.csr import rows_of, starts_of
from ...chip.registers import decode_weights
from ...image import ChipImage, Convolution
from ...typing import Int16Array, Int32Array, Int64Array
from .order import Order

__all__ = ["Shared", "deliver_shared", "shared_tables"]

_ONE = np.uint64(1)
_LAYER, _WEIGHT, _CHANNEL, _ROW, _COLUMN = range(5)  # columns of Shared.uses
# Columns of Shared.layers: channels of the targets in a group and in all groups, columns of the
# kernel and of the targets, first entry of Shared.lane, how far lane 0 is ahead in the ring, and
# whether the lanes of a run follow each other.
_GROUP, _CHANNELS, _TAPS, _WIDTH, _FIRST, _AHEAD, _NEIGHBOURS = range(7)


class Shared(NamedTuple):
    """All convolutions of an image.

    Parameters
    ----------
    use_ptr : ndarray of int64, shape (n_sources + 1,)
        Uses of source s are ``use_ptr[s]`` to ``use_ptr[s + 1] - 1``; sources as in ``Tables``.
    uses : ndarray of int32, shape (n_uses, 5)
        For each convolution that a source feeds: its number, the first weight of the source's
        channel, the first channel of the targets, and row and column as entries of ``tap_ptr``.
    layers : ndarray of int64, shape (n_convolutions, 7)
        Sizes of each convolution, and the places of its targets.
    tap_ptr, taps : ndarray of int64; of int32, shape (n_taps, 3)
        Row or column r of the sources meets ``taps[tap_ptr[r]]`` to ``taps[tap_ptr[r + 1] - 1]``:
        an entry of the kernel, a row or column of the targets, and the number of columns of a run
        that begins with both.
    weight : ndarray of int16
        For each channel of the sources its kernel: row, column in their order, channel of the
        targets.
    lane : ndarray of int32
        Lane of each target: row, column, channel.
    """

    use_ptr: Int64Array
    uses: Int32Array
    layers: Int64Array
    tap_ptr: Int64Array
    taps: Int32Array
    weight: Int16Array
    lane: Int32Array


def shared_tables(
    image: ChipImage, order: Order, plane_of: Sequence[int], slot_size: int
) -> Shared:
    """Return the tables of the convolutions of an image.

    Parameters
    ----------
    image : ChipImage
        The image.
    order : Order
        Where the engine keeps its compartments.
    plane_of : sequence of int
        Plane of the sums of each convolution in a slot of the ring.
    slot_size : int
        Sums of a slot.
    """
    core, n_lanes = image.chip.core, len(order.compartment)
    rows = {"inputs": np.arange(image.n_inputs), "compartments": image.n_inputs + order.lane}
    sources, uses, layers = [np.empty(0, np.int64)], [np.empty((0, 5), np.int32)], []
    weights, lanes = [np.empty(0, np.int16)], [np.empty(0, np.int32)]
    taps: list[Int32Array] = []
    for number, (item, plane) in enumerate(zip(image.convolutions, plane_of, strict=True)):
        sources.append(rows[item.source][item.sources])
        uses.append(_uses(item, number, sum(map(len, weights)), len(taps)))
        out, channels = item.kernel.shape[0], item.kernel.shape[0] // item.groups
        targets = order.lane[item.targets].reshape(item.target_shape).transpose(1, 2, 0)
        # A run has the channels of several columns, or of one if other groups lie between them.
        in_runs = item.groups == 1 and _follow(targets.reshape(len(targets), -1))
        taps += [*_taps(item, 0, False), *_taps(item, 1, in_runs)]
        columns = {
            _GROUP: channels,
            _CHANNELS: out,
            _TAPS: item.kernel.shape[3],
            _WIDTH: item.target_shape[2],
            _FIRST: sum(map(len, lanes)),
            _AHEAD: plane * n_lanes + item.delay * slot_size,
            _NEIGHBOURS: int(in_runs or _follow(targets.reshape(-1, channels))),
        }
        layers.append([columns[k] for k in range(len(columns))])
        decoded = decode_weights(item.kernel, item.format, core) >> core.weight_shift
        ordered = decoded[..., _order_of_columns(item)]
        weights.append(_by_channel(ordered, item.groups).astype(np.int16))
        lanes.append(targets.ravel().astype(np.int32))
    use_ptr, by_source = rows_of(np.concatenate(sources), image.n_inputs + n_lanes)
    return Shared(
        use_ptr=use_ptr,
        uses=np.concatenate(uses)[by_source],
        layers=np.array(layers, dtype=np.int64).reshape(len(layers), _NEIGHBOURS + 1),
        tap_ptr=starts_of([len(part) for part in taps]),
        taps=np.concatenate([np.empty((0, 3), np.int32), *taps]),
        weight=np.concatenate(weights),
        lane=np.concatenate(lanes),
    )


def _follow(lanes: Int64Array) -> bool:
    """Return whether the lanes of each row follow each other."""
    return bool((np.diff(lanes, axis=1) == 1).all())


def _order_of_columns(item: Convolution) -> Int64Array:
    """Return the columns of a kernel in the order in which targets, left to right, meet them.

    A source meets every ``stride``-th column, and further targets earlier columns.
    """
    column = np.arange(item.kernel.shape[3])
    found: Int64Array = np.lexsort((-column, column * item.dilation[1] % item.stride[1]))
    return found


def _taps(item: Convolution, axis: int, in_runs: bool) -> list[Int32Array]:
    """Return for each row (or column) of the sources which entries of the kernel meet what."""
    target, tap, source = meetings(
        item.source_shape[1 + axis],
        item.target_shape[1 + axis],
        item.kernel.shape[2 + axis],
        item.stride[axis],
        item.padding[axis],
        item.dilation[axis],
    )
    if axis == 1:
        tap = np.argsort(_order_of_columns(item))[tap]
    found = []
    for at in range(item.source_shape[1 + axis]):
        pairs = np.stack([tap[source == at], target[source == at]], axis=1)
        goes_on = (np.diff(pairs, axis=0) == 1).all(axis=1) & in_runs
        begins = np.flatnonzero(np.append(True, ~goes_on)[: len(pairs)])
        counts = np.diff(np.append(begins, len(pairs)))
        found.append(np.column_stack([pairs[begins], counts]).astype(np.int32))
    return found


def _uses(item: Convolution, number: int, first_weight: int, first_tap: int) -> Int32Array:
    """Return a row of ``Shared.uses`` for each source of a convolution."""
    channel, row, column = (part.ravel() for part in np.indices(item.source_shape))
    out, inside, *size = item.kernel.shape
    per_group = out // item.groups
    found = np.empty((len(channel), 5), dtype=np.int32)
    found[:, _LAYER] = number
    found[:, _WEIGHT] = first_weight + channel * (per_group * size[0] * size[1])
    found[:, _CHANNEL] = channel // inside * per_group
    found[:, _ROW] = first_tap + row
    found[:, _COLUMN] = first_tap + item.source_shape[1] + column
    return found


def _by_channel(kernel: Any, groups: int) -> Any:
    """Return a kernel as one row: channel of the sources, row, column, channel of its targets."""
    out, inside, *size = kernel.shape
    parts = kernel.reshape(groups, out // groups, inside, *size)
    return parts.transpose(0, 2, 3, 4, 1).ravel()


@kernel
def deliver_shared(
    sources: Any, payloads: Any, begin: Any, end: Any, first: Any, head: Any, tables: Any, ring: Any
) -> Any:
    """Add weight times payload for all convolutions that some sources feed.

    Returns the number of synapses. ``first`` is the row of source 0, and ``head`` the place of this
    step in the ring.
    """
    shared, delivered = tables.shared, np.int64(0)
    ring_size = np.uint64(tables.ring_size)
    for spike in range(begin, end):
        source, payload = np.uint64(first + sources[spike]), np.int64(payloads[spike])
        for use in range(shared.use_ptr[source], shared.use_ptr[source + _ONE]):
            # What a loop needs is read before it, since the sums that it writes might be the same.
            layer, weights = shared.uses[use, _LAYER], shared.uses[use, _WEIGHT]
            size, channels = shared.layers[layer, _GROUP], shared.layers[layer, _CHANNELS]
            n_taps, width = shared.layers[layer, _TAPS], shared.layers[layer, _WIDTH]
            start = shared.layers[layer, _FIRST] + shared.uses[use, _CHANNEL]
            neighbours = shared.layers[layer, _NEIGHBOURS]
            slot = head + np.uint64(shared.layers[layer, _AHEAD])
            if slot >= ring_size:
                slot -= ring_size
            row, column = shared.uses[use, _ROW], shared.uses[use, _COLUMN]
            left, right = shared.tap_ptr[column], shared.tap_ptr[column + 1]
            for i in range(shared.tap_ptr[row], shared.tap_ptr[row + 1]):
                line, place = shared.taps[i, 0] * n_taps, shared.taps[i, 1] * width
                for j in range(left, right):
                    weight = np.uint64(weights + (line + shared.taps[j, 0]) * size)
                    target = np.uint64(start + (place + shared.taps[j, 1]) * channels)
                    n = np.uint64(size * shared.taps[j, 2])
                    delivered += np.int64(n)
                    if neighbours == 1:
                        to = slot + np.uint64(shared.lane[target])
                        for k in range(n):
                            ring[to + k] += shared.weight[weight + k] * payload
                    else:
                        for k in range(n):
                            to = slot + np.uint64(shared.lane[target + k])
                            ring[to] += shared.weight[weight + k] * payload
    return delivered
