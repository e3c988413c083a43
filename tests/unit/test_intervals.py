"""Intervals of rate errors: exact for normal pairs, and over pairs that are independent."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip import Recording
from neurochip._support.student import t_quantile, t_tail
from neurochip.validation.intervals import difference_interval, rate_pairs, ratio_interval


@pytest.mark.parametrize("freedom", [1, 2, 3, 7.5, 9, 100, 1e5, 1e7])
def test_probabilities_and_quantiles_are_those_of_scipy(freedom):
    t = pytest.importorskip("scipy.stats", reason="install scipy to test it").t
    for value in (-2.0, 0.0, 1e-5, 0.1, 1.0, 2.0, 30.0):
        assert t_tail(value, freedom) == pytest.approx(t.sf(value, freedom), rel=1e-8)
    for probability in (0.9, 0.95, 0.975, 0.999):
        expected = t.ppf(probability, freedom)
        assert t_quantile(probability, freedom) == pytest.approx(expected, rel=1e-7)


def test_nothing_lies_beyond_infinity():
    assert (t_tail(math.inf, 5), t_tail(-math.inf, 5)) == (0.0, 1.0)


def test_one_degree_of_freedom_is_the_cauchy_distribution():
    assert t_tail(1.0, 1) == pytest.approx(0.25)
    assert t_quantile(0.75, 1) == pytest.approx(1.0)


@pytest.mark.parametrize("size", [5, 8, 10, 20, 50, 100])
def test_intervals_over_normal_pairs_hold_the_truth_95_times_in_100(size):
    rng, repeats, held = np.random.default_rng(size), 600, np.zeros(2)
    for _ in range(repeats):
        reference = rng.normal(50.0, 5.0, size)
        chip = reference + rng.normal(1.0, 2.0, size)
        for index, (found, truth) in enumerate(
            (
                (difference_interval(reference, chip), 1.0),
                (ratio_interval(reference, chip), 0.02),
            )
        ):
            held[index] += found[0] <= truth <= found[1]
    # 95 % of 600 has a standard deviation of 0.9 %.
    assert (np.abs(held / repeats - 0.95) < 0.027).all()


def test_the_interval_of_a_ratio_is_that_of_the_test_of_each_ratio():
    stats = pytest.importorskip("scipy.stats", reason="install scipy to test it")
    rng = np.random.default_rng(3)
    reference = rng.normal(20.0, 4.0, 12)
    chip = 0.9 * reference + rng.normal(0.0, 1.0, 12)
    for limit in ratio_interval(reference, chip):
        p = stats.ttest_1samp(chip - (1 + limit) * reference, 0.0).pvalue
        assert p == pytest.approx(0.05, rel=1e-6)


def test_one_pair_has_no_interval():
    one = np.array([1.0])
    assert np.isnan([difference_interval(one, one), ratio_interval(one, one)]).all()


def test_a_ratio_has_no_interval_if_the_reference_may_be_silent():
    reference, chip = np.array([0.0] * 9 + [1.0]), np.ones(10)
    assert np.isnan(ratio_interval(reference, chip)).all()
    assert difference_interval(reference, chip)[0] > 0


def run(steps, size=1, n_steps=100, first_step=0):
    """A recording of a population whose first neuron spikes in these steps."""
    times = np.array(steps, dtype=np.int32)
    return Recording(
        label="run",
        dt=1.0,
        first_step=first_step,
        n_steps=n_steps,
        populations={"cells": size},
        steps={"cells": times},
        ids={"cells": np.zeros_like(times)},
    )


def test_blocks_of_time_are_of_equal_length_and_hold_every_spike_once():
    pairs = rate_pairs(run([50, 59, 60, 149], first_step=50), run([], first_step=50), "cells", None)
    # 1 spike in a block of 10 ms is 100 Hz.
    assert pairs.reference.tolist() == [200.0, 100.0, 0, 0, 0, 0, 0, 0, 0, 100.0]
    assert pairs.chip.tolist() == [0.0] * 10
    assert pairs.reference.mean() == run([50, 59, 60, 149], first_step=50).rates("cells").mean()


@pytest.mark.parametrize(("size", "over"), [(9, "blocks of time"), (10, "neurons")])
def test_few_independent_neurons_are_compared_over_blocks_of_time(size, over):
    runs = run([5], size), run([6], size)
    assert rate_pairs(*runs, "cells", "independent").over == over


def test_a_run_too_short_for_blocks_has_no_interval():
    runs = run([1, 3], n_steps=9), run([2], n_steps=9)
    pairs = rate_pairs(*runs, "cells", "recurrent")
    assert np.isnan([pairs.difference(), pairs.ratio()]).all()


def test_equal_counts_leave_room_for_the_spikes_of_a_repetition():
    pairs = rate_pairs(run(range(0, 100, 2)), run(range(0, 100, 2)), "cells", "recurrent")
    spikes = -math.log(0.025)  # of which none was seen
    assert pairs.difference() == pytest.approx((-10 * spikes, 10 * spikes))  # Hz, in 100 ms
    assert pairs.ratio() == pytest.approx((-spikes / 50, spikes / 50))
    assert pairs.ratio(0.9)[1] == pytest.approx(-math.log(0.05) / 50)
