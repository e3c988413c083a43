"""Current sources of PyNN: what they inject and when, and how the chip follows them."""

from __future__ import annotations

import logging
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from neurochip.errors import FrontendError

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
sim = pytest.importorskip("neurochip.frontends.pynn")
injection = pytest.importorskip("neurochip.frontends.pynn.injection")

DT, REST = 0.1, -65.0
GAIN = 64 / 4096  # of v in a step: a decay that the register holds exactly
TAU = -DT / np.log(1 - GAIN)  # ms, and MOhm of a cell with 1 nF


@pytest.fixture(autouse=True)
def _fresh():
    sim.setup(timestep=DT, rng_seed=3)


def make_cells(size=1, **parameters):
    cells = sim.Population(
        size, sim.IF_curr_exp(v_thresh=-45.0, tau_m=TAU, **parameters), label="cells"
    )
    cells.initialize(v=REST)
    cells.record("v")
    return cells


def current_of(cells):
    """Return the current (nA) in each step by which v has moved, one column for each cell."""
    v = cells.get_data().segments[-1].filter(name="v")[0].magnitude - REST
    return (v[1:] - v[:-1] * (1 - GAIN)) / (TAU * GAIN)


def recorded(source):
    return source.get_data().magnitude


def sine(k, first, frequency, phase):
    return np.sin(2 * np.pi * (frequency * (k - first) * DT / 1000 + phase / 360))


K = np.arange(600)
EXPECTED = {
    "dc": 0.3 * ((K >= 100) & (K < 400)),
    "ac": np.where((K >= 100) & (K < 400), 0.1 + 0.2 * sine(K, 100, 80.0, 30.0), 0.0),
    "step": np.select([K < 100, K < 250, K < 251], [0.0, 0.4, -0.3], 0.2),
}


def make_sources():
    return {
        "dc": sim.DCSource(amplitude=0.3, start=10.0, stop=40.0),
        "ac": sim.ACSource(
            amplitude=0.2, offset=0.1, frequency=80.0, phase=30.0, start=10.0, stop=40.0
        ),
        "step": sim.StepCurrentSource(times=[10.0, 25.0, 25.1], amplitudes=[0.4, -0.3, 0.2]),
    }


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_current_acts_in_the_step_that_begins_at_its_time(kind):
    cells, source = make_cells(), make_sources()[kind]
    source.inject_into(cells)
    source.record()
    sim.run(60.0)
    assert recorded(source)[:-1, 0] == pytest.approx(EXPECTED[kind], abs=1e-12)
    assert current_of(cells)[:, 0] == pytest.approx(EXPECTED[kind], abs=2e-4)


def test_currents_add_up_and_reach_the_chosen_cells():
    cells, apart = make_cells(4), make_cells(2)
    dc, ac, step = make_sources().values()
    cells.inject(dc)
    cells[1:3].inject(ac)
    (cells[3:] + apart[:1]).inject(step)
    cells[0].inject(step)
    step.inject_into([cells[0]])  # again
    step.inject_into(apart[1])
    sim.run(60.0)
    want = EXPECTED
    assert current_of(cells) == pytest.approx(
        np.stack(
            [
                want["dc"] + 2 * want["step"],
                want["dc"] + want["ac"],
                want["dc"] + want["ac"],
                want["dc"] + want["step"],
            ],
            axis=1,
        ),
        abs=6e-4,
    )
    assert current_of(apart) == pytest.approx(np.stack([want["step"]] * 2, axis=1), abs=2e-4)


def test_currents_add_to_the_offset_of_the_cells():
    cells = make_cells(2, i_offset=[0.1, -0.2])
    make_sources()["dc"].inject_into(cells)
    sim.run(60.0)
    expected = EXPECTED["dc"][:, None] + [0.1, -0.2]
    assert current_of(cells) == pytest.approx(expected, abs=2e-4)


def noisy(**changes):
    given = {"mean": 0.4, "stdev": 0.1, "start": 5.0, "stop": 50.0}
    return sim.NoisyCurrentSource(**{**given, **changes})


def test_noise_is_held_for_its_interval_and_differs_between_targets():
    cells, source = make_cells(3), noisy(dt=0.5, start=5.2, stop=50.2)
    source.record()
    source.inject_into(cells[:2])
    cells[2].inject(source)
    sim.run(60.0)
    found = recorded(source)
    assert found.shape == (601, 3)
    assert not found[:52].any()
    assert not found[502:].any()
    held = found[52:502].reshape(90, 5, 3)
    assert (held == held[:, :1]).all()
    assert len(np.unique(held[:, 0])) == 270
    assert current_of(cells) == pytest.approx(found[:-1], abs=2e-4)


def test_noise_has_its_mean_and_deviation_and_no_memory():
    source = noisy(start=0.0, stop=1e9)
    source.inject_into(make_cells(20))
    values = np.concatenate(
        [part for _, part in injection.currents(sim.simulator.state.populations[0], 0, 10_000, DT)]
    )
    assert values.shape == (10_000, 20)
    assert abs(values.mean() - 0.4) < 4 * 0.1 / np.sqrt(200_000)
    assert values.std() == pytest.approx(0.1, rel=0.01)
    z = (values - 0.4) / 0.1
    assert abs((z[1:] * z[:-1]).mean()) < 4 / np.sqrt(200_000)
    assert abs(np.corrcoef(z.T)[np.triu_indices(20, 1)]).max() < 0.05


def test_noise_changes_in_every_step_unless_told_otherwise():
    sim.setup(timestep=0.5)
    source = sim.NoisyCurrentSource()
    source.record()
    source.inject_into(make_cells())
    sim.run(10.0)
    assert source.dt == 0.5
    assert len(np.unique(recorded(source))) == 21


def test_currents_do_not_depend_on_how_a_simulation_is_cut():
    cells = make_cells(3)
    sources = [*make_sources().values(), noisy(dt=0.7)]
    for source in sources:
        source.record()
        source.inject_into(cells)
    sim.run(60.0)
    whole = [recorded(source) for source in sources], current_of(cells)
    sim.reset()
    for duration in (0.1, 9.9, 0.1, 14.9, 0.1, 34.9):
        sim.run(duration)
    again = [recorded(source) for source in sources], current_of(cells)
    assert all(np.array_equal(a, b) for a, b in zip(whole[0], again[0], strict=True))
    assert np.array_equal(whole[1], again[1])


def test_a_run_is_cut_where_its_currents_would_fill_memory(monkeypatch):
    cells = make_cells(30)
    for source in (noisy(), make_sources()["ac"]):
        source.inject_into(cells[3:])
    sim.run(60.0)
    whole = current_of(cells)
    sim.reset()
    monkeypatch.setattr(injection, "_MOST", 30 * 2 * 70)
    assert injection.steps_at_once(sim.simulator.state.populations) == 70
    sim.run(60.0)
    assert len(sim.simulator.state.stimulus.currents[0].times) < 70
    assert np.array_equal(current_of(cells), whole)


def test_a_change_acts_from_the_present_time_on():
    cells, source = make_cells(), sim.DCSource(amplitude=0.1)
    source.record()
    source.inject_into(cells)
    sim.run(10.0)
    source.amplitude += 0.2
    sim.run(10.0)
    source.set_parameters(amplitude=-0.1, stop=25.0)
    sim.run(10.0)
    expected = np.repeat([0.1, 0.3, -0.1, 0.0], [100, 100, 50, 50])
    assert recorded(source)[:-1, 0] == pytest.approx(expected)
    assert current_of(cells)[:, 0] == pytest.approx(expected, abs=2e-4)


def test_reset_begins_with_the_last_parameters_and_the_same_noise():
    cells, source, noise = make_cells(), sim.DCSource(amplitude=0.1), noisy()
    for item in (source, noise):
        item.record()
        item.inject_into(cells)
    sim.run(10.0)
    source.amplitude = 0.3
    sim.run(50.0)
    before = recorded(noise)
    sim.reset()
    sim.run(60.0)
    assert (recorded(source) == 0.3).all()
    assert np.array_equal(recorded(noise), before)
    noise.mean = 0.5
    sim.reset()
    noise.stdev = 0.0
    sim.run(10.0)
    assert (recorded(noise)[50:] == 0.5).all()


def test_new_times_of_a_step_source_count_from_now_on():
    cells, source = make_cells(), sim.StepCurrentSource(times=[0.0], amplitudes=[0.2])
    source.inject_into(cells)
    sim.run(10.0)
    source.set_parameters(times=[5.0, 10.0, 15.0], amplitudes=[0.9, -0.1, 0.3])
    sim.run(10.0)
    expected = np.repeat([0.2, -0.1, 0.3], [100, 50, 50])
    assert current_of(cells)[:, 0] == pytest.approx(expected, abs=2e-4)


def test_a_source_can_be_injected_between_two_runs():
    cells = make_cells(2)
    sim.run(10.0)
    source = sim.DCSource(amplitude=0.3)
    cells[1].inject(source)
    source.record()
    sim.run(10.0)
    assert recorded(source)[:, 0].tolist() == [0.0] * 100 + [0.3] * 101
    assert current_of(cells)[:, 0] == pytest.approx(np.zeros(200), abs=2e-4)
    assert current_of(cells)[:, 1] == pytest.approx(np.repeat([0.0, 0.3], 100), abs=2e-4)


def test_an_image_serves_until_a_parameter_goes_beyond_its_room():
    cells, source = make_cells(2), sim.DCSource(amplitude=0.3, start=5.0)
    cells[0].inject(source)
    sim.run(10.0)
    state = sim.simulator.state
    image = state.image
    for amplitude in (0.1, 0.0, 0.3):
        source.amplitude = amplitude
        sim.run(10.0)
        assert state.image is image
    source.amplitude = -300.0
    sim.run(10.0)
    assert state.image is not image
    assert current_of(cells)[400:, 0] == pytest.approx(np.full(100, -300.0), rel=2e-4)


def test_the_room_reaches_what_the_sources_may_do_together():
    cells = make_cells(3)
    state = sim.simulator.state
    assert injection.room(cells, DT) is None
    cells[:2].inject(sim.DCSource(amplitude=0.3, start=50.0))
    cells[1:].inject(sim.ACSource(amplitude=0.2, offset=-0.1))
    cells[0].inject(sim.NoisyCurrentSource(mean=0.1, stdev=0.2, stop=10.0))
    cells[2].inject(sim.StepCurrentSource(times=[20.0, 40.0], amplitudes=[0.5, -0.2]))
    times, amplitudes = injection.room(cells, DT)
    assert (np.diff(times) > 0).all()
    assert amplitudes[0] == pytest.approx([-0.9, -0.3, -0.5])
    assert amplitudes[1] == pytest.approx([1.4, 0.4, 0.6])
    mean = [0.3 + 0.1, 0.3 - 0.1, -0.1 + (0.5 - 0.2) / 2]  # while the sources are on
    assert amplitudes[2] == pytest.approx(mean)
    state.electrodes[0][0].amplitude = 0.1
    assert np.array_equal(injection.room(cells, DT)[1], amplitudes)
    state.electrodes[0][0].amplitude = -0.4
    assert injection.room(cells, DT)[1][0] == pytest.approx([-1.3, -0.7, -0.5])


def test_the_compiler_expects_a_pulse_as_it_is_while_on_however_short_the_first_run_is():
    cells = make_cells()
    cells.inject(sim.DCSource(amplitude=0.4, start=10.0, stop=40.0))
    assert injection.room(cells, DT)[1][2] == pytest.approx([0.4])


def test_attributes_are_numbers_and_arrays():
    source = sim.StepCurrentSource(times=[0.41, 0.42, 0.86], amplitudes=[0.5, -0.5, 0.7])
    assert source.times.tolist() == pytest.approx([0.4, 0.9])
    assert source.amplitudes.tolist() == [-0.5, 0.7]
    source.times += 1.0
    assert source.times.tolist() == pytest.approx([1.4, 1.9])
    assert sim.ACSource(phase=90).get_parameters() == {
        "amplitude": 1.0,
        "start": 0.0,
        "stop": 1e12,
        "frequency": 10.0,
        "offset": 0.0,
        "phase": 90.0,
    }


def test_times_between_two_steps_are_moved_to_the_nearest_with_a_word(caplog):
    cells, source = make_cells(), sim.DCSource(amplitude=0.3, start=1.04, stop=1.96)
    source.inject_into(cells)
    assert sim.ACSource(stop=float("inf")).stop == float("inf")
    sim.run(3.0)
    assert np.flatnonzero(current_of(cells)[:, 0] > 0.1).tolist() == list(range(10, 20))
    words = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert words == [
        "DCSource: start = 1.04 ms is no multiple of the time step of 0.1 ms; it acts at 1 ms.",
        "DCSource: stop = 1.96 ms is no multiple of the time step of 0.1 ms; it acts at 2 ms.",
    ]


@pytest.mark.parametrize(
    ("model", "parameters", "message"),
    [
        (
            "StepCurrentSource",
            {"times": [0.4, -0.6, 0.8], "amplitudes": [0.5, -0.5, 0.5]},
            "StepCurrentSource: times[1] = -0.6 ms; allowed: times of at least 0 ms, each later "
            "than the one before.",
        ),
        (
            "StepCurrentSource",
            {"times": [0.4, 0.6], "amplitudes": [0.5]},
            "StepCurrentSource: 2 times and 1 amplitudes; allowed: one amplitude for each time. "
            "Set both at once if their number changes.",
        ),
        (
            "NoisyCurrentSource",
            {"dt": 0.25},
            "NoisyCurrentSource: dt = 0.25 ms; allowed: multiples of the time step of 0.1 ms.",
        ),
        (
            "NoisyCurrentSource",
            {"stdev": -0.1},
            "NoisyCurrentSource: stdev = -0.1 nA; allowed: at least 0.",
        ),
        (
            "ACSource",
            {"frequency": float("nan")},
            "ACSource: frequency = nan; allowed: finite numbers.",
        ),
    ],
)
def test_parameters_that_mean_nothing_are_refused(model, parameters, message):
    with pytest.raises(sim.errors.InvalidParameterValueError) as caught:
        getattr(sim, model)(**parameters)
    assert str(caught.value) == message


def test_spike_sources_take_no_current():
    sources = sim.Population(2, sim.SpikeSourcePoisson())
    with pytest.raises(TypeError, match="a SpikeSourcePoisson takes no current, only neurons"):
        sim.DCSource().inject_into([sources[0]])
    with pytest.raises(TypeError, match="Can't inject current into a spike source"):
        sources.inject(sim.DCSource())


def test_only_a_current_that_is_recorded_can_be_read():
    with pytest.raises(FrontendError) as caught:
        sim.DCSource().get_data()
    assert str(caught.value) == (
        "DCSource: its current is not recorded; allowed: record() before get_data()."
    )


def run_apart(script, *arguments):
    """Run a script in a process of its own, since NEST takes over signals; return its numbers."""
    command = [sys.executable, "-W", "ignore", "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("RESULT")]
    return [[float(number) for number in line[1:]] for line in lines]


AGAINST_NEST = """
import sys
import numpy as np
import neurochip.frontends.pynn as chip
import pyNN.nest as nest


def run(sim, noise, **options):
    sim.setup(timestep=0.1, min_delay=float(sys.argv[1]), **options)
    cells = sim.Population(4, sim.IF_curr_exp(v_thresh=-40.0, tau_m=10.0))
    cells.initialize(v=-65.0)
    sources = [
        sim.DCSource(amplitude=0.5, start=50.0, stop=400.0),
        sim.StepCurrentSource(times=[50.0, 210.0, 250.0], amplitudes=[0.4, 0.6, -0.2]),
        sim.ACSource(start=50.0, stop=450.0, amplitude=0.2, offset=0.1, phase=180.0),
        noise(sim),
    ]
    for cell, source in zip(cells, sources):
        cell.inject(source)
        source.record()
    cells.record("v")
    sim.run(500.0)
    v = cells.get_data().segments[0].filter(name="v")[0].magnitude
    currents = np.concatenate([source.get_data().magnitude for source in sources], axis=1)
    sim.end()
    return v, currents


def replayed(sim):
    k = np.flatnonzero(np.diff(current[:, 3], prepend=0.0))
    return sim.StepCurrentSource(times=k * 0.1, amplitudes=current[k, 3])


v, current = run(
    chip, lambda sim: sim.NoisyCurrentSource(mean=0.5, stdev=0.2, start=50.0, stop=450.0, dt=1.0)
)
of_nest = run(nest, replayed, spike_precision="on_grid")
print("RESULT", abs(v - of_nest[0]).max(), abs(current - of_nest[1]).max())
"""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("nest") is None, reason="NEST is not installed")
@pytest.mark.parametrize("min_delay", ["0.1", "1.0"])
def test_all_four_sources_act_as_with_nest(min_delay):
    """The noise of the chip is replayed to NEST."""
    ((of_v, of_current),) = run_apart(AGAINST_NEST, min_delay)
    assert of_v < 0.02
    assert of_current < 1e-9


MIXED = """
import numpy as np
import neurochip.frontends.pynn as sim

for model, weight in (("IF_curr_delta", 0.6), ("IF_curr_exp", 0.15)):
    sim.setup(timestep=0.1, rng_seed=4)
    cells = sim.Population(60, getattr(sim, model)(), label="cells")
    cells.initialize(v=np.linspace(-65, -52, 60))
    models = (
        sim.SpikeSourcePoisson(rate=60.0),
        sim.SpikeSourcePoissonRefractory(rate=60.0, tau_refrac=5.0),
        sim.SpikeSourceGamma(alpha=3, beta=180.0),
        sim.SpikeSourceInhGamma(a=[3.0, 3.0], b=[0.01, 0.003], tbins=[0.0, 200.0]),
        sim.SpikeSourceArray(spike_times=np.arange(0.0, 500.0, 13.1)),
    )
    for source in models:
        sim.Projection(
            sim.Population(20, source),
            cells,
            sim.FixedProbabilityConnector(0.3, rng=sim.NumpyRNG(3)),
            sim.StaticSynapse(weight=weight, delay=0.5),
        )
    sim.NoisyCurrentSource(mean=0.3, stdev=1.0).inject_into(cells)
    sim.ACSource(amplitude=0.2, frequency=8.0, start=50.0, stop=400.0).inject_into(cells[:30])
    sim.DCSource(amplitude=-0.3, start=150.0, stop=300.0).inject_into(cells[20:40])
    step = sim.StepCurrentSource(times=[100.0, 250.0, 350.0], amplitudes=[0.2, -0.2, 0.4])
    step.inject_into(cells[50:])
    cells.record(["spikes", "v"])
    found = []
    for reference in ("float", "nest"):
        error = sim.compare(500.0, reference=reference).population("cells").rate_error
        found.append(sim.simulator.state.reference)
    spikes = [set(zip(item.steps["cells"].tolist(), item.ids["cells"].tolist())) for item in found]
    v = [item.trace("cells", "v").values for item in found]
    print("RESULT", len(spikes[0]), len(spikes[0] ^ spikes[1]), abs(v[0] - v[1]).max(), abs(error))
"""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("nest") is None, reason="NEST is not installed")
def test_with_all_sources_at_once_float64_has_every_spike_of_nest():
    found = run_apart(MIXED)
    assert len(found) == 2
    for spikes, different, of_v, error in found:
        assert spikes > 1000
        assert different == 0
        assert of_v < 1e-9
        assert error < 0.02
