"""Scripts whose neurons differ: they fill few cores, and a refusal names what fills them."""

from __future__ import annotations

import pytest

from neurochip import LOIHI
from neurochip.errors import NeurochipError

pytestmark = pytest.mark.slow


def curve(b2):
    """Spikes of 2,000 neurons with a constant current each, in the form of Brian2's IF curve."""
    b2.start_scope()
    group = b2.NeuronGroup(
        2000,
        "dv/dt = (I - v) / (10*ms) : 1\nI : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
    )
    group.I = "2 * i / (N - 1.0)"
    spikes = b2.SpikeMonitor(group)
    b2.Network(group, spikes).run(200 * b2.ms)
    return spikes.num_spikes


def test_2000_neurons_with_currents_of_their_own_run(b2):
    wanted = curve(b2)
    b2.set_device("neurochip")
    assert curve(b2) == pytest.approx(wanted, rel=0.01)  # the decay register is 0.6 % off
    assert b2.get_device().image.n_cores == 2


def test_a_refusal_names_what_fills_a_core_and_no_synapses_where_there_are_none(b2):
    b2.set_device("neurochip", chip=LOIHI.what_if(name="one core", cores=1))
    with pytest.raises(NeurochipError) as caught:
        curve(b2)
    assert (
        "needs 2 cores; chip 'one core' has 1. A core is full with 1024 compartments: simulate "
        "fewer neurons, or compile for a larger chip with chip.what_if(cores=2)."
    ) in str(caught.value)
