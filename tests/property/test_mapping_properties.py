"""Mappings change no spike, break no limit, and depend on nothing but network, chip and seed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from checker import broken_limits, count_image
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping.networks import layered

from compiler import CompileError, compile_network
from compiler.options import OPTIONS, CompileOptions
from compiler.pipeline import translate
from compiler.placement import hypergraph
from compiler.placement.refine import messages_between, refine
from compiler.placement.settle import cluster_order
from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    Uniform,
    draw_stimulus,
    fixed_indegree,
    from_arrays,
    one_to_one,
)
from neurochip.chip.presets import PACKING_RULES
from neurochip.emulator import Emulator
from neurochip.mapping import Activity, core_usage, map_image
from neurochip.packing.budget import RESOURCES, Filler

pytestmark = pytest.mark.slow

PLACEMENTS = ("sequential", "greedy", "hypergraph")


def network_of(seed, size=60, pairs=True):
    """Two or three populations, some of pairs of compartments, with structure and noise."""
    rng = np.random.default_rng(seed)
    plain = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=1.0)
    two = LIF(tau_m=10.0, cm=0.2, tau_syn_E=3.0, tau_syn_I=6.0, v_thresh=-60.0)
    members = [
        Population(f"p{k}", int(rng.integers(2, size)), two if pairs and k == 1 else plain)
        for k in range(int(rng.integers(2, 4)))
    ]
    source = PoissonInput("in", int(rng.integers(1, 40)), rate=200.0)
    links = [
        fixed_indegree(
            source, p, min(5, source.size), weight=4.0 if p.model.delta_synapses else 0.3, seed=1
        )
        for p in members
    ]
    for a in members:
        for b in members:
            n = int(rng.integers(0, 6 * b.size))
            pre = rng.integers(0, a.size, n)
            near = (pre * b.size // a.size + rng.integers(-4, 5, n)) % b.size
            unit = 1.0 if b.model.delta_synapses else 0.1
            weight = Uniform(-2.0 * unit, 3.0 * unit)
            delay = [0.0, 2.0, Uniform(0.0, 6.0)][rng.integers(0, 3)]
            links.append(from_arrays(a, b, pre, near, weight=weight, delay=delay, seed=int(seed)))
    return Network(inputs=[source], populations=members, connections=links)


def spikes(recording):
    return {name: (recording.steps[name], recording.ids[name]) for name in recording.populations}


def assert_equal_runs(one, other):
    for name in one.populations:
        assert np.array_equal(one.steps[name], other.steps[name])
        assert np.array_equal(one.ids[name], other.ids[name])
        assert np.array_equal(one.trace(name).values, other.trace(name).values)
    assert one.counters == other.counters


# --------------------------------------------------------------------------- spikes stay the same


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    placement=st.sampled_from(PLACEMENTS),
    sites=st.sampled_from(OPTIONS["sites"].choices),
    core_size=st.sampled_from([2, 7, 16, 64, 1024]),
    chips=st.sampled_from([1, 2, 5]),
    packing=st.sampled_from(sorted(PACKING_RULES)),
    shared=st.booleans(),
)
def test_spikes_are_the_same_for_every_strategy_core_size_and_number_of_chips(
    seed, placement, sites, core_size, chips, packing, shared
):
    network = network_of(seed)
    cores = -(-400 // chips)
    chip = LOIHI.what_if(
        compartments=core_size,
        cores=cores,
        chips=chips,
        population_axons=shared,
        **PACKING_RULES[packing],
    )
    stimulus = draw_stimulus(network, 100.0, seed=1)
    expected = Emulator(compile_network(network, LOIHI, 0.5), warn=False).run(
        stimulus, record=["v"]
    )
    image = compile_network(
        network, chip, 0.5, placement=placement, sites=sites, placement_seed=seed
    )
    assert_equal_runs(expected, Emulator(image, warn=False).run(stimulus, record=["v"]))
    in_order = dataclasses.replace(image, core_sites=None)
    assert_equal_runs(expected, Emulator(in_order, warn=False).run(stimulus, record=["v"]))
    assert broken_limits(image) == []


def test_these_networks_spike_and_use_pairs_and_many_cores():
    """What the property above says is not empty."""
    n_spikes = 0
    for seed in range(8):
        network = network_of(seed)
        stimulus = draw_stimulus(network, 100.0, seed=1)
        image = compile_network(network, LOIHI.what_if(compartments=16), 0.5, placement="greedy")
        n_spikes += Emulator(image, warn=False).run(stimulus).n_spikes
        assert image.compartments.join.any()
        assert image.n_cores > 2
    assert n_spikes > 1000


# ------------------------------------------------------------------------------- limits that hold


TIGHT = (
    LOIHI.what_if(compartments=32, cores=40, chips=20),
    LOIHI.what_if(synaptic_words=120, cores=1000),
    LOIHI.what_if(synaptic_words=120, cores=1000, **PACKING_RULES["nengo-loihi"]),
    LOIHI.what_if(accumulator_slots=128, cores=1000),
    LOIHI.what_if(input_axons=60, population_axons=False, cores=1000),
    LOIHI.what_if(output_axons=300, compartments=20, population_axons=False, cores=30, chips=40),
    LOIHI.what_if(synapse_formats=4, compartments=50, cores=1000),
    LOIHI.what_if(list_words=4, compartments=100, cores=1000),
    LOIHI2.what_if(memory_words=100, cores=1000),
)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    chip=st.sampled_from(TIGHT),
    placement=st.sampled_from(("sequential", "greedy")),
)
def test_no_image_breaks_a_limit_by_an_independent_count(seed, chip, placement):
    try:
        image = compile_network(network_of(seed), chip, 1.0, placement=placement)
    except CompileError:  # saying so is the other way not to break a limit
        return
    assert broken_limits(image) == []
    counted, delay_bits = core_usage(image)[0], count_image(image)[1]
    assert counted["delay_bits"].tolist() == delay_bits.tolist()
    expected = count_image(image)[0]
    for name in RESOURCES:
        assert counted[name].tolist() == expected[name].tolist(), name


@pytest.mark.parametrize(
    ("n_synapses", "placement"),
    [
        (1, "sequential"),
        (1, "greedy"),
        (100, "hypergraph"),
        (10_000, "sequential"),
        (10_000, "hypergraph"),
        (1_000_000, "greedy"),
    ],
)
def test_limits_hold_from_one_synapse_to_a_million(n_synapses, placement):
    rng = np.random.default_rng(n_synapses)
    size = max(2, min(20_000, n_synapses // 50))
    cells = Population("cells", size, LIF(tau_m=10.0))
    source = SpikeInput("in", size, [], [])
    pre = rng.integers(0, size, n_synapses)
    post = (pre + rng.normal(0, max(1, size // 50), n_synapses).astype(int)) % size
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[
            from_arrays(cells, cells, pre, post, weight=Uniform(-1, 1), delay=2.0, seed=1),
            one_to_one(source, cells, weight=1.0),
        ],
    )
    image = compile_network(network, LOIHI, 1.0, placement=placement)
    assert image.n_synapses == n_synapses + size
    assert broken_limits(image) == []


# ------------------------------------------------------------------------------ the same every time


@pytest.mark.parametrize("placement", [*PLACEMENTS, "best"])
def test_a_placement_is_the_same_for_a_seed(placement):
    network, chip = network_of(5, size=200), LOIHI.what_if(compartments=32)
    images = [
        compile_network(network, chip, 1.0, placement=placement, placement_seed=3) for _ in range(2)
    ]
    assert images[0].digest() == images[1].digest()
    assert images[0] == images[1]


def test_every_neuron_has_one_place_and_its_own_registers():
    network, chip = network_of(8, size=100), LOIHI.what_if(compartments=16)
    whole = compile_network(network, LOIHI, 1.0)
    image = compile_network(network, chip, 1.0, placement="greedy")
    for old, new in zip(whole.symbols.populations, image.symbols.populations, strict=True):
        for field in dataclasses.fields(image.compartments):
            before = getattr(whole.compartments, field.name)[old.compartment_ids]
            after = getattr(image.compartments, field.name)[new.compartment_ids]
            assert np.array_equal(before, after)
    taken = np.concatenate([p.compartment_ids for p in image.symbols.populations])
    assert len(np.unique(taken)) == len(taken)


# ------------------------------------------------------------------------------------- what is won


def modular(modules=24, size=30):
    """Modules of excitatory and inhibitory cells; a fiftieth of the synapses leaves its module."""
    rng = np.random.default_rng(2)
    lif = LIF(tau_m=10.0, v_thresh=-50.0)
    e, i = Population("e", modules * size, lif), Population("i", modules * size // 5, lif)

    def link(a, b, k, weight):
        pre = np.repeat(np.arange(a.size), k)
        module = pre * modules // a.size
        away = rng.random(len(pre)) < 0.02
        module = np.where(away, rng.integers(0, modules, len(pre)), module)
        post = module * (b.size // modules) + rng.integers(0, b.size // modules, len(pre))
        return from_arrays(a, b, pre, post, weight=weight)

    return Network(
        populations=[e, i],
        connections=[link(e, e, 10, 0.3), link(e, i, 3, 0.3), link(i, e, 10, -1.0)],
    )


@pytest.mark.parametrize("placement", ["greedy", "hypergraph"])
def test_a_strategy_that_sees_modules_cuts_a_third_of_the_spikes_between_cores(placement):
    network, chip = modular(), LOIHI.what_if(compartments=80)
    cut = {}
    for name in ("sequential", placement):
        image = compile_network(network, chip, 1.0, placement=name)
        cut[name] = map_image(image).traffic.between_cores
    assert cut[placement] < 0.67 * cut["sequential"]


@pytest.mark.parametrize("make", [lambda: network_of(3, size=150), modular])
def test_the_best_strategy_is_never_worse_than_any(make):
    network, chip = make(), LOIHI.what_if(compartments=60)
    equal = {"assumed_rate": 100.0}  # as map_image assumes, if it is given no run
    cut = {
        name: map_image(
            compile_network(network, chip, 1.0, placement=name, **equal)
        ).traffic.between_cores
        for name in (*PLACEMENTS, "best")
    }
    assert cut["best"] == pytest.approx(min(cut.values()), rel=1e-9)


def test_a_search_never_costs_more_hops_than_the_order_it_begins_with():
    network, chip = modular(), LOIHI.what_if(compartments=40)
    costs = [
        map_image(
            compile_network(network, chip, 1.0, placement="hypergraph", sites=sites)
        ).traffic.cost
        for sites in OPTIONS["sites"].choices
    ]
    assert costs[2] <= min(costs)
    assert costs[2] < 0.9 * costs[0]


def test_measured_rates_decide_who_shares_a_core():
    """Two cells that talk a lot end on one core, whatever the others would like."""
    lif = LIF(tau_m=10.0, v_thresh=-60.0, i_offset=0.0)
    a, b = Population("a", 8, lif), Population("b", 8, lif)
    pre = np.repeat(np.arange(8), 2)
    post = np.stack([np.arange(8), (np.arange(8) + 4) % 8], axis=1).ravel()
    source = SpikeInput.from_trains("in", [np.arange(1.0, 99.0)])
    drive = from_arrays(source, a, [0], [2], weight=50.0)
    network = Network(
        inputs=[source],
        populations=[a, b],
        connections=[drive, from_arrays(a, b, pre, post, weight=0.1)],
    )
    run = Emulator(compile_network(network, LOIHI, 1.0)).run(draw_stimulus(network, 100.0, 1))
    assert run.counts("a").nonzero()[0].tolist() == [2]
    chip = LOIHI.what_if(compartments=4)
    image = compile_network(network, chip, 1.0, placement="greedy", activity=run)
    report = map_image(image, Activity.measured(image, run))
    core = {
        p.name: np.searchsorted(image.core_ptr, p.compartment_ids, side="right") - 1
        for p in image.symbols.populations
    }
    assert core["a"][2] == core["b"][2] == core["b"][6]
    assert report.traffic.between_cores == 0


# ---------------------------------------------------------------------------------- local search


def placed_at_random(network, chip, seed):
    """Work, filler, and neurons on cores at random, all limits respected."""
    work = translate(network, chip, 1.0, CompileOptions()).workload()
    filler = Filler(work.wiring, chip.core)
    rng = np.random.default_rng(seed)
    rates = dataclasses.replace(work, rate=rng.exponential(1.0, len(work.rate)))
    return rates, filler, *cluster_order(work, rng.integers(0, 4, work.wiring.n_neurons))


def messages_of(work, core):
    """Messages between cores, synapse by synapse."""
    w, reached = work.wiring, {}
    for u in range(w.n_neurons):
        for k in w.in_list[w.in_ptr[w.neuron_ptr[u]] : w.in_ptr[w.neuron_ptr[u + 1]]]:
            reached.setdefault(int(w.list_source[k]), set()).add(int(core[u]))
    return sum(
        work.rate[s] * len(cores - {int(core[w.neuron_of[s]])})
        for s, cores in reached.items()
        if s < w.n_compartments
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), chip=st.sampled_from(TIGHT))
def test_exchanges_keep_every_neuron_and_all_limits_and_never_add_messages(seed, chip):
    work, filler, order, opens = placed_at_random(network_of(seed), chip, seed)
    before = filler.fill(order, opens)
    if before.failed >= 0:
        return
    now, starts = refine(work, chip, filler, order, opens)
    after = filler.fill(now, starts)
    assert sorted(now) == list(range(work.wiring.n_neurons))
    assert after.failed < 0
    assert after.n_cores <= before.n_cores
    messages = [messages_of(work, f.core_of) for f in (before, after)]
    assert messages[1] <= messages[0] * (1 + 1e-9)
    # Cores are those that the exchanges made: none was cut because it broke a limit.
    assert starts.sum() == after.n_cores
    assert messages_between(work, after.core_of) == pytest.approx(messages[1])


def test_full_cores_swap_neurons_of_a_ring_that_was_dealt_out_in_turns():
    """Each cell reaches the next. A local search leaves some pieces apart, but few."""
    cells, place = Population("cells", 64, LIF(tau_m=10.0)), np.arange(64)
    ring = from_arrays(cells, cells, place, np.roll(place, -1), weight=1.0)
    chip = LOIHI.what_if(compartments=32)
    work = translate(Network(populations=[cells], connections=[ring]), chip, 1.0, CompileOptions())
    work = dataclasses.replace(work.workload(), rate=np.ones(64))
    filler, odd = Filler(work.wiring, chip.core), np.arange(64) % 2
    assert messages_between(work, odd) == 64
    order, opens = refine(work, chip, filler, *cluster_order(work, odd))
    filling = filler.fill(order, opens)
    assert filling.usage["compartments"].tolist() == [32, 32]
    assert 0 < messages_between(work, filling.core_of) <= 16


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([5, 16, 60]))
def test_greedy_placement_is_never_worse_than_the_order_of_the_network(seed, size):
    network, chip = network_of(seed, size=120), LOIHI.what_if(compartments=size, cores=500)
    equal = {"assumed_rate": 100.0}  # as map_image assumes, if it is given no run
    sequential, greedy = (
        map_image(
            compile_network(network, chip, 1.0, placement=name, **equal)
        ).traffic.between_cores
        for name in ("sequential", "greedy")
    )
    assert greedy <= sequential * (1 + 1e-9)


def test_a_network_of_full_layers_loses_30_percent_of_its_spikes_between_cores():
    network = layered()
    stimulus = draw_stimulus(network, 200.0, seed=1)
    run = Emulator(compile_network(network, LOIHI, 1.0)).run(stimulus)
    cut = {}
    for name in ("sequential", "greedy"):
        image = compile_network(network, LOIHI, 1.0, placement=name, activity=run)
        cut[name] = map_image(image, Activity.measured(image, run)).traffic.between_cores
    assert cut["greedy"] < 0.7 * cut["sequential"]


# --------------------------------------------------------------------- hypergraphs made smaller


@pytest.fixture
def small_hypergraphs(monkeypatch):
    """What is done with millions of pins, done with thousands."""
    monkeypatch.setattr(hypergraph, "_SMALL", 1000)
    monkeypatch.setattr(hypergraph, "_LARGE", 2000)
    monkeypatch.setattr(hypergraph, "_PINS", 3000)


@pytest.mark.usefixtures("small_hypergraphs")
def test_a_grouped_hypergraph_keeps_most_of_what_is_won():
    network, chip = modular(), LOIHI.what_if(compartments=80)
    sequential, grouped, again = (
        compile_network(network, chip, 1.0, placement=name)
        for name in ("sequential", "hypergraph", "hypergraph")
    )
    assert grouped == again
    assert broken_limits(grouped) == []
    cut = [map_image(image).traffic.between_cores for image in (sequential, grouped)]
    assert cut[1] < 0.5 * cut[0]


@pytest.mark.usefixtures("small_hypergraphs")
@pytest.mark.parametrize("seed", range(4))
def test_spikes_are_the_same_with_a_grouped_hypergraph(seed):
    network, chip = network_of(seed, size=300), LOIHI.what_if(compartments=40, cores=400)
    stimulus = draw_stimulus(network, 50.0, seed=1)
    image = compile_network(network, chip, 0.5, placement="hypergraph")
    expected = Emulator(compile_network(network, LOIHI, 0.5), warn=False).run(
        stimulus, record=["v"]
    )
    assert_equal_runs(expected, Emulator(image, warn=False).run(stimulus, record=["v"]))
    assert broken_limits(image) == []


def test_drawn_sources_weigh_as_much_as_they_spike():
    rate = np.random.default_rng(1).exponential(1.0, 5000)
    ptr = np.arange(5001) * 1000  # five times as many pins as are taken
    source, weight = hypergraph._sources(rate, ptr)
    assert weight.sum() == 1000
    assert len(source) < 1000
    for part in np.array_split(np.arange(5000), 10):
        share = weight[np.isin(source, part)].sum() / weight.sum()
        assert abs(share - rate[part].sum() / rate.sum()) <= 1 / weight.sum()
