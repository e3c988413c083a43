"""A cortical microcircuit with weights of 2 to 4 bits.

Question: does a recurrent network keep its activity with weights of a few bits, and does the
rounding rule matter?
Answer: it does, if the sums of weights are preserved. The circuit of Potjans and Diesmann, scaled
down to 5 %, runs with weights that are rounded down ("floor", as if bits were cut off), to the
nearest step ("nearest"), at random ("stochastic"), or so that the sum and the sum of squares onto
each neuron are preserved ("moments"). The table gives the difference from float64 with the same
input. Its first row is the noise floor, the difference that another input makes: smaller
differences mean nothing. "floor" is far off, and more so with fewer bits. If all neurons are equal,
the other three rules are at the noise floor down to 2 bits, since the compiler scales a population
so that its weights fall near steps. If neurons differ, each has its own weights in steps. At 2 bits
"nearest" then changes the sum onto a neuron by 9 %, and the rate of a neuron by twice the noise
floor; "moments" preserves both, without randomness.

Sizes, probabilities and rates are those of the published circuit (Potjans and Diesmann 2014,
10.1093/cercor/bhs358; van Albada et al. 2018, 10.3389/fnins.2018.00291). In the scaled circuit each
neuron has 5 % of its synapses, with weights larger by a factor of sqrt(20), and a constant current
that replaces the lost mean input (van Albada, Helias and Diesmann 2015,
10.1371/journal.pcbi.1004490). This current is nearly four fifths of the drive and has no weights:
at full scale, errors of sums would have a larger effect.

    python examples/13_microcircuit_weights.py
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip import (
    LIF,
    LOIHI,
    ChipImage,
    Emulator,
    Network,
    Normal,
    PoissonInput,
    Population,
    Recording,
    compile_network,
    draw_stimulus,
    fixed_indegree,
    fixed_probability,
    simulate_reference,
)

SCALE = 0.05  # fraction of the neurons, and of the synapses of each neuron
DT = 0.1  # ms
START = 300.0  # ms; earlier spikes are not counted
BIN = 5.0  # ms, bin of spike counts
POOL = 2000  # external sources of each population
SPREAD = 0.1  # standard deviation of the weights of a connection, relative to their mean
CIRCUITS = {"equal neurons": 0.0, "capacitances spread by ±30 %": 0.3}
BITS = (4, 3, 2)
RULES = ("floor", "nearest", "stochastic", "moments")

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


def weight_of(target: int, source: int) -> float:
    """Return the mean weight at full scale in nA."""
    if source % 2:
        return INHIBITION * WEIGHT
    return 2 * WEIGHT if (NAMES[target], NAMES[source]) == ("L23E", "L4E") else WEIGHT


def weights(mean: float) -> Normal:
    """Return a distribution of weights of one sign around a mean."""
    low, high = sorted((0.0, 3 * mean))
    return Normal(mean, abs(SPREAD * mean), low=low, high=high)


def describe(unlike: float, scale: float) -> Network:
    """Return the scaled circuit: fewer, stronger synapses, and a current for the lost mean."""
    populations, inputs, connections = [], [], []
    up, rng = scale**-0.5, np.random.default_rng(1)
    for target, name in enumerate(NAMES):
        size = round(scale * SIZES[target])
        external = WEIGHT * EXTERNAL[target] * 8.0
        mean = external + sum(
            weight_of(target, source)
            * PROBABILITIES[target][source]
            * SIZES[source]
            * RATES[source]
            for source in range(8)
        )
        cm = 0.25 * rng.uniform(1 - unlike, 1 + unlike, size)  # nF
        model = LIF(
            tau_m=10.0,
            cm=cm,
            tau_syn=TAU_SYN,
            tau_refrac=2.0,
            i_offset=(1 - scale**0.5) * mean * TAU_SYN / 1000 * (cm / 0.25),
            v_init=rng.normal(-58.0, 5.0, size).clip(max=-50.5),
        )
        populations.append(Population(name, size, model))
        inputs.append(PoissonInput(f"to {name}", POOL, rate=8.0))
        connections.append(
            fixed_indegree(
                inputs[-1],
                populations[-1],
                round(scale * EXTERNAL[target]),
                weight=weights(WEIGHT * up),
                seed=1,
            )
        )
    for target, row in enumerate(PROBABILITIES):
        for source, probability in enumerate(row):
            if probability:
                w, delay = up * weight_of(target, source), 0.75 if source % 2 else 1.5
                connections.append(
                    fixed_probability(
                        populations[source],
                        populations[target],
                        probability,
                        weight=weights(w),
                        delay=Normal(delay, delay / 2, low=0.05),
                        seed=1,
                    )
                )
    return Network(inputs=inputs, populations=populations, connections=connections)


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
    rates, cvs, correlations, neurons = zip(*(measure(run, n) for n in NAMES), strict=True)
    return Activity(np.array(rates), np.array(cvs), np.array(correlations), list(neurons))


def measure(run: Recording, name: str) -> tuple[float, float, float, NDArray[np.float64]]:
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
    intervals = [np.diff(steps[ids == neuron]) for neuron in range(size)]  # steps are sorted
    cvs = [item.std() / item.mean() for item in intervals if item.size >= 2]
    cv = np.mean(cvs) if cvs else np.nan
    single = counts.sum(axis=1) / length * 1000
    return float(single.mean()), float(cv), float(correlation), single


def sums_off(image: ChipImage) -> float:
    """Return the error of a neuron's summed weight in % (rms over neurons, mean over synapses)."""
    rows = [row for row in image.report.rows if row.parameter == "weight"]
    percent = [float(row.note.split("sums off by ")[1].split()[0]) for row in rows]
    return float(np.average(percent, weights=[group.n_synapses for group in image.synapses]))


def line(label: str, differences: tuple[float, ...], sums: float | None = None) -> str:
    """Return one line of the table."""
    rate, single, cv, correlation = differences
    first = f"{sums:8.2f} %" if sums is not None else f"{'':10}"
    return f"{label:24}{first}{100 * rate:9.2f} %{100 * single:12.1f} %{cv:9.3f}{correlation:13.4f}"


def main(scale: float = SCALE, duration: float = 5000.0, *widths: float) -> None:
    """Print a table for each circuit; scale, duration and bit widths are optional."""
    for title, unlike in CIRCUITS.items():
        network = describe(unlike, scale)
        stimuli = [draw_stimulus(network, duration, seed=seed) for seed in (1, 2, 3)]
        wanted, *others = (activity(simulate_reference(network, s, dt=DT)) for s in stimuli)
        neurons = sum(population.size for population in network.populations)
        print(
            f"{title}: {neurons} neurons, {network.n_synapses:,} synapses; "
            f"{wanted.rates.mean():.1f} Hz, CV {wanted.cvs.mean():.2f}, correlation "
            f"{wanted.correlations.mean():.4f}"
        )
        print(f"{'':24}{'sums off':>10}{'rates':>11}{'neurons':>14}{'CV':>9}{'correlation':>13}")
        apart = np.mean([wanted.differences(other) for other in others], axis=0)
        print(line("float64, other input", tuple(apart)))
        for bits in (8, *(int(width) for width in widths or BITS)):
            chip = LOIHI.what_if(weight_mantissa_bits=bits)
            for rule in RULES if bits < 8 else ("nearest",):
                image = compile_network(network, chip, dt=DT, weight_rounding=rule)
                found = activity(Emulator(image).run(stimuli[0]))
                print(line(f"{bits} bits, {rule}", wanted.differences(found), sums_off(image)))
        print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=float, help="scale, duration (ms), bit widths")
    main(*parser.parse_args().numbers)
