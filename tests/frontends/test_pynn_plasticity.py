"""STDP of PyNN scripts: the rule of NEST in float64, learned weights of the chip, and refusals."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
from neurochip import WeightProbe, draw_stimulus, simulate_reference
from neurochip.errors import FrontendError
from neurochip.frontends.pynn.network import read_network

TAU_PLUS, TAU_MINUS, A_PLUS, A_MINUS, W_MAX = 20.0, 17.0, 0.011, 0.012, 0.01
STEPS = 20000  # of 0.1 ms


def nest_rule(pre, post, steps, soft, w):
    """Return the weight after each presynaptic spike, as NEST's stdp_synapse has it.

    Spikes are numbers of steps, ``steps`` is the delay, all of which is dendritic: a postsynaptic
    spike is seen that much later. Pairs at a distance of 0 count as none (NEST 3.10,
    ``models/stdp_synapse.h``; the live test compares this function with NEST).
    """
    seen = np.asarray(post) + steps
    weights, before = [], -math.inf
    for spike in pre:
        earlier = [other for other in pre if other < spike]
        for event in seen[(seen > before) & (seen <= spike)]:
            x = sum(math.exp(-(event - other) * 0.1 / TAU_PLUS) for other in earlier)
            w = min(W_MAX, w + A_PLUS * ((W_MAX - w) if soft else W_MAX) * x)
        y = np.exp(-(spike - seen[seen < spike]) * 0.1 / TAU_MINUS).sum()
        w = max(0.0, w - A_MINUS * (w if soft else W_MAX) * y)
        weights.append(w)
        before = spike
    return np.array(weights)


def mechanism(sim, *, soft=False, weight=0.005, delay=0.1, fraction=1.0, **changes):
    amplitudes = {
        "tau_plus": TAU_PLUS,
        "tau_minus": TAU_MINUS,
        "A_plus": A_PLUS,
        "A_minus": A_MINUS,
    }
    limits = {"w_min": 0.0, "w_max": W_MAX}
    limits |= {name: changes.pop(name) for name in tuple(changes) if name in limits}
    model = sim.MultiplicativeWeightDependence if soft else sim.AdditiveWeightDependence
    return sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(**(amplitudes | changes)),
        weight_dependence=model(**limits),
        dendritic_delay_fraction=fraction,
        weight=weight,
        delay=delay,
    )


def scene(sim, rule, given, driven, *, relayed):
    """Let sources, or neurons that relay them, learn onto neurons that are driven to spike.

    ``given`` and ``driven`` hold the steps at which each source and each driver spikes.
    """
    quick = {"tau_refrac": 2.5, "tau_m": 1.0, "tau_syn_E": 0.5, "cm": 1.0}
    source, driver = (
        sim.Population(
            len(steps),
            sim.SpikeSourceArray(spike_times=[np.round(each * 0.1, 1) for each in steps]),
        )
        for steps in (given, driven)
    )
    cells, relay = (sim.Population(len(given), sim.IF_curr_exp(**quick)) for _ in range(2))
    strong = {"synapse_type": sim.StaticSynapse(weight=200.0, delay=0.1)}
    one, excites = sim.OneToOneConnector(), {"receptor_type": "excitatory"}
    sim.Projection(driver, cells, one, **strong, **excites)
    if relayed:
        sim.Projection(source, relay, one, **strong, **excites)
    pre = relay if relayed else source
    return relay, cells, sim.Projection(pre, cells, one, rule, **excites)


def in_float(sim, given, relay, cells, *, relayed):
    """Run the network in float64; return the spikes of both sides by NEST's times, and weights."""
    network = read_network(sim.simulator.state)
    name = next(item.name for item in network.connections if item.plasticity)
    stimulus = draw_stimulus(network, STEPS * 0.1, seed=1)
    run = simulate_reference(network, stimulus, 0.1, record=[WeightProbe(name)])
    post = by_neuron(run, cells)  # NEST has the spike of a step at its end
    return by_neuron(run, relay) if relayed else given, post, run.weights[name].values


def by_neuron(run, population):
    steps, ids = run.steps[population.key] + 1, run.ids[population.key]
    return [steps[ids == each] for each in range(population.size)]


def chosen(seed, n, offset):
    """Return random multiples of 30 steps, and an offset."""
    draws = np.random.default_rng(seed)
    return [np.sort(draws.choice(np.arange(1, 600), n, replace=False)) * 30 + offset for _ in "abc"]


@pytest.mark.parametrize("relayed", [False, True])
@pytest.mark.parametrize("soft", [False, True])
def test_float64_learns_as_nest_where_no_pair_is_near(sim, soft, relayed):
    sim.setup(timestep=0.1)
    given, driven = chosen(1, 60, 15), chosen(2, 50, 0)
    relay, cells, _ = scene(sim, mechanism(sim, soft=soft), given, driven, relayed=relayed)
    pre, post, weights = in_float(sim, given, relay, cells, relayed=relayed)
    for neuron in range(3):
        assert len(pre[neuron]) == 60
        assert len(post[neuron]) == 50
        expected = nest_rule(pre[neuron], post[neuron], 1, soft, 0.005)
        arrives = pre[neuron] + (0 if relayed else 1)
        assert weights[arrives, neuron] == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("relayed", "other"), [(False, {-1, 0, 1}), (True, {-1, 0})])
def test_only_pairs_nearer_than_the_delays_differ_from_nest(sim, relayed, other):
    sim.setup(timestep=0.1)
    distances = np.arange(-5, 6)
    last = STEPS - 100
    given = [np.array([1000, last]) for _ in distances]
    driven = [np.array([1000 + each]) for each in distances]
    relay, cells, _ = scene(sim, mechanism(sim), given, driven, relayed=relayed)
    pre, post, weights = in_float(sim, given, relay, cells, relayed=relayed)
    found = {}
    for neuron in range(len(distances)):
        expected = nest_rule(pre[neuron], post[neuron], 1, False, 0.005)[-1]
        learned = weights[pre[neuron][-1] + 1, neuron]
        found[int(post[neuron][0] - pre[neuron][0])] = abs(learned - expected) > 1e-12
    assert {distance for distance, differs in found.items() if differs} == other
    assert len(found) == len(distances)


LIVE = """
import numpy as np
import pyNN.nest as sim
from test_pynn_plasticity import FORMS, chosen, mechanism, scene, spike_times
for soft, relayed in FORMS:
    sim.setup(timestep=0.1, min_delay=0.1, spike_precision="on_grid")
    given, driven = chosen(1, 60, 15), chosen(2, 50, 0)
    given = [np.append(steps, 19000) for steps in given]
    relay, cells, learning = scene(sim, mechanism(sim, soft=soft), given, driven, relayed=relayed)
    for each in (relay, cells):
        each.record("spikes")
    sim.run(1950.0)
    pre = spike_times(relay) if relayed else given
    sides = ([each.tolist() for each in side] for side in (pre, spike_times(cells)))
    print("learned", *sides, np.diag(learning.get("weight", "array")).tolist(), sep=";")
"""
FORMS = [(soft, relayed) for soft in (False, True) for relayed in (False, True)]


def spike_times(population):
    trains = population.get_data().segments[0].spiketrains
    return [np.rint(train.magnitude / 0.1).astype(int) for train in trains]


@pytest.mark.slow
def test_nest_itself_learns_by_the_rule_of_these_tests():
    pytest.importorskip("nest", reason="NEST is not installed: neurochip[nest]")
    run = subprocess.run(
        [sys.executable, "-c", LIVE],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith("learned")]
    for (soft, _), line in zip(FORMS, lines, strict=True):
        pre, post, learned = (ast.literal_eval(part) for part in line.split(";")[1:])
        for one, other, weight in zip(pre, post, learned, strict=True):
            expected = nest_rule(np.array(one), np.array(other), 1, soft, 0.005)[-1]
            assert weight == pytest.approx(expected, rel=1e-12)


def on_chip(sim, **changes):
    """Return a projection that learns: random spikes of sources onto neurons that they drive."""
    sim.setup(timestep=0.1)
    draws = np.random.default_rng(5)
    times = [np.sort(draws.choice(np.arange(1, 4000), 60, replace=False)) * 0.1 for _ in range(20)]
    source = sim.Population(20, sim.SpikeSourceArray(spike_times=times), label="source")
    cells = sim.Population(4, sim.IF_curr_exp(tau_m=10.0, tau_refrac=1.0), label="cells")
    changes = {"weight": 0.25, "w_max": 0.5, **changes}
    rule = mechanism(sim, **changes)
    return sim.Projection(source, cells, sim.AllToAllConnector(), rule, receptor_type="excitatory")


def test_the_chip_learns_weights_that_get_returns_and_reset_takes_back(sim):
    learning = on_chip(sim)
    assert (learning.get("weight", "array") == 0.25).all()
    sim.run(400.0)
    emulator = sim.simulator.state.session.emulator
    learned = learning.get("weight", "list", with_address=False)
    assert learned == emulator.weights("source→cells").tolist()
    assert learned == learning.get("stored_weight", "list", with_address=False)
    assert np.ptp(learned) > 0.1
    sim.reset()
    assert (learning.get("weight", "array") == 0.25).all()
    sim.run(400.0)
    assert learning.get("weight", "list", with_address=False) == learned


@pytest.mark.parametrize("cut", [37.0, 150.0, 150.1])
def test_a_run_in_pieces_learns_what_the_whole_run_does(sim, cut):
    learned = []
    for pieces in ([300.0], [cut, 300.0 - cut]):
        learning = on_chip(sim)
        noise = sim.Population(30, sim.SpikeSourcePoisson(rate=100.0), label="noise")
        one = sim.FixedNumberPreConnector(10, rng=sim.NumpyRNG(1))
        other = mechanism(sim, weight=0.05, w_max=0.5)
        more = sim.Projection(noise, learning.post, one, other, receptor_type="excitatory")
        for piece in pieces:
            sim.run(piece)
            more.get("weight", "array")
        both = (learning, more)
        learned.append([each.get("weight", "list", with_address=False) for each in both])
    assert learned[0] == learned[1]


def test_learned_weights_have_the_order_of_the_synapses_in_views_and_assemblies(sim):
    sim.setup()
    times = [[10.0 + k, 30.0 - k] for k in range(4)]
    a = sim.Population(4, sim.SpikeSourceArray(spike_times=times), label="a")
    b, c = (sim.Population(n, sim.IF_curr_exp(), label="bc"[n - 2]) for n in (2, 3))
    weights = np.linspace(0.05, 0.4, 10).reshape(2, 5)
    rule = mechanism(sim, weight=weights, w_max=0.5)
    ends = (a[[0, 2]], c + b)
    learning = sim.Projection(*ends, sim.AllToAllConnector(), rule, receptor_type="excitatory")
    sim.run(40.0)
    assert learning.get("weight", "array") == pytest.approx(weights, abs=0.02)


def test_a_weight_set_between_two_runs_leaves_the_others_as_learned(sim):
    learning = on_chip(sim)
    sim.run(200.0)
    before = learning.get("weight", "list", with_address=False)
    learning[3].weight = 0.125
    after = learning.get("weight", "list", with_address=False)
    assert after == [*before[:3], 0.125, *before[4:]]
    sim.run(0.1)
    now = learning.get("weight", "list", with_address=False)
    assert now == pytest.approx(after, abs=3 * 0.5 / 255)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"delay": 1.0},
            "a delay of 1 ms and dendritic_delay_fraction = 1; allowed: a delay of one step, 0.1 "
            "ms, or dendritic_delay_fraction = 0, since the chip sees postsynaptic spikes at once.",
        ),
        (
            {"fraction": 0.5},
            "a delay of 0.1 ms and dendritic_delay_fraction = 0.5; allowed: a delay of one step, "
            "0.1 ms, or dendritic_delay_fraction = 0, since the chip sees postsynaptic spikes at "
            "once.",
        ),
        ({"w_min": 0.1}, "w_min = 0.1; allowed: 0, where learned weights end."),
        (
            {"delay": "0.1 + 0.1*d", "fraction": 0.0},
            "delays of 1 to 20 steps; allowed: one delay, since a trace belongs to a neuron. Use a "
            "projection for each delay.",
        ),
        (
            {"A_plus": lambda d: 0.01 + 0.001 * d},
            "A_plus from 0.01 to 0.029; allowed: one value for all synapses. Use a projection for "
            "each value.",
        ),
    ],
)
def test_what_the_chip_cannot_learn_is_refused_with_what_it_can(sim, changes, text):
    on_chip(sim, **changes)
    with pytest.raises(FrontendError) as refused:
        sim.run(1.0)
    assert str(refused.value) == f"projection 'source→cells': STDPMechanism with {text}"


def test_an_incomplete_mechanism_is_refused(sim):
    with pytest.raises(TypeError) as missing:
        sim.STDPMechanism(timing_dependence=sim.SpikePairRule())
    assert str(missing.value) == (
        "STDPMechanism: weight_dependence = None; allowed: AdditiveWeightDependence or "
        "MultiplicativeWeightDependence of this simulator."
    )


def test_inhibitory_synapses_do_not_learn(sim):
    sim.setup()
    cells = sim.Population(3, sim.IF_curr_exp(), label="cells")
    rule = mechanism(sim, weight=-0.1, w_max=0.5)
    sim.Projection(cells, cells, sim.AllToAllConnector(), rule, receptor_type="inhibitory")
    with pytest.raises(FrontendError) as refused:
        sim.run(1.0)
    assert str(refused.value) == (
        "projection 'cells→cells': STDPMechanism with the receptor 'inhibitory'; allowed: an "
        "excitatory one, since learned weights are from 0 to w_max."
    )


def test_an_axonal_delay_is_the_networks_own(sim):
    on_chip(sim, delay=1.5, fraction=0.0)
    (item,) = read_network(sim.simulator.state).connections
    assert item.delay == 1.5
    step = math.exp(-0.1 / TAU_PLUS)  # a source's spike at t is one of the step that ends then
    assert item.plasticity.a_plus == pytest.approx(0.5 * A_PLUS * step, rel=1e-12)


def test_parameters_of_the_rule_come_back_as_asked(sim):
    learning = on_chip(sim, A_plus=0.0, A_minus=0.5)
    names = ["A_plus", "A_minus", "tau_plus", "w_max", "delay"]
    assert learning.get(names, "list", with_address=False) == [(0.0, 0.5, TAU_PLUS, 0.5, 0.1)] * 80
