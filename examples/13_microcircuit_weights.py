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

import numpy as np
from potjans_diesmann import (
    DT,
    EXTERNAL,
    NAMES,
    PROBABILITIES,
    SIZES,
    TAU_SYN,
    WEIGHT,
    activity,
    mean_input,
    weight_of,
    weights,
)

from neurochip import (
    LIF,
    LOIHI,
    ChipImage,
    Emulator,
    Network,
    Normal,
    PoissonInput,
    Population,
    compile_network,
    draw_stimulus,
    fixed_indegree,
    fixed_probability,
    simulate_reference,
)

SCALE = 0.05  # fraction of the neurons, and of the synapses of each neuron
POOL = 2000  # external sources of each population
CIRCUITS = {"equal neurons": 0.0, "capacitances spread by ±30 %": 0.3}
BITS = (4, 3, 2)
RULES = ("floor", "nearest", "stochastic", "moments")


def describe(unlike: float, scale: float) -> Network:
    """Return the scaled circuit: fewer, stronger synapses, and a current for the lost mean."""
    populations, inputs, connections = [], [], []
    up, rng = scale**-0.5, np.random.default_rng(1)
    for target, name in enumerate(NAMES):
        size = round(scale * SIZES[target])
        external = WEIGHT * EXTERNAL[target] * 8.0
        mean = external + mean_input(target, np.multiply(PROBABILITIES[target], SIZES))
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
