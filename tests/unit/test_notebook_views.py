"""Objects show themselves in notebooks: as HTML that is safe, self-contained and short at first."""

from __future__ import annotations

import pytest
from html_outline import Outline
from shown_objects import network, objects

import neurochip as nc

EVIL = "<script>alert('$x$')</script>"


CLASSES = (
    *(
        "AccuracyAttribution",
        "ActivityComparison",
        "Attribution",
        "BitsAnswer",
        "Calibration",
        "ChipImage",
        "ChipSpec",
    ),
    *("Classification", "Comparison", "CompileReport", "CoreSpec", "DtChoice", "EnergyEstimate"),
    *("Equivalence", "FitReport", "Judgement", "LearningAttribution"),
    *("LearningComparison", "MappedNetwork"),
    *("MappingReport", "Network"),
    *("NetxDescription", "NeuronProgram", "NirDescription"),
    *("PopulationComparison", "Recording", "Report", "Sweep"),
)


def test_these_public_classes_show_themselves():
    public = {name: getattr(nc, name) for name in nc.__all__}
    classes = {name for name, item in public.items() if isinstance(item, type)}
    assert {name for name in classes if hasattr(public[name], "_repr_html_")} == set(CLASSES)


@pytest.mark.slow
def test_the_tests_below_have_an_object_of_each_class():
    assert set(objects()) == set(CLASSES)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_an_object_shows_a_lead_and_its_first_section(name):
    shown = Outline(objects()[name]._repr_html_())
    leads = [attrs for tag, attrs in shown.tags if tag == "p" and attrs.get("class") == "lead"]
    folds = [attrs for tag, attrs in shown.tags if tag == "details"]
    assert leads
    assert [index for index, attrs in enumerate(folds) if "open" in attrs] == [0][: len(folds)]
    assert shown.names().count("table") == sum(a.get("class") == "wide" for _, a in shown.tags)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_it_loads_nothing_runs_nothing_and_changes_no_other_output(name):
    piece = objects()[name]._repr_html_()
    shown = Outline(piece)
    assert shown.tags[0] == ("div", {"class": "neurochip cell tex2jax_ignore mathjax_ignore"})
    assert not {"script", "link", "iframe", "html", "body"} & set(shown.names())
    sources = [attrs["src"] for _, attrs in shown.tags if "src" in attrs]
    assert all(source.startswith("data:image/") for source in sources)
    style = piece.partition("<style>")[2].partition("</style>")[0]
    rules = [line for line in style.splitlines() if "{" in line and not line.startswith("@media")]
    assert all(line.lstrip().startswith((".neurochip", ".cell")) for line in rules)


@pytest.mark.slow
def test_names_from_users_are_text():
    for name, item in objects(EVIL).items():
        shown = Outline(item._repr_html_())
        assert "script" not in shown.names(), name
    assert EVIL in Outline(objects(EVIL)["Network"]._repr_html_()).text


def test_a_chip_shows_what_differs_from_the_first_generation():
    shown = Outline(nc.LAVA._repr_html_()).text
    assert "lava: 128 cores on 1 chip." in shown
    assert "core.delay_max 63 62 core.accumulator_overflow NONE WRAP" in shown
    assert "None." in Outline(nc.LOIHI._repr_html_()).text


def test_a_system_differs_in_its_chips_and_its_mesh():
    shown = Outline(nc.SYSTEMS["wolf-mountain"]._repr_html_()).text
    assert "chips 4 1 mesh.chip_columns 2 1" in shown


def test_a_network_shows_its_weights_with_their_unit():
    shown = Outline(network()._repr_html_()).text
    assert "Network(1 population, 4 neurons, 40 synapses)" in shown
    assert "cells 4 LIF(tau_m=10.0, tau_refrac=2.0) shared input" in shown
    assert "source->cells source cells 40 1." in shown
    assert " mV 0 ms" in shown


def test_a_program_shows_its_registers_and_what_each_row_can_give():
    rows = [("v", "add", "v", "a"), ("v", "sat", "v", 8), (None, "emit", 0)]
    program = nc.NeuronProgram(name="sum", state={"v": 8}, parameters={"p": (1, 9)}, rows=rows)
    shown = Outline(program._repr_html_()).text
    assert "Program 'sum': 3 rows, binary spikes." in shown
    assert "v state 8 bits p parameter 1 to 9" in shown
    assert "1 v sat v 8 -127 127 2 emit 0 0 0" in shown


def test_a_recording_shows_its_payloads():
    cells = {"steps": {"p": [1, 2]}, "ids": {"p": [0, 0]}, "populations": {"p": 2}}
    run = nc.Recording(
        label="x", dt=1.0, first_step=0, n_steps=9, payloads={"p": [-70, 1234]}, **cells
    )
    assert "p 2 -70 1,234" in Outline(run._repr_html_()).text


def test_a_recording_shows_as_many_spikes_as_its_payloads_say():
    cells = {"steps": {"p": [1, 2]}, "ids": {"p": [0, 0]}, "populations": {"p": 2}}
    numbers = {"payloads": {"p": [3, 4]}, "several": {"p"}}
    run = nc.Recording(label="x", dt=1.0, first_step=0, n_steps=1000, **numbers, **cells)
    assert "p 2 7 3.50 Hz 0.00 Hz 7.00 Hz 1" in Outline(run._repr_html_()).text


def test_a_recording_shows_rates_and_what_overflowed():
    cells = {"steps": {"p": [1, 2]}, "ids": {"p": [0, 0]}, "populations": {"p": 2}}
    overflows = {"p": {"u_wraps": 1234}}
    run = nc.Recording(label="x", dt=1.0, first_step=0, n_steps=1000, overflows=overflows, **cells)
    shown = Outline(run._repr_html_())
    assert "p: u_wraps = 1,234" in shown.text
    assert "p 2 2 1.00 Hz 0.00 Hz 2.00 Hz 1" in shown.text
    assert ("p", {"class": "warning"}) in shown.tags
