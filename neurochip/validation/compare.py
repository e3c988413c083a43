"""Compare a run on the chip with the float64 reference on the same input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._support.grid import is_apart, steps_of
from .._support.ranges import NOT_NEGATIVE
from .._support.values import instance, instances, integer, real
from ..chip.registers import OVERFLOWS
from ..errors import RecordingError
from ..network import Network
from ..network.coupling import RECURRENT
from ..recording import Recording
from ..recurrence import refractory_steps
from ..typing import Float64Array, Int64Array
from . import metrics
from .circumstances import circumstances
from .comparison import Comparison
from .intervals import coupling_of, rate_pairs
from .noise_floor import noise_floor
from .origins import check_origins
from .population import PopulationComparison, Verdict
from .split import split_error

__all__ = ["compare"]


def compare(
    reference: Recording,
    chip: Recording,
    *,
    fine: Recording | None = None,
    twins: Sequence[Recording] = (),
    network: Network | None = None,
    min_spikes: int = 100,
    window: float = 2.0,
    any_origin: bool = False,
) -> Comparison:
    """Compare two runs on the same input, population by population.

    Parameters
    ----------
    reference, chip : Recording
        The same populations, step, first step and number of steps.
    fine : Recording, optional
        The reference on a finer grid, over the same time, which splits the error into quantisation
        and time step.
    twins : sequence of Recording
        Float runs in which one synapse differs from the reference (:func:`simulate_twins`): the
        noise floor of recurrent populations.
    network : Network, optional
        The network that was run. A neuron is saturated if it fires as fast as its refractory
        period allows. Default: a neuron is saturated if it fires in every step. Answers also name
        its time constants and thresholds.
    min_spikes : int, default 100
        With fewer spikes in the reference, the verdict is "too few spikes".
    window : float, ms, default 2
        Largest distance of coincident spikes.
    any_origin : bool, default False
        Whether to compare recordings whatever their origin. Otherwise the reference must be a float
        run, the chip's a run on the chip, and both on one stimulus; a recording of unknown origin
        fits. With True, the noise floor is the comparison of two float runs.

    Returns
    -------
    Comparison

    Raises
    ------
    RecordingError
        If the recordings do not match, have the wrong kind or different stimuli, or an option is
        not allowed.
    """
    min_spikes = integer("compare", "min_spikes", min_spikes, at_least=1, error=RecordingError)
    window = real("compare", "window", window, "ms", NOT_NEGATIVE, error=RecordingError)
    if network is not None:
        instance("compare", "network", network, Network, "a Network", error=RecordingError)
    _check_pair(reference, chip)
    if fine is not None:
        _check_fine(reference, fine)
    check_origins("compare", reference, chip, any_origin, fine=fine)
    twins = instances("compare", "twins", twins, Recording, error=RecordingError)
    for twin in twins:
        _check_same_grid("twin", reference, twin)
    populations = {}
    for name in reference.populations:
        shortest = _shortest_interval(reference, name, network)
        populations[name] = _compare_population(
            name,
            reference,
            chip,
            fine=fine,
            twins=twins,
            network=network,
            shortest=shortest,
            min_spikes=min_spikes,
            window=window,
        )
    return Comparison(
        reference=reference.label,
        chip=chip.label,
        fine=None if fine is None else fine.label,
        dt=reference.dt,
        fine_dt=None if fine is None else fine.dt,
        n_steps=reference.n_steps,
        window=window,
        min_spikes=min_spikes,
        overflows={name: int(chip.counters[name]) for name in OVERFLOWS if chip.counters.get(name)},
        populations=populations,
    )


def _compare_population(
    name: str,
    reference: Recording,
    chip: Recording,
    *,
    fine: Recording | None,
    twins: Sequence[Recording],
    network: Network | None,
    shortest: Int64Array,
    min_spikes: int,
    window: float,
) -> PopulationComparison:
    size = reference.populations[name]
    ours, theirs = ((run.steps[name], run.ids[name]) for run in (reference, chip))
    counts = [run.counts(name) for run in (reference, chip)]
    rates = [run.rates(name) for run in (reference, chip)]
    limits = [_at_limit(train, size, shortest) for train in (ours, theirs)]
    spikes = [int(count.sum()) for count in counts]
    fine_spikes = 0 if fine is None else len(fine.ids[name])
    error = np.abs(rates[1] - rates[0])
    active = counts[0] > 0
    equal = int(metrics.coincidences(ours, theirs, size, 0).sum())
    # A window longer than the run has the same effect as one as long as the run.
    steps = int(steps_of(min(window, reference.duration), reference.dt))
    gamma = metrics.coincidence_factor(ours, theirs, size, reference.n_steps, steps)
    coupling = coupling_of((reference, chip), name)
    pairs = rate_pairs(reference, chip, name, coupling)
    v_rmse, v_largest, v_neurons = _compare_v(name, reference, chip)
    return PopulationComparison(
        name=name,
        verdict=_verdict(spikes, fine_spikes, [share for share, _ in limits], min_spikes),
        duration=reference.duration,
        reference_counts=counts[0],
        chip_counts=counts[1],
        rate_error=_fraction(spikes[1] - spikes[0], spikes[0]),
        rate_error_interval=pairs.ratio(),
        rate_difference_interval=pairs.difference(),
        coupling=coupling,
        pairs=pairs,
        mean_absolute_error_hz=float(error.mean()),
        mean_absolute_error=_fraction(error.mean(), rates[0].mean()),
        mean_neuron_rate_error=_mean(error[active] / rates[0][active]),
        worst_neuron=int(np.argmax(error)) if error.any() else None,
        neurons_differing=int((counts[0] != counts[1]).sum()),
        reference_cv=_mean(metrics.isi_cv(ours, size)),
        chip_cv=_mean(metrics.isi_cv(theirs, size)),
        equal_spikes=_fraction(2 * equal, sum(spikes)),
        coincidence=_mean(gamma),
        reference_saturated=limits[0][1],
        chip_saturated=limits[1][1],
        v_rmse=v_rmse,
        v_largest_error=v_largest,
        v_neurons=v_neurons,
        split=None if fine is None else split_error(reference, chip, fine, name, coupling),
        fine_rate=None if fine is None else float(fine.rates(name).mean()),
        noise_floor=noise_floor(reference, twins, name) if coupling in (RECURRENT, None) else None,
        circumstances=None if network is None else circumstances(network, reference, name),
    )


def _verdict(
    spikes: list[int], fine: int, shares_at_limit: list[float], min_spikes: int
) -> Verdict:
    reference, chip = spikes
    if not reference and not chip:
        return Verdict.SILENT_AT_STEP if fine else Verdict.SILENT
    if not chip:
        return Verdict.SILENT_ON_CHIP
    if not reference:
        return Verdict.SILENT_IN_REFERENCE
    if any(n >= min_spikes and s > 0.5 for n, s in zip(spikes, shares_at_limit, strict=True)):
        return Verdict.SATURATED
    return Verdict.TOO_FEW_SPIKES if reference < min_spikes else Verdict.COMPARED


def _at_limit(train: metrics.Train, size: int, shortest: Int64Array) -> tuple[float, int]:
    """Return the fraction of intervals at the limit, and the number of saturated neurons."""
    isi, ids = metrics.intervals(train)
    short = isi <= shortest[ids]
    number = np.bincount(ids, minlength=size)
    saturated = (number >= 2) & (2 * np.bincount(ids, weights=short, minlength=size) > number)
    return (float(short.mean()) if len(isi) else 0.0), int(saturated.sum())


def _shortest_interval(run: Recording, name: str, network: Network | None) -> Int64Array:
    """Return the longest interval, in steps, at which each neuron fires at its limit.

    After k refractory steps, the earliest next spike comes k steps later with a current, and k + 1
    steps later with delta kicks only: both count as the limit.
    """
    size = run.populations[name]
    if network is None:
        return np.ones(size, dtype=np.int64)
    population = network.population(name)
    if population.size != size:
        raise RecordingError(
            f"compare: population {name!r} has {population.size} neurons in the network and {size} "
            "in the recordings; pass the network that was run."
        )
    return refractory_steps(population.parameter("tau_refrac"), run.dt) + 1


def _compare_v(
    name: str, reference: Recording, chip: Recording
) -> tuple[float | None, float | None, int]:
    key = (name, "v")
    if key not in reference.traces or key not in chip.traces:
        return None, None, 0
    for side, run in (("reference", reference), ("chip", chip)):
        if run.traces[key].unit != "mV":
            raise RecordingError(
                f"compare: 'v' of {name!r} is in {run.traces[key].unit} in the {side}; allowed: "
                "mV. Run an image that has its symbols."
            )
    first, second = reference.traces[key], chip.traces[key]
    common, a, b = np.intersect1d(first.ids, second.ids, return_indices=True)
    if not len(common):
        return None, None, 0
    pair = first.values[:, a], second.values[:, b]
    return metrics.rmse(*pair), metrics.largest_difference(*pair), len(common)


def _fraction(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else float("nan")


def _mean(values: Float64Array) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def _check_pair(reference: Recording, chip: Recording) -> None:
    for side, run in (("reference", reference), ("chip", chip)):
        instance("compare", side, run, Recording, "a Recording", error=RecordingError)
    if not math.isclose(reference.dt, chip.dt, rel_tol=1e-9):
        raise RecordingError(
            f"compare: the reference has dt = {reference.dt:g} ms and the chip {chip.dt:g} ms; "
            "allowed: equal steps. Run the reference on the chip's grid and pass one on a finer "
            "grid as fine=."
        )
    _check_same_grid("chip", reference, chip)


def _check_same_grid(side: str, reference: Recording, run: Recording) -> None:
    if not math.isclose(reference.dt, run.dt, rel_tol=1e-9):
        raise RecordingError(
            f"compare: the reference has dt = {reference.dt:g} ms and the {side} {run.dt:g} ms; "
            "allowed: equal steps. Run both on one grid."
        )
    _check_populations("reference", reference, side, run)
    for field, text in (("first_step", "begins at step"), ("n_steps", "has a number of steps of")):
        ours, theirs = getattr(reference, field), getattr(run, field)
        if ours != theirs:
            raise RecordingError(
                f"compare: the reference {text} {ours} and the {side} {theirs}; allowed: the same. "
                "Run both over the same time."
            )


def _check_fine(reference: Recording, fine: Recording) -> None:
    instance("compare", "fine", fine, Recording, "a Recording", error=RecordingError)
    if not fine.dt < reference.dt:
        raise RecordingError(
            f"compare: fine has dt = {fine.dt:g} ms; allowed: below the reference's "
            f"{reference.dt:g} ms. Run the reference on a finer grid."
        )
    _check_populations("reference", reference, "fine", fine)
    starts = [run.first_step * run.dt for run in (reference, fine)]
    ends = [start + run.duration for start, run in zip(starts, (reference, fine), strict=True)]
    if any(is_apart(ours, theirs, fine.dt) for ours, theirs in (starts, ends)):
        raise RecordingError(
            f"compare: the reference runs from {starts[0]:g} to {ends[0]:g} ms and fine from "
            f"{starts[1]:g} to {ends[1]:g} ms; allowed: the same. Run both over the same time."
        )


def _check_populations(first: str, a: Recording, second: str, b: Recording) -> None:
    if dict(a.populations) != dict(b.populations):
        listed = [
            ", ".join(f"{name!r} ({size})" for name, size in run.populations.items()) or "none"
            for run in (a, b)
        ]
        raise RecordingError(
            f"compare: the {first} has populations {listed[0]} and the {second} {listed[1]}; "
            "allowed: the same names and sizes. Run both from one network."
        )
