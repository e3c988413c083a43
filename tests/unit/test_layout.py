"""Dense rows: consecutive targets without an index, and what must not become one."""

from dataclasses import replace

import numpy as np
import oracle
import pytest
from conformance.images import THREADS
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import LOIHI
from neurochip.emulator import Emulator
from neurochip.emulator.layout import BYTES, HALVES, build_layout
from neurochip.image import ChipImage, Compartments, SynapseGroup
from neurochip.registers import SignMode, SynapseFormat

FORMAT = SynapseFormat(2, 8, SignMode.MIXED)


def all_to_all(sources, targets, rng, *, delays=None, scramble=()):
    """Rows of consecutive targets, except that those in ``scramble`` have two of them exchanged."""
    pre = np.repeat(np.arange(sources), targets)
    post = np.tile(np.arange(targets), sources).reshape(sources, targets)
    for row in scramble:
        post[row, [3, 7]] = post[row, [7, 3]]
    mantissa = 2 * rng.integers(-60, 60, pre.size)
    delay = 0 if delays is None else np.repeat(delays, targets)
    return pre, post.ravel(), mantissa, delay


def image_of(pre, post, mantissa, delay, sources, size):
    group = SynapseGroup.from_coo(
        "inputs", sources, FORMAT, pre=pre, target=post, mantissa=mantissa, delay=delay
    )
    registers = Compartments.fill(
        LOIHI.core, size, decay_u=1000, decay_v=300, threshold_mantissa=300, refractory=3
    )
    return ChipImage(
        chip=LOIHI,
        core_ptr=np.array([0, size]),
        compartments=registers,
        n_inputs=sources,
        synapses=(group,),
    )


def dense_rows(image, blocks=1, mark=HALVES):
    layout, _ = build_layout(image, blocks)
    return int((layout.row_ptr >= mark).sum())


def expected(pre, post, mantissa, delay, size, spikes, steps):
    delay = np.broadcast_to(delay, np.shape(pre))
    cell = oracle.Compartment(decay_u=1000, decay_v=300, threshold_mantissa=300, refractory=3)
    synapses = [
        oracle.Synapse(("input", int(i)), int(j), int(m), int(d), 2, 8, 1)
        for i, j, m, d in zip(pre, post, mantissa, delay, strict=True)
    ]
    return oracle.run([cell] * size, synapses, spikes, steps)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("size", [32, 45, 130])
def test_dense_rows_give_what_the_oracle_gives(size, threads):
    rng = np.random.default_rng(size)
    sources, steps = 6, 40
    delays = np.array([0, 3, 1, 0, 7, 2])
    synapses = all_to_all(sources, size, rng, delays=delays, scramble=(1, 4))
    image = image_of(*synapses, sources, size)
    assert dense_rows(image) == 4  # two rows of six are not in order
    spikes = sorted({(int(t), int(i)) for t, i in rng.integers(0, (steps, sources), (60, 2))})
    wanted = expected(*synapses, size, spikes, steps)
    at, who = np.array(spikes).T
    got = Emulator(image, threads=threads).run_steps(steps, at - 1, who, record=["u", "v"])
    assert np.array_equal(got.trace("compartments", "u").values, wanted.u)
    assert np.array_equal(got.trace("compartments", "v").values, wanted.v)
    assert len(wanted.spikes) > 20
    assert got.counters == wanted.counters


ROWS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 5]),  # first target
        st.sampled_from([40, 40, 40, 33]),  # targets
        st.sampled_from([0, 0, 0, 2]),  # delay
        st.sampled_from([-254, 254, 100, 0]),  # where the weights lie
    ),
    min_size=4,
    max_size=12,
)


@given(ROWS, st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_rows_with_the_same_targets_are_added_together_and_others_are_not(rows, seed):
    rng = np.random.default_rng(seed)
    steps, size, sources = 25, 48, len(rows)
    pre, post, mantissa, delay = [], [], [], []
    for row, (first, count, late, around) in enumerate(rows):
        pre += [row] * count
        post += range(first, first + count)
        mantissa += (2 * np.clip(around // 2 + rng.integers(-9, 9, count), -127, 127)).tolist()
        delay += [late] * count
    synapses = (pre, post, mantissa, delay)
    image = image_of(*synapses, sources, size)
    assert dense_rows(image, mark=BYTES) == sources
    spikes = np.argwhere(rng.random((steps, sources)) < 0.7)
    wanted = expected(*synapses, size, [(int(t), int(i)) for t, i in spikes], steps)
    at, who = spikes.T
    got = Emulator(image, threads=1).run_steps(steps, at - 1, who, record=["u"])
    assert np.array_equal(got.trace("compartments", "u").values, wanted.u)
    assert got.counters == wanted.counters


def test_a_row_of_two_delays_is_not_dense():
    rng = np.random.default_rng(1)
    pre, post, mantissa, _ = all_to_all(1, 64, rng)
    assert dense_rows(image_of(pre, post, mantissa, 0, 1, 64)) == 1
    assert dense_rows(image_of(pre, post, mantissa, np.arange(64) % 2, 1, 64)) == 0


def test_a_row_that_ends_in_the_next_step_is_not_dense():
    """Offsets follow one another from the last target of a delay to the first of the next one."""
    rng, size, steps = np.random.default_rng(8), 128, 30
    post = np.r_[64:128, 0:64]
    delay = np.where(post < 64, 2, 1)
    mantissa = 2 * rng.integers(10, 100, size)
    first, second = (
        SynapseGroup.from_coo(
            "inputs",
            1,
            FORMAT,
            pre=np.zeros(64, dtype=int),
            target=post[half],
            mantissa=mantissa[half],
            delay=delay[half],
        )
        for half in (slice(0, 64), slice(64, 128))
    )
    one = image_of(np.zeros(size, dtype=int), post, mantissa, delay, 1, size)
    image = replace(one, synapses=(first, second))
    assert build_layout(image, 1)[0].target_bits == 7
    assert dense_rows(image) == 0
    spikes = [(t, 0) for t in range(0, steps, 3)]
    wanted = expected(np.zeros(size, dtype=int), post, mantissa, delay, size, spikes, steps)
    at, who = np.array(spikes).T
    got = Emulator(image, threads=1).run_steps(steps, at - 1, who, record=["u"])
    assert np.array_equal(got.trace("compartments", "u").values, wanted.u)


def test_short_rows_keep_their_index():
    rng = np.random.default_rng(2)
    assert dense_rows(image_of(*all_to_all(3, 31, rng), 3, 31)) == 0
    assert dense_rows(image_of(*all_to_all(3, 32, rng), 3, 32)) == 3


def test_a_row_is_dense_in_each_block_that_it_reaches():
    rng = np.random.default_rng(3)
    image = image_of(*all_to_all(2, 192, rng), 2, 192)
    assert dense_rows(image, blocks=3) == 6


def test_a_dense_row_takes_a_word_and_a_byte_for_each_weight():
    rng = np.random.default_rng(4)
    image = image_of(*all_to_all(5, 64, rng), 5, 64)
    layout, _ = build_layout(image, 1)
    assert layout.synapses.nbytes == 5 * (4 + 64)
