"""What came back from a run: spikes, traces and counters, whichever engine made them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ._npz import read_npz, reason, write_npz
from ._values import (
    ArrayValue,
    check_name,
    check_size,
    instance,
    integer,
    integers,
    items,
    real,
    reals,
    shown,
)
from .errors import RecordingError
from .typing import Float64Array, Int32Array, Int64Array

__all__ = ["Probe", "Recording", "Trace", "as_probes", "resolve_probes"]

_KIND, _VERSION = "recording", 1
_MOST_STEPS = 1 << 62


@dataclass(frozen=True)
class Probe:
    """What to record beside spikes, which are always recorded.

    Parameters
    ----------
    variable : str
        ``"v"``, or ``"u"`` on the chip.
    population : str, optional
        Default: every population.
    ids : iterable of int, optional
        Neurons within the population. Default: all of them.

    Raises
    ------
    RecordingError
        If the ids are not integers, or a name is no string.
    """

    variable: str
    population: str | None = None
    ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        allowed = "a string, such as 'v'"
        instance("probe", "variable", self.variable, str, allowed, error=RecordingError)
        owner = f"probe of {self.variable!r}"
        if self.population is not None:
            allowed = "the name of a population"
            instance(owner, "population", self.population, str, allowed, error=RecordingError)
        if self.ids is None:
            return
        allowed = "a list of integers, neurons within the population"
        given = tuple(self.ids) if isinstance(self.ids, Iterator) else self.ids
        ids = integers(owner, "ids", given, allowed=allowed, error=RecordingError)
        if ids.ndim != 1:
            raise RecordingError(f"{owner}: ids = {shown(given)}; allowed: {allowed}.")
        object.__setattr__(self, "ids", tuple(ids.tolist()))


@dataclass(frozen=True, eq=False)
class Trace(ArrayValue):
    """Values of one variable of some neurons of a population at the end of every step.

    Parameters
    ----------
    ids : ndarray of int32, shape (n_ids,)
        Neurons within the population.
    values : ndarray, shape (n_steps, n_ids)
        float64 in ``unit``, or int32 register values where an image has no symbols.
    unit : str
        ``"mV"``, ``"nA"``, ``"mV per step"`` or ``"LSB"``.

    Raises
    ------
    RecordingError
        If the ids are no integers, or the values do not have a column for each.
    """

    ids: Int32Array
    values: Any
    unit: str

    def __post_init__(self) -> None:
        ids = integers("trace", "ids", self.ids, error=RecordingError)
        allowed = "numbers, a row for each step and a column for each neuron"
        values = reals("trace", "values", self.values, "", allowed=allowed, error=RecordingError)
        if ids.ndim != 1 or values.ndim != 2 or values.shape[1] != len(ids):
            raise RecordingError(
                f"trace: ids have shape {ids.shape} and values {values.shape}; allowed: {allowed}."
            )
        instance("trace", "unit", self.unit, str, "a string, such as 'mV'", error=RecordingError)
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording(ArrayValue):
    """The only output of an engine.

    Parameters
    ----------
    label : str
        What ran: the engine and, for the chip, the digest of the image.
    dt : float, ms
        Length of a step (1.0 where an image has no symbols: times are then in steps).
    first_step, n_steps : int
        The steps that were run; a continued run does not begin at 0.
    populations : dict of str to int
        Sizes by name.
    steps, ids : dict of str to ndarray of int32
        For each population the step (counted from the beginning of the first run) and the neuron
        of every spike, sorted by step, then neuron.
    traces : dict of (population, variable) to Trace
        What the probes asked for.
    counters : dict of str to int
        What the engine counted in these steps.

    Raises
    ------
    RecordingError
        If the parts do not belong together, or a number is not allowed.
    """

    label: str
    dt: float
    first_step: int
    n_steps: int
    populations: Mapping[str, int]
    steps: Mapping[str, Int32Array]
    ids: Mapping[str, Int32Array]
    traces: Mapping[tuple[str, str], Trace] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        instance("recording", "label", self.label, str, "a string", error=RecordingError)
        dt = real("recording", "dt", self.dt, "ms", above=0.0, error=RecordingError)
        object.__setattr__(self, "dt", dt)
        for name in ("first_step", "n_steps"):
            value = getattr(self, name)
            value = integer(
                "recording", name, value, at_least=0, at_most=_MOST_STEPS, error=RecordingError
            )
            object.__setattr__(self, name, value)
        for part in ("populations", "steps", "ids", "traces", "counters"):
            parts, each = getattr(self, part), part in {"steps", "ids"}
            known = isinstance(parts, Mapping)
            if not known or (each and parts.keys() != self.populations.keys()):
                allowed = "a dict with an entry for each population" if each else "a dict"
                raise RecordingError(f"recording: {part} = {shown(parts)}; allowed: {allowed}.")
        steps, ids = {}, {}
        for name, size in self.populations.items():
            check_name("recording", name, RecordingError)
            check_size(f"recording of {name!r}", size, RecordingError)
            steps[name], ids[name] = self._train(name, size)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "ids", ids)
        for key, trace in self.traces.items():
            self._check_trace(key, trace)
        for name, count in self.counters.items():
            integer("recording counters", name, count, at_least=0, error=RecordingError)

    def _train(self, name: str, size: int) -> tuple[Any, Any]:
        """Return the spikes of a population, if they may be so."""
        owner, stop = f"recording of {name!r}", self.first_step + self.n_steps
        steps = integers(owner, "steps", self.steps[name], error=RecordingError)
        ids = integers(owner, "ids", self.ids[name], error=RecordingError)
        if steps.ndim != 1 or steps.shape != ids.shape:
            raise RecordingError(
                f"{owner}: steps have shape {steps.shape} and ids {ids.shape}; allowed: two "
                "one-dimensional arrays of one length, one entry per spike."
            )
        if len(steps):
            rises = not (steps[1:] < steps[:-1]).any()
            if not (rises and steps[0] >= self.first_step and steps[-1] < stop):
                raise RecordingError(
                    f"{owner}: steps = {shown(steps)}; allowed: from {self.first_step} to "
                    f"{stop - 1}, never falling."
                )
            integers(owner, "ids", ids, low=0, high=size - 1, error=RecordingError)
        return steps, ids

    def _check_trace(self, key: Any, trace: Any) -> None:
        pair = isinstance(key, tuple) and len(key) == 2 and isinstance(key[1], str)
        if not pair or not isinstance(key[0], str) or key[0] not in self.populations:
            raise RecordingError(
                f"recording: a trace is that of {shown(key)}; allowed: (population, variable)."
            )
        owner = f"recording: trace {key[1]!r} of {key[0]!r}"
        if not isinstance(trace, Trace) or len(trace.values) != self.n_steps:
            raise RecordingError(
                f"{owner} is {shown(trace)}; allowed: a Trace with {self.n_steps} rows, one for "
                "each step."
            )
        high = self.populations[key[0]] - 1
        integers(owner, "ids", trace.ids, low=0, high=high, error=RecordingError)

    @property
    def duration(self) -> float:
        """Length of the run in ms."""
        return self.n_steps * self.dt

    @property
    def n_spikes(self) -> int:
        """Spikes of all populations."""
        return sum(len(ids) for ids in self.ids.values())

    def times(self, population: str) -> Float64Array:
        """Time of every spike in ms: the beginning of its step, as in Brian2."""
        times: Float64Array = self.steps[self._known(population)].astype(np.float64) * self.dt
        return times

    def counts(self, population: str) -> Int64Array:
        """Spikes of each neuron, shape (size,)."""
        size = self.populations[self._known(population)]
        return np.bincount(self.ids[population], minlength=size).astype(np.int64)

    def rates(self, population: str) -> Float64Array:
        """Mean rate of each neuron in Hz, shape (size,)."""
        return self.counts(population) / (self.duration / 1000.0)

    def trace(self, population: str, variable: str = "v") -> Trace:
        """Return a recorded trace.

        Raises
        ------
        RecordingError
            If it was not recorded.
        """
        key = (self._known(population), variable)
        if not isinstance(variable, str) or key not in self.traces:
            recorded = ", ".join(f"{v!r} of {p!r}" for p, v in self.traces) or "no traces"
            raise RecordingError(
                f"recording: {shown(variable)} of {population!r} was not recorded; it holds "
                f"{recorded}. Pass record=[{shown(variable)}] to the run."
            )
        return self.traces[key]

    def trace_times(self) -> Float64Array:
        """End of every step in ms, shape (n_steps,): when a trace was sampled."""
        ends = self.first_step + 1 + np.arange(self.n_steps, dtype=np.float64)
        times: Float64Array = ends * self.dt
        return times

    def _known(self, population: str) -> str:
        if not isinstance(population, str) or population not in self.populations:
            known = ", ".join(repr(name) for name in self.populations)
            raise RecordingError(
                f"recording: no population {shown(population)}; there are {known}."
            )
        return population

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the recording to an ``.npz`` file, all or nothing, and return its path."""
        names, keys = list(self.populations), list(self.traces)
        meta = {
            "label": self.label,
            "dt": self.dt,
            "first_step": self.first_step,
            "n_steps": self.n_steps,
            "populations": [[name, int(self.populations[name])] for name in names],
            "traces": [[*key, self.traces[key].unit] for key in keys],
            "counters": {key: int(value) for key, value in self.counters.items()},
        }
        arrays: dict[str, Any] = {"meta": np.array(json.dumps(meta))}
        for index, name in enumerate(names):
            arrays[f"steps_{index}"], arrays[f"ids_{index}"] = self.steps[name], self.ids[name]
        for index, key in enumerate(keys):
            arrays[f"trace_ids_{index}"] = self.traces[key].ids
            arrays[f"trace_values_{index}"] = self.traces[key].values
        return write_npz(path, _KIND, _VERSION, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recording:
        """Read a file written by :meth:`save`.

        Raises
        ------
        RecordingError
            If the file is missing, damaged, foreign or too new.
        """
        arrays, _ = read_npz(path, _KIND, _VERSION, RecordingError)
        try:
            meta = json.loads(str(arrays["meta"]))
            names = [name for name, _ in meta["populations"]]
            return cls(
                label=meta["label"],
                dt=meta["dt"],
                first_step=meta["first_step"],
                n_steps=meta["n_steps"],
                populations=dict(meta["populations"]),
                steps={name: arrays[f"steps_{i}"] for i, name in enumerate(names)},
                ids={name: arrays[f"ids_{i}"] for i, name in enumerate(names)},
                traces={
                    (population, variable): Trace(
                        arrays[f"trace_ids_{i}"], arrays[f"trace_values_{i}"], unit
                    )
                    for i, (population, variable, unit) in enumerate(meta["traces"])
                },
                counters=meta["counters"],
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise RecordingError(
                f"{path}: a damaged recording ({reason(problem)}); run it again."
            ) from None

    def __repr__(self) -> str:
        return (
            f"Recording({self.label}, {self.n_steps} steps of {self.dt:g} ms, "
            f"{self.n_spikes} spikes)"
        )


def as_probes(record: Any, variables: tuple[str, ...]) -> list[Probe]:
    """Return what a user asked to record as probes; a string is a variable of all populations.

    Raises
    ------
    RecordingError
        If it is no list, or asks for other than the ``variables``.
    """
    asked = (record,) if isinstance(record, (str, Probe)) else record
    listed = ", ".join(repr(variable) for variable in variables)
    allowed = f"a list of {listed} and Probe(...)"
    probes = []
    for item in items("run", "record", asked, allowed, error=RecordingError):
        probe = item if isinstance(item, Probe) else None
        variable = item if probe is None else probe.variable
        if not isinstance(variable, str) or variable not in variables:
            raise RecordingError(
                f"record: variable {shown(variable)}; this engine records {listed} (spikes are "
                "always recorded)."
            )
        probes.append(Probe(variable) if probe is None else probe)
    return probes


def resolve_probes(
    record: Iterable[str | Probe], populations: Mapping[str, int], variables: tuple[str, ...]
) -> dict[tuple[str, str], Int32Array]:
    """Turn what a user asked to record into neuron ids by (population, variable).

    Parameters
    ----------
    record : iterable of str or Probe
        A string is a variable of all populations.
    populations : dict of str to int
        Sizes by name.
    variables : tuple of str
        What the engine can record.

    Raises
    ------
    RecordingError
        If a variable, a population or a neuron does not exist, or is asked for twice.
    """
    resolved: dict[tuple[str, str], Int32Array] = {}
    for probe in as_probes(record, variables):
        if probe.population is not None and probe.population not in populations:
            known = ", ".join(repr(name) for name in populations)
            raise RecordingError(f"record: no population {probe.population!r}; there are {known}.")
        for name in populations if probe.population is None else (probe.population,):
            ids = np.arange(populations[name])
            if probe.ids is not None:
                ids = integers("record", "ids", probe.ids, error=RecordingError)
            if ids.size and not (ids.min() >= 0 and ids.max() < populations[name]):
                worst = ids.min() if ids.min() < 0 else ids.max()
                raise RecordingError(
                    f"record: neuron {worst} of {name!r}; allowed: 0 to {populations[name] - 1}."
                )
            if (name, probe.variable) in resolved:
                raise RecordingError(
                    f"record: {probe.variable!r} of {name!r} is asked for twice; allowed: once. "
                    "Join the ids into one probe."
                )
            resolved[name, probe.variable] = ids.astype(np.int32)
    return resolved
