"""Random neuron programs: the emulator's kernels give the integers of the interpreter."""

from __future__ import annotations

import os

import numpy as np
import pytest
from kernel_text import one_step
from program_runs import differences, random_programs
from random_programs import random_program, random_run, run_interpreter

COMPILED = int(os.environ.get("NEUROCHIP_MANY", "12"))
TOGETHER = 8  # programs of an image
LANES = 64


def wrong_kernels(rng, number, bits, **options):
    """The programs whose kernel differs from the interpreter in a step of 64 neurons, as text."""
    wrong = []
    for _ in range(number):
        program = random_program(rng)
        run = random_run(program, rng, LANES, 1, bits)
        states, payloads, acted = run_interpreter(program, *run)
        state, sent, counts = one_step(program, run, bits, **options)
        right = {name: np.zeros(LANES, dtype=int) for name in counts}
        for _, neuron, name in acted:
            right[name][neuron] += 1
        same = np.array_equal(state, states[0]) and np.array_equal(sent, payloads[0])
        if not (same and all(np.array_equal(counts[name], right[name]) for name in right)):
            wrong.append(str(program))
    return wrong


@pytest.mark.parametrize(
    ("seed", "bits", "number"),
    [
        (1, 31, 100),
        pytest.param(2, 31, 900, marks=pytest.mark.slow),
        pytest.param(3, 22, 1000, marks=pytest.mark.slow),
    ],
)
def test_kernels_of_random_programs_give_the_integers_of_the_interpreter(seed, bits, number):
    assert wrong_kernels(np.random.default_rng(seed), number, bits) == []


@pytest.mark.slow
def test_compiled_kernels_do_so():
    assert wrong_kernels(np.random.default_rng(4), COMPILED, 31, compiled=True) == []


@pytest.mark.slow
def test_many_programs_do_so_side_by_side_on_the_emulator():
    assert differences(random_programs(np.random.default_rng(5), TOGETHER)) == []
