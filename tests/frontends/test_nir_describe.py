"""A description says of each node whether it runs and why, and what must be stated."""

from __future__ import annotations

import json

import numpy as np
import pytest
from command_line import fail, run, succeed
from nir_graphs import (
    DT,
    chain,
    cuba,
    graph,
    integrator,
    lif,
    linear,
    nir,
    published,
    readout,
    recurrent,
    stored,
)

from neurochip.frontends.nir import inspect_nir, read_nir, write_nir

h5py = pytest.importorskip("h5py")


@pytest.fixture(params=["memory", "disk"])
def inspect(request, tmp_path):
    """Describe a graph in memory, or the file of it."""

    def describe(source, *arguments, **options):
        if request.param == "disk":
            source = stored(tmp_path / "graph.nir", source)
        return inspect_nir(source, *arguments, **options)

    return describe


def verdicts(found):
    return {row.name: row.verdict for row in found.rows}


def notes(found):
    return {row.name: row.note for row in found.rows if row.note}


def test_a_graph_that_runs_is_described_in_the_order_of_its_spikes(inspect):
    found = inspect(recurrent())
    names = [row.name for row in found.rows]
    assert names[:3] + names[-2:] == ["input", "fc1", "lif1.lif", "lif2", "output"]
    assert set(verdicts(found).values()) == {"runs"}
    assert found.runs
    assert (found.n_neurons, found.n_synapses) == (45, 12 * 38 + 38 * 38 + 38 * 7)
    rows = {row.name: row for row in found.rows}
    assert (rows["fc1"].shape, rows["fc1"].n_values) == ((38,), 12 * 38 + 38)
    assert (rows["lif2"].n_synapses, rows["lif2"].resets) == (38 * 7, ("value", "subtract"))
    assert rows["lif2"].note == "stores a v_reset of 0; possible resets: value, subtract"
    assert list(found.settings) == ["dt", "convention", "reset", "reset_delay"]
    assert found.settings["dt"].endswith("Its parameters hint at snnTorch with dt=0.0001")
    assert "'lif1.lif', 'lif2' cannot say it" in found.settings["reset"]


def test_a_graph_that_was_written_here_leaves_nothing_open(tmp_path):
    path = write_nir(read_nir(recurrent(), DT, reset="value"), tmp_path / "a.nir")
    assert inspect_nir(path).settings == {}


@pytest.mark.parametrize(
    ("options", "resets", "note"),
    [
        ({"reset": "value"}, ("value",), "a spike sets v to its v_reset"),
        (
            {"reset": "value", "reset_delay": True},
            ("value",),
            "a spike sets v to its v_reset, a step late",
        ),
        (
            {"reset": "subtract"},
            ("subtract",),
            "a spike subtracts v_threshold - v_reset from v",
        ),
        (
            {"spikes_per_step": "many"},
            ("subtract",),
            "a spike subtracts v_threshold - v_reset from v, several times in a step",
        ),
    ],
)
def test_a_reset_that_a_written_graph_says_is_described(tmp_path, options, resets, note):
    path = write_nir(read_nir(recurrent(), DT, **options), tmp_path / "a.nir")
    (row, *_) = [row for row in inspect_nir(path).rows if row.resets]
    assert (row.resets, row.note) == (resets, note)


def test_a_stored_reset_allows_no_other(inspect):
    found = inspect(chain((1,), lif(v_reset=-0.5)))
    assert found.rows[1].resets == ("value",)
    assert notes(found) == {"a": "a spike sets v to its v_reset"}
    assert list(found.settings) == ["dt", "convention"]


def test_the_text_is_a_table_with_what_must_be_stated(inspect):
    nodes = [linear([[0.5, 0.5]]), integrator(), nir.Threshold(np.array([0.5])), linear([[1.0]])]
    text = str(inspect(chain((2,), *nodes, readout())))
    assert text.splitlines() == [
        "node    kind       shape  values  synapses  verdict",
        "input   Input      2                        runs",
        "a       Linear     1           2            runs",
        "b       IF         1           3         2  runs",
        "    stores a v_reset of 0; possible resets: value, subtract",
        "c       Threshold  1           1            runs",
        "    passes spikes on, which are 0 or 1",
        "d       Linear     1           1            runs",
        "e       LI         1           3         1  runs",
        "    never spikes; its v is an output",
        "output  Output     1                        runs",
        "7 nodes, 2 neurons, 3 synapses; runs. To be stated:",
        "  dt: the step of the simulator that wrote it, in seconds; graphs store none",
        "  convention: the simulator that wrote it; 'norse' (and snnTorch) if not given",
        "  reset: whether a spike sets v to 0 ('value'), or subtracts the threshold ('subtract', "
        "on chips with programmable neurons); 'b' cannot say it",
    ]


def test_each_node_that_cannot_run_has_its_reason_and_others_their_verdict(inspect):
    nodes = [
        linear(np.ones((3, 2))),
        lif((3,), tau=-1.0),
        linear(np.ones((4, 2))),
        lif((4,)),
    ]
    found = inspect(chain((2,), *nodes))
    assert verdicts(found) == {
        "input": "runs",
        "a": "runs",
        "b": "cannot",
        "c": "cannot",
        "d": "runs",
        "output": "runs",
    }
    assert notes(found)["b"] == "tau = -1; allowed: above 0."
    assert notes(found)["c"].startswith("weight takes 2 inputs and gets shape (3,).")
    assert not found.runs
    assert found.problem == "'b' tau = -1; allowed: above 0"


def test_kinds_that_are_unknown_are_rows_like_others(tmp_path):
    path = stored(tmp_path / "a.nir", chain((2,), linear(np.eye(2)), lif((2,)), linear(np.eye(2))))
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/type"]
        file["node/nodes/a/type"] = "LayerNorm"
        del file["node/nodes/b/r"]
    found = inspect_nir(path)
    assert verdicts(found)["a"] == verdicts(found)["b"] == verdicts(found)["c"] == "cannot"
    assert notes(found)["a"].startswith("node 'a' is of the type 'LayerNorm'; known: Affine, ")
    assert notes(found)["b"] == "node 'b' (LIF) has no 'r'. Write the file again."
    assert notes(found)["c"] == "gets a tensor of unknown shape, since 'b' cannot be read."


def test_read_outs_that_feed_neurons_and_sums_that_are_outputs_are_found(inspect):
    found = inspect(chain((1,), readout(), lif()))
    assert notes(found)["a"].startswith("its v goes to 'b', but neurons of a chip send only spikes")
    found = inspect(chain((1,), lif(), linear([[2.0]])))
    assert notes(found)["output"].startswith("is fed by 'b'; allowed: the spikes (or v)")
    assert not found.runs


def test_a_loop_without_neurons_is_a_problem_of_the_whole(inspect):
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "a": linear([[1.0]]),
        "b": linear([[1.0]]),
        "lif": lif(),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "a"), ("a", "b"), ("b", "a"), ("b", "lif"), ("lif", "output")]
    found = inspect(graph(nodes, edges))
    assert "form a loop without a neuron" in found.problem
    assert str(found).splitlines()[-4].startswith("5 nodes, 1 neurons, 0 synapses; cannot run: ")


def test_a_connection_back_to_an_earlier_layer_is_approximated(inspect):
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "first": integrator(),
        "second": integrator(),
        "back": linear([[-1.0]]),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "first"), ("first", "second"), ("second", "back"), ("back", "first")]
    source = graph(nodes, [*edges, ("second", "output")])
    found = inspect(source)
    assert verdicts(found)["first"] == "approximated"
    assert notes(found)["first"].endswith(
        "spikes of 'second', a later layer, reach it 1 step later than in a simulator that passes "
        "spikes through all layers at once"
    )
    assert found.verdict == "runs, with 1 node approximated"
    assert verdicts(inspect(source, convention="lava"))["first"] == "runs"


def test_delays_between_steps_are_approximated_for_a_given_step(inspect):
    source = chain((2,), nir.Delay(np.array([1e-3, 1.25e-3])), lif((2,)))
    assert verdicts(inspect(source))["a"] == "runs"
    assert verdicts(inspect(source, 2.5e-4))["a"] == "runs"
    found = inspect(source, 1e-3)
    assert verdicts(found)["a"] == "approximated"
    assert notes(found)["a"] == "delays are rounded to steps of 1 ms"


@pytest.mark.parametrize("name", ["snntorch_syn_zero_delay", "a031194_10"])
def test_a_published_graph_is_described_as_it_is_read(name):
    path = published(f"{name}.nir")
    found, model = inspect_nir(path), read_nir(path, DT, reset="value")
    shapes = {row.name: row.shape for row in found.rows}
    assert all(shapes[key] == shape for key, shape in model.shapes.items())
    assert found.n_synapses == model.network.n_synapses
    assert repr(found).startswith("NirDescription('")


def test_the_command_prints_the_description_and_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stored("good.nir", chain((1,), cuba()))
    stored("bad.nir", chain((1,), cuba(tau_syn=-1.0)))
    assert succeed("inspect", "good.nir").startswith("node    kind     shape  values")
    data = json.loads(succeed("inspect", "good.nir", "--dt", "1e-4", "--json"))
    assert data["runs"]
    assert [row["name"] for row in data["rows"]] == ["input", "a", "output"]
    assert set(data["settings"]) == {"dt", "convention", "reset"}
    result = run("inspect", "bad.nir")
    assert result.exit_code == 1
    assert "cannot run: 'a' tau_syn = -1; allowed: above 0" in result.output
    (tmp_path / "model.py").write_text("")
    assert fail("inspect", "model.py") == (
        "model.py: not a trained network; pass a NIR graph (.nir), or a network of lava-dl (.net)."
    )


def test_the_command_describes_networks_of_lava_dl_too():
    path = published("snntorch_syn_zero_delay.nir").parents[1] / "loihi2" / "tiny.net"
    if not path.is_file():
        pytest.skip("needs the networks of lava-dl")
    assert "layers" in succeed("inspect", path)
