"""The weights of a connection at its target, and a sample of them, in chunks of synapses."""

from __future__ import annotations

import numpy as np

from neurochip.network import Connection
from neurochip.typing import Float64Array, Int64Array

__all__ = ["sampled_weights", "scaled_weights"]

_SAMPLE = 512  # weights sampled from a connection
_CHUNK = 1 << 17  # synapses per chunk, whose arrays then stay in the cache
_BINS = 1 << 16


def scaled_weights(
    connection: Connection,
    gain: Float64Array,
    part: slice = slice(None),
    *,
    lsb_per_mv: Float64Array | None = None,
) -> Float64Array:
    """Return what each synapse of ``part`` adds to u; one value if all are equal.

    In mV, or in LSB if the scales of the target neurons are given.
    """
    weight, post = connection.weight, connection.post[part]
    one_gain = bool((gain == gain[0]).all())
    one_scale = lsb_per_mv is None or bool((lsb_per_mv == lsb_per_mv[0]).all())
    scale = 1.0 if lsb_per_mv is None else lsb_per_mv[0] if one_scale else lsb_per_mv[post]
    if not isinstance(weight, np.ndarray) and one_scale and one_gain:
        return np.array([weight * gain[0] * scale])
    each = weight[part] if isinstance(weight, np.ndarray) else weight
    scaled: Float64Array
    if one_gain and isinstance(each, np.ndarray):
        scaled = each * gain[0]
    else:
        scaled = gain[post]
        scaled *= each
    if lsb_per_mv is not None:
        scaled *= scale
    return scaled


def sampled_weights(connection: Connection, gain: Float64Array) -> Float64Array:
    """Return at most 512 of the weights at the target, in mV: equidistant quantiles.

    Both extremes are among them. The weights of a large connection are counted in bins, and only
    those in the bin of a quantile are kept.
    """
    n = connection.n_synapses
    if n <= _CHUNK or scaled_weights(connection, gain, slice(_CHUNK)).size == 1:
        weights = scaled_weights(connection, gain)
        return weights if weights.size <= _SAMPLE else _at(weights, _places(weights.size))
    parts = [slice(start, start + _CHUNK) for start in range(0, n, _CHUNK)]
    extremes = np.empty((len(parts), 2))
    for row, part in zip(extremes, parts, strict=True):
        weights = scaled_weights(connection, gain, part)
        row[:] = weights.min(), weights.max()
    low, high = float(extremes.min()), float(extremes.max())
    if low == high:
        return np.full(_SAMPLE, low)

    def bins_of(weights: Float64Array) -> Int64Array:
        return np.asarray((weights - low) / (high - low) * (_BINS - 1)).astype(np.int64)

    counts = np.zeros(_BINS, dtype=np.int64)
    for part in parts:
        counts += np.bincount(bins_of(scaled_weights(connection, gain, part)), minlength=_BINS)
    ends, places = np.cumsum(counts), _places(n)
    bins = np.searchsorted(ends, places, side="right")
    wanted = np.zeros(_BINS, dtype=bool)
    wanted[bins] = True
    kept = []
    for part in parts:
        weights = scaled_weights(connection, gain, part)
        kept.append(weights[wanted[bins_of(weights)]])
    left_out = np.cumsum(np.where(wanted, 0, counts))
    return _at(np.concatenate(kept), places - left_out[bins])


def _places(size: int) -> Int64Array:
    return np.linspace(0, size - 1, _SAMPLE).astype(np.int64)


def _at(weights: Float64Array, places: Int64Array) -> Float64Array:
    """Return the weights at these places of the sorted order. Reorders in place."""
    weights.partition(places)
    return weights[places]
