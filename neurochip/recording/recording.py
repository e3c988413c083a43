"""Results of a run on any engine: spikes, traces and counters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .._support.npz import read_npz, write_npz
from .._support.ranges import POSITIVE
from .._support.text import counted
from .._support.values import (
    ArrayValue,
    check_name,
    check_size,
    instance,
    integer,
    integers,
    real,
    shown,
)
from ..errors import RecordingError
from ..typing import Float64Array, Int32Array, Int64Array
from .files import arrays_of, parts_in
from .origin import Origin
from .payloads import checked_payloads
from .tables import spike_table, trace_dataset, trace_table
from .trace import MOST_STEPS, Trace
from .weights import WeightTrace, checked_weights

__all__ = ["Recording"]

_KIND, _VERSION = "recording", 2
_DICTS = (
    *("populations", "steps", "ids", "payloads", "traces", "counters", "overflows"),
    *("synaptic", "learning"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording(ArrayValue):
    """The result of a run.

    Parameters
    ----------
    label : str
        Name of the engine and, for the chip, the digest of the image.
    dt : float, ms
        Length of a step (1.0 if the image has no symbols; times are then in steps).
    first_step, n_steps : int
        First step and number of steps of the run; a continued run does not begin at step 0.
    populations : dict of str to int
        Sizes of the populations by name.
    steps, ids : dict of str to ndarray of int32
        For each population the step (counted from the beginning of the first run) and the neuron
        of every spike, sorted by step, then neuron.
    payloads : dict of str to ndarray of int32
        Graded spikes: the payload of every spike, in the order of ``steps`` and ``ids``, never 0.
        Populations with plain spikes have no entry.
    several : frozenset of str
        Populations whose payloads are numbers of spikes, as of a :class:`~neurochip.LIF` with
        ``spikes_per_step="many"``. Only their payloads are counted by :meth:`counts` and
        :meth:`rates`.
    traces : dict of (population, variable) to Trace
        Traces that the probes requested.
    counters : dict of str to int
        Numbers of events that the engine counted in these steps.
    overflows : dict of str to dict of str to int
        The registers that wrapped or clipped: for each population the counters above 0, by name. A
        counter of child compartments begins with ``child_``; compartments of no population have
        the key ``""``. Empty if nothing overflowed.
    synaptic : dict of (connection, variable) to WeightTrace
        Weights, tags and traces that the probes of connections that learn requested.
    learning : dict of str to dict of str to int
        For each connection that learns: ``events``, its synapses of each spike of either side;
        ``traces``, ``accumulators`` and ``weights``, how often one was beyond its limits;
        ``spikes``, those of either side that taught; and ``repeated``, those of an input in a step
        with an earlier one of their source, which taught nothing.
    origin : Origin or None
        Where the recording comes from: the kind of its run, the digest of its stimulus and the
        coupling of its neurons. None if it is not known, as for imported spikes and older files.

    Raises
    ------
    RecordingError
        If the parts are inconsistent, or a number is not allowed.
    """

    label: str
    dt: float
    first_step: int
    n_steps: int
    populations: Mapping[str, int]
    steps: Mapping[str, Int32Array]
    ids: Mapping[str, Int32Array]
    payloads: Mapping[str, Int32Array] = field(default_factory=dict)
    several: frozenset[str] = frozenset()
    traces: Mapping[tuple[str, str], Trace] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    overflows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    synaptic: Mapping[tuple[str, str], WeightTrace] = field(default_factory=dict)
    learning: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    origin: Origin | None = None

    def __post_init__(self) -> None:
        instance("recording", "label", self.label, str, "a string", error=RecordingError)
        dt = real("recording", "dt", self.dt, "ms", POSITIVE, error=RecordingError)
        object.__setattr__(self, "dt", dt)
        for name, least in (("first_step", 0), ("n_steps", 1)):
            value = integer(
                "recording",
                name,
                getattr(self, name),
                at_least=least,
                at_most=MOST_STEPS,
                error=RecordingError,
            )
            object.__setattr__(self, name, value)
        for part in _DICTS:
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
        payloads, several = checked_payloads(self.payloads, self.several, ids)
        object.__setattr__(self, "payloads", payloads)
        object.__setattr__(self, "several", several)
        for key, trace in self.traces.items():
            self._check_trace(key, trace)
        checked_weights(self.synaptic, self.dt, self.first_step, self.n_steps)
        groups = {f"overflows of {name!r}": counts for name, counts in self.overflows.items()}
        groups |= {f"learning of {name!r}": counts for name, counts in self.learning.items()}
        for part, counts in {"counters": self.counters, **groups}.items():
            if not isinstance(counts, Mapping):
                raise RecordingError(f"recording: {part} = {shown(counts)}; allowed: a dict.")
            for name, count in counts.items():
                integer(f"recording {part}", name, count, at_least=0, error=RecordingError)
        if self.origin is not None:
            allowed = "an Origin, or None"
            instance("recording", "origin", self.origin, Origin, allowed, error=RecordingError)

    @classmethod
    def of_run(cls, **parts: Any) -> Recording:
        """Return a recording from all of its parts, without checks, for engines.

        The checks would take a third of the time of a short run; tests assert that the parts of
        every engine pass them.
        """
        recording = object.__new__(cls)
        later: dict[str, Any] = {
            "payloads": {},
            "several": frozenset(),
            "synaptic": {},
            "learning": {},
        }
        vars(recording).update({**later, **parts})
        return recording

    def _train(self, name: str, size: int) -> tuple[Any, Any]:
        """Return the spikes of a population, or raise if they are invalid."""
        owner, stop = f"recording of {name!r}", self.first_step + self.n_steps
        steps = integers(owner, "steps", self.steps[name], error=RecordingError)
        ids = integers(owner, "ids", self.ids[name], error=RecordingError)
        if steps.ndim != 1 or steps.shape != ids.shape:
            raise RecordingError(
                f"{owner}: steps have shape {steps.shape} and ids {ids.shape}; allowed: two "
                "one-dimensional arrays of equal length, one entry per spike."
            )
        if len(steps):
            if steps.min() < self.first_step or steps.max() >= stop:
                raise RecordingError(
                    f"{owner}: steps = {shown(steps)}; allowed: {self.first_step} to {stop - 1}."
                )
            integers(owner, "ids", ids, low=0, high=size - 1, error=RecordingError)
            same = steps[1:] == steps[:-1]
            if ((steps[1:] < steps[:-1]) | (same & (ids[1:] <= ids[:-1]))).any():
                raise RecordingError(
                    f"{owner}: its spikes are not sorted by step, then neuron, or one occurs twice."
                )
        return steps, ids

    def _check_trace(self, key: Any, trace: Any) -> None:
        pair = isinstance(key, tuple) and len(key) == 2 and isinstance(key[1], str)
        if not pair or not isinstance(key[0], str) or key[0] not in self.populations:
            raise RecordingError(
                f"recording: a trace has the key {shown(key)}; allowed: (population, variable)."
            )
        owner = f"recording: trace {key[1]!r} of {key[0]!r}"
        if not isinstance(trace, Trace) or len(trace.values) != self.n_steps:
            raise RecordingError(
                f"{owner} is {shown(trace)}; allowed: a Trace with {self.n_steps} rows, one for "
                "each step."
            )
        high = self.populations[key[0]] - 1
        integers(owner, "ids", trace.ids, low=0, high=high, error=RecordingError)
        if (trace.dt, trace.first_step) != (self.dt, self.first_step):
            raise RecordingError(
                f"{owner} has steps of {trace.dt:g} ms from step {trace.first_step}; allowed: the "
                f"recording's, of {self.dt:g} ms from step {self.first_step}."
            )

    @property
    def duration(self) -> float:
        """Length of the run in ms."""
        return self.n_steps * self.dt

    @property
    def n_spikes(self) -> int:
        """Number of spikes of all populations; those of :meth:`counts`."""
        return sum(
            int(self.numbers(name).sum()) if name in self.several else len(ids)
            for name, ids in self.ids.items()
        )

    def times(self, population: str) -> Float64Array:
        """Return the time of every spike in ms: the beginning of its step, as in Brian2."""
        times: Float64Array = self.steps[self._known(population)].astype(np.float64) * self.dt
        return times

    def counts(self, population: str) -> Int64Array:
        """Return the number of spikes of each neuron, shape (size,).

        A graded spike counts once, unless payloads are numbers of spikes (``several``).
        """
        size = self.populations[self._known(population)]
        numbers = self.numbers(population) if population in self.several else None
        return np.bincount(self.ids[population], numbers, minlength=size).astype(np.int64)

    def numbers(self, population: str) -> Int32Array:
        """Return how many spikes each entry of ``steps`` and ``ids`` is, as ``counts`` counts them.

        1, or the payload where payloads are numbers of spikes (``several``).
        """
        if self._known(population) in self.several:
            return self.payloads[population]
        return np.ones(len(self.ids[population]), dtype=np.int32)

    def rates(self, population: str) -> Float64Array:
        """Return the mean rate of each neuron in Hz, shape (size,)."""
        return self.counts(population) / (self.duration / 1000.0)

    def trace(self, population: str, variable: str = "v") -> Trace:
        """Return a recorded trace.

        Raises
        ------
        RecordingError
            If the variable was not recorded.
        """
        key = (self._known(population), variable)
        if not isinstance(variable, str) or key not in self.traces:
            raise RecordingError(self._lacks(variable, repr(population)))
        return self.traces[key]

    @property
    def weights(self) -> dict[str, WeightTrace]:
        """The weights that probes requested, by connection."""
        return {name: trace for (name, variable), trace in self.synaptic.items() if variable == "w"}

    def spike_trains(self, population: str) -> list[Float64Array]:
        """Return the spike times of each neuron in ms, as one array for each neuron.

        A graded spike is one time, whatever its payload.
        """
        size, ids = self.populations[self._known(population)], self.ids[population]
        counts = np.bincount(ids, minlength=size)
        times = self.times(population)[np.argsort(ids, kind="stable")]
        return np.split(times, np.cumsum(counts)[:-1])

    def to_pandas(self, variable: str | None = None) -> Any:
        """Return the spikes, or the traces of a variable, as a ``pandas.DataFrame``.

        Parameters
        ----------
        variable : str, optional
            Variable whose traces are wanted, such as ``"v"``. Default: the spikes.

        Returns
        -------
        pandas.DataFrame
            A row for each spike: ``population``, ``neuron`` and ``time`` (ms), and ``payload`` if a
            population has graded spikes. With a variable, a row for each recorded neuron and step,
            which also has the value. ``attrs["units"]`` names the units.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        RecordingError
            If the variable was not recorded.
        """
        if variable is None:
            spikes = {name: (self.ids[name], self.times(name)) for name in self.ids}
            return spike_table(spikes, self.payloads)
        named = isinstance(variable, str)
        found = {name: t for (name, v), t in self.traces.items() if named and v == variable}
        if not found:
            raise RecordingError(self._lacks(variable, "any population"))
        return trace_table(found, variable)

    def to_xarray(self, population: str | None = None) -> Any:
        """Return the traces of a population as a ``xarray.Dataset``.

        Parameters
        ----------
        population : str, optional
            Name of the population; needed if several have traces.

        Returns
        -------
        xarray.Dataset
            An array for each recorded variable, with the dimensions ``time`` (ms) and ``neuron``
            and its unit as attribute ``units``. If variables were recorded of different neurons,
            missing values are NaN.

        Raises
        ------
        MissingExtraError
            If xarray is not installed.
        RecordingError
            If the population has no traces, or several have traces and none is named.
        """
        recorded = list(dict.fromkeys(name for name, _ in self.traces))
        if population is None:
            if len(recorded) > 1:
                raise RecordingError(
                    f"recording: to_xarray needs the name of a population; traces were recorded of "
                    f"{', '.join(map(repr, recorded))}."
                )
            population = recorded[0] if recorded else next(iter(self.populations))
        found = {v: t for (name, v), t in self.traces.items() if name == self._known(population)}
        if not found:
            raise RecordingError(self._lacks("v", repr(population)))
        return trace_dataset(found, {"population": population, "label": self.label, "dt": self.dt})

    def _lacks(self, variable: Any, population: str) -> str:
        """Return the message about a trace that was not recorded."""
        recorded = ", ".join(f"{v!r} of {p!r}" for p, v in self.traces) or "no traces"
        return (
            f"recording: {shown(variable)} of {population} was not recorded; it holds {recorded}. "
            f"Pass record=[{shown(variable)}] to the run."
        )

    def _known(self, population: str) -> str:
        if not isinstance(population, str) or population not in self.populations:
            known = ", ".join(repr(name) for name in self.populations)
            raise RecordingError(
                f"recording: no population {shown(population)}; there are {known}."
            )
        return population

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the recording atomically to an ``.npz`` file and return its path.

        Raises
        ------
        FileError
            If the file cannot be written.
        """
        return write_npz(path, _KIND, _VERSION, arrays_of(vars(self)))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recording:
        """Read a file written by :meth:`save`.

        Raises
        ------
        RecordingError
            If the file is missing, damaged, of another kind or too new, or its values are
            invalid.
        """
        with read_npz(path, _KIND, _VERSION, RecordingError, "run it again") as file:
            return cls(**parts_in(file))

    def __repr__(self) -> str:
        return (
            f"Recording({self.label}, {counted(self.n_steps, 'step')} of {self.dt:g} ms, "
            f"{counted(self.n_spikes, 'spike')})"
        )
