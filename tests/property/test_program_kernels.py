"""Random neuron programs: the emulator's kernels give the integers of the interpreter."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kernel_text import one_step
from program_runs import differences, random_programs
from random_programs import random_program, random_run, run_interpreter

from neurochip.programs import NeuronProgram

COMPILED = int(os.environ.get("NEUROCHIP_MANY", "12"))
TOGETHER = 8  # programs of an image
LANES = 64


def wrong_kernels(rng, number, bits, **options):
    """The programs whose kernel differs from the interpreter in a step of 64 neurons, as text."""
    programs = [random_program(rng) for _ in range(number)]
    return [str(each) for each in programs if is_wrong(each, rng, bits, **options)]


def is_wrong(program, rng, bits, **options):
    """Tell whether a program's kernel differs from the interpreter in a step of 64 neurons."""
    run = random_run(program, rng, LANES, 1, bits)
    states, payloads, acted = run_interpreter(program, *run)
    state, sent, counts = one_step(program, run, bits, **options)
    right = {name: np.zeros(LANES, dtype=int) for name in counts}
    for _, neuron, name in acted:
        right[name][neuron] += 1
    same = np.array_equal(state, states[0]) and np.array_equal(sent, payloads[0])
    return not (same and all(np.array_equal(counts[name], right[name]) for name in right))


def decaying(bits, least, span, shift):
    """A program whose state is multiplied and rounded toward zero; a shift of None varies."""
    return NeuronProgram(
        name="decay",
        inputs=("a",),
        state={"s": bits},
        parameters={"keep": (least, least + span), "shift": (0, 12)},
        rows=[
            ("t", "mul", "s", "keep"),
            ("t", "rtz", "t", "shift" if shift is None else shift),
            ("s", "sat", "t", bits),
            (None, "emit", "s"),
        ],
        payload_bits=bits,
    )


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


@given(
    bits=st.integers(2, 32),
    least=st.integers(-2, 3),
    span=st.sampled_from([0, 1, 63, 4093, 4096, 2**15, 2**19, 2**24, 2**31 - 4]),
    shift=st.one_of(st.none(), st.integers(0, 62)),
    seed=st.integers(0, 99),
)
@example(bits=24, least=0, span=4096, shift=12, seed=1)
@example(bits=31, least=0, span=2**15, shift=15, seed=1)
@example(bits=24, least=0, span=4096, shift=None, seed=1)
@example(bits=24, least=-2, span=63, shift=1, seed=1)
def test_a_product_that_is_rounded_at_once_is_that_of_the_interpreter(
    bits, least, span, shift, seed
):
    program = decaying(bits, least, span, shift)
    assert not is_wrong(program, np.random.default_rng(seed), 24)


@pytest.mark.parametrize("shape", [(24, 0, 4096, 12), (31, 0, 2**15, 15), (24, 0, 4096, None)])
@pytest.mark.slow
def test_a_compiled_kernel_rounds_a_product_as_the_interpreter_does(shape):
    rng = np.random.default_rng(6)
    assert not is_wrong(decaying(*shape), rng, 24, compiled=True)


@pytest.mark.slow
def test_compiled_kernels_do_so():
    assert wrong_kernels(np.random.default_rng(4), COMPILED, 31, compiled=True) == []


@pytest.mark.slow
def test_many_programs_do_so_side_by_side_on_the_emulator():
    assert differences(random_programs(np.random.default_rng(5), TOGETHER)) == []
