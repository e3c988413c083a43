"""Weights that the chip has learned in a Brian2 script: read back, recorded, kept and changed."""

from __future__ import annotations

import numpy as np
import pytest
from brian2_stdp import FORMS, NAMESPACE, WAVE

from neurochip import Reference, WeightProbe
from neurochip.errors import CompileError, FrontendError

pytestmark = pytest.mark.slow

TUTORIAL = FORMS["a learning rate and a switch"]
REWARD = FORMS["a reward that turns an eligibility into weight"]


class Script:
    """A network that learns: sources that spike often, onto five cells."""

    def __init__(self, b2, form=TUTORIAL, **options):
        b2.seed(5)
        b2.defaultclock.dt = 1 * b2.ms
        self.cells = b2.NeuronGroup(
            5,
            "dv/dt = (0.5 + I - v)/(10*ms) : 1 (unless refractory)\ndI/dt = -I/(4*ms) : 1",
            threshold="v > 1",
            reset="v = 0",
            refractory=3 * b2.ms,
            method="exact",
            name="cells",
        )
        self.source = b2.PoissonGroup(8, rates=60 * b2.Hz, name="source")
        times = ("taupre", "taupost", "tau_slow")
        names = {key: v * b2.ms if key in times else v for key, v in NAMESPACE.items()}
        names["wave"] = b2.TimedArray(WAVE, dt=30 * b2.ms)
        self.wires = b2.Synapses(
            self.source,
            self.cells,
            form.model,
            on_pre=form.on_pre.replace("v_post", "I_post"),
            on_post=form.on_post,
            name="wires",
            namespace={**names, **options},
        )
        # Not in the order of the sources, as they are in a connection.
        pre, post = np.meshgrid(np.arange(8)[::-1], np.arange(5), indexing="ij")
        self.wires.connect(i=pre.ravel(), j=post.ravel())
        self.wires.w = "0.1 + 0.6*rand()"
        for name, value in form.parameters.items():
            setattr(self.wires, name, value)
        if form.regular:
            self.wires.run_regularly(form.regular, dt=8 * b2.ms)
        self.spikes = b2.SpikeMonitor(self.cells)
        self.record = b2.StateMonitor(self.wires, "w", record=[0, 7, 20], name="record")
        self.network = b2.Network(self.cells, self.source, self.wires, self.spikes, self.record)

    def run(self, b2, duration):
        self.network.run(duration * b2.ms)
        return np.array(self.wires.w)


STEP = NAMESPACE["wmax"] / 255


def test_weights_after_a_run_are_those_that_the_chip_has_learned(chip):
    script = Script(chip)
    start = np.array(script.wires.w)
    learned = script.run(chip, 400)
    steps = learned / STEP
    assert np.abs(steps - np.round(steps)).max() < 0.01
    assert np.abs(learned - start).max() > 10 * STEP
    assert learned.min() >= 0
    assert learned.max() <= NAMESPACE["wmax"] * (1 + 1e-3)


def test_learned_weights_are_near_those_of_brian2(b2):
    form = FORMS["the second tutorial of Brian2"]
    start = np.array(Script(b2, form).wires.w)
    wanted = Script(b2, form).run(b2, 400)
    b2.set_device("neurochip")
    learned = Script(b2, form).run(b2, 400)
    assert np.corrcoef(learned - start, wanted - start)[0, 1] > 0.7
    assert np.square(learned - wanted).mean() < 0.25 * np.square(wanted - start).mean()


def delayed(b2, delay):
    """Return a network in which pairs of spikes come close to each other, after delays."""
    script = Script(b2, FORMS["the second tutorial of Brian2"])
    script.wires.delay = delay
    return script


def test_relays_learn_near_brian2_with_a_delay_of_each_synapse(b2):
    delay = "(1 + 11*rand())*ms"
    start = np.array(delayed(b2, delay).wires.w)
    wanted = delayed(b2, delay).run(b2, 400)
    b2.set_device("neurochip")
    with pytest.raises(CompileError, match="plasticity with delays of 1 to 12 steps; allowed: one"):
        delayed(b2, delay).run(b2, 400)
    b2.set_device("neurochip", relays=True)
    script = delayed(b2, delay)
    learned = script.run(b2, 400)
    assert np.abs(script.record.w[:, 0] - start[[0, 7, 20]]).max() <= STEP / 2 * 1.01
    assert np.corrcoef(learned - start, wanted - start)[0, 1] > 0.7
    assert np.square(learned - wanted).mean() < 0.25 * np.square(wanted - start).mean()
    assert b2.get_device().recording.populations["wires relays"] > 8


def test_relayed_runs_go_on_from_weights_that_the_script_sets(b2):
    b2.set_device("neurochip", relays=True)
    script = delayed(b2, "(1 + 11*rand())*ms")
    script.run(b2, 50)
    script.wires.w = np.linspace(0.1, 0.8, 40)
    script.run(b2, 1)
    expected = np.linspace(0.1, 0.8, 40)[[0, 7, 20]]
    assert np.abs(script.record.w[:, 50] - expected).max() <= STEP / 2 * 1.01


def test_relays_are_switched_on_or_off(b2):
    message = r"^set_device: relays = 'yes'; allowed: True or False\.$"
    with pytest.raises(FrontendError, match=message):
        b2.set_device("neurochip", relays="yes")
    b2.set_device("neurochip", relays=True)
    message = "delays of 0 to 4 steps; allowed: at least one step of 1 ms for all of its synapses"
    with pytest.raises(FrontendError, match=f"^Brian2 network: connection 'wires' has {message}"):
        delayed(b2, "(i % 2)*4*ms").run(b2, 10)


def test_a_monitor_has_the_weights_at_the_start_of_each_step(chip):
    script = Script(chip)
    slow = chip.StateMonitor(script.wires, "w", record=True, dt=7 * chip.ms)
    script.network.add(slow)
    start = np.array(script.wires.w)
    learned = script.run(chip, 100)
    record = script.record
    assert record.w.shape == (3, 100)
    assert slow.w.shape == (40, 15)
    assert np.abs(record.w[:, 0] - start[[0, 7, 20]]).max() <= STEP / 2 * 1.01
    assert np.array_equal(slow.w[[0, 7, 20]], record.w[:, ::7])
    after = script.run(chip, 1)
    assert record.w.shape == (3, 101)
    assert np.array_equal(record.w[:, 100], learned[[0, 7, 20]])
    assert np.abs(after - learned).max() < 0.2


def test_two_runs_are_one(chip):
    whole = Script(chip)
    learned = whole.run(chip, 300)
    again = Script(chip)
    for duration in (120, 1, 179):
        last = again.run(chip, duration)
    assert np.array_equal(last, learned)
    assert np.array_equal(again.record.w, whole.record.w)
    assert np.array_equal(again.spikes.t, whole.spikes.t)
    assert np.array_equal(again.spikes.i, whole.spikes.i)


def test_store_and_restore_bring_learned_weights_back(chip):
    script = Script(chip)
    script.run(chip, 150)
    script.network.store()
    chip.seed(9)
    first = script.run(chip, 150)
    script.network.restore()
    assert not np.array_equal(script.wires.w, first)
    chip.seed(9)
    assert np.array_equal(script.run(chip, 150), first)


def test_weights_that_a_script_changes_between_runs_are_taken(chip):
    script = Script(chip)
    learned = script.run(chip, 150)
    script.wires.w[3] = 0.45
    script.source.rates = 0 * chip.Hz
    script.wires.plastic = 1
    after = script.run(chip, 1)
    others = np.arange(40) != 3
    assert np.abs(after - learned)[others].max() < 0.1
    assert after[3] == pytest.approx(0.45, abs=0.1)


def test_a_weight_above_the_limit_is_refused_between_runs(chip):
    script = Script(chip)
    script.run(chip, 50)
    script.wires.w[3] = 1.2
    with pytest.raises(FrontendError) as caught:
        script.run(chip, 50)
    assert str(caught.value) == (
        "Synapses 'wires': w[3] = 1.2 at the beginning of the run. Weights that learn lie between "
        "0 and their upper limit, 0.9."
    )


def test_learned_weights_are_the_start_of_another_script(chip):
    script = Script(chip)
    script.wires.w = 0.9
    learned = script.run(chip, 2)
    assert learned.max() == pytest.approx(0.9, abs=STEP / 2)  # the largest weight of the chip
    again = Script(chip)
    again.wires.w = learned
    again.run(chip, 1)
    assert np.abs(again.record.w[:, 0] - learned[[0, 7, 20]]).max() < 1e-9


def test_another_rule_goes_on_with_the_learned_weights(chip):
    script = Script(chip)
    learned = script.run(chip, 200)
    script.wires.plastic = 0.5
    after = script.run(chip, 1)
    assert np.abs(after - learned).max() < 0.1
    assert script.run(chip, 200).std() > 0


def test_learning_is_switched_off_and_on_between_runs(chip):
    script = Script(chip)
    script.wires.plastic = 0
    before = script.run(chip, 100)
    assert np.abs(before - script.record.w[0, 0]).max() > 0
    assert np.array_equal(script.run(chip, 100), before)
    script.wires.plastic = 5
    learned = script.run(chip, 200)
    assert np.abs(learned - before).max() > 5 * STEP
    script.wires.plastic = 0
    assert np.array_equal(script.run(chip, 100), learned)
    assert np.ptp(script.record.w[:, :201], axis=1).max() == 0


def test_traces_are_unknown_after_a_run(chip):
    script = Script(chip)
    script.run(chip, 50)
    assert np.isnan(script.wires.apre[:]).all()
    script.wires.apre = 0
    with pytest.raises(FrontendError) as caught:
        script.run(chip, 50)
    assert str(caught.value).startswith(
        "Synapses 'wires': apre was changed between two runs; the chip goes on with other"
    )


def test_a_monitor_of_traces_is_refused(chip):
    script = Script(chip)
    script.network.add(chip.StateMonitor(script.wires, "apre", record=0, name="traces"))
    with pytest.raises(FrontendError) as caught:
        script.run(chip, 50)
    assert str(caught.value) == (
        "StateMonitor 'traces': it records apre, which the chip keeps in other units. What works: "
        "the weight w, and constant parameters."
    )


def test_a_pathway_that_is_switched_off_between_runs_is_refused(chip):
    script = Script(chip)
    script.run(chip, 50)
    script.wires.post.active = False
    script.wires.pre.active = False
    with pytest.raises(FrontendError, match="its learning ends between two runs"):
        script.run(chip, 50)


def test_a_reward_changes_weights_on_the_chip(chip):
    script = Script(chip, REWARD)
    start = np.array(script.wires.w)
    learned = script.run(chip, 400)
    assert np.abs(learned - start).max() > 3 * STEP
    # Only in steps that the interval divides.
    moved = np.flatnonzero(np.abs(np.diff(script.record.w)).max(axis=0))
    assert moved.size
    assert (moved % 8 == 0).all()


def test_compare_runs_both_and_restores_the_weights(b2):
    from neurochip.frontends.brian2 import compare

    script = Script(b2)
    start = np.array(script.wires.w)
    result = compare(script.network, duration=300 * b2.ms, record=WeightProbe("wires", every=50))
    assert np.array_equal(script.wires.w, start)
    assert result.populations["cells"].reference_counts.sum() > 20


# --------------------------------------------------- what is read in each of several runs


def _nothing(script):
    pass


def _off(script):
    script.wires.plastic = 0


def _stronger(script):
    script.wires.plastic = 3


def _set_some(script):
    script.wires.w[[2, 30]] = [0.1, 0.8]


def _set_all(script):
    script.wires.w = "0.05 * (i + j)"


CHANGES = {
    "nothing": [_nothing, _nothing],
    "switched off, and on again": [_off, _stronger],
    "some weights": [_set_some, _nothing, _set_some],
    "all weights, then a stronger rule": [_set_all, _stronger],
    "a stronger rule and weights at once": [lambda s: (_stronger(s), _set_some(s))],
}


REWARDS = {
    "a reward that the script changes": (
        "a reward of all synapses, after the decay",
        [lambda s: setattr(s.wires, "reward", 0.5), lambda s: setattr(s.wires, "reward", 0)],
    ),
    "a reward in time": ("a reward in time", [_nothing, _set_some]),
}


def several_runs(b2, form, changes, device):
    """Return the weights after each run; and of each run on the chip its network and stimulus.

    With these are the synapses whose weights were changed before the run, and their weights.
    """
    b2.set_device(device)
    b2.start_scope()
    script, weights, runs = Script(b2, form), [], []
    for change in (_nothing, *changes):
        before = np.array(script.wires.w)
        change(script)
        now = np.array(script.wires.w)
        moved = np.flatnonzero(now != before)
        weights.append(script.run(b2, 60))
        own = b2.get_device()
        if device == "neurochip":
            runs.append((own.network, own.stimulus, moved, now[moved]))
    return weights, runs


@pytest.mark.parametrize("name", [*CHANGES, *REWARDS])
def test_the_reference_of_several_runs_has_the_weights_of_brian2(b2, name):
    known, changes = REWARDS.get(name, ("a learning rate and a switch", CHANGES.get(name)))
    wanted, _ = several_runs(b2, FORMS[known], changes, "runtime")
    _, runs = several_runs(b2, FORMS[known], changes, "neurochip")
    reference = Reference(runs[0][0], 1.0, progress=False)
    pre = np.repeat(np.arange(8)[::-1], 5)
    order = np.argsort(pre, kind="stable")
    for k, (network, stimulus, moved, values) in enumerate(runs):
        if k:
            reference.reprogram(network)
            weights = np.empty(40)
            weights[order] = reference.weights("wires")
            weights[moved] = values
            reference.set_weights("wires", weights[order])
        reference.run(stimulus)
        found = np.empty(40)
        found[order] = reference.weights("wires")
        assert np.abs(found - wanted[k]).max() < 1e-12


def test_learning_beside_input_that_follows_brian2_s_own_run(chip):
    """A PoissonInput onto a v that is '(unless refractory)': Brian2 runs beside the chip."""
    script = Script(chip)
    cells = chip.NeuronGroup(
        5,
        "dv/dt = -v/(10*ms) : 1 (unless refractory)",
        threshold="v > 1",
        reset="v = 0",
        refractory=3 * chip.ms,
        method="exact",
        name="others",
    )
    form = FORMS["the second tutorial of Brian2"]
    names = {"taupre": 20 * chip.ms, "taupost": 30 * chip.ms}
    wires = chip.Synapses(
        script.source,
        cells,
        form.model,
        on_pre=form.on_pre,
        on_post=form.on_post,
        name="more",
        namespace={**NAMESPACE, **names},
    )
    wires.connect()
    wires.w = 0.4
    noise = chip.PoissonInput(cells, "v", N=10, rate=20 * chip.Hz, weight=0.3)
    script.network.add(cells, wires, noise)
    script.run(chip, 100)
    first = np.array(wires.w)
    assert np.abs(first - 0.4).max() > 2 * STEP
    assert np.abs(first / STEP - np.round(first / STEP)).max() < 0.01
    script.run(chip, 100)
    assert np.abs(np.array(wires.w) - first).max() > STEP
