"""The report of a mapping, its figures, what would make a network fit, and the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from command_line import unfolded
from matplotlib.figure import Figure

from compiler import OPTIONS, CompileError, compile_network, explain_fit
from compiler.placement.hypergraph import _library
from compiler.placement.strategies import STRATEGIES
from neurochip import (
    DAVIES_2018,
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    draw_stimulus,
    estimate_energy,
    fixed_outdegree,
    from_arrays,
    map_network,
)
from neurochip.chip.presets import PRESETS, SYSTEMS
from neurochip.cli import main
from neurochip.cli.map import map_command
from neurochip.emulator import Emulator
from neurochip.errors import MissingExtraError, NeurochipError, RecordingError
from neurochip.image.files import load_image
from neurochip.mapping import (
    COST_TABLES,
    Activity,
    map_image,
    mapping_figure,
    plot_mesh,
    plot_traffic,
    plot_utilisation,
)
from neurochip.packing.budget import resources_of

CELL = LIF(tau_m=10.0, v_thresh=-55.0)


def chain(sizes=(6, 6, 6), weight=1.0, delay=0.0):
    """Populations in a row, all to all, the first driven."""
    source = PoissonInput("in", 4, rate=500.0)
    members = [Population(f"p{k}", n, CELL) for k, n in enumerate(sizes)]
    links = [
        all_to_all(a, b, weight=Uniform(0.5, 3.0), delay=delay, seed=1)
        for a, b in zip([source, *members], members, strict=False)
    ]
    return Network(inputs=[source], populations=members, connections=links)


@pytest.fixture(scope="module")
def report():
    """A population a core, three cores of one tile and the next."""
    chip = LOIHI.what_if(name="small", compartments=6, cores=4, chips=2)
    return map_image(compile_network(chain(), chip, 1.0))


def test_traffic_is_what_populations_send_to_the_next(report):
    matrix = report.traffic.matrix()
    expected = np.zeros((3, 3))
    expected[0, 1] = expected[1, 2] = 6 * 0.01
    assert np.allclose(matrix, expected)
    assert report.traffic.between_cores == pytest.approx(0.12)
    assert report.traffic.from_outside.tolist() == pytest.approx([0.04, 0, 0])
    assert report.traffic.between_chips == 0


def test_hops_are_weighted_and_links_are_loaded():
    chip = LOIHI.what_if(compartments=6, cores=1, chips=9)
    chip = chip.what_if(mesh=type(chip.mesh)(tile_columns=1, chip_columns=2))
    report = map_image(compile_network(chain(), chip, 1.0))
    assert report.n_chips == 3
    assert report.traffic.hop_counts == pytest.approx((0.06 * 2, 0.06))
    assert report.traffic.cost == pytest.approx(3 * 0.12 + 4 * 0.06)
    assert report.traffic.link_load == pytest.approx((0.06, 0.06))
    assert report.traffic.between_chips == pytest.approx(0.12)


def test_the_report_says_how_full_cores_are_and_what_fills_them(report):
    assert (report.n_cores, report.n_chips) == (3, 1)
    assert report.utilisation("compartments").tolist() == [1, 1, 1]
    assert report.binding == ("compartments",) * 3
    assert report.broken == ()
    text = str(report)
    assert text.startswith("Mapped onto small: 3 of 8 cores on 1 of 2 chips")
    assert "what fills a core first: compartments on 3 of 3 cores" in text
    assert "(assumed, 0.01 spikes per step of each source)" in text
    data = json.loads(json.dumps(report.to_dict()))
    names = resources_of(report.chip.core, learns=False)
    assert set(data["usage"]) == set(data["limits"]) == set(names)
    assert data["messages_between_cores"] == pytest.approx(0.12)
    assert data["sites"] == [0, 1, 2]


def test_rates_are_those_of_a_run():
    network = chain()
    image = compile_network(network, LOIHI.what_if(compartments=6), 1.0, placement="greedy")
    stimulus = draw_stimulus(network, 200.0, seed=1)
    run = Emulator(image).run(stimulus)
    report = map_image(image, Activity.measured(image, run, stimulus))
    sent = (run.counts("p0").sum() + run.counts("p1").sum()) / 200
    assert report.traffic.between_cores == pytest.approx(sent)
    assert report.traffic.from_outside.sum() == pytest.approx(stimulus.n_spikes / 200)
    assert report.activity == "measured in 200 steps"
    assert Activity.measured(image, run).label == "measured in 200 steps, inputs not counted"
    with pytest.raises(RecordingError) as caught:
        Activity.measured(compile_network(chain((5, 6, 6)), LOIHI, 1.0), run)
    assert str(caught.value) == (
        "recording: has 6 neurons of 'p0'; allowed: a run of this image, with 5."
    )


# ---------------------------------------------------------------------------------------- figures


def test_the_mesh_shows_the_links_of_each_tile_or_how_full_it_is():
    chip = LOIHI.what_if(compartments=6, cores=6)
    report = map_image(compile_network(chain((6,) * 6), chip, 1.0))
    ax = Figure().subplots()
    assert plot_mesh(ax, report) is ax
    table = np.asarray(ax.images[0].get_array())
    assert table.shape == (1, 8)
    assert table[0, :2].tolist() == pytest.approx([0.06, 0.06])
    assert np.isnan(table[0, 2:]).all()
    assert [text.get_text() for text in ax.texts] == ["4", "2"]
    plot_mesh(ax, report, "compartments")
    full = np.ma.filled(ax.images[1].get_array(), np.nan)
    assert full[0, :2].tolist() == [100, 100]
    assert np.isnan(full[0, 2:]).all()
    with pytest.raises(NeurochipError) as caught:
        plot_mesh(ax, report, "heat")
    assert str(caught.value).startswith("figure: values = 'heat'; allowed: 'link_load', 'compart")


@pytest.mark.parametrize("cores", [3, 70])
def test_utilisation_has_a_row_for_each_resource(cores):
    chip = LOIHI.what_if(compartments=6)
    report = map_image(compile_network(chain((6,) * cores), chip, 1.0))
    ax = Figure().subplots()
    assert plot_utilisation(ax, report) is ax
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[-1] == "compartments"
    assert len(labels) == len(report.usage) - 1


def test_the_traffic_matrix_leaves_out_what_stays_on_a_core(report):
    ax = Figure().subplots()
    assert plot_traffic(ax, report) is ax
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert np.nansum(shown) == pytest.approx(0.12)
    assert np.isnan(np.diag(shown)).all()


def test_the_figure_has_all_of_them(report):
    figure = mapping_figure(report)
    panels = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert [ax.get_xlabel() for ax in panels] == [
        *["tile, east"] * 2,
        "used of the limit (%)",
        "to core",
    ]
    assert figure.get_suptitle() == (
        f"{report.chip.name}: {report.n_cores} cores of {report.chip.total_cores} on 1 chip; "
        "numbers on tiles: their cores"
    )


def test_one_core_has_no_traffic_and_says_so():
    figure = mapping_figure(map_image(compile_network(chain(), LOIHI, 1.0)))
    panels = {ax.get_label(): ax for ax in figure.axes}
    assert list(panels) == ["a", "b", "c", "d", "<colorbar>"]  # of the mesh that has values
    notes = {name: [text.get_text() for text in panels[name].texts] for name in "ad"}
    assert notes == {
        "a": ["no messages between tiles", "1", "a"],
        "d": ["one core: no traffic between cores", "d"],
    }


# ---------------------------------------------------------------------------------- what would help


def test_a_network_that_fits_is_said_to():
    fit = explain_fit(chain(), LOIHI, 1.0)
    assert fit.fits
    assert str(fit) == (
        "Fits loihi: needs 1 core (1 chip); the target has 128 cores (1 chip). What fills a "
        "core first: threshold profiles."
    )


def test_each_change_is_tried_and_those_that_help_are_named():
    chip = LOIHI.what_if(name="tiny", synaptic_words=70, cores=8)
    fit = explain_fit(chain((40, 40, 40), delay=Uniform(0.0, 3.0)), chip, 1.0)
    assert not fit.fits
    changes = [row.change for row in fit.rows]
    assert changes == [
        "",
        "weights of 6 bits, not 8",
        "weights of 4 bits, not 8",
        "weights of 2 bits, not 8",
        "weights of 1 bit, not 8",
        "delays of at most 1 step, not 3",
        "delays of at most 0 steps, not 3",
        "placement='greedy'",
        "placement='hypergraph'",
    ]
    cores = [row.cores for row in fit.rows]
    assert cores[0] > cores[1] > cores[2] > cores[3] > cores[4]
    assert cores[0] >= cores[5] > cores[6]
    assert all(row.fits == (row.cores <= 8) for row in fit.rows)
    assert str(fit).startswith(f"Does not fit tiny: needs {cores[0]} cores (")
    # What is said is what happens.
    with pytest.raises(CompileError, match=rf"^network: needs {cores[0]} cores; chip 'tiny' has 8"):
        compile_network(chain((40, 40, 40), delay=Uniform(0.0, 3.0)), chip, 1.0)
    with pytest.raises(CompileError, match=rf"^network: needs {cores[7]} cores; chip 'tiny' has 8"):
        compile_network(chain((40, 40, 40), delay=Uniform(0.0, 3.0)), chip, 1.0, placement="greedy")


def test_where_no_number_of_cores_is_enough_the_reason_is_given():
    chip = LOIHI.what_if(name="tiny", synaptic_words=3)
    fit = explain_fit(chain(), chip, 1.0)
    assert fit.rows[0].cores is None
    assert str(fit).splitlines()[0] == (
        "Does not fit tiny: population 'p0': neuron 0 alone needs 4 synaptic words of a core; "
        "allowed: 3. Make the network fit (reduce its in-degree), or compile for a chip that has "
        "more with chip.what_if(...)."
    )
    assert "does not help" in str(fit)
    assert not any(row.fits for row in fit.rows)


def test_a_placement_whose_library_is_missing_was_not_tried(monkeypatch):
    monkeypatch.setitem(sys.modules, "mtkahypar", None)
    _library.cache_clear()
    fit = explain_fit(chain(), LOIHI.what_if(name="tiny", synaptic_words=3), 1.0)
    lines = {line.split()[0]: line for line in str(fit).splitlines()[2:]}
    assert lines["placement='greedy'"].endswith(" does not help")
    assert lines["placement='hypergraph'"].endswith(
        " not tried: placement='hypergraph' needs the package 'mtkahypar', which is not installed: "
        'pip install "neurochip[mapping]".'
    )
    assert [row.tried for row in fit.rows if "hypergraph" in row.change] == [False]
    asked = explain_fit(chain(), LOIHI.what_if(compartments=4), 1.0, placement="hypergraph").rows
    assert (asked[0].tried, asked[0].cores) == (False, None)
    assert [row.change for row in asked[1:] if row.fits][-1] == "placement='greedy'"
    assert not any("cores with" in row.change for row in asked)
    _library.cache_clear()


def test_a_system_that_is_too_small_names_the_chips_that_it_takes():
    chip = LOIHI.what_if(name="pair", compartments=2, cores=2, chips=2)
    with pytest.raises(CompileError) as caught:
        compile_network(chain(), chip, 1.0)
    assert str(caught.value) == (
        "network: needs 9 cores; the 2 chips of 'pair' have 4. A core is full with 2 "
        "compartments: simulate fewer neurons, or compile for a larger system with "
        "chip.what_if(chips=5)."
    )


def test_cores_with_too_many_axons_are_cut_until_they_fit():
    """Cells that reach four others each: 16 on a core have 48 entries, 8 have 24."""
    cells, others = Population("cells", 16, CELL), Population("others", 48, CELL)
    pre = np.repeat(np.arange(16), 3)
    network = Network(
        populations=[cells, others],
        connections=[from_arrays(cells, others, pre, np.arange(48) % 3 * 16, weight=1.0)],
    )
    chip = LOIHI.what_if(compartments=16, population_axons=False)
    assert compile_network(network, chip, 1.0).core_ptr.tolist() == [0, 16, 32, 48, 64]
    image = compile_network(network, chip.what_if(output_axons=30), 1.0)
    assert image.core_ptr.tolist() == [0, 8, 16, 32, 48, 64]
    assert image.report.resources["output_axons"] == (24, 30)


def test_cores_are_cut_further_if_more_of_them_need_more_axons_at_first():
    """32 neurons reach all cores, so half of them have almost twice the axons; eight have fewer."""
    cells = Population("cells", 1152, CELL)
    link = fixed_outdegree(cells, cells, 8, weight=1.0, seed=1)
    network = Network(populations=[cells], connections=[link])
    chip = LOIHI.what_if(compartments=32, cores=1024)
    halves = [chip.what_if(compartments=size) for size in (32, 16, 8)]
    images = [compile_network(network, half, 1.0) for half in halves]
    assert [image.n_cores for image in images] == [36, 72, 144]
    assert [image.report.resources["output_axons"][0] for image in images] == [72, 104, 64]
    image = compile_network(network, chip.what_if(output_axons=66), 1.0)
    assert (image.n_cores, image.report.resources["output_axons"]) == (144, (64, 66))


def test_neurons_with_other_limits_of_v_share_no_core():
    """A core has one vmin and one vmax: cells that never spike have a lower vmax."""
    members = [Population("cells", 30, CELL), Population("silent", 10, LIF(v_thresh=np.inf))]
    link = from_arrays(members[0], members[1], range(30), np.arange(30) % 10, weight=0.1)
    network = Network(populations=members, connections=[link])
    for placement in ("sequential", "greedy", "hypergraph"):
        image = compile_network(network, LOIHI, 1.0, placement=placement)
        assert sorted(np.diff(image.core_ptr).tolist()) == [10, 30]
        assert image.report.resources["shared_registers"] == (1, 1)


# --------------------------------------------------------------------------------------- strategies


def test_every_name_has_a_strategy():
    assert set(STRATEGIES) == set(OPTIONS["placement"].choices)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"placement": "random"},
            "options: placement = 'random'; allowed: 'sequential', 'greedy', 'hypergraph', 'best'.",
        ),
        (
            {"sites": "spiral"},
            "options: sites = 'spiral'; allowed: 'in_order', 'curve', 'search', None.",
        ),
        (
            {"placement_seed": -1},
            "options: placement_seed = -1; allowed: an integer of at least 0.",
        ),
    ],
)
def test_an_unknown_strategy_is_refused(options, text):
    with pytest.raises(CompileError) as caught:
        compile_network(chain(), LOIHI, 1.0, **options)
    assert str(caught.value) == text


@pytest.mark.parametrize("placement", ["hypergraph", "best"])
def test_without_the_extra_the_message_says_what_to_install(placement, monkeypatch):
    monkeypatch.setitem(sys.modules, "mtkahypar", None)
    _library.cache_clear()
    with pytest.raises(MissingExtraError) as caught:
        compile_network(chain(), LOIHI.what_if(compartments=4), 1.0, placement=placement)
    assert str(caught.value) == (
        "placement='hypergraph' needs the package 'mtkahypar', which is not installed: "
        'pip install "neurochip[mapping]".'
    )
    _library.cache_clear()


def test_a_recording_of_another_network_is_refused_as_activity():
    run = Emulator(compile_network(chain(), LOIHI, 1.0)).run(draw_stimulus(chain(), 10.0, 1))
    other = chain((6, 6, 7))
    with pytest.raises(CompileError) as caught:
        compile_network(other, LOIHI, 1.0, activity=run)
    assert str(caught.value) == (
        "activity: the recording has 6 neurons in 'p2'; allowed: a recording of this network, in "
        "which 'p2' has 7 neurons."
    )


def test_sequential_placement_leaves_cores_in_order_and_others_find_sites():
    chip = LOIHI.what_if(compartments=6)
    assert compile_network(chain((6,) * 9), chip, 1.0).core_sites is None
    image = compile_network(chain((6,) * 9), chip, 1.0, sites="curve")
    assert len(np.unique(image.sites)) == 9
    assert image.report.options["sites"] == "curve"


# ---------------------------------------------------------------------------------------- command


MODEL = """
from neurochip import LIF, Network, PoissonInput, Population, fixed_indegree

source = PoissonInput("source", 50, rate=800.0)
cells = Population("cells", {size}, LIF(tau_m=10.0))
network = Network(
    inputs=[source],
    populations=[cells],
    connections=[
        fixed_indegree(source, cells, 20, weight=1.5, seed=1),
        fixed_indegree(cells, cells, 20, weight=0.1, seed=1),
    ],
)
"""


def test_mapping_a_network_is_the_same_as_its_steps_by_hand():
    network = chain()
    stimulus = draw_stimulus(network, 50.0, 1)
    found = map_network(network, dt=1.0, stimulus=stimulus, costs=DAVIES_2018, placement="greedy")
    run = Emulator(compile_network(network, LOIHI, 1.0)).run(stimulus)
    image = compile_network(network, LOIHI, 1.0, activity=run, placement="greedy")
    mapping = map_image(image, Activity.measured(image, run, stimulus))
    energy = estimate_energy(image, run, DAVIES_2018, stimulus)
    assert found.image.digest() == image.digest()
    assert found.to_dict() == {"mapping": mapping.to_dict(), "energy": [energy.to_dict()]}
    assert str(found) == f"{mapping}\n{energy}"


def test_mapping_a_network_without_a_stimulus_assumes_equal_rates():
    found = map_network(chain(), dt="auto")
    assert found.run is None
    assert found.estimates == ()
    assert str(found) == str(map_image(compile_network(chain(), LOIHI, "auto")))


def test_a_mapped_network_has_the_step_of_its_run():
    network = chain()
    found = map_network(network, dt="auto", stimulus=draw_stimulus(network, 20.0, 1))
    assert found.image.symbols.dt == found.run.dt


def test_costs_need_a_stimulus():
    with pytest.raises(RecordingError) as caught:
        map_network(chain(), costs=DAVIES_2018)
    assert str(caught.value) == (
        "map: costs were given without a stimulus; allowed: both, since energy and time are those "
        "of a run. Pass stimulus=draw_stimulus(network, duration, seed)."
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"costs": ["sana-fe"]}, "map: costs holds 'sana-fe'; allowed: CostTable."),
        ({"costs": 3}, "map: costs = 3; allowed: a list."),
        (
            {"stimulus": 100.0},
            "map: stimulus = 100.0; allowed: a Stimulus, as from draw_stimulus.",
        ),
    ],
)
def test_wrong_arguments_of_a_mapping_are_named(wrong, message):
    with pytest.raises(RecordingError) as caught:
        map_network(chain(), **wrong)
    assert str(caught.value) == message


def run_map(tmp_path: Path, size: int, *arguments: str):
    model = tmp_path / "model.py"
    model.write_text(MODEL.format(size=size))
    return CliRunner().invoke(main, ["map", str(model), "--dt", "1", *arguments])


def test_map_prints_the_report_and_writes_figure_and_numbers(tmp_path):
    folder = tmp_path / "out"
    result = run_map(
        tmp_path, 2000, "--placement", "greedy", "--duration", "50",
        "--costs", "sana-fe", "--costs", "davies-2018", "-o", str(folder),
        "--image", str(tmp_path / "placed.npz"),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Mapped onto loihi: " in result.output
    assert "(measured in 50 steps)" in result.output
    assert "Estimate with the table 'SANA-FE'" in result.output
    assert load_image(tmp_path / "placed.npz").report.options["placement"] == "greedy"
    assert (folder / "mapping.png").read_bytes().startswith(b"\x89PNG")
    data = json.loads((folder / "mapping.json").read_text())
    assert [item["table"] for item in data["energy"]] == ["SANA-FE", "Davies 2018"]
    assert data["mapping"]["activity"] == "measured in 50 steps"


def test_map_says_why_a_network_does_not_fit_and_exits_with_3(tmp_path):
    result = run_map(tmp_path, 1500, "--set", "cores=1")
    assert result.exit_code == 3
    assert "Does not fit loihi (cores=1): needs " in result.output
    assert "placement='greedy'" in result.output
    assert "Traceback" not in result.output


def test_map_shows_errors_that_no_room_would_mend(tmp_path):
    result = run_map(tmp_path, 100, "--headroom", "0.5")
    assert result.exit_code == 2
    assert "Invalid value for '--headroom': '0.5' is not a number of at least 1." in result.output
    result = run_map(tmp_path, 100, "--costs", "sana-fe")
    assert result.exit_code == 2
    assert unfolded(result.output)[-1].startswith("Error: --costs needs --input, or a ")


def test_the_command_offers_all_that_there_is():
    choices = {
        option.name: list(option.type.choices)
        for option in map_command.params
        if hasattr(option.type, "choices")
    }
    assert choices["chip"] == list({**PRESETS, **SYSTEMS})
    assert choices["placement"] == list(OPTIONS["placement"].choices)
    assert choices["sites"] == list(OPTIONS["sites"].choices)
    assert choices["costs"] == list(COST_TABLES)


def test_connections_that_are_alike_share_a_format():
    source, cells = PoissonInput("in", 10, rate=10.0), Population("cells", 10, CELL)
    links = [
        from_arrays(source, cells, range(10), range(10), weight=1.0, delay=d, name=str(k))
        for k, d in enumerate((0.0, 0.0, 2.0, 3.0, 4.0))
    ]
    network = Network(inputs=[source], populations=[cells], connections=links)
    image = compile_network(network, LOIHI, 1.0)
    assert len(image.synapses) == 5
    assert image.report.resources["synapse_formats"] == (3, 15)  # 0, 2 and 3 bits of delay
