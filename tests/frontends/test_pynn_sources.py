"""Spike sources of PyNN: what they send, whatever the cuts of a simulation and its changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from neurochip.errors import FrontendError

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
stats = pytest.importorskip("scipy.stats")
sim = pytest.importorskip("neurochip.frontends.pynn")
sources = pytest.importorskip("neurochip.frontends.pynn.sources")

DT = 0.1


@pytest.fixture(autouse=True)
def _fresh():
    sim.setup(timestep=DT, rng_seed=7)


def make(model, size=1, **parameters):
    return sim.Population(size, getattr(sim, model)(**parameters), label="noise")


def drawn(population, *cuts, seed=7):
    """Draw the steps between some cuts, one call after the other."""
    parts = [
        sources.draw(population, first, stop - first, DT, seed) for first, stop in pairwise(cuts)
    ]
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def trains(population, n_steps, seed=7):
    _, ids, times = drawn(population, 0, n_steps, seed=seed)
    return [times[ids == i] for i in range(population.size)]


RANDOM = {
    "SpikeSourcePoisson": {
        "rate": [0.0, 30.0, 900.0],
        "start": [0.0, 20.0, 5.0],
        "duration": 150.0,
    },
    "SpikeSourcePoissonRefractory": {"rate": [5.0, 100.0, 300.0], "tau_refrac": [10.0, 0.0, 3.0]},
    "SpikeSourceGamma": {"alpha": [1, 3, 8], "beta": [50.0, 600.0, 900.0]},
    "SpikeSourceInhGamma": {
        "a": [sim.Sequence(row) for row in ([1.0], [2.5, 0.7], [3.0, 20.0, 3.0])],
        "b": [sim.Sequence(row) for row in ([0.02], [0.002, 0.01], [0.003, 0.0005, 0.003])],
        "tbins": [sim.Sequence(row) for row in ([0.0], [0.0, 70.0], [0.0, 20.0, 120.0])],
        "start": 5.0,
    },
}


@pytest.mark.parametrize("model", RANDOM)
def test_spikes_do_not_depend_on_how_a_simulation_is_cut(model):
    population = make(model, 3, **RANDOM[model])
    whole = drawn(population, 0, 2000)
    for cuts in ([0, 1, 2, 3, 700, 701, 2000], [0, 0, 1999, 2000, 2000], range(0, 2001, 50)):
        again = drawn(population, *cuts)
        assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))
    assert len(whole[0]) > 50


@pytest.mark.parametrize("model", RANDOM)
def test_spikes_are_listed_by_step_and_source_and_recorded_on_the_grid(model):
    steps, ids, times = drawn(make(model, 3, **RANDOM[model]), 0, 2000)
    assert (np.diff(steps * 3 + ids) >= 0).all()
    assert 0 <= steps.min() <= steps.max() < 2000
    assert np.array_equal(times, np.round(steps * DT, 9))


def test_the_same_script_draws_the_same_spikes_again_whatever_the_labels():
    """PyNN counts its own labels over all scripts of a process."""
    found = []
    for _ in range(2):
        sim.setup(timestep=DT, rng_seed=7)
        sim.Population(1, sim.IF_curr_exp())
        pair = [sim.Population(3, sim.SpikeSourcePoisson(rate=200.0)) for _ in range(2)]
        for source in pair:
            source.record("spikes")
        sim.run(50.0)
        found.append(results(*pair))
    assert all(map(np.array_equal, *found))


def test_seeds_and_populations_make_different_spikes_and_the_same_ones_repeat():
    first = make("SpikeSourcePoisson", 5, rate=100.0)
    other = make("SpikeSourcePoisson", 5, rate=100.0)  # of the same label
    assert np.array_equal(drawn(first, 0, 500)[0], drawn(first, 0, 500)[0])
    assert not np.array_equal(drawn(first, 0, 500)[0], drawn(first, 0, 500, seed=8)[0])
    assert not np.array_equal(drawn(first, 0, 500)[0], drawn(other, 0, 500)[0])


def test_counts_of_poisson_sources_have_their_mean_and_its_variance():
    rates = np.repeat([2.0, 40.0, 3000.0], 200)
    counts = np.array(
        [len(train) for train in trains(make("SpikeSourcePoisson", 600, rate=rates), 5000)]
    )
    for rate in (2.0, 40.0, 3000.0):
        own = counts[rates == rate]
        assert abs(own.mean() - rate / 2) < 4 * np.sqrt(rate / 2 / 200)
        assert 0.75 < own.var(ddof=1) / (rate / 2) < 1.3


def test_sources_are_independent_and_so_are_the_steps_of_one():
    counts = np.zeros((40, 2000))
    steps, ids, _ = drawn(make("SpikeSourcePoisson", 40, rate=500.0), 0, 20000)
    np.add.at(counts, (ids, steps // 10), 1)
    between = np.corrcoef(counts)[np.triu_indices(40, 1)]
    within = [np.corrcoef(row[1:], row[:-1])[0, 1] for row in counts]
    for found in (between, np.array(within)):
        assert abs(found.mean()) < 4 / np.sqrt(2000 * len(found))
        assert abs(found.var() * 2000 - 1) < 4 * np.sqrt(2 / len(found))


@pytest.mark.parametrize(
    ("model", "parameters", "law"),
    [
        ("SpikeSourcePoisson", {"rate": 20.0}, stats.expon(0, 50)),
        ("SpikeSourcePoissonRefractory", {"rate": 20.0, "tau_refrac": 0.0}, stats.expon(0, 50)),
        ("SpikeSourcePoissonRefractory", {"rate": 20.0, "tau_refrac": 30.0}, stats.expon(30, 20)),
        ("SpikeSourceGamma", {"alpha": 1, "beta": 20.0}, stats.gamma(1, 0, 50)),
        ("SpikeSourceGamma", {"alpha": 5, "beta": 100.0}, stats.gamma(5, 0, 10)),
        ("SpikeSourceInhGamma", {"a": [3.7], "b": [0.01]}, stats.gamma(3.7, 0, 10)),
        ("SpikeSourceInhGamma", {"a": [0.6], "b": [0.05]}, stats.gamma(0.6, 0, 50)),
    ],
)
def test_intervals_have_their_distribution(model, parameters, law):
    intervals = np.concatenate(
        [np.diff(train) for train in trains(make(model, 10, **parameters), 300_000)]
    )
    jitter = np.random.default_rng(0).triangular(-DT, 0, DT, len(intervals))  # undoes the grid
    assert stats.kstest(intervals + jitter, law.cdf).pvalue > 0.01


def test_a_refractory_source_never_spikes_within_its_dead_time():
    source = make("SpikeSourcePoissonRefractory", 20, rate=150.0, tau_refrac=6.0)
    shortest = min(np.diff(train).min() for train in trains(source, 20_000))
    assert shortest == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("model", "parameters", "rate"),
    [
        ("SpikeSourcePoissonRefractory", {"rate": 80.0, "tau_refrac": 10.0}, 80.0),
        ("SpikeSourceGamma", {"alpha": 7, "beta": 350.0}, 50.0),
        ("SpikeSourceInhGamma", {"a": [8.0], "b": [0.0025]}, 50.0),
    ],
)
def test_sources_have_their_rate_from_the_start_on(model, parameters, rate):
    """The first interval is that of a process which has long run: no gap, and no volley."""
    steps, _, _ = drawn(make(model, 5000, start=20.0, **parameters), 0, 600)
    assert steps.min() >= 200
    expected = 5000 * rate * 0.005  # in 5 ms
    counts = np.bincount((steps - 200) // 50, minlength=8)
    assert (abs(counts - expected) < 4 * np.sqrt(expected)).all()


def test_the_hazard_follows_parameters_that_change_in_time():
    """The integral between two spikes has an exponential distribution (time-rescaling theorem)."""
    edges, a, b = [0.0, 40.0, 90.0, np.inf], [2.0, 6.0, 0.8], [0.01, 0.002, 0.015]
    source = make("SpikeSourceInhGamma", 800, a=a, b=b, tbins=edges[:-1])
    found = trains(source, 6000)  # so long that each source spikes after 100 ms
    last = np.concatenate([train[:-1] for train in found])
    now = np.concatenate([train[1:] for train in found])
    jitter = np.random.default_rng(0).uniform(0, DT, (2, len(now)))  # undoes the grid
    last, now = last + jitter[0], np.maximum(now + jitter[1], last + jitter[0])
    integral = np.zeros(len(now))
    for k in range(3):
        ages = (np.clip(x, edges[k], edges[k + 1]) - last for x in (last, now))
        first, then = (stats.gamma(a[k], 0, 1000 * b[k]).logsf(np.maximum(age, 0)) for age in ages)
        integral += np.where(now > edges[k], first - then, 0.0)
    early = integral[last < 100.0]
    assert len(early) > 3000
    assert stats.kstest(early, stats.expon.cdf).pvalue > 0.01


def test_parameters_that_change_between_runs_change_as_those_that_change_in_bins():
    course = make("SpikeSourceInhGamma", 50, a=[3.0, 1.5], b=[0.005, 0.01], tbins=[0.0, 60.0])
    whole = trains(course, 1200)
    course.set(a=[3.0], b=[0.005], tbins=[0.0])
    parts = [drawn(course, 0, 600)]
    course.set(a=[1.5], b=[0.01], tbins=[0.0])
    parts.append(drawn(course, 600, 1200))
    ids, times = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
    assert all(np.array_equal(whole[i], times[ids == i]) for i in range(50))


def test_a_source_that_has_been_silent_for_long_spikes_at_the_rate_of_its_scale():
    """Far out, the survival of a gamma distribution is below the smallest number of a computer."""
    source = make("SpikeSourceInhGamma", 400, a=[4.0, 4.0], b=[1e6, 0.001], tbins=[0.0, 3000.0])
    found = trains(source, 30_200)
    assert all(map(len, found))
    first = np.array([train[0] for train in found]) - 3000.0
    assert 0.8 < first.mean() < 1.2


def test_sources_spike_from_their_start_until_their_duration_has_passed():
    start = np.array([0.0, 10.0, 10.04, 30.0])
    source = make("SpikeSourcePoisson", 4, rate=90_000.0, start=start, duration=20.0)
    found = trains(source, 1000)
    assert [train.min() for train in found] == pytest.approx([0.0, 10.0, 10.1, 30.0])
    assert [train.max() for train in found] == pytest.approx([19.9, 29.9, 30.0, 49.9])


def test_a_source_may_spike_twice_in_a_step():
    steps, _, _ = drawn(make("SpikeSourcePoisson", rate=20_000.0), 0, 10_000)
    counts = np.bincount(steps, minlength=10_000)
    expected = 10_000 * stats.poisson(2.0).pmf([0, 1, 2, 3, 4])
    assert (abs(np.bincount(counts)[:5] - expected) < 4 * np.sqrt(expected)).all()


@pytest.mark.parametrize(
    ("model", "slow", "fast"),
    [
        ("SpikeSourcePoisson", {"rate": 10.0}, {"rate": 100.0}),
        ("SpikeSourcePoissonRefractory", {"rate": 10.0, "tau_refrac": 5.0}, {"rate": 100.0}),
        ("SpikeSourceGamma", {"alpha": 3, "beta": 30.0}, {"beta": 300.0}),
    ],
)
def test_a_changed_rate_acts_from_then_on_and_changes_nothing_before(model, slow, fast):
    population = make(model, 2000, **slow)
    before = drawn(population, 0, 1000)
    unchanged = drawn(population, 0, 2000)
    drawn(population, 0, 1000)
    population.set(**fast)
    after = drawn(population, 1000, 2000)
    assert np.array_equal(before[0], unchanged[0][: len(before[0])])
    counts = np.bincount((after[0] - 1000) // 200, minlength=5)
    assert (abs(counts - 4000) < 5 * np.sqrt(4000)).all()  # no gap and no volley at the change
    population.set(**slow)
    assert abs(len(drawn(population, 2000, 3000)[0]) - 2000) < 5 * np.sqrt(2000)


def test_a_source_that_is_switched_off_and_on_keeps_its_dead_time():
    population = make("SpikeSourcePoissonRefractory", 500, rate=150.0, tau_refrac=6.0)
    parts = [drawn(population, 0, 500)]
    population.set(rate=0.0)
    parts.append(drawn(population, 500, 520))
    population.set(rate=150.0)
    parts.append(drawn(population, 520, 1000))
    assert not len(parts[1][0])
    ids, times = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
    assert min(np.diff(times[ids == i], prepend=-9).min() for i in range(500)) > 6 - 1e-9


def test_changes_of_some_sources_leave_the_others_alone():
    population = make("SpikeSourcePoisson", 4, rate=200.0)
    whole = trains(population, 4000)
    drawn(population, 0, 2000)
    population[1:3].set(rate=0.0)
    _, ids, times = drawn(population, 2000, 4000)
    for source in (0, 3):
        late = whole[source][whole[source] > 199.95]
        assert np.array_equal(times[ids == source], late)
    assert not np.isin(ids, [1, 2]).any()


def test_given_times_belong_to_the_step_that_begins_at_them_and_are_recorded_as_they_are():
    population = make("SpikeSourceArray", 2, spike_times=[[0.3, 0.57, 0.57, 1.0], [0.0, 0.31]])
    steps, ids, times = drawn(population, 0, 10)
    assert steps.tolist() == [0, 3, 3, 5, 5]
    assert ids.tolist() == [1, 0, 1, 0, 0]
    assert times.tolist() == [0.0, 0.3, 0.31, 0.57, 0.57]
    assert [part.tolist() for part in drawn(population, 10, 11)] == [[10], [0], [1.0]]


def test_times_can_be_given_and_read_in_all_ways_of_pynn():
    population = make("SpikeSourceArray", 4, spike_times=[1, 2])
    population[1].spike_times = [3.0]
    population[2:].set(spike_times=[sim.Sequence([4.0, 5.0]), sim.Sequence([])])
    assert population[1].spike_times.value.tolist() == [3.0]
    assert [item.value.tolist() for item in population[1:3].get("spike_times")] == [[3.0], [4, 5]]
    assert [part.tolist() for part in trains(population, 100)] == [[1, 2], [3], [4, 5], []]
    assert trains(make("SpikeSourceArray", spike_times=5.0), 100)[0].tolist() == [5.0]


def test_times_that_are_past_when_they_are_set_send_nothing_with_a_word(caplog):
    population = make("SpikeSourceArray", 2, spike_times=[1.0])
    sim.run(10.0)
    population.set(spike_times=[2.0, 10.1])
    assert not caplog.records
    population.set(spike_times=[2.0, 3.0])
    (record,) = caplog.records
    assert record.getMessage() == (
        "SpikeSourceArray: all spike_times of 'noise' are before the present time of 10 ms, so no "
        "spike is sent; times count from the beginning, not from now."
    )


def test_new_times_count_from_now_on():
    population = make("SpikeSourceArray", 2)
    assert not len(drawn(population, 0, 100)[0])
    population.set(spike_times=[sim.Sequence([5.0, 12.0, 15.0]), sim.Sequence([17.0])])
    assert drawn(population, 100, 200)[2].tolist() == [12.0, 15.0, 17.0]


def test_the_compiler_is_told_of_the_rates():
    def rates(model, **parameters):
        return sources.expected_rate(make(model, 2, **parameters)).tolist()

    assert rates("SpikeSourcePoisson", rate=[3.0, 4.0]) == [3.0, 4.0]
    assert rates("SpikeSourcePoissonRefractory", rate=50.0, tau_refrac=5.0) == [50.0, 50.0]
    assert rates("SpikeSourceGamma", alpha=4, beta=[100.0, 20.0]) == [25.0, 5.0]
    assert rates("SpikeSourceArray", spike_times=[[100.0, 200.0], []]) == [10.0, 0.0]
    assert rates("SpikeSourceArray") == [0.0, 0.0]
    course = {"a": [2.0, 4.0], "b": [0.01, 0.001], "tbins": [0.0, 9.0]}
    assert rates("SpikeSourceInhGamma", **course) == [250.0, 250.0]


def test_the_room_for_rates_only_widens():
    source = make("SpikeSourcePoisson", 2, rate=[30.0, 5.0])
    assert sources.expected_rate(source).tolist() == [30.0, 5.0]
    source.set(rate=10.0)
    assert sources.expected_rate(source).tolist() == [30.0, 10.0]


@pytest.mark.parametrize(
    ("model", "parameters", "message"),
    [
        (
            "SpikeSourceArray",
            {"spike_times": [[1.0, 2.0], [3.0, 2.5]]},
            "SpikeSourceArray: spike_times of source 1 are out of order: 2.5 ms comes after 3 ms; "
            "allowed: times that do not decrease. Sort them.",
        ),
        (
            "SpikeSourceArray",
            {"spike_times": [-1.0, 2.0]},
            "SpikeSourceArray: spike_times of source 0 hold -1 ms; allowed: finite times of at "
            "least 0 ms.",
        ),
        (
            "SpikeSourcePoisson",
            {"rate": [5.0, -2.0]},
            "SpikeSourcePoisson: rate of source 1 is -2; allowed: a finite number of at least 0.",
        ),
        (
            "SpikeSourceGamma",
            {"alpha": [1, 2.5]},
            "SpikeSourceGamma: alpha of source 1 is 2.5; allowed: 1, 2, 3 and so on.",
        ),
        (
            "SpikeSourceInhGamma",
            {"a": [1.0, 2.0], "b": [0.1, 0.2], "tbins": [0.0]},
            "SpikeSourceInhGamma: source 0 has 2 numbers in a, 2 in b and 1 in tbins; allowed: as "
            "many of each, at least one, and tbins that increase.",
        ),
        (
            "SpikeSourceInhGamma",
            {"a": [1.0], "b": [0.0]},
            "SpikeSourceInhGamma: a or b of source 0 holds 0; allowed: finite numbers above 0.",
        ),
        (
            "SpikeSourcePoissonRefractory",
            {"rate": [10.0, 200.0], "tau_refrac": 5.0},
            "SpikeSourcePoissonRefractory: source 1 has tau_refrac = 5 ms and rate = 200 Hz; "
            "allowed: a dead time below 1/rate = 5 ms, since the rate counts it.",
        ),
    ],
)
def test_parameters_that_mean_nothing_are_refused(model, parameters, message):
    with pytest.raises(sim.errors.InvalidParameterValueError) as caught:
        make(model, 2, **parameters)
    assert str(caught.value) == message


def test_parameters_are_refused_when_they_are_set_as_well():
    population = make("SpikeSourcePoisson", 2)
    with pytest.raises(
        sim.errors.InvalidParameterValueError, match="rate of source 0 is -1; allowed"
    ):
        population.set(rate=-1.0)


def wired(model, **parameters):
    """Return sources of a kind and the neurons that they drive."""
    source = make(model, 10, **parameters)
    cells = sim.Population(5, sim.IF_curr_exp(tau_m=20.0, tau_syn_E=3.0), label="cells")
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.5, delay=1.0))
    source.record("spikes")
    cells.record(["spikes", "v"])
    return source, cells


def results(*populations):
    """Return all spike times, and v, of the last segment."""
    segments = [item.get_data().segments[-1] for item in populations]
    spikes = [train.magnitude for segment in segments for train in segment.spiketrains]
    return [*spikes, *(signal.magnitude for item in segments for signal in item.analogsignals)]


@pytest.mark.parametrize("model", RANDOM)
def test_runs_in_pieces_and_after_a_reset_repeat_the_whole_run(model):
    parameters = RANDOM[model].items()
    population = wired(model, **{k: v if np.isscalar(v) else v[1] for k, v in parameters})
    sim.run(100.0)
    whole = results(*population)
    assert sum(map(len, whole[:10])) > 20
    for pieces in ([100.0], [0.1, 30.0, 69.9], [50.0] * 2):
        sim.reset()
        for piece in pieces:
            sim.run(piece)
        assert all(np.array_equal(a, b) for a, b in zip(whole, results(*population), strict=True))


def test_runs_near_the_last_given_time_keep_the_image():
    """The mean rate from then on would be far above that of the whole train."""
    wired("SpikeSourceArray", spike_times=[10.0, 49.8, 49.9])
    sim.run(49.7)
    image = sim.simulator.state.image
    sim.run(0.1)
    sim.reset()
    sim.run(50.0)
    assert sim.simulator.state.image is image


def test_the_times_of_sources_are_recorded_as_they_are_given():
    source, cells = wired("SpikeSourceArray", spike_times=[0.0, 0.57, 12.34, 99.99])
    sim.run(100.0)
    source.set(spike_times=[110.0, 199.98])
    sim.run(100.0)
    found = results(source, cells)
    assert found[0].tolist() == found[9].tolist() == [0.0, 0.57, 12.34, 99.99, 110.0, 199.98]


def test_sources_without_neurons_spike_as_well():
    source = make("SpikeSourcePoisson", 3, rate=100.0)
    source.record("spikes")
    sim.run(50.0)
    assert all(map(np.array_equal, results(source), trains(source, 500)))
    assert sum(map(len, results(source))) > 5


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("SpikeSourcePoisson", {"rate": 0.0}), {"rate": 3000.0}),
        (("SpikeSourceArray", {}), {"spike_times": np.arange(100.0, 200.0, 0.2)}),
    ],
)
def test_sources_that_become_faster_get_more_room_on_the_chip(before, after):
    """An overflow would warn, and warnings are errors."""
    source, cells = wired(before[0], **before[1])
    state = sim.simulator.state
    sim.run(100.0)
    image = state.image
    source.set(**after)
    sim.run(100.0)
    assert state.image is not image
    fast, image = state.recording.n_spikes, state.image
    assert fast > 20
    source.set(**(before[1] or {"spike_times": []}))
    sim.run(50.0)
    assert state.image is image
    assert cells.get_spike_counts()


def test_more_spikes_than_memory_holds_are_refused():
    source = make("SpikeSourcePoisson", 10, rate=1e15)
    with pytest.raises(FrontendError) as caught:
        drawn(source, 0, 1000)
    assert str(caught.value) == (
        "run: 1e+15 spikes of 'noise' in 100 ms take at least 28 PB of memory, which is not "
        "available. Lower the rate, or run for a shorter time, several times in sequence."
    )


def test_the_resting_level_stays_after_sources_that_end_early(sim):
    """Three spikes within 6 ms, or 80 ms of random spikes, once counted as a rate for ever."""
    sim.setup(timestep=0.1, gain="mean_and_variance")
    early = sim.Population(1, sim.SpikeSourceArray(spike_times=[2.0, 4.0, 6.0]))
    random = sim.Population(1, sim.SpikeSourcePoisson(rate=100.0, start=5.0, duration=80.0))
    cells = sim.Population(2, sim.IF_curr_delta(tau_m=35.0, v_thresh=-40.0))
    delayed = sim.StaticSynapse(weight=8.0, delay=1.0)
    for source, to in ((early, cells[:1]), (random, cells[1:])):
        sim.Projection(source, to, sim.AllToAllConnector(), delayed)
    cells.record("v")
    sim.run(900.0)
    (v,) = cells.get_data().segments[0].analogsignals
    np.testing.assert_allclose(v.magnitude[-1], -65.0, atol=0.005)
    assert v.magnitude.max() > -58.0


@pytest.mark.parametrize(
    ("model", "name", "early", "late"),
    [
        (
            "SpikeSourceArray",
            "spike_times",
            np.arange(30.0, 91.0, 30.0),
            np.arange(30.0, 901.0, 30.0),
        ),
        ("SpikeSourcePoisson", "duration", 80.0, 900.0),
    ],
)
@pytest.mark.parametrize("again", [False, True], ids=["longer", "shorter"])
def test_sources_that_end_otherwise_after_a_reset_have_the_chip_of_a_new_script(
    model, name, early, late, again
):
    """The resting level moves for those that last; both have the same rate."""

    def rule_after(*values):
        sim.setup(timestep=DT, gain="mean_and_variance")
        source, _ = wired(model, **{name: values[0]})
        for value in values:
            source.set(**{name: value})
            sim.reset()
            sim.run(5.0)
        return sim.simulator.state.image.symbols.populations[0].gain_rule

    before, after = (late, early) if again else (early, late)
    assert rule_after(before, after) == rule_after(after) != rule_after(before)


@pytest.mark.filterwarnings("ignore:SpikeSourceArray. all spike_times")
def test_times_that_are_set_before_a_reset_have_the_room_of_those_set_after_it():
    """Their rate was counted from the end of the run before the reset, after which none is left."""
    found = []
    for calls in (("set", "reset"), ("reset", "set")):
        sim.setup(timestep=DT)
        source, cells = wired("SpikeSourceArray")
        sim.run(50.0)
        for call in calls:
            source.set(spike_times=np.arange(1.0, 49.0)) if call == "set" else sim.reset()
        sim.run(50.0)
        (sources,) = sim.simulator.state.network.spike_inputs
        found.append([sources.expected_rate, *results(cells)])
    assert found[0][0] == pytest.approx(1000.0)
    assert all(map(np.array_equal, *found))


def test_sources_that_end_early_as_before_keep_the_image_after_a_reset():
    source, _ = wired("SpikeSourceArray", spike_times=[2.0, 4.0])
    sim.run(50.0)
    image = sim.simulator.state.image
    for changed in ([3.0, 90.0], [], [499.0]):
        source.set(spike_times=changed)
        sim.reset()
        sim.run(50.0)
        assert sim.simulator.state.image is image
