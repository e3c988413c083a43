"""Convolutions: the tables of their kernels, each held once, and the delivery of a spike.

A spike meets a few rows and columns of its targets, and adds there the weights of all channels. The
engine keeps the targets of a convolution with the channel last, and the columns of a kernel in the
order in which targets meet them. So a spike adds, for each row, one run of neighbouring weights to
neighbouring sums, which the processor does several at a time. Which runs these are depends on the
place of a source and not on its channel, so they are listed once for each place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._kernels.instructions import prefetch
from ..._kernels.jit import inner_kernel
from ..._support.convolving import meetings
from ..._support.csr import rows_of, starts_of
from ...chip.registers import decode_weights
from ...image import ChipImage, Convolution
from ...typing import Int16Array, Int32Array, Int64Array
from .order import Order

__all__ = ["Shared", "deliver_shared", "shared_tables"]

_ONE = np.uint64(1)
_FETCHED = 8  # spikes before its own, in which a row of Shared.uses is fetched
_WEIGHT, _CHANNEL, _BEGIN, _END, _AHEAD, _NEIGHBOURS = range(6)  # columns of Shared.uses
_FROM, _TO, _SIZE = range(3)  # columns of Shared.runs


class Shared(NamedTuple):
    """All convolutions of an image.

    Parameters
    ----------
    use_ptr : ndarray of int64, shape (n_sources + 1,)
        Uses of source s are ``use_ptr[s]`` to ``use_ptr[s + 1] - 1``; sources as in ``Tables``.
    uses : ndarray of int32, shape (n_uses, 6)
        For each convolution that a source feeds: the first weight of the source's channel, the
        first channel of the targets, the first of the runs at its place and the end of these, how
        far lane 0 is ahead in the ring, and whether the lanes of a run follow each other.
    runs : ndarray of int32, shape (n_runs, 3)
        What the sources at a place meet: the first weight, counted from that of the source's
        channel; the lane of the first target, or its entry of ``lane`` if lanes do not follow each
        other, both without the first channel of the source's targets; and the number of weights.
    weight : ndarray of int16
        For each channel of the sources its kernel: row, column in their order, channel of the
        targets.
    lane : ndarray of int32
        Lane of each target: row, column, channel; of convolutions whose lanes do not follow each
        other.
    """

    use_ptr: Int64Array
    uses: Int32Array
    runs: Int32Array
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
    sources, uses = [np.empty(0, np.int64)], [np.empty((0, _NEIGHBOURS + 1), np.int32)]
    weights, lanes = [np.empty(0, np.int16)], [np.empty(0, np.int32)]
    runs = [np.empty((0, 3), np.int32)]
    for item, plane in zip(image.convolutions, plane_of, strict=True):
        sources.append(rows[item.source][item.sources])
        targets = order.lane[item.targets].reshape(item.target_shape).transpose(1, 2, 0)
        # A run has the channels of several columns, or of one if other groups lie between them.
        in_runs = item.groups == 1 and _follow(targets.reshape(len(targets), -1))
        follow = in_runs or _follow(targets.reshape(-1, targets.shape[2]))
        counts, own = _runs(item, in_runs)
        used = _uses(item, starts_of(counts))
        used[:, _WEIGHT] += sum(map(len, weights))
        used[:, _BEGIN : _END + 1] += sum(map(len, runs))
        used[:, _AHEAD], used[:, _NEIGHBOURS] = plane * n_lanes + item.delay * slot_size, follow
        uses.append(used)
        if follow:
            own[:, _TO] = targets.ravel()[own[:, _TO]]
        else:
            own[:, _TO] += sum(map(len, lanes))
            lanes.append(targets.ravel().astype(np.int32))
        runs.append(own)
        decoded = decode_weights(item.kernel, item.format, core) >> core.weight_shift
        ordered = decoded[..., _order_of_columns(item)]
        weights.append(_by_channel(ordered, item.groups).astype(np.int16))
    use_ptr, by_source = rows_of(np.concatenate(sources), image.n_inputs + n_lanes)
    return Shared(
        use_ptr=use_ptr,
        uses=np.concatenate(uses)[by_source],
        runs=np.concatenate(runs),
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


def _runs(item: Convolution, in_runs: bool) -> tuple[Int64Array, Int32Array]:
    """Return the number of runs at each place of the sources, and ``Shared.runs`` of all places.

    They have the entry of the first target in place of its lane.
    """
    out, per_group = item.kernel.shape[0], item.kernel.shape[0] // item.groups
    (row_of, rows), (column_of, columns) = (_taps(item, axis, in_runs and axis) for axis in (0, 1))
    n_rows, n_columns = item.source_shape[1:]
    # For each row all its meetings, and for each of these all runs of columns.
    per_row = np.bincount(row_of, minlength=n_rows)
    per_column = np.bincount(column_of, minlength=n_columns)
    counts = np.multiply.outer(per_row, per_column).ravel()
    first_row, first_column = starts_of(per_row)[:-1], starts_of(per_column)[:-1]
    place = np.repeat(np.arange(len(counts)), counts)
    inside = np.arange(len(place)) - np.repeat(starts_of(counts)[:-1], counts)
    row, column = place // n_columns, place % n_columns
    down = rows[first_row[row] + inside // per_column[column]]
    across = columns[first_column[column] + inside % per_column[column]]
    found = np.empty((len(place), 3), dtype=np.int32)
    found[:, _FROM] = (down[:, 0] * item.kernel.shape[3] + across[:, 0]) * per_group
    found[:, _TO] = (down[:, 1] * item.target_shape[2] + across[:, 1]) * out
    found[:, _SIZE] = across[:, 2] * per_group
    return counts, found


def _taps(item: Convolution, axis: int, in_runs: bool | int) -> tuple[Int64Array, Int64Array]:
    """Return rows (or columns) of sources, sorted, and what each meets there.

    That is an entry of the kernel, a row (or column) of the targets, and how many columns the run
    has that begins with both.
    """
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
    by_source = np.argsort(source, kind="stable")
    at = np.stack([source, tap, target], axis=1)[by_source]
    goes_on = (np.diff(at, axis=0) == [0, 1, 1]).all(axis=1) & bool(in_runs)
    begins = np.flatnonzero(np.append(True, ~goes_on)[: len(at)])
    sizes = np.diff(np.append(begins, len(at)))
    return at[begins, 0], np.column_stack([at[begins, 1:], sizes])


def _uses(item: Convolution, run_ptr: Int64Array) -> Int32Array:
    """Return a row of ``Shared.uses`` for each source of a convolution, without its last columns.

    ``run_ptr`` has the first run of each place.
    """
    channel, row, column = (part.ravel() for part in np.indices(item.source_shape))
    out, inside, *size = item.kernel.shape
    per_group = out // item.groups
    place = row * item.source_shape[2] + column
    found = np.empty((len(channel), _NEIGHBOURS + 1), dtype=np.int32)
    found[:, _WEIGHT] = channel * (per_group * size[0] * size[1])
    found[:, _CHANNEL] = channel // inside * per_group
    found[:, _BEGIN], found[:, _END] = run_ptr[place], run_ptr[place + 1]
    return found


def _by_channel(kernel: Any, groups: int) -> Any:
    """Return a kernel as one row: channel of the sources, row, column, channel of its targets."""
    out, inside, *size = kernel.shape
    parts = kernel.reshape(groups, out // groups, inside, *size)
    return parts.transpose(0, 2, 3, 4, 1).ravel()


@inner_kernel
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
        if spike + _FETCHED < end:
            later = shared.use_ptr[np.uint64(first + sources[spike + _FETCHED])]
            prefetch(shared.uses, later * (_NEIGHBOURS + 1))
        source, payload = np.uint64(first + sources[spike]), np.int64(payloads[spike])
        for use in range(shared.use_ptr[source], shared.use_ptr[source + _ONE]):
            # What a loop needs is read before it, since the sums that it writes might be the same.
            weights, channel = shared.uses[use, _WEIGHT], shared.uses[use, _CHANNEL]
            begin_run, end_run = shared.uses[use, _BEGIN], shared.uses[use, _END]
            neighbours = shared.uses[use, _NEIGHBOURS]
            slot = head + np.uint64(shared.uses[use, _AHEAD])
            if slot >= ring_size:
                slot -= ring_size
            if neighbours == 1:
                slot += np.uint64(channel)
                for run in range(np.uint64(begin_run), np.uint64(end_run)):
                    weight = np.uint64(weights + shared.runs[run, _FROM])
                    to = slot + np.uint64(shared.runs[run, _TO])
                    n = np.uint64(shared.runs[run, _SIZE])
                    delivered += np.int64(n)
                    for k in range(n):
                        ring[to + k] += shared.weight[weight + k] * payload
            else:
                for run in range(np.uint64(begin_run), np.uint64(end_run)):
                    weight = np.uint64(weights + shared.runs[run, _FROM])
                    target = np.uint64(channel + shared.runs[run, _TO])
                    n = np.uint64(shared.runs[run, _SIZE])
                    delivered += np.int64(n)
                    for k in range(n):
                        to = slot + np.uint64(shared.lane[target + k])
                        ring[to] += shared.weight[weight + k] * payload
    return delivered
