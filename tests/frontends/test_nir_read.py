"""NIR graphs become the network that they describe."""

from __future__ import annotations

import math

import numpy as np
import pytest
from nir_graphs import (
    DT,
    PAPER_SPIKES,
    PAPER_STEPS,
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
    read_on,
    readout,
    recurrent,
    spikes,
)
from nir_numpy import evaluate

from compiler import compile_network
from neurochip import attribute, draw_stimulus
from neurochip.emulator import Emulator
from neurochip.errors import ChipOverflowWarning
from neurochip.frontends.nir import CONVENTIONS, Convention
from neurochip.reference import simulate_reference

ROUNDING = 1e-9  # of v: sums in another order


@pytest.fixture(params=["memory", "disk"])
def read(request, tmp_path):
    """A reader of graphs, which lie in memory or are written first."""
    return read_on(request.param, tmp_path)


def paper_input():
    counts = np.zeros((1000, 1), dtype=int)
    counts[PAPER_STEPS] = 1
    return counts


def run_both(model, counts, record=()):
    stimulus = model.stimulus(counts)
    chip = Emulator(compile_network(model.network, dt=model.dt)).run(stimulus, record=record)
    return simulate_reference(model.network, stimulus, model.dt, record=record), chip


def dense(recording, name, size):
    counts = np.zeros((recording.n_steps, size), dtype=int)
    counts[recording.steps[name], recording.ids[name]] = 1
    return counts


def assert_equals_plain_numpy(read, source, counts, shapes, **options):
    """Spikes of every neuron and step, and v of every neuron and step."""
    model = read(source, **options)
    expected, levels = evaluate(source, counts, DT, layers=model.convention.layers)
    reference = simulate_reference(model.network, model.stimulus(counts), model.dt, record=["v"])
    for name, shape in shapes.items():
        size = math.prod(shape)
        assert model.network.population(name).size == size
        # A chip runs this many steps behind a simulator that passes spikes through all layers.
        behind = model.depths[name] if model.convention.layers == "same_step" else 0
        steps = len(counts) - behind
        theirs = expected[name].reshape(len(counts), size)[:steps]
        assert np.array_equal(dense(reference, name, size)[behind:], theirs), name
        v = levels[name].reshape(len(counts), size)[:steps]
        found = reference.trace(name).values[behind:]
        assert np.abs(found - v).max() < ROUNDING * max(1, np.abs(v).max())
    return model, expected, levels


def test_the_error_of_a_graph_is_attributed_to_its_registers_without_a_finer_grid(read):
    model = read(paper_neuron())
    stimulus = model.stimulus(paper_input())
    attribution = attribute(model.network, stimulus, dt=model.dt, substeps=1)
    assert {item.part for item in attribution.effects} == {"registers", "engines"}
    assert attribution.total("b").ideal == len(PAPER_SPIKES) / 0.1  # Hz
    assert attribution.effect("b", "unexplained", "v_rmse").alone == pytest.approx(0, abs=1e-9)


def test_the_paper_s_neuron_spikes_where_the_paper_s_simulators_do(read):
    for run in run_both(read(paper_neuron()), paper_input()):
        assert run.steps["b"].tolist() == PAPER_SPIKES


def test_the_paper_s_own_file_does_too(read):
    path = published("lif_norse.nir")
    column = np.loadtxt(published("loihi2_lif_trace.csv"), delimiter=",")[:, :1].astype(int)
    assert np.array_equal(column, paper_input())
    for convention, later in (("norse", 0), ("snntorch", 0), ("nengo", 0), ("lava", 1)):
        model = read(path, convention=convention, v_reset=0.0)
        for run in run_both(model, column):
            assert (run.steps["1"] - later).tolist() == PAPER_SPIKES


@pytest.mark.parametrize("layers", ["same_step", "next_step"])
def test_a_recurrent_network_equals_a_plain_evaluation_of_its_graph(read, layers):
    shapes = {"lif1.lif": (38,), "lif2": (7,)}
    model, expected, _ = assert_equals_plain_numpy(
        read, recurrent(), spikes((12,), 1000), shapes, layers=layers
    )
    assert all(expected[name].sum() > 500 for name in shapes)
    assert model.inputs == ("input",)
    assert model.outputs == ("lif2",)
    assert model.network.n_synapses == 12 * 38 + 38 * 38 + 38 * 7


def test_the_trained_recurrent_network_does_too(read):
    path, shapes = published("braille_rnn.nir"), {"lif1.lif": (38,), "lif2": (7,)}
    counts = spikes((12,), 1000)
    stored = nir.read(path)
    model = read(path, v_reset=0.0, layers="next_step")
    expected, _ = evaluate(stored, counts, DT, layers="next_step")
    reference, chip = run_both(model, counts)
    assert [item.size for item in model.network.populations] == [38, 7]
    for name, (size,) in shapes.items():
        assert np.array_equal(dense(reference, name, size), expected[name])
        assert len(chip.ids[name]) == pytest.approx(len(reference.ids[name]), rel=0.1)
        assert len(chip.ids[name]) > 100


def test_a_convolutional_network_equals_a_plain_evaluation_of_its_graph(read):
    rng = np.random.default_rng(2)
    first = nir.Conv2d((9, 8), rng.normal(30, 30, (3, 2, 3, 2)), 1, 1, 1, 1, rng.normal(0, 3, 3))
    nodes = {
        "input": nir.Input({"input": np.array([2, 9, 8])}),
        "conv": first,
        "if": integrator((3, 9, 9), r=2e-3),
        "pool": nir.SumPool2d(np.array([2, 3]), np.array([2, 3]), np.array([0, 0])),
        "flat": nir.Flatten({"input": np.array([3, 4, 3])}, 0),
        "dense": linear(rng.normal(0, 9, (5, 36)), rng.normal(0, 2, 5)),
        "lif": lif((5,), tau=0.002, v_leak=0.1),
        "last": linear(rng.normal(0, 40, (4, 5))),
        "li": readout((4,), v_leak=-0.5),
        "output": nir.Output({"output": np.array([4])}),
    }
    edges = list(zip(list(nodes)[:-1], list(nodes)[1:], strict=True))
    model, expected, levels = assert_equals_plain_numpy(
        read,
        graph(nodes, edges),
        spikes((2, 9, 8)),
        {"if": (3, 9, 9), "lif": (5,), "li": (4,)},
    )
    assert expected["if"].sum() > 1000
    assert expected["lif"].sum() > 100
    assert np.ptp(levels["li"]) > 0.1
    assert model.shapes["if"] == (3, 9, 9)
    assert model.outputs == ("li",)
    assert not model.network.population("li").model.spiking


def test_a_convolution_becomes_its_synapses_and_no_dense_matrix(read):
    kernel = np.ones((1, 1, 3, 3))
    layer = nir.Conv2d((300, 300), kernel, 1, 1, 1, 1, np.zeros(1))
    model = read(chain((1, 300, 300), layer, integrator((1, 300, 300))))
    assert model.network.n_synapses == (3 * 300 - 2) ** 2


def test_a_read_out_keeps_its_v_on_the_chip_and_never_spikes(read):
    source = chain((1,), linear([[300.0]], [2.0]), readout(v_leak=0.5))
    counts = spikes((1,), 1000)  # 15 % of steps of 0.1 ms: 1,500 Hz
    reference, chip = run_both(read(source, input_rate=1500.0), counts, record=["v"])
    v, wanted = chip.trace("b").values, reference.trace("b").values
    assert wanted.max() > 10
    assert np.abs(v - wanted).max() < 0.01 * wanted.max()
    assert chip.n_spikes == reference.n_spikes == chip.counters["voltage_clips_high"] == 0
    with pytest.warns(ChipOverflowWarning, match="'b': v was held at its upper limit 151 times"):
        _, narrow = run_both(read(source, input_rate=1.0), counts)
    assert narrow.counters["voltage_clips_high"] > 0
    assert narrow.n_spikes == 0


def test_an_integrator_counts_its_input_exactly_on_the_chip(read):
    """A kick of 0.25 and a threshold of 1: every fifth spike passes it."""
    model = read(chain((1,), linear([[0.25]]), integrator()))
    for run in run_both(model, np.ones((100, 1), dtype=int)):
        assert run.steps["b"].tolist() == list(range(4, 100, 5))


def test_parallel_and_chained_linear_nodes_add_up_and_multiply(read):
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "w": linear([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]),
        "twice": nir.Scale(np.array([2.0, 3.0])),
        "lif": lif((2,)),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "w"), ("w", "twice"), ("w", "lif"), ("twice", "lif"), ("lif", "output")]
    network = read(graph(nodes, edges), kick="stored").network
    (connection,) = network.connections
    table = np.zeros((2, 2))
    table[connection.post, connection.pre] = connection.weight
    assert table.tolist() == [[3.0, 6.0], [12.0, 16.0]]
    # "stored": the bias is added in every step.
    rise = network.current(network.population("lif")) * DT / 0.01
    assert rise == pytest.approx([15.0, 24.0])


def test_a_delay_belongs_to_its_channel(read):
    wait = nir.Delay(np.array([0.0, 3e-4, 1e-3]))
    model = read(chain((3,), wait, linear(np.diag([5.0] * 3)), lif((3,))), kick="stored")
    (connection,) = model.network.connections
    assert connection.delay == pytest.approx([0.0, 0.3, 1.0])
    counts = np.zeros((30, 3), dtype=int)
    counts[10] = 1
    for run in run_both(model, counts):
        assert run.steps["c"].tolist() == [10, 13, 20]
        assert run.ids["c"].tolist() == [0, 1, 2]


def test_delays_one_after_the_other_add_up_also_across_branches(read):
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "one": nir.Delay(np.array([1e-4, 2e-4])),
        "mix": linear([[1.0, 1.0], [0.0, 1.0]]),
        "two": nir.Delay(np.array([0.0, 1e-3])),
        "direct": linear([[7.0, 0.0], [0.0, 0.0]]),
        "lif": lif((2,)),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "one"), ("one", "mix"), ("mix", "two"), ("two", "lif")]
    edges += [("input", "direct"), ("direct", "lif"), ("lif", "output")]
    (connection,) = read(graph(nodes, edges), kick="stored").network.connections
    columns = (connection.pre, connection.post, connection.weight, connection.delay.round(6))
    assert set(zip(*(column.tolist() for column in columns), strict=True)) == {
        (0, 0, 1.0, 0.1),
        (1, 0, 1.0, 0.2),
        (1, 1, 1.0, 1.2),
        (0, 0, 7.0, 0.0),
    }


def test_a_delay_of_nothing_is_nothing(read):
    nodes = [linear([[0.0]]), nir.Delay(np.array([1e-3])), lif()]
    assert read(chain((1,), *nodes)).network.n_synapses == 0


def test_a_threshold_compares_the_input_of_one_step(read):
    counts = np.zeros((9, 2), dtype=int)
    counts[[1, 3, 5], 0] = 1
    counts[[3, 4, 7], 1] = 1
    both = nir.Threshold(np.array([1.5]))
    for run in run_both(read(chain((2,), linear([[1.0, 1.0]]), both)), counts):
        assert run.steps["b"].tolist() == [3]


def test_a_threshold_straight_after_neurons_passes_their_spikes_on(read):
    nodes = [linear([[200.0]]), lif(), nir.Threshold(np.array([0.5])), linear([[200.0]]), lif()]
    network = read(chain((1,), *nodes)).network
    assert [item.name for item in network.populations] == ["b", "e"]
    assert [(c.source.name, c.target.name) for c in network.connections] == [
        ("input", "b"),
        ("b", "e"),
    ]


def test_a_nested_graph_is_the_flat_one(read):
    inner = nir.NIRGraph(
        {
            "input": nir.Input({"input": np.array([38])}),
            "lif": cuba((38,), w_in=40.0),
            "w": linear(np.random.default_rng(1).normal(0, 1, (38, 38))),
            "output": nir.Output({"output": np.array([38])}),
        },
        [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")],
        type_check=False,
    )
    first, last = linear(full((38, 12), 1.0)), linear(full((2, 38), 1.0))
    nested = read(chain((12,), first, inner, last, cuba((2,), w_in=9.0), output=[2]))
    flat = graph(
        {
            "input": nir.Input({"input": np.array([12])}),
            "a": first,
            "b.lif": inner.nodes["lif"],
            "b.w": inner.nodes["w"],
            "c": last,
            "d": cuba((2,), w_in=9.0),
            "output": nir.Output({"output": np.array([2])}),
        },
        [
            ("input", "a"),
            ("a", "b.lif"),
            ("b.lif", "b.w"),
            ("b.w", "b.lif"),
            ("b.lif", "c"),
            ("c", "d"),
            ("d", "output"),
        ],
    )
    assert [item.name for item in nested.network.populations] == ["b.lif", "d"]
    counts = spikes((12,))
    ours, theirs = (
        simulate_reference(m.network, m.stimulus(counts), m.dt) for m in (nested, read(flat))
    )
    for name in ("b.lif", "d"):
        assert np.array_equal(ours.steps[name], theirs.steps[name])
        assert np.array_equal(ours.ids[name], theirs.ids[name])
    assert ours.n_spikes > 100


@pytest.mark.parametrize(
    ("kick", "integration", "jump"),
    [
        ("pulse", "euler", 3 * 2 * 0.1),
        ("pulse", "exponential_euler", 3 * 2 * -math.expm1(-0.1)),
        ("pulse", "exact", 3 * 2 * -math.expm1(-0.1)),
        ("impulse", "exact", 3 * 2 / 1e-3),
        ("stored", "euler", 2.0),
    ],
)
def test_the_size_of_a_kick_is_that_of_the_convention(read, kick, integration, jump):
    source = chain((1,), linear([[2.0]]), lif(tau=1e-3, r=3.0, v_threshold=1e9))
    model = read(source, kick=kick, integration=integration)
    counts = np.eye(4, 1, -1, dtype=int)  # one spike, in step 1
    run = simulate_reference(model.network, model.stimulus(counts), model.dt, record=["v"])
    keep = 0.9 if integration == "euler" else math.exp(-0.1)
    assert run.trace("b").values[:, 0] == pytest.approx([0, jump, jump * keep, jump * keep**2])


@pytest.mark.parametrize(
    ("kick", "current"),
    [
        ("pulse", 2 * 4 * 0.5),
        ("impulse", 2 * 4 / 2e-4),
        ("stored", 2 / (3 * 0.1)),
    ],
)
def test_the_size_of_a_current_is_that_of_the_convention(read, kick, current):
    node = cuba(tau_syn=2e-4, tau_mem=1e-3, r=3.0, w_in=4.0, v_threshold=1e9)
    model = read(chain((1,), linear([[2.0]]), node), kick=kick)
    counts = np.eye(4, 1, dtype=int)
    run = simulate_reference(model.network, model.stimulus(counts), model.dt, record=["v"])
    # v takes up the new current at once, with r dt / tau_mem; what is left of the current is half.
    first, second = run.trace("b").values[:2, 0]
    assert first == pytest.approx(current * 3 * 0.1)
    assert second == pytest.approx(first * 0.9 + current / 2 * 3 * 0.1)


def test_a_kick_of_an_integrator_follows_the_convention(read):
    source = chain((1,), linear([[2.0]], [1.0]), integrator(r=3.0))
    for kick, jump in (("pulse", 6.0), ("impulse", 6.0), ("stored", 2.0)):
        network = read(source, kick=kick).network
        assert network.connections[0].weight == pytest.approx([jump])
        drift = network.current(network.population("b")) * 0.1 / network.population("b").model.cm
        assert drift == pytest.approx([{"pulse": 3.0, "impulse": 3 * DT, "stored": 1.0}[kick]])


def test_the_order_of_events_is_that_of_the_convention(read):
    source = chain((1,), linear([[100.0]]), lif(v_threshold=0.99), linear([[100.0]]), lif())
    counts = np.eye(8, 1, -2, dtype=int)  # one spike, in step 2
    reached = {}
    for delivery in ("before_threshold", "next_step", "after_threshold"):
        model = read(source, delivery=delivery)
        run = simulate_reference(model.network, model.stimulus(counts), model.dt)
        reached[delivery] = run.steps["b"].tolist()
    # 1.0 as a kick; after a step of 0.1 ms in 10 ms only 0.99 is left, which is no more than 0.99.
    assert reached == {"before_threshold": [2], "next_step": [3], "after_threshold": []}


def test_conventions_have_names_and_parts(read):
    assert CONVENTIONS["norse"] == CONVENTIONS["snntorch"] == Convention()
    model = read(paper_neuron(), convention="lava", kick="stored")
    assert model.convention == Convention(kick="stored", delivery="next_step", layers="next_step")
    assert read(paper_neuron(), convention=Convention(kick="impulse")).convention == (
        Convention(kick="impulse")
    )


def test_dt_is_in_seconds_and_the_network_in_milliseconds(read):
    model = read(paper_neuron(), 3e-4)
    assert model.dt == 0.3
    assert model.network.population("b").model.tau_m == 2.5


def test_expected_rates_leave_room_and_can_be_drawn(read):
    model = read(paper_neuron(), input_rate=400.0)
    stimulus = draw_stimulus(model.network, 1000.0, seed=1)
    assert stimulus.n_spikes == pytest.approx(400, abs=80)
    run = Emulator(compile_network(model.network, dt=model.dt)).run(stimulus)
    assert not any(count for name, count in run.counters.items() if "wraps" in name)


def test_a_stimulus_may_have_several_spikes_and_the_shape_of_the_input(read):
    model = read(chain((2, 1, 2), nir.Flatten({"input": np.array([2, 1, 2])}, 0), lif((4,))))
    counts = np.zeros((5, 2, 1, 2), dtype=int)
    counts[3, 1, 0, 0] = 2
    stimulus = model.stimulus(counts)
    assert stimulus.duration == pytest.approx(0.5)
    (train,) = stimulus.trains
    assert train.ids.tolist() == [2, 2]
    steps, sources = stimulus.binned(model.dt, [("input", 4)])
    assert (steps.tolist(), sources.tolist()) == ([3, 3], [2, 2])
    assert model.stimulus(counts.reshape(5, 4)) == stimulus
    assert model.stimulus({"input": counts}) == stimulus


def test_input_that_acts_in_its_own_step_is_not_lost_in_step_0(read):
    model = read(chain((1,), linear([[150.0]]), lif()))
    for run in run_both(model, np.eye(3, 1, dtype=int)):
        assert run.steps["b"].tolist() == [0]
