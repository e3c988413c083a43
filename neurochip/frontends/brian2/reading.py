"""Reads a whole Brian2 network: checks that all objects can be mapped and builds the Network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2 import PoissonInput, Synapses

from ... import network as ours
from ..._support.grid import nearest_steps
from ...errors import FrontendError, NetworkError
from ...network.plausible import units_known
from ...network.relays import insert_relays, needs_relays
from ..session import Drive
from .assemble import Units, connect, populate
from .inputs import describe
from .kicks import Kicks, parent_of, read_poisson_kicks, written_variables
from .learned import Learned, learned_of
from .neurons import Cells, read_cells
from .objects import KNOWN, check_kinds, common_clock, is_input, neurons_of
from .synapses import read_synapses
from .timed import step_currents
from .times import milliseconds

__all__ = ["Reading", "Roster", "read_inputs", "read_network", "relayed"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Roster:
    """The objects that run in a Brian2 network.

    Parameters
    ----------
    dt : float, ms
        Length of a step.
    objects : tuple of brian2 objects
        Active objects, in the order in which Brian2 runs them.
    cells : dict of str to Cells
        Groups of neurons.
    units : dict of str to Units
        Conversion of the numbers of each group.
    learned : dict of str to Learned
        Synapses with weights that learn, by their names.
    """

    dt: float
    objects: tuple[Any, ...]
    cells: dict[str, Cells] = field(default_factory=dict)
    units: dict[str, Units] = field(default_factory=dict)
    learned: dict[str, Learned] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Reading(Roster):
    """A Brian2 network with neurons, and its neurochip network.

    Parameters
    ----------
    dt, objects, cells, units, learned
        As for :class:`Roster`.
    network : neurochip.Network
        The network as read.
    """

    network: ours.Network


@units_known()
def read_network(
    net: Any,
    namespace: Mapping[str, Any],
    spikes: Mapping[str, Drive] | None = None,
    n_steps: int | None = None,
) -> Reading:
    """Read a Brian2 network.

    Parameters
    ----------
    net : brian2.Network
        Network to read. Inactive objects are omitted, as in Brian2, except inputs of active
        objects: they may be switched on later.
    namespace : dict
        Names of the caller of ``run``.
    spikes : dict of str to (steps, ids), optional
        Spikes of its inputs by name; needed if rates change with time.
    n_steps : int, optional
        Steps from time 0 to the end of the run; needed for functions of time in equations.

    Raises
    ------
    FrontendError
        If an object, or a construct in it, cannot be mapped.
    """
    objects = _checked_objects(net)
    groups = neurons_of(_by_name(objects))
    if not groups:
        raise FrontendError(
            "Brian2 network: it has no NeuronGroup, so nothing runs on the chip. " + KNOWN
        )
    dt = milliseconds(float(common_clock(net, objects).dt_))
    written = written_variables(objects)
    cells = {
        name: read_cells(group, namespace, written.get(name, ())) for name, group in groups.items()
    }
    described, kicks = _read_drive(net, objects, cells, dt, namespace, spikes or {}, n_steps)
    units = {
        name: populate(cell, [item for item in kicks if item.target == name])
        for name, cell in cells.items()
    }
    members = {**described, **{name: item.population for name, item in units.items()}}
    currents = [
        current
        for name, cell in cells.items()
        for current in step_currents(
            cell.group, cell.linear.timed, cell.unit, units[name].population, dt, n_steps
        )
    ]
    network = ours.Network(
        populations=[item.population for item in units.values()],
        inputs=[*described.values(), *currents],
        connections=[connect(item, members[item.source], units[item.target]) for item in kicks],
    )
    named = {obj.name: obj for obj in objects if isinstance(obj, Synapses)}
    learned = {
        item.name: learned_of(item, connection, named[item.name])
        for item, connection in zip(kicks, network.connections, strict=True)
        if connection.plasticity is not None
    }
    return Reading(
        dt=dt, objects=objects, cells=cells, units=units, learned=learned, network=network
    )


def relayed(reading: Reading) -> Reading:
    """Return a reading in whose network neurons relay delayed spikes to synapses that learn.

    Raises
    ------
    FrontendError
        If some synapses of an object have a delay and others none.
    """
    before = reading.network
    try:
        network = insert_relays(before, reading.dt)
    except NetworkError as problem:
        raise FrontendError(f"Brian2 network: {str(problem).partition(': ')[2]}") from None
    named, learned = {item.name: item for item in before.connections}, dict(reading.learned)
    for name, item in reading.learned.items():
        connection = named[item.connection]
        if needs_relays(connection, reading.dt):  # which sort synapses by source, then delay
            steps = np.broadcast_to(nearest_steps(connection.delay, reading.dt), item.order.shape)
            by_relay = np.lexsort((steps, connection.pre))
            learned[name] = replace(item, order=item.order[by_relay])
    return replace(reading, network=network, learned=learned)


def read_inputs(net: Any, namespace: Mapping[str, Any], spikes: Mapping[str, Drive]) -> Roster:
    """Read a Brian2 network without neurons, which does not run on the chip.

    Parameters
    ----------
    net, namespace, spikes
        As for :func:`read_network`.

    Raises
    ------
    FrontendError
        As for :func:`read_network`.
    """
    objects = _checked_objects(net)
    dt = milliseconds(float(common_clock(net, objects).dt_))
    _read_drive(net, objects, {}, dt, namespace, spikes)
    return Roster(dt=dt, objects=objects)


def _checked_objects(net: Any) -> tuple[Any, ...]:
    objects = tuple(obj for obj in net.sorted_objects if obj.active)
    check_kinds(objects)
    return objects


def _by_name(objects: Iterable[Any]) -> list[Any]:
    return sorted(objects, key=lambda obj: str(obj.name))


def _read_drive(
    net: Any,
    objects: Iterable[Any],
    cells: Mapping[str, Cells],
    dt: float,
    namespace: Mapping[str, Any],
    spikes: Mapping[str, Drive],
    n_steps: int | None = None,
) -> tuple[dict[str, ours.PoissonInput | ours.SpikeInput], list[Kicks]]:
    """Return the inputs, and all kicks of the variables of ``cells``."""
    pathways = [obj for obj in _by_name(objects) if isinstance(obj, Synapses)]
    used = {parent_of(obj.source).name for obj in pathways}
    drivers = [
        obj
        for obj in _by_name(net.sorted_objects)
        if is_input(obj) and (obj.active or _waits(obj, used, cells))
    ]
    described = {obj.name: describe(obj, spikes.get(obj.name), dt, namespace) for obj in drivers}
    sources = {*cells, *described}
    kicks = []
    for obj in pathways:
        kicks += read_synapses(obj, cells, sources, namespace, n_steps)
    for obj in drivers:
        if isinstance(obj, PoissonInput):
            kicks.append(read_poisson_kicks(obj, cells, namespace))
    return described, kicks


def _waits(driver: Any, used: set[str], cells: Mapping[str, Cells]) -> bool:
    """Return whether an input that is inactive belongs to the network, where it sends no spikes."""
    if isinstance(driver, PoissonInput):
        return parent_of(driver._group).name in cells
    return driver.name in used
