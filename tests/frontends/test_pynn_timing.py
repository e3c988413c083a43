"""A spike acts and is recorded, and a neuron is held, in the steps in which NEST does it.

The times are those of NEST 3.10 through PyNN 0.13 with ``spike_precision="on_grid"``, except for
IF_curr_delta, which that PyNN cannot connect there.
"""

from __future__ import annotations

import numpy as np
import pytest

# Currents so large that a spike follows in the next step, which neurochip takes for doubtful.
pytestmark = pytest.mark.filterwarnings("ignore::neurochip.errors.UnitWarning")

CELL = {"v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0, "tau_m": 20.0, "cm": 1.0}


def chain(sim, kind, weight, delay):
    """A source that spikes at 5 ms, and two neurons in a row; their spike times and v."""
    sim.setup(timestep=0.1, gain="impulse")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0]))
    cells = [sim.Population(1, getattr(sim, kind)(tau_refrac=2.0, **CELL)) for _ in range(2)]
    for pre, post in ((source, cells[0]), (cells[0], cells[1])):
        synapse = sim.StaticSynapse(weight=weight, delay=delay)
        sim.Projection(pre, post, sim.AllToAllConnector(), synapse)
    for each in cells:
        each.record(["spikes", "v"])
    sim.run(17.0)
    found = [each.get_data().segments[0] for each in cells]
    return [
        (part.spiketrains[0].magnitude.tolist(), part.analogsignals[0].magnitude[:, 0])
        for part in found
    ]


@pytest.mark.parametrize(
    ("delay", "first", "second"),
    [
        (0.1, [5.4, 7.9, 10.7, 14.1], [5.8, 8.1, 10.4, 12.6]),
        (1.0, [6.3, 8.8, 11.6, 15.0], [7.6, 9.9, 12.2, 14.4]),
    ],
)
def test_currents_act_when_they_do_in_nest(sim, delay, first, second):
    (one, v), (other, _) = chain(sim, "IF_curr_exp", 60.0, delay)
    assert one[:4] == first
    assert other[:4] == second
    moved = np.flatnonzero(v > -64.9)[0]
    assert moved * 0.1 == pytest.approx(5.0 + delay + 0.1)


@pytest.mark.parametrize("delay", [0.1, 1.0])
def test_a_kick_acts_at_the_end_of_its_delay(sim, delay):
    (one, v), (other, _) = chain(sim, "IF_curr_delta", 20.0, delay)
    assert one == pytest.approx([5.0 + delay])
    assert other == pytest.approx([5.0 + 2 * delay])
    assert v[: round((5.0 + delay) / 0.1)].max() < -64.0


@pytest.mark.parametrize(
    ("period", "times"),
    [(0.1, [0.1, 0.3, 0.5, 0.7]), (1.0, [0.1, 1.2, 2.3, 3.4]), (2.0, [0.1, 2.2, 4.3, 6.4])],
)
def test_a_neuron_is_held_as_long_as_in_nest(sim, period, times):
    sim.setup(timestep=0.1)
    cells = sim.Population(1, sim.IF_curr_exp(i_offset=1e3, tau_refrac=period, **CELL))
    cells.record("spikes")
    sim.run(20.0)
    assert cells.get_data().segments[0].spiketrains[0].magnitude[:4].tolist() == times
