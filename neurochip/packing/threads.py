"""Work on several threads whose results do not depend on their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["on_threads", "threads_for"]

T = TypeVar("T")

_WORK_PER_THREAD = 1_000_000  # neurons and synapses, which take some 50 ms


def threads_for(work: float) -> int:
    """Return the number of threads for a number of neurons and synapses."""
    from .._kernels.workers import most_threads

    return max(1, min(most_threads(), os.cpu_count() or 1, int(work / _WORK_PER_THREAD)))


def on_threads(function: Callable[..., T], *columns: Iterable[Any]) -> list[T]:
    """Return the results of calls with the arguments of each row, which run at the same time."""
    calls = list(zip(*columns, strict=True))
    if len(calls) == 1:
        return [function(*calls[0])]
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda arguments: function(*arguments), calls))
