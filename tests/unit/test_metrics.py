"""Metrics against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip.validation.metrics import (
    coincidence_factor,
    coincidences,
    intervals,
    isi_cv,
    largest_difference,
    rmse,
)


def train(*spikes):
    """Spikes given as (step, neuron)."""
    pairs = np.array(spikes, dtype=np.int32).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


NOTHING = train()


def bernoulli(rng, size, n_steps, probability):
    steps, ids = np.nonzero(rng.random((n_steps, size)) < probability)
    return steps.astype(np.int32), ids.astype(np.int32)


def naive_coincidences(first, second, size, window):
    """One neuron and one spike at a time."""
    counts = []
    for neuron in range(size):
        a, b = (sorted(s for s, i in zip(*t, strict=True) if i == neuron) for t in (first, second))
        counts.append(
            min(
                sum(any(abs(x - y) <= window for y in theirs) for x in ours)
                for ours, theirs in ((a, b), (b, a))
            )
        )
    return counts


def test_intervals_never_reach_from_one_neuron_to_the_next():
    isi, ids = intervals(train((1, 0), (2, 1), (5, 0), (9, 1), (11, 0)))
    assert isi.tolist() == [4, 6, 7]
    assert ids.tolist() == [0, 0, 1]


def test_intervals_do_not_depend_on_the_order_of_the_spikes():
    isi, ids = intervals(train((11, 0), (9, 1), (1, 0), (2, 1), (5, 0)))
    assert isi.tolist() == [4, 6, 7]
    assert ids.tolist() == [0, 0, 1]


def test_cv_of_known_intervals():
    # Neuron 0: intervals 10 and 30, mean 20, standard deviation 10. Neuron 2: regular.
    spikes = train((0, 0), (0, 2), (5, 2), (10, 0), (10, 2), (40, 0))
    assert isi_cv(spikes, 4).tolist() == pytest.approx([0.5, math.nan, 0.0, math.nan], nan_ok=True)


def test_cv_needs_three_spikes():
    assert np.isnan(isi_cv(train((0, 0), (7, 0)), 1)).all()
    assert isi_cv(train((0, 0), (7, 0), (14, 0)), 1).tolist() == [0.0]


def test_cv_without_spikes_is_undefined_for_all():
    assert np.isnan(isi_cv(NOTHING, 3)).tolist() == [True, True, True]


def test_cv_of_a_poisson_train_is_near_one():
    spikes = bernoulli(np.random.default_rng(1), 20, 200_000, 0.005)
    # 1000 intervals a neuron: the mean of 20 has a standard error of about 0.01.
    assert isi_cv(spikes, 20).mean() == pytest.approx(1.0, abs=0.03)


def test_spikes_at_the_edge_of_the_window_coincide_and_one_step_further_do_not():
    assert coincidences(train((10, 0)), train((13, 0)), 1, 3).tolist() == [1]
    assert coincidences(train((10, 0)), train((14, 0)), 1, 3).tolist() == [0]


def test_the_window_does_not_reach_another_neuron():
    # The last step of neuron 0 is next to the first of neuron 1 in any flat numbering.
    assert coincidences(train((99, 0)), train((0, 1)), 2, 5).tolist() == [0, 0]


def test_a_burst_that_faces_one_spike_counts_once():
    burst = train((9, 0), (10, 0), (11, 0))
    assert coincidences(train((10, 0)), burst, 1, 2).tolist() == [1]
    assert coincidences(burst, train((10, 0)), 1, 2).tolist() == [1]


@pytest.mark.parametrize("window", [0, 1, 7])
def test_coincidences_agree_with_a_loop_over_spikes(window):
    rng = np.random.default_rng(2)
    first, second = (bernoulli(rng, 5, 300, 0.05) for _ in range(2))
    expected = naive_coincidences(first, second, 5, window)
    assert coincidences(first, second, 5, window).tolist() == expected
    assert sum(expected) > 0


def test_gamma_of_equal_trains_is_one():
    spikes = bernoulli(np.random.default_rng(3), 4, 1000, 0.02)
    assert coincidence_factor(spikes, spikes, 4, 1000, 5) == pytest.approx(np.ones(4))


def test_gamma_by_hand():
    # 1000 steps, window 2: a spike covers 5 steps. N1 = 4, N2 = 2, both found.
    # p = 5 * 2 / 1000 = 0.01; (2 - 0.01 * 4) / 3 / 0.99.
    reference = train((100, 0), (200, 0), (300, 0), (400, 0))
    chip = train((101, 0), (302, 0))
    gamma = coincidence_factor(reference, chip, 1, 1000, 2)
    assert gamma[0] == pytest.approx((2 - 0.04) / 3 / 0.99, rel=1e-12)


@pytest.mark.parametrize("window", [0, 5])
def test_gamma_of_independent_trains_is_zero_on_average(window):
    rng = np.random.default_rng(4)
    first, second = (bernoulli(rng, 1000, 20_000, 0.003) for _ in range(2))
    gamma = coincidence_factor(first, second, 1000, 20_000, window)
    # Standard error 0.001 at most, and overlapping windows cost another 0.001.
    assert abs(gamma.mean()) < 0.005


def test_gamma_is_undefined_where_neither_side_spikes_or_windows_cover_all_time():
    dense = train(*((step, 1) for step in range(0, 100, 4)))
    gamma = coincidence_factor(dense, dense, 2, 100, 2)
    assert np.isnan(gamma).tolist() == [True, True]


def test_gamma_of_a_silent_side_is_zero():
    assert coincidence_factor(train((5, 0)), NOTHING, 1, 100, 2).tolist() == [0.0]


def test_rmse_and_largest_difference_by_hand():
    first, second = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[0.0, 1.0], [2.0, -1.0]])
    assert rmse(first, second) == 2.0
    assert largest_difference(first, second) == 4.0


def test_rmse_of_nothing_is_undefined():
    assert math.isnan(rmse([], []))
    assert math.isnan(largest_difference([], []))
