"""Names in figures: every one is drawn as it is, whatever matplotlib would make of it."""

from __future__ import annotations

import dataclasses
import functools
import html.parser
import io
import json
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from odd_names import ODD_NAMES
from sweep_models import cells

from compiler import compile_network
from neurochip import LIF, LOIHI, Network, PoissonInput, Population, draw_stimulus, one_to_one
from neurochip._display.sections import Paragraph, Picture, Section, Table
from neurochip._support.names import cut, visible
from neurochip._support.plotting import draw_legend, draw_ticks, write
from neurochip.attribution import attribute, plot_attribution
from neurochip.emulator import Emulator
from neurochip.report import Judgement, Report, validation_report
from neurochip.sweeps import plot_sweep, sweep
from neurochip.validation import (
    compare,
    comparison_figure,
    membrane_figure,
    simulate_reference,
)

SOME_NAMES = ("$\\frac{$", "_x", "</td><script> \x1b[31m & \u202e\x00 $\\alpha$", "x" * 300)


def is_drawn(figure, text):
    """Whether an artist has the text, and the drawing shows it to its letter."""
    file = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none"}):  # letters stay letters
        figure.savefig(file, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(file.getvalue())
    shown = ["".join(item.itertext()) for item in root.iter("{http://www.w3.org/2000/svg}text")]
    return text in shown and text in [item.get_text() for item in figure.findobj(Text)]


@functools.cache
def flow(name):
    """A network of one population, compiled, run and compared."""
    source, population = PoissonInput("source", 4, rate=1300.0), Population(name, 4, LIF())
    network = Network(
        inputs=[source],
        populations=[population],
        connections=[one_to_one(source, population, weight=3.0, name=name)],
    )
    image = compile_network(network, LOIHI.what_if(name=name), 1.0)
    stimulus = draw_stimulus(network, 50.0, seed=1)
    chip = Emulator(image).run(stimulus, record=["v"])
    reference = simulate_reference(network, stimulus, 1.0, record=["v"])
    return network, image, (reference, chip), compare(reference, chip, network=network)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_text_is_drawn_as_it_is(name):
    figure = Figure()
    write(figure.subplots().set_title("", loc="left"), name)
    assert is_drawn(figure, cut(visible(name), 130))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_legend_has_an_entry_of_every_name(name):
    figure = Figure()
    ax = figure.subplots()
    lines = ax.plot([1, 2], label=name) + ax.plot([2, 1], label="other")
    legend = draw_legend(ax, lines, [name, "other"])
    shown = cut(visible(name), 40)
    assert [text.get_text() for text in legend.get_texts()] == [shown, "other"]
    assert is_drawn(figure, shown)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_ticks_are_names(name):
    figure = Figure(layout="constrained")
    ax = figure.subplots()
    draw_ticks(ax.xaxis, [0, 1], [name, "other"])
    figure.draw_without_rendering()
    shown = cut(visible(name), 24)
    assert [text.get_text() for text in ax.get_xticklabels()] == [shown, "other"]
    assert is_drawn(figure, shown)


def test_names_that_have_no_room_beside_each_other_are_written_at_an_angle():
    few, many = Figure().subplots(), Figure().subplots()
    draw_ticks(few.xaxis, range(3), ["cells"] * 3)
    draw_ticks(many.xaxis, range(20), ["interneurons"] * 20)
    assert {text.get_rotation() for text in few.get_xticklabels()} == {0.0}
    assert {text.get_rotation() for text in many.get_xticklabels()} == {45.0}


@pytest.mark.parametrize("name", SOME_NAMES)
def test_figures_of_runs_have_the_name_as_title(name):
    _, _, runs, comparison = flow(name)
    figure = membrane_figure(runs, name)
    title = figure.get_suptitle()
    assert title == f"{cut(visible(name), 80)}: all 4 neurons, v of 4"
    assert is_drawn(figure, title)
    figure = comparison_figure(comparison, *runs, name)
    title = figure.get_suptitle()
    assert title.startswith(cut(visible(name), 30))
    assert is_drawn(figure, title)


def _of_other(items):
    return tuple(dataclasses.replace(item, population="other") for item in items)


@pytest.mark.parametrize("name", SOME_NAMES)
def test_an_attribution_names_its_bars(name):
    network, image, *_ = flow("plain")
    attribution = attribute(network, draw_stimulus(network, 50.0, seed=1), image=image)
    renamed = dataclasses.replace(
        attribution,
        sizes={name: 4},
        effects=tuple(dataclasses.replace(e, population=name) for e in attribution.effects),
        totals=tuple(dataclasses.replace(t, population=name) for t in attribution.totals),
    )
    figure = Figure(layout="constrained")
    ax = plot_attribution(figure.subplots(), renamed)
    # One population needs no name: its bars have the colours of the parts of the error.
    assert name not in [text.get_text() for text in figure.findobj(Text)]
    renamed = dataclasses.replace(
        renamed,
        sizes={name: 4, "other": 4},
        effects=(*renamed.effects, *_of_other(renamed.effects)),
        totals=(*renamed.totals, *_of_other(renamed.totals)),
    )
    ax = plot_attribution(figure.subplots(), renamed)
    assert [text.get_text() for text in ax.get_legend().get_texts()][:2] == [
        cut(visible(name), 40),
        "other",
    ]
    assert is_drawn(figure, cut(visible(name), 40))


def test_a_sweep_over_odd_texts_is_drawn_with_their_names():
    def network(kind, other):
        return cells()

    values = {"kind": ["$\\frac{$", "_x", "$\\alpha$"], "other": ["_y", "$z$"]}
    done = sweep(network, values, duration=20.0, dt=1.0, workers=1)
    figure = Figure(layout="constrained")
    ax = plot_sweep(figure.subplots(), done, "kind", "chip_rate", by="other")
    assert [text.get_text() for text in ax.get_xticklabels()] == values["kind"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "other = _y",
        "other = $z$",
    ]
    plain = plot_sweep(Figure().subplots(), done, "kind", "chip_rate")
    assert plain.get_legend() is None
    for text in (*values["kind"], "other = $z$"):
        assert is_drawn(figure, text)


# Pages


class Page(html.parser.HTMLParser):
    """The text of a page and the tags that hold it."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = set(), ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.text += " ".join(value for key, value in attrs if key == "alt")

    def handle_data(self, data):
        self.text += data.replace("\u00a0", " ")


def holds(report, name, folder):
    page, numbers = report.write(folder / "x.html")
    text = page.read_text()
    found = Page(text)
    assert "script" not in found.tags
    assert all(line.isprintable() for line in text.replace("\t", "").split("\n"))
    assert json.loads(numbers.read_text())["title"] == name
    return visible(name, keep="\n\t") in found.text


@pytest.mark.parametrize("name", SOME_NAMES)
def test_a_report_of_a_network_holds_its_names(name, tmp_path):
    network, image, (reference, chip), comparison = flow(name)
    judgement = Judgement(
        network=network, image=image, reference=reference, chip=chip, comparison=comparison
    )
    report = dataclasses.replace(validation_report(judgement), title=name)
    assert holds(report, name, tmp_path)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_page_holds_a_name_and_nothing_that_a_browser_obeys(name, tmp_path):
    figure = Figure(figsize=(1.0, 1.0))
    write(figure.suptitle(""), name)
    blocks = [Paragraph(name), Table((name,), [(name,)], name), Picture(figure, name)]
    sections = [Section(name, blocks)]
    assert holds(Report(title=name, lead=name, sections=sections, data={}), name, tmp_path)


def test_text_of_a_section_keeps_its_spaces_and_loses_half_pairs():
    blocks = [Paragraph("a\tb\nc\u00a0d \ud800"), Table(("\x00",), [("\x1b",)])]
    text = Report(title="\x07", lead="", sections=[Section("\x08", blocks)], data={}).to_html()
    assert "a\tb\nc\u00a0d \\ud800" in text
    for shown in ("<title>\\x07</title>", "<h2>\\x08</h2>", "<th>\\x00</th>", "<td>\\x1b</td>"):
        assert shown in text
