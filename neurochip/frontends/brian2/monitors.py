"""What a run left, written into Brian2's monitors in Brian2's own units and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from brian2 import PopulationRateMonitor, SpikeMonitor, StateMonitor

from .inputs import Spikes
from .kicks import parent_of
from .reading import Reading
from .refusal import refusal
from .state import Window
from .values import NotConstantError, evaluate

__all__ = ["StateWriter", "state_writers", "write_events"]

_AT_START = ("before_start", "start", "after_start", "before_groups")
_GRID_TOLERANCE = 1e-6  # of a step, by which a slower clock may miss the grid


def _write_spikes(monitor: Any, spikes: Spikes, dt: float) -> None:
    """Append spikes of the source (or its parent)."""
    steps, ids = _within(monitor.source, spikes)
    variables, old = monitor.variables, int(monitor.variables["N"].get_value().item())
    monitor.resize(old + len(steps))
    for name in monitor.record_variables:
        values: Any = {"i": ids, "t": steps * dt}.get(name)
        if values is None:
            values = np.broadcast_to(_constant(monitor, name, {}), (int(monitor.source.N),))[ids]
        variables[name].get_value()[old:] = values
    variables["N"].set_value(old + len(steps))
    counts = variables["count"].get_value()
    counts += np.bincount(ids, minlength=len(counts)).astype(counts.dtype)


def _write_rates(monitor: Any, spikes: Spikes, first: int, n_steps: int, dt: float) -> None:
    """Append the population rate of every step."""
    steps, _ = _within(monitor.source, spikes)
    variables, old = monitor.variables, int(monitor.variables["N"].get_value().item())
    monitor.resize(old + n_steps)
    counts = np.bincount(steps - first, minlength=n_steps)
    variables["rate"].get_value()[old:] = counts / (dt * int(monitor.source.N))
    variables["t"].get_value()[old:] = np.arange(first, first + n_steps) * dt
    variables["N"].set_value(old + n_steps)


class StateWriter:
    """Appends to one StateMonitor, window by window.

    Parameters
    ----------
    monitor : brian2.StateMonitor
        Where to write.
    reading : Reading
        The network.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If it records what the chip does not have, or in the midst of a step.
    """

    def __init__(self, monitor: Any, reading: Reading, namespace: Mapping[str, Any]) -> None:
        self.monitor = monitor
        self.group = parent_of(monitor.source).name
        self.ids = np.asarray(monitor.record, dtype=np.int32) + int(
            getattr(monitor.source, "start", 0)
        )
        self.every = _every(monitor, reading.dt)
        self.dt = float(monitor.clock.dt_)
        self.moving: list[str] = []
        self.constant: dict[str, Any] = {}
        for name in monitor.record_variables:
            if self._moves(name, reading):
                self.moving.append(name)
            else:
                values = np.broadcast_to(
                    _constant(monitor, name, namespace), (int(monitor.source.N),)
                )
                self.constant[name] = values[monitor.record]
        if self.moving and monitor.when not in _AT_START:
            raise refusal(
                monitor,
                f"it samples in the slot {monitor.when!r}, in the midst of a step",
                "What works: when='start', the default: what a step begins with.",
            )

    def watches(self, group: str) -> bool:
        """Whether it needs variables of a group that change."""
        return bool(self.moving) and self.group == group

    def write(self, window: Window) -> None:
        """Append the samples of a window, which has recorded these neurons and perhaps others."""
        steps = np.arange(window.first, window.first + window.n_steps)
        rows = np.flatnonzero(steps % self.every == 0)
        variables = self.monitor.variables
        old = int(variables["N"].get_value().item())
        self.monitor.resize(old + len(rows))
        variables["t"].get_value()[old:] = steps[rows] // self.every * self.dt
        for name, values in self.constant.items():
            variables[name].get_value()[old:] = values
        for name in self.moving:
            columns = np.searchsorted(window.ids[self.group], self.ids)
            values = window.at_start(self.group, name)
            variables[name].get_value()[old:] = values[np.ix_(rows, columns)]

    def _moves(self, name: str, reading: Reading) -> bool:
        cells = reading.cells.get(self.group)
        if cells is None or name not in (cells.v, *cells.linear.decay):
            return False
        units = reading.units[self.group]
        if name != cells.v and (name not in units.factor or units.population.model.two_currents):
            raise refusal(
                self.monitor,
                f"it records {name}, which is not a register of its own on the chip",
                f"What works: {cells.v}, and the current of a group that has one.",
            )
        return True


def state_writers(reading: Reading, namespace: Mapping[str, Any]) -> list[StateWriter]:
    """Prepare every StateMonitor of a network, and check the other monitors before a run.

    Raises
    ------
    FrontendError
        As for :class:`StateWriter`; or if a SpikeMonitor records a variable that changes, or a
        monitor belongs to a group that does not run.
    """
    spiking = {*reading.cells, *(item.name for item in reading.network.spike_inputs)}
    writers = []
    for monitor in reading.monitors:
        if isinstance(monitor, StateMonitor):
            writers.append(StateWriter(monitor, reading, namespace))
            continue
        if parent_of(monitor.source).name not in spiking:
            raise refusal(
                monitor,
                f"its source {parent_of(monitor.source).name!r} does not run in this network",
                "Add it, or set the monitor's active to False.",
            )
        for name in getattr(monitor, "record_variables", set()) - {"i", "t"}:
            _constant(monitor, name, namespace)
    return writers


def write_events(
    monitors: Iterable[Any], spikes: Mapping[str, Spikes], first: int, n_steps: int, dt: float
) -> None:
    """Append a run to every SpikeMonitor and PopulationRateMonitor; ``dt`` in seconds."""
    for monitor in monitors:
        if isinstance(monitor, SpikeMonitor):
            _write_spikes(monitor, spikes[parent_of(monitor.source).name], dt)
        elif isinstance(monitor, PopulationRateMonitor):
            _write_rates(monitor, spikes[parent_of(monitor.source).name], first, n_steps, dt)


def _within(source: Any, spikes: Spikes) -> Spikes:
    """Spikes of a group or subgroup, numbered from its own first neuron."""
    first, stop = int(getattr(source, "start", 0)), int(getattr(source, "stop", source.N))
    steps, ids = spikes
    own = (ids >= first) & (ids < stop)
    return steps[own], ids[own] - np.int32(first)


def _every(monitor: Any, dt: float) -> int:
    """Steps between two samples."""
    ratio = float(monitor.clock.dt_) * 1000.0 / dt
    every = round(ratio)
    if every < 1 or abs(ratio - every) > _GRID_TOLERANCE:
        raise refusal(
            monitor,
            f"its dt = {float(monitor.clock.dt_) * 1e3:g} ms is no multiple of the network's "
            f"{dt:g} ms",
            "Give it a whole number of steps.",
        )
    return every


def _constant(monitor: Any, name: str, namespace: Mapping[str, Any]) -> Any:
    try:
        return evaluate(name, monitor.source, namespace)
    except NotConstantError as reason:
        raise refusal(
            monitor,
            f"it records {name}, and {reason}",
            "What works: v or a current in a StateMonitor, and parameters that stay the same.",
        ) from None
