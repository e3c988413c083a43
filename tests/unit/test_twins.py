"""Twins: float runs that differ in one synapse, and the noise floor that they give."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    STDP,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    compare,
    draw_stimulus,
    fixed_probability,
    judge,
    one_to_one,
    simulate_reference,
    simulate_twins,
)
from neurochip.errors import RecordingError
from neurochip.reference import twins as module
from neurochip.validation.noise_floor import noise_floor


def recurrent(size=60):
    """Excitatory neurons that drive each other, some neurons downstream, some apart."""
    lif = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0)
    source = PoissonInput("source", 2 * size, rate=40.0)
    loop, apart = Population("loop", size, lif), Population("apart", 10, lif)
    wires = [
        fixed_probability(source, loop, 0.2, weight=1.0, seed=1),
        fixed_probability(loop, loop, 0.2, weight=0.4, delay=1.5, seed=2),
        fixed_probability(source, apart, 0.2, weight=1.0, seed=3),
    ]
    return Network(inputs=[source], populations=[loop, apart], connections=wires)


NETWORK = recurrent()
STIMULUS = draw_stimulus(NETWORK, 500.0, seed=1)
REFERENCE = simulate_reference(NETWORK, STIMULUS, 1.0)


def spikes(run, name):
    return run.steps[name].tolist(), run.ids[name].tolist()


def test_twins_differ_from_the_reference_where_neurons_drive_each_other_and_nowhere_else():
    twins = simulate_twins(NETWORK, STIMULUS, REFERENCE, twins=3)
    assert len(twins) == 3
    for twin in twins:
        assert spikes(twin, "apart") == spikes(REFERENCE, "apart")
    assert any(spikes(twin, "loop") != spikes(REFERENCE, "loop") for twin in twins)


def test_a_seed_chooses_the_synapses():
    first, again, other = (
        [
            spikes(run, "loop")
            for run in simulate_twins(NETWORK, STIMULUS, REFERENCE, twins=2, seed=seed)
        ]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_one_synapse_that_hears_a_spike_is_half_as_strong_again(monkeypatch):
    changed = []

    def note(network, *args, **kwargs):
        changed.append(network)
        return REFERENCE

    monkeypatch.setattr(module, "simulate_reference", note)
    simulate_twins(NETWORK, STIMULUS, REFERENCE, twins=30)
    sources = set()
    for network in changed:
        pairs = zip(NETWORK.connections, network.connections, strict=True)
        (old, new), *others = [(a, b) for a, b in pairs if not np.array_equal(a.weight, b.weight)]
        assert not others
        assert old.target.name == "loop"
        ratio = new.weight / np.broadcast_to(old.weight, new.weight.shape)
        assert sorted(ratio)[-2:] == pytest.approx([1.0, 1.5])
        sources.add(old.source.name)
    assert sources == {"source", "loop"}


def test_a_network_without_recurrence_or_without_spikes_has_no_twins():
    source, cells = PoissonInput("source", 5, rate=500.0), Population("cells", 5, LIF())
    wires = one_to_one(source, cells, weight=2.0)
    network = Network(inputs=[source], populations=[cells], connections=[wires])
    stimulus = draw_stimulus(network, 50.0, seed=1)
    assert simulate_twins(network, stimulus, simulate_reference(network, stimulus, 1.0)) == []
    nothing = SpikeInput("source", 5, [], [])
    loop = fixed_probability(cells, cells, 0.5, weight=1.0, seed=1)
    wires = one_to_one(nothing, cells, weight=2.0)
    network = Network(inputs=[nothing], populations=[cells], connections=[wires, loop])
    stimulus = draw_stimulus(network, 50.0, seed=1)
    assert simulate_twins(network, stimulus, simulate_reference(network, stimulus, 1.0)) == []


@pytest.mark.parametrize(
    ("twins", "allowed"),
    [
        (0, "an integer of at least 1"),
        (1.5, "an integer of at least 1"),
        (1001, "1 to 1000"),
    ],
)
def test_a_number_of_twins_that_is_not_allowed_is_refused(twins, allowed):
    message = f"simulate_twins: twins = {twins}; allowed: {allowed}."
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        simulate_twins(NETWORK, STIMULUS, REFERENCE, twins=twins)


def test_the_noise_floor_by_hand():
    twins = simulate_twins(NETWORK, STIMULUS, REFERENCE, twins=2)
    floor = noise_floor(REFERENCE, twins, "loop")
    rates = np.array([run.rates("loop") for run in (REFERENCE, *twins)])
    means = rates.mean(axis=1)
    t = 4.302652729749464  # 97.5 % of Student's t with 2 degrees of freedom
    assert floor.rate == pytest.approx(t * means.std(ddof=1) * np.sqrt(2) / means.mean())
    apart = [np.abs(rates[i] - rates[j]).mean() for i, j in ((0, 1), (0, 2), (1, 2))]
    assert floor.neuron == pytest.approx(np.mean(apart) / means.mean())
    assert floor.runs == 3
    assert noise_floor(REFERENCE, [], "loop") is None


def test_only_recurrent_populations_have_a_noise_floor():
    comparison = judge(NETWORK, dt=1.0, duration=500.0, twins=2).comparison
    assert comparison.population("loop").noise_floor.runs == 3
    text = " ".join(str(comparison).split())
    assert "per neuron (3 float runs, one synapse changed)" in text
    assert comparison.population("apart").noise_floor is None
    without = judge(NETWORK, dt=1.0, duration=500.0, twins=0).comparison
    assert without.population("loop").noise_floor is None


def test_a_changed_synapse_is_not_beyond_chance():
    calls = 0
    for seed in range(12):
        stimulus = draw_stimulus(NETWORK, 500.0, seed)
        reference = simulate_reference(NETWORK, stimulus, 1.0)
        *twins, other = simulate_twins(NETWORK, stimulus, reference, twins=5, seed=seed)
        found = compare(reference, other, twins=twins, any_origin=True).population("loop")
        calls += found.beyond_chance is True
    assert calls <= 2


def test_twins_on_another_grid_are_refused():
    other = simulate_reference(NETWORK, STIMULUS, 0.5)
    message = (
        "compare: the reference has dt = 1 ms and the twin 0.5 ms; allowed: equal steps. "
        "Run both on one grid."
    )
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        compare(REFERENCE, REFERENCE, twins=[other], any_origin=True)


def test_a_start_weight_that_learns_stays_within_its_limit():
    network = recurrent()
    rule = STDP(20.0, 20.0, 0.01, 0.01, 0.5)
    changed = [
        dataclasses.replace(item, plasticity=rule if item.name == "loop->loop" else None)
        for item in network.connections
    ]
    network = dataclasses.replace(network, connections=changed)
    stimulus = draw_stimulus(network, 100.0, seed=1)
    reference = simulate_reference(network, stimulus, 0.5)
    assert len(simulate_twins(network, stimulus, reference, twins=6)) == 6  # 1.5 * 0.4 > 0.5
