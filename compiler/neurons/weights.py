"""The weights of a connection at its target, and a sample of them, in chunks of synapses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurochip.network import Connection
from neurochip.typing import Float64Array, Int64Array

__all__ = ["CHUNK", "chunks", "sampled_weights", "scaled_weights"]

CHUNK = 1 << 17
"""Synapses per chunk: its arrays stay in the cache, and take a few MB."""

_SAMPLE = 512  # weights sampled from a connection
_BINS = 1 << 16


def chunks(n: int, size: int | None = None) -> list[slice]:
    """Return the chunks of ``n`` synapses, by default of ``CHUNK``.

    A pass that sums over chunks must not touch an array of all targets for each of them
    (``np.add.at``, not ``np.bincount``): the targets of a large network are many.
    """
    step = size or CHUNK
    return [slice(start, start + step) for start in range(0, n, step)]


def scaled_weights(
    connection: Connection, gain: Float64Array, lsb_per_mv: Float64Array | None = None
) -> Callable[[slice], Float64Array]:
    """Return a function that tells what each synapse of a chunk adds to u.

    In mV, or in LSB if the scales of the target neurons are given. It returns one value if all
    synapses have the same.
    """
    weight = connection.weight
    one_gain = bool((gain == gain[0]).all())
    one_scale = lsb_per_mv is None or bool((lsb_per_mv == lsb_per_mv[0]).all())

    def scaled(part: slice) -> Float64Array:
        post = connection.post[part]
        scale = 1.0 if lsb_per_mv is None else lsb_per_mv[0] if one_scale else lsb_per_mv[post]
        if not isinstance(weight, np.ndarray) and one_scale and one_gain:
            return np.array([weight * gain[0] * scale])
        each = weight[part] if isinstance(weight, np.ndarray) else weight
        found: Float64Array
        if one_gain and isinstance(each, np.ndarray):
            found = each * gain[0]
        else:
            found = gain[post]
            found *= each
        if lsb_per_mv is not None:
            found *= scale
        return found

    return scaled


def sampled_weights(connection: Connection, gain: Float64Array) -> Float64Array:
    """Return at most 512 of the weights at the target, in mV: equidistant quantiles.

    Both extremes are among them. The weights of a large connection are counted in bins, and only
    those in the bin of a quantile are kept.
    """
    n, weights_of = connection.n_synapses, scaled_weights(connection, gain)
    first = weights_of(slice(CHUNK))
    if n <= CHUNK or first.size == 1:
        return first if first.size <= _SAMPLE else _at(first, _places(first.size))
    parts = chunks(n)
    extremes = np.empty((len(parts), 2))
    for row, part in zip(extremes, parts, strict=True):
        weights = weights_of(part)
        row[:] = weights.min(), weights.max()
    low, high = float(extremes.min()), float(extremes.max())
    if low == high:
        return np.full(_SAMPLE, low)

    def bins_of(weights: Float64Array) -> Int64Array:
        return np.asarray((weights - low) / (high - low) * (_BINS - 1)).astype(np.int64)

    counts = np.zeros(_BINS, dtype=np.int64)
    for part in parts:
        counts += np.bincount(bins_of(weights_of(part)), minlength=_BINS)
    ends, places = np.cumsum(counts), _places(n)
    bins = np.searchsorted(ends, places, side="right")
    wanted = np.zeros(_BINS, dtype=bool)
    wanted[bins] = True
    kept = []
    for part in parts:
        weights = weights_of(part)
        kept.append(weights[wanted[bins_of(weights)]])
    left_out = np.cumsum(np.where(wanted, 0, counts))
    return _at(np.concatenate(kept), places - left_out[bins])


def _places(size: int) -> Int64Array:
    return np.linspace(0, size - 1, _SAMPLE).astype(np.int64)


def _at(weights: Float64Array, places: Int64Array) -> Float64Array:
    """Return the weights at these places of the sorted order. Reorders in place."""
    weights.partition(places)
    return weights[places]
