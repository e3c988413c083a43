"""One style for all figures: in axes of any origin, at the size of a journal, in every format."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
import zlib

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from sweep_models import cells

import neurochip as nc
from neurochip._support import plotting
from neurochip._support.labels import Label
from neurochip._support.paper_figure import PaperFigure
from neurochip._support.plotting import (
    CATEGORIES,
    WIDTHS,
    draw_legend,
    house_style,
    label_axis,
    letter_panels,
    title_figure,
)
from neurochip.chip.core import CoreSpec, field_label
from neurochip.errors import AnalysisError
from neurochip.sweeps.labels import axis_label, column_label
from neurochip.sweeps.records import COLUMNS, SPLIT
from neurochip.validation import METRICS

OWN_STYLE = {
    "font.size": 20.0,
    "axes.labelsize": 25.0,
    "xtick.labelsize": 18.0,
    "axes.grid": True,
    "axes.facecolor": "black",
    "axes.edgecolor": "red",
    "xtick.color": "red",
    "text.color": "red",
    "lines.linewidth": 9.0,
    "legend.frameon": True,
    "pdf.fonttype": 3,
    "savefig.bbox": "tight",
    "savefig.dpi": 40,
    "figure.facecolor": "black",
}


@house_style
def draw(ax):
    lines = ax.plot([1, 2], [1, 2])
    ax.set_xlabel("x (ms)")
    draw_legend(ax, lines, ["a line"])
    return ax


def sizes(figure):
    figure.draw_without_rendering()
    return {text.get_fontsize() for text in figure.findobj(Text) if text.get_text()}


def saved(figure, **options):
    file = io.BytesIO()
    figure.savefig(file, **options)
    return file.getvalue()


# Axes


def test_axes_of_a_user_with_another_style_get_the_style_of_the_house():
    with mpl.rc_context(OWN_STYLE):
        figure = Figure(figsize=(4, 3))
        ax = draw(figure.subplots())
        assert sizes(figure) == {7.0}
        assert ax.lines[0].get_linewidth() == 1.0
        assert not ax.get_legend().get_frame_on()
    visible = {side: spine.get_visible() for side, spine in ax.spines.items()}
    assert visible == {"left": True, "bottom": True, "top": False, "right": False}
    assert not any(line.get_visible() for line in ax.get_xgridlines())


def test_the_settings_of_a_user_stay_as_they_are():
    with mpl.rc_context(OWN_STYLE):
        before = mpl.rcParams.copy()
        figure = nc.new_figure()
        saved(draw(figure.subplots()).figure, format="pdf")
        assert mpl.rcParams.copy() == before


def test_a_figure_of_the_house_is_black_on_white_in_any_style():
    with mpl.rc_context(OWN_STYLE):
        figure = nc.new_figure()
        ax = draw(figure.subplots())
        assert sizes(figure) == {7.0}
    assert to_rgb(figure.get_facecolor()) == to_rgb(ax.get_facecolor()) == (1.0, 1.0, 1.0)
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    assert {to_rgb(text.get_color()) for text in texts} == {(0.0, 0.0, 0.0)}
    assert {to_rgb(ax.spines[side].get_edgecolor()) for side in ("left", "bottom")} == {(0, 0, 0)}


def test_the_colours_of_categories_differ():
    assert len(set(CATEGORIES)) == len(CATEGORIES) == len(plotting.MARKERS) == 7


# Size


@pytest.mark.parametrize(("width", "inches"), [("column", 88 / 25.4), ("page", 180 / 25.4)])
def test_a_figure_is_as_wide_as_a_column_or_a_page(width, inches):
    figure = nc.new_figure(width, 50.0)
    assert figure.get_size_inches() == pytest.approx([inches, 50 / 25.4])
    assert WIDTHS[width] <= {"column": 88.9, "page": 182.0}[width]  # of IEEE; Nature is wider


def test_a_file_has_the_width_of_its_figure_and_300_dots_per_inch():
    with mpl.rc_context(OWN_STYLE):
        picture = saved(draw(nc.new_figure().subplots()).figure, format="png")
    width = int.from_bytes(picture[16:20])
    assert width == int(88 / 25.4 * 300)
    shown = nc.new_figure()._repr_png_()
    assert int.from_bytes(shown[16:20]) == int(88 / 25.4 * 150)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("wide",), "figure: width = 'wide'; allowed: 'column', 'page'."),
        (("page", 5.0), "figure: height = 5.0 mm; allowed: 20 to 400 mm."),
    ],
)
def test_a_size_that_no_journal_prints_is_refused(arguments, message):
    with pytest.raises(AnalysisError, match=f"^{re.escape(message)}$"):
        nc.new_figure(*arguments)


# Files


def test_a_pdf_has_its_fonts_embedded_as_truetype_and_its_size():
    with mpl.rc_context(OWN_STYLE):
        text = saved(draw(nc.new_figure().subplots()).figure, format="pdf")
    assert text.startswith(b"%PDF-")
    assert text.rstrip().endswith(b"%%EOF")
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", text)
    assert [float(side) for side in box.groups()] == pytest.approx([88 / 25.4 * 72, 66 / 25.4 * 72])
    assert b"/FontFile2" in text
    assert b"/Type3" not in text
    pages = [
        zlib.decompress(part)
        for part in re.findall(rb"/FlateDecode >>\nstream\r?\n(.*?)\r?\nendstream", text, re.DOTALL)
    ]
    assert any(b" Tf" in page for page in pages)  # text is text, not curves


def test_an_svg_is_one_drawing_of_its_size():
    root = ElementTree.fromstring(
        saved(draw(nc.new_figure("page").subplots()).figure, format="svg")
    )
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(180 / 25.4 * 72, abs=0.01)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 10


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_equal_figures_are_equal_files(kind, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    files = [saved(draw(nc.new_figure().subplots()).figure, format=kind) for _ in range(2)]
    assert files[0] == files[1]


# Letters, titles and legends


def test_panels_have_letters_in_their_order():
    figure = nc.new_figure("page")
    panels = figure.subplots(2, 2).ravel()
    letter_panels(panels)
    letters = [ax.texts[0] for ax in panels]
    assert [letter.get_text() for letter in letters] == ["a", "b", "c", "d"]
    assert {letter.get_fontweight() for letter in letters} == {"bold"}


def test_a_title_takes_as_many_lines_as_it_needs():
    figure = nc.new_figure()
    title_figure(figure, "neurons: " + "much to say " * 10)
    lines = figure.get_suptitle().split("\n")
    assert len(lines) == 3
    figure.draw_without_rendering()
    assert figure._suptitle.get_window_extent().x1 <= figure.bbox.x1


@pytest.mark.parametrize("width", ["column", "page"])
@pytest.mark.parametrize("names", [["reference", "chip"], [f"population {k}" for k in range(9)]])
def test_a_legend_lies_above_the_axes_and_within_the_figure(width, names):
    figure = nc.new_figure(width)
    ax = figure.subplots()
    lines = [ax.plot([0, 1], [0, k])[0] for k in range(len(names))]
    house_style(draw_legend)(ax, lines, names)
    figure.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    assert box.y0 >= ax.bbox.y1
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1


def test_a_long_label_takes_several_lines_and_keeps_its_unit():
    figure = nc.new_figure("column", 30.0)
    ax = figure.subplots()
    label_axis(ax.yaxis, "absolute rate error of a neuron (%)")
    label_axis(ax.xaxis, "time step (ms)")
    assert ax.get_ylabel() == "absolute rate\nerror of a\nneuron (%)"
    assert ax.get_xlabel() == "time step (ms)"


def test_without_entries_there_is_no_legend():
    ax = Figure().subplots()
    assert draw_legend(ax, [], []) is None
    assert ax.get_legend() is None


# Words


def test_axes_and_columns_have_words_and_units():
    shown = ["dt", "core.weight_mantissa_bits", "core.decay_bits", "assumed_rate", "tau_m", "seed"]
    assert [str(axis_label(name)) for name in shown] == [
        *("time step (ms)", "weight bits", "decay bits", "assumed rate (Hz)", "tau_m", "seed"),
    ]
    columns = ["rate_error", "noise_floor", "v_rmse", "coincidence", "rate_error_low", "tau_m"]
    assert [str(column_label(name)) for name in columns] == [
        *("rate error (%)", "noise floor of the rate (%)", "RMS error of v (mV)"),
        *("coincidence factor Γ", "rate error interval, low end (%)", "tau_m"),
    ]


def test_no_column_or_field_is_shown_by_the_name_of_a_program():
    names = [*map(column_label, (*COLUMNS, *SPLIT)), *(metric.label for metric in METRICS.values())]
    assert not [label for label in map(str, names) if "_" in label]
    fields = [field_label(name) for name in CoreSpec.__dataclass_fields__]
    assert not [label for label in fields if "_" in label]
    assert len(set(fields)) == len(fields)


@pytest.mark.parametrize(
    ("label", "value", "text"),
    [
        (Label("time step", "ms"), 0.5, "time step = 0.5 ms"),
        (Label("weight bits"), 4, "weight bits = 4"),
        (Label("tau_m"), 0.123456789, "tau_m = 0.123456789"),
        (Label("gain"), "auto", "gain = auto"),
    ],
)
def test_a_quantity_is_shown_with_its_value(label, value, text):
    assert label.of(value) == text


def test_a_fraction_is_drawn_in_percent():
    done = nc.sweep(cells(), {"core.weight_mantissa_bits": [8]}, duration=200.0, dt=0.5, workers=1)
    ax = nc.plot_sweep(
        nc.new_figure().subplots(), done, "core.weight_mantissa_bits", "equal_spikes"
    )
    assert ax.lines[0].get_ydata() == pytest.approx([100 * done.rows[0]["equal_spikes"]])
    assert isinstance(ax.figure, PaperFigure)
