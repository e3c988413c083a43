"""The only bit operations of a step. Every operand and result is an int32.

Numba widens int32 arithmetic to int64; the outer ``np.int32`` lets LLVM narrow it again, so that
eight (AVX2) or sixteen (AVX-512) compartments fit one instruction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import inline_kernel

__all__ = ["decay_toward_zero", "wrap"]


@inline_kernel
def wrap(value: Any, half: Any, mask: Any) -> Any:
    """Two's complement into [-half, half - 1], where mask = 2 half - 1.

    nengo-loihi ``emulator/interface.py``, asserted against the chip for u and for the accumulator.
    """
    return np.int32(np.int32(np.int32(value + half) & mask) - half)


@inline_kernel
def decay_toward_zero(value: Any, keep: Any, bits: Any, low_mask: Any) -> Any:
    """``trunc(value * keep / 2**bits)`` with 0 <= keep <= 2**bits and ``low_mask`` = 2**bits - 1.

    Split at the decay width, neither product leaves 32 bits, and the low half carries the whole
    fraction: floor((h 2**b + l) k / 2**b) = h k + floor(l k / 2**b). Rounding the magnitude down is
    truncation toward zero (three open emulators agree).
    """
    magnitude = np.int32(abs(value))
    high = np.int32(np.int32(magnitude >> bits) * keep)
    low = np.int32(np.int32(np.int32(magnitude & low_mask) * keep) >> bits)
    kept = np.int32(high + low)
    return np.int32(-kept) if value < 0 else kept
