"""Rows in a form that is read faster give the same run, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    draw_stimulus,
    fixed_probability,
    from_arrays,
)
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
def test_a_run_does_not_depend_on_words(delay, monkeypatch):
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


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 4]), st.sampled_from([30, 30, 20]), st.sampled_from([0, 2])
        ),
        min_size=4,
        max_size=9,
    ),
    st.booleans(),
    st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=40)
def test_four_rows_at_once_are_summed_in_their_order(rows, delayed, seed):
    rng = np.random.default_rng(seed)
    first, size, delay = (np.array(column) for column in zip(*rows, strict=True))
    pre = np.repeat(np.arange(len(rows)), size)
    post = np.concatenate([np.arange(a, a + n) for a, n in zip(first, size, strict=True)])
    source = PoissonInput("source", len(rows), rate=4000.0)
    cells = Population("cells", 34, LIF(tau_m=10.0, tau_refrac=1.0))
    link = from_arrays(
        source,
        cells,
        pre=pre,
        post=post,
        weight=rng.normal(0.3, 1.0, len(pre)),
        delay=0.1 * delay[pre] * delayed,
    )
    network = Network(inputs=[source], populations=[cells], connections=[link])
    stimulus = draw_stimulus(network, 20.0, seed=1)
    assert tables.flatten_synapses(network, 0.1).in_order[: len(rows)].all()
    quick = simulate_reference(network, stimulus, 0.1, record="v")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "mark_rows_in_order", lambda *arrays: arrays[-1].fill(False))
        assert simulate_reference(network, stimulus, 0.1, record="v") == quick
