"""Index arrays of connections, in time and memory proportional to the number of synapses."""

from __future__ import annotations

import numpy as np

from .._support.csr import rows_of, starts_of
from ..typing import Int32Array, Int64Array

__all__ = [
    "all_pairs",
    "bernoulli",
    "pairs",
    "sample_rows",
    "transpose",
    "without_diagonal",
]

_CHUNK = 1 << 22  # entries drawn at once: bounds the temporary arrays to about 100 MB


def all_pairs(sources: int, targets: int) -> tuple[Int64Array, Int32Array]:
    """Return row pointers and targets of the full matrix."""
    rows = np.arange(sources + 1, dtype=np.int64) * targets
    post = np.empty((sources, targets), dtype=np.int32)  # fails early if memory is insufficient
    post[:] = np.arange(targets, dtype=np.int32)
    return rows, post.ravel()


def without_diagonal(sources: int, targets: int) -> tuple[Int64Array, Int32Array, Int64Array]:
    """Return the same as :func:`all_pairs` without pairs (i, i), and the flat indices kept."""
    flat = np.arange(sources * targets, dtype=np.int64)
    keep = flat[flat // targets != flat % targets]
    rows = np.arange(sources + 1, dtype=np.int64) * (targets - 1)
    return rows, (keep % targets).astype(np.int32), keep


def bernoulli(
    sources: int,
    targets: int,
    probability: float,
    rng: np.random.Generator,
    *,
    skip_diagonal: bool,
) -> tuple[Int64Array, Int32Array]:
    """Draw every pair with one probability: gaps in the flat matrix are geometric."""
    total = sources * targets
    counts = np.zeros(sources, dtype=np.int64)
    posts: list[Int32Array] = []
    position = -1
    while probability > 0 and position < total - 1:
        expected = int((total - 1 - position) * probability)
        size = min(_CHUNK, expected + 4 * int(np.sqrt(expected)) + 16)
        # All gaps beyond the matrix are equivalent; clipping keeps the sum below 2**63.
        gaps = np.minimum(rng.geometric(probability, size), total + 1)
        hits = position + np.cumsum(gaps, dtype=np.int64)
        position = int(hits[-1])
        hits = hits[: np.searchsorted(hits, total)]
        pre, post = hits // targets, (hits % targets).astype(np.int32)
        if skip_diagonal:
            pre, post = pre[pre != post], post[pre != post]
        counts += np.bincount(pre, minlength=sources)
        posts.append(post)
    return starts_of(counts), np.concatenate(posts) if posts else np.empty(0, dtype=np.int32)


def pairs(
    sources: int, targets: int, n: int, rng: np.random.Generator, *, skip_diagonal: bool
) -> tuple[Int64Array, Int32Array]:
    """Draw ``n`` pairs uniformly and independently, in the order of the matrix."""
    others = targets - skip_diagonal
    drawn = rng.integers(0, sources * others, n) if n else np.empty(0, dtype=np.int64)
    drawn.sort()
    pre, post = np.divmod(drawn, max(others, 1))
    if skip_diagonal:
        post += post >= pre
    return starts_of(np.bincount(pre, minlength=sources)), post.astype(np.int32)


def sample_rows(
    rows: int, choices: int, size: int, rng: np.random.Generator, *, skip_own: bool
) -> Int32Array:
    """Draw ``size`` different numbers below ``choices`` per row, sorted; shape (rows, size).

    Small samples are drawn with replacement, and repeated numbers are drawn again; a large sample
    is the complement of a small one.
    """
    pool = choices - skip_own
    if size > pool // 2:
        left_out = sample_rows(rows, pool, pool - size, rng, skip_own=False)
        chosen = _complement(left_out, pool)
    else:
        chosen = rng.integers(0, pool, (rows, size), dtype=np.int32)
        chosen.sort(axis=1)
        pending = np.flatnonzero((np.diff(chosen, axis=1) == 0).any(axis=1))
        while pending.size:
            part = chosen[pending]
            repeated = np.zeros(part.shape, dtype=bool)
            repeated[:, 1:] = part[:, 1:] == part[:, :-1]
            part[repeated] = rng.integers(0, pool, int(repeated.sum()), dtype=np.int32)
            part.sort(axis=1)
            chosen[pending] = part
            pending = pending[(np.diff(part, axis=1) == 0).any(axis=1)]
    if skip_own:
        chosen += chosen >= np.arange(rows, dtype=np.int32)[:, None]
    return chosen


def _complement(left_out: Int32Array, choices: int) -> Int32Array:
    rows, removed = left_out.shape
    result = np.empty((rows, choices - removed), dtype=np.int32)
    step = max(1, _CHUNK // choices)
    for start in range(0, rows, step):
        part = left_out[start : start + step]
        keep = np.ones((len(part), choices), dtype=bool)
        np.put_along_axis(keep, part.astype(np.int64), False, axis=1)
        result[start : start + step] = np.nonzero(keep)[1].reshape(len(part), -1)
    return result


def transpose(chosen: Int32Array, sources: int) -> tuple[Int64Array, Int32Array]:
    """Turn "sources of each target", shape (targets, k), into rows by source."""
    per_target = chosen.shape[1]
    rows, order = rows_of(chosen.ravel(), sources)
    post = (order // per_target).astype(np.int32) if per_target else np.empty(0, dtype=np.int32)
    return rows, post
