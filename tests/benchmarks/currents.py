"""Measure what currents that change in every step cost in the emulator.

    python tests/benchmarks/currents.py

Runs 10,000 steps of unconnected neurons with a constant current, with one current that changes in
every step, and with one for each neuron. Prints the shortest of five runs, in microseconds per
step.
"""

from __future__ import annotations

import time

import numpy as np

from neurochip import (
    LIF,
    ConstantCurrent,
    Emulator,
    Network,
    Population,
    StepCurrent,
    compile_network,
    draw_stimulus,
)

STEPS, DT, REPEATS = 10_000, 0.1, 5


def step_time(size: int, kind: str) -> float:
    """Return the time of a step in microseconds."""
    cells = Population("cells", size, LIF(tau_m=20.0, cm=0.1))
    rng, times = np.random.default_rng(0), np.arange(STEPS) * DT
    inputs = {
        "constant": lambda: ConstantCurrent(cells, 0.1),
        "one": lambda: StepCurrent(cells, times, rng.uniform(0.0, 0.2, STEPS)),
        "each": lambda: StepCurrent(cells, times, rng.uniform(0.0, 0.2, (STEPS, size))),
    }
    network = Network(populations=[cells], inputs=[inputs[kind]()])
    emulator = Emulator(compile_network(network, dt=DT), threads=1)
    stimulus = draw_stimulus(network, STEPS * DT, seed=1)
    found = []
    for _ in range(REPEATS + 1):  # the first one compiles the kernels
        emulator.reset()
        begin = time.perf_counter()
        emulator.run(stimulus)
        found.append(time.perf_counter() - begin)
    return min(found[1:]) / STEPS * 1e6


def main() -> None:
    """Print the table."""
    for size in (1, 100, 1000):
        times = [step_time(size, kind) for kind in ("one", "each", "constant")]
        print(f"| {size} | " + " | ".join(f"{value:.2g} us" for value in times) + " |")  # noqa: T201


if __name__ == "__main__":
    main()
