"""Times on a grid of steps, whatever float rounding does to them."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip._support.grid import (
    is_apart,
    is_later,
    nearest_steps,
    places_of,
    steps_of,
    whole_steps,
)

STEPS = np.arange(100_000)


@pytest.mark.parametrize("dt", [0.1, 0.25, 1 / 3, 1.7])
def test_every_step_of_the_grid_is_found_again(dt):
    times = STEPS * dt
    assert np.array_equal(steps_of(times, dt), STEPS)
    assert np.array_equal(steps_of(times + 0.99 * dt, dt), STEPS)
    assert np.array_equal(nearest_steps(times, dt), STEPS)
    assert [whole_steps(n * dt, dt) for n in (0, 3, 99_999)] == [0, 3, 99_999]


def test_a_number_is_treated_as_an_array_is():
    assert places_of(0.3, 0.1) == places_of(np.array([0.3]), 0.1)[0]
    assert steps_of(0.3, 0.1) == 3
    assert steps_of(3, 2) == 1


def test_times_that_differ_by_rounding_are_the_same():
    assert not is_later(0.3 + 1e-5, 0.3, 0.1)
    assert is_later(0.3 + 2e-4, 0.3, 0.1)
    assert not is_later(0.2, 0.3, 0.1)
    assert not is_apart(0.3, 0.3 - 1e-5, 0.1)
    assert is_apart(0.3, 0.3 - 2e-4, 0.1)
    assert whole_steps(0.35, 0.1) is None
