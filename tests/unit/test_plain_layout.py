"""The layout of a small image is plain Python, with the same result as that of kernels."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip._kernels import plain
from neurochip._kernels.jit import DISABLED
from neurochip.emulator.cpu import dense, layout


@pytest.mark.skipif(DISABLED, reason="kernels are plain Python here")
@pytest.mark.parametrize("span", [64, 1 << 14])
def test_rows_are_packed_alike_by_kernels_and_by_plain_python(monkeypatch, span: int) -> None:
    rng = np.random.default_rng(span)
    sizes = rng.integers(0, 64, 40)
    offsets = [np.sort(rng.choice(span, size, replace=False)) for size in sizes]
    ptr = np.concatenate([[0], np.cumsum(sizes)])
    weights = rng.integers(-100, 100, ptr[-1])
    words = (weights << layout.NARROW_BITS | np.concatenate(offsets)).astype(np.int32)

    def packed() -> tuple[list[int], bytes]:
        rows = ptr.copy()
        result = dense.pack_rows(rows, words.copy(), layout.NARROW_BITS, 14, 64)
        return rows.tolist(), result.tobytes()

    monkeypatch.setattr(dense, "call", lambda kernel, work, *given: kernel(*given))
    compiled = packed()
    monkeypatch.setattr(
        dense, "call", lambda kernel, work, *given: plain._python_of(kernel)(*given)
    )
    assert packed() == compiled
