"""Random rules: their distributions, their bounds, their errors."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from neurochip import LogNormal, Normal, Uniform
from neurochip.errors import NetworkError

N = 20_000
DEVIATIONS = 5  # allowed standard deviations of a mean


def exactly(message):
    return f"^{re.escape(message)}$"


def drawn(rule, seed=1, size=N):
    return rule.draw(np.random.default_rng(seed), size)


@pytest.mark.parametrize(
    ("rule", "mean", "std"),
    [
        (Uniform(-1.0, 3.0), 1.0, 4 / math.sqrt(12)),
        (Normal(2.0, 0.5), 2.0, 0.5),
        (LogNormal(0.0, 0.5), math.exp(0.125), math.exp(0.125) * math.sqrt(math.expm1(0.25))),
        (
            LogNormal(0.0, 0.5, scale=-2.0),
            -2 * math.exp(0.125),
            2 * math.exp(0.125) * math.sqrt(math.expm1(0.25)),
        ),
    ],
)
def test_a_rule_has_the_mean_it_says(rule, mean, std):
    values = drawn(rule)
    assert values.shape == (N,)
    assert abs(values.mean() - mean) < DEVIATIONS * std / math.sqrt(N)
    assert values.std() == pytest.approx(std, rel=0.05)


def test_uniform_values_stay_between_their_bounds():
    values = drawn(Uniform(2.0, 2.5))
    assert values.min() >= 2.0
    assert values.max() < 2.5


def test_a_bounded_normal_is_drawn_again_and_not_clipped():
    values = drawn(Normal(0.0, 1.0, low=0.0, high=1.0))
    assert values.min() >= 0.0
    assert values.max() <= 1.0
    assert np.unique(values).size == N  # clipping would pile values up at the bounds
    # Mean of a standard normal between 0 and 1.
    expected = (1 - math.exp(-0.5)) / math.sqrt(2 * math.pi) / (0.5 * math.erf(1 / math.sqrt(2)))
    assert abs(values.mean() - expected) < DEVIATIONS * 0.3 / math.sqrt(N)


def test_rules_without_spread_give_one_value():
    assert set(drawn(Normal(2.0, 0.0), size=5)) == {2.0}
    assert set(drawn(Uniform(2.0, 2.0), size=5)) == {2.0}
    assert set(drawn(LogNormal(0.0, 0.0, scale=3.0), size=5)) == {3.0}


@pytest.mark.parametrize("rule", [Uniform(0, 1), Normal(0, 1, low=0), LogNormal(0, 1)])
def test_a_seed_gives_the_same_values_again(rule):
    assert drawn(rule, seed=4).tolist() == drawn(rule, seed=4).tolist()
    assert drawn(rule, seed=4).tolist() != drawn(rule, seed=5).tolist()
    assert drawn(rule, size=0).shape == (0,)


def test_rules_take_numpy_numbers():
    assert Uniform(np.int64(1), np.float32(3)).high == 3
    assert Normal(np.int64(1), np.float32(0.5), low=np.int64(0)).low == 0


@pytest.mark.parametrize(
    ("rule", "arguments", "message"),
    [
        (Uniform, (math.nan, 1), "Uniform: low = nan; allowed: a finite number."),
        (Uniform, (0, math.inf), "Uniform: high = inf; allowed: a finite number."),
        (Uniform, ("a", 1), "Uniform: low = 'a'; allowed: a finite number."),
        (Uniform, (2, 1), "Uniform: low = 2 is above high = 1; exchange them."),
        (Normal, (math.inf, 1), "Normal: mean = inf; allowed: a finite number."),
        (Normal, (0, math.nan), "Normal: std = nan; allowed: a finite number."),
        (Normal, (0, -1), "Normal: std = -1; allowed: at least 0."),
        (Normal, (0, 1, math.nan), "Normal: low = nan; allowed: a number."),
        (Normal, (0, 1, 0, None), "Normal: high = None; allowed: a number."),
        (Normal, (0, 1, 3, 2), "Normal: low = 3 is above high = 2; exchange them."),
        (
            Normal,
            (0, 1, 3),
            "Normal: only 0.1% of the values of mean 0 and std 1 lie between low = 3 and high = "
            "inf; allowed: at least 1 %. Move the bounds or the mean.",
        ),
        (
            Normal,
            (0, 0, 1, 2),
            "Normal: only 0.0% of the values of mean 0 and std 0 lie between low = 1 and high = "
            "2; allowed: at least 1 %. Move the bounds or the mean.",
        ),
        (LogNormal, (math.nan, 1), "LogNormal: mu = nan; allowed: a finite number."),
        (LogNormal, (0, math.inf), "LogNormal: sigma = inf; allowed: a finite number."),
        (LogNormal, (0, 1, math.nan), "LogNormal: scale = nan; allowed: a finite number."),
        (LogNormal, (0, -0.5), "LogNormal: sigma = -0.5; allowed: at least 0."),
    ],
)
def test_a_rule_that_is_no_distribution_is_refused(rule, arguments, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        rule(*arguments)


def test_bounds_that_no_float_lies_between_are_refused():
    message = (
        "Uniform: low = -1e+308 and high = 1e+308 are further apart than a float can represent; "
        "move them closer together."
    )
    with pytest.raises(NetworkError, match=exactly(message)):
        Uniform(-1e308, 1e308)
