"""Spikes that wait for their delays: the same results as a ring, and where they are worth it."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
from against_oracle import assert_image_equals_oracle, assert_same_run
from conformance.images import THREADS
from conformance.random_images import random_case

from neurochip import (
    LIF,
    LOIHI,
    Network,
    Normal,
    PoissonInput,
    Population,
    Reference,
    draw_stimulus,
    fixed_probability,
)
from neurochip._kernels import waiting
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.emulator import Emulator
from neurochip.emulator.cpu.lags import lags_of
from neurochip.image import ChipImage, Compartments, SynapseGroup

FORMAT = SynapseFormat(2, 8, SignMode.MIXED)
STEPS = 60


@pytest.fixture
def small(monkeypatch):
    """Let the spikes of small networks wait, too."""
    monkeypatch.setattr(waiting, "_LARGEST_RING", 0)
    monkeypatch.setattr(waiting, "_SHORTEST_ROW", 0)


def group_of(source, n_sources, indices, mantissa, delay):
    pre, target = indices
    return SynapseGroup.from_coo(
        source, n_sources, FORMAT, pre=pre, target=target, mantissa=mantissa, delay=delay
    )


def image_of(size=70, n_inputs=9, longest=11, input_delay=0, scale=2):
    """Return a network in which everyone sends to everyone, some with a delay for each synapse."""
    rng = np.random.default_rng(size)
    pairs = np.indices((size, size)).reshape(2, -1)
    delay = rng.choice([0, 1, 4, longest], size * size)
    delay[: size * size // 3] = 4  # dense rows
    signs = np.where(rng.random(size * size) < 0.3, -3, 1)
    inputs = np.indices((n_inputs, size)).reshape(2, -1)
    return ChipImage(
        chip=LOIHI,
        core_ptr=np.array([0, size]),
        compartments=Compartments.fill(
            LOIHI.core,
            size,
            decay_u=1000,
            decay_v=300,
            threshold_mantissa=300,
            refractory=3,
            bias_mantissa=rng.integers(0, 40, size),
            bias_exponent=6,
        ),
        n_inputs=n_inputs,
        synapses=(
            group_of("inputs", n_inputs, inputs, 20, input_delay),
            group_of(
                "compartments", size, pairs, scale * signs * rng.integers(1, 5, size**2), delay
            ),
        ),
    )


def waits(image, threads=1):
    return lags_of(image, threads) is not None


def input_spikes(image, seed=1):
    rng = np.random.default_rng(seed)
    spikes = np.unique(rng.integers(0, (STEPS, image.n_inputs), (90, 2)), axis=0)
    return spikes[spikes[:, 0] > 0]


def ring_engine(image, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "_LARGEST_RING", 1 << 40)
        return Emulator(image, threads=1, progress=False, warn=False)


def test_spikes_that_wait_give_what_the_oracle_gives(small):
    image = image_of()
    assert waits(image)
    trace = assert_image_equals_oracle(image, input_spikes(image), STEPS, THREADS)
    assert 300 < len(trace.spikes) < 2000


@pytest.mark.slow
def test_spikes_of_random_images_wait_like_those_of_the_oracle(small):
    waited = 0
    for seed in range(60):
        case = random_case(np.random.default_rng([31, seed]))
        own = [
            [(*row[:3], row[3] * (kind != "input")) for row in rows]
            for (kind, *_), rows in zip(case.formats, case.synapses, strict=True)
        ]
        case = dataclasses.replace(case, synapses=own)
        waited += waits(case.image())
        emulator = Emulator(case.image(), threads=1, progress=False, warn=False)
        run = emulator.run_steps(
            case.n_steps, *case.emulator_inputs(), noise=case.draws, record=["u", "v"]
        )
        assert_same_run(run, case.run_oracle(), f"seed {seed}")
    assert waited > 20


def test_a_run_in_pieces_and_a_copy_of_it_know_the_spikes_that_wait(small):
    image = image_of()
    steps, sources = input_spikes(image).T
    whole = Emulator(image, progress=False, warn=False)
    expected = whole.run_steps(STEPS, steps, sources, record=["v"]).trace("compartments", "v")
    parts = Emulator(image, progress=False, warn=False)
    for _ in range(2):  # after reset() none waits
        found = []
        for length in (17, 1, 25, 17):
            run = parts.run_steps(length, steps, sources, record=["v"])
            found.append(run.trace("compartments", "v").values)
            if parts.step == 43:
                other = copy.deepcopy(parts)
        assert np.array_equal(np.concatenate(found), expected.values)
        rest = other.run_steps(17, steps, sources, record=["v"])
        assert np.array_equal(rest.trace("compartments", "v").values, expected.values[43:])
        parts.reset()


@pytest.mark.parametrize("threads", THREADS)
def test_another_image_finds_the_sums_of_the_spikes_that_wait(small, monkeypatch, threads):
    image, other = image_of(), image_of(scale=4)
    steps, sources = input_spikes(image).T
    runs = []
    emulators = (
        Emulator(image, threads=threads, progress=False, warn=False),
        ring_engine(image, monkeypatch),
    )
    for emulator in emulators:
        emulator.run_steps(30, steps, sources)
        emulator.reprogram(other)
        runs.append(emulator.run_steps(30, steps, sources, record=["v"]))
    found, expected = (run.trace("compartments", "v").values for run in runs)
    assert np.array_equal(found, expected)
    assert runs[0].counters == runs[1].counters


def test_only_spikes_of_large_networks_with_long_rows_wait(monkeypatch):
    monkeypatch.setattr(waiting, "_LARGEST_RING", 70 * 12 - 1)
    image = image_of()  # 70 synapses a compartment, of four delays
    assert waits(image, 2)
    assert not waits(image, 3)  # rows shorter than 8
    assert not waits(image_of(longest=10))
    assert not waits(image_of(input_delay=3))


@pytest.mark.parametrize("rules", [{}, {"delivery": "before_threshold"}], ids=["late", "early"])
@pytest.mark.parametrize("shortest", [0.0, 0.2])
def test_spikes_that_wait_give_the_same_bits_in_float64(rules, shortest, monkeypatch):
    """Sums of floating-point numbers depend on their order: inputs arrive among the spikes."""
    cells = Population("cells", 50, LIF(tau_m=10.0, tau_syn=0.5, cm=0.25, i_offset=0.6))
    source = PoissonInput("source", 20, rate=500.0)
    delay = Normal(0.8, 0.5, low=shortest)
    links = [
        fixed_probability(source, cells, 0.5, weight=Normal(0.1, 0.05), delay=0.0, seed=1),
        fixed_probability(cells, cells, 0.5, weight=Normal(0.01, 0.3), delay=delay, seed=2),
    ]
    network = Network(inputs=[source], populations=[cells], connections=links, **rules)
    stimulus, runs, counters = draw_stimulus(network, 100.0, seed=3), [], []
    for largest, threads in ((1 << 40, 1), (0, 1), (0, THREADS[-1])):
        monkeypatch.setattr(waiting, "_LARGEST_RING", largest)
        monkeypatch.setattr(waiting, "_SHORTEST_ROW", 0)
        reference = Reference(network, 0.1, threads=threads, progress=False)
        assert (reference._loop._lags is None) == (largest > 0)
        for _ in range(2):  # after reset() none waits
            reference.reset()
            parts = [reference.run(stimulus, duration=50.0, record="v") for _ in range(2)]
            runs.append(np.concatenate([part.trace("cells", "v").values for part in parts]))
            counters.append([dict(part.counters) for part in parts])
    assert counters[0][0]["spikes"] > 100
    assert all(np.array_equal(run, runs[0]) for run in runs)
    assert all(found == counters[0] for found in counters)


def test_another_network_finds_the_spikes_that_wait_in_float64(small, monkeypatch):
    cells = Population("cells", 50, LIF(tau_m=10.0, tau_syn=0.5, cm=0.25, i_offset=0.6))
    delay = Normal(0.8, 0.5, low=0.0)
    runs = []
    for largest in (1 << 40, 0):
        monkeypatch.setattr(waiting, "_LARGEST_RING", largest)
        networks = [
            Network(
                populations=[cells],
                connections=[
                    fixed_probability(cells, cells, 0.5, weight=weight, delay=delay, seed=2)
                ],
            )
            for weight in (0.01, -0.02)
        ]
        stimulus = draw_stimulus(networks[0], 100.0, seed=3)
        reference = Reference(networks[0], 0.1, progress=False)
        reference.run(stimulus, duration=50.0)
        reference.reprogram(networks[1])
        runs.append(reference.run(stimulus, duration=50.0, record="v").trace("cells", "v").values)
    assert np.array_equal(*runs)
