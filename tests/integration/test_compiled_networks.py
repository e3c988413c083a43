"""What the compiler makes of a network runs as the slow model in plain Python says."""

from dataclasses import replace

import numpy as np
import pytest
from against_oracle import assert_image_equals_oracle

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    all_to_all,
    draw_stimulus,
    fixed_probability,
)
from neurochip.emulator import Emulator
from neurochip.recording import Recording
from neurochip.reference import simulate_reference

pytestmark = pytest.mark.slow

MODELS = (
    LIF(tau_m=10.0, tau_refrac=2.5),
    LIF(tau_m=12.0, tau_syn=3.0, cm=0.2),
    LIF(tau_m=10.0, tau_syn_E=2.0, tau_syn_I=7.0, cm=0.2),
)
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


@pytest.mark.parametrize("seed", range(24))
def test_a_compiled_network_runs_as_the_oracle_says(seed):
    rng = np.random.default_rng(seed)
    image = compile_network(random_network(rng), LOIHI, dt=float(rng.choice([0.1, 0.5, 1.0])))
    spikes = np.unique(rng.integers(0, (STEPS, image.n_inputs), (100, 2)), axis=0)
    assert_image_equals_oracle(image, spikes, STEPS)


@pytest.mark.parametrize("seed", range(24))
def test_a_batch_of_compiled_networks_gives_what_a_loop_over_runs_gives(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    emulator = Emulator(compile_network(network, LOIHI, dt=0.5), warn=False)  # some overflow
    stimuli = [draw_stimulus(network, 25.0, run) for run in range(rng.integers(1, 12))]
    batch = emulator.run_batch(stimuli, record=["v", "u"])
    for stimulus, recording in zip(stimuli, batch, strict=True):
        emulator.reset()
        assert emulator.run(stimulus, record=["v", "u"]) == recording


@pytest.mark.parametrize("seed", range(4, 10))  # networks that spike
def test_what_engines_record_passes_the_checks_of_a_recording_made_by_hand(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    image = compile_network(network, LOIHI, dt=0.5)
    stimulus = draw_stimulus(network, 50.0, seed=seed)
    spikes = np.unique(rng.integers(0, (STEPS, image.n_inputs), (100, 2)), axis=0)
    emulator = Emulator(image, warn=False)  # some networks overflow
    raw = emulator.run_steps(STEPS, *spikes.T, record=["v"])
    runs = [
        Emulator(image, warn=False).run(stimulus, record=["v", "u"]),
        *Emulator(image, warn=False).run_batch([stimulus, stimulus], record=["v"]),
        simulate_reference(network, stimulus, dt=0.5, record=["v"]),
        raw,
    ]
    for run in runs:
        assert Recording(**vars(run)) == run
        assert run.n_spikes > 0
