"""What plots draw, read back from their artists."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from neurochip import Recording
from neurochip._support.plotting import CHIP, REFERENCE, shown_of
from neurochip.errors import RecordingError
from neurochip.recording import Trace
from neurochip.validation import (
    compare,
    comparison_figure,
    membrane_figure,
    plot_raster,
    plot_rate_errors,
    plot_rates,
    plot_traces,
)

STEPS, DT, SIZE = 1000, 0.5, 12  # half a second: a spike is 2 Hz
RECORDED = [5, 0, 3]


def record(counts, *, values=None, first_step=0, period=7):
    spikes = sorted((first_step + period * k, i) for i, n in enumerate(counts) for k in range(n))
    pairs = np.array(spikes, dtype=np.int32).reshape(-1, 2)
    traces = {}
    if values is not None:
        traces["p", "v"] = Trace(np.array(RECORDED, np.int32), values, "mV", DT, first_step)
    return Recording(
        label="run",
        dt=DT,
        first_step=first_step,
        n_steps=STEPS,
        populations={"p": SIZE},
        steps={"p": pairs[:, 0]},
        ids={"p": pairs[:, 1]},
        traces=traces,
    )


def waves(level):
    """One column for each recorded neuron: 10 mV high, different everywhere."""
    time = np.linspace(0, 30, STEPS)[:, None]
    return level + 5 * np.sin(time + np.array(RECORDED))


RUN = record([20] * 11 + [0], values=waves(-60.0))
OTHER = record([20] * 9 + [22, 17, 0], values=waves(-59.5))
SILENT = record([0] * SIZE, values=waves(-60.0))


@pytest.fixture
def ax():
    return Figure().subplots()


def segments(collection):
    """Spike marks as rows (time, bottom, top)."""
    return np.array([[s[0, 0], s[0, 1], s[1, 1]] for s in collection.get_segments()])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def entries(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def luminance(color):
    return np.dot(to_rgb(color), [0.299, 0.587, 0.114])


def test_the_two_sides_differ_without_colour():
    assert luminance(REFERENCE) - luminance(CHIP) > 0.25


def test_raster_draws_every_spike_of_both_runs_in_its_half_of_the_row(ax):
    assert plot_raster(ax, RUN, OTHER, "p") is ax
    reference, chip = (segments(c) for c in ax.collections)
    assert reference[:, 0].tolist() == RUN.times("p").tolist()
    assert chip[:, 0].tolist() == OTHER.times("p").tolist()
    assert (np.rint(reference[:, 1]) == RUN.ids["p"]).all()
    assert (reference[:, 1] > RUN.ids["p"]).all()
    assert (chip[:, 2] < OTHER.ids["p"]).all()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ms)", "neuron")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["reference", "chip"]


def test_raster_of_some_neurons_has_a_row_for_each_in_their_order(ax):
    plot_raster(ax, RUN, OTHER, "p", ids=[9, 2])
    chip = segments(ax.collections[1])
    assert len(chip) == 22 + 20
    assert (chip[:, 2] < 0).sum() == 22
    assert [label.get_text() for label in ax.get_yticklabels()] == ["9", "2"]
    assert ax.get_ylabel() == f"neuron\n(2 of {SIZE})"


def test_raster_of_one_run_fills_the_rows(ax):
    plot_raster(ax, RUN, None, "p")
    (spikes,) = (segments(c) for c in ax.collections)
    assert spikes[0].tolist() == pytest.approx([0.0, -0.4, 0.4])
    assert ax.get_legend() is None


def test_a_graded_spike_is_as_high_as_its_payload_is_large(ax):
    payloads = np.resize([8, -4, 1], RUN.n_spikes).astype(np.int32)
    plot_raster(ax, RUN, dataclasses.replace(RUN, payloads={"p": payloads}), "p")
    reference, chip = (segments(c) for c in ax.collections)
    assert reference[:, 2] - reference[:, 1] == pytest.approx(0.4)
    assert (chip[:, 2] - chip[:, 1])[:3] == pytest.approx([0.4, 0.2, 0.06])


@pytest.mark.parametrize(
    ("reference", "chip", "note"),
    [
        (SILENT, SILENT, ["no spikes"]),
        (RUN, SILENT, ["no spikes in the chip run"]),
        (SILENT, RUN, ["no spikes in the reference run"]),
        (RUN, OTHER, []),
    ],
)
def test_raster_says_who_is_silent(ax, reference, chip, note):
    plot_raster(ax, reference, chip, "p")
    assert texts(ax) == note


def test_a_large_raster_becomes_pixels_in_a_vector_file(ax, monkeypatch):
    plot_raster(ax, RUN, OTHER, "p")
    assert not ax.collections[0].get_rasterized()
    monkeypatch.setattr("neurochip.validation.plots._MANY_SPIKES", 100)
    plot_raster(ax, RUN, OTHER, "p")
    assert ax.collections[2].get_rasterized()


def test_a_continued_run_is_drawn_at_its_time(ax):
    plot_raster(ax, record([3] * SIZE, first_step=2000), None, "p")
    assert ax.get_xlim() == (1000.0, 1500.0)
    assert segments(ax.collections[0])[0, 0] == 1000.0


def test_traces_of_one_neuron_are_in_mv_with_the_chip_on_top(ax):
    assert plot_traces(ax, RUN, OTHER, "p", [0]) is ax
    reference, chip = ax.lines
    assert reference.get_ydata().tolist() == RUN.trace("p").values[:, 1].tolist()
    assert chip.get_ydata().tolist() == OTHER.trace("p").values[:, 1].tolist()
    assert chip.get_xdata().tolist() == OTHER.trace("p").times.tolist()
    assert reference.get_linewidth() > chip.get_linewidth()
    assert (reference.get_color(), chip.get_color()) == (REFERENCE, CHIP)
    assert ax.get_ylabel() == "v of neuron 0 (mV)"


@pytest.mark.parametrize("ids", [[0], [0, 5]])
def test_the_legend_of_traces_says_what_the_dashed_line_is(ids):
    one, two, none = (Figure().subplots() for _ in range(3))
    plot_traces(one, RUN, None, "p", ids, threshold=-50.0)
    assert entries(one) == ["threshold"]
    plot_traces(two, RUN, OTHER, "p", ids, threshold=-50.0)
    assert entries(two) == ["reference", "chip", "threshold"]
    plot_traces(none, RUN, None, "p", ids, threshold=np.inf)
    assert none.get_legend() is None


def test_traces_of_several_neurons_are_offset_and_have_a_scale_bar(ax):
    plot_traces(ax, RUN, OTHER, "p", [0, 5], offset=100.0)
    values = RUN.trace("p").values
    assert ax.lines[0].get_ydata() == pytest.approx(values[:, 1])
    assert ax.lines[1].get_ydata() == pytest.approx(values[:, 0] + 100.0)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "5"]
    assert texts(ax) == ["10 mV"]
    assert np.ptp(ax.lines[-1].get_ydata()) == 10.0


def test_traces_do_not_touch_by_default(ax):
    plot_traces(ax, RUN, OTHER, "p", RECORDED)
    for lower, upper in zip(ax.lines[:2], ax.lines[1:3], strict=True):
        assert lower.get_ydata().max() < upper.get_ydata().min()


def test_traces_mark_spikes_above_the_trace_and_its_threshold(ax):
    plot_traces(ax, RUN, OTHER, "p", [0], threshold=-50.0)
    reference, chip, threshold = ax.collections
    assert segments(reference)[:, 0].tolist() == RUN.times("p")[RUN.ids["p"] == 0].tolist()
    assert segments(chip)[:, 1].min() > -50.0
    assert segments(reference)[:, 1].min() >= segments(chip)[:, 2].max()
    assert threshold.get_segments()[0].tolist() == [[0.0, -50.0], [500.0, -50.0]]


def test_a_threshold_that_is_never_passed_is_not_drawn(ax):
    plot_traces(ax, SILENT, None, "p", [0, 3], threshold=np.full(SIZE, np.inf))
    assert all(not len(item.get_segments()) for item in ax.collections)
    assert np.isfinite(ax.get_ylim()).all()


def test_traces_take_a_threshold_for_each_neuron(ax):
    plot_traces(ax, RUN, None, "p", [3, 0], threshold=np.arange(-50.0, -50.0 + SIZE), offset=10.0)
    levels = [segment[0, 1] for segment in ax.collections[-1].get_segments()]
    assert levels == [-47.0, -40.0]


def test_a_constant_trace_can_be_drawn(ax):
    flat = record([0] * SIZE, values=np.full((STEPS, 3), -60.0))
    plot_traces(ax, flat, flat, "p", RECORDED)
    assert ax.lines[0].get_ydata().tolist() == [-60.0] * STEPS


def test_traces_that_were_not_recorded_are_refused(ax):
    message = (
        "plot: v of neuron 7 of 'p' was not recorded in 'run'; it holds 5, 0, 3. Record it with "
        "Probe('v', 'p', ids)."
    )
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        plot_traces(ax, RUN, OTHER, "p", [0, 7])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([12], "plot: neuron 12 of 'p'; allowed: 0 to 11."),
        ([-1], "plot: neuron -1 of 'p'; allowed: 0 to 11."),
        ([], "plot: no neurons of 'p'; pass at least one id."),
    ],
)
def test_neurons_that_do_not_exist_are_refused(ax, ids, message):
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        plot_raster(ax, RUN, OTHER, "p", ids)


def test_rates_are_drawn_once_for_each_pair_with_the_line_of_equality(ax):
    assert plot_rates(ax, compare(RUN, OTHER), "p") is ax
    points = ax.collections[0]
    # 9 neurons at 40 Hz on both sides, two that differ, one silent.
    assert points.get_offsets().tolist() == [[0, 0], [40, 34], [40, 40], [40, 44]]
    assert points.get_sizes() == pytest.approx([9, 9, 9 * (1 + np.log2(9)), 9])
    assert ax.lines[0].get_slope() == 1
    assert ax.get_xlim() == ax.get_ylim()
    assert "Hz" in ax.get_xlabel()
    assert "Hz" in ax.get_ylabel()


def test_rates_far_from_zero_fill_the_axes(ax):
    runs = [record([n] * SIZE) for n in (100, 104)]
    plot_rates(ax, compare(*runs), "p")
    assert 180 < ax.get_xlim()[0] < 200
    assert 208 < ax.get_xlim()[1] < 220


def test_rate_errors_are_counted_in_bars_of_whole_spikes(ax):
    assert plot_rate_errors(ax, compare(RUN, OTHER), "p") is ax
    bars = {
        round(bar.get_x() + bar.get_width() / 2, 6): bar.get_height()
        for bar in ax.patches
        if bar.get_height()
    }
    assert bars == {-6.0: 1, 0.0: 10, 4.0: 1}
    zero, mean = ax.lines
    assert list(zero.get_xdata()) == [0.0, 0.0]
    assert mean.get_xdata()[0] == pytest.approx(-2 / 12)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["mean −0.17 Hz"]


def test_wide_rate_errors_stay_within_the_bars(ax):
    chip = record([20 * i for i in range(SIZE)], period=1)
    plot_rate_errors(ax, compare(record([100] * SIZE, period=1), chip), "p")
    assert sum(bar.get_height() for bar in ax.patches) == SIZE
    assert len(ax.patches) <= 45
    middles = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    assert min(abs(middle) for middle in middles) == pytest.approx(0.0)


@pytest.mark.parametrize("plot", [plot_rates, plot_rate_errors])
def test_a_silent_population_is_drawn_as_such(ax, plot):
    plot(ax, compare(SILENT, SILENT), "p")
    assert texts(ax) == ["no spikes"]
    assert not ax.patches


def test_membrane_figure_puts_the_raster_above_the_recorded_neurons():
    figure = membrane_figure(RUN, "p")
    raster, traces = figure.axes
    assert raster.get_position().y0 > traces.get_position().y0
    assert len(segments(raster.collections[0])) == RUN.n_spikes
    assert [label.get_text() for label in traces.get_yticklabels()] == ["5", "0", "3"]
    assert raster.get_shared_x_axes().joined(raster, traces)


def test_membrane_figure_of_two_runs_shows_both():
    figure = membrane_figure((RUN, OTHER), "p", [3], threshold=-50.0, times=(0.0, 100.0))
    raster, traces = figure.axes
    assert len(raster.collections) == 2
    assert len(traces.lines) == 2
    assert raster.get_xlim() == traces.get_xlim() == (0.0, 100.0)
    assert entries(raster) == ["reference", "chip"]
    assert entries(traces) == ["reference", "chip", "threshold"]


@pytest.mark.parametrize(
    ("ids", "size", "shown"),
    [(range(30), 100, "first 30 of 100"), ([0, 2], 12, "2 of 12"), (range(3), 3, "all 3")],
)
def test_a_part_is_shown_as_such(ids, size, shown):
    assert shown_of(ids, size) == shown


def test_figures_say_how_many_neurons_they_show():
    assert membrane_figure(RUN, "p").get_suptitle() == f"p: all {SIZE} neurons, v of 3"
    many = dataclasses.replace(RUN, populations={"p": 100})
    figure = membrane_figure(many, "p")
    assert figure.get_suptitle() == "p: first 30 of 100 neurons, v of 3"
    assert figure.axes[0].get_ylabel() == "neuron\n(first 30 of 100)"


@pytest.mark.parametrize("recordings", [(), (RUN, OTHER, RUN)])
def test_membrane_figure_of_none_or_three_runs_is_refused(recordings):
    message = f"figure: {len(recordings)} recordings; allowed: one Recording, or (reference, chip)."
    with pytest.raises(RecordingError, match=f"^{re.escape(message)}$"):
        membrane_figure(recordings, "p")


def test_comparison_figure_has_four_panels_and_the_rates_as_title():
    figure = comparison_figure(compare(RUN, OTHER), RUN, OTHER, "p")
    assert len(figure.axes) == 4
    assert figure.get_suptitle() == ("p: 36.67 Hz in the reference, 36.50 Hz on the chip (-0.45 %)")
    assert figure.axes[1].get_xlim() == (0.0, 250.0)


def test_comparison_figure_says_that_v_is_missing_and_that_a_population_is_silent():
    bare = record([0] * SIZE)
    figure = comparison_figure(compare(SILENT, bare), SILENT, bare, "p")
    assert texts(figure.axes[1]) == ["v was not recorded on both sides", "b"]
    assert figure.get_suptitle().startswith("p (silent): Neither side spikes")


def test_figures_are_written_without_pyplot_and_leave_the_settings_alone(tmp_path):
    code = f"""
import sys
sys.path.insert(0, {str(__file__.rsplit("/", 1)[0])!r})
import matplotlib as mpl
before = mpl.rcParams.copy()  # dict() would choose a backend
from test_plots import RUN, OTHER, compare, comparison_figure
comparison_figure(compare(RUN, OTHER), RUN, OTHER, "p").savefig({str(tmp_path / "a.png")!r})
assert "matplotlib.pyplot" not in sys.modules
assert mpl.rcParams.copy() == before
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
