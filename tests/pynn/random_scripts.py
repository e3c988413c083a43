"""Random PyNN scripts, run by PyNN's own NEST and by this front end in float64.

    python tests/pynn/random_scripts.py 100 40     # 40 scripts, of the seeds from 100 on

A script has two populations, sources, and up to eight projections of all connectors, with views and
assemblies as ends, self-connections and several synapses of a pair. NEST runs in a process of its
own, with ``spike_precision="on_grid"``. It sends some given spikes a step early or late, since PyNN
subtracts its delay in floating point, so what its sources sent is given to the other side.

Scripts leave out what PyNN 0.13 does otherwise on NEST than it says: an initial v of IF_curr_delta,
which stays at -70 mV; weights of IF_curr_delta in an assembly, which are 1,000 times as large; and
assemblies as sources whose cells are not in the order of their numbers, which connects others.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from pyNN.random import NumpyRNG, RandomDistribution

DT, DURATION = 0.1, 300.0  # ms
NEST = "import sys, random_scripts; random_scripts.run_in_nest(int(sys.argv[1]), int(sys.argv[2]))"


def uniform(seed, low, high):
    return RandomDistribution("uniform", (low, high), rng=NumpyRNG(int(seed)))


def connector(sim, kind, rng):
    return (
        lambda: sim.FixedProbabilityConnector(0.4, rng=rng),
        lambda: sim.FixedNumberPreConnector(3, with_replacement=True, rng=rng),
        lambda: sim.FixedTotalNumberConnector(30, rng=rng),
        lambda: sim.AllToAllConnector(allow_self_connections=False),
        lambda: sim.FixedNumberPostConnector(2, rng=rng),
        sim.OneToOneConnector,
    )[kind]()


def build(sim, seed):
    """Build the script of a seed; return its two populations of neurons and its sources."""
    draws, delta = np.random.default_rng(seed), seed % 4 == 3
    scale = 3.0 if delta else 1.0
    cells = []
    for label in "ab":
        values = {
            "tau_m": draws.uniform(8.0, 25.0),
            "cm": draws.uniform(0.2, 1.0),
            "v_reset": draws.uniform(-72.0, -66.0),
            "tau_refrac": draws.choice([0.1, 1.0, 2.0, 3.3]),
            "i_offset": draws.uniform(0.0, 0.2),
        }
        if not delta:
            one, other = draws.uniform(1.0, 8.0, size=2)
            values |= {"tau_syn_E": one, "tau_syn_I": other if seed % 2 else one}
        model = sim.IF_curr_delta if delta else sim.IF_curr_exp
        values = {name: float(value) for name, value in values.items()}
        cells.append(sim.Population(int(draws.integers(4, 20)), model(**values), label=label))
        cells[-1].initialize(v=-70.0 if delta else uniform(seed, -70.0, -50.0))
    a, b = cells
    given = [np.unique(draws.integers(10, 2900, 40)) for _ in range(draws.integers(5, 30))]
    times = [np.round(steps * DT, 1) for steps in given]
    source = sim.Population(len(times), sim.SpikeSourceArray(spike_times=times), label="source")
    ends = [(source, a), (source[::2], b), (a, b[1:3]), (b, a), (a, a), (a[0:2] + b, b), (a + b, a)]
    ends += [] if delta else [(source, a + b)]
    for number, (pre, post) in enumerate(ends):
        if draws.random() < 0.3:
            continue
        inhibits = pre is not source and draws.random() < 0.4
        low, high = (-0.4, 0.0) if inhibits else (0.0, 0.5)
        synapse = sim.StaticSynapse(
            weight=uniform(number, low * scale, high * scale), delay=uniform(number + 50, 0.1, 4.0)
        )
        rule = connector(sim, int(draws.integers(6)), NumpyRNG(100 * seed + number))
        receptor = "inhibitory" if inhibits else "excitatory"
        sim.Projection(pre, post, rule, synapse, receptor_type=receptor)
    return a, b, source


def run_in_nest(first, number):
    """Print the spikes of each population, as steps of each cell, for scripts from ``first`` on."""
    import pyNN.nest as sim

    for seed in range(first, first + number):
        sim.setup(timestep=DT, min_delay=0.1, max_delay=5.0, spike_precision="on_grid")
        populations = build(sim, seed)
        for each in populations:
            each.record("spikes")
        sim.run(DURATION)
        trains = [each.get_data().segments[0].spiketrains for each in populations]
        steps = [[np.rint(t.magnitude / DT).astype(int).tolist() for t in each] for each in trains]
        print("spikes", json.dumps([seed, steps]))
        sim.end()


def spikes_of_nest(first, number):
    """Return what :func:`run_in_nest` prints in a process of its own, by seed."""
    command = [sys.executable, "-c", NEST, str(first), str(number)]
    here = Path(__file__).parent
    run = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    lines = [line[7:] for line in run.stdout.splitlines() if line.startswith("spikes ")]
    return dict(json.loads(line) for line in lines)


def differences(seed, expected):
    """Run the script of a seed in float64; return the spikes of NEST, and how many differ."""
    import neurochip.frontends.pynn as sim
    from neurochip import draw_stimulus, simulate_reference
    from neurochip.frontends.pynn.network import read_network

    sim.setup(timestep=DT, min_delay=0.1, max_delay=5.0)
    *cells, source = build(sim, seed)
    source.set(spike_times=[sim.Sequence(np.round(np.array(each) * DT, 1)) for each in expected[2]])
    network = read_network(sim.simulator.state)
    run = simulate_reference(network, draw_stimulus(network, DURATION, seed=1), DT)
    total = different = 0
    for population, trains in zip(cells, expected, strict=False):
        steps, ids = run.steps[population.key] + 1, run.ids[population.key]  # NEST's times
        for cell, train in enumerate(trains):
            total += len(train)
            different += len(np.setxor1d(steps[ids == cell], train))
    return total, different


if __name__ == "__main__":
    begin, many = (int(each) for each in sys.argv[1:3])
    counted = [differences(*item) for item in spikes_of_nest(begin, many).items()]
    spikes, apart = (sum(each) for each in zip(*counted, strict=True))
    print(f"{len(counted)} scripts, {spikes} spikes of NEST, {apart} different in float64")
