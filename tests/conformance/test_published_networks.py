"""A network of others, of thousands of neurons, gives the spikes that they published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conformance.images import CHIP, THREADS
from conformance.load import NETWORKS, load_case

from neurochip.chip.presets import BRIAN2LOIHI
from neurochip.conformance import check_case


@pytest.fixture(scope="module")
def spreizer():
    return load_case(NETWORKS / "spreizer.npz")


def test_the_spreizer_network_is_whole(spreizer):
    assert (spreizer.n_neurons, spreizer.n_inputs, spreizer.n_steps) == (4500, 1000, 1000)
    assert len(spreizer.synapse_source) == 1_191_476
    assert (len(spreizer.input_id), len(spreizer.spike_neuron)) == (200_000, 218_963)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("chip", [CHIP, BRIAN2LOIHI], ids=lambda chip: chip.name)
def test_the_spreizer_network_gives_every_published_spike(spreizer, chip, threads):
    assert check_case(spreizer, chip, threads=threads) is None


def test_inputs_that_come_a_step_late_are_noticed(spreizer):
    late = replace(spreizer, input_step=spreizer.input_step + 1)
    assert check_case(late).quantity == "spike"


def test_another_weight_is_noticed(spreizer):
    mantissa = np.where(spreizer.synapse_mantissa == -240, -238, spreizer.synapse_mantissa)
    assert check_case(replace(spreizer, synapse_mantissa=mantissa)) is not None


def test_a_neuron_that_sends_nothing_is_noticed(spreizer):
    """The network forgets most single synapses, but no neuron."""
    busiest = np.bincount(spreizer.spike_neuron).argmax()
    of_it = (spreizer.synapse_source == busiest) & (spreizer.synapse_format < 4)
    mantissa = np.where(of_it, 0, spreizer.synapse_mantissa)
    assert check_case(replace(spreizer, synapse_mantissa=mantissa)) is not None
