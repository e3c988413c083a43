"""How often the 95 % intervals of a comparison hold the true error, over many runs.

    python tests/coverage_of_intervals.py
    python tests/coverage_of_intervals.py --draws 200

Prints the two tables of docs/reference/testing.md. The first is about pairs of normal values: the
interval of the mean difference, and how often two means are called equal although they differ by
the whole tolerance. The second is about networks on two chips, with one
input per draw; the true error is the mean over all draws.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    ChipSpec,
    Emulator,
    Network,
    Normal,
    PoissonInput,
    Population,
    compare,
    draw_stimulus,
    equivalence,
    fixed_probability,
    one_to_one,
    rate_equivalence,
    simulate_reference,
)
from neurochip.validation.intervals import difference_interval

DT = 1.0  # ms
DURATION = 1000.0  # ms
CELLS = "cells"
NEURON = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)


def spread(mean: float) -> Normal:
    """Return weights that differ by 30 %, all of one sign."""
    low, high = sorted((0.0, 3 * mean))
    return Normal(mean, 0.3 * abs(mean), low=low, high=high)


def independent(size: int) -> Network:
    """Return neurons with a Poisson source each."""
    source, cells = PoissonInput("source", size, rate=1000.0), Population(CELLS, size, NEURON)
    wires = one_to_one(source, cells, weight=spread(0.85), seed=1)
    return Network(inputs=[source], populations=[cells], connections=[wires])


def shared() -> Network:
    """Return 80 neurons that each hear a quarter of 40 common sources."""
    source, cells = PoissonInput("source", 40, rate=40.0), Population(CELLS, 80, NEURON)
    wires = fixed_probability(source, cells, 0.25, weight=spread(2.0), seed=1)
    return Network(inputs=[source], populations=[cells], connections=[wires])


def recurrent(factor: int = 1) -> Network:
    """Return 80 excitatory and 20 inhibitory neurons that drive each other, or several times as
    many with as many synapses each."""
    source = PoissonInput("source", 100 * factor, rate=30.0)
    cells, others = (
        Population(name, size * factor, NEURON) for name, size in ((CELLS, 80), ("inhibitory", 20))
    )
    wires = []
    for target in (cells, others):
        wires += [
            fixed_probability(source, target, 0.25 / factor, weight=spread(1.0), seed=1),
            fixed_probability(cells, target, 0.2 / factor, weight=spread(0.5), delay=2.0, seed=2),
            fixed_probability(others, target, 0.2 / factor, weight=spread(-2.0), delay=2.0, seed=3),
        ]
    return Network(inputs=[source], populations=[cells, others], connections=wires)


NETWORKS: dict[str, Callable[[], Network]] = {
    "independent, 5 neurons": lambda: independent(5),
    "independent, 20 neurons": lambda: independent(20),
    "independent, 100 neurons": lambda: independent(100),
    "shared input, 80 neurons": shared,
    "recurrent, 100 neurons": recurrent,
    "recurrent, 400 neurons": lambda: recurrent(4),
}

CHIPS = {"loihi": LOIHI, "7 decay bits": LOIHI.what_if(decay_bits=7)}


def of_pairs(size: int, draws: int) -> tuple[float, float]:
    """Return the coverage over normal pairs, and how often EQUAL is claimed on the tolerance."""
    rng = np.random.default_rng(size)
    held = equal = 0
    for _ in range(draws):
        reference = rng.normal(50.0, 5.0, size)
        low, high = difference_interval(reference, reference + rng.normal(0.0, 2.0, size))
        held += low <= 0.0 <= high
        other = reference + rng.normal(1.0, 2.0, size)
        test = equivalence(reference, other, tolerance=1.0, relative=False)
        equal += test.conclusion.name == "EQUAL"
    return held / draws, equal / draws


def of_network(network: Network, draws: int, chip: ChipSpec = LOIHI) -> tuple[float, ...]:
    """Return the true error, the coverages of both intervals, how often the error was called more
    than chance, and how often equality was claimed with the true error as the tolerance."""
    emulator = Emulator(compile_network(network, chip, dt=DT, gain="dc"))
    items = []
    for seed in range(1, draws + 1):
        stimulus = draw_stimulus(network, DURATION, seed)
        emulator.reset()
        runs = simulate_reference(network, stimulus, DT), emulator.run(stimulus)
        items.append(compare(*runs).population(CELLS))
    expected, found = (
        np.mean([getattr(item, side) for item in items]) for side in ("reference_rate", "chip_rate")
    )
    error = found / expected - 1
    absolute, relative = (
        np.mean([low <= truth <= high for low, high in intervals])
        for truth, intervals in (
            (found - expected, [item.rate_difference_interval for item in items]),
            (error, [item.rate_error_interval for item in items]),
        )
    )
    beyond = np.mean([item.beyond_chance is True for item in items])
    equal = np.mean(
        [rate_equivalence(item, tolerance=abs(error)).conclusion.name == "EQUAL" for item in items]
    )
    return float(error), float(absolute), float(relative), float(beyond), float(equal)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    print("| pairs | 95 % interval holds the truth | called equal on the tolerance |")
    print("|---|---|---|")
    for size in (5, 8, 10, 20, 50, 100):
        held, equal = of_pairs(size, draws)
        print(f"| {size} | {100 * held:.1f} % | {100 * equal:.1f} % |")
    print()
    print("| network | chip | true error | in Hz | relative | beyond chance | called equal |")
    print("|---|---|---|---|---|---|---|")
    for name, network in NETWORKS.items():
        for chip, spec in CHIPS.items():
            error, *shares = of_network(network(), draws, spec)
            cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
            print(f"| {name} | {chip} | {100 * error:+.2f} % | {cells} |")


if __name__ == "__main__":
    main()
