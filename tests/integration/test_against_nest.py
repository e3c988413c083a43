"""The float reference equals NEST spike for spike, and the chip has NEST's rates."""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from against_nest.circuits import vogels_abbott
from against_nest.compare import chip_of, furthest_v, reference_of, spikes_apart
from recorded import case_paths, load_case

from compiler import compile_network
from neurochip import LIF, Population, Stimulus
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference

FOLDER = Path(__file__).parents[1] / "against_nest"
PATHS = {path.stem: path for path in case_paths("against_nest")}
N_CASES = 19
AT_THRESHOLD = "18_exactly_at_the_threshold"
V_TOLERANCE = 1e-9  # mV: NEST keeps v relative to E_L
RATE_TOLERANCE = 0.02  # the largest difference is 1.1 %, in a recurrent network
SILENT = "19_currents_alone"
ROUNDED = [name for name in PATHS if name not in (AT_THRESHOLD, SILENT)]  # no register holds a tie

has_nest = pytest.mark.skipif(
    importlib.util.find_spec("nest") is None, reason="NEST is not installed: neurochip[nest]"
)


def test_all_networks_that_nest_recorded_are_present():
    assert len(PATHS) == N_CASES


@pytest.mark.parametrize("name", PATHS)
def test_every_spike_equals_nest_and_v_in_every_recorded_step(name):
    case = load_case(PATHS[name])
    run = reference_of(case)
    assert name == SILENT or sum(len(ids) for _, ids in case.spikes.values()) > 800
    assert spikes_apart(case.spikes, run) == 0
    assert furthest_v(case, run) < V_TOLERANCE


@pytest.mark.parametrize("name", ROUNDED)
def test_the_rate_of_the_chip_is_that_of_nest(name):
    case = load_case(PATHS[name])
    n_spikes = sum(len(ids) for _, ids in case.spikes.values())
    assert chip_of(case).n_spikes == pytest.approx(n_spikes, rel=RATE_TOLERANCE)


def test_v_of_the_chip_under_constant_and_sine_currents_is_that_of_nest():
    case = load_case(PATHS[SILENT])
    assert np.ptp(case.v["cells"], axis=0).min() > 2.0
    assert furthest_v(case, chip_of(case)) < 0.02


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ({"refractory": "from_spike"}, "01_exponential"),
        ({"delivery": "after_threshold"}, "05_delta"),
        ({"delivery": "next_step"}, "06_delta_recurrent"),
    ],
    ids=["refractory", "after_threshold", "next_step"],
)
def test_no_other_rule_equals_nest(rule, name):
    case = load_case(PATHS[name])
    other = dataclasses.replace(case, network=dataclasses.replace(case.network, **rule))
    assert spikes_apart(other.spikes, reference_of(other)) > 100


def test_a_v_at_the_threshold_spikes_in_nest_and_here_only_above_the_next_float_below_it():
    case = load_case(PATHS[AT_THRESHOLD])
    (cells,) = case.network.populations
    (above,) = {float(value) for value in cells.parameter("v_thresh")}
    assert above == np.nextafter(-50.0, -np.inf)
    assert spikes_apart(case.spikes, reference_of(case)) == 0
    model = LIF(**{**dataclasses.asdict(cells.model), "v_thresh": -50.0})
    strict = Population(cells.name, cells.size, model)
    links = [dataclasses.replace(item, target=strict) for item in case.network.connections]
    network = dataclasses.replace(case.network, populations=[strict], connections=links)
    run = simulate_reference(network, case.stimulus, case.dt)
    assert run.n_spikes < 0.7 * sum(len(ids) for _, ids in case.spikes.values())


@has_nest
@pytest.mark.slow
def test_nest_gives_the_recorded_spikes_again(tmp_path):
    """In a process of its own, since NEST takes over signals and prints when it is imported."""
    names = ("06_delta_recurrent", "12_per_neuron", "15_dc_and_ac")
    command = [sys.executable, str(FOLDER / "record.py"), *names, "--to", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in names:
        recorded, again = load_case(PATHS[name]), load_case(tmp_path / f"{name}.npz")
        assert spikes_apart(again.spikes, reference_of(again)) == 0
        assert again.stimulus == recorded.stimulus
        for population, columns in recorded.spikes.items():
            for before, now in zip(columns, again.spikes[population], strict=True):
                assert np.array_equal(before, now)


@has_nest
@pytest.mark.slow
@pytest.mark.parametrize("name", ["Brunel", "Vogels", "microcircuit"])
def test_published_networks_of_thousands_of_neurons_equal_nest(name):
    """The script exits with 1 if a spike of the reference is not in NEST's step of the neuron."""
    command = [sys.executable, str(FOLDER / "large.py"), name, "--seeds", "1", "--duration", "300"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith(name)]
    n_populations, active = {"microcircuit": (8, 2000)}.get(name, (2, 5000))
    assert len(rows) == n_populations
    assert sum(int(row.split(" Hz ")[1].split()[0]) for row in rows) > active


@has_nest
@pytest.mark.slow
def test_random_networks_equal_nest():
    command = [sys.executable, str(FOLDER / "fuzz.py"), "--many", "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith(" spikes, 0 networks differ")


@pytest.mark.slow
def test_the_chip_fires_as_fast_as_the_network_of_vogels_and_abbott():
    """Single runs differ by chaos; the reference equals NEST (the test above)."""
    errors = []
    for seed in range(1, 11):
        network, stimulus = vogels_abbott(seed), Stimulus(1000.0)
        wanted = simulate_reference(network, stimulus, 0.1).n_spikes
        chip = Emulator(compile_network(network, dt=0.1), progress=False).run(stimulus)
        errors.append(chip.n_spikes / wanted - 1)
    assert abs(np.mean(errors)) < RATE_TOLERANCE
