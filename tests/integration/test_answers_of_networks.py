"""Intervals and leads on networks: the two scripts of the page on tests, on fewer runs."""

from __future__ import annotations

import coverage_of_intervals as coverage
import leads_against_float as leads
import pytest

from neurochip import LOIHI
from neurochip.cli.demo import driven_network

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("network", [coverage.shared, coverage.recurrent])
def test_neurons_that_depend_on_each_other_have_intervals_that_hold_the_truth(network):
    _, absolute, relative, beyond, _ = coverage.of_network(network(), 150)
    # 95 % of 150 has a standard deviation of 1.8 %.
    assert min(absolute, relative) >= 0.90
    assert beyond <= 0.10


def test_a_difference_of_the_whole_tolerance_is_seldom_called_equal():
    error, _, _, _, equal = coverage.of_network(
        coverage.recurrent(), 150, coverage.CHIPS["7 decay bits"]
    )
    assert error < -0.03
    assert equal <= 0.10


@pytest.mark.parametrize("dt", [0.1, 0.5])
def test_the_lead_of_the_demo_is_that_of_float_in_steps_of_a_hundredth(dt):
    ((answer, total, step),) = leads.errors(driven_network(), LOIHI, dt, 1000.0)
    assert answer.reason == leads.cause(step, total - step) == "time step"
    # The fine run, in steps of dt / 10, still has a tenth of the error of the step.
    assert answer.total == pytest.approx(total, rel=0.12)
