"""Shares of sources of error in a part of it: the mean effect over all orders of switching."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from ..errors import AnalysisError
from .measure import Sources, Values

__all__ = ["is_equal", "shapley_shares"]

_MOST_PLAYERS = 6  # sources with an effect; Shapley shares of 6 sources take 64 runs


def shapley_shares(
    measure: Callable[[Sources], Values], sources: Sequence[str], base: Sources, full: Sources
) -> dict[tuple[str, str, str], float]:
    """Return the mean effect of each source over all orders, by (population, metric, source).

    Sources without an effect, alone and last, have a share of 0 and are left out of the orders.
    """
    players = [
        source
        for source in sources
        if not is_equal(measure(base | {source}), measure(base))
        or not is_equal(measure(full - {source}), measure(full))
    ]
    if not is_equal(measure(base.union(players)), measure(full)):
        players = list(sources)  # some have an effect only together
    n = len(players)
    if n > _MOST_PLAYERS:
        raise AnalysisError(
            f"attribution: {n} sources have an effect ({', '.join(players)}); allowed: at most "
            f"{_MOST_PLAYERS} for Shapley shares, which run every subset. Omit shapley."
        )
    names = [(name, metric) for name, own in measure(base).items() for metric in own]
    shares = {(*name, source): 0.0 for name in names for source in sources}
    for source in players:
        others = [other for other in players if other != source]
        for size in range(n):
            weight = 1 / (n * math.comb(n - 1, size))
            for chosen in combinations(others, size):
                before = measure(base.union(chosen))
                after = measure(base.union(chosen, [source]))
                for name, metric in names:
                    change = np.mean(after[name][metric]) - np.mean(before[name][metric])
                    shares[name, metric, source] += weight * float(change)
    return shares


def is_equal(first: Values, second: Values) -> bool:
    """Return whether two runs have the same values of all metrics."""
    return all(
        np.array_equal(first[name][metric], second[name][metric])
        for name in first
        for metric in first[name]
    )
