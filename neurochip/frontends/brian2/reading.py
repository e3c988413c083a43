"""Reads a whole Brian2 network: checks that all objects can be mapped and builds the Network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brian2 import (
    EventMonitor,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
)
from brian2.core.magic import MagicNetwork

from ... import network as ours
from ...errors import FrontendError
from ...network.plausible import units_known
from ..session import Spikes
from .assemble import Units, connect, populate
from .inputs import describe
from .kicks import Kicks, read_poisson_kicks, read_synapses
from .neurons import Cells, read_cells
from .refusal import refusal
from .times import milliseconds

__all__ = [
    "MONITORS",
    "Reading",
    "Roster",
    "as_network",
    "at_zero",
    "check_begin",
    "inputs_in_order",
    "neurons_of",
    "read_inputs",
    "read_network",
]

_GROUPS = (NeuronGroup, PoissonGroup, PoissonInput, SpikeGeneratorGroup, Synapses)
MONITORS = (EventMonitor, PopulationRateMonitor, StateMonitor)  # a SpikeMonitor is an EventMonitor
_INPUTS = (PoissonGroup, PoissonInput, SpikeGeneratorGroup)
_SCHEDULE = ["start", "groups", "thresholds", "synapses", "resets", "end"]
_KNOWN = (
    "What works: NeuronGroup, PoissonGroup, PoissonInput, SpikeGeneratorGroup, Synapses, "
    "SpikeMonitor, PopulationRateMonitor and StateMonitor."
)


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
    """

    dt: float
    objects: tuple[Any, ...]
    cells: dict[str, Cells] = field(default_factory=dict)
    units: dict[str, Units] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Reading(Roster):
    """A Brian2 network with neurons, and its neurochip network.

    Parameters
    ----------
    dt, objects, cells, units
        As for :class:`Roster`.
    network : neurochip.Network
        The network as read.
    """

    network: ours.Network


@units_known()
def read_network(
    net: Any, namespace: Mapping[str, Any], spikes: Mapping[str, Spikes] | None = None
) -> Reading:
    """Read a Brian2 network.

    Parameters
    ----------
    net : brian2.Network
        Network to read; inactive objects are omitted, as in Brian2.
    namespace : dict
        Names of the caller of ``run``.
    spikes : dict of str to (steps, ids), optional
        Spikes of its inputs by name; needed if rates change with time.

    Raises
    ------
    FrontendError
        If an object, or a construct in it, cannot be mapped.
    """
    objects = _checked_objects(net)
    groups = neurons_of(_by_name(objects))
    if not groups:
        raise FrontendError(
            "Brian2 network: it has no NeuronGroup, so nothing runs on the chip. " + _KNOWN
        )
    dt = _common_step(net, objects)
    cells = {name: read_cells(group, namespace) for name, group in groups.items()}
    described, kicks = _read_drive(objects, cells, dt, namespace, spikes or {})
    units = {
        name: populate(cell, [item for item in kicks if item.target == name])
        for name, cell in cells.items()
    }
    members = {**described, **{name: item.population for name, item in units.items()}}
    network = ours.Network(
        populations=[item.population for item in units.values()],
        inputs=list(described.values()),
        connections=[connect(item, members[item.source], units[item.target]) for item in kicks],
    )
    return Reading(dt=dt, objects=objects, cells=cells, units=units, network=network)


def read_inputs(net: Any, namespace: Mapping[str, Any], spikes: Mapping[str, Spikes]) -> Roster:
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
    dt = _common_step(net, objects)
    _read_drive(objects, {}, dt, namespace, spikes)
    return Roster(dt=dt, objects=objects)


def _checked_objects(net: Any) -> tuple[Any, ...]:
    objects = tuple(obj for obj in net.sorted_objects if obj.active)
    _check_kinds(objects)
    return objects


def _by_name(objects: Iterable[Any]) -> list[Any]:
    return sorted(objects, key=lambda obj: str(obj.name))


def _read_drive(
    objects: Iterable[Any],
    cells: Mapping[str, Cells],
    dt: float,
    namespace: Mapping[str, Any],
    spikes: Mapping[str, Spikes],
) -> tuple[dict[str, ours.PoissonInput | ours.SpikeInput], list[Kicks]]:
    """Return the inputs, and all kicks of the variables of ``cells``."""
    by_name = _by_name(objects)
    drivers = [obj for obj in by_name if isinstance(obj, _INPUTS)]
    described = {obj.name: describe(obj, spikes.get(obj.name), dt, namespace) for obj in drivers}
    sources = {*cells, *described}
    kicks = []
    for obj in by_name:
        if isinstance(obj, Synapses):
            kicks += read_synapses(obj, cells, sources, namespace)
    for obj in drivers:
        if isinstance(obj, PoissonInput):
            kicks.append(read_poisson_kicks(obj, cells, namespace))
    return described, kicks


def neurons_of(objects: Iterable[Any]) -> dict[str, Any]:
    """Return NeuronGroups by name, without groups that only hold parameters and never change."""
    return {
        str(obj.name): obj
        for obj in objects
        if isinstance(obj, NeuronGroup) and (obj.events or obj.user_equations.diff_eq_names)
    }


def inputs_in_order(objects: Iterable[Any]) -> tuple[Any, ...]:
    """Return inputs in the order in which Brian2 runs them; a PoissonGroup runs its thresholder."""
    found = []
    for obj in objects:
        group = getattr(obj, "group", None)
        if isinstance(obj, (PoissonInput, SpikeGeneratorGroup)):
            found.append(obj)
        elif isinstance(group, PoissonGroup) and obj is group.thresholder["spike"]:
            found.append(group)
    return tuple(found)


def _check_kinds(objects: Iterable[Any]) -> None:
    objects = list(objects)
    parts: set[int] = set()
    for obj in objects:
        if isinstance(obj, _GROUPS):
            parts |= {id(part) for part in _parts_of(obj)}
    for obj in objects:
        if isinstance(obj, (*_GROUPS, *MONITORS)):
            continue
        if id(obj) in parts:
            continue
        owner = getattr(obj, "group", None)
        where = f" (run_regularly or similar of {owner.name!r})" if owner is not None else ""
        raise refusal(obj, f"this kind of object cannot run on the chip{where}", _KNOWN)


def _parts_of(obj: Any) -> Iterable[Any]:
    """Return the parts that Brian2 itself adds to an object, without ``run_regularly``."""
    if isinstance(obj, NeuronGroup):
        events = (*obj.thresholder.values(), *obj.resetter.values())
        return (obj.state_updater, obj.subexpression_updater, *events)
    if isinstance(obj, PoissonGroup):
        return tuple(obj.thresholder.values())
    if isinstance(obj, Synapses):
        updaters = (*obj.summed_updaters.values(), obj.state_updater, obj.subexpression_updater)
        return (*obj._pathways, *updaters)
    return ()


def _common_step(net: Any, objects: Iterable[Any]) -> float:
    if list(net.schedule) != _SCHEDULE:
        raise FrontendError(
            f"Brian2 network {net.name!r}: schedule = {list(net.schedule)}; allowed: Brian2's "
            f"default, {_SCHEDULE}, which the chip follows."
        )
    objects = list(objects)
    timed = [obj for obj in objects if isinstance(obj, (*_GROUPS, EventMonitor))]
    steps = {float(obj.clock.dt_): obj for obj in timed or objects}
    if len(steps) > 1:
        (a, one), (b, other) = list(steps.items())[:2]
        raise FrontendError(
            f"Brian2 network {net.name!r}: {one.name!r} has dt = {a * 1e3:.12g} ms and "
            f"{other.name!r} {b * 1e3:.12g} ms; the cores of the chip share one step. Give all "
            "objects one clock (a StateMonitor may be slower)."
        )
    return milliseconds(next(iter(steps)))


def check_begin(objects: Iterable[Any]) -> None:
    """Refuse synapses with spikes in transit, since the chip starts without such spikes.

    Raises
    ------
    FrontendError
        If synapses hold spikes, as after a run as a part of another network.
    """
    for obj in objects:
        for pathway in obj._pathways if isinstance(obj, Synapses) else ():
            if any(len(spikes) for spikes in pathway.queue._full_state()[1]):
                raise refusal(
                    obj,
                    "spikes are in transit through it at time 0; the chip starts without any",
                    "Create it again, or restore() it to before its first run.",
                )


def as_network(objects: Iterable[Any]) -> Any:
    """Return a Brian2 Network, which is built here if objects (or lists of them) are given."""
    objects = list(objects)
    if len(objects) == 1 and isinstance(objects[0], Network):
        return objects[0]
    return Network(*objects)


def at_zero(net: Any, what: str) -> list[Any]:
    """Return the active objects of a network that has not run yet.

    Raises
    ------
    FrontendError
        If it is not at time 0, so that its initial values are lost; if it is Brian2's
        MagicNetwork, which holds objects only during a run; or as for :func:`check_begin`.
    """
    if isinstance(net, MagicNetwork):
        raise FrontendError(
            f"{what}: {net!r} holds objects only during a run; allowed: a Network, or the objects."
        )
    if net.t_ != 0:
        raise FrontendError(
            f"{what}: {net.name!r} is at {float(net.t_) * 1e3:g} ms; allowed: a Network at 0 ms, "
            "whose variables have their initial values. restore() it, or create it again."
        )
    active = [obj for obj in net.sorted_objects if obj.active]
    check_begin(active)
    return active
