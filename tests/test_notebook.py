"""Pages that are notebooks, executed: results, figures and a progress bar are in their outputs."""

from __future__ import annotations

import functools
import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PAGES = runpy.run_path(str(ROOT / "docs" / "notebooks.py"))
PAGE, TUTORIAL = PAGES["NOTEBOOKS"]
FILES = {page: target for page, (target, _) in PAGES["NOTEBOOKS"].items()}
WIDGET = PAGES["WIDGET"]


def executed(*cells):
    """Cells of a notebook after its execution; an error of a cell is raised."""
    content = new_notebook(cells=list(map(new_code_cell, cells)))
    return nbformat.reads(json.dumps(PAGES["execute"](content)), as_version=4).cells


@functools.cache
def page():
    """Cells of the page, executed."""
    cells = nbformat.read(FILES[PAGE], as_version=4).cells
    return executed(*(cell.source for cell in cells if cell.cell_type == "code"))


def outputs(cells, kind):
    """Outputs that have a form, such as text/html."""
    return [o for cell in cells for o in cell.outputs if kind in o.get("data", {})]


def printed(cells, stream):
    """Text that the cells wrote to a stream."""
    return "".join(o.text for cell in cells for o in cell.outputs if o.get("name") == stream)


@pytest.mark.parametrize("source", FILES, ids=lambda page: page.stem)
def test_a_notebook_is_its_page_and_holds_what_its_cells_show(source):
    stored = json.loads(FILES[source].read_text(encoding="utf-8"))
    told = PAGES["without_figures"]
    assert told(stored) == told(PAGES["finished"](source)), "run: python docs/refresh.py"
    nbformat.validate(nbformat.read(FILES[source], as_version=4))


def test_the_notebook_of_the_tutorial_prints_what_the_page_says_and_shows_its_figures():
    cells = nbformat.read(FILES[TUTORIAL], as_version=4).cells
    text = TUTORIAL.read_text(encoding="utf-8")
    blocks = re.findall(r"^```output\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    code = [cell for cell in cells if cell.cell_type == "code"]
    shown = [printed([cell], "stdout").rstrip() for cell in code]
    assert [each for each in shown if each and not each.startswith("Writing ")] == blocks
    assert len(outputs(code, "image/png")) == 1
    attached = [cell for cell in cells if "attachments" in cell]
    assert [list(cell.attachments) for cell in attached] == [["notebook_membrane.png"]]


def test_no_cell_writes_to_stderr():
    assert printed(page(), "stderr") == ""


def test_the_reports_are_shown_in_the_colours_of_the_notebook():
    shown = [o for o in outputs(page(), "text/html") if "neurochip" in o.data["text/html"]]
    lines = [o.data["text/plain"] for o in shown]
    kinds = ["CompileReport", "Comparison", "Attribution", "ChipSpec", "Report", "Sweep"]
    assert [line.partition("(")[0] for line in lines] == kinds
    assert all("\n" not in line for line in lines)
    assert all('class="neurochip cell' in o.data["text/html"] for o in shown)
    assert all("<table" in o.data["text/html"] for o in shown)


def test_the_figure_is_shown_once():
    (cell,) = [cell for cell in page() if "comparison_figure(comparison" in cell.source]
    (output,) = cell.outputs
    assert output.output_type == "execute_result"
    assert len(output.data["image/png"]) > 10_000


def test_a_long_run_shows_a_widget_and_its_text():
    (cell,) = [cell for cell in page() if "progress=True" in cell.source]
    (output,) = cell.outputs
    assert WIDGET in output.data
    assert "reference" in output.data["text/plain"]


def test_functions_of_the_notebook_reached_the_workers_of_the_sweep():
    (cell,) = [cell for cell in page() if "measure=measure" in cell.source]
    assert cell.outputs[-1].data["text/plain"] == (
        "Sweep(core.weight_mantissa_bits, tau_m: 6 of 6 points)"
    )


CASE = """
from neurochip import *
source, cells = PoissonInput("source", 10, rate=1300.0), Population("cells", 10, LIF())
net = Network(
    inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=1.2)]
)
stimulus = draw_stimulus(net, duration=200.0, seed=1)
chip = Emulator(compile_network(net, dt=0.1)).run(stimulus, record=["v"])
reference = simulate_reference(net, stimulus, dt=0.1, record=["v"])
comparison = compare(reference, chip, network=net)
"""
DRAW = 'comparison_figure(comparison, reference, chip, "cells", threshold=-50.0)'
FORGET = """
import gc, weakref
kept = weakref.ref(figure)
del figure
print(gc.collect() >= 0, kept())
"""
INLINE = "%matplotlib inline\nimport matplotlib.pyplot as plt"


@functools.cache
def figures():
    """Cells that show figures with pyplot, by ``display``, and not at all."""
    return executed(
        CASE,
        INLINE,
        DRAW,
        f"display({DRAW})",
        f"figure = {DRAW}",
        FORGET,
        "print(plt.get_fignums())",
    )


def test_a_figure_is_shown_once_also_with_pyplot():
    result, displayed, silent = figures()[2:5]
    assert [o.output_type for o in result.outputs] == ["execute_result"]
    assert [o.output_type for o in displayed.outputs] == ["display_data"]
    assert all("image/png" in o.data for o in (*result.outputs, *displayed.outputs))
    assert silent.outputs == []


def test_neither_pyplot_nor_neurochip_keeps_a_figure():
    assert printed(figures()[5:], "stdout") == "True None\n[]\n"


def test_a_notebook_without_ipywidgets_shows_the_bar_as_text():
    cells = executed(
        "import sys\nsys.modules['ipywidgets'] = None",
        CASE,
        "run = simulate_reference(net, stimulus, dt=0.1, progress=True)",
    )
    assert outputs(cells, WIDGET) == []
    assert "reference: 100%" in printed(cells, "stderr")
    assert "Warning" not in printed(cells, "stderr")
