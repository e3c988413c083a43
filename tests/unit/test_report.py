"""Reports: one page that holds everything, and the same numbers as JSON."""

from __future__ import annotations

import dataclasses
import functools
import json
import re

import numpy as np
import pytest
from html_outline import Outline
from matplotlib.figure import Figure
from sweep_models import cells

from compiler import compile_network
from neurochip import LOIHI, draw_stimulus
from neurochip._display.sections import Paragraph, Picture, Section, Table
from neurochip._display.stylesheet import STYLE
from neurochip._support import provenance
from neurochip.attribution import attribute
from neurochip.emulator import Emulator
from neurochip.errors import RecordingError
from neurochip.report import Judgement, Report, sweep_report, validation_report
from neurochip.sweeps import read_sweep, sweep
from neurochip.validation import compare, compare_activity, simulate_reference


def outline(report):
    return Outline(report.to_html())


@pytest.fixture(autouse=True)
def _one_date(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")


@functools.cache
def plain_page():
    return validated().to_html()


@functools.cache
def flow(**options):
    network = cells()
    image = compile_network(network, LOIHI, dt=0.5)
    stimulus = draw_stimulus(network, 500.0, seed=1)
    record = ["v"] if options.get("v", True) else []
    reference = simulate_reference(network, stimulus, 0.5, record=record)
    chip = Emulator(image).run(stimulus, record=record)
    fine = simulate_reference(network, stimulus, 0.05)
    comparison = compare(reference, chip, fine=fine, network=network)
    return network, image, reference, chip, comparison


def judged(**changes):
    parts = ("network", "image", "reference", "chip", "comparison")
    return Judgement(**{**dict(zip(parts, flow(), strict=True)), "seed": 1, **changes})


def validated(**options):
    return validation_report(judged(), **options)


def test_a_page_loads_nothing_and_runs_nothing():
    page = plain_page()
    without_data = re.sub(r"data:image/[^\"]+", "data:", page)
    for forbidden in ("<script", "<link", "http", "@import", "url(", "javascript"):
        assert forbidden not in without_data
    images = [attributes for tag, attributes in Outline(page).tags if tag == "img"]
    assert len(images) == 2
    for attributes in images:
        assert attributes["src"].startswith("data:image/")
        assert attributes["alt"]


def test_a_page_fits_a_phone_and_paper():
    page = plain_page()
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "@media print" in page
    assert page.count("<table") == page.count('<div class="wide"><table') > 5
    assert "@media screen and (max-width: 40rem)" in page


def test_on_a_phone_a_row_of_many_cells_names_its_columns():
    few = page_of(Table(("a", "b"), [("1", "2")])).to_html()
    many = page_of(Table(("name", "b", "c", "d > 0"), [("x", "1", "2", "3 Hz")])).to_html()
    assert "<table>\n<thead>" in few
    assert "data-column=" not in few
    assert '<table class="stack">\n<thead>' in many
    assert '<td data-column="name">x</td><td class=n data-column="b">1</td>' in many
    assert '<td class=n data-column="d &gt; 0">3&nbsp;Hz</td>' in many


def test_a_table_of_very_many_columns_is_dense():
    wide = page_of(Table([str(k) for k in range(12)], [["x"] * 12])).to_html()
    assert '<table class="stack dense">' in wide


def test_a_page_follows_the_dark_mode_of_the_screen_but_not_on_paper():
    page = plain_page()
    assert ":root { color-scheme: light dark; }" in page
    assert "@media screen and (prefers-color-scheme: dark) { .neurochip {" in page
    colours = re.findall(r"#[0-9a-f]{3,6}\b", STYLE)
    variables = set(re.findall(r"--[a-z-]+: #", STYLE))
    assert len(colours) == 2 * len(variables) + 1  # light, dark, and the paper of figures


def test_the_style_of_a_report_changes_nothing_else_on_a_page():
    rules = re.sub(r"@media[^{]*\{|\{[^{}]*\}|\}", "\n", STYLE)
    selectors = [part.strip() for part in re.split(r"[,\n]", rules) if part.strip()]
    assert len(selectors) > 20
    assert all(selector.startswith(".neurochip") for selector in selectors)


def test_a_page_and_its_numbers_tell_when_how_and_with_what_they_were_made(tmp_path):
    command = "neurochip validate 'my model.py'"
    report = dataclasses.replace(page_of(Paragraph("x")), command=command)
    page, numbers = report.write(tmp_path / "x.html")
    software = ", ".join(f"{name} {version}" for name, version in provenance.versions().items())
    assert (
        f"Written on 2026-09-21 14:13 UTC with {software}. Command: neurochip validate "
        "&#x27;my model.py&#x27;" in page.read_text()
    )
    assert json.loads(numbers.read_text())["written"] == {
        "date": "2026-09-21 14:13 UTC",
        "command": command,
        **provenance.versions(),
    }


def test_a_report_is_dated_when_it_is_made(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert page_of(Paragraph("x")).date == "1970-01-01 00:00 UTC"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert page_of(Paragraph("x")).date > "2026"


def test_a_validation_report_holds_results_registers_and_origin():
    _, image, _, _, comparison = flow()
    text = Outline(plain_page()).text
    item = comparison.population("cells")
    assert f"{item.reference_rate:.2f} Hz" in text
    assert f"{100 * item.rate_error:+.2f} %" in text
    assert f"{100 * item.split.time_step.signed:+.2f} %" in text
    assert image.digest() in text
    for row in image.report.rows:
        assert all(cell in text for cell in row.cells)
    for name in ("numpy", "numba", "python", "neurochip"):
        assert name in text


def test_the_json_holds_the_same_numbers(tmp_path):
    page, numbers = validated(tolerance=0.05).write(tmp_path / "report.html")
    assert Outline(page.read_text()).tags[0] == ("html", {"lang": "en"})
    data = json.loads(numbers.read_text())
    assert data["lead"] == validated().lead
    assert data["comparison"] == flow()[4].to_dict()
    assert data["compile_report"] == flow()[1].report.to_dict()
    assert data["equivalence"]["cells"]["conclusion"] == "equal within tolerance"
    assert data["provenance"]["image digest"] == flow()[1].digest()


def test_a_tolerance_adds_an_equivalence_test():
    verdicts = validated().sections[0].blocks[0]
    assert verdicts.header == ["population", "verdict", "answer"]
    wide, narrow = (validated(tolerance=x).sections[0].blocks[0] for x in (0.05, 1e-6))
    assert wide.header[3] == narrow.header[3] == "equivalence"
    assert wide.rows[0][3].startswith("equal within tolerance: difference ")
    assert not narrow.rows[0][3].startswith("equal")


def test_an_attribution_adds_its_effects_and_bars():
    network, image, *_ = flow()
    attribution = attribute(network, draw_stimulus(network, 500.0, seed=1), image=image)
    report = validated(attribution=attribution)
    (section,) = (section for section in report.sections if section.title == "Attribution")
    _, picture, table = section.blocks
    assert isinstance(picture, Picture)
    effects = {row[0]: row for row in table.rows}
    assert effects["total"][2] == f"{attribution.total('cells').total:+.3f} Hz"
    assert effects["decay_v"][2] == f"{attribution.effect('cells', 'decay_v').alone:+.3f} Hz"
    assert {"overflow", "delays"} <= set(table.note[11:-1].split(", "))
    assert len(effects) + len(table.note.split(", ")) == len(attribution.effects_on("cells"))
    assert report.data["attribution"] == attribution.rows()
    outline(page_of(table))


def test_several_seeds_add_their_difference_to_the_answer():
    network, image, *_ = flow()
    stimuli = [draw_stimulus(network, 500.0, seed) for seed in range(7)]
    activity = compare_activity(
        [simulate_reference(network, stimulus, 0.5) for stimulus in stimuli],
        Emulator(image).run_batch(stimuli),
        "cells",
        tolerance=0.5,
    )
    report = validated(activity=[activity])
    (section,) = (section for section in report.sections if section.title == "Seeds")
    text = outline(page_of(*section.blocks)).text
    assert f"cells: {activity.conclusion.value}, over 7 seeds" in text
    assert f"{activity.quantities['rate'].distance:.3g} Hz" in text
    assert report.data["activity"] == [activity.to_dict()]
    assert " Over 7 seeds the registers change rates by " in report.lead
    assert report.data["comparison"]["answers"]["cells"]["sentence"] == report.lead


def test_an_overflow_is_the_first_that_one_reads():
    wrapped = dataclasses.replace(flow()[4], overflows={"accumulator_wraps": 1234})
    report = validation_report(judged(comparison=wrapped))
    first = report.sections[0].blocks[0]
    assert first.warning
    assert first.text.startswith("accumulator_wraps = 1,234 on the chip: a sum of synaptic input")
    assert '<p class="warning">accumulator_wraps' in page_of(first).to_html()


def test_equal_reports_are_equal_files():
    assert validated().to_html() == plain_page()


def test_without_v_one_figure_is_drawn():
    _, image, reference, chip, comparison = flow(v=False)
    without = judged(image=image, reference=reference, chip=chip, comparison=comparison)
    report = validation_report(without)
    pictures = [block for block in report.sections[2].blocks if isinstance(block, Picture)]
    assert len(pictures) == 1


def test_an_image_without_symbols_cannot_be_reported():
    bare = dataclasses.replace(flow()[1], symbols=None)
    with pytest.raises(RecordingError) as caught:
        judged(image=bare)
    assert str(caught.value) == (
        "judgement: the image has no symbols, so nothing is known about its parameters; "
        "pass the image that compile_network returned."
    )


# The page


def page_of(*blocks):
    return Report(title="a < b", lead="x & y", sections=[Section("<s>", blocks)], data={})


def test_text_is_never_markup():
    report = page_of(Paragraph("<script>alert(1)</script>"), Table(("<h>",), [("<td>",)], "n < 1"))
    found = outline(report)
    assert "script" not in [tag for tag, _ in found.tags]
    for text in ("a < b", "x & y", "<s>", "<script>alert(1)</script>", "<h>", "<td>", "n < 1"):
        assert text in found.text


def test_columns_of_numbers_stand_right_and_units_stay_with_them():
    page = page_of(Table(("name", "rate"), [("a", "1.50 Hz"), ("b", "-")])).to_html()
    assert "<th>name</th><th class=n>rate</th>" in page
    assert "<td>a</td><td class=n>1.50&nbsp;Hz</td>" in page
    assert "<td>b</td><td class=n>-</td>" in page


def test_small_figures_are_drawings_and_large_ones_pixels():
    small, large = Figure(), Figure()
    small.subplots().plot([1, 2])
    large.subplots().plot(np.random.default_rng(1).random(10_000), ".")
    page = page_of(Picture(small, "small"), Picture(large, "large")).to_html()
    assert page.count("data:image/svg+xml;base64,") == 1
    assert page.count("data:image/png;base64,") == 1


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(RecordingError, match=r"^report: path = '.*x\.json'; allowed: a path with"):
        page_of().write(tmp_path / "x.json")
    assert not list(tmp_path.iterdir())


# Sweeps


VALUES = {"core.weight_mantissa_bits": [3, 8], "tau_refrac": [5.0, 50.0], "seed": [1, 2, 3]}


def swept(**options):
    return sweep(cells, VALUES, duration=100.0, dt=0.5, workers=1, **options)


def test_a_sweep_report_has_curves_medians_problems_and_origin():
    done = swept()
    report = sweep_report(done, title="Bits")
    error = np.median([row["mean_absolute_error"] for row in done.rows[:3]])
    assert report.lead == (
        "Mean error of a neuron's rate by core.weight_mantissa_bits, the largest over tau_refrac: "
        f"{100 * error:.1f} % at 3, 0.00 % at 8. 12 of 12 points over core.weight_mantissa_bits, "
        "tau_refrac, seed. The chip cannot hold the network at 6 of them."
    )
    found = outline(report)
    titles = [section.title for section in report.sections]
    assert titles == ["Axes", "cells", "Medians", "Points that do not fit", "Provenance"]
    assert len([tag for tag, _ in found.tags if tag == "img"]) == 2
    rates = [row["chip_rate"] for row in done.rows[:3]]
    assert f"{np.median(rates):.2f} Hz" in found.text
    assert "needs refractory register 101" in found.text
    assert done.header["network"][0] in found.text
    assert json.loads(json.dumps(report.data, allow_nan=False))["rows"] == done.rows


def test_an_unfinished_sweep_says_so(tmp_path):
    path = swept(path=tmp_path / "sweep.jsonl").path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    report = sweep_report(read_sweep(path))
    assert report.lead.endswith("3 of 12 points over core.weight_mantissa_bits, tau_refrac, seed.")
    assert report.sections[0].blocks[0] == Paragraph("9 points are not done yet.", warning=True)
    outline(report)


def test_a_sweep_over_seeds_alone_is_drawn_over_them():
    report = sweep_report(sweep(cells, {"seed": [1, 2]}, duration=100.0, dt=0.5, workers=1))
    assert "medians over seed." in outline(report).text


def test_each_line_of_the_lead_is_a_paragraph():
    html = Report(title="t", lead="a: 1 < 2\nb: 3", sections=[], data={}).to_html()
    assert '<p class="lead">a: 1 &lt; 2</p>\n<p class="lead">b: 3</p>' in html
