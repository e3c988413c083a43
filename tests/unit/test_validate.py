"""``neurochip.validate``: what the command does, in one call."""

from __future__ import annotations

import dataclasses
import io
import json
import shlex

import numpy as np
import pytest
from click.testing import CliRunner

import neurochip as nc
from neurochip.cli import main

MODEL = """
from neurochip import LIF, Network, PoissonInput, Population, Uniform, one_to_one

source = PoissonInput("source", 10, rate=1300.0)
cells = Population("cells", 10, LIF(tau_m=10.0))
weights = one_to_one(source, cells, weight=Uniform(1.3, 1.7), seed=1)
network = Network(inputs=[source], populations=[cells], connections=[weights])
"""


def network():
    space = {}
    exec(MODEL, space)
    return space["network"]


def files(folder, name):
    return (folder / f"{name}.html").read_text(), json.loads((folder / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({}, []),
        (
            {"seed": range(3, 5), "tolerance": 0.1, "attribution": False},
            [
                *("--seed", 3, "--seeds", 2, "--tolerance", 0.1),
                "--no-attribution",
            ],
        ),
        (
            {"fine_dt": 0.1, "gain": "impulse", "headroom": 2.0, "attribution": False},
            ["--fine-dt", 0.1, "--gain", "impulse", "--headroom", 2, "--no-attribution"],
        ),
    ],
)
def test_it_writes_the_very_files_of_the_command(tmp_path, monkeypatch, options, arguments):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    command = ["validate", "model.py", "--dt", 0.5, "--duration", 200, "-o", "theirs.html"]
    run = CliRunner().invoke(main, [str(item) for item in [*command, *arguments]])
    assert run.exit_code == 0, run.output
    report = nc.validate(network(), dt=0.5, duration=200.0, **options)
    assert report.title == "Validation on loihi"
    assert " ".join(run.output.split()).startswith(report.lead)  # folded at 80 columns
    line = shlex.join(["neurochip", *map(str, [*command, *arguments])])
    dataclasses.replace(report, title="model on loihi", command=line).write("ours.html")
    assert files(tmp_path, "ours") == files(tmp_path, "theirs")


def test_it_is_the_stages_one_by_one():
    report = nc.validate(network(), dt=0.5, duration=200.0, seed=7)
    net = network()
    image = nc.compile_network(net, dt=0.5)
    stimulus = nc.draw_stimulus(net, 200.0, 7)
    chip = nc.Emulator(image).run(stimulus, record=["v"])
    reference = nc.simulate_reference(net, stimulus, 0.5, record=["v"])
    fine = nc.simulate_reference(net, stimulus, 0.05)
    comparison = nc.compare(reference, chip, fine=fine, network=net)
    assert report.data["comparison"] == comparison.to_dict()
    assert report.data["provenance"]["image digest"] == image.digest()
    assert report.data["provenance"]["seed of the input"] == 7
    assert report.data["attribution"] == nc.attribute(net, stimulus, image=image).rows()


def test_the_step_may_be_chosen_and_the_chip_another():
    chip = nc.LOIHI.what_if(name="few bits", weight_mantissa_bits=4)
    report = nc.validate(network(), chip, "auto", duration=100.0, attribution=False)
    assert report.title == "Validation on few bits"
    assert report.data["comparison"]["dt"] == nc.choose_dt(network(), chip).dt


def test_v_of_a_large_population_is_recorded_of_its_first_neurons():
    large = nc.Network(populations=[nc.Population("large", 1001), nc.Population("small", 1000)])
    found = nc.judge(large, dt=1.0, duration=5.0)
    assert np.array_equal(found.chip.trace("large").ids, np.arange(10))
    assert np.array_equal(found.reference.trace("small").ids, np.arange(1000))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed = -1; allowed: an integer from 0 to 2**128 - 1, or a list of"),
        ({"seed": []}, "seed = []; allowed: an integer from 0 to 2**128 - 1, or a list of"),
        ({"seed": [1, 2, 1]}, "seed = [1, 2, 1]; allowed: an integer from 0 to 2**128 - 1, or a"),
        (
            {"tolerance": 5},
            "tolerance = 5; allowed: a number above 0 and at most 1 (0.05 is 5 %).",
        ),
        ({"attribution": 1}, "attribution = 1; allowed: True or False."),
        ({"chip": "loihi"}, "chip = 'loihi'; allowed: a ChipSpec."),
        ({"network": None}, "network = None; allowed: a Network."),
    ],
)
def test_what_is_not_allowed_is_refused_before_anything_runs(options, message, monkeypatch):
    monkeypatch.setattr("neurochip.report.judgement.compile_network", None)
    with pytest.raises(nc.AnalysisError) as caught:
        nc.validate(**{"network": network(), **options})
    assert str(caught.value).startswith(f"validate: {message}")


def test_an_option_that_no_stage_has_is_refused():
    with pytest.raises(nc.CompileError, match="no option 'tolerence'; allowed: gain, "):
        nc.validate(network(), tolerence=0.1)


@pytest.mark.slow
def test_a_judgement_draws_its_figures_with_the_threshold_of_the_network():
    found = nc.judge(network(), dt=1.0, duration=100.0, twins=0)
    runs, threshold = (found.reference, found.chip), network().populations["cells"].model.v_thresh
    for own, plain, given in (
        (found.membrane_figure, nc.membrane_figure, (runs, "cells")),
        (found.comparison_figure, nc.comparison_figure, (found.comparison, *runs, "cells")),
    ):
        assert drawn(own()) == drawn(plain(*given, threshold=threshold))
        assert drawn(own("cells", threshold=None)) == drawn(plain(*given))
        assert drawn(own()) != drawn(own(threshold=None))


def drawn(figure):
    file = io.BytesIO()
    figure.savefig(file, dpi=40)
    return file.getvalue()


def test_a_figure_of_several_populations_needs_a_name():
    both = nc.Network(populations=[nc.Population("a", 2), nc.Population("b", 2)])
    found = nc.judge(both, dt=1.0, duration=5.0)
    with pytest.raises(nc.RecordingError) as caught:
        found.comparison_figure()
    assert str(caught.value) == "figure: the network has 2 populations (a, b); name one of them."
    with pytest.raises(nc.NetworkError) as caught:
        found.membrane_figure("c")
    assert str(caught.value) == "network: nothing here is named 'c'; there are 'a', 'b'."
