"""The main job, end to end: describe, compile, run on the chip, and judge against float64."""

from __future__ import annotations

import numpy as np
import pytest
from conformance.images import THREADS

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    Normal,
    PoissonInput,
    Population,
    Uniform,
    draw_stimulus,
    fixed_probability,
    from_arrays,
    one_to_one,
)
from neurochip.emulator import Emulator
from neurochip.image.files import load_image, save_image
from neurochip.reference import simulate_reference

pytestmark = pytest.mark.slow

SEEDS = (1, 2, 3, 4, 5)


def hundred_neurons(rate, weight):
    """The network that the project comes from, with another input."""
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    source, neurons = PoissonInput("source", 100, rate=rate), Population("neurons", 100, lif)
    return Network(
        inputs=[source],
        populations=[neurons],
        connections=[one_to_one(source, neurons, weight=weight, seed=1)],
    )


def test_the_network_as_described_is_silent_on_both_sides_and_its_v_agrees():
    network = hundred_neurons(rate=20.0, weight=1.5)
    for seed in SEEDS:
        stimulus = draw_stimulus(network, duration=1000.0, seed=seed)
        image = compile_network(network, LOIHI, dt=0.1)
        chip = Emulator(image, strict=True).run(stimulus, record=["v"])
        reference = simulate_reference(network, stimulus, dt=0.1, record=["v"])
        assert chip.n_spikes == 0
        assert reference.n_spikes == 0
        error = chip.trace("neurons").values - reference.trace("neurons").values
        # The project's promise; measured 0.0021 mV, of which the decay (41 for 40.76) is the most.
        assert np.sqrt(np.mean(error**2)) < 0.01


@pytest.mark.parametrize(
    ("dt", "population_limit", "neuron_limit"), [(0.1, 0.01, 0.015), (1.0, 0.003, 0.006)]
)
def test_driven_neurons_fire_at_the_rate_of_the_reference(dt, population_limit, neuron_limit):
    """Promised limits; measured 0.67 % and 0.74 % at 0.1 ms, 0.11 % and 0.47 % at 1 ms."""
    network = hundred_neurons(rate=1300.0, weight=Uniform(1.3, 1.7))
    image = compile_network(network, LOIHI, dt=dt, gain="dc")
    population, per_neuron = [], []
    for seed in SEEDS:
        stimulus = draw_stimulus(network, duration=1000.0, seed=seed)
        chip = Emulator(image, strict=True).run(stimulus)
        reference = simulate_reference(network, stimulus, dt=dt)
        assert 10 <= reference.rates("neurons").mean() <= 40
        got, expected = chip.counts("neurons"), reference.counts("neurons")
        spiking = expected > 0
        population.append(got.sum() / expected.sum() - 1)
        per_neuron.append(np.mean(np.abs(got[spiking] / expected[spiking] - 1)))
    assert abs(np.mean(population)) < population_limit
    assert np.mean(per_neuron) < neuron_limit


def two_time_constants(tau_syn_E, tau_syn_I):  # noqa: N803
    """Excitation and inhibition by one connection of both signs, and a delta population beside."""
    lif = LIF(
        tau_m=10.0,
        cm=0.25,
        v_rest=-70.0,
        v_reset=-65.0,
        v_thresh=-50.0,
        tau_refrac=2.0,
        tau_syn_E=tau_syn_E,
        tau_syn_I=tau_syn_I,
    )
    source = PoissonInput("source", 200, rate=500.0)
    kicked, neurons = Population("kicked", 5), Population("neurons", 100, lif)
    rng = np.random.default_rng(1)
    post = np.concatenate([np.arange(100), np.arange(100)])
    charge = rng.uniform([[3.0], [-0.8]], [[4.0], [-0.6]], (2, 100)) * 0.29
    weight = (charge / np.array([[tau_syn_E], [tau_syn_I]])).ravel()
    return Network(
        inputs=[source],
        populations=[kicked, neurons],
        connections=[
            from_arrays(source, neurons, pre=np.arange(200), post=post, weight=weight),
            fixed_probability(neurons, kicked, 0.1, weight=1.0, seed=1),
        ],
    )


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize(("tau_syn_E", "tau_syn_I"), [(2.0, 8.0), (5.0, 10.0)])
def test_neurons_with_two_time_constants_fire_at_the_rate_of_the_reference(
    tau_syn_E,  # noqa: N803
    tau_syn_I,  # noqa: N803
    dt,
):
    network = two_time_constants(tau_syn_E, tau_syn_I)
    image = compile_network(network, LOIHI, dt=dt)
    assert image.n_compartments == 205
    errors = []
    for seed in SEEDS:
        stimulus = draw_stimulus(network, duration=1000.0, seed=seed)
        chip = Emulator(image, strict=True).run(stimulus)
        reference = simulate_reference(network, stimulus, dt=dt)
        assert 10 <= reference.rates("neurons").mean() <= 40
        errors.append(chip.counts("neurons").sum() / reference.counts("neurons").sum() - 1)
    assert abs(np.mean(errors)) < 0.01


def five_thousand_neurons():
    """A balanced network that fires at about 12 Hz: 4,000 excitatory and 1,000 inhibitory."""
    lif = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
    exc, inh = Population("exc", 4000, lif), Population("inh", 1000, lif)
    to_exc, to_inh = PoissonInput("to_exc", 4000, rate=1e3), PoissonInput("to_inh", 1000, rate=1e3)
    connections = [one_to_one(to_exc, exc, weight=1.0), one_to_one(to_inh, inh, weight=1.0)]
    for source, weight in ((exc, Normal(0.2, 0.02)), (inh, Normal(-1.2, 0.12))):
        connections += [
            fixed_probability(source, target, 0.1, weight=weight, delay=Uniform(1.0, 5.0), seed=1)
            for target in (exc, inh)
        ]
    return Network(inputs=[to_exc, to_inh], populations=[exc, inh], connections=connections)


def test_a_recurrent_network_of_5000_neurons_runs_on_many_cores_the_same_way_every_time(tmp_path):
    network = five_thousand_neurons()
    image = compile_network(network, LOIHI, dt=1.0)
    assert image.n_compartments == 5000
    assert image.n_cores > 1
    assert image.n_synapses == network.n_synapses > 2_400_000
    assert image.max_delay == 5
    stimulus = draw_stimulus(network, duration=1000.0, seed=1)
    first = Emulator(image, threads=1).run(stimulus)
    for population in ("exc", "inh"):
        assert 5 <= first.rates(population).mean() <= 20

    loaded = load_image(save_image(image, tmp_path / "network"))
    assert loaded == image
    others = [Emulator(image, threads=threads).run(stimulus) for threads in THREADS[1:]]
    others.append(Emulator(loaded).run(stimulus))
    for other in others:
        for population in ("exc", "inh"):
            assert np.array_equal(other.steps[population], first.steps[population])
            assert np.array_equal(other.ids[population], first.ids[population])
        assert other.counters == first.counters
