"""The plot of recorded weights: what it draws, read back from the artists, and small traces."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurochip import WeightTrace, new_figure, plot_weights
from neurochip.errors import RecordingError


def trace(values, unit="mV"):
    values = np.asarray(values, dtype=np.float64)
    steps = 10 * np.arange(1, len(values) + 1)
    return WeightTrace(np.arange(values.shape[1]), steps, values, unit, 0.5)


def drawn(item):
    figure = new_figure()
    ax = plot_weights(figure.subplots(), item)
    figure.draw_without_rendering()
    return ax


def notes(ax):
    return [text.get_text() for text in ax.texts]


def test_each_synapse_their_mean_and_their_range_are_drawn():
    ax = drawn(trace([[1.0, 3.0], [2.0, 5.0]]))
    *single, mean = ax.lines
    assert [line.get_ydata().tolist() for line in single] == [[1.0, 2.0], [3.0, 5.0]]
    assert mean.get_ydata().tolist() == [2.0, 3.5]
    assert mean.get_xdata().tolist() == [5.5, 10.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ms)", "weight (mV)")
    (band,) = ax.collections
    assert band.get_paths()[0].get_extents().extents.tolist() == [5.5, 1.0, 10.5, 5.0]


def test_many_synapses_are_drawn_as_their_mean_and_range():
    assert len(drawn(trace(np.ones((3, 201)))).lines) == 1


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (np.empty((0, 2)), ["no samples"]),
        (np.empty((2, 0)), ["no samples"]),
        ([[1.0, np.nan], [2.0, 3.0]], ["some values are not finite"]),
        ([[1.0, 2.0]], []),
    ],
)
def test_small_and_strange_traces_are_drawn(values, note):
    ax = drawn(trace(values, "LSB"))
    assert notes(ax) == note
    assert ax.get_ylabel() == "value (LSB)"
    assert all(line.get_marker() == "." for line in ax.lines) or len(values) != 1


def test_what_is_no_weight_trace_is_refused():
    message = "plot: trace = [1.0]; allowed: a WeightTrace."
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        drawn([1.0])
