"""Stimuli: drawing, binning, files, and what is refused."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip import Network, PoissonInput, Population, SpikeInput, Stimulus, draw_stimulus
from neurochip._support.npz import write_npz
from neurochip.errors import StimulusError
from neurochip.stimulus import count_steps

DEVIATIONS = 5  # allowed standard deviations of a count
CELLS = Population("cells", 1)


def exactly(message):
    return f"^{re.escape(message)}$"


def network(*inputs):
    return Network(populations=[CELLS], inputs=inputs)


def test_a_stimulus_holds_the_trains_of_all_inputs():
    given_spikes = SpikeInput("given", 3, [0, 2], [1.0, 500.0])
    stimulus = draw_stimulus(network(PoissonInput("noise", 5, 20.0), given_spikes), 100, seed=1)
    assert [train.name for train in stimulus.trains] == ["noise", "given"]
    assert stimulus.trains[1] == given_spikes  # later spikes are kept and not reached
    assert isinstance(stimulus.duration, float)
    assert stimulus.n_spikes == len(stimulus.trains[0].times) + 2
    assert repr(stimulus) == f"Stimulus(100 ms, 2 inputs, {stimulus.n_spikes} spikes)"


def test_poisson_counts_have_the_mean_and_variance_of_their_rate():
    rates = np.array([0.0, 5.0, 40.0, 200.0]).repeat(500)
    stimulus = draw_stimulus(network(PoissonInput("noise", 2000, rates)), 1000.0, seed=3)
    counts = np.bincount(stimulus.trains[0].ids, minlength=2000)
    for rate in (0.0, 5.0, 40.0, 200.0):
        mine = counts[rates == rate]
        assert abs(mine.mean() - rate) <= DEVIATIONS * math.sqrt(rate / 500)
        # The variance of a Poisson count has a standard error of about rate sqrt(2 / n).
        assert abs(mine.var() - rate) <= DEVIATIONS * (rate + math.sqrt(rate)) * math.sqrt(2 / 500)


def test_poisson_times_are_spread_evenly_over_the_duration():
    stimulus = draw_stimulus(network(PoissonInput("noise", 100, 100.0)), 1000.0, seed=3)
    times = stimulus.trains[0].times
    assert times.min() >= 0
    assert times.max() < 1000
    counts = np.histogram(times, bins=20, range=(0, 1000))[0]
    assert np.abs(counts - 500).max() < DEVIATIONS * math.sqrt(500)


def test_a_seed_gives_the_same_spikes_again():
    noise = PoissonInput("noise", 50, 20.0)
    assert draw_stimulus(network(noise), 500.0, 1) == draw_stimulus(network(noise), 500.0, 1)
    assert draw_stimulus(network(noise), 500.0, 1) != draw_stimulus(network(noise), 500.0, 2)


def test_each_input_has_its_own_stream_whoever_stands_beside_it():
    a, b = PoissonInput("a", 50, 20.0), PoissonInput("b", 50, 20.0)
    both = draw_stimulus(network(a, b), 500.0, 1)
    alone = draw_stimulus(network(b), 500.0, 1)
    assert both.trains[1] == alone.trains[0]
    assert both.trains[0].times.tolist() != both.trains[1].times.tolist()


def test_spikes_are_put_onto_the_grid_in_the_order_of_the_inputs():
    stimulus = Stimulus(
        10.0,
        (SpikeInput("b", 2, [1, 0, 0], [0.3, 0.3, 0.0]), SpikeInput("a", 3, [2, 2], [0.31, 0.35])),
    )
    steps, sources = stimulus.binned(0.1, [("a", 3), ("b", 2)])
    assert (steps.dtype, sources.dtype) == (np.int32, np.int32)
    # 0.3 / 0.1 is 2.9999999999999996: the grid tolerance puts it where it was meant.
    assert steps.tolist() == [0, 3, 3, 3, 3]
    assert sources.tolist() == [3, 2, 2, 3, 4]


def test_a_silent_stimulus_bins_to_nothing():
    steps, sources = Stimulus(5.0).binned(0.1, [])
    assert (steps.dtype, steps.size, sources.size) == (np.int32, 0, 0)


@given(
    st.sampled_from([1.0, 0.5, 0.1, 0.025]),
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e6)), max_size=30),
)
def test_binning_is_a_floor_and_keeps_every_spike(dt, spikes):
    ids, times = [i for i, _ in spikes], [t for _, t in spikes]
    stimulus = Stimulus(1.0, (SpikeInput("x", 4, np.array(ids, int), times),))
    steps, sources = stimulus.binned(dt, [("x", 4)])
    binned = sorted(zip(steps.tolist(), sources.tolist(), strict=True))
    assert list(zip(steps.tolist(), sources.tolist(), strict=True)) == binned
    assert binned == sorted((math.floor(t / dt + 1e-3), i) for i, t in spikes)


@given(st.integers(0, 2**31 - 2), st.sampled_from([1.0, 0.1, 0.05]))
def test_a_time_on_the_grid_belongs_to_the_step_that_begins_there(step, dt):
    # step * dt and the division back are off by float rounding only.
    stimulus = Stimulus(1.0, (SpikeInput("x", 1, [0], [step * dt]),))
    assert stimulus.binned(dt, [("x", 1)])[0].tolist() == [step]


def test_spikes_beyond_all_steps_stay_beyond():
    stimulus = Stimulus(1.0, (SpikeInput("x", 1, [0, 0, 0], [2.0**31, 2.0**33, 1e300]),))
    assert stimulus.binned(1.0, [("x", 1)])[0].tolist() == [2**31 - 1] * 3


@pytest.mark.parametrize(
    ("trains", "inputs", "message"),
    [
        (
            [],
            [("x", 1)],
            "stimulus: lacks spikes for input 'x'; the run expects 'x' and the stimulus holds "
            "none. Draw it from the network of the run.",
        ),
        (
            [SpikeInput("x", 1, [], []), SpikeInput("y", 1, [], [])],
            [("x", 1)],
            "stimulus: has superfluous spikes for input 'y'; the run expects 'x' and the stimulus "
            "holds 'x', 'y'. Draw it from the network of the run.",
        ),
        (
            [SpikeInput("x", 2, [], [])],
            [("x", 3)],
            "stimulus: input 'x' has 2 sources; the run expects 3. Draw it from the network of "
            "the run.",
        ),
    ],
)
def test_a_stimulus_that_does_not_fit_the_run_is_refused(trains, inputs, message):
    with pytest.raises(StimulusError, match=exactly(message)):
        Stimulus(1.0, trains).binned(0.1, inputs)


@pytest.mark.parametrize("duration", [0, -1.0, math.nan, math.inf, "1 s", None])
def test_a_duration_that_is_not_above_zero_is_refused(duration):
    message = f"stimulus: duration = {duration!r} ms; allowed: a number above 0."
    with pytest.raises(StimulusError, match=exactly(message)):
        Stimulus(duration)
    with pytest.raises(StimulusError, match=exactly(message)):
        draw_stimulus(network(), duration, seed=1)


@pytest.mark.parametrize("seed", [-1, 1.0, True, None, "x"])
def test_a_seed_that_is_no_count_is_refused(seed):
    message = f"stimulus: seed = {seed!r}; allowed: an integer of at least 0."
    with pytest.raises(StimulusError, match=exactly(message)):
        draw_stimulus(network(), 1.0, seed=seed)


@pytest.mark.parametrize(
    ("trains", "message"),
    [
        (3, "stimulus: trains = 3; allowed: a list of SpikeInput, SpikeCounts or GradedSpikes."),
        ([3], "stimulus: trains holds 3; allowed: SpikeInput, SpikeCounts, GradedSpikes."),
        (
            [SpikeInput("x", 1, [], []), SpikeInput("x", 2, [], [])],
            "stimulus: two trains are named 'x'; allowed: one for each input. Join them or rename "
            "one.",
        ),
    ],
)
def test_trains_that_cannot_be_are_refused(trains, message):
    with pytest.raises(StimulusError, match=exactly(message)):
        Stimulus(1.0, trains)


@given(st.integers(1, 10**6), st.sampled_from(["1", "0.5", "0.1", "0.05", "0.025", "0.3"]))
def test_a_duration_on_the_grid_has_its_steps(steps, dt):
    exact = steps * Fraction(dt)
    assert count_steps(float(exact), float(dt)) == steps


def test_numpy_numbers_are_durations_and_steps_too():
    assert count_steps(np.int64(10), np.float32(0.5)) == 20
    assert type(count_steps(np.float64(10), np.float64(0.1))) is int


@pytest.mark.parametrize(
    ("duration", "dt", "message"),
    [
        (1.0, 0, "run: dt = 0 ms; allowed: a number above 0."),
        (1.0, -0.1, "run: dt = -0.1 ms; allowed: a number above 0."),
        (1.0, math.nan, "run: dt = nan ms; allowed: a number above 0."),
        (1.0, "fast", "run: dt = 'fast' ms; allowed: a number above 0."),
        (math.nan, 0.1, "run: duration = nan ms; allowed: a number above 0."),
        (math.inf, 0.1, "run: duration = inf ms; allowed: a number above 0."),
        (-1.0, 0.1, "run: duration = -1.0 ms; allowed: a number above 0."),
        (
            0.04,
            0.1,
            "run: a duration of 0.04 ms is not a whole number of steps of 0.1 ms; the nearest is "
            "0.1 ms.",
        ),
        (
            10000.05,
            0.1,
            "run: a duration of 10000.05 ms is not a whole number of steps of 0.1 ms; the nearest "
            "are 10000 and 10000.1 ms.",
        ),
    ],
)
def test_a_run_off_the_grid_is_refused(duration, dt, message):
    with pytest.raises(StimulusError, match=exactly(message)):
        count_steps(duration, dt)


def test_a_file_gives_back_an_equal_stimulus(tmp_path):
    stimulus = draw_stimulus(
        network(PoissonInput("µ noise", 30, 50.0), SpikeInput("silent", 2, [], [])), 250.0, seed=4
    )
    path = stimulus.save(tmp_path / "folder" / "stimulus")
    assert path == tmp_path / "folder" / "stimulus.npz"
    assert Stimulus.load(path) == stimulus
    empty = Stimulus(1)
    assert Stimulus.load(empty.save(tmp_path / "empty.npz")) == empty


def test_a_stimulus_with_parts_missing_is_refused(tmp_path):
    path = write_npz(tmp_path / "s.npz", "stimulus", 1, {"duration": np.float64(1.0)})
    message = f"{path}: a damaged stimulus ('names' is missing); draw it again."
    with pytest.raises(StimulusError, match=exactly(message)):
        Stimulus.load(path)
    arrays = {
        "duration": np.float64(1.0),
        "names": np.array(["x"]),
        "sizes": np.array([1]),
        "ids_0": np.array([1]),
        "times_0": np.array([1.0]),
    }
    write_npz(path, "stimulus", 1, arrays)
    message = f"{path}: a damaged stimulus (input 'x': ids[0] = 1; allowed: 0 to 0); draw it again."
    with pytest.raises(StimulusError, match=exactly(message)):
        Stimulus.load(path)


def stored(path):
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files}
    return {name: value for name, value in arrays.items() if not name.startswith("neurochip_")}


ONE = Stimulus(9.0, (SpikeInput("x", 4, [1, 2], [1.0, 2.0]),))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"sizes": np.array([4.7])},
            "'sizes' has shape (1,) and type float64, expected integers of shape (1,)",
        ),
        (
            {"sizes": np.array([True])},
            "'sizes' has shape (1,) and type bool, expected integers of shape (1,)",
        ),
        (
            {"ids_0": np.array([1.0, 1.7])},
            "'ids_0' has shape (2,) and type float64, expected integers of shape (2,)",
        ),
        (
            {"times_0": np.array([1.0])},
            "'times_0' has shape (1,) and type float64, expected numbers of shape (2,)",
        ),
        (
            {"times_0": np.array([1.0, np.nan])},
            "input 'x': times[1] = nan ms; allowed: a finite number of at least 0 ms",
        ),
        (
            {"duration": np.array([9.0])},
            "'duration' has shape (1,) and type float64, expected numbers of shape ()",
        ),
        ({"duration": np.array(-9.0)}, "stimulus: duration = -9.0 ms; allowed: a number above 0"),
        (
            {"names": np.array(["x", "y"])},
            "'sizes' has shape (1,) and type int64, expected integers of shape (2,)",
        ),
    ],
)
def test_what_a_file_says_of_spikes_is_checked(tmp_path, version, changes, reason):
    path = ONE.save(tmp_path / "x")
    write_npz(path, "stimulus", version, stored(path) | changes)
    message = f"{path}: a damaged stimulus ({reason}); draw it again."
    with pytest.raises(StimulusError, match=exactly(message)):
        Stimulus.load(path)


def test_a_stimulus_that_was_edited_is_refused_and_an_older_one_is_read(tmp_path):
    path = ONE.save(tmp_path / "x")
    with np.load(path) as content:
        np.savez(path.with_name("edited.npz"), **{**content, "times_0": np.array([1.0, 2.5])})
    message = "edited.npz: a damaged stimulus (its content does not match its checksum); draw it"
    with pytest.raises(StimulusError, match=re.escape(message)):
        Stimulus.load(path.with_name("edited.npz"))
    write_npz(path, "stimulus", 1, stored(path))
    assert Stimulus.load(path) == ONE


def test_a_name_that_a_file_would_cut_short_is_refused(tmp_path):
    odd = Stimulus(1.0, (SpikeInput("x\0", 1, [], []),))
    message = "stimulus: an input of ['x\\x00'] ends with a NUL; rename it."
    with pytest.raises(StimulusError, match=exactly(message)):
        odd.save(tmp_path / "x")


@pytest.mark.parametrize(
    ("duration", "dt", "steps"), [(1e300, 1.0, "1e+300"), (1e9, 1e-3, "1e+12")]
)
def test_more_steps_than_a_recording_counts_are_refused(duration, dt, steps):
    message = (
        f"run: {duration:g} ms are {steps} steps of {dt:g} ms; allowed: at most 2147483647 steps. "
        "Shorten the run or raise dt."
    )
    with pytest.raises(StimulusError, match=exactly(message)):
        count_steps(duration, dt)
