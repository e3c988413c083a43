"""Writes the results of a run into Brian2's monitors, in Brian2's units and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2 import PopulationRateMonitor, StateMonitor
from brian2.groups.subgroup import Subgroup

from ...typing import Float64Array
from ..session import Spikes
from .kicks import parent_of
from .objects import MONITORS
from .reading import Roster
from .refusal import refusal
from .rewards import regular_runners
from .state import Samples
from .values import NotConstantError, evaluate

__all__ = ["EventWriter", "StateWriter", "prepare_writers"]

_AT_START = ("before_start", "start", "after_start", "before_groups")
_CLOCK_TOLERANCE = 1e-6  # of a step: the error of a clock off the grid grows with every sample


class EventWriter:
    """Appends the spikes of a run to one SpikeMonitor, or its rates to one PopulationRateMonitor.

    Parameters
    ----------
    monitor : brian2.SpikeMonitor, EventMonitor or PopulationRateMonitor
        Monitor to fill.
    roster : Roster
        The network.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If it runs before its source spikes, or records a variable that changes.
    """

    def __init__(self, monitor: Any, roster: Roster, namespace: Mapping[str, Any]) -> None:
        self.monitor = monitor
        self.source = parent_of(monitor.source).name
        _check_late(monitor, roster.objects)
        size = int(monitor.source.N)
        self.constant = {
            name: np.broadcast_to(_known(monitor, name, namespace), (size,))
            for name in getattr(monitor, "record_variables", set()) - {"i", "t"}
        }

    def write(self, spikes: Spikes, first: int, n_steps: int, dt: float) -> None:
        """Append the spikes of the source (or its parent) in these steps; ``dt`` in seconds."""
        steps, ids = _within(self.monitor.source, spikes)
        variables = self.monitor.variables
        rates = isinstance(self.monitor, PopulationRateMonitor)
        old = int(variables["N"].get_value().item())
        new = old + (n_steps if rates else len(steps))
        self.monitor.resize(new)
        variables["N"].set_value(new)
        if rates:
            counts = np.bincount(steps - first, minlength=n_steps)
            variables["rate"].get_value()[old:] = counts / dt / int(self.monitor.source.N)
            variables["t"].get_value()[old:] = np.arange(first, first + n_steps) * dt
            return
        for name in self.monitor.record_variables:
            values: Any = {"i": ids, "t": steps * dt}.get(name)
            if values is None:
                values = self.constant[name][ids]
            variables[name].get_value()[old:] = values
        counts = variables["count"].get_value()
        counts += np.bincount(ids, minlength=len(counts)).astype(counts.dtype)


class StateWriter:
    """Appends to one StateMonitor, window by window.

    Parameters
    ----------
    monitor : brian2.StateMonitor
        Monitor to fill.
    roster : Roster
        The network.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If it records a variable that the chip does not have, or samples within a step.
    """

    def __init__(self, monitor: Any, roster: Roster, namespace: Mapping[str, Any]) -> None:
        self.monitor = monitor
        self.group = parent_of(monitor.source).name
        self.ids = np.asarray(monitor.record, dtype=np.int32) + np.int32(_first_of(monitor.source))
        self.every = _every(monitor, roster.dt)
        self.dt = float(monitor.clock.dt_)
        self.learned = roster.learned.get(self.group)
        self.after_reward = self.learned is not None and any(
            roster.objects.index(runner) < roster.objects.index(monitor)
            for runner in regular_runners(self.learned.synapses)
        )
        moving = [name for name in monitor.record_variables if self._moves(name, roster)]
        self.moving = moving if len(self.ids) else []
        self.namespace = namespace
        self.constant: dict[str, Any] = {}
        self.timed: list[str] = []  # functions of time
        for name in sorted(set(monitor.record_variables) - set(moving)):
            try:
                values = evaluate(name, monitor.source, namespace)
            except NotConstantError:
                _known(monitor, name, namespace, np.zeros((1, 1)))
                self.timed.append(name)
            else:
                whole = np.broadcast_to(values, (len(monitor.source),))
                self.constant[name] = whole[monitor.record]
        if self.moving and monitor.when not in _AT_START:
            raise refusal(
                monitor,
                f"it samples in the slot {monitor.when!r}, in the middle of a step",
                "What works: when='start', the default, which samples at the beginning of a step.",
            )

    def watches(self, group: str) -> bool:
        """Return whether it needs changing variables of a group."""
        return bool(self.moving) and self.group == group

    def write(self, first: int, n_steps: int, samples: Samples | None = None) -> None:
        """Append the samples of these steps; without ``samples``, only those that need no chip."""
        steps = np.arange(first, first + n_steps)
        sampled = np.flatnonzero(steps % self.every == 0)
        variables = self.monitor.variables
        old = int(variables["N"].get_value().item())
        self.monitor.resize(old + len(sampled))
        variables["t"].get_value()[old:] = steps[sampled] // self.every * self.dt
        for name, values in self.constant.items():
            variables[name].get_value()[old:] = values
        times = np.asarray(steps[sampled, None] * (self.dt / self.every), dtype=np.float64)
        for name in self.timed:
            values = evaluate(name, self.monitor.source, self.namespace, times)
            whole = np.broadcast_to(values, (len(times), len(self.monitor.source)))
            variables[name].get_value()[old:] = whole[:, self.monitor.record]
        if samples is None:
            return
        if self.learned is not None:
            # Rewards are the only changes in the slot of the monitor, so a step ends as it samples.
            late = int(self.after_reward)
            found = samples.weights_before(self.group, self.ids, steps[sampled] + late)
            variables[self.learned.weight].get_value()[old:] = found
            return
        for name in self.moving:
            columns = np.searchsorted(samples.ids[self.group], self.ids)
            values = samples.at_start(self.group, name)
            variables[name].get_value()[old:] = values[np.ix_(sampled, columns)]

    def _moves(self, name: str, roster: Roster) -> bool:
        if self.learned is not None and name in self.learned.moving:
            raise refusal(
                self.monitor,
                f"it records {name}, which the chip keeps in other units",
                f"What works: the weight {self.learned.weight}, and constant parameters.",
            )
        if self.learned is not None:
            return name == self.learned.weight
        cells = roster.cells.get(self.group)
        if cells is None or name not in (cells.v, *cells.linear.decay):
            return False
        units = roster.units[self.group]
        shared = [key for key in units.factor if key not in (cells.v, units.child, name)]
        if name not in (cells.v, units.child) and (name not in units.factor or shared):
            why = f"; it shares one with {' and '.join(shared)}" if name in units.factor else ""
            raise refusal(
                self.monitor,
                f"it records {name}, which has no register of its own on the chip{why}",
                f"What works: {cells.v}, and currents that synapses drive or that have an initial "
                "value, with different time constants.",
            )
        return True


def prepare_writers(
    roster: Roster, namespace: Mapping[str, Any]
) -> tuple[list[StateWriter], list[EventWriter]]:
    """Prepare every monitor of a network before a run.

    Parameters
    ----------
    roster : Roster
        The network.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        As for :class:`StateWriter` and :class:`EventWriter`; or if the source of a monitor does not
        run.
    """
    state_writers, event_writers = [], []
    for monitor in roster.objects:
        if not isinstance(monitor, MONITORS):
            continue
        source = parent_of(monitor.source)
        if isinstance(monitor, StateMonitor) and not source.active:
            raise refusal(
                monitor,
                f"its source {source.name!r} is inactive",
                "Set active of the monitor to False, too.",
            )
        if isinstance(monitor, StateMonitor):
            state_writers.append(StateWriter(monitor, roster, namespace))
        else:
            event_writers.append(EventWriter(monitor, roster, namespace))
    return state_writers, event_writers


def _check_late(monitor: Any, objects: Sequence[Any]) -> None:
    """Refuse a monitor that Brian2 runs before its source spikes: it records one step late."""
    source = parent_of(monitor.source)
    spiking = getattr(source, "thresholder", {}).get("spike", source)
    if source.active and objects.index(monitor) < objects.index(spiking):
        raise refusal(
            monitor,
            f"it runs in the slot {monitor.when!r} with order {monitor.order}, before "
            f"{source.name!r} spikes, so it would record each spike one step late",
            "Omit its when and order.",
        )


def _first_of(source: Any) -> int:
    """Return the first neuron of a subgroup, or 0; a group may have a variable named ``start``."""
    return int(source.start) if isinstance(source, Subgroup) else 0


def _within(source: Any, spikes: Spikes) -> Spikes:
    """Return the spikes of a group or subgroup, numbered from its first neuron."""
    first = _first_of(source)
    stop = first + int(source.N)
    steps, ids = spikes
    own = (ids >= first) & (ids < stop)
    return steps[own], ids[own] - np.int32(first)


def _every(monitor: Any, dt: float) -> int:
    """Return the number of steps between two samples."""
    ratio = float(monitor.clock.dt_) * 1000.0 / dt
    every = round(ratio)
    if every < 1 or abs(ratio - every) > _CLOCK_TOLERANCE:
        raise refusal(
            monitor,
            f"its dt = {float(monitor.clock.dt_) * 1e3:g} ms is not a multiple of the network's "
            f"{dt:g} ms",
            "Give it a whole number of steps.",
        )
    return every


def _known(
    monitor: Any, name: str, namespace: Mapping[str, Any], times: Float64Array | None = None
) -> Any:
    """Return a recorded variable that is constant, or at ``times`` a function of time."""
    try:
        return evaluate(name, monitor.source, namespace, times)
    except NotConstantError as reason:
        raise refusal(
            monitor,
            f"it records {name}, and {reason}",
            "What works: v or a current in a StateMonitor, and constant parameters.",
        ) from None
