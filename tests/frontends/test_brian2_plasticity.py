"""Plasticity as people write it in Brian2: read as STDP, or refused with what works instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2_stdp import DT, FORMS, NAMESPACE, WAVE, Form, random_events, run_code, run_rule

from neurochip.errors import FrontendError

READ = {name: form for name, form in FORMS.items() if not form.refused}
REFUSED = {name: form for name, form in FORMS.items() if form.refused}
TIMES = ("taupre", "taupost", "tau_slow")


def connection_of(b2, form: Form, **options):
    """Read a form between two sources and two neurons."""
    from neurochip.frontends.brian2 import from_brian2

    b2.defaultclock.dt = DT * b2.ms
    source = b2.SpikeGeneratorGroup(2, [], [] * b2.ms)
    cells = b2.NeuronGroup(
        2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact"
    )
    synapses = b2.Synapses(
        source,
        cells,
        form.model,
        on_pre=form.on_pre,
        on_post=form.on_post,
        name="synapses",
        **options,
    )
    synapses.connect()
    setattr(synapses, form.weight, 0.4) if "dw/dt" not in form.model else None
    for name, value in form.parameters.items():
        setattr(synapses, name, value)
    if form.regular:
        synapses.run_regularly(form.regular, dt=form.interval * DT * b2.ms)
    names = {n: v * b2.ms if n in TIMES else v for n, v in NAMESPACE.items()}
    names["wave"] = b2.TimedArray(WAVE, dt=30 * b2.ms)
    imported = from_brian2(source, cells, synapses, namespace=names, duration=1 * b2.second)
    network = imported.network
    (found,) = network.connections
    return found


def test_the_table_has_common_forms_of_both_kinds():
    assert len(READ) >= 20
    assert len(REFUSED) >= 20


@pytest.mark.parametrize("name", READ)
def test_a_form_that_is_read_does_what_its_code_does(b2, name):
    form = READ[name]
    rule = connection_of(b2, form).plasticity
    gain = 0.4 if "0.4*w" in form.on_pre else 1.0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        events, start = random_events(rng), rng.random() * 0.8
        weights, kicks = run_code(form, events, start)
        found, delivered = run_rule(rule, events, start * gain)
        assert np.abs(found - weights * gain).max() < 1e-14
        assert np.abs(delivered - kicks).max() < 1e-14
        assert np.ptp(weights) > 0.001


@pytest.mark.parametrize("name", REFUSED)
def test_another_form_is_refused_with_what_works(b2, name):
    with pytest.raises(FrontendError) as caught:
        connection_of(b2, REFUSED[name])
    text = str(caught.value)
    assert text.startswith("Synapses 'synapses': ")
    assert REFUSED[name].refused in text


# ------------------------------------------------------------------- any order of the statements


def random_form(rng: np.random.Generator) -> Form:
    """Return code of two traces a side and one weight, in any order, with names that are drawn."""
    names = rng.permutation(["alfa", "brav", "char", "delt"])
    x, x2, y, y2 = map(str, names)
    a, b, c, d = (round(float(value), 4) for value in rng.uniform(0.001, 0.02, 4))
    soft = rng.random() < 0.3
    parts = rng.choice(["0", "1"], 2) if rng.random() < 0.6 else ["0", "0"]
    fall = f"{y}*({a} + {parts[0]}*{b}*{x2})" + ("*w" if soft else "")
    rise = f"{x}*({c} + {parts[1]}*{d}*{y2})" + ("*(0.9 - w)" if soft else "")
    sides = []
    for change, sign, slow, fast in ((fall, "-", x2, x), (rise, "+", y2, y)):
        lines = [f"{fast} += {rng.choice([0.5, 1, 2])}", f"{slow} += {rng.choice([0.5, 1, 2])}"]
        lines.append(f"w = clip(w {sign} {change}, 0, 0.9)")
        if rng.random() < 0.3:
            lines[2:] = [f"step = {change}", f"w = clip(w {sign} step, 0, 0.9)"]
        if sign == "-":
            lines.append("v_post += w")
        order = rng.permutation(len(lines))
        sides.append("\n".join(lines[k] for k in order))
    taus = {name: float(rng.integers(5, 80)) for name in (x, x2, y, y2)}
    model = "w : 1\n" + "\n".join(
        f"d{name}/dt = -{name}/({tau}*ms) : 1 (event-driven)" for name, tau in taus.items()
    )
    return Form(model, *sides, taus)


def test_random_orders_of_statements_are_read_rightly_or_refused(b2):
    read = refused = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        form = random_form(rng)
        if "step" in form.on_pre + form.on_post and not _defined_first(form):
            continue  # Brian2 refuses it: a name is used before it is set
        if _is_late(form):
            refused += 1
            with pytest.raises(FrontendError, match="adds w after the spike has changed it"):
                connection_of(b2, form)
            continue
        read += 1
        rule = connection_of(b2, form).plasticity
        events = random_events(rng)
        weights, kicks = run_code(form, events, 0.5)
        found, delivered = run_rule(rule, events, 0.5)
        assert np.abs(found - weights).max() < 1e-14
        assert np.abs(delivered - kicks).max() < 1e-14
    assert read > 15
    assert refused > 10


def _is_late(form: Form) -> bool:
    names = [line.split(" ")[0] for line in form.on_pre.split("\n")]
    return names.index("v_post") > names.index("w")


def _defined_first(form: Form) -> bool:
    for code in (form.on_pre, form.on_post):
        lines = [line.split(" ")[0] for line in code.split("\n")]
        if "step" in lines and lines.index("step") > lines.index("w"):
            return False
    return True


# ---------------------------------------------------------------------------- units and delays


def objects(b2, pairs=None, **options):
    """A source, cells with a current in ampere, and synapses of the documentation's STDP."""
    b2.defaultclock.dt = DT * b2.ms
    source = b2.SpikeGeneratorGroup(3, [], [] * b2.ms, name="source")
    cells = b2.NeuronGroup(
        4,
        "dv/dt = (-70*mV - v + 40*Mohm*I)/(10*ms) : volt\ndI/dt = -I/(5*ms) : amp",
        threshold="v > -50*mV",
        reset="v = -70*mV",
        method="exact",
        name="cells",
    )
    given = {
        "model": "w : amp\ndx/dt = -x/(20*ms) : amp (event-driven)\n"
        "dy/dt = -y/(30*ms) : amp (event-driven)",
        "on_pre": "I += w\nx += 4*pA\nw = clip(w + y, 0*amp, 0.5*nA)",
        "on_post": "y -= 5*pA\nw = clip(w + x, 0*amp, 0.5*nA)",
        "name": "wires",
    }
    synapses = b2.Synapses(source, cells, **{**given, **options})
    synapses.connect(**({"i": pairs[0], "j": pairs[1]} if pairs else {}))
    synapses.w = "0.1*nA + 0.02*nA*(i + 4*j)"
    return source, cells, synapses


def read(b2, *items):
    from neurochip.frontends.brian2 import from_brian2

    return from_brian2(*items, namespace={}).network


def message(b2, *items):
    with pytest.raises(FrontendError) as caught:
        read(b2, *items)
    return str(caught.value)


def test_weights_in_ampere_are_read_in_nanoampere(b2):
    source, cells, synapses = objects(b2)
    (found,) = read(b2, source, cells, synapses).connections
    rule = found.plasticity
    assert found.name == "wires"
    assert (rule.tau_plus, rule.tau_minus) == pytest.approx((20, 30), rel=1e-14)
    assert (rule.a_plus, rule.a_minus, rule.w_max) == pytest.approx((0.004, 0.005, 0.5), rel=1e-14)
    order = np.argsort(synapses.i[:], kind="stable")
    assert found.weight == pytest.approx(synapses.w[:][order] / b2.nA, rel=1e-14)


def test_learned_weights_have_the_order_and_unit_of_brian2(b2):
    from neurochip.frontends.brian2.objects import as_network
    from neurochip.frontends.brian2.reading import read_network

    source, cells, synapses = objects(b2, pairs=([2, 0, 2, 1, 0], [0, 3, 1, 1, 0]))
    reading = read_network(as_network([source, cells, synapses]), {})
    item = reading.learned["wires"]
    (connection,) = reading.network.connections
    assert item.in_brian2(connection.weight) == pytest.approx(synapses.w[:] / b2.amp, rel=1e-14)
    synapses.w[[1, 4]] = [0.25, 0.5005] * b2.nA  # up to half a step of the chip above the limit
    changed = item.with_changes(connection.weight, np.array([1, 4]))
    wanted = connection.weight[item.position]
    wanted[[1, 4]] = 0.25, 0.5
    assert changed[item.position] == pytest.approx(wanted, rel=1e-14)
    item.leave(connection.weight[::-1])
    assert np.array_equal(item.order[item.position], np.arange(5))
    assert np.array(synapses.w)[item.order] == pytest.approx(connection.weight[::-1] * 1e-9)
    assert np.isnan(np.array(synapses.x)).all()


def test_a_constant_weight_beside_the_one_that_learns_is_a_connection_of_its_own(b2):
    on_pre = "I += w\nv += 0.2*mV\nx += 4*pA\nw = clip(w + y, 0*amp, 0.5*nA)"
    network = read(b2, *objects(b2, on_pre=on_pre))
    learning, constant = network.connections
    assert learning.plasticity is not None
    assert (constant.plasticity, constant.weight, constant.unit) == (None, pytest.approx(0.2), "mV")


@pytest.mark.parametrize(
    "name",
    ["a learning rate and a switch", "triplets, Pfister and Gerstner", "soft bounds"],
)
def test_a_rule_that_is_switched_off_keeps_its_traces(b2, name):
    form = READ[name]
    rule = connection_of(b2, form).plasticity
    off = {
        "on_pre": form.on_pre.replace("clip(w - ", "clip(w - zero*"),
        "on_post": form.on_post.replace("clip(w + ", "clip(w + zero*"),
    }
    if "plastic" in form.parameters:
        off = {"parameters": {"plastic": 0.0}}
    frozen = connection_of(b2, replace(form, **off)).plasticity
    assert (frozen.a_plus, frozen.a_minus) == (0, 0)
    assert (frozen.tau_plus, frozen.tau_minus) == (rule.tau_plus, rule.tau_minus)
    assert frozen.w_max == pytest.approx(rule.w_max, rel=1e-15)
    assert (frozen.triplet is None) == (rule.triplet is None)


def test_two_pathways_of_the_source_with_one_delay_are_one(b2):
    on_pre = {"send": "I += w", "write": "x += 4*pA\nw = clip(w + y, 0*amp, 0.5*nA)"}
    source, cells, synapses = objects(b2, on_pre=on_pre)
    synapses.send.delay = synapses.write.delay = 2 * b2.ms
    (found,) = read(b2, source, cells, synapses).connections
    assert found.delay == 2.0
    assert found.plasticity == read(b2, *objects(b2)).connections[0].plasticity


def test_euler_of_a_clock_driven_trace_is_read_with_the_decay_of_its_step(b2):
    model = "w : amp\ndx/dt = -x/(20*ms) : amp\ndy/dt = -y/(30*ms) : amp"
    (found,) = read(b2, *objects(b2, model=model, method="euler")).connections
    assert np.exp(-DT / found.plasticity.tau_plus) == pytest.approx(1 - DT / 20, rel=1e-15)
    assert np.exp(-DT / found.plasticity.tau_minus) == pytest.approx(1 - DT / 30, rel=1e-15)


def _delay_write(b2, source, cells, synapses):
    synapses.write.delay = 2 * b2.ms


def _delay_post(b2, source, cells, synapses):
    synapses.post.delay = 2 * b2.ms


def _post_first(b2, source, cells, synapses):
    synapses.post.order = -3


def _start(b2, source, cells, synapses):
    synapses.x = 1 * b2.pA


def _outside(b2, source, cells, synapses):
    synapses.w[2] = 0.6 * b2.nA


TWO = {"on_pre": {"send": "I += w", "write": "x += 4*pA\nw = clip(w + y, 0*amp, 0.5*nA)"}}
SITUATIONS = {
    "delays of their own": (
        TWO,
        _delay_write,
        "send and write have different delays. A spike of the chip arrives and learns in one step: "
        "give both the same delay.",
    ),
    "a delay of the target": (
        {},
        _delay_post,
        "post has a delay of its own. Spikes of the target act at once: leave its delay out.",
    ),
    "another order": (
        {},
        _post_first,
        "post acts before a spike of the source in the same step. What works: Brian2's default, "
        "on_pre before on_post.",
    ),
    "a trace that is not 0": (
        {},
        _start,
        "the trace x begins at 1e-12. Traces of the chip begin at 0.",
    ),
    "a weight above its limit": (
        {},
        _outside,
        "w[2] = 6e-10 at the beginning of the run. Weights that learn lie between 0 and their "
        "upper limit, 5e-10.",
    ),
    "a method without a factor": (
        {"model": "w : amp\ndx/dt = -x/(20*ms) : amp\ndy/dt = -y/(30*ms) : amp", "method": "rk4"},
        lambda *_: None,
        "the trace y has the method 'rk4'. What works: (event-driven), or method='exact', "
        "'exponential_euler' or 'euler'.",
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_synapses_that_learn_in_another_way_are_refused(b2, name):
    options, change, text = SITUATIONS[name]
    items = objects(b2, **options)
    change(b2, *items)
    assert message(b2, *items) == f"Synapses 'wires': {text}"


def test_targets_of_different_capacitance_are_refused(b2):
    source, _, _ = objects(b2)
    cells = b2.NeuronGroup(
        2,
        "dv/dt = (-70*mV - v + R*I)/(10*ms) : volt\ndI/dt = -I/(5*ms) : volt\nR : 1",
        threshold="v > -50*mV",
        reset="v = -70*mV",
        method="exact",
        name="cells",
    )
    cells.R = [1, 2]
    form = READ["the second tutorial of Brian2"]
    synapses = b2.Synapses(
        source,
        cells,
        form.model,
        on_pre=form.on_pre.replace("v_post += w", "I += w*mV"),
        on_post=form.on_post,
        name="wires",
        namespace={n: v * b2.ms if n in TIMES else v for n, v in NAMESPACE.items()},
    )
    synapses.connect()
    assert message(b2, source, cells, synapses) == (
        "Synapses 'wires': a weight of one unit has different effects on the neurons of 'cells', "
        "whose capacitances or leaks differ; a rule of the chip has one largest weight. Give all "
        "of them the same."
    )


# ------------------------------------------------------------------------------------ rewards

ELIGIBILITY = {
    "model": "w : amp\nelig : amp\nreward : 1\ndx/dt = -x/(20*ms) : amp (event-driven)\n"
    "dy/dt = -y/(30*ms) : amp (event-driven)",
    "on_pre": "I += w\nx += 4*pA\nelig += y",
    "on_post": "y -= 5*pA\nelig += x",
}
APPLY = "w = clip(w + elig*reward, 0*amp, 0.5*nA); elig *= exp(-8*ms/(50*ms))"


def test_a_reward_of_each_target_is_one_of_each_neuron(b2):
    source, cells, synapses = objects(b2, **ELIGIBILITY)
    synapses.reward = "1 + 0.5*j"
    synapses.run_regularly(APPLY, dt=8 * b2.ms)
    found = read(b2, source, cells, synapses).connections[0].plasticity.reward
    assert found.reward.times == pytest.approx([0])
    assert found.reward.values == pytest.approx(np.array([[1, 1.5, 2, 2.5]]))
    assert (found.interval, found.tau_eligibility) == pytest.approx((8, 50), rel=1e-12)


def test_a_reward_of_each_synapse_of_none_is_read(b2):
    source, cells, _ = objects(b2)
    synapses = b2.Synapses(source, cells, **ELIGIBILITY, name="none")
    synapses.connect(p=0)
    synapses.run_regularly(APPLY, dt=8 * b2.ms)
    assert read(b2, source, cells, synapses).connections[0].n_synapses == 0


def test_two_operations_of_one_interval_are_one(b2):
    source, cells, synapses = objects(b2, **ELIGIBILITY)
    synapses.reward = 0.3
    for line in APPLY.split("; "):
        synapses.run_regularly(line, dt=8 * b2.ms, name=f"wires_{line[0]}")
    # Brian2 runs them by name: wires_e first, so the reward gets what the decay has left.
    found = read(b2, source, cells, synapses).connections[0].plasticity.reward
    assert found.reward.values == pytest.approx([0.3 * np.exp(-8 / 50)])


def _begins(b2, synapses):
    synapses.elig = 1 * b2.pA
    synapses.run_regularly(APPLY, dt=8 * b2.ms)


REGULAR = {
    "another slot": (
        lambda b2, synapses: synapses.run_regularly(APPLY, dt=8 * b2.ms, when="end"),
        "its run_regularly runs in the slot 'end'. What works: Brian2's default, 'start'.",
    ),
    "half a step": (
        lambda b2, synapses: synapses.run_regularly(APPLY, dt=1.25 * b2.ms),
        "its run_regularly has dt = 1.25 ms. What works: one interval, a whole number of steps of "
        "0.5 ms.",
    ),
    "two intervals": (
        lambda b2, synapses: [
            synapses.run_regularly(line, dt=dt * b2.ms)
            for line, dt in zip(APPLY.split("; "), (4, 8), strict=True)
        ],
        "its run_regularly has dt = 4 and 8 ms. What works: one interval, a whole number of steps "
        "of 0.5 ms.",
    ),
    "a reward in time, read without a duration": (
        lambda b2, synapses: synapses.run_regularly(APPLY.replace("reward", "sin(t/ms)")),
        "run_regularly: 'w = clip(w + elig*sin(t/ms), 0*amp, 0.5*nA)' has a reward that changes "
        "with time, 'sin(t/ms)'. Pass duration=..., the length of the run.",
    ),
    "a reward of each synapse": (
        lambda b2, synapses: (
            setattr(synapses, "reward", "i"),
            synapses.run_regularly(APPLY, dt=8 * b2.ms),
        ),
        "run_regularly: 'w = clip(w + elig*reward, 0*amp, 0.5*nA)' has a reward 'reward' that "
        "differs between synapses of one target. What works: one reward for all synapses, or one "
        "for each target.",
    ),
    "an eligibility that is not 0": (
        _begins,
        "the eligibility elig begins at 1e-12. On the chip it begins at 0.",
    ),
}


@pytest.mark.parametrize("name", REGULAR)
def test_other_operations_are_refused(b2, name):
    add, text = REGULAR[name]
    source, cells, synapses = objects(b2, **ELIGIBILITY)
    add(b2, synapses)
    assert message(b2, source, cells, synapses) == f"Synapses 'wires': {text}"


def test_operations_on_constant_weights_are_refused(b2):
    source, cells, synapses = objects(b2, model="w : amp", on_pre="I += w", on_post=None)
    synapses.run_regularly("w *= 0.99", dt=8 * b2.ms)
    assert message(b2, source, cells, synapses) == (
        "Synapses 'wires': its run_regularly changes synapses that do not learn. What works: "
        "changes between runs; or a reward that turns an eligibility into weight."
    )
