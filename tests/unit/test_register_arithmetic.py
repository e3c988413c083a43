"""The arithmetic of registers in 32 bits is that of integers without a limit."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from neurochip.emulator.cpu.arithmetic import DECAY_BITS, decay_toward_zero

MOST = 1 << 30
plain = getattr(decay_toward_zero, "py_func", decay_toward_zero)


@given(value=st.integers(-MOST, MOST), keep=st.integers(0, 1 << DECAY_BITS))
@example(value=MOST, keep=1 << DECAY_BITS)
@example(value=-MOST, keep=1 << DECAY_BITS)
@example(value=-1, keep=1)
def test_a_decay_is_the_exact_product_rounded_toward_zero(value, keep):
    product = value * keep
    exact = product >> DECAY_BITS if product >= 0 else -(-product >> DECAY_BITS)
    decayed = plain(np.int32(value), np.int32(keep))
    assert (type(decayed), int(decayed)) == (np.int32, exact)
