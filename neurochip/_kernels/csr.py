"""Sort compressed sparse rows (CSR) of 1e8 entries without a temporary array of that size.

The engines have their own kernels for this, which also move the data of each entry.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.csr import starts_of
from ..typing import Int32Array, Int64Array
from .instructions import prefetch
from .jit import kernel

__all__ = ["count_items", "list_rows", "transposed"]

_AHEAD = 16  # entries


@kernel
def count_items(item: Any, counts: Any) -> None:
    """Add the number of occurrences of each item; NumPy would first convert ``item`` to int64."""
    for k in range(len(item)):
        counts[item[k]] += 1


@kernel
def list_rows(row_ptr: Any, item: Any, first: Any, cursor: Any, row: Any) -> None:
    """Append the number of each row, counted from ``first``, to the lists of its items.

    ``cursor`` holds the next free place of each item's list, and is moved. Both places of an entry
    are prefetched: with 1e8 entries each is a cache miss.
    """
    last = len(item) - 1
    for k in range(len(row_ptr) - 1):
        for i in range(row_ptr[k], row_ptr[k + 1]):
            prefetch(cursor, item[min(i + 2 * _AHEAD, last)])
            prefetch(row, cursor[item[min(i + _AHEAD, last)]])
            row[cursor[item[i]]] = first + k
            cursor[item[i]] += 1


def transposed(
    row_ptr: Int64Array, item: Int32Array, n_items: int
) -> tuple[Int64Array, Int32Array]:
    """Return for each item the rows that contain it, ``row[ptr[i]:ptr[i + 1]]``, in order."""
    counts = np.zeros(n_items, dtype=np.int64)
    count_items(item, counts)
    ptr = starts_of(counts)
    row = np.empty(len(item), dtype=np.int32)
    list_rows(row_ptr, item, 0, ptr[:-1].copy(), row)
    return ptr, row
