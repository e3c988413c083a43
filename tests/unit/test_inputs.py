"""Inputs: what they hold, and every way in which they can be wrong."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurochip import ConstantCurrent, PoissonInput, Population, SpikeInput
from neurochip.errors import NetworkError

CELLS = Population("cells", 3)


def exactly(message):
    return f"^{re.escape(message)}$"


def test_spikes_are_sorted_by_time_then_source():
    item = SpikeInput("x", 3, [2, 1, 0, 2], [5.0, 1.0, 5.0, 0.5])
    assert item.times.tolist() == [0.5, 1.0, 5.0, 5.0]
    assert item.ids.tolist() == [2, 1, 0, 2]
    assert (item.ids.dtype, item.times.dtype) == (np.int32, np.float64)


def test_spikes_are_copied_and_read_only():
    ids, times = np.array([0, 1]), np.array([1.0, 2.0])
    item = SpikeInput("x", 2, ids, times)
    times[0] = ids[0] = 7
    assert item.times.tolist() == [1.0, 2.0]
    assert item.ids.tolist() == [0, 1]
    assert not item.times.flags.writeable
    assert not item.ids.flags.writeable


def test_a_spike_that_is_given_twice_stays_two():
    assert SpikeInput("x", 1, [0, 0], [1.0, 1.0]).times.tolist() == [1.0, 1.0]


def test_an_input_may_be_silent():
    item = SpikeInput("x", 4, [], [])
    assert (item.size, len(item.times), item.ids.dtype) == (4, 0, np.int32)
    assert repr(item) == "SpikeInput('x', 4, <0 spikes>)"


def test_trains_give_one_source_each():
    item = SpikeInput.from_trains("x", [[5.0, 1.0], [], np.array([2]), 3.0])
    assert item.size == 4
    assert item.ids.tolist() == [0, 2, 3, 0]
    assert item.times.tolist() == [1.0, 2.0, 3.0, 5.0]


def test_inputs_are_equal_by_content():
    assert SpikeInput("x", 2, [1, 0], [2, 1]) == SpikeInput("x", 2, [0, 1], [1.0, 2.0])
    assert SpikeInput("x", 2, [0], [1.0]) != SpikeInput("x", 2, [1], [1.0])
    assert PoissonInput("x", 2, [1, 2]) == PoissonInput("x", 2, np.array([1.0, 2.0]))
    assert PoissonInput("x", 2, 1.0) != PoissonInput("y", 2, 1.0)
    assert ConstantCurrent(CELLS, 1.0) == ConstantCurrent(CELLS, 1)


def test_sizes_become_plain_integers():
    assert type(PoissonInput("x", np.int64(2), 1.0).size) is int
    assert type(SpikeInput("x", np.int64(2), [], []).size) is int


def test_reprs_are_short_python():
    assert repr(PoissonInput("x", 2, 5)) == "PoissonInput('x', 2, rate=5.0)"
    assert repr(PoissonInput("x", 2, [1, 2])) == "PoissonInput('x', 2, rate=<2 values>)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 1, 1.0), "input: name = ''; allowed: a non-empty string."),
        (("x", 0, 1.0), "input 'x': size = 0; allowed: an integer of at least 1."),
        (("x", 1.5, 1.0), "input 'x': size = 1.5; allowed: an integer of at least 1."),
        (
            ("x", 1, -1.0),
            "input 'x': rate = -1 Hz; allowed: a finite number of at least 0 Hz.",
        ),
        (
            ("x", 2, [1.0, np.inf]),
            "input 'x': rate[1] = inf Hz; allowed: a finite number of at least 0 Hz.",
        ),
        (
            ("x", 3, [1.0, 2.0]),
            "input 'x': rate has 2 values; allowed: one, or 3 (one per source).",
        ),
        (
            ("x", 3, "fast"),
            "input 'x': rate = 'fast'; allowed: a number or one number per source, in Hz.",
        ),
    ],
)
def test_a_poisson_input_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        PoissonInput(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, 1, [], []), "input: name = None; allowed: a non-empty string."),
        (("x", -1, [], []), "input 'x': size = -1; allowed: an integer of at least 1."),
        (
            ("x", 2, [0, 1], [1.0]),
            "input 'x': ids have shape (2,) and times (1,); allowed: two one-dimensional arrays "
            "of equal length, one entry per spike.",
        ),
        (
            ("x", 2, [[0], [1]], [[1.0], [2.0]]),
            "input 'x': ids have shape (2, 1) and times (2, 1); allowed: two one-dimensional "
            "arrays of equal length, one entry per spike.",
        ),
        (
            ("x", 2, 0, 1.0),
            "input 'x': ids have shape () and times (); allowed: two one-dimensional arrays of "
            "equal length, one entry per spike.",
        ),
        (
            ("x", 2, [0, 1], [[1.0], [1.0, 2.0]]),
            "input 'x': ids or times are nested lists; allowed: one-dimensional arrays. Use "
            "SpikeInput.from_trains for one list per source.",
        ),
        (
            ("x", 2, [0.0], [1.0]),
            "input 'x': ids are of type float64; allowed: integers.",
        ),
        (("x", 2, [True], [1.0]), "input 'x': ids are of type bool; allowed: integers."),
        (("x", 2, [0, 2], [1.0, 1.0]), "input 'x': ids[1] = 2; allowed: 0 to 1."),
        (("x", 2, [-1, 2], [1.0, 1.0]), "input 'x': ids[0] = -1; allowed: 0 to 1."),
        (
            ("x", 2, [0, 1], [1.0, -0.5]),
            "input 'x': times[1] = -0.5 ms; allowed: a finite number of at least 0 ms.",
        ),
        (
            ("x", 2, [0, 1], [np.nan, 1.0]),
            "input 'x': times[0] = nan ms; allowed: a finite number of at least 0 ms.",
        ),
        (
            ("x", 1, [0], ["1"]),
            "input 'x': times = ['1']; allowed: a number or one number per spike, in ms.",
        ),
    ],
)
def test_given_spikes_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        SpikeInput(*arguments)


@pytest.mark.parametrize(
    ("trains", "message"),
    [
        ([], "input 'x': size = 0; allowed: an integer of at least 1."),
        (
            [[1.0], [2.0, -1.0]],
            "input 'x': trains[1][1] = -1 ms; allowed: a finite number of at least 0 ms.",
        ),
        (
            [["a"]],
            "input 'x': trains[0] = ['a']; allowed: a number or one number per spike, in ms.",
        ),
        (
            [[[1.0], [2.0]]],
            "input 'x': trains[0] has shape (2, 1); allowed: a number or a one-dimensional array "
            "with one value per spike, in ms.",
        ),
    ],
)
def test_trains_that_cannot_be_are_refused(trains, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        SpikeInput.from_trains("x", trains)


@pytest.mark.parametrize(
    ("target", "amplitude", "message"),
    [
        ("cells", 1.0, "constant current: target = 'cells'; allowed: a Population(...)."),
        (
            CELLS,
            np.nan,
            "constant current into 'cells': amplitude = nan nA; allowed: a finite number.",
        ),
        (
            CELLS,
            [1.0, 2.0],
            "constant current into 'cells': amplitude has 2 values; allowed: one, or 3 (one per "
            "neuron).",
        ),
        (
            CELLS,
            None,
            "constant current into 'cells': amplitude = None; allowed: a number or one number per "
            "neuron, in nA.",
        ),
    ],
)
def test_a_current_that_cannot_flow_is_refused(target, amplitude, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        ConstantCurrent(target, amplitude)


@pytest.mark.parametrize("trains", [{0: [1.0], 1: [2.0]}, {1.0, 2.0}, "12", 3.0, None])
def test_trains_are_a_list_in_the_order_of_the_sources(trains):
    """A dict of trains, as Brian2's monitors give it, would be read by its keys."""
    message = (
        f"input 'x': trains = {trains!r}; allowed: a list with one array of times per source, in "
        "the order of the sources."
    )
    with pytest.raises(NetworkError, match=exactly(message)):
        SpikeInput.from_trains("x", trains)
