"""Compressed sparse rows against what a list of lists gives."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip._kernels.csr import transposed
from neurochip._support.csr import join_rows, of_entries, renumbered, rows_of, spans, starts_of


@pytest.fixture
def rng():
    return np.random.default_rng(17)


@pytest.mark.parametrize("counts", [[], [0], [3, 0, 2], np.array([2, 1], np.uint64)])
def test_rows_begin_where_those_before_them_end(counts):
    starts = starts_of(counts)
    assert starts.dtype == np.int64
    assert starts.tolist() == [sum(map(int, counts[:k])) for k in range(len(counts) + 1)]


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64, np.uint64])
def test_entries_of_a_row_keep_their_order(rng, dtype):
    rows = rng.integers(0, 7, 200).astype(dtype)
    starts, order = rows_of(rows, 9)
    for row in range(9):
        own = order[starts[row] : starts[row + 1]].tolist()
        assert own == [k for k in range(200) if rows[k] == row]


def test_spans_stand_one_after_another():
    assert spans(np.array([7, 3, 3]), np.array([2, 0, 3])).tolist() == [7, 8, 3, 4, 5]
    assert spans(np.array([], np.int64), np.array([], np.int64)).tolist() == []


def test_joined_tables_keep_their_order_within_a_row(rng):
    firsts, sizes, n_rows = (0, 2, 2), (3, 4, 3), 6
    ends = [starts_of(rng.integers(0, 4, size)) for size in sizes]
    tables = list(zip(firsts, ends, strict=True))
    expected = [
        (number, k)
        for row in range(n_rows)
        for number, (first, starts) in enumerate(tables)
        if 0 <= row - first < len(starts) - 1
        for k in range(starts[row - first], starts[row - first + 1])
    ]
    starts, places = join_rows(tables, n_rows)
    found = [None] * len(expected)
    for number, at in enumerate(places):
        for k, place in enumerate(at.tolist()):
            found[place] = (number, k)
    assert found == expected
    assert starts[-1] == len(expected)
    assert len(starts) == n_rows + 1


def test_a_transposed_table_lists_rows_in_order(rng):
    item = rng.integers(0, 8, 100).astype(np.int32)
    row_ptr = np.array([0, 10, 10, 60, 100])
    ptr, row = transposed(row_ptr, item, 10)
    row_of = np.repeat(np.arange(4), np.diff(row_ptr))
    for k in range(10):
        assert row[ptr[k] : ptr[k + 1]].tolist() == row_of[item == k].tolist()
    assert row.dtype == np.int32


@pytest.mark.parametrize("part", [slice(0, 4), slice(3, 9), slice(4, 5), slice(8, 20)])
def test_entries_of_a_part_have_the_values_of_their_rows(part):
    starts, values = np.array([0, 0, 4, 4, 9, 10, 10]), np.arange(6) * 1.5
    whole = np.repeat(values, np.diff(starts))
    assert of_entries(starts, values, part).tolist() == whole[part].tolist()


def test_items_are_copied_only_if_their_numbers_change():
    items = np.array([2, 0, 2, 1], dtype=np.int32)
    assert renumbered(np.arange(3, dtype=np.int32), items) is items
    assert renumbered(np.array([1, 2, 0], dtype=np.int32), items).tolist() == [0, 1, 0, 2]
