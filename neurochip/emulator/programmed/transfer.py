"""Move a position from one engine of programs to another, whose image has other values."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...image import ChipImage, PopulationSymbol
from ...image.neurons import decode_neurons, has_units, program_of
from ...typing import Float64Array, Int64Array
from ..reprogram import check_alike, no_exchange, too_late
from .order import Order
from .plastic_transfer import Groups, transfer_learned
from .position import Call, Position
from .state import Tables

__all__ = ["transfer"]


def transfer(
    position: Position,
    images: tuple[ChipImage, ChipImage],
    orders: tuple[Order, Order],
    tables: tuple[Tables, Tables],
    plastic: Groups,
    start: Position,
) -> Position:
    """Return a position of a new engine that goes on where ``position`` is.

    Its rules are those of the engine without programs: see ``Emulator.reprogram``. A v that was
    lowered is converted while it is held, too; one that was set to a value is at the origin.

    Parameters
    ----------
    position : Position
        Of the old engine.
    images, orders, tables, plastic : tuple
        Images, orders, tables and groups that learn of the old and the new engine.
    start : Position
        Of the new engine at step 0; it is changed and returned.

    Raises
    ------
    EmulatorError
        If the images differ in more than values, if a program has registers without a unit, or if
        spikes are in transit for longer than the longest delay of the new image.
    """
    _check(images, orders)
    call, step = position.settle(), position.step
    old, new = images
    assert old.symbols is not None
    assert new.symbols is not None
    place = np.zeros(old.n_compartments, dtype=np.int32)
    waiting = _waiting(position, orders[0], tables[0], step)
    room = np.zeros((tables[1].ring_size // tables[1].slot_size, *waiting.shape[1:]))
    for before, after in zip(old.symbols.populations, new.symbols.populations, strict=True):
        place[before.compartment_ids] = after.compartment_ids
        _convert(position, start, images, orders, (before, after))
        _send(waiting, room, (before, after))
    lanes, n_sent = orders[0].compartment, int(position.state.n_sent[0])
    start.state.sent[:n_sent] = orders[1].lane[place[lanes[position.state.sent[:n_sent]]]]
    start.state.payloads[:n_sent] = position.state.payloads[:n_sent]
    start.state.n_sent[0] = n_sent
    _fill(start, orders[1], tables[1], np.rint(room), step)
    transfer_learned(position, start, images, plastic)
    start.call = Call(step, call.sources, call.payloads)
    start.state.clock[0] = step
    return start


def _check(images: tuple[ChipImage, ChipImage], orders: tuple[Order, Order]) -> None:
    old, new = images
    check_alike(old, new)
    known = all(has_units(part.program) for order in orders for part in order.parts)
    if old.symbols is None or new.symbols is None or old.resets or new.resets or not known:
        raise no_exchange()
    known_ids = (
        len(ids)
        for item in old.symbols.populations
        for ids in (item.compartment_ids, item.child_ids)
    )
    if sum(known_ids) < old.n_compartments:
        raise no_exchange()
    for before, after in zip(old.symbols.populations, new.symbols.populations, strict=True):
        programs = [program_of(*pair) for pair in ((old, before), (new, after))]
        if len({None if item is None else item.program.name for item in programs}) > 1:
            raise no_exchange()


def _convert(
    position: Position,
    start: Position,
    images: tuple[ChipImage, ChipImage],
    orders: tuple[Order, Order],
    symbols: tuple[PopulationSymbol, PopulationSymbol],
) -> None:
    """Convert the registers of a population."""
    (before, after), (was, is_) = symbols, map(decode_neurons, images, symbols)
    scale = before.mv_per_lsb / after.mv_per_lsb

    def read(name: str) -> Float64Array:
        places = orders[0].places(name, before.compartment_ids)
        return np.asarray(position.state.tiles[places], dtype=np.float64)

    def write(name: str, values: Float64Array) -> None:
        start.state.tiles[orders[1].places(name, after.compartment_ids)] = np.rint(values)

    held = read("held")
    moved = read("v") * scale + (before.origin - after.origin) / after.mv_per_lsb
    if before.reset == "value":
        moved[held > 0] = 0.0
    change = is_.refractory - was.refractory
    write("held", np.where(held > 0, np.maximum(held + change, 0), 0))
    write("v", np.clip(moved, is_.v_low, is_.v_high))
    for index, name in enumerate(("u",) if len(before.receptors) == 1 else ("u2", "u")):
        kept, keeps = was.keep_u[index], is_.keep_u[index]
        decay = np.divide(kept, keeps, out=np.ones(len(kept)), where=keeps > 0)
        write(name, read(name) * _factor(symbols, index) * decay)


def _factor(symbols: tuple[PopulationSymbol, PopulationSymbol], receptor: int) -> Float64Array:
    """Return the factor from old to new LSB for what arrives at a receptor."""
    before, after = symbols
    gain = after.receptors[receptor].gain / before.receptors[receptor].gain
    return np.asarray(before.mv_per_lsb / after.mv_per_lsb * gain)


def _waiting(position: Position, order: Order, tables: Tables, step: int) -> Float64Array:
    """Return what is due in 0, 1 ... steps, shape (n_steps, 2 receptors, n_compartments)."""
    ring = position.state.ring.reshape(-1, len(tables.planes), len(order.compartment))
    ring = ring[(step + np.arange(len(ring))) % len(ring)]
    found = np.zeros((len(ring), 2, len(order.lane)))
    for sums, (receptor, shift) in zip(ring.transpose(1, 0, 2), tables.planes, strict=True):
        found[:, receptor] += sums[:, order.lane] / 2.0**shift
    return found


def _send(
    waiting: Float64Array, room: Float64Array, symbols: tuple[PopulationSymbol, PopulationSymbol]
) -> None:
    """Put what is in transit to a population where the new image has its neurons."""
    before, after = symbols
    two = len(before.receptors) > 1
    for receptor in range(len(before.receptors)):
        accumulator = 1 if two and receptor == 0 else 0
        sums = waiting[:, accumulator, before.compartment_ids] * _factor(symbols, receptor)
        if sums[len(room) :].any():
            raise too_late(1 + np.flatnonzero(sums.any(axis=1))[-1], len(room) - 1)
        n_rows = min(len(sums), len(room))
        room[:n_rows, accumulator, after.compartment_ids] = sums[:n_rows]


def _fill(start: Position, order: Order, tables: Tables, room: Any, step: int) -> None:
    """Write what is in transit into the sums that no exponent shifts."""
    ring = start.state.ring.reshape(-1, len(tables.planes), len(order.compartment))
    at: Int64Array = (step + np.arange(len(ring))) % len(ring)
    for receptor in range(2):
        plane = np.flatnonzero((tables.planes == (receptor, 0)).all(axis=1))
        if len(plane):
            lanes = np.zeros((len(ring), len(order.compartment)), dtype=np.int64)
            lanes[:, order.lane] = room[:, receptor]
            ring[at, plane[0]] = lanes
