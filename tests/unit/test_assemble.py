"""Every synapse of a network is in its image, from and to the places of its neurons."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from compiler import compile_network
from compiler.assemble import _by_row
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    fixed_probability,
    one_to_one,
)
from neurochip.chip.registers import decode_weights


def network_of_many_parts():
    """Two inputs, and populations of single neurons and of pairs, which come first."""
    first, second = PoissonInput("first", 4, rate=50.0), PoissonInput("second", 3, rate=80.0)
    plain = Population("plain", 6, LIF(tau_m=10.0))
    pairs = Population("pairs", 5, LIF(tau_m=10.0, tau_syn_E=2.0, tau_syn_I=6.0))

    def some(pre, post, seed):
        both = Uniform(-0.5, 0.5)
        return fixed_probability(pre, post, 0.6, weight=both, delay=Uniform(0, 4), seed=seed)

    return Network(
        inputs=[first, second],
        populations=[plain, pairs],
        connections=[
            some(second, plain, 1),
            some(first, pairs, 2),
            some(plain, pairs, 3),
            some(pairs, plain, 4),
            one_to_one(plain, plain, weight=0.3),
        ],
    )


@pytest.mark.parametrize("placement", ["sequential", "greedy"])
@pytest.mark.parametrize("core_size", [1024, 6])
def test_every_synapse_is_between_the_places_of_its_neurons(placement, core_size):
    network = network_of_many_parts()
    chip = LOIHI.what_if(compartments=core_size)
    image = compile_network(network, chip, dt=0.5, placement=placement)
    places = {item.name: item.compartment_ids for item in image.symbols.populations}
    rows = {"first": np.arange(4), "second": 4 + np.arange(3), **places}
    expected, found = Counter(), Counter()
    for item in network.connections:
        pre = np.repeat(np.arange(len(item.indptr) - 1), np.diff(item.indptr))
        weights = np.broadcast_to(item.weight, pre.shape)
        delays = np.broadcast_to(
            np.floor(np.asarray(item.delay) / 0.5 + 0.5).astype(int), pre.shape
        )
        inhibitory = weights < 0
        child = inhibitory & (item.target.name == "pairs")
        kind = "inputs" if isinstance(item.source, PoissonInput) else "compartments"
        sources = rows[item.source.name][pre]
        targets = places[item.target.name][item.post] - child
        columns = (sources.tolist(), targets.tolist(), inhibitory.tolist(), delays.tolist())
        expected.update((kind, *row) for row in zip(*columns, strict=True))
    for group in image.synapses:
        pre = np.repeat(np.arange(len(group.indptr) - 1), np.diff(group.indptr))
        negative = decode_weights(group.mantissa, group.format, LOIHI.core) < 0
        delays = group.delay if len(group.delay) else np.zeros(len(pre), int)
        columns = (pre.tolist(), group.target.tolist(), negative.tolist(), delays.tolist())
        found.update((group.source, *row) for row in zip(*columns, strict=True))
    assert found == expected
    assert sum(found.values()) > 60


def test_rows_follow_the_places_of_their_sources():
    """Sources 0, 1 and 2 with 2, 0 and 3 synapses lie at 3, 0 and 2; in order they need no copy."""
    indptr = np.array([0, 2, 2, 5])
    assert np.arange(5)[_by_row(np.array([3, 0, 2]), indptr)].tolist() == [2, 3, 4, 0, 1]
    assert _by_row(np.array([1, 4, 6]), indptr) == slice(None)
