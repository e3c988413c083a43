"""Move a position from one engine to another, whose image has other values."""

from __future__ import annotations

import numpy as np

from ...chip.registers import decode_voltage_limits
from ...errors import EmulatorError
from ...image import ChipImage
from ...typing import Int32Array, Int64Array
from ..reprogram import Inheritance, too_late
from .dense import DenseRows
from .lags import Lags
from .layout import Layout
from .position import Call, Position
from .state import RunState, TileRow, read_row, write_row
from .waiting import add_sums_to_come

__all__ = ["arriving_sums", "transfer"]


def transfer(
    position: Position,
    images: tuple[ChipImage, ChipImage],
    layouts: tuple[Layout, Layout],
    sums: Int64Array,
    start: Position,
    found: Inheritance,
) -> Position:
    """Return a position of a new engine that goes on where ``position`` is.

    A refractory counter that runs is changed by the change of its register. A bias that the host
    wrote is lost: the registers have the bias of the new image.

    Parameters
    ----------
    position : Position
        Of the old engine.
    images, layouts : tuple
        Images and layouts of the old and the new engine.
    sums : ndarray of int64
        Input that is on its way, from :func:`arriving_sums`.
    start : Position
        Of the new engine at step 0; it is changed and returned.
    found : Inheritance
        What the compartments of the new image take over.

    Raises
    ------
    EmulatorError
        If spikes are in transit for longer than the longest delay of the new image.
    """
    old, new = images
    call, step, size = position.settle(), position.step, old.n_compartments
    u, v, held = (
        read_row(position.state, row, size) for row in (TileRow.U, TileRow.V, TileRow.HELD)
    )
    place, registers = found.place, new.compartments
    change = registers.refractory[place] - old.compartments.refractory
    left = np.where(held > 0, np.maximum(held + change, 0), 0)
    # v of a compartment that was held until now is still the origin, which is 0 in both images.
    moved = np.where(held > 0, 0.0, v * found.v + found.shift)
    low, high = decode_voltage_limits(
        registers.vmin_exponent[place], registers.vmax_exponent[place], new.chip.core
    )
    rows = {
        TileRow.U: np.rint(u * found.u),
        TileRow.V: np.clip(np.rint(moved), low, high),
        TileRow.HELD: left,
    }
    for row, values in rows.items():
        placed = np.zeros(size, dtype=np.int32)
        placed[place] = values
        write_row(start.state, row, placed)
    _send(sums, start.state, layouts, step, found)
    start.call = Call(step, call.inputs, place[call.compartments])
    start.state.clock[0] = step
    return start


def _send(
    sums: Int64Array, new: RunState, layouts: tuple[Layout, Layout], step: int, found: Inheritance
) -> None:
    """Put the input that is on its way into the ring of the new engine."""
    before, after = layouts
    if not sums.any():
        return
    size, span = before.n_compartments, after.span
    arriving = sums[:, :, : before.span].transpose(1, 0, 2).reshape(sums.shape[1], -1)[:, :size]
    scaled = arriving * before.weight_unit * found.weight / after.weight_unit
    room = _rows(new.ring, after, step)
    if before.step_bits != _bits(before.span) or after.step_bits != _bits(after.span):
        raise EmulatorError(
            "emulator: spikes are in transit, and the chip shifts sums of synapses "
            "(exponent_on_sum); allowed: another image after a run without spikes in transit."
        )
    if scaled[room.shape[1] :].any():
        raise too_late(1 + np.flatnonzero(scaled.any(axis=1))[-1], room.shape[1] - 1)
    placed = np.zeros((room.shape[1], after.blocks * span))
    n_rows = min(len(scaled), room.shape[1])
    placed[:n_rows, found.place] = np.rint(scaled[:n_rows])
    ring = new.ring.reshape(after.blocks, -1, 1 << after.step_bits)
    at = (step + np.arange(room.shape[1])) % room.shape[1]
    ring[:, at, :span] = placed.reshape(room.shape[1], after.blocks, span).transpose(1, 0, 2)


def arriving_sums(
    position: Position,
    layout: Layout,
    wide: bool | None,
    dense: DenseRows | None,
    lags: Lags | None,
) -> Int64Array:
    """Return the input on its way, without spikes of the last step, by block, row and target.

    Row d arrives in step ``step + d``.
    """
    state, step = position.state, position.step
    if lags is None or state.waiting is None:
        return _rows(state.ring, layout, step)
    sums = np.zeros((state.waiting.counts.size, 1 << layout.step_bits), dtype=np.int32)
    add_sums_to_come(step, layout, wide, dense, lags, state.waiting, sums.reshape(-1))
    return sums.reshape(layout.blocks, -1, sums.shape[1]).astype(np.int64)


def _rows(ring: Int32Array, layout: Layout, step: int) -> Int64Array:
    """Return the sums of a ring by block, row and target; row d arrives in step ``step + d``."""
    ring = ring.reshape(layout.blocks, -1, 1 << layout.step_bits)
    at = (step + np.arange(ring.shape[1])) % ring.shape[1]
    return ring[:, at].astype(np.int64)


def _bits(span: int) -> int:
    return (span - 1).bit_length()
