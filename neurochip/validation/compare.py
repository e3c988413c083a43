"""Compare a run on the chip with the float64 reference on the same input."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .._support.grid import is_apart, steps_of
from .._support.ranges import NOT_NEGATIVE
from .._support.values import instance, instances, integer, real
from ..chip.registers import OVERFLOWS
from ..errors import RecordingError
from ..network import Network
from ..network.coupling import RECURRENT
from ..recording import Recording
from ..typing import Int64Array
from .circumstances import circumstances
from .comparison import Comparison
from .intervals import coupling_of, rate_pairs
from .noise_floor import noise_floor
from .origins import check_origins
from .population import METRICS, PopulationComparison
from .run_pair import RunPair
from .split import split_error
from .verdict import verdict_of

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
        populations[name] = _compare_population(
            name,
            reference,
            chip,
            fine=fine,
            twins=twins,
            network=network,
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
    min_spikes: int,
    window: float,
) -> PopulationComparison:
    coupling = coupling_of((reference, chip), name)
    pair = RunPair(
        name=name,
        reference=reference,
        chip=chip,
        rate_pairs=rate_pairs(reference, chip, name, coupling),
        shortest=_shortest_interval(reference, name, network),
        # A window longer than the run has the same effect as one as long as the run.
        window=int(steps_of(min(window, reference.duration), reference.dt)),
    )
    return PopulationComparison(
        name=name,
        verdict=verdict_of(pair, 0 if fine is None else len(fine.ids[name]), min_spikes),
        duration=reference.duration,
        reference_counts=pair.counts[0],
        chip_counts=pair.counts[1],
        coupling=coupling,
        pairs=pair.rate_pairs,
        **{metric.name: metric.of(pair) for metric in METRICS.values()},
        split=None if fine is None else split_error(reference, chip, fine, name, coupling),
        fine_rate=None if fine is None else float(fine.rates(name).mean()),
        noise_floor=noise_floor(reference, twins, name) if coupling in (RECURRENT, None) else None,
        circumstances=None if network is None else circumstances(network, reference, name),
    )


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
    return network.refractory_steps(population, run.dt) + 1


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
