"""Compressed sparse rows: entries row after row, and where each row begins.

The entries of row r are ``starts[r]`` to ``starts[r + 1]``. :mod:`neurochip._kernels.csr` sorts
tables for whose temporary arrays there is no room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..typing import Int64Array

__all__ = ["join_rows", "rows_of", "spans", "starts_of"]


def starts_of(counts: Any) -> Int64Array:
    """Return where rows of so many entries begin, and behind them where the last one ends."""
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def rows_of(rows: Any, n_rows: int) -> tuple[Int64Array, Int64Array]:
    """Sort entries by their row, keeping the order of those of one row.

    Returns
    -------
    starts : ndarray of int64, shape (n_rows + 1,)
    order : ndarray of int64, shape (n_entries,)
        Which entry stands at each place.
    """
    counts = np.bincount(np.asarray(rows).astype(np.int64, copy=False), minlength=n_rows)
    return starts_of(counts), np.argsort(rows, kind="stable")


def spans(begins: Any, lengths: Any) -> Int64Array:
    """Return the numbers from each beginning on, as many as its length, one span after another."""
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
        A table has the rows from its first one on.
    n_rows : int
        Of the joined table.

    Returns
    -------
    starts : ndarray of int64, shape (n_rows + 1,)
    places : iterator of ndarray of int64
        Where the entries of each table go: of one table at a time, to spare memory.
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
