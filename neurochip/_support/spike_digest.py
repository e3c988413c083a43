"""A digest of spikes: a sum of one scrambled number per spike.

Because it is a sum, the order of the spikes does not matter and the digest of a run is the sum of
the digests of its parts (an additive multiset hash, as of D. Clarke et al., ASIACRYPT 2003). It
takes about as long as to copy the spikes a few times, a tenth of a cryptographic digest. It
detects mistakes, not forgeries: two different inputs have the same 64 bits with a chance of 2**-64.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from ..typing import Float64Array, Int32Array

__all__ = ["TICKS", "count_digests", "digest_text", "digest_ticks", "name_salt", "spike_digest"]

TICKS = 1e6  # per ms: times are rounded to 1 ns, far below a step and far above float rounding
_CHUNK = 1 << 15  # spikes whose temporary arrays stay in the cache
_RANGE = 1 << 64
# Odd constants of splitmix64 (G. Steele et al., OOPSLA 2014) and of MurmurHash3 (A. Appleby).
_INPUT = 0x94D049BB133111EB
_TIME, _SOURCE, _MIX = (
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0xFF51AFD7ED558CCD)
)


def digest_ticks(time: float) -> int:
    """Return a time (ms) as a whole number of ticks; spikes at or above it are later."""
    return round(time * TICKS)


def spike_digest(name: str, ids: Int32Array, times: Float64Array, first: int, stop: int) -> int:
    """Return the digest of the spikes of one input whose ticks are from ``first`` to ``stop - 1``.

    Parameters
    ----------
    name : str
        Name of the input; spikes of another input have another digest.
    ids, times : ndarray, shape (n_spikes,)
        Sources, and times in ms, sorted.
    first, stop : int
        As from :func:`digest_ticks`.

    Returns
    -------
    int
        0 to ``2**64 - 1``; 0 without spikes. Digests are added modulo 2**64.
    """
    begin, end = np.searchsorted(times, [(first - 0.5) / TICKS, (stop - 0.5) / TICKS]).tolist()
    salt, total = name_salt(name), 0
    for low in range(begin, end, _CHUNK):
        part = slice(low, min(low + _CHUNK, end))
        total += int(_scrambled(times[part], ids[part], salt).sum(dtype=np.uint64))
    return total % _RANGE


def count_digests(name: str, counts: Any, times: Float64Array) -> tuple[Any, Any]:
    """Return the ticks and the digests of the rows of a table of counts.

    The digest of a count is that of as many spikes of its source at the time of its row.

    Parameters
    ----------
    name : str
        Name of the input.
    counts : ndarray of int, shape (n_rows, size)
        Spikes of each source in each row.
    times : ndarray of float64, shape (n_rows,), ms
        Time of each row.

    Returns
    -------
    ticks, digests : ndarray, shape (n_rows,)
        As in :func:`spike_digest`; digests are uint64.
    """
    digests = np.zeros(len(counts), dtype=np.uint64)
    salt, rows = name_salt(name), max(1, _CHUNK // counts.shape[1])
    ids = np.tile(np.arange(counts.shape[1]), rows)
    for low in range(0, len(counts), rows):
        part = counts[low : low + rows]
        when = np.repeat(times[low : low + rows], part.shape[1])
        keys = _scrambled(when, ids[: when.size], salt)
        keys *= part.ravel()
        digests[low : low + rows] = keys.reshape(part.shape).sum(axis=1, dtype=np.uint64)
    return np.rint(times * TICKS), digests


def digest_text(total: int) -> str:
    """Return a digest as 16 hexadecimal digits."""
    return f"{total % _RANGE:016x}"


def name_salt(name: str) -> Any:
    """Return a number by which the digests of equal content under two names differ."""
    return np.uint64(zlib.crc32(name.encode(errors="surrogatepass")) * _INPUT % _RANGE)


def _scrambled(times: Float64Array, ids: Int32Array, salt: Any) -> Any:
    """Return one number per spike, from the bits of its rounded time and its source."""
    ticks = times * TICKS
    np.rint(ticks, out=ticks)
    keys = ticks.view(np.uint64)
    keys *= _TIME
    source = ids.astype(np.uint64)
    source *= _SOURCE
    keys += source
    keys += salt
    np.right_shift(keys, np.uint64(32), out=source)
    keys ^= source
    keys *= _MIX
    np.right_shift(keys, np.uint64(32), out=source)
    keys ^= source
    return keys
