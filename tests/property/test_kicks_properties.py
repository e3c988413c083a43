"""Kicks of v beside a current: reference, twin and emulator on random networks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from against_oracle import assert_image_equals_oracle
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from literal import literal
from twin import run_twin

from compiler import compile_network
from neurochip import (
    LIF,
    Network,
    Population,
    SpikeInput,
    Stimulus,
    Uniform,
    fixed_probability,
    one_to_one,
    simulate_reference,
)
from neurochip.network.refractory import REFRACTORIES

pytestmark = pytest.mark.slow

TOLERANCE = 1e-9  # mV: sums of some hundred terms of 10 mV in different orders
DURATION = 60.0  # ms
SIZE = 4

models = st.builds(
    LIF,
    tau_m=st.sampled_from([5.0, 12.0, 20.0]),
    tau_syn=st.sampled_from([1.0, 3.0, 8.0]),
    v_reset=st.sampled_from([-70.0, -65.0, -61.0]),
    v_thresh=st.just(-58.0),
    tau_refrac=st.sampled_from([0.0, 0.5, 1.3, 4.0]),
    cm=st.just(0.25),
    i_offset=st.sampled_from([0.0, 0.1]),
)


@st.composite
def networks(draw, delivery="after_threshold", refractory="from_spike"):
    """Two populations that drive v and a current of each other, with weights of both signs."""
    seed, delay = draw(st.integers(0, 10**6)), st.sampled_from([0.0, 0.5, 2.0])
    rng = np.random.default_rng(seed)
    n = draw(st.integers(0, 200))
    source = SpikeInput("in", SIZE, rng.integers(0, SIZE, n), np.sort(rng.uniform(0, DURATION, n)))
    cells, others = (Population(name, SIZE, draw(models)) for name in ("cells", "others"))

    def link(pre, post, weight, **options):
        unit = Uniform(-0.3 * weight, weight)
        options = {"seed": seed, "delay": draw(delay), **options}
        return fixed_probability(pre, post, 0.6, weight=unit, **options)

    return Network(
        inputs=[source],
        populations=[cells, others],
        connections=[
            link(source, cells, 6.0, receptor="v"),
            link(source, cells, 1.0),
            link(source, others, 1.0),
            link(cells, others, 6.0, receptor="v"),
            link(others, cells, 4.0, receptor="v", name="back"),
            link(others, others, 0.5),
        ],
        delivery=delivery,
        refractory=refractory,
    )


def given_stimulus(network):
    return Stimulus(DURATION, tuple(network.spike_inputs))


def spikes_of(recording, name):
    return list(zip(recording.steps[name].tolist(), recording.ids[name].tolist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(network=networks(), dt=st.sampled_from([0.1, 0.5, 1.0]))
def test_the_reference_equals_a_literal_reading_of_brian2s_order(network, dt):
    stimulus = given_stimulus(network)
    recording = simulate_reference(network, stimulus, dt, record="v")
    spikes, traces = literal(network, stimulus, dt)
    for name, expected in spikes.items():
        assert spikes_of(recording, name) == [(step, i) for step, i, _ in expected]
        for i in range(SIZE):
            values = recording.trace(name).values[:, i]
            np.testing.assert_allclose(values, traces[name, i], rtol=0, atol=TOLERANCE)


def assert_twin_is_reference(network, stimulus, dt):
    reference = simulate_reference(network, stimulus, dt, record="v")
    twin = run_twin(network, stimulus, dt, reference.n_steps)
    for name in reference.populations:
        assert spikes_of(reference, name) == twin.spikes[name]
        assert np.abs(twin.v[name] - reference.trace(name).values).max() < TOLERANCE
    return reference


@settings(max_examples=30, deadline=None)
@given(
    data=st.data(),
    delivery=st.sampled_from(["before_threshold", "next_step"]),
    refractory=st.sampled_from(REFRACTORIES),
)
def test_the_mapping_adds_no_error_in_the_other_orders_of_events(data, delivery, refractory):
    network = data.draw(networks(delivery=delivery, refractory=refractory))
    assert_twin_is_reference(network, given_stimulus(network), 0.5)


@settings(max_examples=30, deadline=None)
@given(
    model=models,
    seed=st.integers(0, 10**6),
    dt=st.sampled_from([0.1, 0.5]),
    refractory=st.sampled_from(REFRACTORIES),
)
def test_the_mapping_adds_no_error_without_kicks_in_the_last_refractory_step(
    model, seed, dt, refractory
):
    """In Brian2's order these kicks are lost, and the hold of the chip is too short for them."""
    rng = np.random.default_rng(seed)
    cells = Population("cells", SIZE, model)

    def network_of(kicks):
        steps, ids = np.array(kicks).reshape(-1, 2).T
        times = (steps + 0.5) * dt
        source = SpikeInput("kicks", SIZE, ids, times)
        driven = SpikeInput("currents", SIZE, np.tile(np.arange(SIZE), 20), np.repeat(grid, SIZE))
        return Network(
            inputs=[source, driven],
            populations=[cells],
            connections=[
                one_to_one(source, cells, weight=4.0, receptor="v"),
                one_to_one(driven, cells, weight=0.4),
            ],
            refractory=refractory,
        )

    grid = np.sort(rng.uniform(0, DURATION, 20))
    n_steps = round(DURATION / dt)
    kicks = sorted(
        zip(
            rng.integers(0, n_steps, 150).tolist(), rng.integers(0, SIZE, 150).tolist(), strict=True
        )
    )
    network = network_of(kicks)
    reference = simulate_reference(network, given_stimulus(network), dt)
    hold = int(np.maximum(network.refractory_steps(cells, dt), 1)[0])
    late = {(step + hold - 1, i) for step, i in spikes_of(reference, "cells")}
    network = network_of([kick for kick in kicks if kick not in late])
    without = assert_twin_is_reference(network, given_stimulus(network), dt)
    assert spikes_of(without, "cells") == spikes_of(reference, "cells")


@settings(max_examples=25, deadline=None)
@given(data=st.data(), dt=st.sampled_from([0.5, 1.0]))
def test_compiled_networks_run_like_the_oracle(data, dt):
    network = data.draw(networks())
    stimulus = given_stimulus(network)
    steps, sources = stimulus.binned(dt, [("in", SIZE)])
    assume(len(steps))
    image = compile_network(network, dt=dt)
    arrivals = np.stack([steps + 1, sources], axis=1).tolist()
    assert_image_equals_oracle(image, arrivals, round(DURATION / dt))


def test_kicks_and_currents_both_matter_in_these_networks():
    """The properties above are not empty."""
    counts = np.zeros(3, dtype=int)

    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(network=networks())
    def run(network):
        of_v = [item for item in network.connections if item.receptor == "v"]
        of_i = [item for item in network.connections if item.receptor is None]
        for k, connections in enumerate((network.connections, of_v, of_i)):
            part = dataclasses.replace(network, connections=connections)
            counts[k] += simulate_reference(part, given_stimulus(network), 0.5).n_spikes

    run()
    assert counts[0] - counts.max(initial=0, where=[False, True, True]) > 100
    assert counts.min() > 100
