"""Distributions of activity against the noise floor between seeds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import Recording
from neurochip.errors import RecordingError
from neurochip.validation import Conclusion, compare_activity
from neurochip.validation.spread import correlations, distances

SAMPLES = st.lists(st.integers(-20, 20), min_size=1, max_size=30)


def distance(first, second):
    return distances([np.array(first)], [np.array(second)]).rc[0, 0]


@settings(deadline=None)  # the first call loads scipy
@given(SAMPLES, SAMPLES)
def test_distances_are_those_of_scipy(first, second):
    stats = pytest.importorskip("scipy.stats", reason="install scipy to test it")
    assert distance(first, second) == pytest.approx(
        stats.wasserstein_distance(first, second), abs=1e-9
    )


def test_distances_of_samples_that_one_can_work_out():
    assert distance([0, 1, 2, 3], [0, 1, 2, 3]) == 0
    assert distance([0, 1, 2, 3], [0.5, 1.5, 2.5, 3.5]) == pytest.approx(0.5)
    assert distance([0.0], [0.0, 3.0]) == pytest.approx(1.5)


def test_correlations_are_those_of_the_binned_counts():
    rng = np.random.default_rng(1)
    steps = np.sort(rng.integers(100, 200, 300))
    ids = rng.integers(0, 6, 300)
    counts = np.zeros((6, 9))
    for step, neuron in zip(steps, ids, strict=True):
        if step < 199:
            counts[neuron, (step - 100) // 11] += 1
    chosen = [4, 0, 5]
    expected = np.corrcoef(counts[chosen])[np.triu_indices(3, 1)]
    found = correlations((steps, ids), chosen, 100, 100, 11)
    assert sorted(found) == pytest.approx(sorted(expected))


def test_neurons_that_never_vary_have_no_correlation():
    steps, ids = np.arange(10), np.zeros(10, dtype=int)
    assert len(correlations((steps, ids), [0, 1], 0, 10, 1)) == 0


def poisson_run(seed, rate=30.0, size=60, common=0.0, duration=2000):
    """Independent Poisson neurons of spread rates, with spikes that all share."""
    rng = np.random.default_rng(seed)
    rates = np.linspace(0.5, 1.5, size) * rate
    spikes = rng.random((duration, size)) < rates / 1000
    spikes |= (rng.random(duration) < common)[:, None] & (rng.random((duration, size)) < 0.5)
    steps, ids = np.nonzero(spikes)
    return Recording(
        label=f"seed {seed}",
        dt=1.0,
        first_step=0,
        n_steps=duration,
        populations={"cells": size},
        steps={"cells": steps.astype(np.int32)},
        ids={"cells": ids.astype(np.int32)},
    )


FLOAT = [poisson_run(seed) for seed in range(8)]


def judged(chip, tolerance=0.1, reference=FLOAT, **options):
    return compare_activity(reference, chip, "cells", tolerance=tolerance, **options)


def test_runs_of_one_kind_are_equal_within_a_wide_tolerance():
    result = judged([poisson_run(seed) for seed in range(100, 108)])
    assert result.conclusion is Conclusion.EQUAL
    assert not result.told_from_float
    for item in result.quantities.values():
        assert item.floor_range[0] <= item.floor <= item.floor_range[1]
        assert item.mean.interval[0] < item.mean.difference < item.mean.interval[1]


def test_a_tolerance_far_below_the_noise_proves_nothing():
    result = judged([poisson_run(seed) for seed in range(100, 108)], tolerance=0.001)
    assert result.conclusion is Conclusion.UNDECIDED
    assert not result.told_from_float


def test_other_rates_are_told_from_float_by_the_rates():
    result = judged([poisson_run(seed, rate=33.0) for seed in range(100, 108)])
    assert result.conclusion is Conclusion.DIFFERENT
    assert result.told_from_float
    rate = result.quantities["rate"]
    assert rate.conclusion is Conclusion.DIFFERENT
    assert rate.p_value == 1 / 128  # no other exchange of 8 seeds separates as far
    # By the difference of the means, 3 Hz, the average neuron must move; by the noise, further.
    assert 3.0 < rate.distance < 3.0 + rate.floor


def test_common_spikes_are_told_from_float_by_the_correlation():
    result = judged([poisson_run(seed, 28.0, common=0.004) for seed in range(100, 108)])
    found = {name: item.p_value for name, item in result.quantities.items()}
    assert min(found, key=found.__getitem__) == "correlation"
    assert result.quantities["correlation"].conclusion is Conclusion.DIFFERENT


def test_equal_runs_are_not_held_against_their_own_seed():
    result = judged(FLOAT)
    for item in result.quantities.values():
        assert item.mean.difference == item.spread.difference == 0.0
        assert item.p_value == 1.0
    assert result.conclusion is Conclusion.EQUAL


@pytest.mark.parametrize(("rate", "most"), [(31.5, 6), (31.86, 2)])
def test_rates_that_differ_by_the_tolerance_or_more_are_seldom_called_equal(rate, most):
    claims = 0
    for trial in range(40):
        seeds = range(1000 + 16 * trial, 1008 + 16 * trial)
        chip = [poisson_run(seed, rate, size=20, duration=500) for seed in seeds]
        reference = [poisson_run(seed + 8, size=20, duration=500) for seed in seeds]
        found = judged(chip, 0.05, reference).quantities["rate"]
        claims += found.mean.conclusion is Conclusion.EQUAL
    assert claims <= most  # at most 5 % of 40 expected on the tolerance, and their spread


def test_the_spread_must_be_equal_too():
    def narrow(seed):
        rates = np.full(60, 30.0) / 1000
        steps, ids = np.nonzero(np.random.default_rng(seed).random((2000, 60)) < rates)
        spikes = poisson_run(0)
        return Recording(
            **{
                **{name: getattr(spikes, name) for name in ("label", "dt", "first_step")},
                "n_steps": 2000,
                "populations": {"cells": 60},
                "steps": {"cells": steps.astype(np.int32)},
                "ids": {"cells": ids.astype(np.int32)},
            }
        )

    rate = judged([narrow(seed) for seed in range(100, 108)]).quantities["rate"]
    assert rate.mean.conclusion is Conclusion.EQUAL
    assert rate.spread.conclusion is Conclusion.DIFFERENT
    assert rate.conclusion is Conclusion.DIFFERENT


def test_a_wrong_claim_of_a_difference_comes_in_5_percent_at_most():
    claims = 0
    for trial in range(40):
        runs = [poisson_run(1000 + 16 * trial + i, size=20, duration=500) for i in range(16)]
        claims += judged(runs[8:], reference=runs[:8]).told_from_float
    assert claims <= 6  # 2 or fewer expected; three standard deviations of 40 trials


def test_few_seeds_or_silent_runs_decide_nothing():
    few = judged([poisson_run(seed, 40.0) for seed in range(6)], reference=FLOAT[:6])
    silent = judged(
        [poisson_run(seed, 0.0) for seed in range(8)],
        reference=[poisson_run(seed, 0.0) for seed in range(8)],
    )
    one = judged(FLOAT[:1], reference=FLOAT[:1])
    for result in (few, silent, one):
        assert result.conclusion is Conclusion.UNDECIDED
        assert not result.told_from_float
        json.dumps(result.to_dict(), allow_nan=False)
        assert "not enough data" in str(result)


def test_many_seeds_are_exchanged_at_random():
    reference = [poisson_run(seed, size=10, duration=300) for seed in range(15)]
    chip = [poisson_run(seed, 60.0, size=10, duration=300) for seed in range(50, 65)]
    assert judged(chip, reference=reference).quantities["rate"].p_value < 0.01


def test_the_verdict_is_written_in_words():
    text = str(judged([poisson_run(seed, rate=33.0) for seed in range(100, 108)])).splitlines()
    assert text[0] == "cells: different (8 seeds, tolerance 10 % of the mean)"
    assert text[1].startswith("  rate: different: ")
    assert text[1].endswith("; p = 0.008")


def test_runs_that_do_not_belong_together_are_refused():
    other = poisson_run(0, duration=1000)
    for arguments, message in (
        (
            {"chip": FLOAT[:7]},
            "compare_activity: 8 reference runs and 7 of the chip; allowed: one of each per seed.",
        ),
        (
            {"chip": [*FLOAT[:7], other]},
            "compare_activity: runs of n_steps = 2000 and 1000; allowed: the same for all.",
        ),
        (
            {"chip": FLOAT, "bin_width": 0.2},
            "compare_activity: bin_width = 0.2 ms; allowed: 1 ms (one step) to 2000 ms (the run).",
        ),
        (
            {"chip": FLOAT, "tolerance": -1},
            "compare_activity: tolerance = -1; allowed: a number above 0 and at most 1 (0.05 is 5 "
            "%).",
        ),
    ):
        with pytest.raises(RecordingError) as caught:
            judged(**arguments)
        assert str(caught.value) == message
