"""Keep what the runs recorded: spikes and samples of the neurons that the script records, no more.

A sample stands for an instant, a multiple of the sampling interval after the start of recording:
time 0, or the last ``get_data(clear=True)``. v at the end of step k is that of the instant
``(k + 1) dt``; at time 0 it is the initial value. A synaptic current has the spikes that arrive at
the instant, as in NEST: it is the u that the step which begins then adds to v. For the end of a
run, which no step follows yet, :meth:`Store.look_ahead` takes the u of a step without input.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...errors import FrontendError
from ...image import PopulationSymbol
from ...recording import Probe, Recording
from ...typing import BoolArray, Float64Array, Int32Array, Int64Array
from .cells import Receptor
from .membranes import driving_force
from .sources import Drawn

__all__ = ["Store"]

_NO_SPIKES = (np.empty(0, dtype=np.int32), np.empty(0))


class _Samples(NamedTuple):
    """Samples of a variable of some neurons, of consecutive numbers from ``first`` on."""

    first: int
    ids: Int64Array
    values: Float64Array


class _Kept:
    """Hold what is kept of a population since ``start``, the step in which its recording begins."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.spikes: list[tuple[Int32Array, Float64Array]] = []
        self.samples: defaultdict[str, list[_Samples]] = defaultdict(list)
        self.last: dict[str, tuple[Int64Array, Float64Array]] = {}  # neurons and values, now

    def take(self, variable: str, instant: int, ids: Int64Array, values: Any, every: int) -> None:
        """Take values of consecutive instants, counted in steps; keep each ``every``-th of all."""
        self.last[variable] = ids, values[-1:].copy()
        begin = -(-(instant - self.start) // every)
        values = values[begin * every - (instant - self.start) :: every]
        values = values if every == 1 else values.copy()  # a view would keep the whole window
        parts = self.samples[variable]
        if len(values):
            if parts and parts[-1].first == begin:  # that of look_ahead, now that the step has run
                parts.pop()
            parts.append(_Samples(begin, ids, values))


class Store:
    """Spikes and samples of the present segment.

    Parameters
    ----------
    state : State
        The state, whose recorders say what is recorded.
    """

    def __init__(self, state: Any) -> None:
        self._state = state
        self._ids: dict[tuple[str, str], tuple[set[Any], Int64Array]] = {}
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._kept: dict[str, _Kept] = {}

    def begin(self, population: Any) -> None:
        """Forget what is kept of a population, but for the last samples: its recording begins."""
        before = self._of(population)
        self.forget(population)
        for variable, (ids, values) in before.last.items():
            self._take(population, variable, self._state.step, ids, values)

    def forget(self, population: Any) -> None:
        """Forget what is kept of a population."""
        self._kept.pop(population.key, None)

    def probes(self) -> list[Probe]:
        """Return what a run records besides spikes.

        Raises
        ------
        FrontendError
            If a synaptic current has no register of its own on the chip.
        """
        return [
            Probe(
                _register(population, variable),
                population.key,
                None if len(ids) == population.size else tuple(ids.tolist()),
            )
            for population, variable, ids in self._variables()
        ]

    def add(self, recording: Recording) -> None:
        """Take what a window recorded."""
        dt, first = self._state.dt, recording.first_step
        for population, wanted in self._recorded_spikes():
            if population.key in recording.populations:
                who, steps = recording.ids[population.key], recording.steps[population.key]
                mine = wanted[who]
                times = np.round((steps[mine] + 1.0) * dt, 9)
                self._of(population).spikes.append((who[mine], times))
        for population, variable, ids in self._variables():
            if variable == "v":
                if first == 0:
                    start = _initial(population, variable)[None, ids]
                    self._take(population, variable, 0, ids, start)
                values = _columns(recording, population, "v", ids)
                self._take(population, variable, first + 1, ids, values)
        self.look_ahead(recording)

    def look_ahead(self, recording: Recording) -> None:
        """Take the synaptic currents at the beginning of the steps that a recording has."""
        for population, variable, ids in self._variables():
            if variable == "v":
                continue
            register = _register(population, variable)
            gain = self._symbol(population).receptors[-1 if register == "u" else 0].gain
            unit = 1 / (gain * driving_force(population, _receptor(population, variable)))
            values = _columns(recording, population, register, ids) * unit[ids]
            if recording.first_step == 0:
                values[0] = _initial(population, variable)[ids]
            self._take(population, variable, recording.first_step, ids, values)

    def add_sources(self, drawn: Mapping[str, Drawn]) -> None:
        """Take the spikes of a run's sources before now, by the key of their population."""
        for population, wanted in self._recorded_spikes():
            if population.key in drawn:
                steps, ids, times = drawn[population.key]
                mine = wanted[ids] & (steps < self._state.step)
                self._of(population).spikes.append((ids[mine], times[mine]))

    def spikes(self, population: Any, ids: Int64Array) -> tuple[Int32Array, Float64Array]:
        """Return the neuron and the time (ms) of each spike of some neurons, in order of time."""
        who, times = map(np.concatenate, zip(_NO_SPIKES, *self._of(population).spikes, strict=True))
        if who.size:
            wanted = np.zeros(int(who.max()) + 1, dtype=bool)
            wanted[ids[ids < len(wanted)]] = True
            mine = wanted[who]
            if not mine.all():
                who, times = who[mine], times[mine]
        return who, times

    def counts(self, population: Any, ids: Int64Array) -> Int64Array:
        """Return the number of spikes of some neurons, shape (n_ids,)."""
        who, _ = self.spikes(population, ids)
        return np.bincount(who, minlength=int(ids.max(initial=-1)) + 1)[ids]

    def signal(self, population: Any, variable: str, ids: Int64Array) -> Float64Array:
        """Return the samples of a variable since the start, nan where it was not recorded yet.

        Parameters
        ----------
        population : Population
            The population.
        variable : str
            ``"v"`` (mV), or a synaptic current (nA) under its name in PyNN.
        ids : ndarray of int64, shape (n_ids,)
            Neurons.

        Returns
        -------
        ndarray of float64, shape (n_samples, n_ids)
        """
        kept, every = self._of(population), self._every(population)
        n_samples = (self._state.step - kept.start) // every + 1
        parts = kept.samples[variable]
        ends = np.cumsum([len(part.values) for part in parts]).tolist()
        if (
            [part.first for part in parts] == [0, *ends][:-1]
            and ends[-1:] == [n_samples]
            and all(np.array_equal(part.ids, ids) for part in parts)
        ):
            return np.concatenate([part.values for part in parts])
        found = np.full((n_samples, len(ids)), np.nan)
        for part in parts:
            rows = slice(part.first, part.first + len(part.values))
            column = np.full(population.size, -1)
            column[part.ids] = np.arange(len(part.ids))
            at = column[ids]
            found[rows, at >= 0] = part.values[:, at[at >= 0]]
        return found

    def _take(
        self, population: Any, variable: str, instant: int, ids: Int64Array, values: Any
    ) -> None:
        self._of(population).take(variable, instant, ids, values, self._every(population))

    def _of(self, population: Any) -> _Kept:
        if population.key not in self._kept:
            since = float(population.recorder._recording_start_time)  # ms
            self._kept[population.key] = _Kept(round(since / self._state.dt))
        return self._kept[population.key]

    def _every(self, population: Any) -> int:
        steps: int = round(population.recorder.sampling_interval / self._state.dt)
        return steps

    def _symbol(self, population: Any) -> PopulationSymbol:
        symbols: tuple[PopulationSymbol, ...] = self._state.image.symbols.populations
        (found,) = (item for item in symbols if item.name == population.key)
        return found

    def _recorded(self) -> Iterator[tuple[Any, str, Int64Array]]:
        """Yield each recorded variable of a population, with its neurons in order."""
        for population in self._state.populations:
            for variable, cells in population.recorder.recorded.items():
                if cells:
                    yield population, variable.name, self._indices(population, variable.name, cells)

    def _indices(self, population: Any, variable: str, cells: set[Any]) -> Int64Array:
        """Return the indices of recorded cells; PyNN makes a new set whenever it adds some."""
        known, ids = self._ids.get((population.key, variable), (None, None))
        if known is not cells or ids is None:
            ids = np.sort(np.fromiter(map(int, cells), np.int64)) - int(population.first_id)
            self._ids[population.key, variable] = cells, ids
        return ids

    def _variables(self) -> Iterator[tuple[Any, str, Int64Array]]:
        return (item for item in self._recorded() if item[1] != "spikes")

    def _recorded_spikes(self) -> Iterator[tuple[Any, BoolArray]]:
        """Yield each population whose spikes are recorded, and which of its cells are."""
        for population, variable, ids in self._recorded():
            if variable == "spikes":
                wanted = np.zeros(population.size, dtype=bool)
                wanted[ids] = True
                yield population, wanted


def _receptor(population: Any, variable: str) -> Receptor:
    """Return the receptor whose current a variable is."""
    receptors: tuple[Receptor, ...] = population.celltype.receptors
    (found,) = (item for item in receptors if item.initial == variable)
    return found


def _register(population: Any, variable: str) -> str:
    """Return the variable of the chip that holds a variable of PyNN."""
    if variable == "v":
        return "v"
    first, *others = population.celltype.receptors
    if not others:
        return "u"
    taus = [population._parameters[item.tau] for item in (first, *others)]
    if np.array_equal(taus[0], taus[1]):
        raise FrontendError(
            f"Population {population.label!r}: {variable!r} cannot be recorded, since {first.tau} "
            f"equals {others[0].tau} and the chip adds both currents to one; allowed: different "
            "values, such as 5 and 5.1 ms."
        )
    return "u" if variable == first.initial else "u_child"


def _initial(population: Any, variable: str) -> Float64Array:
    """Return the initial values of a variable of all neurons."""
    return np.asarray(population._initial[variable], dtype=np.float64)


def _columns(recording: Recording, population: Any, variable: str, ids: Int64Array) -> Any:
    """Return the values of a trace, shape (n_steps, n_ids)."""
    trace = recording.trace(population.key, variable)
    if len(trace.ids) == len(ids):
        return trace.values
    return trace.values[:, np.searchsorted(trace.ids, ids)]
