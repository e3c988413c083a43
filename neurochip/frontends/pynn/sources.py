"""Spike sources, and their spikes in a run.

A spike at time t belongs to step ``floor(t / dt + 1e-3)``. Random sources are drawn in continuous
time and sent in steps, as NEST does on its grid, so a source may spike twice in a step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from pyNN.errors import InvalidParameterValueError
from pyNN.standardmodels import cells

from ..._support.grid import GRID_TOLERANCE, steps_of
from ..._support.memory import EnoughMemory
from ...errors import FrontendError
from ...typing import Float64Array, Int32Array, Int64Array
from . import hazard, renewal
from .simulator import state
from .translations import as_they_are

__all__ = [
    "Drawn",
    "SpikeSourceArray",
    "SpikeSourceGamma",
    "SpikeSourceInhGamma",
    "SpikeSourcePoisson",
    "SpikeSourcePoissonRefractory",
    "check_parameters",
    "draw",
    "expected_rate",
    "given_spikes",
    "is_faster",
    "is_source",
    "tell_of_past",
]

_logger = logging.getLogger("PyNN")


class Drawn(NamedTuple):
    """The spikes of a population of sources in consecutive steps, in order of step and source.

    Parameters
    ----------
    steps : ndarray of int64, shape (n_spikes,)
        Step of each spike; a source may spike several times in a step.
    ids : ndarray of int32, shape (n_spikes,)
        Index of the source.
    times : ndarray of float64, shape (n_spikes,), ms
        What is recorded: times that were given, and the beginning of the step of a random spike.
    """

    steps: Int64Array
    ids: Int32Array
    times: Float64Array


class SpikeSourceArray(cells.SpikeSourceArray):
    """Sources that spike at given times."""

    translations = as_they_are(cells.SpikeSourceArray.default_parameters)


class SpikeSourcePoisson(cells.SpikeSourcePoisson):
    """Sources that spike at random times, at a rate."""

    translations = as_they_are(cells.SpikeSourcePoisson.default_parameters)


class SpikeSourcePoissonRefractory(cells.SpikeSourcePoissonRefractory):
    """Sources that spike at random times at a rate, but not within a dead time after a spike.

    The rate is that with the dead time, so a dead time has to be shorter than ``1 / rate``.
    """

    translations = as_they_are(cells.SpikeSourcePoissonRefractory.default_parameters)


class SpikeSourceGamma(cells.SpikeSourceGamma):
    """Sources whose intervals have a gamma distribution of whole order ``alpha``.

    They begin in equilibrium, so their rate is ``beta / alpha`` from the start on.
    """

    # PyNN's default is an int, to which it would cut off any number without a word.
    default_parameters = {**cells.SpikeSourceGamma.default_parameters, "alpha": 2.0}  # noqa: RUF012
    translations = as_they_are(cells.SpikeSourceGamma.default_parameters)


class SpikeSourceInhGamma(cells.SpikeSourceInhGamma):
    """Sources with the hazard of a gamma distribution whose order and scale change in time.

    The i-th of ``a`` and ``b`` (s) hold from the i-th of ``tbins`` (ms) on, the first ones from the
    start on.
    """

    translations = as_they_are(cells.SpikeSourceInhGamma.default_parameters)


def is_source(population: Any) -> bool:
    """Return whether a population, or a view of one, consists of spike sources."""
    return not population.celltype.injectable


def check_parameters(celltype: Any, parameters: Mapping[str, Any]) -> None:
    """Raise unless the parameters of sources are allowed; does nothing for neurons.

    Parameters
    ----------
    celltype : pyNN cell type
        Model of a population.
    parameters : dict of str to ndarray, shape (size,)
        Its parameters in PyNN's units.

    Raises
    ------
    pyNN.errors.InvalidParameterValueError
        If a rate or a time is negative or not finite, times are out of order, an order is below 1,
        or a dead time leaves no time for the rate.
    """
    if isinstance(celltype, SpikeSourceArray):
        _check_trains(parameters["spike_times"])
    elif isinstance(celltype, SpikeSourceInhGamma):
        _check_courses(parameters)
        times = {name: parameters[name] for name in ("start", "duration")}
        _check_numbers("SpikeSourceInhGamma", times)
    elif isinstance(celltype, tuple(_RENEWAL)):
        _check_numbers(type(celltype).__name__, parameters)


def tell_of_past(population: Any) -> None:
    """Write a line to the log if all times of a SpikeSourceArray have passed."""
    times, _ = given_spikes(population)
    if len(times) and (times < state.t).all():
        _logger.warning(
            "SpikeSourceArray: all spike_times of %r are before the present time of %g ms, so no "
            "spike is sent; times count from the beginning, not from now.",
            population.label,
            state.t,
        )


def draw(population: Any, first_step: int, n_steps: int, dt: float, seed: int) -> Drawn:
    """Return the spikes of a population of sources in consecutive steps.

    The result does not depend on how a simulation is cut into such calls. A call that begins at
    step 0 begins anew; later ones go on from where the last one ended, with the parameters as they
    are now. A call that begins where the last one began takes its place, so that spikes may be
    drawn in vain: those of a run that fails, or of the step after a run.

    Parameters
    ----------
    population : Population
        Population of one of the models of this module.
    first_step, n_steps : int
        First step and number of steps.
    dt : float, ms
        Length of a step.
    seed : int
        Seed of all sources; the random numbers also depend on the place of the population among
        those of sources, in order of creation. They do not depend on its label: PyNN counts the
        labels that it makes itself over all scripts of a process.

    Raises
    ------
    FrontendError
        If the spikes do not fit in memory.
    """
    if isinstance(population.celltype, SpikeSourceArray):
        return _given(population, first_step, first_step + n_steps, dt)
    inhomogeneous = isinstance(population.celltype, SpikeSourceInhGamma)
    law: Any = hazard if inhomogeneous else renewal
    now: Any = _course_of(population, dt) if inhomogeneous else _process_of(population, dt)
    begun: _Begun | None = getattr(population, "_begun", {}).get(first_step)
    if begun is None or first_step == 0:
        sources = filter(is_source, state.populations)
        (place,) = (number for number, item in enumerate(sources) if item is population)
        rng = np.random.default_rng([seed, place])
        position = law.begin(now, first_step, rng)
    elif all(np.array_equal(a, b) for a, b in zip(begun.process, now, strict=True)):
        position = begun.position
    else:
        position = law.changed(begun.position, begun.process, now, first_step)
    n_spikes = float(np.sum(_rate_of(population))) * n_steps * dt / 1000.0
    what = f"run: {n_spikes:.3g} spikes of {population.key!r} in {n_steps * dt:g} ms take"
    remedy = "Lower the rate, or run for a shorter time, several times in sequence."
    with EnoughMemory(FrontendError, what, 28 * n_spikes, remedy):
        stop = first_step + n_steps
        steps, ids, position = law.draw_until(now, position, stop)
        population._begun = {first_step: begun, stop: _Begun(now, position)}
        return Drawn(steps, ids, np.round(steps * dt, 9))


def expected_rate(population: Any) -> Float64Array:
    """Return the rate of each source (Hz), for which the compiler leaves headroom.

    It is the largest that was asked for until now, so that a source that becomes slower again
    changes nothing.

    Parameters
    ----------
    population : Population
        Population of one of the models of this module. For given times it is their mean rate from
        the time when they were set until the last one of the population.
    """
    before = getattr(population, "_room", np.zeros(population.size))
    population._room = found = np.maximum(before, _rate_of(population))
    return np.asarray(found)


def is_faster(population: Any) -> bool:
    """Return whether a source is faster than :func:`expected_rate` has ever said, if it has."""
    room = getattr(population, "_room", None)
    return room is not None and bool((_rate_of(population) > room).any())


def given_spikes(population: Any) -> tuple[Float64Array, Int32Array]:
    """Return times (ms) and sources of the spikes that are known: those of a SpikeSourceArray."""
    if not isinstance(population.celltype, SpikeSourceArray):
        return np.empty(0), np.empty(0, np.int32)
    known = _known(population)
    return known.times, known.ids


def _rate_of(population: Any) -> Any:
    parameters = population._parameters
    if isinstance(population.celltype, SpikeSourceInhGamma):
        pairs = zip(parameters["a"], parameters["b"], strict=True)
        return np.array([(1.0 / (_row(a) * _row(b))).max() for a, b in pairs])
    if not isinstance(population.celltype, SpikeSourceArray):
        return _RENEWAL[type(population.celltype)](parameters)["rate"]
    return _known(population).rate


class _Begun(NamedTuple):
    process: Any
    position: Any


class _Given(NamedTuple):
    trains: Any
    times: Float64Array
    ids: Int32Array
    since: float  # ms, when they were set
    rate: Float64Array  # Hz, from then on


def _known(population: Any) -> _Given:
    """Return what a SpikeSourceArray sends, which is listed once for each change.

    After a reset those that were set later than time 0 are listed again, since they are all sent.
    """
    trains, size = population._parameters["spike_times"], population.size
    known: _Given | None = getattr(population, "_given", None)
    # There is a new array for each change.
    if known is None or known.trains is not trains or state.t < known.since:
        values = [_row(item) for item in trains]
        ids = np.repeat(np.arange(size, dtype=np.int32), [len(item) for item in values])
        times = np.concatenate([np.empty(0), *values])
        counts = np.bincount(ids[times >= state.t], minlength=size)
        rate = counts * 1000.0 / max(times.max(initial=0.0) - state.t, 1.0)
        known = population._given = _Given(trains, times, ids, state.t, rate)
    return known


def _given(population: Any, first: int, stop: int, dt: float) -> Drawn:
    """Return the spikes of a SpikeSourceArray in some steps."""
    times, ids = given_spikes(population)
    steps = steps_of(times, dt).astype(np.int64)
    inside = np.flatnonzero((steps >= first) & (steps < stop))
    order = inside[np.lexsort((ids[inside], steps[inside]))]
    return Drawn(steps[order], ids[order], times[order])


def _process_of(population: Any, dt: float) -> renewal.Process:
    parameters = population._parameters
    described = _RENEWAL[type(population.celltype)](parameters)
    stages, dead = described["stages"], described["dead"] / dt
    with np.errstate(divide="ignore"):
        mean = 1000.0 / (described["rate"] * dt)  # steps, infinite for a rate of 0
    columns = (
        stages / (mean - dead),
        stages,
        dead,
        *_window_of(parameters, dt),
    )
    return renewal.Process(
        *(np.array(np.broadcast_to(item, (population.size,))) for item in columns)
    )


def _course_of(population: Any, dt: float) -> hazard.Course:
    """Return a, b and the ends of their pieces, with as many pieces as the longest course has."""
    parameters = population._parameters
    rows = {name: [_row(item) for item in parameters[name]] for name in ("a", "b", "tbins")}
    pieces = max(map(len, rows["a"]))

    def column(name: str, fill: float) -> Float64Array:
        return np.array([np.append(row, [fill] * (pieces - len(row))) for row in rows[name]])

    begins = column("tbins", np.inf) / dt
    ends = np.append(begins[:, 1:], np.full((len(begins), 1), np.inf), axis=1)
    start, stop = _window_of(parameters, dt)
    return hazard.Course(ends, column("a", 1.0), column("b", 1.0) * 1000.0 / dt, start, stop)


def _window_of(parameters: Mapping[str, Any], dt: float) -> tuple[Float64Array, Float64Array]:
    """Return the first step in which sources may spike, and the first one after the last."""
    start, stop = parameters["start"], parameters["start"] + parameters["duration"]
    return np.ceil(start / dt - GRID_TOLERANCE), np.ceil(stop / dt - GRID_TOLERANCE)


def _poisson(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"rate": parameters["rate"], "stages": np.int64(1), "dead": np.float64(0.0)}


def _refractory(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return _poisson(parameters) | {"dead": parameters["tau_refrac"]}


def _gamma(parameters: Mapping[str, Any]) -> dict[str, Any]:
    stages = np.asarray(parameters["alpha"], dtype=np.int64)
    return _poisson({"rate": parameters["beta"] / stages}) | {"stages": stages}


_RENEWAL: dict[type, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    SpikeSourcePoisson: _poisson,
    SpikeSourcePoissonRefractory: _refractory,
    SpikeSourceGamma: _gamma,
}
"""Rate (Hz), stages and dead time (ms) of the intervals of random sources, by their parameters."""


def _row(sequence: Any) -> Float64Array:
    """Return the numbers of a Sequence, also if PyNN made it of one number or a nested list."""
    return np.asarray(sequence.value, dtype=np.float64).ravel()


def _check_trains(trains: Any) -> None:
    for index, item in enumerate(trains):
        times = _row(item)
        if not (np.isfinite(times).all() and (times >= 0).all()):
            bad = times[~(np.isfinite(times) & (times >= 0))][0]
            raise InvalidParameterValueError(
                f"SpikeSourceArray: spike_times of source {index} hold {bad:g} ms; allowed: finite "
                "times of at least 0 ms."
            )
        late = np.flatnonzero(np.diff(times) < 0)
        if late.size:
            before, after = times[late[0]], times[late[0] + 1]
            raise InvalidParameterValueError(
                f"SpikeSourceArray: spike_times of source {index} are out of order: {after:g} ms "
                f"comes after {before:g} ms; allowed: times that do not decrease. Sort them."
            )


def _check_courses(parameters: Mapping[str, Any]) -> None:
    columns = (parameters[name] for name in ("a", "b", "tbins"))
    for index, items in enumerate(zip(*columns, strict=True)):
        a, b, bins = (_row(item) for item in items)
        if not len(a) == len(b) == len(bins) > 0 or (np.diff(bins) <= 0).any():
            raise InvalidParameterValueError(
                f"SpikeSourceInhGamma: source {index} has {len(a)} numbers in a, {len(b)} in b and "
                f"{len(bins)} in tbins; allowed: as many of each, at least one, and tbins that "
                "increase."
            )
        both = np.concatenate([a, b])
        if not (np.isfinite(both) & (both > 0)).all():
            bad = both[~(np.isfinite(both) & (both > 0))][0]
            raise InvalidParameterValueError(
                f"SpikeSourceInhGamma: a or b of source {index} holds {bad:g}; allowed: finite "
                "numbers above 0."
            )


def _check_numbers(model: str, parameters: Mapping[str, Any]) -> None:
    for name, values in parameters.items():
        numbers = np.asarray(values, dtype=np.float64)
        fits, allowed = np.isfinite(numbers) & (numbers >= 0), "a finite number of at least 0"
        if name == "alpha":
            fits, allowed = fits & (numbers >= 1) & (numbers % 1 == 0), "1, 2, 3 and so on"
        bad = np.flatnonzero(~fits)
        if bad.size:
            raise InvalidParameterValueError(
                f"{model}: {name} of source {bad[0]} is {numbers[bad[0]]:g}; allowed: {allowed}."
            )
    if "tau_refrac" in parameters:
        busy = parameters["rate"] * parameters["tau_refrac"] / 1000.0
        if (busy >= 1).any():
            index = int(np.argmax(busy >= 1))
            rate, dead = parameters["rate"][index], parameters["tau_refrac"][index]
            raise InvalidParameterValueError(
                f"{model}: source {index} has tau_refrac = {dead:g} ms and rate = {rate:g} Hz; "
                f"allowed: a dead time below 1/rate = {1000 / rate:g} ms, since the rate counts it."
            )
