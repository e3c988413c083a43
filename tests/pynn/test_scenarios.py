"""PyNN's own scenario tests pass on the chip, or refuse with what works instead."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from pynn.expected import EXPECTED, N_PASSING, N_TESTS, PASSES, described, surprises
from pynn.scenarios import find_archive, run

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyNN") is None, reason="PyNN is not installed: neurochip[pynn]"
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    archive = find_archive(tmp_path_factory.mktemp("archive"))
    if archive is None:
        pytest.skip("PyNN's source archive cannot be had; set NEUROCHIP_PYNN_SDIST to its path")
    return run(archive, *EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("simulator", EXPECTED)
def test_every_scenario_of_pynn_does_what_is_expected_of_it(simulator, outcomes):
    tests = outcomes[simulator]
    assert len(tests) == N_TESTS
    assert set(EXPECTED[simulator]) <= set(tests)
    assert surprises(simulator, tests) == {}
    passing = sum(described(outcome) == PASSES for outcome in tests.values())
    assert passing == N_PASSING[simulator]


@pytest.fixture
def sim():
    import neurochip.frontends.pynn as module

    return module


@pytest.mark.parametrize("kick", [5.0, -3.0])
def test_a_kick_of_if_curr_delta_is_its_weight_whatever_the_step(sim, kick):
    """PyNN's own test of it, which its release does not have yet, wants 1e-12 mV."""
    for dt in (0.1, 1.0):
        sim.setup(timestep=dt, gain="impulse")
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0]))
        cells = sim.Population(1, sim.IF_curr_delta(v_rest=-65.0, v_reset=-65.0))
        wire = sim.StaticSynapse(weight=kick, delay=dt)
        receptor = "excitatory" if kick > 0 else "inhibitory"
        sim.Projection(source, cells, sim.AllToAllConnector(), wire, receptor_type=receptor)
        cells.record("v")
        sim.run(20.0)
        v = cells.get_data().segments[0].analogsignals[0].magnitude[:, 0]
        assert np.abs(v + 65.0).max() == pytest.approx(abs(kick), abs=1e-3)


def test_v_stays_at_rest_within_a_ten_thousandth_of_a_millivolt_until_a_current_begins(sim):
    """PyNN's tests of an ACSource and a NoisyCurrentSource want 1e-9 mV."""
    sim.setup(timestep=0.1)
    cells = sim.Population(1, sim.IF_curr_exp(v_rest=-60.0, v_reset=-55.0, v_thresh=-50.0))
    cells.initialize(v=-60.0)
    sim.ACSource(start=22.5, stop=122.5, amplitude=0.5, offset=0.1, frequency=100.0).inject_into(
        cells
    )
    cells.record("v")
    sim.run(150.0)
    v = cells.get_data().segments[0].analogsignals[0].magnitude[:, 0]
    assert np.abs(v[:226] + 60.0).max() < 1e-4
    assert v[226] > -60.0 + 1e-3
