"""Networks of neuron programs against a slow model, and the program ``lif`` against the core's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from conformance.random_images import random_case, write_some
from program_networks import random_network, slow_run

from neurochip.chip.fixedpoint import Overflow
from neurochip.emulator import Emulator
from neurochip.image import PeriodicReset

WHO = "compartments"
COUNTED = (
    *("accumulator_wraps", "program_clips", "program_wraps", "voltage_clips_low"),
    *("voltage_clips_high", "synaptic_events"),
)


def run(emulator, spikes, n_steps, **options):
    steps, sources, payloads = np.array(spikes).T
    return emulator.run_steps(n_steps, steps - 1, sources, payloads=payloads, **options)


def emulator_of(image):
    return Emulator(image, warn=False, progress=False)


def rows_of(recording):
    columns = recording.steps[WHO], recording.ids[WHO], *recording.payloads.values()
    return list(zip(*(column.tolist() for column in columns), strict=True))


def assert_equals_slow_model(recording, image, spikes, n_steps):
    sent, states, counts = slow_run(image, spikes, n_steps)
    assert rows_of(recording) == sent
    for name in ("v", "e"):
        trace = recording.trace(WHO, name)
        assert trace.values.tolist() == [[row[c][name] for c in trace.ids] for row in states]
    assert {name: recording.counters[name] for name in COUNTED} == {
        name: counts[name] for name in COUNTED
    }


@pytest.mark.parametrize("overflow", [Overflow.WRAP, Overflow.WRAP_UP, Overflow.NONE])
@pytest.mark.parametrize("on_sum", [True, False])
def test_a_random_network_of_programs_equals_the_slow_model(on_sum, overflow):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        image, spikes, n_steps = random_network(rng, on_sum=on_sum, overflow=overflow)
        recording = run(emulator_of(image), spikes, n_steps, record=["v", "e"])
        assert_equals_slow_model(recording, image, spikes, n_steps)


def test_parts_of_a_run_give_the_same_as_the_whole():
    for seed in range(12):
        image, spikes, n_steps = random_network(np.random.default_rng(seed))
        whole = run(emulator_of(image), spikes, n_steps, record=["v"])
        emulator, rows, traces = emulator_of(image), [], []
        for n in (1, 1, n_steps - 2):
            part = run(emulator, spikes, n, record=["v"])
            rows += rows_of(part)
            traces.append(part.trace(WHO).values)
        assert rows == rows_of(whole)
        assert np.array_equal(np.concatenate(traces), whole.trace(WHO).values)


def as_program(image):
    """Return an image that equals a plain one, with a reset that no run reaches."""
    every = np.arange(image.n_compartments, dtype=np.int32)
    return dataclasses.replace(image, resets=(PeriodicReset(every, 10**9, 10**9 - 1),))


@pytest.mark.slow
@pytest.mark.parametrize(
    "core",
    [
        {},
        {
            "state_bits": 16,
            "vmin_exponent_max": 15,
            "vmax_exponent_max": 3,
            "accumulator_bits": 14,
            "threshold_mantissa_bits": 9,
        },
        {"exponent_on_sum": True, "input_overflow": "none", "accumulator_overflow": "none"},
        {
            "voltage_overflow": "none",
            "current_overflow": "none",
            "state_bits": 16,
            "accumulator_bits": 14,
            "threshold_mantissa_bits": 9,
        },
        {"current_overflow": "wrap up", "accumulator_overflow": "wrap up", "decay_bits": 8},
    ],
)
def test_the_program_lif_equals_the_neuron_of_the_core(core):
    core = {name: Overflow(rule) if isinstance(rule, str) else rule for name, rule in core.items()}
    seen = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        case = random_case(rng, what_if=core)
        case = dataclasses.replace(write_some(case, rng), noise=None)
        steps, sources = np.array(case.inputs or [(-9, 0)]).T
        plain, other = (
            emulator_of(image).run_steps(
                case.n_steps,
                steps - 1,
                sources,
                record=["u", "v"],
                writes=np.array(case.writes).T,
            )
            for image in (case.image(), as_program(case.image()))
        )
        assert rows_of(plain) == rows_of(other)
        for name in ("u", "v"):
            assert np.array_equal(plain.trace(WHO, name).values, other.trace(WHO, name).values)
        assert plain.counters.items() <= other.counters.items(), seed
        assert plain.overflows == other.overflows, seed
        seen.update(name for name, count in plain.counters.items() if count)
    clips = {"voltage_clips_low", "voltage_clips_high"}
    wraps = {"accumulator_wraps", "current_wraps", "input_wraps"}
    expected = {"state_bits": wraps | clips, "voltage_overflow": wraps - {"current_wraps"}}
    assert seen >= expected.get(next(iter(core), ""), clips), seen
