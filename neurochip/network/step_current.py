"""Currents that change in steps: as an input of a network, and as a part of a stimulus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.current_digest import current_digest
from .._support.grid import GRID_TOLERANCE, LAST_STEP
from .._support.values import (
    ArrayValue,
    check_name,
    check_size,
    instance,
    quantity,
    read_only,
    reals,
)
from ..errors import NetworkError, NeurochipError, StimulusError
from ..typing import Float64Array, Int64Array
from .neurons import Population
from .plausible import check_current

__all__ = [
    "StepCurrent",
    "Waveform",
    "check_times",
    "steps_of_changes",
    "total_current",
    "waveforms_for",
]


@dataclass(frozen=True, eq=False)
class StepCurrent(ArrayValue):
    """A current into every neuron of a population that changes in steps.

    It adds to the ``i_offset`` of the neurons and to their constant currents; several currents add
    up. It is 0 before its first time. In a run with a time step dt, an amplitude acts from the
    first step on that begins at its time or later, until the step of the next one: step n begins at
    ``n dt``, and a time at most 0.1 % of a step after it still counts as that. This is the rule of
    Brian2's ``TimedArray`` and of the current generators of NEST and PyNN.

    The compiler leaves room for the smallest and the largest amplitude, and expects their mean over
    time, where the last amplitude lasts for the mean of the intervals before it. A stimulus may
    replace the amplitudes by others (:class:`neurochip.Stimulus`), for instance where they become
    known only after the compilation.

    Parameters
    ----------
    target : Population
        The neurons.
    times : array_like of float, shape (n_changes,), ms
        Times of the changes, at least 0, each later than the one before.
    amplitudes : array_like of float, shape (n_changes,) or (n_changes, size), nA
        The current from each time on, into all neurons or into each neuron.

    Raises
    ------
    NetworkError
        If there is no change, a shape or a value is not allowed, or the times do not increase.

    Examples
    --------
    >>> from neurochip import LIF, Population
    >>> StepCurrent(Population("cells", 3, LIF()), times=[20.0, 60.0], amplitudes=[0.5, 0.0])
    StepCurrent('cells', <2 changes>, 0 to 0.5 nA)
    """

    target: Population
    times: Any
    amplitudes: Any

    def __post_init__(self) -> None:
        name, allowed = "step current", "a Population(...)"
        instance(name, "target", self.target, Population, allowed, error=NetworkError)
        owner = f"{name} into {self.target.name!r}"
        times, amplitudes = _checked(
            owner, self.times, self.amplitudes, self.target.size, NetworkError
        )
        check_current(owner, self.target.model, amplitudes[amplitudes != 0])
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "amplitudes", amplitudes)

    @property
    def waveform(self) -> Waveform:
        """The current as a part of a stimulus."""
        return Waveform(self.target.name, self.target.size, self.times, self.amplitudes)

    @property
    def expected(self) -> float | Float64Array:
        """Mean of the amplitudes over time (nA), as one number or for each neuron.

        It begins at time 0; the last amplitude lasts for the mean of the intervals before it.
        """
        lengths = np.diff(self.times, prepend=0.0)  # the first is that of no current
        last = lengths[lengths > 0].mean() if lengths.any() else 1.0
        total = np.tensordot(lengths[1:], self.amplitudes[:-1], axes=1) + last * self.amplitudes[-1]
        return np.asarray(total / (lengths.sum() + last))[()]

    def __repr__(self) -> str:
        return f"StepCurrent({self.target.name!r}, {_described(self.times, self.amplitudes)})"


@dataclass(frozen=True, eq=False)
class Waveform(ArrayValue):
    """A current that changes in steps, as a part of a stimulus; see :class:`StepCurrent`.

    Parameters
    ----------
    population : str
        Name of the population that it flows into.
    size : int
        Number of its neurons, at least 1.
    times : array_like of float, shape (n_changes,), ms
        Times of the changes, at least 0, each later than the one before.
    amplitudes : array_like of float, shape (n_changes,) or (n_changes, size), nA
        The current from each time on, into all neurons or into each neuron.

    Raises
    ------
    StimulusError
        If a name, a shape or a value is not allowed, or the times do not increase.
    """

    population: str
    size: int
    times: Any
    amplitudes: Any

    def __post_init__(self) -> None:
        check_name("waveform", self.population, StimulusError)
        owner = f"waveform into {self.population!r}"
        object.__setattr__(self, "size", check_size(owner, self.size, StimulusError))
        times, amplitudes = _checked(owner, self.times, self.amplitudes, self.size, StimulusError)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "amplitudes", amplitudes)

    def steps(self, dt: float) -> Int64Array:
        """Return the step of ``dt`` ms from which on each amplitude acts, shape (n_changes,)."""
        return steps_of_changes(self.times, dt)

    def digest(self, first: int, stop: int) -> int:
        """Return the digest of the current from tick ``first`` until tick ``stop``.

        Ticks are those of :func:`neurochip._support.spike_digest.digest_ticks`.
        """
        return current_digest(self.population, self.times, self.amplitudes, first, stop)

    def __repr__(self) -> str:
        return f"Waveform({self.population!r}, {_described(self.times, self.amplitudes)})"


def steps_of_changes(times: Float64Array, dt: float) -> Int64Array:
    """Return the step of ``dt`` ms from which on each change acts: the first that begins at it."""
    places = np.ceil(times / dt - GRID_TOLERANCE)
    return np.asarray(np.minimum(places, LAST_STEP), dtype=np.int64)


def check_times(owner: str, times: Any, error: type[NeurochipError]) -> Float64Array:
    """Return times of changes (ms), read-only, or raise unless they increase from at least 0."""
    found = quantity(owner, "times", times, "ms", per="change", error=error)
    when = np.atleast_1d(found)
    if not len(when):
        raise error(f"{owner}: times = []; allowed: at least one time.")
    bad = np.flatnonzero(np.diff(when, prepend=-np.inf) <= 0)
    if when[0] < 0 or bad.size:
        at = 0 if when[0] < 0 else int(bad[0])
        raise error(
            f"{owner}: times[{at}] = {when[at]:g} ms; allowed: times of at least 0 ms, each later "
            "than the one before."
        )
    return np.asarray(read_only(when))


def waveforms_for(
    waveforms: Sequence[Waveform], populations: Sequence[tuple[str, int]]
) -> list[tuple[Waveform, ...]]:
    """Return the waveforms of a stimulus into each of some populations.

    Parameters
    ----------
    waveforms : sequence of Waveform
        All waveforms of the stimulus.
    populations : sequence of (name, size)
        All populations with currents in steps that the run expects.

    Raises
    ------
    StimulusError
        If currents are missing, superfluous, or those of a population of another size.
    """
    expected, found = dict(populations), {item.population: item.size for item in waveforms}
    for name in (*expected, *found):
        if name not in found or name not in expected:
            state = "lacks" if name not in found else "has superfluous"
            raise StimulusError(
                f"stimulus: {state} currents into population {name!r}; the run expects them into "
                f"{_listed(expected)} and the stimulus holds {_listed(found)}. Draw it from a "
                "network with the StepCurrents of the run."
            )
    for item in waveforms:
        if item.size != expected[item.population]:
            raise StimulusError(
                f"stimulus: a current flows into {item.size} neurons of {item.population!r}; the "
                f"run has {expected[item.population]}. Draw it from the network of the run."
            )
    return [tuple(item for item in waveforms if item.population == name) for name in expected]


def total_current(
    waveforms: Sequence[Waveform], dt: float, first: int, stop: int, *, whole: bool
) -> tuple[Int64Array, Float64Array]:
    """Return the sum of waveforms into one population in the steps ``first`` to ``stop - 1``.

    Parameters
    ----------
    waveforms : sequence of Waveform
        At least one, all into the same population.
    dt : float, ms
        Length of a step.
    first, stop : int
        First step, and the step after the last one.
    whole : bool
        Whether the current in step ``first`` is returned even if it does not change there.

    Returns
    -------
    steps : ndarray of int64, shape (n,)
        Steps in which a waveform changes, in order.
    current : ndarray of float64, shape (n, 1) or (n, size), nA
        The current from each of these steps on, into all neurons or into each.
    """
    changes = [item.steps(dt) for item in waveforms]
    parts = [steps[slice(*np.searchsorted(steps, [first, stop]))] for steps in changes]
    at = np.unique(np.concatenate([[first] if whole else [], *parts]).astype(np.int64))
    columns = max(item.amplitudes.shape[1] if item.amplitudes.ndim > 1 else 1 for item in waveforms)
    total = np.zeros((len(at), columns))
    for item, steps in zip(waveforms, changes, strict=True):
        last = np.searchsorted(steps, at, side="right") - 1  # the last of several in one step
        begun = last >= 0
        value = item.amplitudes[last[begun]]
        total[begun] += value.reshape(begun.sum(), -1) if begun.any() else 0.0
    return at, total


def _checked(
    owner: str, times: Any, amplitudes: Any, size: int, error: type[NeurochipError]
) -> tuple[Float64Array, Float64Array]:
    """Return times and amplitudes as read-only arrays, or raise."""
    when = check_times(owner, times, error)
    allowed = f"numbers in nA, of shape ({len(when)},) or ({len(when)}, {size})"
    given = reals(owner, "amplitudes", amplitudes, "nA", allowed=allowed, error=error)
    values = np.array(given, dtype=np.float64)
    if values.shape not in ((len(when),), (len(when), size)):
        raise error(f"{owner}: amplitudes have shape {values.shape}; allowed: {allowed}.")
    if not np.isfinite(values).all():
        first = values[~np.isfinite(values)][0]
        raise error(f"{owner}: amplitudes hold {first:g} nA; allowed: finite numbers.")
    return when, read_only(values)


def _described(times: Float64Array, amplitudes: Float64Array) -> str:
    plural = "s" if len(times) > 1 else ""
    low, high = amplitudes.min(), amplitudes.max()
    return f"<{len(times)} change{plural}>, {low:g} to {high:g} nA"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
