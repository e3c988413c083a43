"""Sources of given spikes may spike several times in a step: there is room for all of them."""

from __future__ import annotations

import pytest

from neurochip import LIF, LOIHI, Population, SpikeInput, compile_network, one_to_one
from neurochip.emulator import Emulator
from neurochip.network import Network
from neurochip.stimulus import Stimulus, draw_stimulus


def kicked(source, weight=20.0):
    cells = Population("cells", source.size, LIF(tau_m=20.0, v_thresh=-35.0))
    links = [one_to_one(source, cells, weight=weight)]
    return Network(inputs=[source], populations=[cells], connections=links)


@pytest.mark.parametrize("weight", [5.0, -5.0, 9.0])
@pytest.mark.parametrize("times", [[10.0, 10.0], [10.0, 10.02, 10.04]])
def test_given_spikes_of_one_step_all_arrive(times, weight):
    """Their sum once wrapped round, so that two excitatory kicks were one of the other sign."""
    network = kicked(SpikeInput("source", 1, [0] * len(times), times), weight)
    image = compile_network(network, LOIHI, dt=0.1)
    run = Emulator(image, warn=False).run(draw_stimulus(network, 20.0, seed=1), record="v")
    values = run.trace("cells").values[:, 0]
    farthest = values.max() if weight > 0 else values.min()
    assert farthest == pytest.approx(-65.0 + len(times) * weight, rel=0.02)


def test_spikes_that_are_not_known_yet_may_come_in_one_step():
    """Random sources of scripts are drawn in continuous time: two of one step are no accident."""
    network = kicked(SpikeInput("source", 1, [], [], expected_rate=100.0), 9.0)
    image = compile_network(network, LOIHI, dt=0.1)
    later = Stimulus(20.0, (SpikeInput("source", 1, [0, 0, 0], [10.0] * 3),))
    values = Emulator(image, warn=False).run(later, record="v").trace("cells").values[:, 0]
    assert values.max() == pytest.approx(-38.0, abs=0.5)
