"""The benchmark measures the networks that it says, and C computes the same spikes."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import c_kernels
from benchmarks.images import Case
from benchmarks.workloads import WORKLOADS
from conformance.images import THREADS

from neurochip.emulator import Emulator

SMALL = ("W2_1e3x100", "W3")
EVENTS = {"W2_1e3x100": 1_765_200, "W3": 49_659_000}


@pytest.fixture(scope="module", params=SMALL)
def case(request):
    return Case(WORKLOADS[request.param])


def emulated(case, threads):
    emulator = Emulator(case.image, threads=threads, progress=False)
    return emulator.run_steps(case.workload.n_steps, *case.inputs)


@pytest.mark.parametrize("threads", THREADS)
def test_a_workload_has_the_known_number_of_spikes(case, threads):
    recording = emulated(case, threads)
    assert recording.n_spikes == case.workload.spikes
    assert recording.counters["synaptic_events"] == EVENTS[case.workload.name]


@pytest.mark.skipif(c_kernels.compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_c_kernels_give_the_raster_of_the_emulator(case, threads):
    expected = emulated(case, 1)
    run = c_kernels.CRun(case.image, case.inputs, case.workload.n_steps, threads)
    for _ in range(2):  # the second run starts from step 0 again
        run.run()
        steps, ids = run.raster()
        assert np.array_equal(steps, expected.steps["compartments"])
        assert np.array_equal(ids, expected.ids["compartments"])
    assert run.synaptic_events == EVENTS[case.workload.name]


def test_the_notebook_is_silent_and_its_driven_twin_is_not():
    assert emulated(Case(WORKLOADS["W1"]), 1).n_spikes == 0
    assert 1000 < emulated(Case(WORKLOADS["W1live"]), 1).n_spikes < 4000
