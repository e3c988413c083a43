"""STDP on the chip: the rule in real numbers, its registers, and the rows of the report."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdp_by_hand import learn_by_events, learn_by_products

from compiler.learning.plastic import time_constants
from neurochip import (
    BRIAN2LOIHI,
    LAVA,
    LIF,
    LOIHI,
    LOIHI2,
    NENGO_LOIHI,
    STDP,
    Network,
    PoissonInput,
    Population,
    Reference,
    Reward,
    RewardModulation,
    SpikeInput,
    Stimulus,
    Triplet,
    all_to_all,
    choose_dt,
    compile_network,
    draw_stimulus,
    fixed_probability,
    load_image,
    save_image,
)
from neurochip.errors import CompileError, FitError

PAIR = STDP(tau_plus=20.0, tau_minus=25.0, a_plus=0.01, a_minus=0.0105, w_max=1.0)
SLOW = Triplet(tau_x=60.0, tau_y=80.0, a3_plus=0.006, a3_minus=0.002)
REWARD = Reward([0.0, 100.0, 250.0], [1.0, -0.5, 0.25])
MODULATION = RewardModulation(REWARD, tau_eligibility=100.0, interval=8.0)
SOURCE, CELLS = PoissonInput("source", 12, rate=20.0), Population("cells", 9, LIF(tau_m=10.0))
DT = 1.0


def network_of(
    stdp, *, cells=CELLS, source=SOURCE, weight=0.5, delivery="after_threshold", **options
):
    link = all_to_all(source, cells, weight=weight, plasticity=stdp, **options)
    inputs = [] if isinstance(source, Population) else [source]
    populations = [cells] if source is cells or inputs else [source, cells]
    return Network(populations=populations, inputs=inputs, connections=[link], delivery=delivery)


def compiled(stdp, *, chip=LOIHI, dt=DT, **options):
    return compile_network(network_of(stdp, **options), chip, dt=dt)


def rule_of(image):
    (item,) = image.learning.groups
    return item.rule


def rows_of(image):
    return {row.parameter: row for row in image.report.rows if row.kind == "connection"}


def refused(make, message, error=CompileError):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        make()


# ------------------------------------------------------------------------- in real numbers


@pytest.mark.parametrize(
    ("stdp", "delay"),
    [
        (PAIR, 0),
        (PAIR, 1),
        (dataclasses.replace(PAIR, triplet=SLOW), 0),
        (dataclasses.replace(PAIR, triplet=dataclasses.replace(SLOW, a3_minus=0.0)), 1),
        (dataclasses.replace(PAIR, a_minus=-0.005), 0),
        (dataclasses.replace(PAIR, a_plus=0.0), 0),
        (dataclasses.replace(PAIR, a_pre=-0.003), 0),
        (dataclasses.replace(PAIR, a_pre=-0.003), 1),
        (dataclasses.replace(PAIR, a_pre=0.003, triplet=SLOW), 0),
        (dataclasses.replace(PAIR, a_pre=0.003, reward=MODULATION), 0),
        (dataclasses.replace(PAIR, reward=MODULATION), 0),
        (dataclasses.replace(PAIR, triplet=SLOW, reward=MODULATION), 0),
    ],
)  # fmt: skip
def test_products_of_a_step_give_the_weights_of_single_events(stdp, delay):
    """Also with many spikes of both sides in one step: the chip's sums add no error."""
    rng = np.random.default_rng(3)
    pre, post = rng.random((400, 12)) < 0.05, rng.random((400, 9)) < 0.05
    assert (pre[:, :, None] & post[:, None, :]).sum() > 50
    start = rng.uniform(0.3, 0.7, (12, 9))
    stdp = dataclasses.replace(stdp, w_max=100.0)  # no weight reaches a limit
    events = learn_by_events(stdp, pre, post, start, DT, delay)
    products = learn_by_products(stdp, pre, post, start, DT, delay)
    assert np.abs(events - start).max() > 0.02
    assert np.abs(events - products).max() < 1e-12


@pytest.mark.parametrize(
    ("changes", "delay", "delivery"),
    [
        ({}, 0, "after_threshold"),
        ({}, 1, "after_threshold"),
        ({}, 0, "before_threshold"),
        ({}, 0, "next_step"),
        ({"triplet": SLOW}, 0, "after_threshold"),
        ({"reward": MODULATION}, 0, "after_threshold"),
        ({"a_pre": -0.003}, 0, "after_threshold"),
        ({"a_pre": -0.003}, 1, "after_threshold"),
    ],
)
def test_products_give_the_weights_of_the_reference_in_its_own_run(changes, delay, delivery):
    """The spikes of both sides are those of a run in float64, which learns event by event."""
    rng = np.random.default_rng(5)
    pre = rng.random((400, 12)) < 0.06
    pre[-1] = False  # with a delay it would arrive after the run
    steps, ids = np.nonzero(pre)
    source = SpikeInput("source", 12, ids, steps * DT)
    cells = Population("cells", 9, LIF(tau_m=10.0, v_thresh=-60.0))
    start = rng.uniform(0.5, 1.5, (12, 9))
    stdp = dataclasses.replace(PAIR, w_max=100.0, **changes)  # no weight reaches a limit
    network = network_of(
        stdp, source=source, cells=cells, weight=start, delay=delay * DT, delivery=delivery
    )
    reference = Reference(network, DT)
    run = reference.run(Stimulus(400 * DT, (source,)))
    assert run.n_spikes > 100
    post = np.zeros((400, 9), dtype=bool)
    post[run.steps["cells"], run.ids["cells"]] = True
    learned = reference.weights("source->cells").reshape(12, 9)
    products = learn_by_products(stdp, pre, post, start, DT, delay)
    assert np.abs(learned - start).max() > 0.05
    assert np.abs(learned - products).max() < 1e-12


def test_soft_bounds_differ_only_by_the_second_change_of_a_step():
    soft = dataclasses.replace(PAIR, bounds="soft")
    rng = np.random.default_rng(3)
    pre, post = rng.random((400, 12)) < 0.05, rng.random((400, 9)) < 0.05
    start = rng.uniform(0.3, 0.7, (12, 9))
    events, products = (
        learn(soft, pre, post, start, DT) for learn in (learn_by_events, learn_by_products)
    )
    together = (pre[:, :, None] & post[:, None, :]).sum(axis=0)
    most = together * soft.a_plus * soft.a_minus * 4  # traces up to 2 on either side
    assert (np.abs(events - products) <= most + 1e-12).all()
    post[:] &= ~pre.any(axis=1)[:, None]  # no spikes of both sides in one step
    events, products = (
        learn(soft, pre, post, start, DT) for learn in (learn_by_events, learn_by_products)
    )
    assert np.abs(events - products).max() < 1e-12


def test_with_a_longer_delay_only_pairs_closer_than_the_delay_come_in_another_order():
    spikes = np.zeros((60, 1), dtype=bool)
    spikes[30] = True
    for distance in range(-20, 21):
        other = np.roll(spikes, distance, axis=0)
        events, products = (
            learn(PAIR, spikes, other, np.full((1, 1), 0.5), DT, 3)[0, 0]
            for learn in (learn_by_events, learn_by_products)
        )
        same = abs(events - products) < 1e-12
        assert same != (0 < distance < 3), distance


# ------------------------------------------------------------------------------- registers


@settings(max_examples=60, deadline=None)
@given(
    tau=st.tuples(st.floats(5, 60), st.floats(5, 60)),
    share=st.floats(0.001, 0.2),
    ratio=st.floats(0.3, 3.0),
    w_max=st.floats(0.1, 5.0),
    dt=st.sampled_from([0.1, 0.25, 1.0]),
    delay=st.sampled_from([0, 1, 4]),
    bounds=st.sampled_from(["hard", "soft"]),
    rate=st.floats(1, 60),
)
def test_amplitudes_are_within_half_a_percent(tau, share, ratio, w_max, dt, delay, bounds, rate):
    """Mantissa and impulse are chosen together; the product shift of soft bounds is undone."""
    stdp = STDP(*tau, share * w_max, share * ratio * w_max, w_max, bounds=bounds)
    source = PoissonInput("source", 12, rate=rate)
    image = compiled(stdp, source=source, dt=dt, delay=delay * dt, weight=w_max / 2)
    rows, rule = rows_of(image), rule_of(image)
    step = w_max / 255
    late = math.exp(delay * dt / tau[0]), math.exp(-delay * dt / tau[1])
    # What a term does at a pair of spikes, from its integers and impulses alone.
    for event, trace, amplitude, factor in (
        ("y0", "x1", stdp.a_plus, late[0]),
        ("x0", "y1", -stdp.a_minus, late[1]),
    ):
        term = next(
            term
            for term in rule.terms["w"]
            if term.dependency == event and term.factors[0].variable == trace
        )
        w = 255 if event == "x0" else 0
        change = term.real({trace: getattr(rule, trace).impulse, "w": w}, rule.spec) * step
        assert change == pytest.approx(amplitude * factor, rel=5e-3)
    for name in ("a_plus", "a_minus"):
        assert abs(rows[name].relative_error) < 5e-3
        assert rows[name].meant.mean == pytest.approx(getattr(stdp, name), rel=5e-3)
    for name, trace, asked in (("tau_plus", "x1", tau[0]), ("tau_minus", "y1", tau[1])):
        assert getattr(rule, trace).tau == asked / dt
        assert rows[name].error == 0


@settings(max_examples=60, deadline=None)
@given(
    share=st.floats(1e-4, 0.2),
    sign=st.sampled_from([-1, 1]),
    w_max=st.floats(0.1, 5.0),
    a_minus=st.sampled_from([-0.02, 0.0, 0.02]),
)
def test_a_change_at_every_presynaptic_spike_is_within_half_a_percent(share, sign, w_max, a_minus):
    """A trace without a time constant, whose impulse may be a fraction, makes it fine."""
    stdp = STDP(20.0, 20.0, 0.02 * w_max, a_minus * w_max, w_max, a_pre=sign * share * w_max)
    image = compiled(stdp, weight=w_max / 2)
    rule, row = rule_of(image), rows_of(image)["a_pre"]
    term = rule.terms["w"][-1]
    assert (term.dependency, [str(factor) for factor in term.factors]) == ("x0", ["x2"])
    change = term.real({"x2": rule.x2.impulse}, rule.spec) * w_max / 255
    assert change == pytest.approx(stdp.a_pre, rel=5e-3)
    assert row.meant.mean == pytest.approx(change, rel=1e-12)
    assert rule.x2.tau == 0.0


@pytest.mark.parametrize("changes", [{"delay": 2.0}, {"slow": SLOW}])
def test_a_change_at_presynaptic_spikes_without_a_trace_is_a_sum_of_terms(changes):
    """The second presynaptic trace is needed elsewhere: 1/128 of a weight step is the finest."""
    changes = dict(changes)
    stdp = dataclasses.replace(PAIR, a_pre=-0.0123, triplet=changes.pop("slow", None))
    image = compiled(stdp, **changes)
    alone = [term for term in rule_of(image).terms["w"] if not term.factors]
    assert {term.dependency for term in alone} == {"x0"}
    meant = sum(term.real({}, rule_of(image).spec) for term in alone) / 255
    assert meant == pytest.approx(round(-0.0123 * 255 * 128) / 255 / 128, rel=1e-12)
    row = rows_of(image)["a_pre"]
    assert row.meant.mean == pytest.approx(meant, rel=1e-12)
    assert row.note == "one presynaptic spike: 3.14 weight steps"
    tiny = dataclasses.replace(stdp, a_pre=1e-6)
    refused(
        lambda: compiled(tiny, **changes),
        "connection 'source->cells': a_pre = 1e-06 with a delay or a triplet; allowed on the "
        "engine 'published': at least 1.5e-05 for its w_max. Change the amplitude or w_max.",
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    pair=st.tuples(st.floats(0.002, 0.1), st.floats(0.002, 0.1)),
    triplet=st.tuples(st.floats(0.002, 0.1), st.floats(0.002, 0.1)),
    signs=st.tuples(*4 * (st.sampled_from([-1, 1]),)),
    missing=st.sampled_from([None, "a_plus", "a_minus", "a3_plus", "a3_minus"]),
)
def test_amplitudes_of_triplets_are_within_half_a_percent(pair, triplet, signs, missing):
    """Pair and triplet of a side share a trace, and the second one is read before its spike."""
    values = dict(zip(("a_plus", "a_minus", "a3_plus", "a3_minus"), (*pair, *triplet), strict=True))
    values = {name: sign * v for (name, v), sign in zip(values.items(), signs, strict=True)}
    if missing:
        values[missing] = 0.0
    slow = Triplet(60.0, 80.0, values["a3_plus"], values["a3_minus"])
    stdp = STDP(16.8, 33.7, values["a_plus"], values["a_minus"], 1.0, triplet=slow)
    image = compiled(stdp)
    rule = rule_of(image)
    impulse = {
        name: trace.impulse for name in time_constants(stdp) if (trace := getattr(rule, name))
    }

    def change(event, first, second, spikes):
        """Return the change where the second trace holds some spikes besides that of the step."""
        held = {first: impulse.get(first, 0.0), second: impulse.get(second, 0.0) * (1 + spikes)}
        return sum(
            term.real({name: held.get(name, 0.0) for name in impulse}, rule.spec) / 255
            for term in rule.terms["w"]
            if term.dependency == event
        )

    for side, event, first, second in (("plus", "y0", "x1", "y2"), ("minus", "x0", "y1", "x2")):
        sign = -1 if side == "minus" else 1
        alone = change(event, first, second, 0.0)
        three = change(event, first, second, 1.0) - alone
        assert sign * alone == pytest.approx(values[f"a_{side}"], rel=5e-3)
        assert sign * three == pytest.approx(values[f"a3_{side}"], rel=5e-3)


def test_coincidences_are_taken_back_by_the_same_coefficient():
    """A trace with a time constant of 0 holds the impulse of this step only."""
    stdp = dataclasses.replace(PAIR, triplet=SLOW)
    rule = rule_of(compiled(stdp))
    own = {"y1": "y3"}
    pairs = [term for term in rule.terms["w"] if term.dependency == "x0"]
    kept, back = pairs[:2], pairs[2:]
    for term, other in zip(kept, back, strict=True):
        swapped = tuple(
            dataclasses.replace(f, variable=own.get(f.variable, f.variable)) for f in term.factors
        )
        assert other == dataclasses.replace(term, mantissa=-term.mantissa, factors=swapped)
    assert (rule.y3.impulse, rule.y3.tau) == (rule.y1.impulse, 0.0)
    late = rule_of(compiled(PAIR, delay=2.0))
    assert (late.x2.impulse, late.x2.tau) == (late.x1.impulse, 0.0)
    assert late.y3 is None


def test_pairs_closer_than_the_delay_are_a_row_of_the_report():
    assert "pairs" not in rows_of(compiled(PAIR))
    assert rows_of(compiled(PAIR, delay=1.0))["pairs"].error == 0
    row = rows_of(compiled(PAIR, delay=3.0))["pairs"]
    assert (row.error, row.relative_error) == (2.0, 0.1)
    # Both changes of the two distances, in steps of 1/255: 2 (0.01 + 0.0105) without their decay.
    assert row.note.endswith(
        "at distances of 1 to 2 steps, which the chip sees reversed: independent spikes of 10 Hz "
        "on both sides add 1.1 weight steps a second"
    )
    assert row.warning.startswith("pairs is off by +10 %: compared with the time constants")


def test_spikes_of_a_source_in_one_step_are_one_event_and_a_row_of_the_report():
    given = SpikeInput("source", 12, [0, 0, 0, 1, 1], [1.0, 1.5, 2.0, 1.0, 3.0])
    row = rows_of(compiled(PAIR, source=given))["events"]
    assert (row.asked.mean, row.meant.mean, row.relative_error) == (1.0, 0.8, pytest.approx(-0.2))
    assert row.note == (
        "20.00 % of the spikes of input 'source' come in a step with an earlier one of their "
        "source; the chip learns from the first, float64 from each"
    )
    assert row.warning == "events is off by -20 %: shorten dt"
    assert "events" not in rows_of(compiled(PAIR, source=given, dt=0.5))
    assert "events" not in rows_of(compiled(PAIR, source=CELLS))
    for rate in (20.0, 200.0):
        many = PoissonInput("source", 2000, rate=rate)
        drawn = draw_stimulus(network_of(PAIR, source=many), 1000.0, 1).trains[0]
        of_draw = rows_of(compiled(PAIR, source=drawn))["events"].meant.mean
        assert rows_of(compiled(PAIR, source=many))["events"].meant.mean == pytest.approx(
            of_draw, abs=1e-3
        )
    assert "events" not in rows_of(compiled(PAIR, source=PoissonInput("source", 12, rate=0.0)))


def test_traces_are_fine_but_have_room_for_the_expected_rates():
    for rate, tau in ((2.0, 20.0), (20.0, 20.0), (50.0, 40.0)):
        stdp = dataclasses.replace(PAIR, tau_plus=tau)
        image = compiled(stdp, source=PoissonInput("source", 12, rate=rate))
        peak = 1 + rate * tau / 1000 + 4 * math.sqrt(rate * tau / 2000)
        assert 127 / 4 / max(2, peak) < rule_of(image).x1.impulse <= 127 / max(2, peak)
        assert rows_of(image)["trace x1"].error == 0


def test_w_max_is_the_top_of_the_weights():
    image = compiled(PAIR, weight=1.0)
    assert set(image.synapses[0].mantissa) == {255}
    row = rows_of(image)["w_max"]
    assert row.meant.low == pytest.approx(1.0, rel=1e-12)
    assert row.meant.high == pytest.approx(1.0, rel=1e-12)
    assert "bounded by its learned weights" in str(image.report)


def test_w_max_is_the_top_for_different_neurons_too():
    model = LIF(tau_m=np.linspace(8.0, 30.0, 9), tau_syn=np.linspace(2.0, 6.0, 9))
    image = compiled(PAIR, cells=Population("cells", 9, model))
    row = rows_of(image)["w_max"]
    assert (row.meant.low, row.meant.high) == pytest.approx((1.0, 1.0), rel=1e-12)


def test_a_small_w_max_learns_with_all_bits_and_is_delivered_without_the_lowest():
    """The threshold holds about 500 weights that fill their format; here it is 800 of them."""
    cells = Population("cells", 9, LIF(v_thresh=-65.0 + 800.0, tau_m=10.0))
    image = compiled(PAIR, cells=cells, weight=1.0)
    (group,) = image.synapses
    assert (group.format.weight_exponent, set(group.mantissa)) == (-1, {255})
    row = rows_of(image)["w_max"]
    assert row.error == 0
    assert row.note.startswith(
        "a weight step is 0.0039216 mV; a spike delivers a weight without its 1 lowest bit; "
    )
    assert rows_of(image)["weight"].relative_error == pytest.approx(-1 / 255)


def test_a_rule_that_is_switched_off_keeps_its_traces():
    off = dataclasses.replace(PAIR, a_plus=0.0, a_minus=0.0)
    rule = rule_of(compiled(off))
    assert all(term.mantissa == 0 for term in rule.terms["w"])
    assert (rule.x1.tau, rule.y1.tau) == (20.0, 25.0)
    assert not {"a_plus", "a_minus"} & rows_of(compiled(off)).keys()
    rewarded = rule_of(compiled(dataclasses.replace(off, reward=MODULATION)))
    assert [term.dependency for term in rewarded.terms["t"]] == ["x0", "y0", "u"]


def test_another_w_max_onto_the_same_neurons_is_a_row_of_the_report():
    other = PoissonInput("other", 5, rate=20.0)
    first = all_to_all(SOURCE, CELLS, weight=0.5, plasticity=PAIR)
    wider = dataclasses.replace(PAIR, w_max=1.5, a_plus=0.015)
    second = all_to_all(other, CELLS, weight=0.5, plasticity=wider)
    network = Network(populations=[CELLS], inputs=[SOURCE, other], connections=[first, second])
    image = compile_network(network, dt=DT)
    rows = {
        (row.owner, row.parameter): row for row in image.report.rows if row.kind == "connection"
    }
    assert rows["source->cells", "w_max"].error == 0
    row = rows["other->cells", "w_max"]
    assert row.meant.mean == pytest.approx(2.0)
    assert row.warning.startswith("w_max is off by +33 %: another connection onto these neurons")
    assert abs(rows["other->cells", "a_plus"].relative_error) < 5e-3
    assert rows["other->cells", "weight"].relative_error < 0.01


# ----------------------------------------------------------------------------------- image


def test_numbers_do_not_depend_on_the_placement():
    """Draws and reports name synapses by their position in the connection."""
    cells = Population("cells", 60, LIF(tau_m=10.0))
    small = LOIHI.what_if(compartments=16)
    links = [
        fixed_probability(SOURCE, cells, 0.5, weight=0.5, seed=1, plasticity=PAIR),
        fixed_probability(cells, cells, 0.2, weight=0.5, seed=2, plasticity=PAIR, name="own"),
    ]
    network = Network(populations=[cells], inputs=[SOURCE], connections=links)
    found = []
    for placement in ("sequential", "greedy"):
        image = compile_network(network, small, dt=DT, placement=placement)
        (symbol,) = image.symbols.populations
        assert image.learning.numbers[symbol.compartment_ids].tolist() == list(range(60))
        for link, item in zip(links, image.learning.groups, strict=True):
            group = image.synapses[item.synapses]
            neuron = np.argsort(symbol.compartment_ids)[group.target]
            assert link.post[item.number].tolist() == neuron.tolist()
        found.append(image.learning.numbers.tolist())
    assert found[0] != found[1]


def test_an_image_keeps_what_learns_in_a_file(tmp_path):
    image = compiled(dataclasses.replace(PAIR, reward=MODULATION))
    again = load_image(save_image(image, tmp_path / "image"))
    assert again.digest() == image.digest()
    assert again.learning == image.learning
    assert again.symbols.synapses == image.symbols.synapses


def test_networks_without_plasticity_have_no_learning():
    image = compiled(None)
    assert image.learning is None
    assert image.symbols.synapses[0].reward_lsb is None


# ---------------------------------------------------------------------------------- reward


def test_a_reward_is_a_given_trace_and_the_eligibility_a_tag():
    image = compiled(dataclasses.replace(PAIR, reward=MODULATION))
    rule, (given,), (symbol,) = rule_of(image), image.learning.rewards, image.symbols.synapses
    assert (given.variable, given.steps.tolist()) == ("y2", [0, 100, 250])
    assert (given.values * symbol.reward_lsb).tolist() == pytest.approx([1.0, -0.5, 0.25])
    (change,) = rule.terms["w"]
    assert (change.dependency, change.k, rule.first_epoch) == ("u", 3, 0)
    assert {factor.variable for factor in change.factors} == {"t", "y2"}
    # One pair, then one interval with a reward of 1: the weight follows by a_plus.
    pair = next(term for term in rule.terms["t"] if term.dependency == "y0")
    tag = pair.real({"x1": rule.x1.impulse}, rule.spec)
    values = {"t": tag, "y2": 1.0 / symbol.reward_lsb}
    assert change.real(values, rule.spec) / 255 == pytest.approx(PAIR.a_plus, rel=5e-3)
    kept = 1 + sum(t.real({"t": 1.0}, rule.spec) for t in rule.terms["t"] if t.dependency == "u")
    assert -8 / math.log(kept) == pytest.approx(100.0, rel=0.05)
    rows = rows_of(image)
    assert rows["tau_eligibility"].meant.mean == pytest.approx(-8 / math.log(kept))
    assert rows["reward"].relative_error == pytest.approx(0.0, abs=1e-12)
    assert rows["eligibility"].error == 0


def test_what_a_product_shift_rounds_off_stands_in_the_report():
    """A shift rounds down, so the smallest exponent is chosen: half a bit of 1/128 step."""
    rewarded = compiled(dataclasses.replace(PAIR, reward=MODULATION))
    (change,) = rule_of(rewarded).terms["w"]
    assert change.exponent == -7
    assert rows_of(rewarded)["reward"].note.endswith(
        "; the product shift takes 0.0038 weight steps in each interval with a reward, 1 step in "
        "265 intervals"
    )
    soft = compiled(dataclasses.replace(PAIR, bounds="soft"))
    assert {term.exponent for term in rule_of(soft).terms["w"]} == {-7}
    assert rows_of(soft)["a_plus"].note == (
        "one pair: 2.55 weight steps; the product shift of 5 bits is undone, and takes 0.0038 a "
        "change"
    )


def test_a_reward_for_each_neuron_goes_to_its_compartment():
    values = np.arange(120.0).reshape(2, 60) - 60
    modulation = dataclasses.replace(MODULATION, reward=Reward([0.0, 50.0], values))
    cells = Population("cells", 60, LIF(tau_m=10.0))
    stdp = dataclasses.replace(PAIR, reward=modulation)
    links = [
        all_to_all(SOURCE, cells, weight=0.5, plasticity=stdp),
        fixed_probability(cells, cells, 0.2, weight=0.5, seed=2),
    ]
    network = Network(populations=[cells], inputs=[SOURCE], connections=links)
    small = LOIHI.what_if(compartments=16)
    image = compile_network(network, small, dt=DT, placement="greedy")
    (given,), (symbol,) = image.learning.rewards, image.symbols.populations
    assert symbol.compartment_ids.tolist() != list(range(60))
    lsb = image.symbols.synapses[0].reward_lsb
    assert (given.values[:, symbol.compartment_ids] * lsb).tolist() == values.tolist()


def test_of_several_rewards_in_a_step_the_last_one_holds():
    reward = Reward([0.0, 10.2, 10.7, 30.0], [0.0, 1.0, 2.0, 0.5])
    stdp = dataclasses.replace(PAIR, reward=dataclasses.replace(MODULATION, reward=reward))
    (given,) = compiled(stdp).learning.rewards
    lsb = compiled(stdp).symbols.synapses[0].reward_lsb
    assert given.steps.tolist() == [0, 11, 30]
    assert (given.values * lsb).tolist() == [0.0, 2.0, 0.5]


# --------------------------------------------------------------------------- other engines


@pytest.mark.parametrize("chip", [LAVA, BRIAN2LOIHI, NENGO_LOIHI])
def test_every_engine_gets_a_rule_that_it_can_hold(chip):
    image = compiled(PAIR, chip=chip)
    rows, rule = rows_of(image), rule_of(image)
    assert rule.spec is chip.core.learning
    assert abs(rows["a_plus"].relative_error) < 0.02
    if chip is BRIAN2LOIHI:  # decays by 1 - 1/tau with a whole tau
        assert (rule.x1.tau, rule.y3.tau) == (21.0, 1.0)
        assert rows["tau_plus"].meant.mean == pytest.approx(20.4959, rel=1e-4)
    else:
        assert rows["tau_plus"].error == 0


def test_weights_of_fewer_bits_learn_up_to_their_largest_mantissa():
    chip = LOIHI.what_if(weight_mantissa_bits=4)
    image = compiled(PAIR, chip=chip, weight=1.0)
    assert image.chip is chip
    assert set(image.synapses[0].mantissa) == {15}
    assert rule_of(image).spec.excitatory_limits == (0, 15)
    rows = rows_of(image)
    assert rows["w_max"].error == 0
    assert rows["a_plus"].note == "one pair: 0.15 weight steps"
    assert abs(rows["a_plus"].relative_error) < 5e-3


def test_an_engine_with_wider_weights_than_synapses_learns_what_they_hold():
    chip = LOIHI.what_if(weight_mantissa_bits=4, learning=LOIHI.core.learning, name="four bits")
    image = compiled(PAIR, chip=chip, weight=1.0)
    assert image.chip.name == "four bits"
    assert rule_of(image).spec.excitatory_limits == (0, 15)
    assert compiled(None, chip=chip).chip is chip


def test_a_time_step_is_chosen_for_a_network_that_learns():
    image = compile_network(network_of(PAIR), LOIHI.what_if(weight_mantissa_bits=4), dt="auto")
    assert rows_of(image)["w_max"].error == 0
    rewarded = network_of(dataclasses.replace(PAIR, reward=MODULATION))
    assert 8.0 / choose_dt(rewarded).dt in {8, 16, 32, 64, 128}


def test_a_time_step_with_one_delay_is_chosen_though_delays_differ_in_finer_ones():
    delays = np.full((12, 9), 0.9)
    delays[0, 0] = 1.1
    image = compile_network(network_of(PAIR, delay=delays), dt="auto")
    assert 1.0 / image.symbols.dt in {1, 2, 3, 4}


def test_a_time_step_in_which_a_delay_needs_another_trace_is_not_chosen():
    slow = dataclasses.replace(PAIR, triplet=SLOW)
    found = choose_dt(network_of(slow, delay=0.2), candidates=[0.1, 0.5])
    assert found.dt == 0.5
    assert "a delay of 2 steps need three presynaptic traces" in found.candidates[0].problem


# -------------------------------------------------------------------------------- refusals


def test_a_chip_without_an_engine_is_refused():
    refused(
        lambda: compiled(PAIR, chip=LOIHI2),
        "connection 'source->cells': plasticity, but chip 'loihi2' has no learning engine; "
        "allowed: a chip that has one, such as LOIHI.",
    )


def test_several_delays_are_refused():
    delays = np.ones((12, 9))
    delays[0, 0] = 3.0
    refused(
        lambda: compiled(PAIR, delay=delays),
        "connection 'source->cells': plasticity with delays of 1 to 3 steps; allowed: one delay "
        "for all synapses, since a trace belongs to a neuron. Let neurons relay its "
        "spikes: with_relays(network, dt).",
    )


def test_more_traces_than_there_are_are_refused():
    refused(
        lambda: compiled(dataclasses.replace(PAIR, triplet=SLOW), delay=2.0),
        "connection 'source->cells': a3_minus of its triplet and a delay of 2 steps need three "
        "presynaptic traces; allowed: two. Set a3_minus or the delay to 0, or let neurons relay "
        "the spikes: with_relays(network, dt).",
    )
    refused(
        lambda: compiled(dataclasses.replace(PAIR, triplet=SLOW, reward=MODULATION)),
        "connection 'source->cells': a3_plus of its triplet and its reward need four postsynaptic "
        "traces; allowed: three. Set a3_plus to 0, or leave out the reward.",
    )


def test_an_amplitude_below_the_finest_coefficient_is_refused():
    tiny = dataclasses.replace(PAIR, a_minus=1e-8)
    with pytest.raises(CompileError) as caught:
        compiled(tiny)
    assert str(caught.value).startswith(
        "connection 'source->cells': a_minus = 1e-08; allowed on the engine 'published': "
    )
    assert str(caught.value).endswith("for its w_max. Change the amplitude or w_max.")


def test_an_interval_that_is_no_power_of_two_names_the_nearest():
    ten = dataclasses.replace(MODULATION, interval=10.0)
    refused(
        lambda: compiled(dataclasses.replace(PAIR, reward=ten)),
        "connection 'source->cells': interval = 10 ms of its reward is 10 steps of 1 ms; allowed: "
        "1, 2, 4 ... 512 steps. The nearest is 8 ms.",
    )


def test_a_tag_that_cannot_decay_is_refused():
    forever = dataclasses.replace(MODULATION, tau_eligibility=1e5)
    refused(
        lambda: compiled(dataclasses.replace(PAIR, reward=forever)),
        "connection 'source->cells': tau_eligibility = 100000 ms; allowed: at most 255.5 intervals "
        "of 8 ms, so that the tag can decay. Lengthen the interval.",
    )


def test_an_engine_without_tags_has_no_rewards():
    refused(
        lambda: compiled(dataclasses.replace(PAIR, reward=MODULATION), chip=BRIAN2LOIHI),
        "connection 'source->cells': its reward needs tags and given traces, which the learning "
        "engine 'brian2loihi' has not; allowed: a chip with another engine, or no reward.",
    )


def test_a_w_max_too_small_for_the_registers_is_refused():
    cells = Population("cells", 9, LIF(tau_syn=5.0))
    with pytest.raises(FitError) as caught:
        compiled(STDP(20.0, 20.0, 1e-5, 1e-5, 1e-3), weight=5e-4, cells=cells)
    assert str(caught.value).startswith("population 'cells': its threshold register would have to ")
    assert str(caught.value).endswith(
        "times its largest value if w_max of the synapses that learn fills their format; allowed: "
        "at most 1 time. Raise w_max or, if they drive a current, lengthen dt by that factor."
    )


def test_inputs_that_are_sent_early_count_as_late_by_a_step():
    """With delivery before the threshold an input acts in its own step."""
    early = rule_of(compiled(PAIR, delivery="before_threshold"))
    late = rule_of(compiled(PAIR, delay=1.0))
    assert str(early) == str(late)
    given = SpikeInput("source", 12, [0], [1.0], expected_rate=20.0)
    plain = rule_of(compiled(PAIR, source=given, delivery="next_step"))
    assert str(plain) == str(rule_of(compiled(PAIR)))
