"""Formats, rounding and the mantissa/exponent code, value by value."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurochip.chip.fixedpoint import Format, Rounding, encode_mantissa_exponent, round_to_integer

VALUES = np.array([-2.5, -1.5, -0.7, -0.5, 0.0, 0.5, 0.7, 1.5, 2.5, 3.0])


def exactly(message):
    return f"^{re.escape(message)}$"


@pytest.mark.parametrize(
    ("bits", "signed", "low", "high"),
    [
        (12, False, 0, 4095),
        (13, True, -4096, 4095),
        (24, True, -8388608, 8388607),
        (1, False, 0, 1),
        (1, True, -1, 0),
    ],
)
def test_a_format_holds_the_range_of_its_width(bits, signed, low, high):
    assert (Format(bits, signed).minimum, Format(bits, signed).maximum) == (low, high)


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.NEAREST, [-2, -2, -1, 0, 0, 0, 1, 2, 2, 3]),
        (Rounding.FLOOR, [-3, -2, -1, -1, 0, 0, 0, 1, 2, 3]),
        (Rounding.TOWARD_ZERO, [-2, -1, 0, 0, 0, 0, 0, 1, 2, 3]),
    ],
)
def test_each_rule_rounds_as_it_says(rounding, expected):
    rounded = round_to_integer(VALUES, rounding)
    assert rounded.dtype == np.int64
    assert rounded.tolist() == expected


def test_stochastic_rounding_keeps_integers_and_lands_on_a_neighbour():
    rounded = round_to_integer(VALUES, Rounding.STOCHASTIC, np.random.default_rng(3))
    assert set(rounded - np.floor(VALUES)) <= {0.0, 1.0}
    assert rounded[VALUES == 3.0].tolist() == [3]


def test_stochastic_rounding_is_repeated_by_its_seed():
    first, second = (
        round_to_integer(np.full(100, 0.5), Rounding.STOCHASTIC, np.random.default_rng(8))
        for _ in range(2)
    )
    assert first.tolist() == second.tolist()


def test_stochastic_rounding_without_a_generator_is_refused():
    message = "stochastic rounding needs a random generator; pass rng=..."
    with pytest.raises(ValueError, match=exactly(message)):
        round_to_integer(VALUES, Rounding.STOCHASTIC)


def test_rounding_keeps_the_shape():
    assert round_to_integer(np.zeros((2, 3)), Rounding.FLOOR).shape == (2, 3)
    assert round_to_integer(np.float64(2.6), Rounding.NEAREST).tolist() == 3


def test_the_smallest_exponent_that_holds_a_value_is_chosen():
    # A 13-bit signed mantissa ends at 4095 and begins at -4096.
    values = np.array([0.0, 4095.0, 4095.4, 4096.0, -4096.0, -4097.0, 524160.0, -524288.0])
    mantissas, exponents = encode_mantissa_exponent(values, Format(13, signed=True), 7)
    assert mantissas.tolist() == [0, 4095, 4095, 2048, -4096, -2048, 4095, -4096]
    assert exponents.tolist() == [0, 0, 0, 1, 0, 1, 7, 7]


def test_a_value_that_rounds_out_of_the_mantissa_takes_the_next_exponent():
    mantissas, exponents = encode_mantissa_exponent(np.array([4095.5]), Format(13, signed=True), 7)
    assert (mantissas.tolist(), exponents.tolist()) == ([2048], [1])


def test_a_value_beyond_the_largest_exponent_shows_in_its_mantissa():
    mantissas, exponents = encode_mantissa_exponent(
        np.array([2.0**19, -(2.0**20)]), Format(13, signed=True), 7
    )
    assert mantissas.tolist() == [4096, -8192]
    assert exponents.tolist() == [7, 7]


def test_without_exponents_the_mantissa_is_the_rounded_value():
    mantissas, exponents = encode_mantissa_exponent(
        np.array([5.5, 6.5]), Format(8, signed=False), 0
    )
    assert (mantissas.tolist(), exponents.tolist()) == ([6, 6], [0, 0])
