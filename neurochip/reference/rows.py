"""Which rows of synapses need no index."""

from __future__ import annotations

from typing import Any

from .._jit import kernel

__all__ = ["mark_rows_in_order"]

_SHORTEST = 16  # synapses: below it a vector loop does not pay


@kernel
def mark_rows_in_order(indptr: Any, target: Any, delay: Any, in_order: Any) -> None:
    """Mark the rows whose targets follow one another, with one delay: they are added as vectors."""
    for source in range(len(indptr) - 1):
        start, stop = indptr[source], indptr[source + 1]
        k = start + 1
        while (
            k < stop
            and target[k] == target[k - 1] + 1
            and (len(delay) == 0 or delay[k] == delay[k - 1])
        ):
            k += 1
        in_order[source] = stop - start >= _SHORTEST and k == stop
