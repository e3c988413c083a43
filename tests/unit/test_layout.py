"""Dense rows: consecutive targets without an index, and what must not become one."""

from dataclasses import replace

import numpy as np
import pytest
from against_oracle import assert_image_equals_oracle
from conformance.images import THREADS
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import LOIHI
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.emulator.cpu import dense
from neurochip.emulator.cpu.dense import BYTES, HALVES
from neurochip.emulator.cpu.layout import build_layout
from neurochip.image import ChipImage, Compartments, SynapseGroup

FORMAT = SynapseFormat(2, 8, SignMode.MIXED)
REGISTERS = {"decay_u": 1000, "decay_v": 300, "threshold_mantissa": 300, "refractory": 3}


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
    registers = Compartments.fill(LOIHI.core, size, **REGISTERS)
    return ChipImage(
        chip=LOIHI,
        core_ptr=np.unique(np.r_[0:size:1024, size]),
        compartments=registers,
        n_inputs=sources,
        synapses=(group,),
    )


def dense_rows(image, blocks=1, mark=HALVES):
    layout, *_ = build_layout(image, blocks)
    return int((layout.row_ptr >= mark).sum())


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("size", [32, 45, 130])
def test_dense_rows_give_what_the_oracle_gives(size, threads):
    rng = np.random.default_rng(size)
    sources, steps = 6, 40
    delays = np.array([0, 3, 1, 0, 7, 2])
    synapses = all_to_all(sources, size, rng, delays=delays, scramble=(1, 4))
    image = image_of(*synapses, sources, size)
    assert dense_rows(image) == 4  # two rows of six are not in order
    spikes = np.unique(rng.integers(0, (steps, sources), (60, 2)), axis=0)
    trace = assert_image_equals_oracle(image, spikes, steps, [threads])
    assert len(trace.spikes) > 20


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
    assert_image_equals_oracle(image, spikes, steps, [1])


@pytest.mark.parametrize("threads", THREADS)
def test_rows_with_gaps_are_filled_with_zeros_and_count_their_synapses(threads):
    rng, steps, size, sources = np.random.default_rng(11), 40, 200, 9
    wanted_targets = [np.sort(rng.choice(size, n, replace=False)) for n in (40, 60, 90, 150, 199)]
    wanted_targets += [np.sort(64 + rng.choice(64, n, replace=False)) for n in (32, 33, 50, 63)]
    pre = np.repeat(np.arange(sources), [len(row) for row in wanted_targets])
    post = np.concatenate(wanted_targets)
    mantissa = 2 * rng.integers(-60, 60, len(pre))
    synapses = pre, post, mantissa, np.resize([0, 1, 3], sources)[pre]
    image = image_of(*synapses, sources, size)
    assert dense_rows(image, mark=BYTES) == sources
    spikes = np.argwhere(rng.random((steps, sources)) < 0.7)
    assert_image_equals_oracle(image, spikes, steps, [threads])


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("size", [40, 150])
def test_inputs_one_to_one_give_what_the_oracle_gives(size, threads):
    rng, steps = np.random.default_rng(size), 30
    synapses = (np.arange(size), rng.permutation(size), 2 * rng.integers(-20, 90, size))
    image = image_of(*synapses, rng.integers(0, 4, size), size, size)
    assert build_layout(image, 1)[0].one_to_one
    spikes = np.argwhere(rng.random((steps, size)) < 0.4)
    trace = assert_image_equals_oracle(image, spikes, steps, [threads])
    assert len(trace.spikes) > 20


@pytest.mark.parametrize("pre", [[0, 1, 2], [0, 0, 2, 3], [0, 1, 2, 3, 3]])
def test_inputs_with_no_synapse_or_two_are_not_one_to_one(pre):
    rng, steps = np.random.default_rng(len(pre)), 30
    image = image_of(pre, np.arange(len(pre)), np.full(len(pre), 180), 0, 4, 5)
    assert not build_layout(image, 1)[0].one_to_one
    spikes = np.argwhere(rng.random((steps, 4)) < 0.5)
    assert_image_equals_oracle(image, spikes, steps, THREADS)


@pytest.mark.parametrize(
    ("n", "size", "mantissa", "is_dense"),
    [
        (32, 256, 2, True),  # an eighth of the targets
        (32, 320, 2, False),
        (31, 64, 2, False),  # too short
        (40, 64, 254, True),
        (40, 64, -256, True),
    ],
)
def test_a_row_with_an_eighth_of_the_targets_is_dense(n, size, mantissa, is_dense):
    targets = np.linspace(0, size - 1, n).astype(int)
    image = image_of(np.zeros(n, dtype=int), targets, np.full(n, mantissa), 0, 1, size)
    assert dense_rows(image) == is_dense


def test_a_large_image_keeps_the_index_of_rows_with_gaps(monkeypatch):
    targets = np.arange(0, 128, 2)
    image = image_of(np.zeros(64, dtype=int), targets, np.full(64, 2), 0, 1, 128)
    assert dense_rows(image) == 1
    monkeypatch.setattr(dense, "_MOST_PADDED", 2 + 128 // 4 - 1)
    assert dense_rows(image) == 0


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
    assert_image_equals_oracle(image, [(t, 0) for t in range(0, steps, 3)], steps)


def random_row(rng, size):
    """Targets in a form that some layout has a place for: all, a range, half a block, any."""
    begin = int(rng.integers(0, size))
    row = [
        np.arange(size),
        np.arange(begin, int(rng.integers(begin, size)) + 1),
        np.arange(size // 2, size) if rng.random() < 0.5 else np.arange(size // 2),
        np.sort(rng.choice(size, int(rng.integers(0, size)), replace=False)),
    ][rng.integers(0, 4)]
    if rng.random() < 0.1:
        row = row[::-1]
    return np.append(row, row[:1]) if rng.random() < 0.1 else row


def random_group(rng, kind, n_sources, size, longest):
    """Arrays pre, post, mantissa, delay of a group; most rows have one delay and near weights."""
    columns = []
    for source in range(n_sources) if kind == "inputs" else np.sort(rng.integers(0, n_sources, 3)):
        post = random_row(rng, size)
        spread, middle = (20, rng.integers(-127, 128)) if rng.random() < 0.7 else (127, 0)
        mantissa = 2 * np.clip(middle + rng.integers(-spread, spread + 1, len(post)), -127, 127)
        delay = rng.integers(0, longest + 1, len(post) if rng.random() < 0.2 else 1)
        columns.append(np.broadcast_arrays(source, post, mantissa, delay))
    return np.concatenate(columns, axis=1)


def random_image(rng, size, sources, longest, n_groups):
    groups = []
    for _ in range(n_groups):
        kind = "inputs" if rng.random() < 0.7 else "compartments"
        n_sources = sources if kind == "inputs" else size
        pre, post, mantissa, delay = random_group(rng, kind, n_sources, size, longest)
        coo = {"pre": pre, "target": post, "mantissa": mantissa, "delay": delay}
        groups.append(SynapseGroup.from_coo(kind, n_sources, FORMAT, **coo))
    blank = image_of(*np.zeros((4, 1), dtype=int), sources, size)
    return replace(blank, synapses=tuple(groups))


def random_spikes(rng, sources, steps):
    return np.unique(rng.integers(0, (steps, sources), (40, 2)), axis=0)


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_rows_of_all_forms_give_what_the_oracle_gives(seed):
    rng = np.random.default_rng(seed)
    size, sources = int(rng.choice([40, 64, 100, 128, 192])), int(rng.integers(1, 7))
    longest, n_groups = int(rng.choice([0, 1, 2, 3, 7])), int(rng.integers(1, 4))
    image = random_image(rng, size, sources, longest, n_groups)
    assert_image_equals_oracle(image, random_spikes(rng, sources, 25), 25)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("size", "is_wide"), [(1024, False), (1100, True)])
def test_wide_offsets_give_what_the_oracle_gives(size, is_wide, seed):
    """Targets have 10 bits, and from 1,025 on 11; delays have 6."""
    rng = np.random.default_rng(seed)
    image = random_image(rng, size, 5, 62, 3)
    layout, wide, _ = build_layout(image, 1)
    assert (wide, layout.blocks) == (is_wide, 1)
    assert_image_equals_oracle(image, random_spikes(rng, 5, 25), 25)


def test_short_rows_keep_their_index():
    rng = np.random.default_rng(2)
    assert dense_rows(image_of(*all_to_all(3, 31, rng), 3, 31)) == 0
    assert dense_rows(image_of(*all_to_all(3, 32, rng), 3, 32)) == 3


def test_a_row_is_dense_in_each_block_that_it_reaches():
    rng = np.random.default_rng(3)
    image = image_of(*all_to_all(2, 192, rng), 2, 192)
    assert dense_rows(image, blocks=3) == 6


def test_a_dense_row_takes_two_words_and_a_byte_for_each_weight():
    rng = np.random.default_rng(4)
    image = image_of(*all_to_all(5, 64, rng), 5, 64)
    layout, *_ = build_layout(image, 1)
    assert layout.synapses.nbytes == 5 * (8 + 64)
