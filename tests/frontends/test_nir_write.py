"""A network written as a NIR graph is the same network when it is read."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from nir_graphs import (
    DT,
    chain,
    cuba,
    full,
    graph,
    integrator,
    lif,
    linear,
    nir,
    paper_neuron,
    published,
    readout,
    recurrent,
    spikes,
)

from compiler import compile_network
from neurochip import (
    LIF,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    all_to_all,
    fixed_probability,
    from_arrays,
    one_to_one,
)
from neurochip.errors import FrontendError, MissingExtraError
from neurochip.frontends.nir import Convention, read_nir, write_nir
from neurochip.reference import simulate_reference

ROUNDING = 1e-13  # relative: a weight is divided by the size of its kick and multiplied again


def convolutional():
    kernel = np.arange(8.0).reshape(2, 1, 2, 2) - 3
    nodes = [
        nir.Conv2d((4, 4), kernel, 1, 0, 1, 1, np.array([0.5, -0.5])),
        integrator((2, 3, 3), r=0.09),
        nir.AvgPool2d(np.array([2, 2]), np.array([1, 1]), np.array([0, 0])),
        nir.Flatten({"input": None}, 0),
        nir.Delay(np.linspace(0, 7e-4, 8)),
        linear(full((2, 8), 30.0), [0.3, -0.3]),
        cuba((2,)),
    ]
    return chain((1, 4, 4), *nodes)


def values():
    kicked = [linear([[40.0]]), lif(v_leak=0.1), linear([[3.0]]), nir.Threshold(np.array([2.0]))]
    return chain((1,), *kicked, linear([[90.0]], [1.0]), readout(v_leak=0.2))


def cuba_values():
    node = nir.CubaLI(**{n: full((2,), 0.01) for n in ("tau_syn", "tau_mem", "r", "v_leak")})
    return chain((3,), linear(full((2, 3), 50.0), [1.0, 2.0]), node)


def plain_integrator():
    return chain((2,), linear(full((2, 2), 50.0), [1.0, -2.0]), nir.I(full((2,), 3.0)))


GRAPHS = {
    "paper": paper_neuron,
    "recurrent": recurrent,
    "convolutional": convolutional,
    "values": values,
    "CubaLI": cuba_values,
    "I": plain_integrator,
}


def assert_close(first, second):
    """Networks of one structure, with values that differ by rounding at most."""
    assert first.delivery == second.delivery
    pairs = zip(first.populations, second.populations, strict=True)
    for ours, theirs in pairs:
        assert ours.name == theirs.name
        for name in ("tau_m", "cm", "v_rest", "v_reset", "v_thresh", "i_syn_init", "tau_syn_E"):
            a, b = getattr(ours.model, name), getattr(theirs.model, name)
            assert (a is None) == (b is None)
            if a is not None:
                a, b = ours.parameter(name), theirs.parameter(name)
                assert a == pytest.approx(b, rel=ROUNDING), name
        assert first.current(ours) == pytest.approx(second.current(theirs), rel=ROUNDING)
    by_name = {c.name: c for c in second.connections}
    assert {c.name for c in first.connections} == set(by_name)
    for ours in first.connections:
        theirs = by_name[ours.name]
        for a, b in zip(triples(ours), triples(theirs), strict=True):
            assert a == pytest.approx(b, rel=ROUNDING, abs=1e-12)


def triples(connection):
    post = connection.post
    delay = np.broadcast_to(np.round(connection.delay, 9), post.shape)
    order = np.lexsort((delay, post, connection.pre))
    weight = np.broadcast_to(connection.weight, post.shape)
    return connection.pre[order], post[order], delay[order], weight[order]


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize(
    "convention",
    [
        Convention(),
        Convention(kick="stored", delivery="next_step"),
        Convention(kick="impulse", integration="exact", layers="next_step"),
        Convention(integration="exponential_euler"),
    ],
    ids=["pulse", "stored", "impulse", "exponential"],
)
def test_read_write_read_gives_the_same_graph(tmp_path, name, convention):
    first = read_nir(GRAPHS[name](), DT, reset="value", convention=convention)
    path = write_nir(first, tmp_path / "a.nir")
    second = read_nir(path, DT)
    assert_close(first.network, second.network)
    assert (first.inputs, first.outputs, first.dt) == (second.inputs, second.outputs, second.dt)
    # What is written once more is the same file: nodes, edges, parameters.
    before, after = nir.read(path), nir.read(write_nir(second, tmp_path / "b.nir"))
    assert sorted(before.edges) == sorted(after.edges)
    assert before.metadata.keys() == after.metadata.keys()
    assert before.nodes.keys() == after.nodes.keys()
    for label, node in before.nodes.items():
        ours, theirs = vars(node), vars(after.nodes[label])
        assert type(node) is type(after.nodes[label])
        for key, value in ours.items():
            if isinstance(value, np.ndarray):
                assert value == pytest.approx(theirs[key], rel=ROUNDING, abs=1e-12), (label, key)


def test_the_published_graphs_survive_as_the_same_registers(tmp_path):
    for name in ("lif_norse.nir", "braille_rnn.nir"):
        first = read_nir(published(name), DT, v_reset=0.0)
        second = read_nir(write_nir(first, tmp_path / name), DT)
        images = [compile_network(m.network, dt=m.dt) for m in (first, second)]
        assert images[0].digest() == images[1].digest()


def test_the_spikes_are_the_same_too(tmp_path):
    first = read_nir(recurrent(), DT, reset="value")
    runs = [
        simulate_reference(model.network, model.stimulus(spikes((12,), 300)), model.dt)
        for model in (first, read_nir(write_nir(first, tmp_path / "a.nir"), DT))
    ]
    assert runs[0].n_spikes > 500
    for name in ("lif1.lif", "lif2"):
        assert np.array_equal(runs[0].steps[name], runs[1].steps[name])
        assert np.array_equal(runs[0].ids[name], runs[1].ids[name])


def own_network(**changes):
    model = LIF(**{"tau_m": 10.0, "v_rest": 0.0, "v_reset": -1.0, "v_thresh": 2.0, **changes})
    source = PoissonInput("source", 5, rate=80.0)
    cells, last = Population("cells", 6, model), Population("last", 3, model)
    weight, delay = np.linspace(-1, 2, 30).reshape(5, 6), np.arange(30).reshape(5, 6) % 3 * 0.2
    return Network(
        inputs=[source, ConstantCurrent(cells, 0.1)],
        populations=[cells, last],
        connections=[
            all_to_all(source, cells, weight=weight, delay=delay),
            fixed_probability(cells, cells, 0.5, weight=0.3, seed=1),
            fixed_probability(cells, last, 0.5, weight=0.4, delay=0.3, seed=2),
        ],
    )


@pytest.mark.parametrize("integration", ["exact", "euler", "exponential_euler"])
def test_a_network_of_ones_own_is_written_with_its_step(tmp_path, integration):
    network = own_network(integration=integration)
    path = write_nir(network, tmp_path / "own.nir", dt=1e-4)
    model = read_nir(path, 1e-4)
    assert model.convention == Convention(
        integration=integration, delivery="after_threshold", layers="next_step"
    )
    assert_close(network, model.network)
    assert model.outputs == ("last",)
    stored = nir.read(path)
    assert stored.metadata["dt"] == 1e-4
    assert stored.metadata["integration"] == integration
    with pytest.warns(UserWarning, match="the metadata of the graph say delivery = 'after_thresh"):
        read_nir(path, 1e-4, delivery="before_threshold")


def test_neurons_that_nothing_feeds_are_written_too(tmp_path):
    cells = Population("cells", 4, LIF(v_rest=0.0, v_reset=-1.0, v_thresh=5.0, i_offset=0.3))
    network = Network(populations=[cells, Population("idle", 2)])
    model = read_nir(write_nir(network, tmp_path / "own.nir", dt=1e-4), 1e-4)
    assert model.network.current(model.network.population("cells")) == pytest.approx([0.3] * 4)
    assert model.network.n_synapses == 0
    assert model.outputs == ("cells", "idle")


def test_given_spikes_are_not_stored_but_their_input_is(tmp_path):
    source, cells = SpikeInput("a/b", 2, [0], [1.0]), Population("cells", 2, LIF())
    network = Network(
        inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=1.0)]
    )
    path = write_nir(network, tmp_path / "own.nir", dt=1e-4)
    stored = nir.read(path)
    assert set(stored.nodes) == {"a_b", "cells", "a_b->cells", "output"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"tau_refrac": 2.0},
            "NIR: population 'cells': tau_refrac = 2 ms, but NIR has no refractory period. Set it "
            "to 0.",
        ),
        (
            {"tau_syn_E": 2.0, "tau_syn_I": 3.0},
            "NIR: population 'cells': has two synaptic time constants, but a NIR node has one. "
            "Give it one tau_syn.",
        ),
        (
            {"v_init": 0.5},
            "NIR: population 'cells': v_init = 0.5 mV, but neurons of NIR begin at v_rest. Set it "
            "to that.",
        ),
        (
            {"tau_m": np.inf, "v_rest": 0.25},
            "NIR: population 'cells': v_init = 0.25 mV, but neurons of NIR begin at 0. Set it to "
            "that.",
        ),
        (
            {"tau_m": np.inf, "tau_syn": 2.0},
            "NIR: population 'cells': has a synaptic current and no leak, but NIR's IF has no "
            "current. Give it a tau_m, or delta synapses.",
        ),
        (
            {"tau_syn": 2.0},
            "NIR: population 'cells': i_syn_init = 0 nA, but with its constant current a neuron of "
            "NIR begins with -0.1 nA. Set it to that.",
        ),
    ],
)
def test_what_nir_cannot_express_is_refused(tmp_path, changes, message):
    with pytest.raises(FrontendError) as caught:
        write_nir(own_network(**changes), tmp_path / "own.nir", dt=1e-4)
    assert str(caught.value) == message
    assert not list(tmp_path.iterdir())


def test_kicks_beside_a_current_are_refused(tmp_path):
    cells = Population("cells", 2, LIF(tau_syn=2.0))
    links = [one_to_one(cells, cells, weight=1.0, receptor=receptor) for receptor in ("v", None)]
    with pytest.raises(FrontendError) as caught:
        write_nir(Network(populations=[cells], connections=links), tmp_path / "own.nir", dt=1e-4)
    assert str(caught.value) == (
        "NIR: population 'cells': has a synaptic current and connections with receptor = 'v', but "
        "a NIR node has one receptor. Let all of them drive the current."
    )


def test_matrices_that_would_be_too_large_are_refused(tmp_path):
    big = Population("big", 9000, LIF())
    few, many = Population("few", 2, LIF()), Population("many", 100, LIF())
    rng = np.random.default_rng(0)
    delays = from_arrays(
        many, few, np.arange(100).repeat(2), np.tile([0, 1], 100), weight=1.0, delay=rng.random(200)
    )
    for network, message in (
        (
            Network(populations=[big], connections=[one_to_one(big, big, weight=1.0)]),
            "NIR: connection 'big->big': would be a dense matrix of 9000 x 9000, since NIR has no "
            "sparse one; allowed: 67108864 entries. Split the population.",
        ),
        (
            Network(populations=[few, many], connections=[delays]),
            "NIR: connection 'many->few': has 200 different delays, each of which would be a "
            "matrix, since NIR delays whole channels; allowed: 64 delays. Round them.",
        ),
    ):
        with pytest.raises(FrontendError) as caught:
            write_nir(network, tmp_path / "own.nir", dt=1e-4)
        assert str(caught.value) == message


def test_requests_that_make_no_sense_are_refused(tmp_path):
    mixed = Network(
        populations=[Population("p", 1, LIF()), Population("q", 1, LIF(integration="euler"))]
    )
    model = read_nir(paper_neuron(), DT, reset="value")
    for source, options, message in (
        (
            mixed,
            {"dt": 1e-4},
            "NIR: populations are integrated by euler, exact; allowed: one method, since a "
            "graph is read with one method for all.",
        ),
        (mixed, {}, "NIR: dt is missing; pass the step in seconds, such as dt=1e-4."),
        (7, {}, "NIR: source = 7; allowed: a NirModel or a Network."),
        (
            model,
            {"dt": 1e-3},
            "NIR: dt = 0.001 s, but the graph was read for 0.0001 s; omit dt.",
        ),
    ):
        with pytest.raises(FrontendError) as caught:
            write_nir(source, tmp_path / "x.nir", **options)
        assert str(caught.value) == message
    assert write_nir(model, tmp_path / "x.nir", dt=1e-4).is_file()


def test_writing_needs_the_extra(tmp_path, monkeypatch):
    model = read_nir(paper_neuron(), DT, reset="value")
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(MissingExtraError) as caught:
        write_nir(model, tmp_path / "x.nir")
    assert str(caught.value) == (
        "writing a NIR graph needs the package 'nir', which is not installed: pip install "
        '"neurochip[nir]".'
    )


def test_a_flat_graph_with_several_outputs_keeps_them(tmp_path):
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "p": lif(),
        "q": lif(),
        "first": nir.Output({"output": np.array([1])}),
        "second": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "p"), ("input", "q"), ("p", "first"), ("q", "second")]
    model = read_nir(graph(nodes, edges), DT, reset="value")
    assert model.outputs == ("p", "q")
    assert read_nir(write_nir(model, tmp_path / "a.nir"), DT).outputs == ("p", "q")
