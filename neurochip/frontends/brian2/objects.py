"""Sorts the objects of a Brian2 network: neurons, inputs and monitors, and refuses all others."""

from __future__ import annotations

from collections.abc import Iterable
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
from brian2.groups.neurongroup import Thresholder

from ...errors import FrontendError
from .kicks import written_variables
from .refusal import refusal
from .rewards import regular_runners
from .sources import is_source

__all__ = [
    "KNOWN",
    "MONITORS",
    "as_network",
    "at_zero",
    "check_begin",
    "check_kinds",
    "common_clock",
    "inputs_in_order",
    "is_input",
    "neurons_of",
]

_GROUPS = (NeuronGroup, PoissonGroup, PoissonInput, SpikeGeneratorGroup, Synapses)
MONITORS = (EventMonitor, PopulationRateMonitor, StateMonitor)  # a SpikeMonitor is an EventMonitor
_SCHEDULE = ["start", "groups", "thresholds", "synapses", "resets", "end"]
KNOWN = (
    "What works: NeuronGroup, PoissonGroup, PoissonInput, SpikeGeneratorGroup, Synapses, "
    "SpikeMonitor, PopulationRateMonitor and StateMonitor."
)


def neurons_of(objects: Iterable[Any]) -> dict[str, Any]:
    """Return the NeuronGroups that run on the chip, by name.

    Sources of spikes are inputs, and groups that only hold parameters do not change.
    """
    objects = list(objects)
    written = written_variables(objects)
    return {
        str(obj.name): obj
        for obj in objects
        if isinstance(obj, NeuronGroup)
        and not is_source(obj)
        and (obj.events or obj.user_equations.diff_eq_names or written.get(obj.name))
    }


def is_input(obj: Any) -> bool:
    """Return whether the spikes of an object are drawn or given before a run on the chip."""
    return isinstance(obj, (PoissonGroup, PoissonInput, SpikeGeneratorGroup)) or is_source(obj)


def inputs_in_order(objects: Iterable[Any]) -> tuple[Any, ...]:
    """Return inputs in the order in which Brian2 runs them; a group runs its thresholder."""
    found = []
    for obj in objects:
        group = getattr(obj, "group", None)
        if isinstance(obj, (PoissonInput, SpikeGeneratorGroup)):
            found.append(obj)
        elif isinstance(obj, Thresholder) and is_input(group):
            found.append(obj.group.__repr__.__self__)
    return tuple(found)


def check_kinds(objects: Iterable[Any]) -> None:
    """Refuse objects that cannot run on the chip, such as ``run_regularly``.

    Raises
    ------
    FrontendError
        If there is one.
    """
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
        raise refusal(obj, f"this kind of object cannot run on the chip{where}", KNOWN)


def _parts_of(obj: Any) -> Iterable[Any]:
    """Return the parts of an object, ``run_regularly`` only of Synapses, where it may reward."""
    if isinstance(obj, NeuronGroup):
        events = (*obj.thresholder.values(), *obj.resetter.values())
        return (obj.state_updater, obj.subexpression_updater, *events)
    if isinstance(obj, PoissonGroup):
        return tuple(obj.thresholder.values())
    if isinstance(obj, Synapses):
        updaters = (*obj.summed_updaters.values(), obj.state_updater, obj.subexpression_updater)
        return (*obj._pathways, *updaters, *regular_runners(obj))
    return ()


def common_clock(net: Any, objects: Iterable[Any]) -> Any:
    """Return a clock of the neurons and inputs of a network, which all have its step.

    Raises
    ------
    FrontendError
        If the network has another schedule than Brian2's default, or two steps.
    """
    if list(net.schedule) != _SCHEDULE:
        raise FrontendError(
            f"Brian2 network {net.name!r}: schedule = {list(net.schedule)}; allowed: Brian2's "
            f"default, {_SCHEDULE}, which the chip follows."
        )
    objects = list(objects)
    timed = [*neurons_of(objects).values()]
    timed += [obj for obj in objects if is_input(obj) or isinstance(obj, EventMonitor)]
    for obj in objects:
        timed += obj._pathways if isinstance(obj, Synapses) else ()
    steps = {float(obj.clock.dt_): obj for obj in timed or objects}
    if len(steps) > 1:
        (a, one), (b, other) = list(steps.items())[:2]
        raise FrontendError(
            f"Brian2 network {net.name!r}: {one.name!r} has dt = {a * 1e3:.12g} ms and "
            f"{other.name!r} {b * 1e3:.12g} ms; the cores of the chip share one step. Give all "
            "objects one clock (a StateMonitor may be slower)."
        )
    return next(iter(steps.values())).clock


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
