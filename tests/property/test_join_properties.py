"""Joined compartments: the emulator equals the oracle, in one piece and in several."""

from __future__ import annotations

import dataclasses

import numpy as np
import oracle
import pytest
from conformance.images import THREADS
from conformance.random_images import join_some, random_case

from neurochip import LOIHI
from neurochip.emulator import Emulator
from neurochip.emulator.cpu.layout import build_layout
from neurochip.image.files import load_image, save_image

WHO = "compartments"


def joined_cases(n, stream):
    """Cases with at least one pair, by seed."""
    found, seed = [], 0
    while len(found) < n:
        rng = np.random.default_rng([stream, seed])
        case = join_some(random_case(rng), rng)
        if any(case.registers["join"]):
            found.append((seed, case))
        seed += 1
    return found


def assert_same_run(recording, trace, what):
    assert np.array_equal(recording.trace(WHO, "u").values, trace.u), what
    assert np.array_equal(recording.trace(WHO, "v").values, trace.v), what
    spikes = zip(recording.steps[WHO].tolist(), recording.ids[WHO].tolist(), strict=True)
    assert list(spikes) == trace.spikes, what
    assert dict(recording.counters) == trace.counters, what


@pytest.mark.parametrize("threads", THREADS)
def test_joined_compartments_equal_the_oracle_on_random_images(threads):
    several_cores = changed = 0
    for seed, case in joined_cases(100, stream=11):
        trace = case.run_oracle()
        image = case.image()
        several_cores += image.n_cores > 1
        recording = Emulator(image, threads=threads, warn=False).run_steps(
            case.n_steps, *case.emulator_inputs(), record=["u", "v"], noise=case.draws
        )
        assert_same_run(recording, trace, seed)
        apart = dataclasses.replace(case, registers={**case.registers, "join": [0] * case.size})
        changed += apart.run_oracle().v != trace.v
    assert several_cores > 30
    assert changed > 30


@pytest.mark.slow
@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("at_membrane", [False, True], ids=["on u", "on v"])
def test_noise_reaches_the_parent_through_its_child(at_membrane, threads):
    for seed, case in joined_cases(40, stream=12):
        rng = np.random.default_rng([13, seed])
        shape = (case.n_steps, case.size)
        draws = rng.integers(-127, 128, shape)
        enabled = rng.integers(0, 2, case.size)
        exponent, offset = int(rng.integers(0, 15)), int(rng.integers(-3, 4))
        noise = oracle.Noise(exponent, offset, int(at_membrane), enabled.tolist(), draws.tolist())
        noisy = dataclasses.replace(case, noise=noise)
        trace = noisy.run_oracle()
        recording = Emulator(noisy.image(), threads=threads, warn=False).run_steps(
            noisy.n_steps, *noisy.emulator_inputs(), record=["u", "v"], noise=noisy.draws
        )
        assert_same_run(recording, trace, seed)


def test_a_run_in_pieces_is_the_run_in_one(tmp_path):
    for seed, case in joined_cases(20, stream=14):
        image = load_image(save_image(case.image(), tmp_path / f"{seed}"))
        assert image == case.image()
        emulator, steps, sources = Emulator(image, warn=False), *case.emulator_inputs()
        u, v = [], []
        while len(u) < case.n_steps:
            n = min(case.n_steps - len(u), 1 + len(u))
            draws = None if case.draws is None else case.draws[len(u) : len(u) + n]
            recording = emulator.run_steps(n, steps, sources, record=["u", "v"], noise=draws)
            u += recording.trace(WHO, "u").values.tolist()
            v += recording.trace(WHO, "v").values.tolist()
        trace = case.run_oracle()
        assert (u, v) == (trace.u, trace.v), seed


@pytest.mark.slow
@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize(("exponent", "wide"), [(7, False), (3, True)])
def test_pairs_in_many_blocks_equal_the_oracle(exponent, wide, threads):
    """Delays of 62 steps leave 1,024 compartments of 16 bits a block: 2,600 are three blocks.

    Weights of exponent 3 leave room for 20 bits, and one block for each thread.
    """
    rng = np.random.default_rng(15)
    case = random_case(rng, what_if={})
    size = 2600
    case.chip, case.core_size, case.n_steps, case.n_inputs = LOIHI, 1024, 12, 50
    case.registers = {
        "decay_u": rng.integers(0, 4096, size).tolist(),
        "decay_v": rng.integers(0, 4096, size).tolist(),
        "threshold_mantissa": rng.integers(0, 300, size).tolist(),
    }
    case = join_some(case, rng)
    case.formats = [("input", 2, 8, 2), ("neuron", exponent, 8, 1)]
    case.synapses = [
        [
            tuple(int(x) for x in row)
            for row in zip(
                rng.integers(0, sources, 20000),
                rng.integers(0, size, 20000),
                rng.integers(0, 256, 20000),
                rng.choice([0, 1, 5, 62], 20000),
                strict=True,
            )
        ]
        for sources in (50, size)
    ]
    case.inputs = [
        (int(s), int(i))
        for s, i in zip(rng.integers(0, 12, 200), rng.integers(0, 50, 200), strict=True)
    ]
    trace = case.run_oracle()
    assert trace.counters["spikes"] > 100
    emulator = Emulator(case.image(), threads=threads, warn=False)
    layout, found, _ = build_layout(emulator.image, threads)
    assert (found, layout.blocks) == (wide, threads if wide else 3 if threads == 1 else 4)
    recording = emulator.run_steps(case.n_steps, *case.emulator_inputs(), record=["u", "v"])
    assert_same_run(recording, trace, "many blocks")
