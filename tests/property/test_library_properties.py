"""Every form of every library program, with random parameters: emulator against interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from conformance.images import THREADS
from conformance.program_arrays import run_program

from neurochip import LOIHI2
from neurochip.conformance import ProgramCase, check_program_case
from neurochip.programs import PROGRAMS

NEURONS, STEPS = 150, 120  # more than two tiles of 64 lanes, the last one in part
FORMS = [(name, ()) for name in PROGRAMS]
FORMS += [("lif_soft_reset", ("many",))]
FORMS += [
    ("lif_two_inputs", options)
    for options in (("subtract",), ("subtract", "many"), ("subtract_and_raise",))
]
FORMS += [("snntorch", options) for options in (("subtract", False), ("zero",), ("zero", False))]


def between(rng, low, high):
    """Values of a range: both ends, and all magnitudes up to them."""
    values = rng.integers(low, high, NEURONS, endpoint=True)
    values = values >> rng.integers(0, max(1, (high - low).bit_length()), NEURONS)
    values = np.where(rng.random(NEURONS) < 0.1, rng.choice([low, high], NEURONS), values)
    return np.clip(values, low, high).astype(np.int32)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), FORMS, ids=str)
def test_the_emulator_gives_every_register_and_payload_of_the_interpreter(name, options):
    rng = np.random.default_rng([22, FORMS.index((name, options))])
    program = PROGRAMS[name](LOIHI2.core, *options)
    parameters = {each: between(rng, low, high) for each, (low, high) in program.parameters.items()}
    size = 1 << rng.integers(0, 18, (STEPS, NEURONS))
    inputs = tuple(
        np.where(rng.random(size.shape) < 0.5, rng.integers(-size, size), 0).astype(np.int32)
        for _ in program.inputs
    )
    arrived = [each.astype(np.int64) << LOIHI2.core.weight_shift for each in inputs]
    period = rng.choice([1, 7, 1000], NEURONS).astype(np.int32)
    reset = period, (np.arange(NEURONS) % period).astype(np.int32)
    expected = run_program(program, arrived, parameters, reset)
    expected = {each: values.astype(np.int32) for each, values in expected.items()}
    assert expected["payload"].any()
    case = ProgramCase(name, name, options, "", inputs, parameters, *reset, expected)
    for threads in THREADS:
        found = check_program_case(case, threads=threads)
        assert (found.wrong, found.first) == (0, None)
