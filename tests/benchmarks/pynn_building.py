"""Time how PyNN's projections build a million synapses, on the chip's front end or on NEST.

python tests/benchmarks/pynn_building.py            # this front end
python tests/benchmarks/pynn_building.py nest       # PyNN's own NEST, to compare
"""

# ruff: noqa: T201

from __future__ import annotations

import importlib
import sys
import time

from pyNN.random import NumpyRNG, RandomDistribution


def built(sim, size, connector, **synapses):
    """Return the seconds that a projection takes, and its number of synapses."""
    ends = [sim.Population(size, sim.IF_curr_exp()) for _ in range(2)]
    synapse = sim.StaticSynapse(delay=0.5, **synapses)
    began = time.perf_counter()
    projection = sim.Projection(*ends, connector, synapse, receptor_type="excitatory")
    return time.perf_counter() - began, projection.size()


def main(simulator="neurochip"):
    names = {"neurochip": "neurochip.frontends.pynn"}
    sim = importlib.import_module(names.get(simulator, f"pyNN.{simulator}"))
    sim.setup(timestep=0.1, min_delay=0.1, max_delay=1.0)
    rng = NumpyRNG(seed=1)
    weights = RandomDistribution("uniform", (0.0, 0.1), rng=rng)
    cases = {
        "all to all, random weights": (1000, sim.AllToAllConnector(), {"weight": weights}),
        "fixed probability": (
            10_000,
            sim.FixedProbabilityConnector(0.01, rng=rng),
            {"weight": 0.1},
        ),
    }
    for name, (size, connector, values) in cases.items():
        seconds, number = built(sim, size, connector, **values)
        print(f"{name:28s}{number:9,} synapses {seconds:6.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
