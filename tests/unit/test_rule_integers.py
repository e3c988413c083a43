"""Rules as integers: they give the same rule again, and numbers that stand for nothing do not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip.errors import LearningError
from neurochip.learning import LEARNING_PRESETS, LearningRule, LearningSpec, Trace
from neurochip.learning.rule_integers import RuleIntegers

PUBLISHED = LEARNING_PRESETS["published"]
FULL = LearningRule(
    "2^-1*x1*y0*sgn(w - 255) - 3*2^2*x0*(y1 + 4) + u3*x0*y0*y2",
    dt="x2*y0",
    x1=Trace(16.5, 10.25),
    x2=Trace(0.0078125, math.inf),
    y1=Trace(127, 0),
    epoch=5,
)


def again(rule):
    return LearningRule.from_integers(rule.integers(), epoch=rule.epoch, spec=rule.spec)


def test_the_integers_of_a_rule_are_its_codes_numbers_and_the_bits_of_its_time_constants():
    terms, factors, traces = FULL.integers()
    assert terms.tolist() == [
        [0, 1, 0, 1, -1, 2],
        [0, 0, 0, -3, 2, 1],
        [0, 2, 3, 1, 0, 3],
        [2, 1, 0, 1, 0, 1],
    ]
    assert factors.tolist() == [
        *([2, 0, 0], [7, -255, 1]),
        [4, 4, 0],
        *([0, 0, 0], [1, 0, 0], [5, 0, 0]),
        [3, 0, 0],
    ]
    assert traces[:, :2].tolist() == [[1, 2112], [1, 1], [1, 127 * 128], [0, 0], [0, 0]]
    assert traces[:, 2].view(np.float64).tolist() == [10.25, math.inf, 0.0, 0.0, 0.0]


def test_a_rule_is_the_same_after_writing_it_as_integers():
    assert again(FULL) == FULL
    assert again(FULL).tables().mantissa.tolist() == [1, -3, 1, 1]
    for spec in LEARNING_PRESETS.values():
        rule = LearningRule("x1*y0 - x0*x1", x1=Trace(7, 20), spec=spec)
        assert again(rule) == rule


def test_rules_that_are_read_alike_are_equal():
    def rule(text, **more):
        return LearningRule(text, x1=Trace(1, 2), **more)

    assert rule("dw = 2^0*(255 - wgt)*y0") == rule("-1*y0*(w-255)")
    assert rule("x1*y0").dw == "y0*x1"
    assert rule("x1*y0") != rule("2*x1*y0")
    assert rule("x1*y0") != rule("x1*y0", epoch=2)


def test_nothing_times_a_power_of_two_is_nothing():
    rule = LearningRule(f"0*2^{10**20}*x0")
    assert rule.dw == "0*x0"
    assert again(rule) == rule


def test_a_mantissa_beyond_64_bits_is_refused_also_where_an_engine_has_no_limit():
    spec = LearningSpec(name="any", mantissa_limits=(-math.inf, math.inf), product_wraps=True)
    with pytest.raises(LearningError) as caught:
        LearningRule(f"{3**50}*x0", spec=spec)
    assert str(caught.value) == (
        f"rule dw = '{3**50}*x0': term '{3**50}*x0' has the mantissa {3**50}; allowed: below "
        f"{1 << 62}."
    )


def changed(table, row, column, value):
    tables = [each.copy() for each in FULL.integers()]
    tables[table][row, column] = value
    return RuleIntegers(*tables)


TERM = (
    "learning rule: row 0 of its terms = {}; allowed: target 0 to 2, dependency 0 to 2, k 0 to 9, "
    "mantissa, exponent, and the number of its factors."
)
FACTOR = (
    "learning rule: row 0 of its factors = {}; allowed: variable 0 to 9, constant, sign 0 or 1."
)
STRANGE = [
    ((0, 0, 0, 3), TERM.format([3, 1, 0, 1, -1, 2])),
    ((0, 0, 1, -1), TERM.format([0, -1, 0, 1, -1, 2])),
    ((0, 0, 2, 10), TERM.format([0, 1, 10, 1, -1, 2])),
    ((0, 0, 5, -1), TERM.format([0, 1, 0, 1, -1, -1])),
    (
        (0, 0, 5, 3),
        "learning rule: its terms have 8 factors; allowed: 7, as its table of factors has.",
    ),
    ((1, 0, 0, 10), FACTOR.format([10, 0, 0])),
    ((1, 0, 2, 2), FACTOR.format([2, 0, 2])),
    ((2, 0, 1, -1), "trace x1: impulse = -0.0078125; allowed: 0 to 127 and a fraction."),
    (
        (2, 0, 2, -1),
        "trace: tau = nan; allowed: a number of steps of at least 0; math.inf does not decay.",
    ),
]


@pytest.mark.parametrize(("change", "problem"), STRANGE)
def test_numbers_that_stand_for_nothing_are_refused(change, problem):
    with pytest.raises(LearningError) as caught:
        LearningRule.from_integers(changed(*change), epoch=5, spec=PUBLISHED)
    assert str(caught.value) == problem
