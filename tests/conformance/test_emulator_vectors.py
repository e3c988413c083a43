"""The emulator equals every golden vector whose registers it has, in every u, v and spike."""

import numpy as np
import pytest
from conformance.images import THREADS, image_of
from conformance.load import case_paths, load_case

from neurochip.emulator import Emulator

CASES = [load_case(path) for path in case_paths()]
WITHOUT_NOISE = [case for case in CASES if case.noise_raw is None]


def test_only_the_vectors_with_noise_are_left_out():
    left_out = {case.case_class for case in CASES if case.noise_raw is not None}
    assert len(CASES) == 53
    assert left_out <= {"pop_noise", "pop_full"}, left_out


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("case", WITHOUT_NOISE, ids=lambda case: case.name)
def test_emulator_equals_the_vector_in_every_u_v_and_spike(case, threads):
    emulator = Emulator(image_of(case), threads=threads)
    # A vector's input of step s acts in step s; an emulator's acts one step after it was emitted.
    recording = emulator.run_steps(
        case.n_steps, case.input_step - 1, case.input_id, record=["u", "v"]
    )
    assert np.array_equal(recording.trace("compartments", "u").values, case.u)
    assert np.array_equal(recording.trace("compartments", "v").values, case.v)
    assert np.array_equal(recording.steps["compartments"], case.spike_step)
    assert np.array_equal(recording.ids["compartments"], case.spike_neuron)
