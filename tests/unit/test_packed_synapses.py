"""Synapses in one word each: the same weights, the same run."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import LIF, Network, PoissonInput, Population, draw_stimulus, fixed_probability
from neurochip.reference import simulate_reference, tables
from neurochip.reference.rows import TARGET_BITS, pack_synapses

WEIGHTS = st.lists(st.sampled_from([0.0, -0.0, 0.1, 1.5, -2.0, 1e-300, 0.1 + 2**-56]), min_size=1)


def unpacked(words, values):
    return words & ((1 << TARGET_BITS) - 1), values[words >> TARGET_BITS]


@settings(deadline=None)
@given(WEIGHTS, st.randoms(use_true_random=False))
def test_a_word_holds_target_and_weight_bit_for_bit(weights, random):
    target = np.array([random.randrange(1 << TARGET_BITS) for _ in weights], dtype=np.int32)
    weight = np.array(weights)
    got_target, got_weight = unpacked(*pack_synapses(target, weight, 1 << TARGET_BITS))
    assert np.array_equal(got_target, target)
    assert np.array_equal(got_weight.view(np.uint64), weight.view(np.uint64))


@pytest.mark.parametrize(("n_weights", "fits"), [(4096, True), (4097, False)])
def test_there_is_room_for_4096_weights(n_weights, fits):
    weight = np.tile(np.linspace(-1, 1, n_weights), 3)
    words, values = pack_synapses(np.arange(len(weight), dtype=np.int32), weight, 20_000)
    assert (len(words), len(values)) == ((len(weight), n_weights) if fits else (0, 0))
    if fits:
        assert np.array_equal(unpacked(words, values)[1], weight)


def test_there_is_room_for_a_million_targets():
    target, weight = np.zeros(5, dtype=np.int32), np.ones(5)
    assert len(pack_synapses(target, weight, 1 << TARGET_BITS)[0]) == 5
    assert len(pack_synapses(target, weight, (1 << TARGET_BITS) + 1)[0]) == 0


@pytest.mark.parametrize("delay", [0.0, np.array([0.3, 1.2])])
def test_a_run_does_not_depend_on_it(delay, monkeypatch):
    rng = np.random.default_rng(1)
    source = PoissonInput("source", 50, rate=400.0)
    cells = Population("cells", 60, LIF(tau_m=10.0, tau_refrac=2.0))
    links = [
        fixed_probability(source, cells, 0.3, weight=1.0, seed=1),
        fixed_probability(cells, cells, 0.2, weight=1.0, seed=2),
    ]
    links = [
        replace(
            link,
            weight=rng.choice([0.9, 1.3, -0.2], link.n_synapses),
            delay=np.resize(delay, link.n_synapses),
        )
        for link in links
    ]
    network = Network(inputs=[source], populations=[cells], connections=links)
    stimulus = draw_stimulus(network, 300.0, seed=1)
    packed = simulate_reference(network, stimulus, 0.1, record="v")
    assert len(tables.flatten_synapses(network, 0.1).words) == network.n_synapses
    monkeypatch.setattr(tables, "pack_synapses", lambda *_: (np.empty(0, np.uint32), np.empty(0)))
    assert simulate_reference(network, stimulus, 0.1, record="v") == packed
    assert packed.n_spikes > 50
