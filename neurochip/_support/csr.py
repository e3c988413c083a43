"""Compressed sparse rows (CSR): the entries row by row, and the start of each row.

The entries of row r are ``starts[r]`` to ``starts[r + 1] - 1``. :mod:`neurochip._kernels.csr` sorts
tables that are too large for the temporary arrays used here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..typing import Int32Array, Int64Array

__all__ = ["join_rows", "of_entries", "renumbered", "rows_of", "spans", "starts_of"]


def starts_of(counts: Any) -> Int64Array:
    """Return the start of each row from the number of entries per row, and the end of the last."""
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def renumbered(numbers: Int32Array, items: Int32Array) -> Int32Array:
    """Return ``numbers[items]``; without a copy if item i has number i."""
    same = np.array_equal(numbers, np.arange(len(numbers)))
    return items if same else numbers[items]


def rows_of(rows: Any, n_rows: int) -> tuple[Int64Array, Int64Array]:
    """Sort entries by row; the order within a row is kept.

    Returns
    -------
    starts : ndarray of int64, shape (n_rows + 1,)
    order : ndarray of int64, shape (n_entries,)
        Index of the entry at each place.
    """
    counts = np.bincount(np.asarray(rows).astype(np.int64, copy=False), minlength=n_rows)
    return starts_of(counts), np.argsort(rows, kind="stable")


def of_entries(starts: Int64Array, values: Any, part: slice) -> Any:
    """Return the value of the row of each entry in ``part``, from one value for each row."""
    begin, end, _ = part.indices(int(starts[-1]))
    first, last = (int(np.searchsorted(starts, place, side="right")) for place in (begin, end - 1))
    lengths = np.diff(np.clip(starts[first - 1 : last + 1], begin, end))
    return np.repeat(values[first - 1 : last], lengths)


def spans(begins: Any, lengths: Any) -> Int64Array:
    """Return the ranges ``begin`` to ``begin + length - 1``, concatenated."""
    before = np.cumsum(lengths) - lengths
    numbers = np.repeat(begins - before, lengths)
    numbers += np.arange(len(numbers))
    return numbers


def join_rows(
    tables: Sequence[tuple[int, Int64Array]], n_rows: int
) -> tuple[Int64Array, Iterator[Int64Array]]:
    """Join tables that share rows; within a row the entries keep the order of the tables.

    Parameters
    ----------
    tables : sequence of (first row, starts)
        A table has consecutive rows from its first row on.
    n_rows : int
        Number of rows of the joined table.

    Returns
    -------
    starts : ndarray of int64, shape (n_rows + 1,)
    places : iterator of ndarray of int64
        Places of the entries of each table in the joined one, one table at a time to save memory.
    """
    counts = np.zeros(n_rows, dtype=np.int64)
    for first, starts in tables:
        counts[first : first + len(starts) - 1] += np.diff(starts)
    joined = starts_of(counts)
    return joined, _places(tables, joined[:-1].copy())


def _places(tables: Sequence[tuple[int, Int64Array]], cursor: Int64Array) -> Iterator[Int64Array]:
    for first, starts in tables:
        own = cursor[first : first + len(starts) - 1]
        lengths = np.diff(starts)
        yield spans(own, lengths)
        own += lengths
