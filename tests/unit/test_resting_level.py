"""The resting level of neurons moves only for input that goes on, and only a little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    CompileOptions,
    NetworkError,
    PoissonInput,
    Population,
    SpikeInput,
    compile_network,
    draw_stimulus,
    fixed_probability,
    one_to_one,
)
from neurochip.emulator import Emulator
from neurochip.image import MomentGain
from neurochip.network import Network

DT = 0.1
SLOW = LIF(tau_m=35.0, v_thresh=-50.0, tau_refrac=2.0)  # its decay, 11.7, becomes 12


def kicked(source, lif=SLOW):
    cells = Population("cells", source.size, lif)
    links = [one_to_one(source, cells, weight=20.0)]
    return Network(inputs=[source], populations=[cells], connections=links)


def above_threshold(source):
    """Neurons that a constant current makes fire, of which synapses take some away."""
    lif = LIF(tau_m=20.0, cm=0.25, v_rest=-70.0, tau_refrac=2.0, tau_syn=5.0, i_offset=0.45)
    cells = Population("cells", 50, lif)
    links = [fixed_probability(source, cells, 0.2, weight=-0.15, seed=1)]
    return Network(inputs=[source], populations=[cells], connections=links)


def rule_of(network, **options):
    """The rule by which weights and resting level follow the rounded decays."""
    symbol = compile_network(network, LOIHI, dt=DT, **options).symbols.populations[0]
    return symbol.gain_rule


@pytest.mark.parametrize("times", [[1.0], [5.0, 6.0], np.arange(1.0, 50.0, 2.0)])
@pytest.mark.parametrize("gain", ["auto", "mean_and_variance"])
def test_a_few_early_spikes_leave_the_resting_level(times, gain):
    """As a rate of 500 Hz for ever they once moved it by 5 mV."""
    network = kicked(SpikeInput("source", 1, [0] * len(times), times))
    image = compile_network(network, LOIHI, dt=DT, gain=gain)
    run = Emulator(image).run(draw_stimulus(network, 500.0, seed=1), record="v")
    assert run.trace("cells").values[-1, 0] == pytest.approx(-65.0, abs=0.01)


@pytest.mark.parametrize(("duration", "follows"), [(499.0, False), (501.0, True), (None, True)])
def test_input_that_ends_within_half_a_second_moves_no_resting_level(duration, follows):
    source = SpikeInput("source", 100, [], [], expected_rate=16.0, expected_duration=duration)
    rule = rule_of(above_threshold(source))
    assert isinstance(rule, MomentGain) is follows


def test_recurrent_input_goes_on_after_a_stimulus_has_ended():
    source = SpikeInput("source", 100, [], [], expected_rate=16.0, expected_duration=50.0)
    network = above_threshold(source)
    (cells,) = network.populations
    inhibition = fixed_probability(cells, cells, 0.2, weight=-0.2, delay=1.0, seed=2)
    recurrent = replace(network, connections=[*network.connections, inhibition])
    alone = replace(network, inputs=[], connections=[inhibition])
    assert rule_of(recurrent) == rule_of(alone)
    assert isinstance(rule_of(recurrent), MomentGain)
    assert not isinstance(rule_of(network), MomentGain)


def test_weights_follow_the_rate_during_an_input_that_ends():
    lif = LIF(tau_m=20.0, cm=0.25, tau_syn=5.0)
    for duration in (50.0, None):
        source = SpikeInput("source", 40, [], [], expected_rate=60.0, expected_duration=duration)
        cells = Population("cells", 40, lif)
        links = [fixed_probability(source, cells, 0.5, weight=0.06, seed=1)]
        network = Network(inputs=[source], populations=[cells], connections=links)
        image = compile_network(network, LOIHI, dt=DT)
        assert image.report.row("cells", "tau_m").note == (
            "gain power 0.40 (0 preserves the jump of a spike, 1 the mean)"
        )


def test_given_spikes_last_until_the_last_one_of_all_sources():
    for last, follows in ((300.0, False), (800.0, True)):
        source = SpikeInput("source", 100, range(100), np.linspace(1.0, last, 100))
        rule = rule_of(above_threshold(source), gain="mean_and_variance")
        assert bool(any(values.any() for values in rule.charge)) is follows


def test_the_sources_of_an_input_may_last_differently():
    source = SpikeInput(
        "source", 2, [], [], expected_rate=9.0, expected_duration=np.array([50.0, 1e10])
    )
    rule = rule_of(kicked(source), gain="mean_and_variance")
    assert (rule.charge[0] != 0).tolist() == [False, True]


def test_the_default_gain_moves_the_resting_level_by_little():
    """Kicks of more than the way to threshold: the rate hardly depends on the mean of v."""
    above = LIF(tau_m=20.0, cm=0.25, v_thresh=-50.0, tau_refrac=2.0, i_offset=0.45)
    rule = rule_of(kicked(PoissonInput("source", 4, rate=100.0), above))
    assert not isinstance(rule, MomentGain)
    assert CompileOptions().gain == "auto"


def test_an_expected_duration_that_is_none_is_refused():
    with pytest.raises(NetworkError) as caught:
        SpikeInput("source", 2, [], [], expected_duration=-1.0)
    assert str(caught.value) == (
        "input 'source': expected_duration = -1 ms; allowed: a finite number of at least 0 ms."
    )
    with pytest.raises(NetworkError) as caught:
        SpikeInput.from_trains("source", [[], []], expected_duration=[1.0, 2.0, 3.0])
    assert str(caught.value) == (
        "input 'source': expected_duration has 3 values; allowed: one, or 2 (one per source)."
    )
