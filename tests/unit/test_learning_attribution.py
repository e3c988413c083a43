"""Attribution of what a network learns: a model that meets reference and chip, and its shares."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from plastic_networks import CHANGE, NAME, PAIR, REWARD, SOFT, TRIPLET, driven, ran, recurrent

import neurochip as nc
from compiler import compile_network
from neurochip.attribution.learning import connection_model
from neurochip.attribution.sources import LEARNING
from neurochip.emulator import Emulator
from neurochip.errors import AnalysisError
from neurochip.learned.open_loop import forced_spikes, learned_connections, with_seed
from neurochip.recording import WeightProbe
from neurochip.reference import Reference

pytestmark = pytest.mark.slow

STEPS = 400
CASES = {
    "pairs": driven(),
    "soft bounds": driven(SOFT),
    "triplet": driven(TRIPLET),
    "reward": driven(REWARD),
    "a change at presynaptic spikes": driven(CHANGE),
    "a change at presynaptic spikes and a delay": driven(CHANGE, delay=1.0),
    "delay of one step": driven(delay=1.0),
    "delay": driven(delay=4.0),
    "soft bounds and delay": driven(SOFT, delay=3.0),
    "inputs a step early": driven(delivery="before_threshold"),
    "inputs in step -1": driven(CHANGE, delivery="before_threshold", rate=200.0),
    "inputs in step -1 and a delay": driven(delivery="before_threshold", rate=200.0, delay=2.0),
    "inputs in step -1 and a reward": driven(REWARD, delivery="before_threshold", rate=200.0),
    "recurrent": recurrent(delay=2.0),
}


@pytest.mark.parametrize("case", CASES)
def test_without_sources_the_model_is_the_reference_and_with_all_the_chip(case):
    network = CASES[case]
    image = compile_network(network, dt=1.0)
    stimulus = once_a_step(nc.draw_stimulus(network, float(STEPS), seed=1))
    (item,) = learned_connections("test", network, image)
    name, unit = item.connection.name, float(item.step.mean())
    probes = [WeightProbe(name, every=STEPS)]
    reference = Reference(network, 1.0).run(stimulus, record=probes)
    ideal = connection_model(item, forced_spikes(item, reference, stimulus)).run(())
    expected = reference.weights[name].values[-1]
    assert np.abs(ideal.weights * unit - expected).max() < 1e-12
    chip = Emulator(with_seed(image, 5)).run(stimulus, record=probes)
    model = connection_model(item, forced_spikes(item, chip, stimulus))
    learned = model.run(LEARNING, seed=5).weights * unit
    assert np.allclose(learned, chip.weights[name].values[-1], rtol=1e-12, atol=0)
    assert np.abs(expected - item.connection.weight).max() > unit


def once_a_step(stimulus):
    """Return a stimulus in which no source spikes twice in a step of 1 ms."""
    trains = []
    for train in stimulus.trains:
        pairs = np.stack([np.floor(train.times + 1e-3), train.ids])
        _, first = np.unique(pairs, axis=1, return_index=True)
        first.sort()
        kept = {"times": train.times[first], "ids": train.ids[first]}
        trains.append(dataclasses.replace(train, **kept))
    return dataclasses.replace(stimulus, trains=tuple(trains))


def test_shares_add_up_and_the_answer_names_the_largest():
    network, image, stimulus = ran()
    found = nc.attribute_learning(network, stimulus, image=image, seeds=3, progress=False)
    total, effects = found.total(NAME), found.effects_on(NAME)
    assert math.fsum(effect.share for effect in effects) == pytest.approx(1.0)
    assert total.closed_error > total.error > 0
    assert total.unexplained < 1e-9
    rounding = found.effect(NAME, "weight rounding")
    assert rounding.share == max(effect.share for effect in effects)
    assert "the stochastic rounding of 8-bit weights" in found.answers[NAME]
    open_loop = nc.compare_learning(network, image, stimulus, seeds=3).connection(NAME).open_loop
    assert open_loop.error == pytest.approx(total.error)
    assert open_loop.spread == pytest.approx(total.spread)


def test_a_delay_of_several_steps_is_found():
    network = driven(delay=6.0)
    stimulus = nc.draw_stimulus(network, 1500.0, seed=1)
    found = nc.attribute_learning(network, stimulus, dt=1.0, seeds=2, progress=False)
    assert (
        found.answers[NAME]
        .split(" is ", 1)[1]
        .startswith(
            "the delay of presynaptic spikes, which the chip learns from when they are sent"
        )
    )


def test_first_order_decay_is_found_as_an_error_of_traces():
    network = driven(dataclasses.replace(PAIR, tau_plus=6.0, tau_minus=6.0))
    spec = dataclasses.replace(
        nc.LOIHI.core.learning, name="first order", trace_decay=nc.learning.TraceDecay.FIRST_ORDER
    )
    chip = nc.LOIHI.what_if(learning=spec)
    stimulus = nc.draw_stimulus(network, 500.0, seed=1)
    found = nc.attribute_learning(network, stimulus, chip, 1.0, seeds=2, progress=False)
    assert found.effect(NAME, "trace decay").alone > 0


def test_arguments_are_checked():
    network, image, stimulus = ran()
    with pytest.raises(AnalysisError) as raised:
        nc.attribute_learning(network, stimulus, image=image, gain="jump")
    assert str(raised.value) == (
        "attribution: gain is an option of the compiler, but an image is given, too; pass one of "
        "them."
    )
