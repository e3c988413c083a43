"""Learning compared: what counts as the same, metrics by hand, the open loop, and the answers."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from plastic_networks import CHANGE, NAME, PAIR, REWARD, driven, ran, recurrent

import neurochip as nc
from compiler import compile_network
from neurochip._support.text import short
from neurochip.emulator import Emulator
from neurochip.errors import RecordingError
from neurochip.learned.metrics import ks_distance, receptive_fields, weight_error
from neurochip.learned.open_loop import forced_spikes, learned_connections, with_seed
from neurochip.learned.window import learning_window
from neurochip.learning import LearningRule, Trace
from neurochip.recording import WeightProbe

POST = np.zeros(4, dtype=np.int32)


def error_of(reference, chip, start=0.0, top=255.0):
    values = np.array(reference, dtype=float)
    return weight_error(
        values, np.array(chip, dtype=float), np.full(len(values), start), top, POST[: len(values)]
    )


# ------------------------------------------------------------------------------ metrics


def test_error_bias_and_spread_of_two_seeds_by_hand():
    found = error_of([10, 20], [[11, 22], [9, 22]])
    assert found.error == pytest.approx(math.sqrt((1 + 4 + 1 + 4) / 4))
    assert found.bias == pytest.approx(1.0)
    assert found.spread == pytest.approx(math.sqrt((4 + 0) / 2))
    assert found.correlation == pytest.approx(1.0)


def test_the_spread_is_the_rms_difference_of_all_pairs_of_seeds():
    chip = np.random.default_rng(1).normal(size=(5, 4))
    pairs = [(chip[a] - chip[b]) ** 2 for a in range(5) for b in range(5) if a != b]
    assert error_of(np.zeros(4), chip).spread == pytest.approx(math.sqrt(np.mean(pairs)))


def test_weights_drawn_around_float_are_within_the_spread_and_shifted_ones_are_not():
    rng = np.random.default_rng(1)
    reference = rng.uniform(50, 150, 400)
    chip = reference + rng.normal(0, 3, (8, 400))
    post = np.zeros(400, dtype=np.int32)
    assert weight_error(reference, chip, reference * 0, 255.0, post).within_spread is True
    assert weight_error(reference, chip + 5, reference * 0, 255.0, post).within_spread is False
    few = weight_error(reference[:2], chip[:3, :2] + 4, np.zeros(2), 255.0, post[:2])
    assert few.within_spread is None
    two = weight_error(reference, chip[:2] + 5, reference * 0, 255.0, post)
    assert two.within_spread is None


def test_without_draws_only_equal_weights_are_the_same():
    assert error_of([1, 2], [[1, 2], [1, 2]]).within_spread is True
    assert error_of([1, 2], [[1, 3], [1, 3]]).within_spread is False


def test_ks_distance_by_hand():
    assert ks_distance([1, 2, 3, 4], [1, 2, 3, 4]) == 0.0
    assert ks_distance([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5
    assert ks_distance([1], [2, 3]) == 1.0


def test_the_share_at_the_limits_is_that_within_half_a_step():
    found = error_of([0, 0.4, 100, 255], [[0, 3, 254.6, 255]] * 2)
    assert found.at_limits == (0.75, 0.75)


def test_receptive_fields_by_hand():
    post = np.array([0, 0, 1, 1, 2], dtype=np.int32)
    reference = np.array([3.0, 4.0, 1.0, 0.0, 7.0])
    cosine, overlap = receptive_fields(reference, np.array([[4.0, 3.0, 0.0, 1.0, 1.0]]), post)
    assert cosine == pytest.approx((24 / 25 + 0.0) / 2)
    assert overlap == 0.0
    same = receptive_fields(reference, reference[None], post)
    assert same == (pytest.approx(1.0), 1.0)
    alone = receptive_fields(reference[:1], reference[None, :1], post[:1])
    assert all(map(math.isnan, alone))


# ------------------------------------------------------------------------------ loops


@pytest.mark.slow
def test_the_spikes_of_a_chip_forced_on_its_engine_give_the_weights_of_the_chip():
    """Also of inputs whose spikes are sent a step early, and of neurons."""
    cases = [
        (driven(), NAME),
        (driven(delivery="before_threshold", delay=1.0), NAME),
        (driven(CHANGE, delivery="before_threshold", rate=200.0), NAME),
        (driven(REWARD, delivery="before_threshold", rate=200.0), NAME),
        (driven(delivery="next_step"), NAME),
        (recurrent(delay=2.0), "cells->cells"),
        (driven(REWARD), NAME),
    ]
    for network, name in cases:
        image = compile_network(network, dt=1.0)
        stimulus = nc.draw_stimulus(network, 310.0, seed=1)
        (item,) = learned_connections("test", network, image)
        run = Emulator(with_seed(image, 5)).run(
            stimulus, duration=300.0, record=[WeightProbe(name, every=300)]
        )
        mantissas = item.learn(forced_spikes(item, run, stimulus), seed=5)
        weights = run.weights[name].values[-1]
        assert np.allclose(mantissas * item.step, weights, rtol=1e-12), name
        assert (mantissas != item.mantissas).any()


@pytest.mark.slow
def test_the_window_of_the_chip_is_that_of_float_on_average():
    for stdp in (PAIR, CHANGE):
        network = driven(stdp)
        (item,) = learned_connections("test", network, compile_network(network, dt=1.0))
        window = learning_window(item, 0)
        low, high = window.band
        assert ((low <= window.reference) & (window.reference <= high)).all()
        noise = 4 * np.sqrt(0.25 / len(window.chip))
        assert np.abs(window.chip.mean(axis=0) - window.reference).max() < noise
        together = window.reference[window.distance == 0.0]
        assert together == pytest.approx((stdp.a_plus + stdp.a_pre) / item.step[0])
    late = driven(delay=3.0)
    (item,) = learned_connections("test", late, compile_network(late, dt=1.0))
    shifted = learning_window(item, 0)
    apart = np.abs(shifted.chip.mean(axis=0) - shifted.reference) > 3 * noise
    assert set(shifted.distance[apart]) <= {-3.0, -2.0, -1.0, 0.0}  # the chip sees these reversed


@pytest.mark.slow
def test_reward_leaves_no_window():
    network = driven(REWARD)
    (item,) = learned_connections("test", network, compile_network(network, dt=1.0))
    assert learning_window(item, 0) is None


# ------------------------------------------------------------------------------ answers


@pytest.fixture(scope="module")
def compared():
    return nc.compare_learning(*ran(), seeds=4)


@pytest.mark.slow
def test_the_chip_learns_the_same_within_its_spread(compared):
    found = compared.connection(NAME)
    assert found.open_loop.within_spread
    assert found.open_loop.error < found.open_loop.spread
    assert found.closed_loop.within_spread
    error = found.closed_loop
    assert compared.answers[NAME] == (
        "The chip learns the same weights within the spread between its own seeds: RMS "
        f"{short(error.error)} weight steps from float, {short(error.spread)} between two of its "
        f"seeds. Weights changed by {short(found.learned)}; these changes correlate by "
        f"{error.correlation:.2f} with those of float."
    )
    assert str(compared).startswith("The chip learns the same weights within the spread")


@pytest.mark.slow
def test_json_has_every_number_but_no_weight(compared, tmp_path):
    stored = json.loads(compared.to_json(tmp_path / "learning.json").read_text())
    assert stored["answers"] == dict(compared.answers)
    assert stored["connections"][NAME]["closed_loop"]["error"] == pytest.approx(
        compared.connection(NAME).closed_loop.error
    )
    assert "reference" not in stored["connections"][NAME]


@pytest.mark.slow
def test_plots_show_what_the_comparison_has(compared):
    item = compared.connection(NAME)
    ax = nc.plot_learned_weights(Figure().subplots(), item)
    assert all(sum(step.get_data().values) == pytest.approx(100) for step in ax.patches)
    ax = nc.plot_mean_weight(Figure().subplots(), item)
    assert np.array_equal(ax.lines[0].get_ydata(), item.means.reference)
    ax = nc.plot_learning_window(Figure().subplots(), item)
    assert np.array_equal(ax.lines[2].get_ydata(), item.window.reference)
    rule = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 20))
    ax = nc.plot_learning_window(Figure().subplots(), rule)
    assert np.array_equal(ax.lines[-1].get_xydata().T, rule.window())
    ax = nc.plot_learning_window(Figure().subplots(), dataclasses.replace(item, window=None))
    assert [note.get_text() for note in ax.texts] == ["a reward decides what a pair changes"]


def answer(compared, **changes):
    """Return the answer of the comparison with other numbers."""
    item = compared.connection(NAME)
    loops = {
        loop: dataclasses.replace(getattr(item, loop), **changes.pop(loop))
        for loop in ("open_loop", "closed_loop")
        if loop in changes
    }
    changed = dataclasses.replace(item, **loops, **changes)
    return dataclasses.replace(compared, connections={NAME: changed}).answers[NAME]


@pytest.mark.slow
def test_answers_say_what_is_not_known_and_why_weights_differ(compared):
    far = {"error": 8.0, "bias": 0.0, "spread": 3.0, "interval": (1.0, 2.0), "correlation": 0.5}
    near = {"error": 3.0, "bias": 0.0, "spread": 4.0, "interval": (-0.6, -0.2), "correlation": 0.9}
    assert answer(compared, events=12) == (
        "Too few events to judge: 12 on 400 synapses, and 100 are needed. Run longer, or raise the "
        "rates."
    )
    other = answer(compared, learned=20.0, open_loop=near, closed_loop=far)
    assert other == (
        "The chip learns other weights than float: RMS 8 weight steps from float, 3 between two of "
        "its seeds. Weights changed by 20; these changes correlate by 0.50 with those of float. "
        "From the spikes of float it learns the same (RMS 3); other spikes add the rest."
    )
    both = answer(compared, learned=20.0, open_loop=far, closed_loop={**far, "bias": 6.0})
    assert both.endswith(
        "All weights drift by +6. From the spikes of float it is RMS 8 away; attribute_learning "
        "names the sources."
    )
    hidden = answer(compared, learned=2.0, closed_loop=near)
    assert hidden.endswith("But weights changed by only 2, so draws hide what is learned.")
    open_end = answer(compared, closed_loop={**far, "interval": (-0.5, 9.0)})
    assert open_end.startswith(
        "Undecided whether the chip learns the same weights: RMS 8 weight steps from float, 3 "
        "between two of its seeds. More seeds may decide it."
    )
    traces = {"traces": 1e9, "accumulators": 0.0, "weights": 0.0}
    assert "Traces saturate (1,000,000,000 times)." in answer(compared, saturated=traces)
    still = {"error": 0.0, "spread": 0.0, "interval": (math.nan, math.nan)}
    assert answer(compared, learned=0.0, closed_loop=still) == (
        "No weight changed, in float and on the chip: nothing is known about learning."
    )


@pytest.mark.slow
def test_what_does_not_learn_is_refused(compared):
    network, image, stimulus = ran()
    with pytest.raises(RecordingError) as raised:
        compared.connection("other")
    assert str(raised.value) == (
        "compare_learning: no connection 'other' learns; there are 'source->cells'."
    )
    still = driven(None)
    with pytest.raises(RecordingError) as raised:
        nc.compare_learning(still, compile_network(still, dt=1.0), stimulus)
    assert str(raised.value) == (
        "compare_learning: the image does not learn; allowed: a compiled network with "
        "plasticity=STDP(...)."
    )
    with pytest.raises(RecordingError) as raised:
        nc.compare_learning(still, image, stimulus)
    assert str(raised.value) == (
        "compare_learning: connection 'source->cells' learns 400 synapses in the image and 0 in "
        "the network; allowed: the image of this network."
    )
    with pytest.raises(RecordingError) as raised:
        nc.compare_learning(network, image, stimulus, seeds=1)
    assert str(raised.value) == "compare_learning: seeds = 1; allowed: 2 to 1,000."


def test_an_image_that_begins_with_what_it_learned_is_refused_until_the_network_does():
    network = driven()
    image, stimulus = compile_network(network, dt=1.0), nc.draw_stimulus(network, 100.0, seed=1)
    runner = Emulator(image, progress=False, warn=False)
    runner.run(stimulus)
    learned = runner.learned_image()
    (link,) = network.connections
    beyond = np.abs(runner.weights(NAME) - link.weight).max()
    with pytest.raises(RecordingError) as raised:
        nc.compare_learning(network, learned, stimulus, seeds=2)
    assert str(raised.value) == (
        f"compare_learning: connection {NAME!r} begins in the image with weights that are up to "
        f"{beyond:.3g} mV from those of the network; allowed: the image as compiled. To begin with "
        "learned weights, compile the network with "
        f"weight=stored_weights(network, image)[{NAME!r}]."
    )
    links = [dataclasses.replace(link, weight=nc.stored_weights(network, learned)[NAME])]
    later = dataclasses.replace(network, connections=links)
    found = nc.compare_learning(
        later, compile_network(later, dt=1.0), stimulus, seeds=2, progress=False
    )
    assert found.connections[NAME].learned > 0


def test_an_image_that_begins_with_tags_is_refused():
    network = driven(REWARD)
    image = compile_network(network, dt=1.0)
    (item,) = image.learning.groups
    tagged = dataclasses.replace(item, tag=np.arange(400, dtype=np.int16) % 3)
    learning = dataclasses.replace(image.learning, groups=(tagged,))
    with pytest.raises(RecordingError) as raised:
        learned_connections("test", network, dataclasses.replace(image, learning=learning))
    assert str(raised.value) == (
        f"test: connection {NAME!r} begins in the image with tags, and not with those of the "
        "network; allowed: the image as compiled. To begin with learned weights, compile the "
        f"network with weight=stored_weights(network, image)[{NAME!r}]."
    )
