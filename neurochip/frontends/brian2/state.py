"""Converts the chip's registers to Brian2's variables: v and currents at the start of a step.

Brian2's monitors sample at the start of a step and include the kicks of the previous step. On the
chip these kicks are still in transit and act together with the leak of the next step
(``neurochip/recurrence.py``). The value at the start of step n is therefore v at the end of step
n - 1, plus the input of step n divided by the fraction of v that step n keeps. Where the chip holds
v, nothing is added, since the chip discards the same kicks as Brian2.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...image import ChipImage
from ...image.neurons import decode_neurons
from ...network.refractory import refractory_steps
from ...recording import Recording
from ...typing import Float64Array, Int32Array, Int64Array
from .learned import Learned
from .reading import Reading

__all__ = ["GroupState", "Samples"]

_NEVER = -(1 << 40)  # step of the last spike of a neuron that has not spiked


@dataclass(eq=False)
class GroupState:
    """State of the neurons of a group between two windows; arrays have the shape (size,).

    Parameters
    ----------
    name : str
        Name of the group.
    v : str
        Name of its membrane potential.
    currents : tuple of str
        Names of its currents.
    unit : float, mV
        Value of Brian2's base unit of v.
    kicks : str
        Recorded variable that holds the kicks of v; empty without kicks.
    lost : ndarray of int64
        Number of steps from a spike in which the chip discards kicks.
    keep_v : ndarray
        Fraction of v that a step on the chip keeps.
    recorded : dict of str to str
        Recorded variable that holds each current.
    per_u, level : dict of str to ndarray
        Base units of a current that correspond to u = 1 mV per step, and the current at u = 0.
    refractory : ndarray of int64
        Refractory steps, by Brian2's rule.
    end : ndarray, mV
        v after the last step.
    last : ndarray of int64
        Step of the last spike of each neuron.
    """

    name: str
    v: str
    currents: tuple[str, ...]
    unit: float
    kicks: str
    lost: Int64Array
    keep_v: Float64Array
    recorded: dict[str, str]
    per_u: dict[str, Float64Array]
    level: dict[str, Float64Array]
    refractory: Int64Array
    end: Float64Array
    last: Int64Array = field(init=False)

    def __post_init__(self) -> None:
        self.last = np.full(len(self.end), _NEVER, dtype=np.int64)

    @classmethod
    def at_zero(cls, name: str, reading: Reading, image: ChipImage) -> GroupState:
        """Return the state before the first step, with v from its register."""
        cell, units = reading.cells[name], reading.units[name]
        assert image.symbols is not None  # the compiler always writes them
        (symbol,) = (item for item in image.symbols.populations if item.name == name)
        registers = decode_neurons(image, symbol)
        model, steps = units.population.model, refractory_steps(cell.tau_refrac, reading.dt)
        traces = ("u",) if len(symbol.receptors) == 1 else ("u_child", "u")
        gains = {t: part.gain for t, part in zip(traces, symbol.receptors, strict=True)}
        recorded = {key: "u_child" if key == units.child else "u" for key in units.factor}
        kicks = recorded.get(cell.v, "")
        return cls(
            name=name,
            v=cell.v,
            currents=tuple(cell.linear.decay),
            unit=cell.unit,
            kicks=kicks,
            # Beside a current, v is released one step before the first kick that Brian2 keeps.
            lost=steps if model.subtracts else np.maximum(steps, 1) - int(not model.delta_synapses),
            keep_v=registers.keep_v,
            recorded=recorded,
            per_u={
                key: 1 / (gains[recorded[key]] * factor) for key, factor in units.factor.items()
            },
            level=cell.linear.level,
            refractory=steps,
            end=symbol.potential(registers.v_init),
        )

    def copied(self) -> GroupState:
        """Return a state that later steps of this one do not change."""
        other = copy(self)
        other.end, other.last = self.end.copy(), self.last.copy()
        return other

    def renewed(self, reading: Reading, image: ChipImage) -> GroupState:
        """Return the same state for other parameters of the group."""
        other = GroupState.at_zero(self.name, reading, image)
        other.end, other.last = self.end, self.last
        return other

    def follow(self, recording: Recording, ids: Int32Array) -> None:
        """Update the state to the end of a window in which the neurons ``ids`` were recorded."""
        if len(ids):
            self.end[ids] = recording.trace(self.name).values[-1]
        spikes = recording.steps[self.name].astype(np.int64)
        np.maximum.at(self.last, recording.ids[self.name], spikes)

    def leave(self, group: Any, step: int, dt: float) -> None:
        """Write the state before ``step`` into a Brian2 group; ``dt`` in ms.

        Currents become nan, since their spikes in transit are unknown.
        """
        variables = group.variables
        variables[self.v].set_value(self.end / self.unit)
        for current in self.currents:
            variables[current].set_value(np.nan)
        if "lastspike" in variables:
            spiked, since = self.last > _NEVER, step - 1 - self.last
            variables["lastspike"].get_value()[spiked] = self.last[spiked] * (dt / 1000.0)
            variables["not_refractory"].set_value((since > 0) & (since >= self.refractory))


@dataclass(frozen=True, eq=False)
class Samples:
    """Values that Brian2's monitors would sample in a window of a run.

    Parameters
    ----------
    recording : Recording
        The window: v, u and u_child of the watched neurons, and the spikes.
    states : dict of str to GroupState
        State of each group before the window.
    ids : dict of str to ndarray of int32
        The watched neurons of each group.
    weights : dict of str to ndarray
        Weights before the window of each Synapses object that is watched, as Brian2 numbers them.
    learned : dict of str to Learned
        Synapses with weights that learn.
    """

    recording: Recording
    states: Mapping[str, GroupState]
    ids: Mapping[str, Int32Array]
    weights: Mapping[str, Float64Array]
    learned: Mapping[str, Learned]

    def at_start(self, name: str, variable: str) -> Float64Array:
        """Return values at the start of each step in Brian2's base unit, shape (n_steps, n_ids)."""
        state, ids = self.states[name], self.ids[name]
        if variable != state.v:
            u = self.recording.trace(name, state.recorded[variable]).values
            return np.asarray(u * state.per_u[variable][ids] + state.level[variable][ids])
        v = np.empty_like(self.recording.trace(name).values)
        v[0], v[1:] = state.end[ids], self.recording.trace(name).values[:-1]
        if state.kicks:
            u = self.recording.trace(name, state.kicks).values
            free = ~self._discards(name) & (state.keep_v[ids] > 0)
            v += np.divide(u, state.keep_v[ids], out=np.zeros_like(u), where=free)
        return np.asarray(v / state.unit)

    def weights_before(self, name: str, synapses: Int32Array, steps: Int64Array) -> Float64Array:
        """Return weights at the beginning of steps in Brian2's unit, shape (n_steps, n)."""
        item = self.learned[name]
        values = np.empty((len(steps), len(synapses)))
        before = steps == self.recording.first_step
        values[before] = self.weights[name][synapses]
        if not before.all():
            trace = self.recording.weights[item.connection]
            rows = np.searchsorted(trace.steps, steps[~before] - 1)
            columns = np.searchsorted(trace.synapses, item.position[synapses])
            values[~before] = trace.values[np.ix_(rows, columns)] / item.scale
        return values

    def _discards(self, name: str) -> Any:
        """Return whether the chip holds v and so discards kicks, shape (n_steps, n_ids)."""
        state, ids = self.states[name], self.ids[name]
        first, n_steps = self.recording.first_step, self.recording.n_steps
        column = np.full(len(state.end), -1)
        column[ids] = np.arange(len(ids))
        since = self.recording.steps[name].astype(np.int64) - first
        columns = column[self.recording.ids[name]]
        later = (columns >= 0) & (since + 1 < n_steps)
        last = np.full((n_steps, len(ids)), _NEVER)
        last[0] = state.last[ids]
        last[since[later] + 1, columns[later]] = since[later] + first
        last = np.maximum.accumulate(last, axis=0)
        steps = np.arange(first, first + n_steps)[:, None]
        return steps - last <= state.lost[ids]
