"""Counters of several runs, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .recording import Recording

__all__ = ["joined_counts", "joined_overflows"]


def joined_overflows(runs: Iterable[Recording]) -> dict[str, dict[str, int]]:
    """Return the sums of the overflows of several runs, by population and counter."""
    return joined_counts(run.overflows for run in runs)


def joined_counts(
    parts: Iterable[Mapping[str, Mapping[str, int]]],
) -> dict[str, dict[str, int]]:
    """Return the sums of counters, by name and counter."""
    total: dict[str, Counter[str]] = {}
    for part in parts:
        for name, counts in part.items():
            total.setdefault(name, Counter()).update(counts)
    return {name: dict(counts) for name, counts in total.items()}
