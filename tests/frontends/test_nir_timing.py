"""Biases and connections that skip layers act when they do in a simulator without steps between."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
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
    read_on,
    recurrent,
    spikes,
)
from nir_numpy import evaluate

from compiler import compile_network
from neurochip import ConstantCurrent, StepCurrent
from neurochip.emulator import Emulator
from neurochip.errors import FrontendError, RecordingError
from neurochip.frontends.nir import read_nir, write_nir
from neurochip.frontends.nir.timing import find_timing
from neurochip.reference import simulate_reference


@pytest.fixture(params=["memory", "disk"])
def read(request, tmp_path):
    return read_on(request.param, tmp_path)


def deep(neuron, layers=4, size=6, seed=4):
    """A chain of layers with biases of both signs."""
    rng, nodes = np.random.default_rng(seed), {"input": nir.Input({"input": np.array([size])})}
    for k in range(layers):
        nodes[f"w{k}"] = linear(rng.normal(0.3, 0.6, (size, size)), rng.normal(0.1, 0.4, size))
        nodes[f"n{k}"] = neuron((size,))
    nodes["output"] = nir.Output({"output": np.array([size])})
    return graph(nodes, list(zip(list(nodes)[:-1], list(nodes)[1:], strict=True)))


def quick(shape):
    """Neurons whose synaptic current keeps a tenth in a step."""
    return cuba(shape, tau_syn=DT / 0.9, tau_mem=5 * DT, r=5.0, w_in=1 / 0.9)


def slow(shape):
    return cuba(shape, tau_syn=20 * DT, tau_mem=5 * DT, r=5.0, w_in=9.0)


def at_once(shape):
    """Neurons whose synaptic current keeps nothing."""
    return cuba(shape, tau_syn=DT, tau_mem=5 * DT, r=5.0)


def assert_like_a_simulator(model, source, counts, layers="same_step"):
    expected, levels = evaluate(source, counts, DT, layers=layers)
    run = simulate_reference(model.network, model.stimulus(counts), model.dt, record=["v"])
    for name, rows in expected.items():
        behind = model.depths[name] if layers == "same_step" else 0
        found = np.zeros(rows.shape)
        found[run.steps[name], run.ids[name]] = 1
        steps = len(counts) - behind
        assert np.array_equal(found[behind:], rows[:steps]), name
        assert rows.sum() > 10
        v = run.trace(name).values
        assert v[behind:] == pytest.approx(levels[name][:steps], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "neuron",
    [lambda shape: lif(shape, tau=5 * DT, r=5.0), integrator, quick, slow, at_once],
    ids=["LIF", "IF", "quick CubaLIF", "slow CubaLIF", "CubaLIF without memory of its current"],
)
@pytest.mark.parametrize("layers", ["same_step", "next_step"])
def test_every_layer_of_a_deep_network_with_biases_spikes_as_in_a_simulator(read, neuron, layers):
    source = deep(neuron)
    model = read(source, layers=layers)
    assert list(model.depths.values()) == [0, 1, 2, 3]
    assert_like_a_simulator(model, source, spikes((6,), 200), layers)


def test_the_bias_of_the_first_layer_is_a_constant_current_and_of_others_begins_later(read):
    network = read(deep(lambda shape: lif(shape, tau=5 * DT, r=5.0))).network
    first, *others = (item for item in network.inputs if hasattr(item, "target"))
    assert isinstance(first, ConstantCurrent)
    for depth, item in enumerate(others, start=1):
        assert isinstance(item, StepCurrent)
        assert item.times == pytest.approx([depth * 0.1])


def test_the_rising_bias_of_a_second_layer_is_no_current_in_steps(read):
    network = read(recurrent()).network
    assert not any(network.step_currents(item) for item in network.populations)
    second = network.populations[1]
    assert second.parameter("i_syn_init") == pytest.approx(-network.current(second))


def test_a_connection_that_skips_a_layer_waits_for_it(read):
    rng = np.random.default_rng(6)
    nodes = {
        "input": nir.Input({"input": np.array([4])}),
        "a": linear(rng.normal(0.8, 0.5, (4, 4))),
        "first": integrator((4,)),
        "b": linear(rng.normal(0.6, 0.5, (4, 4)), rng.normal(0, 0.1, 4)),
        "second": integrator((4,)),
        "skip": linear(rng.normal(0.3, 0.5, (4, 4))),
        "past": linear(rng.normal(0.3, 0.5, (4, 4))),
        "c": linear(rng.normal(0.3, 0.5, (4, 4))),
        "third": integrator((4,)),
        "output": nir.Output({"output": np.array([4])}),
    }
    edges = [("input", "a"), ("a", "first"), ("first", "b"), ("b", "second"), ("second", "c")]
    edges += [("c", "third"), ("first", "past"), ("past", "third"), ("third", "output")]
    edges += [("input", "skip"), ("skip", "third"), ("third", "back"), ("back", "third")]
    nodes["back"] = linear(rng.normal(-0.2, 0.1, (4, 4)))
    source = graph(nodes, edges)
    model = read(source)
    delays = {(c.source.name, c.target.name): c.delay for c in model.network.connections}
    assert delays["first", "third"] == pytest.approx(0.1)
    assert delays["input", "third"] == pytest.approx(0.2)
    assert delays["third", "third"] == delays["second", "third"] == delays["input", "first"] == 0
    assert_like_a_simulator(model, source, spikes((4,), 300))


def test_depths_count_layers_and_name_what_comes_late():
    timing = find_timing({"a": ["x", "b"], "b": ["a", "b"], "c": ["b", "a", "x"], "idle": []})
    assert timing.depths == {"a": 0, "b": 1, "c": 2, "idle": 0}
    assert timing.late == {("b", "a"): 1}
    assert timing.extra == {
        ("x", "a"): 0,
        ("b", "a"): 0,
        ("a", "b"): 0,
        ("b", "b"): 0,
        ("b", "c"): 0,
        ("a", "c"): 1,
        ("x", "c"): 2,
    }


def test_layers_that_only_feed_each_other_have_a_depth_too():
    assert find_timing({"a": ["b"], "b": ["a"]}).depths == {"a": 0, "b": 0}


def test_the_chip_waits_too(read):
    """The bias alone makes the second neuron spike in each tenth step, counted from its begin."""
    neuron = integrator(v_threshold=0.95)
    model = read(chain((1,), linear([[0.0]]), neuron, linear([[0.0]], [0.1]), neuron))
    stimulus = model.stimulus(np.zeros((40, 1), dtype=int))
    chip = Emulator(compile_network(model.network, dt=model.dt)).run(stimulus)
    reference = simulate_reference(model.network, stimulus, model.dt)
    for run in (chip, reference):
        assert run.steps["d"].tolist() == [10, 20, 30]


def test_a_bias_that_begins_later_needs_steps_of_a_constant_current():
    with pytest.raises(FrontendError) as caught:
        read_nir(deep(quick), DT, reset="value", integration="exact")
    assert str(caught.value) == (
        "NIR: CubaLIF 'n1': its bias begins 1 steps after the input (layers = 'same_step'), which "
        "steps of a current give only where a current acts unchanged during a step. Take "
        "integration = 'euler' or 'exponential_euler', or layers = 'next_step'."
    )


@pytest.mark.parametrize("neuron", [quick, slow, lambda shape: lif(shape, tau=5 * DT, r=5.0)])
def test_what_waits_is_stored_as_the_bias_and_the_delay_of_the_graph(tmp_path, neuron):
    source = deep(neuron, layers=3)
    source.nodes["skip"] = linear(np.eye(6))
    source.edges += [("input", "skip"), ("skip", "n2")]
    first = read_nir(source, DT, reset="value")
    stored = nir.read(write_nir(first, tmp_path / "a.nir"))
    assert not any(isinstance(node, nir.Delay) for node in stored.nodes.values())
    second = read_nir(tmp_path / "a.nir", DT)
    counts = spikes((6,), 100)
    runs = [simulate_reference(m.network, m.stimulus(counts), m.dt) for m in (first, second)]
    for name in ("n0", "n1", "n2"):
        assert np.array_equal(runs[0].steps[name], runs[1].steps[name])
        assert len(runs[0].steps[name]) > 10


@pytest.mark.parametrize("name", ["leaky_zero_nodelay", "syn_zero_nodelay"])
def test_an_export_of_snntorch_with_biases_does_what_snntorch_does(name):
    stored = np.load(published(f"snntorch_{name}.npz"))
    model = read_nir(published(f"snntorch_{name}.nir"), DT, convention="snntorch", reset="value")
    counts = np.concatenate([stored["x"], np.zeros((1, 12), dtype=int)])
    run = simulate_reference(model.network, model.stimulus(counts), model.dt)
    found = np.zeros((len(counts), 5))
    found[run.steps["3"], run.ids["3"]] = 1
    assert np.array_equal(found[1:], stored["snntorch"])
    assert found.any()


def test_spikes_of_a_run_are_an_array_in_the_steps_of_the_simulator(read):
    neuron = integrator((2, 1), v_threshold=0.9)
    source = chain((2, 1), neuron, nir.Scale(np.array([[1.0], [0.5]])), integrator((2, 1)))
    model = read(source, reset="value")
    counts = np.ones((4, 2, 1), dtype=int)
    run = simulate_reference(model.network, model.stimulus(counts), model.dt)
    assert model.spikes(run, "a").tolist() == [[[1], [1]]] * 4
    assert model.spikes(run).shape == (3, 2, 1)
    assert model.spikes(run)[:, 1, 0].tolist() == [0, 0, 1]
    late = read(source, reset="value", convention="lava")
    run = simulate_reference(late.network, late.stimulus(counts), late.dt)
    assert late.spikes(run).shape == (4, 2, 1)
    with pytest.raises(RecordingError) as caught:
        model.spikes(run, "b")
    assert str(caught.value) == "NIR: population = 'b'; the run has 'a', 'c'."


def test_of_several_outputs_one_is_named(read):
    nodes = {"input": nir.Input({"input": np.array([1])}), "a": integrator(), "b": integrator()}
    nodes |= {name: nir.Output({"output": np.array([1])}) for name in ("x", "y")}
    edges = [("input", "a"), ("input", "b"), ("a", "x"), ("b", "y")]
    model = read(graph(nodes, edges))
    run = simulate_reference(model.network, model.stimulus(np.ones((3, 1), dtype=int)), model.dt)
    with pytest.raises(RecordingError) as caught:
        model.spikes(run)
    assert str(caught.value) == "NIR: the graph has the outputs 'a', 'b'; name one of them."


def test_populations_are_in_the_order_of_their_layers_whatever_their_names(read):
    nodes = {"input": nir.Input({"input": np.array([1])})}
    nodes |= {name: integrator() for name in ("9", "10", "2")}
    nodes["output"] = nir.Output({"output": np.array([1])})
    names = list(nodes)
    model = read(graph(nodes, list(pairwise(names))))
    assert [item.name for item in model.network.populations] == ["9", "10", "2"]
