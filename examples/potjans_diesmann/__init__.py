"""The cortical microcircuit of Potjans and Diesmann at any size, and measures of its activity.

Sizes, probabilities, weights, delays and the background are those of the published circuit (Potjans
and Diesmann 2014, 10.1093/cercor/bhs358); the rates at full size are those of van Albada et al.
(2018, 10.3389/fnins.2018.00291). A circuit of another size is scaled as by van Albada, Helias and
Diesmann (2015, 10.1371/journal.pcbi.1004490).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip import (
    LIF,
    Connection,
    Network,
    Normal,
    PoissonInput,
    Population,
    Recording,
    fixed_total_number,
    one_to_one,
)
from neurochip.recurrence import delay_steps

__all__ = [
    "DT",
    "EXTERNAL",
    "NAMES",
    "PROBABILITIES",
    "RATES",
    "SIZES",
    "START",
    "TAU_SYN",
    "WEIGHT",
    "Activity",
    "activity",
    "describe",
    "mean_input",
    "synapses_of",
    "weight_of",
    "weights",
]

DT = 0.1  # ms
START = 300.0  # ms; earlier spikes are not counted
BIN = 5.0  # ms, bin of spike counts

NAMES = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)  # external synapses at 8 Hz
RATES = (0.943, 3.026, 4.368, 5.882, 7.733, 8.664, 1.096, 7.851)  # Hz, at full scale
# Probability that a neuron of the row has a synapse from one of the column.
PROBABILITIES = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
)
WEIGHT, INHIBITION, TAU_SYN = 0.0878, -4.0, 0.5  # nA for 0.15 mV; relative; ms
BACKGROUND = 8.0  # Hz, of each external synapse
SPREAD = 0.1  # standard deviation of the weights of a connection, relative to their mean


def weight_of(target: int, source: int) -> float:
    """Return the mean weight at full scale in nA."""
    if source % 2:
        return INHIBITION * WEIGHT
    return 2 * WEIGHT if (NAMES[target], NAMES[source]) == ("L23E", "L4E") else WEIGHT


def weights(mean: float) -> Normal:
    """Return a distribution of weights of one sign around a mean."""
    low, high = sorted((0.0, 3 * mean))
    return Normal(mean, abs(SPREAD * mean), low=low, high=high)


def describe(scale: float = 1.0, *, background: str = "dc", seed: int = 1, **rules: Any) -> Network:
    """Return the circuit with ``scale`` times as many neurons, and as many synapses of each.

    Between two populations there are as many synapses as give each pair of neurons the published
    probability of at least one; their ends are drawn independently, so that a pair may have
    several. Delays are whole steps of 0.1 ms. If ``scale`` is not 1, weights are larger by
    ``scale**-0.5``, which keeps the variance of the input of a neuron, and a constant current
    replaces its lost mean.

    Parameters
    ----------
    scale : float
        Of the published size, above 0.
    background : str
        ``"poisson"``: spikes of the external synapses, a source of its own for each neuron.
        ``"dc"``: a constant current of the same mean.
    seed : int
        Of the synapses, and of the initial v.
    **rules
        Of :class:`Network`, such as NEST's.
    """
    up, rng = scale**-0.5, np.random.default_rng(seed)
    populations, inputs, connections = [], [], []
    for target, name in enumerate(NAMES):
        size = round(scale * SIZES[target])
        external = WEIGHT * EXTERNAL[target] * BACKGROUND
        indegrees = [synapses_of(target, source) / SIZES[target] for source in range(len(NAMES))]
        constant = (1 - scale**0.5) * mean_input(target, indegrees)
        if background == "dc":
            constant += external
        else:
            constant += (1 - scale**0.5) * external
        model = LIF(
            tau_m=10.0,
            cm=0.25,
            tau_syn=TAU_SYN,
            tau_refrac=2.0,
            i_offset=constant * TAU_SYN / 1000,
            v_init=rng.normal(-58.0, 10.0, size).clip(max=-50.5),
        )
        populations.append(Population(name, size, model))
        if background == "poisson":
            rate = scale * EXTERNAL[target] * BACKGROUND
            inputs.append(PoissonInput(f"to {name}", size, rate=rate))
            connections.append(
                one_to_one(inputs[-1], populations[-1], weight=WEIGHT * up, delay=DT)
            )
    for target, row in enumerate(PROBABILITIES):
        for source, probability in enumerate(row):
            if probability:
                w, delay = up * weight_of(target, source), 0.75 if source % 2 else 1.5
                connections.append(
                    _on_the_grid(
                        fixed_total_number(
                            populations[source],
                            populations[target],
                            round(scale**2 * synapses_of(target, source)),
                            weight=weights(w),
                            delay=Normal(delay, delay / 2, low=0.05),
                            seed=seed,
                        )
                    )
                )
    return Network(inputs=inputs, populations=populations, connections=connections, **rules)


def synapses_of(target: int, source: int) -> float:
    """Return the number of synapses at full scale, of which a pair may have several."""
    pairs = SIZES[source] * SIZES[target]
    return math.log(1 - PROBABILITIES[target][source]) / math.log(1 - 1 / pairs)


def mean_input(target: int, indegrees: Sequence[float]) -> float:
    """Return the mean input of a neuron in nA times Hz, with so many synapses at full scale."""
    return sum(
        indegree * weight_of(target, source) * RATES[source]
        for source, indegree in enumerate(indegrees)
    )


def _on_the_grid(link: Connection) -> Connection:
    steps = np.maximum(delay_steps(link.delay, DT), 1)
    return dataclasses.replace(link, delay=steps * DT)


class Activity(NamedTuple):
    """Mean rate, CV of intervals and correlation of pairs by population, and each neuron's rate."""

    rates: NDArray[np.float64]
    cvs: NDArray[np.float64]
    correlations: NDArray[np.float64]
    neurons: list[NDArray[np.float64]]

    def differences(self, other: Activity) -> tuple[float, ...]:
        """Return mean absolute differences; rates are relative to the mean of a population."""
        single = [
            np.abs(theirs - ours).mean() / ours.mean()
            for ours, theirs in zip(self.neurons, other.neurons, strict=True)
        ]
        return (
            float(np.abs(other.rates / self.rates - 1).mean()),
            float(np.mean(single)),
            float(np.nanmean(np.abs(other.cvs - self.cvs))),
            float(np.nanmean(np.abs(other.correlations - self.correlations))),
        )


def activity(run: Recording) -> Activity:
    """Measure a run from START on."""
    rates, cvs, correlations, neurons = zip(*(_measure(run, n) for n in NAMES), strict=True)
    return Activity(np.array(rates), np.array(cvs), np.array(correlations), list(neurons))


def _measure(run: Recording, name: str) -> tuple[float, float, float, NDArray[np.float64]]:
    """Return rate, CV and correlation of a population, and the rates of its neurons."""
    size, late = run.populations[name], run.times(name) >= START
    steps, ids = run.steps[name][late], run.ids[name][late]
    length = run.duration - START
    bins = ((steps * run.dt - START) // BIN).astype(np.int64)
    counts = np.zeros((size, round(length / BIN)))
    np.add.at(counts, (ids, bins), 1)
    # The variance of a sum is the sum of all covariances.
    own = counts.var(axis=1).sum()
    correlation = (counts.sum(axis=0).var() - own) / (size - 1) / own
    order = np.lexsort((steps, ids))
    own_ids, gaps = ids[order], np.diff(steps[order])
    within = np.diff(own_ids) == 0
    n, total, square = (
        np.bincount(own_ids[1:][within], gaps[within].astype(float) ** power, minlength=size)
        for power in range(3)
    )
    many = n >= 2
    mean = total[many] / n[many]
    cvs = np.sqrt(np.maximum(square[many] / n[many] - mean**2, 0)) / mean
    cv = float(cvs.mean()) if cvs.size else np.nan
    single = counts.sum(axis=1) / length * 1000
    return float(single.mean()), cv, float(correlation), single
