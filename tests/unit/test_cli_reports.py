"""``neurochip validate`` and ``neurochip sweep``: pages, files, and how they say no."""

from __future__ import annotations

import json

import pytest
from command_line import fail, succeed, unfolded

from neurochip.cli._axes import read_axes
from neurochip.sweeps import SweepError, read_sweep

MODEL = """
from neurochip import LIF, LOIHI, Network, PoissonInput, Population, one_to_one

def network(tau_m=10.0):
    source = PoissonInput("source", 10, rate=1300.0)
    cells = Population("cells", 10, LIF(tau_m=tau_m))
    return Network(
        inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=1.5)]
    )

def chip(wide=False):
    return LOIHI.what_if(refractory_max=255) if wide else LOIHI
"""
NETWORK = MODEL + "\nnetwork = network()\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "function.py").write_text(MODEL)
    (tmp_path / "model.py").write_text(NETWORK)
    return tmp_path


def test_validate_writes_a_page_and_its_numbers(folder):
    output = succeed("validate", "model.py", "--dt", 0.5, "--duration", 500)
    lines = unfolded(output)
    assert lines[0] == "Chip of model.py: loihi"
    assert lines[2:] == ["Wrote report.html", "Wrote report.json"]
    page = (folder / "report.html").read_text()
    assert "Command: neurochip validate model.py --dt 0.5 --duration 500</p>" in page
    assert "<title>model on loihi</title>" in page
    data = json.loads((folder / "report.json").read_text())
    assert data["comparison"]["populations"]["cells"]["size"] == 10
    assert data["provenance"]["seed of the input"] == 1
    assert data["equivalence"] == {}
    assert data["activity"] == []
    assert {row["source"] for row in data["attribution"]} > {"decay_v", "weights"}


def test_validate_tests_equality_and_several_seeds_where_asked(folder):
    succeed(
        *("validate", "model.py", "--dt", 0.5, "--duration", 300, "--tolerance", 0.1),
        "--no-attribution",
        *("--seeds", 7, "-o", "x/y.html"),
    )
    data = json.loads((folder / "x" / "y.json").read_text())
    assert data["equivalence"]["cells"]["tolerance"] == 0.1
    assert data["activity"][0]["runs"] == 7
    assert data["activity"][0]["tolerance"] == 0.1
    sentence = data["comparison"]["answers"]["cells"]["sentence"]
    assert " Over 7 seeds the registers change rates by " in sentence
    assert data["attribution"] is None
    assert "Noise floor" in (folder / "x" / "y.html").read_text()


def test_validate_refuses_what_it_cannot_write_or_test(folder):
    assert "'x.pdf' does not end in .html or .htm." in fail("validate", "model.py", "-o", "x.pdf")
    for value in (-1, 5):
        text = fail("validate", "model.py", "--tolerance", value)
        assert f"'{value}' is not a number above 0 and at most 1 (0.05 is 5 %)." in text


@pytest.mark.slow
def test_sweep_writes_points_a_page_and_numbers_and_goes_on(folder):
    command = (
        *("sweep", "function.py", "--vary", "core.weight_mantissa_bits=2,8"),
        *("--vary", "tau_m=10,20", "--vary", "wide=true", "--duration", 200, "--dt", 0.5),
    )
    output = succeed(*command, "--workers", 1)
    assert unfolded(output) == [
        "Chip of function.py: made by its function",
        "Mean error of a neuron's rate by core.weight_mantissa_bits, the largest over tau_m: "
        "0.00 % at 2, 0.00 % at 8. 4 of 4 points over core.weight_mantissa_bits, tau_m, wide.",
        *("Wrote sweep.jsonl", "Wrote sweep.html", "Wrote sweep.json"),
    ]
    content = (folder / "sweep.jsonl").read_bytes()
    done = read_sweep(folder / "sweep.jsonl")
    assert done.header["fixed"]["dt"] == 0.5
    assert done.header["fixed"]["gain"] == "auto"
    assert done.column("tau_m") == [10, 20, 10, 20]
    assert json.loads((folder / "sweep.json").read_text())["rows"] == done.rows
    half = content.index(b"\n", len(content) // 2) + 1
    (folder / "sweep.jsonl").write_bytes(content[:half])
    # Worker processes read the functions of the file for themselves.
    assert succeed(*command, "--workers", 2) == output
    assert (folder / "sweep.jsonl").read_bytes() == content
    assert "holds another sweep, with duration = 200.0" in fail(*command, "--duration", 100)


def test_an_axis_takes_the_place_of_the_default_of_an_option(folder):
    command = ("sweep", "model.py", "--vary", "gain=dc,impulse", "--duration", 100, "--workers", 1)
    succeed(*command)
    assert read_sweep(folder / "sweep.jsonl").column("gain") == ["dc", "impulse"]
    assert "'gain' is both an option and an axis" in fail(*command, "--gain", "dc", "-o", "x.html")


def test_values_of_an_axis_that_no_compiler_takes_are_refused(folder):
    assert "options: gain = 'x'; allowed: 'auto', " in fail(
        "sweep", "model.py", "--vary", "gain=dc,x"
    )
    assert not (folder / "sweep.jsonl").exists()


def test_axes_are_written_as_lists_and_ranges():
    assert read_axes(["a=1:3", "b=0.1,2,x", "c=true,None,-2:-1", "d=floor"]) == {
        "a": [1, 2, 3],
        "b": [0.1, 2, "x"],
        "c": [True, None, -2, -1],
        "d": ["floor"],
    }


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["dt"],
            "sweep: --vary 'dt'; allowed: NAME=VALUES, as in core.weight_mantissa_bits=1:8 or "
            "dt=0.1,0.5.",
        ),
        (["dt=1", "dt=2"], "sweep: --vary 'dt' is given twice; list all values at once."),
        (["dt=1,,2"], "sweep: --vary 'dt' has an empty value; allowed: VALUE,VALUE."),
        (
            ["seed=3:1"],
            "sweep: --vary 'seed' has the range 3:1; allowed: FIRST:LAST, upwards, with at most "
            "1,000,000 values.",
        ),
        (
            ["seed=1:5000000000"],
            "sweep: --vary 'seed' has the range 1:5000000000; allowed: FIRST:LAST, "
            "upwards, with at most 1,000,000 values.",
        ),
    ],
)
def test_axes_that_are_none_are_refused(texts, message):
    with pytest.raises(SweepError) as caught:
        read_axes(texts)
    assert str(caught.value) == message


def test_sweep_refuses_other_models_and_needs_an_axis(folder):
    (folder / "other.py").write_text("network = 3\n")
    assert (
        "other.py: defines an object of type int under the name 'network'; expected a neurochip "
        "Network, or a function that returns one."
    ) in fail("sweep", "other.py", "--vary", "dt=1")
    (folder / "chip.py").write_text(NETWORK + "chip = 'loihi'\n")
    assert "under the name 'chip'; expected a ChipSpec, or a function" in fail(
        "sweep", "chip.py", "--vary", "dt=1"
    )
    assert "Missing option '--vary'" in fail("sweep", "model.py")
    assert "nothing takes the axis 'tau_x'" in fail("sweep", "model.py", "--vary", "tau_x=1")
    (folder / "broken.py").write_text("network = 1 / 0\n")
    assert "broken.py, line 1: failed with ZeroDivisionError" in fail(
        "sweep", "broken.py", "--vary", "dt=1"
    )
