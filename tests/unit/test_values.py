"""Checks and equality that all value objects share."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from neurochip._support.ranges import FINITE, NOT_NEGATIVE, POSITIVE, Range
from neurochip._support.values import (
    ArrayValue,
    check_name,
    check_size,
    choice,
    instance,
    instances,
    integer,
    integers,
    items,
    quantity,
    read_only,
    real,
    reals,
    shown,
    switch,
)
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
    values = quantity("x", "tau", given, "ms", POSITIVE)
    given[0] = 9
    assert values.tolist() == [1.0, 2.0]
    assert values.dtype == np.float64
    assert not values.flags.writeable


def test_bounds_are_exclusive_or_inclusive():
    assert quantity("x", "delay", 0.0, "ms", NOT_NEGATIVE) == 0.0
    message = "x: tau = 0 ms; allowed: a finite number above 0 ms."
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "tau", 0.0, "ms", POSITIVE)


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
    ],
)
def test_a_quantity_that_is_no_number_is_refused(value, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "v", value, "mV")


def test_a_quantity_may_be_per_something_else_and_empty():
    assert quantity("x", "v", [], "mV", per="synapse").shape == (0,)
    message = "x: w = None; allowed: a number or one number per synapse, in mV."
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "w", None, "mV", per="synapse")


def test_the_first_offending_value_is_named():
    message = "x: tau[1] = -1 ms; allowed: a finite number of at least 0 ms."
    with pytest.raises(NetworkError, match=exactly(message)):
        quantity("x", "tau", [0.0, -1.0, -2.0], "ms", NOT_NEGATIVE)


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


@pytest.mark.parametrize(
    ("within", "value", "message"),
    [
        (Range(above=0.0), 0, "x: dt = 0 ms; allowed: a number above 0."),
        (Range(at_least=0.0), -1.5, "x: dt = -1.5 ms; allowed: a number of at least 0."),
        (FINITE, math.inf, "x: dt = inf ms; allowed: a finite number."),
        (Range(finite=False), math.nan, "x: dt = nan ms; allowed: a number."),
        (FINITE, True, "x: dt = True ms; allowed: a finite number."),
        (FINITE, "10", "x: dt = '10' ms; allowed: a finite number."),
        (FINITE, [1.0], "x: dt = [1.0] ms; allowed: a finite number."),
        (FINITE, 1 + 0j, "x: dt = (1+0j) ms; allowed: a finite number."),
        (
            FINITE,
            np.timedelta64(1, "ms"),
            "x: dt = np.timedelta64(1,'ms') ms; allowed: a finite number.",
        ),
    ],
)
def test_a_real_number_is_within_its_range(within, value, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        real("x", "dt", value, "ms", within)


@pytest.mark.parametrize(
    ("within", "lowest", "highest"),
    [
        (Range(above=0.0, at_most=1.0), math.ulp(0.0), 1.0),
        (Range(at_least=0.0, below=1.0), 0.0, math.nextafter(1.0, 0.0)),
    ],
)
def test_a_range_has_bounds_on_both_sides(within, lowest, highest):
    assert lowest in within
    assert highest in within
    assert math.nextafter(lowest, -1.0) not in within
    assert math.nextafter(highest, 2.0) not in within
    with pytest.raises(NetworkError, match=exactly("x: p = 2.0; allowed: a share.")):
        real("x", "p", 2.0, within=within, allowed="a share")


def test_an_integer_that_no_float_holds_is_refused():
    message = "x: dt = <int> ms; allowed: a finite number."
    with pytest.raises(NetworkError, match=exactly(message)):
        real("x", "dt", 10**5000, "ms")


def test_a_real_number_becomes_a_float():
    for value in (2, np.int8(2), np.float32(2), Fraction(2), np.array(2), 2.0):
        found = real("x", "dt", value, within=POSITIVE)
        assert (found, type(found)) == (2.0, float)
    assert real("x", "dt", -math.inf, within=Range(finite=False)) == -math.inf


@pytest.mark.parametrize(
    "value",
    [True, np.True_, 3.0, "3", None, 1j, np.timedelta64(3, "s"), [3], np.array(3.0), math.nan],
)
def test_what_is_no_integer_is_refused(value):
    message = f"x: n = {shown(value)}; allowed: an integer."
    with pytest.raises(NetworkError, match=exactly(message)):
        integer("x", "n", value)


def test_an_integer_is_within_its_bounds():
    for value in (3, np.uint8(3), np.array(3)):
        found = integer("x", "n", value, at_least=3, at_most=3)
        assert (found, type(found)) == (3, int)
    with pytest.raises(NetworkError, match=exactly("x: n = 2; allowed: an integer of at least 3.")):
        integer("x", "n", 2, at_least=3)
    with pytest.raises(NetworkError, match=exactly("x: n = 9; allowed: 3 to 8.")):
        integer("x", "n", 9, at_least=3, at_most=8)
    with pytest.raises(NetworkError, match=exactly("x: n = 9; allowed: at most 8.")):
        integer("x", "n", 9, at_most=8)


def test_a_size_fits_32_bits():
    message = "x: size = 2147483648; allowed: 1 to 2147483647."
    with pytest.raises(NetworkError, match=exactly(message)):
        check_size("x", 2**31)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 3, -1], "x: ids[1] = 3; allowed: 0 to 2."),
        ([0, -1], "x: ids[1] = -1; allowed: 0 to 2."),
        (np.array([2**63 + 1], dtype=np.uint64), f"x: ids[0] = {2**63 + 1}; allowed: 0 to 2."),
        ([1.7], "x: ids are of type float64; allowed: integers."),
        ([True], "x: ids are of type bool; allowed: integers."),
        ([1, True], "x: ids = [1, True], which holds True or False; allowed: integers."),
        (["1"], "x: ids = ['1']; allowed: integers."),
        ([10**30], f"x: ids = [{10**30}]; allowed: integers."),
        ([[1], [1, 2]], "x: ids = [[1], [1, 2]]; allowed: integers."),
    ],
)
def test_integers_that_cannot_be_are_refused(values, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        integers("x", "ids", values, low=0, high=2)


def test_integers_are_not_copied_and_keep_their_type():
    given = np.array([0, 1], dtype=np.uint8)
    assert integers("x", "ids", given) is given
    assert integers("x", "ids", []).dtype == np.int64
    floats = np.array([0.5, 1.0], dtype=np.float32)
    assert reals("x", "w", floats, "mV", allowed="numbers") is floats


def test_an_array_may_be_checked_without_a_copy():
    given = np.array([1.0, 2.0])
    kept = quantity("x", "w", given, "mV", copy=False)
    assert np.shares_memory(kept, given)
    assert not kept.flags.writeable
    assert given.flags.writeable


def test_a_switch_is_true_or_false():
    assert switch("x", "strict", np.True_, error=SpecError) is True
    assert switch("x", "strict", None, optional=True, error=SpecError) is None
    for value in (1, "no", None, np.array(True)):
        message = f"x: strict = {shown(value)}; allowed: True or False."
        with pytest.raises(SpecError, match=exactly(message)):
            switch("x", "strict", value, error=SpecError)
    with pytest.raises(SpecError, match=exactly("x: bar = 1; allowed: True, False or None.")):
        switch("x", "bar", 1, optional=True, error=SpecError)


def test_a_choice_is_one_of_the_names():
    assert choice("x", "mesh", None, ("a", None), error=SpecError) is None
    for value in ("c", [], np.array(["a", "b"]), 1):
        message = f"x: mesh = {shown(value)}; allowed: 'a', 'b'."
        with pytest.raises(SpecError, match=exactly(message)):
            choice("x", "mesh", value, ("a", "b"), error=SpecError)


def test_a_list_is_no_text_and_holds_what_it_should():
    assert items("x", "runs", (i for i in range(2)), "a list", error=SpecError) == (0, 1)
    for value in ("ab", b"ab", 3, None, np.array(1)):
        message = f"x: runs = {shown(value)}; allowed: a list."
        with pytest.raises(SpecError, match=exactly(message)):
            items("x", "runs", value, "a list", error=SpecError)
    with pytest.raises(SpecError, match=exactly("x: runs holds 3; allowed: str, float.")):
        instances("x", "runs", ["a", 3], str, float, error=SpecError)
    with pytest.raises(SpecError, match=exactly("x: run = 3; allowed: a text.")):
        instance("x", "run", 3, str, "a text", error=SpecError)


def test_whatever_a_value_is_it_is_shown_on_one_line():
    class Angry:
        def __repr__(self):
            raise RuntimeError

    assert shown(10**5000) == "<int>"
    assert "Angry" in shown(Angry())
    assert shown(np.ones((3, 3))) == "array([[1., 1., 1.], [1., 1., 1.], [1., 1., 1.]])"
    assert len(shown("x" * 10_000)) <= 100
