"""Weights of connections that learn: the probes that request them, and what a run recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._support.extras import require
from .._support.ranges import POSITIVE
from .._support.text import counted
from .._support.values import ArrayValue, choice, instance, integer, integers, real, reals, shown
from ..errors import RecordingError
from ..typing import Float64Array, Int64Array
from .probes import Probe, requested

__all__ = [
    "LEARNED_VARIABLES",
    "Sampled",
    "WeightProbe",
    "WeightTrace",
    "checked_weights",
    "resolve_weight_probes",
    "split_record",
]

LEARNED_VARIABLES = ("w", "t", "x1", "x2", "y1", "y2", "y3")
"""Variables of a :class:`WeightProbe`: the weight, the tag, and the traces that a synapse reads."""

_MOST = (1 << 31) - 1  # steps, and groups


@dataclass(frozen=True)
class WeightProbe:
    """A request to record synapses of a connection that learns.

    Samples are taken at the ends of the steps ``every - 1``, ``2 * every - 1``, ... counted from
    step 0, so a run in parts has the samples of a whole one.

    Parameters
    ----------
    connection : str or int
        Name of the connection; or, for an image without symbols, the number of its group in
        ``image.learning.groups``.
    synapses : iterable of int, optional
        Synapses by their position in the connection. Default: all of them.
    every : int
        Steps between two samples, at least 1.
    variable : str
        ``"w"``, the weight; ``"t"``, the tag; or a trace that the synapse reads, ``"x1"``,
        ``"x2"`` of its source and ``"y1"``, ``"y2"``, ``"y3"`` of its target. The reference has no
        tags and traces in steps of the chip: there they are in units of the rule.

    Raises
    ------
    RecordingError
        If a value is not allowed.
    """

    connection: str | int
    synapses: tuple[int, ...] | None = None
    every: int = 1
    variable: str = "w"

    def __post_init__(self) -> None:
        owner, error = "weight probe", RecordingError
        if not isinstance(self.connection, str):
            allowed = "the name of a connection, or the number of a group that learns"
            number = integer(
                owner,
                "connection",
                self.connection,
                at_least=0,
                at_most=_MOST,
                allowed=allowed,
                error=error,
            )
            object.__setattr__(self, "connection", number)
        owner = f"weight probe of {self.connection!r}"
        every = integer(owner, "every", self.every, at_least=1, at_most=_MOST, error=error)
        object.__setattr__(self, "every", every)
        choice(owner, "variable", self.variable, LEARNED_VARIABLES, error=error)
        if self.synapses is not None:
            ids = requested(owner, "synapses", self.synapses, "synapses of the connection")
            object.__setattr__(self, "synapses", ids)


class Sampled(NamedTuple):
    """The synapses that a probe requests, and the steps between its samples."""

    synapses: Int64Array
    every: int

    def steps(self, first: int, n_steps: int) -> Int64Array:
        """Return the steps of a run at whose ends samples are taken."""
        begin = first // self.every * self.every + self.every - 1
        return np.arange(begin, first + n_steps, self.every, dtype=np.int64)


def split_record(record: Any) -> tuple[Any, tuple[WeightProbe, ...]]:
    """Return what a run records of neurons, and the probes of synapses."""
    if isinstance(record, WeightProbe):
        return (), (record,)
    if isinstance(record, (str, Probe, np.ndarray)) or not isinstance(record, Iterable):
        return record, ()
    items = list(record)
    mine = tuple(item for item in items if isinstance(item, WeightProbe))
    return [item for item in items if not isinstance(item, WeightProbe)], mine


def resolve_weight_probes(
    probes: Iterable[WeightProbe],
    sizes: Mapping[str, int],
    variables: Mapping[str, Iterable[str]],
) -> dict[tuple[str, str], Sampled]:
    """Return the recorded synapses by (connection, variable).

    Parameters
    ----------
    probes : iterable of WeightProbe
        The probes.
    sizes : dict of str to int
        Numbers of synapses of the connections that learn, by name, in the order of their groups.
    variables : dict of str to iterable of str
        Variables of each that can be recorded.

    Raises
    ------
    RecordingError
        If a connection does not exist or does not learn, a synapse or a variable does not exist,
        or one is requested twice.
    """
    resolved: dict[tuple[str, str], Sampled] = {}
    for probe in probes:
        name = probe.connection
        if isinstance(name, int) and name < len(sizes):
            name = list(sizes)[name]
        if not isinstance(name, str) or name not in sizes:
            listed = ", ".join(map(repr, sizes)) or "none"
            raise RecordingError(
                f"record: no connection {shown(name)} that learns; there is {listed}. Give the "
                "connection a rule, with plasticity=STDP(...)."
            )
        known = tuple(variables[name])
        if probe.variable not in known:
            raise RecordingError(
                f"record: {probe.variable!r} of connection {name!r}; its rule has "
                f"{', '.join(map(repr, known))}."
            )
        size = sizes[name]
        ids = np.arange(size)
        if probe.synapses is not None:
            ids = np.array(probe.synapses, dtype=np.int64)
        if ids.size and not (ids.min() >= 0 and ids.max() < size):
            worst = ids.min() if ids.min() < 0 else ids.max()
            raise RecordingError(
                f"record: synapse {worst} of connection {name!r}; allowed: 0 to {size - 1}."
            )
        if (name, probe.variable) in resolved:
            raise RecordingError(
                f"record: {probe.variable!r} of connection {name!r} is requested twice; allowed: "
                "once. Join the synapses into one probe."
            )
        resolved[name, probe.variable] = Sampled(ids.astype(np.int64), probe.every)
    return resolved


@dataclass(frozen=True, eq=False)
class WeightTrace(ArrayValue):
    """Values of some synapses of a connection that learns, at the ends of some steps.

    Parameters
    ----------
    synapses : ndarray of int64, shape (n_synapses,)
        Synapses by their position in the connection.
    steps : ndarray of int64, shape (n_samples,)
        Steps at whose ends the samples were taken; rising.
    values : ndarray, shape (n_samples, n_synapses)
        float64 in ``unit``, or int32 register values.
    unit : str
        ``"mV"`` or ``"nA"``, as the weights of the connection have; ``"1"``, a trace of the
        reference; or ``"LSB"``, steps of the register.
    dt : float, ms
        Length of a step, as of the recording.

    Raises
    ------
    RecordingError
        If shapes differ, or a value is not allowed.
    """

    synapses: Int64Array
    steps: Int64Array
    values: Any
    unit: str
    dt: float

    def __post_init__(self) -> None:
        owner, error = "weight trace", RecordingError
        synapses = integers(owner, "synapses", self.synapses, error=error)
        steps = integers(owner, "steps", self.steps, error=error)
        allowed = "numbers, a row for each step and a column for each synapse"
        values = reals(owner, "values", self.values, "", allowed=allowed, error=error)
        if synapses.ndim != 1 or steps.ndim != 1 or values.shape != (len(steps), len(synapses)):
            raise RecordingError(
                f"{owner}: synapses have shape {synapses.shape}, steps {steps.shape} and values "
                f"{values.shape}; allowed: {allowed}."
            )
        if (np.diff(steps) <= 0).any():
            raise RecordingError(f"{owner}: steps = {shown(steps)}; allowed: rising numbers.")
        instance(owner, "unit", self.unit, str, "a string, such as 'mV'", error=error)
        dt = real(owner, "dt", self.dt, "ms", POSITIVE, error=error)
        for name, value in (
            ("synapses", synapses),
            ("steps", steps),
            ("values", values),
            ("dt", dt),
        ):
            object.__setattr__(self, name, value)

    @property
    def times(self) -> Float64Array:
        """Sampling times in ms, the ends of the steps, shape (n_samples,)."""
        times: Float64Array = (self.steps + 1).astype(np.float64) * self.dt
        return times

    def to_pandas(self) -> Any:
        """Return the values as a ``pandas.DataFrame``: a row for each synapse and sample.

        Its columns are ``synapse``, ``time`` (ms) and ``value``; ``attrs["units"]`` names the
        units.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        pandas = require("pandas", "notebook", "WeightTrace.to_pandas")
        frame = pandas.DataFrame(
            {
                "synapse": np.repeat(self.synapses, len(self.steps)),
                "time": np.tile(self.times, len(self.synapses)),
                "value": self.values.T.ravel(),
            }
        )
        frame.attrs["units"] = {"time": "ms", "value": self.unit}
        return frame

    def __repr__(self) -> str:
        samples, columns = self.values.shape
        return (
            f"WeightTrace({counted(columns, 'synapse')}, {counted(samples, 'sample')}, {self.unit})"
        )


def checked_weights(synaptic: Mapping[Any, Any], dt: float, first: int, n_steps: int) -> None:
    """Raise unless the traces of synapses belong to a recording.

    Parameters
    ----------
    synaptic, dt, first, n_steps
        As in :class:`~neurochip.Recording`.

    Raises
    ------
    RecordingError
        If a key is no (connection, variable), or a trace is not of the steps of the recording.
    """
    for key, trace in synaptic.items():
        pair = isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], str)
        if not pair or key[1] not in LEARNED_VARIABLES:
            raise RecordingError(
                f"recording: synaptic has the key {shown(key)}; allowed: (connection, variable)."
            )
        owner = f"recording: {key[1]!r} of connection {key[0]!r}"
        instance(owner, "trace", trace, WeightTrace, "a WeightTrace", error=RecordingError)
        inside = not len(trace.steps) or first <= trace.steps[0] <= trace.steps[-1] < (
            first + n_steps
        )
        if trace.dt != dt or not inside:
            raise RecordingError(
                f"{owner} has steps of {trace.dt:g} ms, {shown(trace.steps)}; allowed: steps of "
                f"{dt:g} ms, {first} to {first + n_steps - 1}."
            )
