"""What the compiler makes of a network runs as the slow model in plain Python says."""

from dataclasses import fields, replace

import numpy as np
import oracle
import pytest
from conformance.images import THREADS

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    all_to_all,
    fixed_probability,
)
from neurochip.emulator import Emulator

MODELS = (
    LIF(tau_m=10.0, tau_refrac=2.5),
    LIF(tau_m=12.0, tau_syn=3.0, cm=0.2),
    LIF(tau_m=10.0, tau_syn_E=2.0, tau_syn_I=7.0, cm=0.2),
)
REGISTERS = [field.name for field in fields(oracle.Compartment) if field.name != "core"]
STEPS = 25


def random_network(rng):
    """Populations of all kinds; dense and sparse connections, weights and delays of each form."""
    source = PoissonInput("source", int(rng.integers(1, 40)), rate=400.0)
    populations = [
        Population(f"cells{i}", int(rng.choice([1, 7, 32, 64, 96])), MODELS[rng.integers(0, 3)])
        for i in range(rng.integers(1, 4))
    ]
    links = []
    for before in (source, *populations):
        for after in populations:
            link = all_to_all(before, after, weight=1.0)
            if rng.random() < 0.5:
                link = fixed_probability(before, after, rng.random(), weight=1.0, seed=1)
            if link.n_synapses == 0 or rng.random() < 0.4:
                continue
            n, unit = link.n_synapses, rng.choice([0.1, 0.5, 1.0])
            weight = [unit, unit * rng.normal(0.4, 1.0, n), rng.choice([0.5, -0.25], n)]
            delay = [0.0, 3.0, rng.integers(0, 4, n).astype(float)]
            links.append(
                replace(link, weight=weight[rng.integers(0, 3)], delay=delay[rng.integers(0, 3)])
            )
    return Network(inputs=[source], populations=populations, connections=links)


def as_oracle(image):
    """Compartments and synapses of an image, register by register."""
    registers = zip(
        *(getattr(image.compartments, name).tolist() for name in REGISTERS), strict=True
    )
    cells = [oracle.Compartment(**dict(zip(REGISTERS, row, strict=True))) for row in registers]
    synapses = []
    for number, group in enumerate(image.synapses):
        kind = "input" if group.source == "inputs" else "neuron"
        pre = np.repeat(np.arange(len(group.indptr) - 1), np.diff(group.indptr))
        delay = group.delay if len(group.delay) else np.zeros(len(pre), dtype=int)
        form = group.format
        form = form.weight_exponent, form.weight_bits, int(form.sign_mode)
        synapses += [
            oracle.Synapse((kind, int(i)), int(j), int(m), int(d), *form, group=number)
            for i, j, m, d in zip(pre, group.target, group.mantissa, delay, strict=True)
        ]
    return cells, synapses


@pytest.mark.parametrize("seed", range(24))
def test_a_compiled_network_runs_as_the_oracle_says(seed):
    rng = np.random.default_rng(seed)
    image = compile_network(random_network(rng), LOIHI, dt=float(rng.choice([0.1, 0.5, 1.0])))
    spikes = np.unique(rng.integers(0, (STEPS, image.n_inputs), (100, 2)), axis=0)
    steps, sources = spikes.T
    wanted = oracle.run(*as_oracle(image), list(map(tuple, spikes.tolist())), STEPS)
    for threads in THREADS:
        emulator = Emulator(replace(image, symbols=None), threads=threads, progress=False)
        got = emulator.run_steps(STEPS, steps - 1, sources, record=["u", "v"])
        assert np.array_equal(got.trace("compartments", "u").values, wanted.u)
        assert np.array_equal(got.trace("compartments", "v").values, wanted.v)
        assert got.counters == wanted.counters
