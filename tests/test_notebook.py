"""The page on notebooks, executed as one: results, a figure and a progress bar are in its output.

The notebooks run in a process of their own, so that its kernel and its event loop leave no trace.
"""

from __future__ import annotations

import functools
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
REFRESH = runpy.run_path(str(ROOT / "docs" / "refresh.py"))
((PAGE, EXAMPLE),) = REFRESH["NOTEBOOKS"].items()
WIDGET = "application/vnd.jupyter.widget-view+json"

EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


def executed(*cells):
    """Cells of a notebook after its execution; an error of a cell is raised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "notebook.ipynb")
        nbformat.write(new_notebook(cells=list(map(new_code_cell, cells))), path)
        kept = {"PYTHONPATH": str(ROOT), "JUPYTER_RUNTIME_DIR": folder, "IPYTHONDIR": folder}
        result = subprocess.run(
            [sys.executable, "-c", EXECUTE, str(path)],
            env={**os.environ, **kept, "JUPYTER_PLATFORM_DIRS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return nbformat.read(path, as_version=4).cells


@functools.cache
def page():
    """Cells of the page, executed."""
    cells = nbformat.read(EXAMPLE, as_version=4).cells
    return executed(*(cell.source for cell in cells if cell.cell_type == "code"))


def outputs(cells, kind):
    """Outputs that have a form, such as text/html."""
    return [o for cell in cells for o in cell.outputs if kind in o.get("data", {})]


def printed(cells, stream):
    """Text that the cells wrote to a stream."""
    return "".join(o.text for cell in cells for o in cell.outputs if o.get("name") == stream)


def test_the_example_is_the_page():
    assert EXAMPLE.read_text(encoding="utf-8") == REFRESH["notebook"](PAGE), (
        "run: python docs/refresh.py"
    )
    notebook = nbformat.read(EXAMPLE, as_version=4)
    nbformat.validate(notebook)
    assert [cell.source for cell in notebook.cells][:2] == [
        "# In a notebook",
        '```\npip install "neurochip[notebook]"\n```',
    ]


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
