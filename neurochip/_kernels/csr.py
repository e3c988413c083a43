"""Compressed sparse rows of 1e8 entries: sorted without a temporary number for each of them.

The engines lay out rows in kernels of their own, which move what an entry carries in the same pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.csr import starts_of
from ..typing import Int32Array, Int64Array
from .jit import kernel

__all__ = ["count_items", "list_rows", "transposed"]


@kernel
def count_items(item: Any, counts: Any) -> None:
    """Add how often each item stands in a table; NumPy would make a table of int64 first."""
    for k in range(len(item)):
        counts[item[k]] += 1


@kernel
def list_rows(row_ptr: Any, item: Any, first: Any, cursor: Any, row: Any) -> None:
    """Write each row, counted from ``first``, to the places of its items; move their cursors."""
    for k in range(len(row_ptr) - 1):
        for i in range(row_ptr[k], row_ptr[k + 1]):
            row[cursor[item[i]]] = first + k
            cursor[item[i]] += 1


def transposed(
    row_ptr: Int64Array, item: Int32Array, n_items: int
) -> tuple[Int64Array, Int32Array]:
    """List the rows in which each item stands, ``row[ptr[i]:ptr[i + 1]]``, in their order."""
    counts = np.zeros(n_items, dtype=np.int64)
    count_items(item, counts)
    ptr = starts_of(counts)
    row = np.empty(len(item), dtype=np.int32)
    list_rows(row_ptr, item, 0, ptr[:-1].copy(), row)
    return ptr, row
