"""Resets that subtract, resets that are a step late, several spikes in a step, a lowest v."""

from __future__ import annotations

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
    read_on,
    readout,
    spikes,
)

from neurochip import LIF, Network, PoissonInput, Population, one_to_one
from neurochip.errors import FrontendError
from neurochip.frontends.nir import read_nir, write_nir
from neurochip.reference import simulate_reference

KEEP, THRESHOLD = 0.8, 1.0


@pytest.fixture(params=["memory", "disk"])
def read(request, tmp_path):
    return read_on(request.param, tmp_path)


def neuron(kind="LIF"):
    """Neurons that keep 0.8 of v in a step, to which a spike adds its weight."""
    if kind == "LIF":
        return lif((8,), tau=DT / (1 - KEEP), r=1 / (1 - KEEP), v_threshold=THRESHOLD)
    if kind == "CubaLIF":
        return cuba((8,), tau_syn=2 * DT, tau_mem=DT / (1 - KEEP), r=1 / (1 - KEEP), w_in=2.0)
    return integrator((8,), v_threshold=THRESHOLD)


def network_of(kind):
    weight = np.random.default_rng(3).normal(0.5, 0.8, (8, 5))
    return chain((5,), linear(weight), neuron(kind)), weight


def plain(kind, weight, counts, step):
    """Spikes of neurons in a simulator that advances them one by one, in a rule of its own."""
    v, current, memory, rows = np.zeros(8), np.zeros(8), np.zeros(8), []
    keep = 1.0 if kind == "IF" else KEEP
    for x in counts:
        drive = weight @ x
        if kind == "CubaLIF":
            current = drive = 0.5 * current + drive
        v, fired = step(v, keep * v + drive, memory)
        memory = (fired > 0).astype(float)
        rows.append(fired)
    return np.array(rows)


def subtract(v, new, before):
    fired = (new > THRESHOLD).astype(float)
    return new - THRESHOLD * fired, fired


def subtract_late(v, new, before):
    new = new - THRESHOLD * before
    return new, (new > THRESHOLD).astype(float)


def value_late(v, new, before):
    new = new * (1 - before)
    return new, (new > THRESHOLD).astype(float)


def many(v, new, before):
    fired = np.where(new >= THRESHOLD, np.floor(new / THRESHOLD), 0.0)
    return np.maximum(new - THRESHOLD * fired, -THRESHOLD), fired


RULES = {
    "subtract": (subtract, {"reset": "subtract"}),
    "subtract, a step late": (subtract_late, {"reset": "subtract", "reset_delay": True}),
    "value, a step late": (value_late, {"reset": "value", "reset_delay": True}),
    "many": (
        many,
        {"reset": "subtract", "spikes_per_step": "many", "v_min": "-v_threshold"},
    ),
}


def found_of(model, counts, name="b"):
    run = simulate_reference(model.network, model.stimulus(counts), model.dt)
    found = np.zeros((len(counts), 8))
    found[run.steps[name], run.ids[name]] = run.payloads.get(name, 1)
    return found


@pytest.mark.parametrize("kind", ["LIF", "IF", "CubaLIF"])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_that_of_the_simulator(read, kind, rule):
    source, weight = network_of(kind)
    step, options = RULES[rule]
    counts = spikes((5,), 300, probability=0.4)
    expected = plain(kind, weight, counts, step)
    assert np.array_equal(found_of(read(source, **options), counts), expected)
    assert expected.sum() > 100
    assert (expected.max() > 2) == (rule == "many")


def test_rules_differ_from_one_another():
    _, weight = network_of("LIF")
    counts = spikes((5,), 300, probability=0.4)
    rows = [plain("LIF", weight, counts, step) for step, _ in RULES.values()]
    for k, one in enumerate(rows):
        assert all((one != other).sum() > 20 for other in rows[:k])


def test_v_on_the_threshold_spikes_only_where_a_neuron_may_spike_several_times(read):
    source = chain((1,), linear([[0.5]]), integrator())
    counts = np.ones((12, 1), dtype=int)
    one = read(source, reset="subtract")
    several = read(source, reset="subtract", spikes_per_step="many")
    steps = [
        simulate_reference(m.network, m.stimulus(counts), m.dt).steps["b"].tolist()
        for m in (one, several)
    ]
    assert steps == [[2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]]


def test_several_spikes_of_a_layer_reach_the_next_one(read):
    source = chain((1,), linear([[3.0]]), integrator(), linear([[0.5]]), integrator())
    model = read(source, reset="subtract", spikes_per_step="many")
    run = simulate_reference(model.network, model.stimulus(np.ones((4, 1), dtype=int)), model.dt)
    assert run.payloads["b"].tolist() == [3, 3, 3, 3]
    assert run.payloads["d"].tolist() == [1, 2, 1]


def test_a_period_of_one_step_after_the_spike_is_a_reset_that_is_a_step_late(tmp_path):
    """The step of the spike and the next one, as two steps from the spike."""
    source = PoissonInput("in", 1, 10.0)
    written = {}
    for rule, steps in (("from_spike", 2), ("after_spike", 1), ("after_spike", 2)):
        cells = Population("cells", 1, LIF(tau_refrac=steps * 0.1, integration="euler"))
        link = one_to_one(source, cells, weight=1.0)
        network = Network(inputs=[source], populations=[cells], connections=[link], refractory=rule)
        if (rule, steps) == ("after_spike", 2):
            with pytest.raises(FrontendError, match="NIR has no refractory period"):
                write_nir(network, tmp_path / "none.nir", dt=1e-4)
        else:
            path = write_nir(network, tmp_path / f"{rule}.nir", dt=1e-4)
            written[rule] = read_nir(path, 1e-4).network.populations[0].model.tau_refrac
    assert written["after_spike"] == written["from_spike"] == pytest.approx(0.2)


def test_a_reset_may_be_late_in_single_nodes(read, tmp_path):
    source = chain((5,), linear(np.eye(8, 5)), neuron(), linear(np.eye(8)), neuron())
    model = read(source, reset="value", reset_delay={"d": True, "b": False})
    first, second = (item.model.tau_refrac for item in model.network.populations)
    assert (first, second) == (0.0, pytest.approx(2 * model.dt))
    again = read_nir(write_nir(model, tmp_path / "a.nir"), DT).network
    assert [item.model.tau_refrac for item in again.populations] == [0.0, second]
    with pytest.raises(FrontendError) as caught:
        read(source, reset="value", reset_delay={"c": True})
    assert str(caught.value) == (
        "NIR: reset_delay['c']: no node of this name has a reset; there are 'b', 'd'."
    )


def test_the_lowest_v_is_one_number_or_that_of_each_neuron(read):
    source = chain((2,), lif((2,), v_threshold=np.array([1.0, 2.0])))
    one, own = (read(source, v_min=v).network.populations[0] for v in (-0.5, "-v_threshold"))
    assert one.parameter("v_min").tolist() == [-0.5, -0.5]
    assert own.parameter("v_min").tolist() == [-1.0, -2.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reset_delay": 1}, "reset_delay = 1; allowed: False or True."),
        ({"reset_delay": {"a": 1}}, "reset_delay['a'] = 1; allowed: False or True."),
        ({"spikes_per_step": 2}, "spikes_per_step = 2; allowed: 'one' or 'many'."),
        (
            {"v_min": "low"},
            "v_min = 'low'; allowed: a number, or '-v_threshold' for that of each neuron.",
        ),
        (
            {"reset": "value", "spikes_per_step": "many"},
            "spikes_per_step = 'many' and reset = 'value'; only a threshold that is subtracted at "
            "once leaves something for a second spike. Pass reset='subtract' alone.",
        ),
        (
            {"reset": "subtract", "spikes_per_step": "many", "reset_delay": True},
            "spikes_per_step = 'many' and reset_delay = True; only a threshold that is subtracted "
            "at once leaves something for a second spike. Pass reset='subtract' alone.",
        ),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments, message):
    with pytest.raises(FrontendError) as caught:
        read_nir(chain((1,), lif()), DT, **{"reset": "subtract", **arguments})
    assert str(caught.value) == f"NIR: {message}"


def test_neurons_without_memory_cannot_subtract_a_step_late():
    with pytest.raises(FrontendError) as caught:
        read_nir(chain((1,), lif(tau=DT)), DT, reset="subtract", reset_delay=True)
    assert str(caught.value) == (
        "NIR: LIF 'a': keeps nothing of v in a step (tau is dt), so a subtraction in the step "
        "after the spike lowers v below what is left. Pass reset_delay=False."
    )


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", ["LIF", "IF"])
def test_a_rule_survives_in_a_file(tmp_path, rule, kind):
    source, _ = network_of(kind)
    first = read_nir(source, DT, **RULES[rule][1])
    second = read_nir(write_nir(first, tmp_path / "a.nir"), DT)
    ours, theirs = (m.network.populations[0] for m in (first, second))
    assert theirs.model.reset == ours.model.reset
    assert theirs.model.spikes_per_step == ours.model.spikes_per_step
    assert (theirs.model.v_min is None) == (ours.model.v_min is None)
    names = ["v_thresh", "v_reset", "tau_refrac"] + ["v_min"] * (ours.model.v_min is not None)
    for name in names:
        assert theirs.parameter(name) == pytest.approx(ours.parameter(name), rel=1e-13)
    counts = spikes((5,), 100, probability=0.4)
    assert np.array_equal(found_of(first, counts), found_of(second, counts))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            {"reset": "subtract"},
            "NIR: population 'b': its spikes act otherwise than those of population 'a' (reset or "
            "spikes_per_step), but NIR has no members for these, and metadata hold one rule for "
            "all. Let all neurons follow one.",
        ),
        (
            {"tau_refrac": 3.0},
            "NIR: population 'b': tau_refrac = 3 ms, but NIR has no refractory period. Set it to "
            "0.",
        ),
    ],
)
def test_neurons_that_no_one_rule_gives_are_not_written(tmp_path, second, message):
    network = Network(populations=[Population("a", 2), Population("b", 2, LIF(**second))])
    with pytest.raises(FrontendError) as caught:
        write_nir(network, tmp_path / "a.nir", dt=1e-3)
    assert str(caught.value) == message


def test_a_lowest_v_of_each_neuron_is_in_the_metadata_of_its_node(tmp_path):
    own, other = LIF(v_min=np.array([-80.0, -90.0])), LIF()
    network = Network(populations=[Population("a", 2, own), Population("b", 2, other)])
    path = write_nir(network, tmp_path / "a.nir", dt=1e-3)
    for source in (path, nir.read(path)):
        first, second = read_nir(source, 1e-3).network.populations
        assert first.parameter("v_min").tolist() == [-80.0, -90.0]
        assert second.model.v_min is None
        with pytest.warns(UserWarning, match="say v_min = 'None', and it is read with '-100.0'"):
            given, _ = read_nir(source, 1e-3, v_min=-100.0).network.populations
        assert given.parameter("v_min").tolist() == [-100.0, -100.0]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"reset": "zero"},
            "reset = 'zero'; allowed: 'value', 'subtract' or 'subtract_and_raise'.",
        ),
        ({"reset_delay": "maybe"}, "reset_delay = 'maybe'; allowed: False or True."),
        (
            {"v_min": "low"},
            "v_min = 'low'; allowed: a number, or '-v_threshold' for that of each neuron.",
        ),
    ],
)
def test_metadata_that_mean_nothing_are_refused(said, message):
    source = chain((1,), lif())
    source.metadata = said
    with pytest.raises(FrontendError) as caught:
        read_nir(source, DT)
    assert str(caught.value) == f"NIR: {message}"


def test_a_delay_of_single_nodes_contradicts_one_of_the_graph(read):
    source = chain((1,), lif())
    source.metadata = {"reset": "value", "reset_delay": "False"}
    with pytest.warns(UserWarning, match="reset_delay = 'False', and it is read with 'in single"):
        read(source, reset="value", reset_delay={"a": True})


def test_metadata_of_a_node_that_mean_nothing_are_refused(read):
    source = chain((1,), lif())
    source.nodes["a"].metadata = {"reset_delay": "late"}
    with pytest.raises(FrontendError) as caught:
        read(source)
    assert str(caught.value) == (
        "NIR: LIF 'a': its metadata say reset_delay = 'late'; allowed: 'False' or 'True'. Correct "
        "or remove it."
    )


def test_read_outs_follow_any_rule(read):
    model = read(chain((1,), linear([[1.0]]), readout()), reset="subtract")
    assert not model.network.populations[0].model.spiking


def test_a_nested_node_is_named_by_its_path(read):
    ends = {"i": nir.Input({"input": np.array([1])}), "o": nir.Output({"output": np.array([1])})}
    inner = graph({**ends, "lif": lif()}, [("i", "lif"), ("lif", "o")])
    source = chain((1,), inner, output=[1])
    model = read(source, reset="value", reset_delay={"a.lif": True})
    assert model.network.populations[0].model.tau_refrac == pytest.approx(2 * model.dt)
