"""Run random networks in NEST and in the reference, and print those with a spike that differs.

    pip install "nest-simulator==3.10.0"
    python tests/against_nest/fuzz.py                 # 50 networks, 10 seconds
    python tests/against_nest/fuzz.py --many 2000
    python tests/against_nest/fuzz.py --first 17 --many 1

Steps, parameters of each neuron, both models in one network, delays and refractory periods off the
grid, weights of both signs, initial v (also above the threshold) and currents, and currents in
steps are random. Exits with 1 if a network differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import nest
from against_nest.compare import spikes_apart
from against_nest.networks import RULES
from against_nest.simulate import simulate_nest

from neurochip import (
    LIF,
    ConstantCurrent,
    Network,
    Population,
    SpikeInput,
    StepCurrent,
    Stimulus,
    from_arrays,
)
from neurochip.reference import simulate_reference
from neurochip.stimulus import currents_of

DURATION = 200.0  # ms


def population(rng: np.random.Generator, name: str, delta: bool) -> Population:
    """Return neurons with random parameters, equal or of each neuron."""
    size = int(rng.integers(1, 12))

    def draw(low: float, high: float):
        return rng.uniform(low, high, size) if rng.random() < 0.5 else float(rng.uniform(low, high))

    v_thresh = draw(-55.0, -45.0)
    values = {
        "tau_m": draw(2.0, 40.0),
        "v_rest": draw(-72.0, -58.0),
        "v_reset": np.asarray(v_thresh) - draw(0.5, 20.0),
        "v_thresh": v_thresh,
        "v_init": draw(-80.0, -44.0),
        "tau_refrac": 0.0 if rng.random() < 0.2 else draw(0.0, 6.0),
        "cm": draw(0.1, 1.0),
        "i_offset": draw(-0.1, 0.3),
    }
    if not delta:
        values |= {"tau_syn_E": draw(0.3, 20.0), "tau_syn_I": draw(0.3, 20.0)}
        if rng.random() < 0.3:
            values |= {"i_syn_init_E": abs(draw(0.0, 2.0)), "i_syn_init_I": draw(-2.0, 0.0)}
    return Population(name, size, LIF(**values))


def network_of(seed: int) -> tuple[Network, Stimulus, float]:
    """Return a network, its input and its step."""
    rng = np.random.default_rng(seed)
    dt = float(rng.choice([0.05, 0.1, 0.125, 0.25, 0.5, 1.0]))
    populations = [
        population(rng, f"cells {k}", bool(rng.random() < 0.4)) for k in range(rng.integers(1, 4))
    ]
    n_steps = round(DURATION / dt)
    steps, ids = np.nonzero(rng.random((n_steps, 8)) < rng.uniform(20, 300) * dt * 1e-3)
    source = SpikeInput("input", 8, ids, steps * dt)
    connections = []
    for target in populations:
        strong = 4.0 if target.model.delta_synapses else 1.0
        for pre in (source, *populations):
            n_pairs = int(rng.integers(0, 40))
            weight = rng.uniform(-0.5, 1.0, n_pairs) * strong
            delay = rng.uniform(0.51 * dt, 8.0 + dt, n_pairs)
            if rng.random() < 0.5:
                delay = np.maximum(np.rint(delay / dt), 1) * dt
            pairs = rng.integers(0, pre.size, n_pairs), rng.integers(0, target.size, n_pairs)
            connections.append(from_arrays(pre, target, *pairs, weight=weight, delay=delay))
    currents: list[ConstantCurrent | StepCurrent] = []
    for target in populations:
        if rng.random() < 0.3:
            times = np.unique(rng.uniform(0, DURATION, 5).round(1) * (rng.random(5) < 0.9))
            currents.append(StepCurrent(target, times, rng.uniform(-0.3, 0.6, len(times))))
    network = Network(
        inputs=[source, *currents], populations=populations, connections=connections, **RULES
    )
    return network, Stimulus(DURATION, (source,), currents_of(network)), dt


def main() -> None:
    """Compare the networks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--many", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    given = parser.parse_args()
    nest.verbosity = nest.VerbosityLevel.ERROR
    n_spikes = different = 0
    for seed in range(given.first, given.first + given.many):
        network, stimulus, dt = network_of(seed)
        theirs = simulate_nest(network, stimulus, dt)
        apart = spikes_apart(theirs.spikes, simulate_reference(network, stimulus, dt))
        n_spikes += sum(len(ids) for _, ids in theirs.spikes.values())
        if apart:
            different += 1
            sys.stdout.write(f"network {seed} at {dt:g} ms: {apart} spikes differ\n")
    sys.stdout.write(f"{given.many} networks, {n_spikes} spikes, {different} networks differ\n")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
