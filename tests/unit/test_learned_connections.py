"""Connections that learn in images with names and units: weights, batches, other images."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from learning_runs import emulator, listed

from neurochip import (
    LIF,
    STDP,
    Emulator,
    Learning,
    Network,
    Plasticity,
    PoissonInput,
    Population,
    Reward,
    RewardModulation,
    WeightProbe,
    all_to_all,
    compile_network,
    draw_stimulus,
    load_image,
    save_image,
)
from neurochip.errors import EmulatorError
from neurochip.learning import LearningRule, Trace

PAIR = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))


def exactly(message):
    return f"^{re.escape(message)}$"


WEIGHTS = np.linspace(0.5, 2.0, 12)


def compiled(rule=PAIR, weights=WEIGHTS):
    """Return the image of a network whose connection "feed" learns, and a stimulus."""
    cells = Population("cells", 3, LIF(tau_m=20.0, v_thresh=-62.0))
    source = PoissonInput("noise", 4, rate=200.0)
    feed, fixed = (
        all_to_all(source, cells, weight=weight, name=name)
        for name, weight in (("feed", weights.reshape(4, 3)), ("fixed", 0.1))
    )
    network = Network(populations=[cells], inputs=[source], connections=[feed, fixed])
    image = compile_network(network, dt=1.0)
    group = [item.connection for item in image.symbols.synapses].index("feed")
    learning = Learning((Plasticity(group, rule),))
    stimulus = draw_stimulus(network, duration=100.0, seed=2)
    return dataclasses.replace(image, learning=learning), stimulus


def test_weights_of_a_compiled_connection_are_in_its_units_and_order():
    image, stimulus = compiled()
    runner = emulator(image)
    assert np.allclose(runner.weights("feed"), WEIGHTS, atol=0.01)
    assert runner.weights("feed", raw=True).dtype == np.int32
    found = runner.run(stimulus, record=["v", WeightProbe("feed", [2, 7], every=50)])
    trace = found.weights["feed"]
    assert (trace.unit, trace.times.tolist()) == ("mV", [50.0, 100.0])
    assert trace.values[-1].tolist() == runner.weights("feed")[[2, 7]].tolist()
    assert found.learning["feed"]["events"] > 0
    assert not np.allclose(runner.weights("feed"), WEIGHTS, atol=0.01)
    assert (
        Emulator(runner.learned_image()).weights("feed").tolist() == runner.weights("feed").tolist()
    )


def test_the_report_of_a_learned_image_says_that_its_weights_are_those_before(tmp_path):
    image, stimulus = compiled()
    assert Emulator(image).learned_image().symbols.report == image.symbols.report
    found = image
    for _ in range(2):
        runner = Emulator(found)
        runner.run(stimulus)
        found = load_image(save_image(runner.learned_image(), tmp_path / "learned.npz"))
        for before, row in zip(image.symbols.report.rows, found.symbols.report.rows, strict=True):
            learned = (row.owner, row.parameter) == ("feed", "weight")
            since = "; as compiled: this image begins with what its synapses have learned since"
            assert row.note == before.note + since * learned


def test_weights_are_set_in_the_units_of_the_connection_to_the_nearest_mantissa():
    runner = emulator(compiled()[0])
    before = runner.weights("feed", raw=True)
    runner.set_weights("feed", runner.weights("feed") * 1.0001)
    assert runner.weights("feed", raw=True).tolist() == before.tolist()
    runner.set_weights("feed", 1.0)
    assert np.allclose(runner.weights("feed"), 1.0, atol=0.01)
    message = (
        r"^emulator: connection 'feed': weights\[0\] = 50; allowed: [-0-9.]+ to [0-9.]+, the "
        r"limits of its rule\.$"
    )
    with pytest.raises(EmulatorError, match=message):
        runner.set_weights("feed", 50.0)


def test_a_batch_learns_from_the_start_in_each_run():
    image, stimulus = compiled()
    runner, probe = emulator(image), WeightProbe("feed", every=20)
    alone = runner.run(stimulus, record=[probe]).weights["feed"].values
    for part in runner.run_batch([stimulus] * 3, record=[probe], threads=2):
        assert part.weights["feed"].values.tolist() == alone.tolist()
        assert part.learning["feed"]["events"] > 0


def test_learned_weights_and_traces_go_on_with_another_image():
    rule = dataclasses.replace(PAIR, epoch=7)
    image, stimulus = compiled(rule)
    runner, whole = emulator(image), emulator(image)
    runner.run(stimulus, duration=40.0)  # within an epoch
    whole.run(stimulus)
    runner.reprogram(compiled(rule)[0])
    runner.run(stimulus)
    assert runner.weights("feed").tolist() == whole.weights("feed").tolist()
    assert listed(runner.traces("feed")) == listed(whole.traces("feed"))


def test_a_rule_may_change_within_a_run_and_the_weights_stay():
    image, stimulus = compiled()
    runner = emulator(image)
    runner.run(stimulus, duration=40.0)
    learned_weights = runner.weights("feed", raw=True)
    still = LearningRule("0*x0", x1=PAIR.x1, y1=Trace(16, 30))
    before = runner.traces("feed")
    runner.reprogram(compiled(rule=still)[0])
    after = runner.traces("feed")
    assert after["x1"].tolist() == before["x1"].tolist()
    assert not after["y1"].any()
    runner.run(stimulus)
    assert runner.weights("feed", raw=True).tolist() == learned_weights.tolist()


def test_other_start_weights_replace_what_was_learned():
    image, stimulus = compiled()
    runner = emulator(image)
    runner.run(stimulus, duration=40.0)
    other = compiled(weights=WEIGHTS[::-1].copy())[0]
    runner.reprogram(other)
    assert runner.weights("feed").tolist() == emulator(other).weights("feed").tolist()


def test_a_connection_cannot_stop_learning_within_a_run():
    image, stimulus = compiled()
    runner = emulator(image)
    runner.run(stimulus, duration=40.0)
    fixed = dataclasses.replace(runner.learned_image(), learning=None)
    message = (
        "emulator: the image cannot go on from here: connection 'feed' learns in one of the two "
        "images only; allowed: the same connections. A rule that changes nothing keeps its weights."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.reprogram(fixed)


def test_an_image_with_other_synapses_cannot_take_over_what_was_learned():
    image, stimulus = compiled()
    runner = emulator(image)
    runner.run(stimulus, duration=40.0)
    number = np.arange(12, dtype=np.int32)[::-1].copy()
    item = dataclasses.replace(image.learning.groups[0], number=number)
    other = dataclasses.replace(image, learning=Learning((item,)))
    message = (
        "emulator: the image cannot go on from here: connection 'feed' learns, and its synapses "
        "are others; allowed: the same synapses. Begin with learned_image()."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.reprogram(other)


def test_neurons_with_two_receptors_learn_and_show_their_currents():
    cells = Population("cells", 3, LIF(tau_m=20.0, v_thresh=-62.0, tau_syn_E=5.0, tau_syn_I=9.0))
    source, other = PoissonInput("noise", 4, rate=300.0), PoissonInput("inhibition", 4, rate=100.0)
    network = Network(
        populations=[cells],
        inputs=[source, other],
        connections=[
            all_to_all(source, cells, weight=0.5, name="feed"),
            all_to_all(other, cells, weight=-0.5, name="brake"),
        ],
    )
    plain = compile_network(network, dt=1.0)
    assert plain.compartments.join.any()
    stimulus = draw_stimulus(network, duration=100.0, seed=2)
    names = [item.connection for item in plain.symbols.synapses]

    def with_rule(rule, connection):
        item = Plasticity(names.index(connection), rule)
        return dataclasses.replace(plain, learning=Learning((item,)))

    traces = ["v", "u", "u_child"]
    expected = emulator(plain).run(stimulus, record=traces)
    still = LearningRule("0*x0", x1=PAIR.x1, y1=PAIR.y1)
    found = emulator(with_rule(still, "feed")).run(stimulus, record=traces)
    assert found.n_spikes == expected.n_spikes > 5
    for name in traces:
        given, wanted = (each.trace("cells", name).values for each in (found, expected))
        assert given.tolist() == wanted.tolist()
    for connection in names:
        runner = emulator(with_rule(PAIR, connection))
        before = runner.weights(connection)
        assert np.allclose(before, {"feed": 0.5, "brake": -0.5}[connection], atol=0.01)
        runner.run(stimulus)
        assert runner.weights(connection).tolist() != before.tolist()
        half = emulator(with_rule(PAIR, connection))
        half.run(stimulus, duration=50.0)
        half.reprogram(with_rule(PAIR, connection))
        half.run(stimulus)
        assert half.weights(connection).tolist() == runner.weights(connection).tolist()


def rewarded(amplitude=0.05, reward=0.5, rate=100.0):
    """Return the image of a network whose connection "feed" learns by a reward, and a stimulus."""
    cells = Population("cells", 3, LIF(tau_m=20.0, v_thresh=-62.0))
    source = PoissonInput("noise", 4, rate=rate)
    planned = RewardModulation(Reward([0.0], [reward]), tau_eligibility=50.0, interval=16.0)
    rule = STDP(20.0, 20.0, amplitude, amplitude, 2.0, reward=planned)
    feed = all_to_all(source, cells, weight=1.5, plasticity=rule, name="feed")
    network = Network(populations=[cells], inputs=[source], connections=[feed])
    return compile_network(network, dt=1.0), draw_stimulus(network, duration=100.0, seed=2)


def test_a_reward_is_set_in_the_units_of_its_connection():
    image, _ = rewarded()
    runner, step = emulator(image), image.symbols.synapses[0].reward_lsb
    runner.set_reward("feed", 0.25)
    assert runner.traces("feed")["y2"].tolist() == [round(0.25 / step)] * 12
    runner.set_reward("feed", [0.1, 0.2, 0.3])
    each = [round(value / step) for value in (0.1, 0.2, 0.3)]
    assert runner.traces("feed")["y2"].tolist() == each * 4
    message = (
        "emulator: connection 'feed': reward has shape (2,); allowed: one number, or 3, one for "
        "each neuron of 'cells'."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.set_reward("feed", [1.0, 2.0])
    with pytest.raises(EmulatorError, match=r"^emulator: connection 'feed': reward = 99\.0; allow"):
        runner.set_reward("feed", 99.0)


def test_a_reward_that_was_set_keeps_its_value_where_another_image_has_another_scale():
    image, other = rewarded(reward=0.5)[0], rewarded(reward=1.0)[0]
    steps = [each.symbols.synapses[0].reward_lsb for each in (image, other)]
    assert steps[1] == pytest.approx(2 * steps[0])
    runner = emulator(image)
    runner.set_reward("feed", [0.25, -0.5, 0.0])
    runner.reprogram(other)
    assert runner.traces("feed")["y2"].tolist() == [32, -64, 0] * 4  # and no longer 64, -127, 0
    runner.run(rewarded()[1], duration=5.0)  # nor the 1.0 that the image plans
    assert runner.traces("feed")["y2"].tolist() == [32, -64, 0] * 4
    runner.reprogram(image)
    assert runner.traces("feed")["y2"].tolist() == [64, -128, 0] * 4


def test_a_reward_that_was_set_goes_on_with_a_rule_of_another_epoch():
    image, _ = rewarded()
    runner = emulator(image)
    runner.set_reward("feed", 0.25)
    item = image.learning.groups[0]
    slow = dataclasses.replace(item, rule=dataclasses.replace(item.rule, epoch=2))
    learning = dataclasses.replace(image.learning, groups=(slow,))
    runner.reprogram(dataclasses.replace(image, learning=learning))
    assert runner.traces("feed")["y2"].tolist() == [64] * 12


def test_a_reward_that_another_image_cannot_hold_is_refused():
    image, other = rewarded(reward=0.5)[0], rewarded(reward=0.1)[0]
    runner = emulator(image)
    runner.set_reward("feed", -0.5)
    message = (
        "emulator: the image cannot go on from here: the reward of connection 'feed' would be -635 "
        "steps of its register; allowed: -128 to 127. Set a smaller one first."
    )
    with pytest.raises(EmulatorError, match=exactly(message)):
        runner.reprogram(other)
    assert runner.image is image


@pytest.mark.parametrize(("amplitude", "reward"), [(0.03, 0.3), (0.05, 1.0), (0.0, 0.5), (0.0, 0)])
def test_tags_stand_for_the_same_eligibility_in_another_image(amplitude, reward):
    """A tag of one step and a reward of 1 change a weight by ``unit``, in its own units."""

    def eligibility(image, tags):
        (change,) = image.learning.groups[0].rule.terms["w"]
        lsb, step = image.symbols.synapses[0].reward_lsb, emulator(image).weights("feed")[0]
        step /= emulator(image).weights("feed", raw=True)[0]
        unit = change.mantissa * 2.0 ** (change.exponent - 5) / lsb * step  # the product loses 5
        return tags * unit, unit

    image, stimulus = rewarded()
    other, _ = rewarded(amplitude, reward)
    runner = emulator(image)
    runner.run(stimulus, duration=60.0)
    before, _ = eligibility(image, runner.tags("feed"))
    assert np.abs(before).max() > 0.1
    runner.reprogram(other)
    after, unit = eligibility(other, runner.tags("feed"))
    assert np.abs(after - before).max() <= unit / 2 * (1 + 1e-9)
    runner.reprogram(other)
    assert eligibility(other, runner.tags("feed"))[0].tolist() == after.tolist()


def test_tags_that_another_image_cannot_hold_are_refused():
    image, stimulus = rewarded()
    other, _ = rewarded(amplitude=0.0005)
    runner = emulator(image)
    runner.run(stimulus, duration=60.0)
    with pytest.raises(EmulatorError) as caught:
        runner.reprogram(other)
    assert re.fullmatch(
        r"emulator: the image cannot go on from here: a tag of connection 'feed' would be -?\d+ "
        r"steps of its register; allowed: -256 to 255\. Let it decay first\.",
        str(caught.value),
    )
