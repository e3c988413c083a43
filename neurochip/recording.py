"""What came back from a run: spikes, traces and counters, whichever engine made them."""

from __future__ import annotations

import json
import operator
import os
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ._array_value import ArrayValue
from ._npz import read_npz, reason, write_npz
from .errors import RecordingError
from .typing import Float64Array, Int32Array, Int64Array

__all__ = ["Probe", "Recording", "Trace", "resolve_probes"]

_KIND, _VERSION = "recording", 1


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
        If the ids are not integers.
    """

    variable: str
    population: str | None = None
    ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.ids is None:
            return
        try:
            object.__setattr__(self, "ids", tuple(operator.index(i) for i in self.ids))
        except TypeError:
            raise RecordingError(
                f"probe of {self.variable!r}: ids = {reprlib.repr(self.ids)}; allowed: a list of "
                "integers, neurons within the population."
            ) from None


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
        ``"mV"``, ``"mV per step"`` or ``"LSB"``.
    """

    ids: Int32Array
    values: Any
    unit: str


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
        if key not in self.traces:
            recorded = ", ".join(f"{v!r} of {p!r}" for p, v in self.traces) or "no traces"
            raise RecordingError(
                f"recording: {variable!r} of {population!r} was not recorded; it holds {recorded}. "
                f"Pass record=[{variable!r}] to the run."
            )
        return self.traces[key]

    def trace_times(self) -> Float64Array:
        """End of every step in ms, shape (n_steps,): when a trace was sampled."""
        ends = self.first_step + 1 + np.arange(self.n_steps, dtype=np.float64)
        times: Float64Array = ends * self.dt
        return times

    def _known(self, population: str) -> str:
        if population not in self.populations:
            known = ", ".join(repr(name) for name in self.populations)
            raise RecordingError(f"recording: no population {population!r}; there are {known}.")
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
    if isinstance(record, (str, Probe)):
        record = (record,)
    resolved: dict[tuple[str, str], Int32Array] = {}
    for item in record:
        probe = item if isinstance(item, Probe) else Probe(item)
        if probe.variable not in variables:
            raise RecordingError(
                f"record: variable {probe.variable!r}; this engine records "
                f"{', '.join(repr(v) for v in variables)} (spikes are always recorded)."
            )
        if probe.population is not None and probe.population not in populations:
            known = ", ".join(repr(name) for name in populations)
            raise RecordingError(f"record: no population {probe.population!r}; there are {known}.")
        for name in populations if probe.population is None else (probe.population,):
            ids = np.arange(populations[name]) if probe.ids is None else np.array(probe.ids, int)
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
