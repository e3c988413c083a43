"""Numbers as text."""

import pytest

from neurochip._support.text import short_percent


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (-1.0, 2, "-100 %"),
        (-0.026, 2, "-2.6 %"),
        (0.3333, 2, "+33 %"),
        (12.345, 3, "+1230 %"),
        (0.000021, 2, "+0.0021 %"),
    ],
)
def test_a_percentage_has_few_digits_and_no_exponent(value, digits, text):
    assert short_percent(value, digits) == text
