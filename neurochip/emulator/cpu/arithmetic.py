"""The register arithmetic of a step: wrap, overflow test and decay, all in int32.

Numba widens int32 arithmetic to int64; the outer ``np.int32`` lets LLVM narrow it again, so that
one instruction handles 8 (AVX2) or 16 (AVX-512) compartments. Shift counts are constants: a vector
shift by a run-time count would be widened to 64 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._kernels.jit import inline_kernel

__all__ = ["DECAY_BITS", "decay_toward_zero", "outside", "wrap"]

DECAY_BITS = 15
"""Fractional bits of a kept fraction: the widest decay register; narrower ones are scaled up."""

_LOW = np.int32((1 << DECAY_BITS) - 1)


@inline_kernel
def wrap(value: Any, offset: Any, mask: Any) -> Any:
    """Add or subtract 2**b until the value lies in [-offset, mask - offset], with mask = 2**b - 1.

    The wrap of semantics 1.

    Two's complement has offset = 2**(b-1): nengo-loihi ``emulator/interface.py``, asserted against
    the chip for u and for the accumulator.
    """
    return np.int32(np.int32(np.int32(value + offset) & mask) - offset)


@inline_kernel
def outside(value: Any, offset: Any, mask: Any) -> Any:
    """Return 0 where :func:`wrap` does not change the value; takes two vector instructions."""
    return np.int32(np.int32(value + offset) & np.int32(~mask))


@inline_kernel
def decay_toward_zero(value: Any, keep: Any) -> Any:
    """Return ``trunc(value * keep / 2**15)`` for 0 <= keep <= 2**15 and abs(value) <= 2**30.

    The decay of u (semantics 5.2) and of v (semantics 5.4).

    The value is split at bit 15, so that both products fit 32 bits and the result is exact:
    floor((h 2**15 + l) k / 2**15) = h k + floor(l k / 2**15). Truncation toward zero (three open
    emulators agree) is rounding up if the value is negative: then h has ones in all upper bits, and
    15 of them are what rounds up the quotient of l k.
    """
    h = np.int32(value >> DECAY_BITS)
    up = np.int32(np.uint32(h) >> np.uint32(32 - DECAY_BITS))
    low = np.int32(np.int32(np.int32(value & _LOW) * keep) + up)
    return np.int32(np.int32(h * keep) + np.int32(low >> DECAY_BITS))
