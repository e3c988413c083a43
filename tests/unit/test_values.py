"""Checks and equality that all value objects share."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from neurochip._values import ArrayValue, check_name, check_size, quantity, read_only
from neurochip.errors import NetworkError, SpecError


def exactly(message):
    return f"^{re.escape(message)}$"


@dataclass(frozen=True, eq=False)
class Value(ArrayValue):
    content: Any
    other: Any = None


def test_values_are_equal_by_content():
    assert Value(np.arange(3), "a") == Value(np.arange(3), "a")
    assert Value(np.arange(3)) != Value(np.arange(4))
    assert Value(np.arange(3)) != Value(np.array([0, 1, 3]))
    assert Value(np.array([1.0])) != Value(1.0)
    assert Value(1) != Value(2)
    assert Value(1) != 1


def test_values_with_dictionaries_of_arrays_are_equal_by_content():
    assert Value({"a": np.arange(2)}) == Value({"a": np.arange(2)})
    assert Value({"a": np.arange(2)}) != Value({"a": np.arange(3)})
    assert Value({"a": np.arange(2)}) != Value({"b": np.arange(2)})
    assert Value({}) != Value(None)


def test_values_cannot_be_keys():
    with pytest.raises(TypeError, match="unhashable type"):
        hash(Value(1))


def test_a_read_only_view_cannot_be_written():
    array = np.zeros(2)
    view = read_only(array)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    assert array.flags.writeable


def test_a_quantity_is_a_float_or_a_read_only_copy():
    assert quantity("x", "tau", 3, "ms") == 3.0
    assert isinstance(quantity("x", "tau", np.int64(3), "ms"), float)
    given = np.array([1, 2])
    values = quantity("x", "tau", given, "ms", above=0.0)
    given[0] = 9
    assert values.tolist() == [1.0, 2.0]
    assert values.dtype == np.float64
    assert not values.flags.writeable


def test_bounds_are_exclusive_or_inclusive():
    assert quantity("x", "delay", 0.0, "ms", at_least=0.0) == 0.0
    message = "x: tau = 0 ms; allowed: a finite number above 0 ms."
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "tau", 0.0, "ms", above=0.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "x: v = nan mV; allowed: a finite number."),
        (-np.inf, "x: v = -inf mV; allowed: a finite number."),
        ([0.0, 1.0, np.inf], "x: v[2] = inf mV; allowed: a finite number."),
        (None, "x: v = None; allowed: a number or one number per neuron, in mV."),
        ("20", "x: v = '20'; allowed: a number or one number per neuron, in mV."),
        (True, "x: v = True; allowed: a number or one number per neuron, in mV."),
        ([1.0, "a"], "x: v = [1.0, 'a']; allowed: a number or one number per neuron, in mV."),
        ([[1], [1, 2]], "x: v = [[1], [1, 2]]; allowed: a number or one number per neuron, in mV."),
        (1j, "x: v = 1j; allowed: a number or one number per neuron, in mV."),
        (
            np.zeros((2, 3)),
            "x: v has shape (2, 3); allowed: a number or a one-dimensional array with one value "
            "per neuron, in mV.",
        ),
        (
            [],
            "x: v has shape (0,); allowed: a number or a one-dimensional array with one value per "
            "neuron, in mV.",
        ),
    ],
)
def test_a_quantity_that_is_no_number_is_refused(value, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "v", value, "mV")


def test_a_quantity_may_be_per_something_else_and_empty():
    assert quantity("x", "v", [], "mV", per="synapse", may_be_empty=True).shape == (0,)
    message = "x: w = None; allowed: a number or one number per synapse, in mV."
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "w", None, "mV", per="synapse")


def test_the_first_offending_value_is_named():
    message = "x: tau[1] = -1 ms; allowed: a finite number of at least 0 ms."
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "tau", [0.0, -1.0, -2.0], "ms", at_least=0.0)


def test_the_error_type_can_be_chosen():
    with pytest.raises(SpecError, match=exactly("x: v = nan mV; allowed: a finite number.")):
        quantity("x", "v", np.nan, "mV", error=SpecError)


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_name_is_a_string_with_something_in_it(name):
    message = f"input: name = {name!r}; allowed: a non-empty string."
    with pytest.raises(NetworkError, match=exactly(message)):
        check_name("input", name)


@pytest.mark.parametrize("size", [0, -3, 2.0, True, None, "5", Fraction(3)])
def test_a_size_is_an_integer_above_zero(size):
    message = f"x: size = {size!r}; allowed: an integer of at least 1."
    with pytest.raises(NetworkError, match=exactly(message)):
        check_size("x", size)


def test_a_size_becomes_a_plain_integer():
    assert type(check_size("x", np.int32(4))) is int


def test_freezing_makes_every_array_of_a_value_read_only():
    value = Value(np.arange(3), "a")
    value._freeze()
    assert not value.content.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.content = 3
