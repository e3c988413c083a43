"""Learning in the reference: against Brian2's recorded runs, and against an oracle of STDP."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numba
import numpy as np
import pytest
from recorded import case_paths, load_case
from stdp_oracle import learned_weights

from neurochip import (
    LIF,
    STDP,
    EmulatorError,
    Network,
    NetworkError,
    Population,
    RecordingError,
    Reference,
    Reward,
    RewardModulation,
    SpikeInput,
    Stimulus,
    Triplet,
    WeightProbe,
    all_to_all,
    from_arrays,
    simulate_reference,
)

CLOSE = 1e-12  # of w_max: sums in another order
RULE = STDP(20.0, 15.0, 0.1, 0.08, 2.0)
RULE_20 = STDP(20.0, 15.0, 0.1, 0.08, 20.0)
TRIPLET = Triplet(60.0, 40.0, 0.05, 0.02)
REWARD = Reward([0.0, 24.0, 47.0], [0.7, -0.4, 1.0])
N_CASES = 13


def with_rule(network, **changes):
    """The network whose connections that learn have these fields."""
    connections = [
        dataclasses.replace(item, **changes) if item.plasticity else item
        for item in network.connections
    ]
    return dataclasses.replace(network, connections=connections)


def small(rule=RULE, *, dense=True, seed=0, weight=1.0, delays=(0.0,), **fields):
    """8 inputs and 6 neurons: plastic synapses from the inputs and among the neurons."""
    rng = np.random.default_rng(seed)
    source = SpikeInput("input", 8, *_spikes(rng, 8, 120.0, 90))
    cells = Population("cells", 6, LIF(tau_m=10.0, v_thresh=-67.0, v_reset=-70.0, tau_refrac=1.0))
    if dense:
        first = all_to_all(source, cells, weight=weight, delay=delays[0], plasticity=rule)
    else:
        pre, post = rng.integers(0, 8, 40), rng.integers(0, 6, 40)
        delay = rng.choice(delays, 40)
        start = rng.uniform(0.0, rule.w_max, 40)
        first = from_arrays(source, cells, pre, post, weight=start, delay=delay, plasticity=rule)
    pre, post = rng.integers(0, 6, 14), rng.integers(0, 6, 14)
    start = rng.uniform(0.0, rule.w_max, 14)
    own = from_arrays(cells, cells, pre, post, weight=start, plasticity=rule)
    return Network(populations=[cells], inputs=[source], connections=[first, own], **fields)


def _spikes(rng, size, stop, n):
    ids, times = rng.integers(0, size, n), np.sort(rng.uniform(0, stop, n))
    return ids, times


def stimulus_of(network, duration=120.0):
    return Stimulus(duration, network.spike_inputs)


def every_weight(network):
    return [WeightProbe(item.name) for item in network.connections if item.plasticity]


RULES = {
    "hard": RULE,
    "anti-Hebbian": STDP(20.0, 15.0, -0.1, -0.12, 2.0),
    "a change at presynaptic spikes": STDP(20.0, 20.0, 0.1, -0.1, 2.0, a_pre=-0.06),
    "a change and a reward": STDP(
        20.0, 15.0, 0.3, 0.2, 2.0, a_pre=-0.1, reward=RewardModulation(REWARD, 50.0, 8.0)
    ),
    "soft": STDP(20.0, 15.0, 0.2, 0.15, 2.0, bounds="soft"),
    "triplet": STDP(20.0, 15.0, 0.05, 0.04, 2.0, triplet=TRIPLET),
    "soft triplet": STDP(20.0, 15.0, 0.05, 0.04, 2.0, triplet=TRIPLET, bounds="soft"),
    "reward": STDP(20.0, 15.0, 0.3, 0.2, 2.0, reward=RewardModulation(REWARD, 50.0, 8.0)),
    "soft reward": STDP(
        20.0, 15.0, 0.1, 0.08, 2.0, bounds="soft", reward=RewardModulation(REWARD, 50.0, 4.0)
    ),
}


def test_all_recorded_networks_that_learn_are_present():
    assert len(case_paths("brian2/learning")) == N_CASES


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("path", case_paths("brian2/learning"), ids=lambda path: path.stem)
def test_every_spike_and_every_learned_weight_equals_brian2(path, threads):
    case = load_case(path)
    probes = [WeightProbe(name, synapses=ids) for name, (ids, _) in case.traces.items()]
    reference = Reference(case.network, case.dt, threads=threads)
    recording = reference.run(case.stimulus, record=probes)
    for name, (steps, ids) in case.spikes.items():
        assert np.array_equal(recording.steps[name], steps)
        assert np.array_equal(recording.ids[name], ids)
    for item in case.network.connections:
        if item.plasticity is not None:
            tolerance = CLOSE * item.plasticity.w_max
            learned = reference.weights(item.name)
            assert np.abs(learned - item.weight).max() > 0.02 * item.plasticity.w_max
            assert np.abs(learned - case.learned[item.name]).max() < tolerance
            traced = recording.weights[item.name].values
            assert np.abs(traced - case.traces[item.name][1]).max() < tolerance


@pytest.mark.parametrize("order", ["source", "chip"])
@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_weight_equals_the_definition_with_the_spikes_of_the_run(rule, dense, order):
    network = small(rule, dense=dense, delays=[0.0] if dense else [0.0, 1.0, 3.5, 8.0])
    recording = simulate_reference(
        network,
        stimulus_of(network),
        0.5,
        record=every_weight(network),
        learning_order=order,
    )
    spikes = {"cells": (recording.steps["cells"], recording.ids["cells"])}
    train = network.spike_inputs[0]
    spikes["input"] = (np.floor(train.times / 0.5 + 1e-9), train.ids)
    assert len(spikes["cells"][0]) > 20
    for item in network.connections:
        steps, ids = spikes[item.source.name]
        delays = np.broadcast_to(item.delay, item.n_synapses)
        start = np.broadcast_to(item.weight, item.n_synapses)
        found = recording.weights[item.name].values
        for k in range(item.n_synapses):
            expected = learned_weights(
                rule,
                0.5,
                recording.n_steps,
                start[k],
                steps[ids == item.pre[k]].astype(int) + round(delays[k] / 0.5),
                spikes["cells"][0][spikes["cells"][1] == item.post[k]],
                post=item.post[k],
                at_once=order == "chip",
            )
            assert np.abs(found[:, k] - expected).max() < CLOSE * rule.w_max


def test_the_result_does_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 8)
    network = small(RULES["soft triplet"], dense=False, delays=[0.0, 2.0])
    runs = [
        simulate_reference(
            network, stimulus_of(network), 0.5, record=every_weight(network), threads=n
        )
        for n in (1, 2, 8)
    ]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold", "next_step"])
@pytest.mark.parametrize("order", ["source", "chip"])
def test_parts_of_a_run_copies_and_repetitions_equal_the_whole(order, delivery):
    network = small(RULES["reward"], dense=False, delays=[0.0, 2.0], delivery=delivery)
    stimulus, record = stimulus_of(network), every_weight(network)
    whole = Reference(network, 0.5, learning_order=order)
    expected = whole.run(stimulus, record=record)
    parts = Reference(network, 0.5, learning_order=order)
    first = parts.run(stimulus, duration=50.5, record=record)
    copies = [copy.deepcopy(parts), pickle.loads(pickle.dumps(parts)), parts]
    for item in network.connections:
        values = expected.weights[item.name].values
        assert np.array_equal(first.weights[item.name].values, values[:101])
        assert np.array_equal(parts.weights(item.name), values[100])
    copies[0].reprogram(network)  # the same network changes nothing
    for each in copies:
        rest = each.run(stimulus, record=record)
        for item in network.connections:
            values = expected.weights[item.name].values
            assert np.array_equal(rest.weights[item.name].values, values[101:])
        each.reset()
        assert each.run(stimulus, record=record) == expected
    assert parts.run_batch([stimulus, stimulus], record=record) == [expected, expected]


def one_pair(rule=RULE, weight=1.0, **fields):
    """An input that spikes at 2 and 10 ms, and a neuron that its first spikes alone drives."""
    source = SpikeInput("input", 1, [0, 0], [2.0, 10.0])
    driver = SpikeInput("driver", 1, [0], [5.0])
    cell = Population("cell", 1, LIF(v_thresh=-60.0))
    learn = all_to_all(source, cell, weight=weight, plasticity=rule, name="learn")
    drive = all_to_all(driver, cell, weight=30.0, name="drive")
    return Network(
        populations=[cell], inputs=[source, driver], connections=[learn, drive], **fields
    )


def test_a_pair_strengthens_and_a_reversed_pair_weakens_by_the_amplitudes():
    network = one_pair()
    reference = Reference(network, 1.0)
    run = reference.run(stimulus_of(network, 20.0), record=WeightProbe("learn"))
    assert run.steps["cell"].tolist() == [6]  # the drive of step 5 acts in step 6
    values = run.weights["learn"].values[:, 0]
    up = 1.0 + 0.1 * np.exp(-4 / 20)
    assert values[[5, 6, 9]] == pytest.approx([1.0, up, up], abs=1e-15)
    assert values[10:] == pytest.approx(up - 0.08 * np.exp(-4 / 15), abs=1e-15)
    assert reference.weights("learn") == values[-1:]
    assert reference.weights("drive").tolist() == [30.0]


@pytest.mark.parametrize("order", ["source", "chip"])
def test_a_spike_is_delivered_with_the_weight_before_it_learns(order):
    # The neuron spikes in step 2, so the input of step 4 finds a postsynaptic trace of exp(-2/2).
    source, driver = SpikeInput("input", 1, [0], [4.0]), SpikeInput("driver", 1, [0], [1.0])
    model = LIF(tau_m=10.0, v_rest=-70.0, v_thresh=-60.0, v_reset=-70.0, tau_refrac=0.0)
    cell = Population("cell", 1, model)
    rule = STDP(20.0, 2.0 / np.log(2.0), 0.1, 0.4, 2.0)
    learn = all_to_all(source, cell, weight=1.0, plasticity=rule, name="learn")
    connections = [learn, all_to_all(driver, cell, weight=20.0)]
    network = Network(populations=[cell], inputs=[source, driver], connections=connections)
    run = simulate_reference(
        network, stimulus_of(network, 8.0), 1.0, record=["v"], learning_order=order
    )
    assert run.label.endswith(", learning in the order of the chip") == (order == "chip")
    assert run.steps["cell"].tolist() == [2]
    v = run.trace("cell").values[:, 0]
    assert v[5] - v[4] == pytest.approx(np.exp(-0.1), abs=1e-12)


def test_probes_record_traces_and_eligibilities_in_units_of_the_rule():
    rule = dataclasses.replace(
        RULE, triplet=TRIPLET, reward=RewardModulation(Reward([0.0], [0.0]), 50.0, 1.0)
    )
    network = one_pair(rule)
    names = ["x1", "x2", "y1", "y2", "t"]
    record = [WeightProbe("learn", variable=name, every=2) for name in names]
    run = simulate_reference(network, stimulus_of(network, 20.0), 1.0, record=record)
    traces = {name: run.synaptic["learn", name] for name in names}
    assert traces["x1"].steps.tolist() == [*range(1, 20, 2)]
    assert {name: trace.unit for name, trace in traces.items()} == {
        **dict.fromkeys(names, "1"),
        "t": network.connections[0].unit,
    }

    def kept(tau, *spikes):
        steps = traces["x1"].steps
        return sum(np.where(steps >= s, np.exp(-(steps - s) / tau), 0.0) for s in spikes)

    for name, tau, spikes in (
        ("x1", 20.0, (2, 10)),
        ("x2", 60.0, (2, 10)),
        ("y1", 15.0, (6,)),
        ("y2", 40.0, (6,)),
    ):
        assert traces[name].values[:, 0] == pytest.approx(kept(tau, *spikes), abs=1e-15)
    pair = 0.1 * np.exp(-4 / 20)  # at step 6, when y2 is still 0
    assert traces["t"].values[3, 0] == pytest.approx(pair * np.exp(-1 / 50), abs=1e-15)


def test_an_input_before_the_threshold_pairs_with_the_spike_that_it_causes():
    network = one_pair(weight=30.0, rule=STDP(20.0, 15.0, 0.1, 0.08, 40.0))
    network = dataclasses.replace(network, delivery="before_threshold")
    run = simulate_reference(network, stimulus_of(network, 20.0), 1.0, record=WeightProbe("learn"))
    assert run.steps["cell"][0] == 2
    assert run.weights["learn"].values[2, 0] == pytest.approx(30.1, abs=1e-14)


def test_two_spikes_of_an_input_in_one_step_are_two_events():
    source = SpikeInput("input", 1, [0, 0, 0, 0], [2.0, 2.2, 9.0, 9.3])
    cell = Population("cell", 1, LIF(v_thresh=-64.0, v_reset=-70.0))
    learn = all_to_all(source, cell, weight=4.0, plasticity=RULE_20, name="learn")
    network = Network(populations=[cell], inputs=[source], connections=[learn])
    run = simulate_reference(network, stimulus_of(network, 12.0), 1.0, record=WeightProbe("learn"))
    assert run.steps["cell"].tolist() == [3, 10]  # by 8 mV
    expected = learned_weights(RULE_20, 1.0, 12, 4.0, [2, 2, 9, 9], [3, 10])
    assert run.weights["learn"].values[:, 0] == pytest.approx(expected, abs=1e-14)


def test_a_changed_network_goes_on_with_learned_weights_unless_its_own_are_others():
    network = small(dense=False)
    stimulus, first, second = stimulus_of(network), *[item.name for item in network.connections]
    reference = Reference(network, 0.5)
    reference.run(stimulus, duration=60.0)
    learned = {name: reference.weights(name) for name in (first, second)}
    connections = list(network.connections)
    slower = dataclasses.replace(RULE, a_plus=0.01)
    connections[0] = dataclasses.replace(connections[0], plasticity=slower)
    connections[1] = dataclasses.replace(connections[1], weight=0.25)
    reference.reprogram(dataclasses.replace(network, connections=connections))
    assert np.array_equal(reference.weights(first), learned[first])
    assert (reference.weights(second) == 0.25).all()
    reference.run(stimulus)
    reference.reset()
    assert np.array_equal(reference.weights(first), connections[0].weight)


@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold", "next_step"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_connection_without_delays_may_cease_and_begin_to_learn(threads, delivery):
    network = small(dense=False, delivery=delivery)
    (first, second), stimulus = network.connections, stimulus_of(network)
    slow = dataclasses.replace(second, delay=2.0)
    network = dataclasses.replace(network, connections=[first, slow])
    reference = Reference(network, 0.5, threads=threads)
    reference.run(stimulus, duration=30.0)
    learned = reference.weights(first.name)
    fixed = dataclasses.replace(first, plasticity=None, weight=learned)
    reference.reprogram(dataclasses.replace(network, connections=[fixed, slow]))
    halves = [copy.deepcopy(reference), reference]
    run = halves[0].run(stimulus, duration=30.0, record=[WeightProbe(second.name)])
    assert np.array_equal(halves[0].weights(first.name), learned)
    frozen = dataclasses.replace(RULE, a_plus=0.0, a_minus=0.0)
    still = Reference(network, 0.5, threads=threads)
    still.run(stimulus, duration=30.0)
    still.reprogram(
        dataclasses.replace(
            network,
            connections=[dataclasses.replace(first, plasticity=frozen), slow],
        )
    )
    expected = still.run(stimulus, duration=30.0, record=[WeightProbe(second.name)])
    assert np.array_equal(run.steps["cells"], expected.steps["cells"])
    assert run.weights[second.name].values == pytest.approx(
        expected.weights[second.name].values, abs=1e-12
    )
    again = dataclasses.replace(fixed, plasticity=RULE)
    halves[0].reprogram(dataclasses.replace(network, connections=[again, slow]))
    halves[0].run(stimulus)
    assert not np.array_equal(halves[0].weights(first.name), learned)


def test_what_learns_with_delays_must_go_on_to_learn_with_them():
    network = small(dense=False)
    name = network.connections[0].name
    start = "run: the network cannot go on from here: connection"
    end = "; allowed: a network of the same populations, inputs and synapses, with other values."
    reference = Reference(network, 0.5)
    with pytest.raises(NetworkError) as caught:
        reference.reprogram(with_rule(network, delay=1.0))
    assert str(caught.value) == f"{start} {name!r} learns, and has other delays{end}"
    network = with_rule(network, delay=1.0)
    reference = Reference(network, 0.5)
    fixed = [dataclasses.replace(network.connections[0], plasticity=None), network.connections[1]]
    with pytest.raises(NetworkError) as caught:
        reference.reprogram(dataclasses.replace(network, connections=fixed))
    assert str(caught.value) == f"{start} {name!r} ceases to learn, and has delays{end}"
    reference = Reference(dataclasses.replace(network, connections=fixed), 0.5)
    with pytest.raises(NetworkError) as caught:
        reference.reprogram(network)
    assert str(caught.value) == f"{start} {name!r} begins to learn, and has delays{end}"


@pytest.mark.parametrize("first", [True, False])
def test_a_connection_without_synapses_learns_nothing(first):
    network = one_pair()
    source, cell = network.inputs[0], network.populations[0]
    none = from_arrays(source, cell, [], [], weight=[], delay=[], plasticity=RULE, name="none")
    connections = [none, *network.connections] if first else [*network.connections, none]
    both = dataclasses.replace(network, connections=connections)
    stimulus, reference = stimulus_of(network, 20.0), Reference(both, 1.0)
    run = reference.run(stimulus, record=every_weight(both))
    alone = simulate_reference(network, stimulus, 1.0, record=every_weight(network))
    assert run.weights["learn"] == alone.weights["learn"]
    assert reference.weights("none").shape == (0,)


def test_weights_can_be_set_between_runs():
    network = one_pair()
    reference = Reference(network, 1.0)
    reference.run(stimulus_of(network, 20.0), duration=8.0)
    reference.set_weights("learn", 0.5)
    run = reference.run(stimulus_of(network, 20.0), record=WeightProbe("learn"))
    assert run.weights["learn"].values[0] == 0.5
    assert reference.weights("learn") == pytest.approx([0.5 - 0.08 * np.exp(-4 / 15)], abs=1e-15)


def test_a_reward_can_be_set_between_runs():
    modulation = RewardModulation(Reward([0.0, 9.0], [0.0, 5.0]), 50.0, 1.0)
    network = one_pair(dataclasses.replace(RULE, reward=modulation))
    reference = Reference(network, 1.0)
    stimulus = stimulus_of(network, 20.0)
    reference.run(stimulus, duration=7.0)
    reference.set_reward("learn", [-2.0])
    reference.run(stimulus, duration=1.0)
    pair = 0.1 * np.exp(-4 / 20)
    assert reference.weights("learn") == pytest.approx([1.0 - 2.0 * pair], abs=1e-15)
    reference.set_reward("learn", 0.0)
    reference.reprogram(network)  # which goes on with it
    reference.run(stimulus)
    assert reference.weights("learn") == pytest.approx([1.0 - 2.0 * pair], abs=1e-15)
    reference.reset()
    reference.run(stimulus, duration=10.0)  # the planned reward again
    assert reference.weights("learn")[0] > 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda run: run.weights("other"),
            "run: no connection 'other'; there is 'learn', 'drive'.",
        ),
        (
            lambda run: run.set_weights("drive", 1.0),
            "run: connection 'drive' does not learn; allowed: one with plasticity=STDP(...).",
        ),
        (
            lambda run: run.set_weights("learn", 2.5),
            "run: connection 'learn': weights = 2.5; allowed: 0 to w_max = 2 mV, one number or 1.",
        ),
        (
            lambda run: run.set_weights("learn", [1.0, 1.0]),
            "run: connection 'learn': weights = [1.0, 1.0]; allowed: 0 to w_max = 2 mV, one number "
            "or 1.",
        ),
        (
            lambda run: run.set_reward("learn", 1.0),
            "run: connection 'learn' learns without a reward; allowed: an STDP with a reward.",
        ),
    ],
)
def test_weights_and_rewards_that_cannot_be_are_refused(call, message):
    with pytest.raises(NetworkError) as caught:
        call(Reference(one_pair(), 1.0))
    assert str(caught.value) == message


def test_a_reward_must_fit_the_target():
    modulation = RewardModulation(Reward([0.0], [0.0]), 50.0, 1.0)
    run = Reference(one_pair(dataclasses.replace(RULE, reward=modulation)), 1.0)
    with pytest.raises(NetworkError) as caught:
        run.set_reward("learn", [1.0, 2.0])
    assert str(caught.value) == (
        "run: connection 'learn': value = [1.0, 2.0]; allowed: a finite number, or 1."
    )


def test_the_interval_of_a_reward_is_a_whole_number_of_steps():
    modulation = RewardModulation(Reward([0.0], [0.0]), 50.0, 1.5)
    with pytest.raises(NetworkError) as caught:
        Reference(one_pair(dataclasses.replace(RULE, reward=modulation)), 1.0)
    assert str(caught.value) == (
        "connection 'learn': interval = 1.5 ms of its reward; allowed: a whole number of steps of "
        "1 ms."
    )


def test_the_order_of_learning_is_that_of_brian2_or_of_the_chip():
    with pytest.raises(EmulatorError) as caught:
        Reference(one_pair(), 1.0, learning_order="lava")
    assert str(caught.value) == "run: learning_order = 'lava'; allowed: 'source', 'chip'."


def test_only_variables_that_the_rule_has_are_recorded():
    run, stimulus = Reference(one_pair(), 1.0), stimulus_of(one_pair(), 5.0)
    with pytest.raises(RecordingError) as caught:
        run.run(stimulus, record=WeightProbe("learn", variable="t"))
    assert str(caught.value) == "record: 't' of connection 'learn'; its rule has 'w', 'x1', 'y1'."
