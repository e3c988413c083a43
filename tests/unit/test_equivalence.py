"""An equality has to be proved: two one-sided tests with a named tolerance."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import Recording
from neurochip.errors import RecordingError
from neurochip.recording import Origin
from neurochip.validation import Conclusion, compare, equivalence, rate_equivalence


def pairs(n, shift, noise, seed=0):
    """Rates around 20 Hz, and the same with a relative shift and independent noise."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(15, 25, n)
    return rates, rates * (1 + shift) + rng.normal(0, noise, n)


@pytest.mark.parametrize(
    ("shift", "noise", "n", "expected"),
    [
        (0.001, 0.1, 200, Conclusion.EQUAL),
        (0.05, 0.1, 200, Conclusion.DIFFERENT),
        (-0.05, 0.1, 200, Conclusion.DIFFERENT),
        (0.01, 0.1, 200, Conclusion.UNDECIDED),  # on the tolerance
        (0.0, 5.0, 10, Conclusion.UNDECIDED),  # no difference, but too little to say so
    ],
)
def test_the_interval_and_the_tolerance_decide(shift, noise, n, expected):
    result = equivalence(*pairs(n, shift, noise), tolerance=0.01)
    assert result.conclusion is expected
    low, high = result.interval
    assert low <= result.difference <= high
    assert (result.p_value < 0.05) == (expected is Conclusion.EQUAL)
    assert result.pairs == n


def test_a_difference_that_is_no_chance_may_be_small_enough():
    result = equivalence(*pairs(500, 0.004, 0.05), tolerance=0.01)
    assert result.interval[0] > 0
    assert result.conclusion is Conclusion.EQUAL


def test_the_interval_is_that_of_the_t_test():
    stats = pytest.importorskip("scipy.stats", reason="install scipy to test it")
    reference, chip = pairs(300, 0.01, 1.0)
    result = equivalence(reference, chip, tolerance=1.0, relative=False)
    interval = stats.ttest_rel(chip, reference).confidence_interval(0.9)
    assert result.interval == pytest.approx(tuple(interval), rel=1e-9)
    least = stats.ttest_1samp(chip - reference - 1.0, 0.0, alternative="less").pvalue
    assert result.p_value == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize("relative", [True, False])
def test_a_claim_of_equality_is_wrong_in_5_percent_on_the_tolerance(relative):
    tolerance = 0.02 if relative else 0.4
    wrong = sum(
        equivalence(*pairs(60, 0.02, 0.5, seed), tolerance=tolerance, relative=relative).conclusion
        is Conclusion.EQUAL
        for seed in range(400)
    )
    assert 8 <= wrong <= 33  # 20 expected; three standard deviations of 400 trials


@pytest.mark.parametrize("size", [3, 5, 8])
def test_few_pairs_claim_no_more_equality_on_the_tolerance(size):
    wrong = sum(
        equivalence(*pairs(size, 0.05, 0.2, seed), tolerance=0.05).conclusion is Conclusion.EQUAL
        for seed in range(400)
    )
    assert wrong <= 33


def test_an_absolute_tolerance_has_the_unit_of_the_values():
    result = equivalence(*pairs(200, 0.0, 0.1), tolerance=0.5, relative=False)
    assert result.conclusion is Conclusion.EQUAL
    assert abs(result.difference) < 0.05
    assert "%" not in str(result).replace("90 %", "")


def test_pairs_without_scatter_are_inside_the_tolerance_or_not():
    same = equivalence([10.0] * 20, [10.0] * 20, tolerance=0.1)
    assert (same.p_value, same.conclusion) == (0.0, Conclusion.EQUAL)
    on_it = equivalence([10.0] * 20, [11.25] * 20, tolerance=0.125)
    assert (on_it.p_value, on_it.conclusion) == (1.0, Conclusion.UNDECIDED)


@pytest.mark.parametrize(("relative", "difference"), [(True, 0.2), (False, 2.0)])
def test_the_difference_of_too_few_pairs_is_stated_in_its_unit(relative, difference):
    few = equivalence([10.0], [12.0], tolerance=0.5, relative=relative)
    assert few.difference == pytest.approx(difference)
    assert few.conclusion is Conclusion.UNDECIDED


def test_too_few_pairs_or_a_silent_reference_decide_nothing():
    few = equivalence([10.0], [10.0], tolerance=0.1)
    silent = equivalence([0.0] * 50, [1.0] * 50, tolerance=0.1)
    assert few.conclusion is silent.conclusion is Conclusion.UNDECIDED
    assert str(few) == "not enough data: no interval from 1 pairs"


def test_requests_that_make_no_sense_are_refused():
    with pytest.raises(RecordingError) as caught:
        equivalence([1.0], [1.0], tolerance=0)
    assert str(caught.value) == (
        "equivalence: tolerance = 0; allowed: a number above 0 and at most 1 (0.05 is 5 %)."
    )
    with pytest.raises(RecordingError) as caught:
        equivalence([1.0, 2.0], [1.0], tolerance=0.1)
    assert str(caught.value) == (
        "equivalence: values of shapes (2,) and (1,); allowed: two lists of finite numbers of "
        "equal length, one number of each per pair."
    )


def recording(counts, kind="float"):
    """A run of 1 s in which neuron i spikes counts[i] times."""
    ids = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    steps = np.concatenate([np.arange(n) * 9 + 5 for n in counts]).astype(np.int32)
    order = np.lexsort((ids, steps))
    return Recording(
        label="run",
        dt=1.0,
        first_step=0,
        n_steps=1000,
        populations={"cells": len(counts)},
        steps={"cells": steps[order]},
        ids={"cells": ids[order]},
        origin=Origin(kind=kind, coupling={"cells": "independent"}),
    )


@pytest.mark.parametrize(
    ("reference", "chip", "expected"),
    [
        ([30] * 20, [30] * 20, Conclusion.EQUAL),
        ([30] * 20, [33] * 20, Conclusion.DIFFERENT),
        ([1] * 20, [1] * 20, Conclusion.UNDECIDED),  # 20 spikes are too few
        ([30] * 20, [0] * 20, Conclusion.DIFFERENT),
        ([1] + [0] * 19, [0] * 20, Conclusion.UNDECIDED),
        ([0] * 20, [0] * 20, Conclusion.UNDECIDED),
    ],
)
def test_a_population_without_enough_spikes_decides_nothing(reference, chip, expected):
    item = compare(recording(reference), recording(chip, "chip")).population("cells")
    assert rate_equivalence(item, tolerance=0.05).conclusion is expected


@pytest.mark.parametrize(
    ("tolerance", "expected"), [(0.004, Conclusion.UNDECIDED), (0.006, Conclusion.EQUAL)]
)
def test_equal_counts_prove_no_more_than_three_spikes(tolerance, expected):
    item = compare(recording([30] * 20), recording([30] * 20, "chip")).population(
        "cells"
    )  # 600 spikes
    assert rate_equivalence(item, tolerance=tolerance).conclusion is expected
