"""Rules that round weights, and what each keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler import CompileOptions, compile_network
from compiler.neurons.weights import chunks
from compiler.synapses.rounding import carry_errors, draws_for, round_steps
from neurochip import (
    LIF,
    LOIHI,
    Network,
    Normal,
    PoissonInput,
    Population,
    draw_stimulus,
    fixed_probability,
)
from neurochip.attribution import attribute
from neurochip.chip.registers import decode_weights

RULES = ("nearest", "floor", "stochastic", "moments")


def rounded(steps, post, rule, seed=0):
    options = CompileOptions(weight_rounding=rule, weight_seed=seed)
    post = np.asarray(post, dtype=np.int32)
    rng = draws_for("a->b", options)
    return round_steps(np.asarray(steps, dtype=np.float64), post, rule, rng)


def chunks_of_seven(n, size=None):
    return chunks(n, size or 7)


def sums(values, post):
    return np.bincount(post, values)


@pytest.mark.parametrize("rule", RULES)
def test_a_connection_rounded_in_parts_is_the_connection_rounded_at_once(rule, monkeypatch):
    source = PoissonInput("source", 30, rate=50.0)
    cells = Population("cells", 20, LIF())
    link = fixed_probability(source, cells, 0.5, weight=Normal(0.5, 0.2), seed=3)
    network = Network(inputs=[source], populations=[cells], connections=[link])
    whole = compile_network(network, weight_rounding=rule, weight_seed=5)
    monkeypatch.setattr(
        "compiler.synapses.convert.chunks", lambda n, size=None: chunks(n, size or 7)
    )
    assert compile_network(network, weight_rounding=rule, weight_seed=5) == whole


weights = st.lists(
    st.tuples(st.floats(-300, 300, allow_nan=False), st.integers(0, 4)), min_size=1, max_size=60
)


@settings(max_examples=200, deadline=None)
@given(weights, st.sampled_from(RULES), st.integers(0, 3))
def test_every_rule_takes_one_of_the_two_neighbours(pairs, rule, seed):
    steps, post = (np.array(column) for column in zip(*pairs, strict=True))
    got = rounded(steps, post, rule, seed)
    assert ((got == np.floor(steps)) | (got == np.ceil(steps))).all()


@settings(max_examples=200, deadline=None)
@given(weights, st.integers(0, 3))
def test_moments_keep_the_sum_of_each_target_to_half_a_step(pairs, seed):
    steps, post = (np.array(column) for column in zip(*pairs, strict=True))
    off = sums(rounded(steps, post, "moments", seed), post) - sums(steps, post)
    assert np.abs(off).max() <= 0.5 + 1e-9


@settings(max_examples=200, deadline=None)
@given(weights)
def test_carried_errors_keep_the_sum_of_each_target_to_half_a_step(pairs):
    steps, post = (np.array(column) for column in zip(*pairs, strict=True))
    carried = np.zeros(5)
    got = carry_errors(steps, post, carried)
    assert ((got == np.floor(steps)) | (got == np.ceil(steps))).all()
    assert np.abs(sums(got, post) - sums(steps, post)).max() <= 0.5 + 1e-9
    assert np.abs(carried).max() <= 0.5


def one_weight(weight=0.5, thresholds=None, **options):
    """Twenty neurons with many thresholds, or those given, onto which all weights are equal."""
    source = PoissonInput("source", 30, rate=50.0)
    thresholds = np.linspace(-55.0, -45.0, 20) if thresholds is None else thresholds
    cells = Population("cells", 20, LIF(v_thresh=thresholds))
    link = fixed_probability(source, cells, 0.5, weight=weight, seed=3, name="link")
    return compile_network(
        Network(inputs=[source], populations=[cells], connections=[link]), **options
    )


def test_one_weight_onto_neurons_of_many_scales_keeps_its_sums(monkeypatch):
    image, nearest = one_weight(), one_weight(weight_rounding="nearest")
    assert "sums off by 0.0" in image.report.row("link", "weight").note
    assert "sums off by 0.2" in nearest.report.row("link", "weight").note
    monkeypatch.setattr(
        "compiler.synapses.convert.chunks", lambda n, size=None: chunks(n, size or 7)
    )
    assert one_weight() == image


@pytest.mark.parametrize(
    ("weight", "thresholds"), [(Normal(0.5, 0.1), None), (0.5, -50.0)], ids=["many", "one scale"]
)
def test_other_weights_are_rounded_to_nearest(weight, thresholds):
    chosen, nearest = (
        one_weight(weight, thresholds, weight_rounding=rule) for rule in ("auto", "nearest")
    )
    assert chosen.digest() == nearest.digest()


@settings(max_examples=100, deadline=None)
@given(weights, st.integers(0, 3))
def test_the_order_of_the_synapses_of_other_targets_does_not_matter_to_whole_weights(pairs, seed):
    steps, post = (np.array(column) for column in zip(*pairs, strict=True))
    whole = np.rint(steps)
    for rule in RULES:
        assert np.array_equal(rounded(whole, post, rule, seed), whole)


def population(mean, spread, n=20_000, targets=50):
    rng = np.random.default_rng(1)
    return rng.normal(mean, spread, n), np.repeat(np.arange(targets), n // targets)


def test_moments_keep_sums_and_squares_better_than_every_other_rule():
    steps, post = population(5.0, 1.5)
    off = {}
    for rule in RULES:
        got = rounded(steps, post, rule)
        first = sums(got, post) / sums(steps, post) - 1
        second = sums(got**2, post) / sums(steps**2, post) - 1
        off[rule] = np.abs(first).max(), np.abs(second).mean()
    assert off["moments"][0] < 0.5 / 1500
    assert all(off["moments"][0] < off[rule][0] / 5 for rule in RULES[:-1])
    assert off["moments"][1] < 0.002
    assert off["moments"][1] < off["stochastic"][1] / 3


def test_nearest_loses_all_weights_below_half_a_step_and_moments_none():
    steps, post = population(0.3, 0.02)
    assert not rounded(steps, post, "nearest").any()
    assert sums(rounded(steps, post, "moments"), post) == pytest.approx(sums(steps, post), abs=0.5)


def test_equal_weights_go_up_at_other_sources_for_each_target():
    """With one pattern for all targets, some sources would be strong everywhere."""
    steps, post = np.full(400, 2.5), np.repeat([0, 1], 200)
    first, second = rounded(steps, post, "moments").reshape(2, 200)
    assert first.sum() == second.sum() == 500
    assert 60 < (first == second).sum() < 140


def test_floor_drops_the_fraction_of_the_magnitude():
    assert rounded([1.9, -1.9, 0.9, -0.9], [0, 0, 0, 0], "floor").tolist() == [1, -1, 0, 0]


def test_seeds_matter_to_random_rules_only_and_repeat():
    steps, post = population(5.0, 1.5, n=1000, targets=10)
    for rule in RULES:
        first, again, other = (rounded(steps, post, rule, seed) for seed in (1, 1, 2))
        assert np.array_equal(first, again)
        assert np.array_equal(first, other) == (rule in ("nearest", "floor"))


def network():
    source = PoissonInput("source", 200, rate=20.0)
    cells = Population("cells", 40, LIF(tau_m=10.0, v_rest=-68.0))
    links = fixed_probability(source, cells, 0.3, weight=Normal(1.0, 0.3, low=0.05), seed=1)
    return Network(inputs=[source], populations=[cells], connections=[links])


@pytest.mark.parametrize("rule", RULES)
def test_the_image_has_the_rounded_weights_and_the_report_says_what_they_keep(rule):
    asked = network()
    chip = LOIHI.what_if(weight_mantissa_bits=3)
    image = compile_network(asked, chip, dt=0.1, weight_rounding=rule)
    (group,) = image.synapses
    integers = decode_weights(group.mantissa, group.format, chip.core)
    scale = image.report.scales[0].lsb_per_mv.low
    row = image.report.row("source->cells", "weight")
    summed = sums(integers, group.target) / scale
    wanted = sums(asked.connections[0].weight, asked.connections[0].post)
    worst = np.abs(summed / summed.mean() / (wanted / wanted.mean()) - 1).max()
    assert (worst < 0.02) == (rule == "moments")
    assert ("squares by" in row.note) == (rule != "nearest")
    assert image.report.options["weight_rounding"] == rule


def test_one_weight_for_all_is_rounded_apart_for_each_synapse_where_sums_count():
    for rule, several in (("nearest", False), ("moments", True)):
        chip = LOIHI.what_if(weight_mantissa_bits=2)
        population = Population("cells", 40, LIF(tau_m=np.linspace(8.0, 20.0, 40)))
        source = PoissonInput("source", 200, rate=20.0)
        links = fixed_probability(source, population, 0.3, weight=1.0, seed=1)
        described = Network(inputs=[source], populations=[population], connections=[links])
        image = compile_network(described, chip, dt=0.1, weight_rounding=rule)
        (group,) = image.synapses
        by_target = [set(group.mantissa[group.target == k].tolist()) for k in range(40)]
        assert any(len(values) > 1 for values in by_target) == several


def test_moments_leave_less_error_of_the_rate_than_nearest():
    asked = network()
    stimulus = draw_stimulus(asked, 2000.0, seed=1)
    chip = LOIHI.what_if(weight_mantissa_bits=2)
    effects = {}
    for rule in ("nearest", "moments"):
        found = attribute(asked, stimulus, chip, 0.1, v_neurons=1, weight_rounding=rule)
        effects[rule] = np.abs(found.of_neurons("cells", "weights")).mean()
    assert effects["moments"] < effects["nearest"] / 2
