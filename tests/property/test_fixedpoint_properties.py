"""Rounding and the mantissa/exponent code on any value and width."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip.chip.fixedpoint import Format, Rounding, encode_mantissa_exponent, round_to_integer

finite = st.floats(-1e9, 1e9, allow_nan=False)
formats = st.builds(Format, st.integers(2, 24), st.booleans())


@given(st.lists(finite, max_size=20))
def test_rounding_stays_within_its_bound_of_the_value(values):
    array = np.array(values)
    exact = [Fraction(value) for value in values]
    rounded = {rule: round_to_integer(array, rule, np.random.default_rng(1)) for rule in Rounding}
    for index, value in enumerate(exact):
        nearest, floor, zero, either = (
            int(rounded[rule][index])
            for rule in (
                Rounding.NEAREST,
                Rounding.FLOOR,
                Rounding.TOWARD_ZERO,
                Rounding.STOCHASTIC,
            )
        )
        assert abs(nearest - value) <= Fraction(1, 2)
        if abs(nearest - value) == Fraction(1, 2):
            assert nearest % 2 == 0
        assert 0 <= value - floor < 1
        assert abs(zero) <= abs(value) < abs(zero) + 1
        assert abs(either - value) < 1


@settings(derandomize=True)
@given(st.floats(-1000, 1000), st.integers(0, 2**32 - 1))
def test_stochastic_rounding_has_the_value_as_its_mean(value, seed):
    n = 4000
    rounded = round_to_integer(np.full(n, value), Rounding.STOCHASTIC, np.random.default_rng(seed))
    fraction = value - np.floor(value)
    ups = int((rounded - np.floor(value)).sum())
    # Six standard deviations, and some more for the smallest fractions.
    assert abs(ups - n * fraction) <= 6 * np.sqrt(n * fraction * (1 - fraction)) + 4


@given(st.lists(finite, min_size=1, max_size=20), formats, st.integers(0, 12))
def test_the_code_takes_the_smallest_exponent_and_errs_by_half_a_step(values, form, largest):
    mantissas, exponents = encode_mantissa_exponent(np.array(values), form, largest)

    def fits(value, exponent):
        return form.minimum <= round(Fraction(value) / 2**exponent) <= form.maximum

    for value, mantissa, exponent in zip(
        values, mantissas.tolist(), exponents.tolist(), strict=True
    ):
        possible = [e for e in range(largest + 1) if fits(value, e)]
        assert exponent == min(possible, default=largest)
        assert mantissa == round(Fraction(value) / 2**exponent)
        assert abs(mantissa * 2**exponent - Fraction(value)) <= Fraction(2**exponent, 2)
        assert bool(possible) == (form.minimum <= mantissa <= form.maximum)


@given(st.integers(2, 20), st.booleans(), st.integers(0, 10), st.data())
def test_every_code_word_is_encoded_as_its_own_value(bits, signed, largest, data):
    form = Format(bits, signed)
    mantissa = data.draw(st.integers(form.minimum, form.maximum))
    exponent = data.draw(st.integers(0, largest))
    value = mantissa * 2**exponent
    mantissas, exponents = encode_mantissa_exponent(np.array([float(value)]), form, largest)
    assert int(mantissas[0]) * 2 ** int(exponents[0]) == value
    assert exponents[0] <= exponent
