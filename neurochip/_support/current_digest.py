"""A digest of currents that change in steps; it adds up over time and over currents.

A piece of amplitude A from tick a to tick b counts ``h(A) (F(b) - F(a))`` modulo 2**64, where h and
F are scrambled numbers and h(0) = 0. So the digest of a run is the sum of the digests of its parts,
and neither a change to the same amplitude nor a current of 0 changes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..typing import Float64Array
from .spike_digest import TICKS, name_salt

__all__ = ["current_digest"]

_RANGE = 1 << 64
_ROWS = 1 << 16  # amplitudes whose temporary arrays stay in the cache
# Odd constants of splitmix64 (G. Steele et al., OOPSLA 2014) and of MurmurHash3 (A. Appleby).
_TIME, _NEURON, _MIX = (
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0xFF51AFD7ED558CCD)
)


def current_digest(
    name: str, times: Float64Array, amplitudes: Float64Array, first: int, stop: int
) -> int:
    """Return the digest of a current from tick ``first`` until tick ``stop``.

    Parameters
    ----------
    name : str
        Name of the population that it flows into.
    times : ndarray, shape (n_changes,), ms
        Times of the changes, increasing.
    amplitudes : ndarray, shape (n_changes,) or (n_changes, size), nA
        The current from each time on. Equal currents into all neurons have the digest of one
        number.
    first, stop : int
        As from :func:`~neurochip._support.spike_digest.digest_ticks`.

    Returns
    -------
    int
        0 to ``2**64 - 1``; 0 without a current. Digests are added modulo 2**64.
    """
    ticks = np.rint(times * TICKS).astype(np.int64)
    begin = max(int(np.searchsorted(ticks, first, side="right")) - 1, 0)
    end = int(np.searchsorted(ticks, stop))
    if begin >= end:
        return 0
    bounds = np.clip(np.append(ticks[begin:end], stop), first, stop)
    places = _scrambled(bounds.astype(np.uint64) * _TIME)
    lasts = places[1:] - places[:-1]
    salt = name_salt(name)
    rows = amplitudes[begin:end].reshape(end - begin, -1)
    values = np.empty(len(rows), dtype=np.uint64)
    chunk = max(1, _ROWS // rows.shape[1])
    for low in range(0, len(rows), chunk):
        part = rows[low : low + chunk]
        even = (part == part[:, :1]).all(axis=1)
        values[low : low + chunk] = np.where(even, _of(part[:, :1], salt, 0), _of(part, salt, 1))
    return int((values * lasts).sum(dtype=np.uint64)) % _RANGE


def _of(amplitudes: Float64Array, salt: Any, first: int) -> Any:
    """Return one number for each row of amplitudes, whose neurons are numbered from ``first``."""
    neurons = np.arange(first, first + amplitudes.shape[1]).astype(np.uint64)
    keys = np.ascontiguousarray(amplitudes).view(np.uint64) + neurons * _NEURON + salt
    keys = np.where(amplitudes == 0, np.uint64(0), _scrambled(keys))
    return keys.sum(axis=1, dtype=np.uint64)


def _scrambled(keys: Any) -> Any:
    for _ in range(2):
        keys = keys ^ (keys >> np.uint64(32))
        keys = keys * _MIX
    return keys ^ (keys >> np.uint64(32))
