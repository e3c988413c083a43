"""Rows in a form that is read faster give the same run, bit for bit."""

import re
from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    all_to_all,
    draw_stimulus,
    fixed_probability,
    from_arrays,
)
from neurochip.errors import EmulatorError
from neurochip.reference import loop, simulate_reference
from neurochip.reference import rows as rows_module
from neurochip.reference.rows import (
    TARGET_BITS,
    lay_out_rows,
    narrowed,
    pack_synapses,
)
from neurochip.reference.tables import flatten_neurons, flatten_synapses

WEIGHTS = st.lists(st.sampled_from([0.0, -0.0, 0.1, 1.5, -2.0, 1e-300, 0.1 + 2**-56]), min_size=1)


def rows_of(network, dt, n_workers=1):
    return lay_out_rows(flatten_neurons(network, dt), flatten_synapses(network, dt), n_workers)


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
    assert len(rows_of(network, 0.1).words) == network.n_synapses
    none = np.empty(0, np.uint32), np.empty(0)
    monkeypatch.setattr(rows_module, "pack_synapses", lambda *_: none)
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
    st.booleans(),
    st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=40)
def test_four_rows_at_once_are_summed_in_their_order(rows, delayed, single, seed):
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
        weight=rng.normal(0.3, 1.0, len(pre)).astype(np.float32 if single else np.float64),
        delay=0.1 * delay[pre] * delayed,
    )
    network = Network(inputs=[source], populations=[cells], connections=[link])
    stimulus = draw_stimulus(network, 20.0, seed=1)
    assert rows_of(network, 0.1).pattern[: len(rows)].all()
    quick = simulate_reference(network, stimulus, 0.1, record="v")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_module, "find_patterns", lambda *arrays: None)
        assert simulate_reference(network, stimulus, 0.1, record="v") == quick


@pytest.mark.parametrize(
    ("weights", "dtype"),
    [
        ([1.5, -0.25, 0.0, 2.0**100], np.float32),
        ([np.float32(0.1), 2.0], np.float32),
        ([0.1], np.float64),
        ([1.0, 1e300], np.float64),
        ([1.0, 1e-300], np.float64),
    ],
)
def test_weights_are_kept_in_half_the_bytes_only_if_that_loses_nothing(weights, dtype):
    weights = np.array(weights, dtype=np.float64)
    got = narrowed(weights)
    assert got.dtype == dtype
    assert np.array_equal(got, weights)


def two_populations(**options):
    """Delta synapses and two currents, delays, dense and sparse rows, input of each kind."""
    rng = np.random.default_rng(4)
    source = PoissonInput("source", 30, rate=500.0)
    kicked = Population("kicked", 37, LIF(tau_m=10.0, tau_refrac=1.0))
    driven = Population("driven", 53, LIF(tau_m=10.0, tau_syn_E=3.0, tau_syn_I=8.0, cm=0.2))
    links = [
        all_to_all(source, kicked, weight=1.0),
        fixed_probability(source, driven, 0.5, weight=0.4, delay=0.4, seed=1),
        fixed_probability(kicked, driven, 0.4, weight=0.1, seed=2),
        fixed_probability(driven, kicked, 0.4, weight=-0.5, delay=1.1, seed=3),
        fixed_probability(driven, driven, 0.4, weight=0.1, delay=0.2, seed=4),
    ]
    links = [
        replace(link, weight=link.weight * rng.uniform(-0.5, 1.5, link.n_synapses))
        if link.source is driven
        else link
        for link in links
    ]
    return Network(inputs=[source], populations=[kicked, driven], connections=links, **options)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="Numba has one thread here")
@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold", "next_step"])
def test_a_run_does_not_depend_on_the_number_of_threads(delivery, monkeypatch):
    network = two_populations(delivery=delivery)
    stimulus = draw_stimulus(network, 400.0, seed=1)
    one = simulate_reference(network, stimulus, 0.1, record=["v", "i_syn"], threads=1)
    two = simulate_reference(network, stimulus, 0.1, record=["v", "i_syn"], threads=2)
    assert two == one
    assert min(len(one.ids[name]) for name in one.populations) > 50
    monkeypatch.setattr(loop, "_SPIKE_BUFFER", 3)
    assert simulate_reference(network, stimulus, 0.1, record=["v", "i_syn"], threads=2) == one


@pytest.mark.parametrize("n_workers", [1, 2, 3, 40])
def test_every_worker_has_the_synapses_of_its_neurons_in_their_order(n_workers):
    network = two_populations()
    whole, rows = flatten_synapses(network, 0.1), rows_of(network, 0.1, n_workers)
    of_slots = flatten_neurons(network, 0.1).of_slots
    n_sources = len(whole.indptr) - 1
    assert (rows.shares[0], rows.shares[-1]) == (0, 90)
    assert len(rows.indptr) == n_workers * n_sources + 1
    for worker, (begin, end) in enumerate(zip(rows.shares[:-1], rows.shares[1:], strict=True)):
        for source in range(n_sources):
            theirs = slice(*whole.indptr[source : source + 2])
            own = (begin <= of_slots[whole.target[theirs]]) & (of_slots[whole.target[theirs]] < end)
            got = slice(*rows.indptr[worker * n_sources + source :][:2])
            for name in ("target", "weight", "delay"):
                assert np.array_equal(getattr(rows, name)[got], getattr(whole, name)[theirs][own])


def test_workers_get_about_the_same_work():
    source = PoissonInput("source", 1000, rate=10.0)
    idle = Population("idle", 1000, LIF(tau_m=10.0))
    busy = Population("busy", 1000, LIF(tau_m=10.0))
    link = all_to_all(source, busy, weight=1.0)
    network = Network(inputs=[source], populations=[idle, busy], connections=[link])
    shares = rows_of(network, 0.1, 2).shares
    # 1,000 synapses of a neuron take as long as ten neurons: 12,000 in all, 6,000 up to the cut.
    assert shares[1] == pytest.approx(1000 + 5000 / 11, abs=8)


@pytest.mark.parametrize(
    ("threads", "why"),
    [(0, "0; allowed: 1 to"), (2.0, "2.0; allowed: an integer."), (True, "True; allowed: an int")],
)
def test_a_number_of_threads_that_there_is_not_is_refused(threads, why):
    network = two_populations()
    with pytest.raises(EmulatorError, match=f"^run: threads = {re.escape(why)}"):
        simulate_reference(network, draw_stimulus(network, 5.0, seed=1), 0.1, threads=threads)
