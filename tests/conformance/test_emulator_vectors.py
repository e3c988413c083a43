"""The emulator equals every golden vector in every u, v and spike, those with noise included."""

import pytest
from conformance.images import THREADS
from conformance.load import case_paths, load_case

from neurochip.conformance import check_case

CASES = [load_case(path) for path in case_paths()]


def test_all_vectors_are_here_and_some_have_noise():
    assert len(CASES) == 53
    with_noise = {case.case_class for case in CASES if case.noise_raw is not None}
    assert with_noise == {"pop_noise"}


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_emulator_equals_the_vector_in_every_u_v_and_spike(case, threads):
    assert check_case(case, threads=threads) is None
