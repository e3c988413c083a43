"""Random bits as a hash of a counter, in any order of the work and on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from .jit import DISABLED, inline_kernel

__all__ = ["hashed", "hashed_number", "leading_bits", "mixed", "mixed_plainly"]


def mixed_plainly(x: int) -> int:
    """Return 64 random bits of an integer of 64 bits: two rounds of SplitMix64's finaliser.

    Source: Steele, Lea and Flood 2014, 10.1145/2660193.2660195.
    """
    word = (1 << 64) - 1
    for _ in range(2):
        x = (x + 0x9E3779B97F4A7C15) & word
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & word
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & word
        x ^= x >> 31
    return x


def _mixed(x: Any) -> Any:
    """Do the same with a uint64, in a kernel."""
    for _ in range(2):
        x += np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return x


def _leading_bits(number: Any, key: Any) -> Any:
    """Return a uint32 of which only the 15 leading bits are random: those of a hashed number.

    All in 32 bits, so that a loop over numbers is a vector loop. Two rounds of a 32-bit finaliser,
    each with half of the key. Source: T. Ettinger's constants for C. Wellons's hash prospector
    (github.com/skeeto/hash-prospector, issue 19).
    """
    x = np.uint32(np.uint32(number) ^ np.uint32(key))
    x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD))
    x = np.uint32(x ^ (x >> np.uint32(15)) ^ np.uint32(key >> np.uint64(32)))
    return np.uint32(x * np.uint32(0xD35A2D97))


def _hashed_number(number: Any, key: Any) -> Any:
    """Return 32 random bits of a number below 2**32 and a random key of 64 bits, as uint32."""
    x = leading_bits(number, key)
    return np.uint32(x ^ (x >> np.uint32(15)))


# With NUMBA_DISABLE_JIT=1 NumPy would warn of each overflow.
def _plain_mixed(x: Any) -> Any:
    return np.uint64(mixed_plainly(int(x)))


def _plain_leading_bits(number: Any, key: Any) -> Any:
    word, key = (1 << 32) - 1, int(key)
    x = (int(number) ^ key) & word
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & word
    return np.uint32(((x ^ (x >> 15) ^ (key >> 32)) * 0xD35A2D97) & word)


def _plain_hashed_number(number: Any, key: Any) -> Any:
    x = int(_plain_leading_bits(number, key))
    return np.uint32(x ^ (x >> 15))


mixed: Any = _plain_mixed if DISABLED else inline_kernel(_mixed)
leading_bits: Any = _plain_leading_bits if DISABLED else inline_kernel(_leading_bits)
hashed_number: Any = _plain_hashed_number if DISABLED else inline_kernel(_hashed_number)


@inline_kernel
def hashed(x: Any) -> Any:
    """Return 32 random bits of a uint64."""
    return mixed(x) >> np.uint64(32)
