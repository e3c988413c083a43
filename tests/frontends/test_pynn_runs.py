"""PyNN scripts run on the chip: in pieces, again after a reset, and with changes between runs."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.errors import FrontendError


def small(sim, *, label="cells"):
    """Two sources that drive three neurons, one of which nearly always spikes."""
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[5.0, 20.0], [7.3, 8.1, 30.0]]))
    cells = sim.Population(3, sim.IF_curr_exp(tau_m=20.0, i_offset=0.2), label=label)
    cells.initialize(v=[-60.0, -55.0, -51.0])
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=3.0, delay=1.0))
    cells.record(["spikes", "v"])
    return source, cells


def test_a_source_drives_neurons_through_a_projection(sim):
    sim.setup(timestep=0.1)
    _, cells = small(sim)
    assert sim.run(50.0) == 50.0
    (segment,) = cells.get_data().segments
    assert [len(train) for train in segment.spiketrains] == [4, 4, 4]
    assert segment.analogsignals[0].shape == (501, 3)
    assert segment.analogsignals[0].magnitude[0].tolist() == [-60.0, -55.0, -51.0]


def test_a_run_in_pieces_equals_the_whole_run_and_a_repeated_one(sim):
    sim.setup(timestep=0.1)
    _, cells = small(sim)
    for pieces in ([50.0], [20.0, 30.0], [0.1, 4.9, 45.0]):
        for piece in pieces:
            sim.run(piece)
        sim.reset()
    segments = cells.get_data().segments
    assert len(segments) == 3
    first = segments[0]
    for other in segments[1:]:
        assert np.array_equal(first.analogsignals[0].magnitude, other.analogsignals[0].magnitude)
        for one, again in zip(first.spiketrains, other.spiketrains, strict=True):
            assert one.magnitude.tolist() == again.magnitude.tolist()


def test_a_time_between_two_steps_is_refused_with_the_nearest_ones(sim):
    sim.setup(timestep=0.1)
    small(sim)
    with pytest.raises(FrontendError) as refused:
        sim.run(1.25)
    assert str(refused.value) == (
        "run: it would end at 1.25 ms; allowed: multiples of the step of 0.1 ms. The nearest are "
        "1.2 ms and 1.3 ms."
    )
