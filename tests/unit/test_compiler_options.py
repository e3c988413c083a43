"""The table of options: what is made of it, and that a new option is one edit."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compiler import OPTIONS, CompileError, CompileOptions, compile_network, explain_fit
from neurochip import LIF, Network, Population

ROOT = Path(__file__).parents[2]
NETWORK = Network(populations=[Population("cells", 2, LIF())])
FUNCTIONS = [compile_network, explain_fit]
LISTED = (
    "gain, headroom, assumed_rate, weight_rounding, weight_seed, placement, sites, placement_seed"
)


def test_the_table_has_the_fields_of_the_options_in_their_order():
    assert ", ".join(OPTIONS) == LISTED
    assert tuple(OPTIONS) == tuple(inspect.signature(CompileOptions).parameters)
    for name, option in OPTIONS.items():
        assert option.name == name
        assert option.summary[0].isupper()
        assert option.summary.endswith(".")
        assert option.default is None or option.checked(option.default) == option.default


@pytest.mark.parametrize("function", FUNCTIONS)
def test_signature_and_docstring_show_every_option(function):
    parameters = inspect.signature(function).parameters
    assert list(parameters) == ["network", "chip", "dt", "activity", *OPTIONS]
    for name, option in OPTIONS.items():
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default == option.default
        assert parameters[name].annotation == option.annotation
        assert f"\n{option.entry}\n" in inspect.getdoc(function)
        assert f"\n{option.entry}\n" in f"{inspect.getdoc(CompileOptions)}\n"
    assert "**options" not in inspect.getdoc(function)
    assert max(map(len, inspect.getdoc(function).splitlines())) <= 100


def test_the_entry_of_an_option_shows_its_range_or_its_choices():
    assert OPTIONS["assumed_rate"].entry.startswith(
        "assumed_rate : float, Hz, at least 0, or 'auto'\n    Firing rate"
    )
    assert OPTIONS["weight_seed"].entry.startswith("weight_seed : int, at least 0\n    Random")
    assert OPTIONS["sites"].entry.startswith(
        "sites : {'in_order', 'curve', 'search'}, optional\n    Strategy that assigns cores"
    )


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gian", " Did you mean 'gain'?"),
        ("weight_round", " Did you mean 'weight_rounding'?"),
        ("mesh", ""),
        (
            "weight_bits",
            " Here a width belongs to the chip: LOIHI.what_if(weight_mantissa_bits=...).",
        ),
    ],
)
def test_an_unknown_option_is_named_with_those_that_there_are(function, name, meant):
    with pytest.raises(CompileError) as caught:
        function(NETWORK, **{name: 1})
    assert str(caught.value) == f"options: no option {name!r}; allowed: {LISTED}.{meant}"


ADDED = """
    shade: float = _option(
        0.5, "How dark the chip is.", "Nobody knows.", at_least=0.25, unit="mV"
    )
"""
SHOWN = """
import inspect, json, runpy
from click.testing import CliRunner
from compiler import CompileError, CompileOptions, compile_network
from neurochip import LIF, Network, Population
from neurochip.cli import main
from neurochip.sweeps import sweep

network = Network(populations=[Population("cells", 2, LIF())])
image = compile_network(network, shade=0.75)
refused = []
for ask in (
    lambda: compile_network(network, shade=0.1),
    lambda: sweep(network, {"shadow": [1]}, duration=1.0),
):
    try:
        ask()
    except ValueError as problem:
        refused.append(str(problem))
tables = runpy.run_path("docs/generated_tables.py")["GENERATORS"]
print(json.dumps({
    "default": inspect.signature(compile_network).parameters["shade"].default,
    "entry": "shade : float, mV, at least 0.25\\n    How dark" in compile_network.__doc__,
    "field": CompileOptions().shade,
    "image": image.report.options["shade"],
    "refused": refused,
    "commands": [
        name for name in ("compile", "compare", "validate", "map", "sweep")
        if "--shade" in CliRunner().invoke(main, [name, "--help"]).output
    ],
    "pages": tables["fields"]("compiler:CompileOptions"),
}))
"""


def test_a_new_option_is_one_edit(tmp_path):
    for folder in ("compiler", "neurochip", "docs"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    table = tmp_path / "compiler" / "options.py"
    before, field, after = table.read_text("utf-8").partition("    placement: ")
    table.write_text(f"{before}{ADDED[1:]}{field}{after}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SHOWN],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "weight_seed, shade, placement, sites" in found["refused"].pop()  # axes of a sweep
    assert found == {
        "default": 0.5,
        "entry": True,
        "field": 0.5,
        "image": 0.75,
        "refused": ["options: shade = 0.1 mV; allowed: at least 0.25."],
        "commands": ["compile", "compare", "validate", "map", "sweep"],
        "pages": found["pages"],
    }
    assert (
        "| `shade` | float, mV, at least 0.25 | `0.5` | How dark the chip is. Nobody knows. |"
        in (found["pages"])
    )
