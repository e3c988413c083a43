"""Decoding against the page of core semantics, restated in plain Python integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip import LOIHI
from neurochip.chip.registers import (
    SignMode,
    SynapseFormat,
    decode_bias,
    decode_threshold,
    decode_voltage_limits,
    decode_weights,
    effective_decay,
    mantissa_range,
)

CORES = {
    "loihi": LOIHI.core,
    "6-bit weights": LOIHI.what_if(weight_mantissa_bits=6).core,
    "10-bit weights": LOIHI.what_if(weight_mantissa_bits=10, weight_exponent_max=5).core,
    "16-bit state": LOIHI.what_if(state_bits=16, accumulator_bits=14, weight_shift=4).core,
    "8-bit decay": LOIHI.what_if(decay_bits=8, threshold_shift=8, bias_exponent_max=3).core,
}
cores = st.sampled_from(sorted(CORES)).map(CORES.__getitem__)


def weight_of(mantissa, exponent, bits, sign_mode, core):
    """Section 4 of the page, with quotients in the place of shifts."""
    lost = core.weight_mantissa_bits - bits + (sign_mode is SignMode.MIXED)
    if sign_mode is SignMode.INHIBITORY:
        stored = -(-mantissa // 2**lost) * 2**lost
    else:
        stored = mantissa // 2**lost * 2**lost
    scaled = stored * 2**exponent if exponent >= 0 else stored // 2**-exponent
    limit = 2 ** (core.accumulator_bits - 1) - 2**core.weight_shift
    return min(max(scaled * 2**core.weight_shift, -limit), limit)


@pytest.mark.parametrize("name", sorted(CORES))
@pytest.mark.parametrize("sign_mode", SignMode)
def test_every_mantissa_of_every_format_means_what_the_page_says(name, sign_mode):
    core = CORES[name]
    low, high = mantissa_range(sign_mode, core)
    mantissas = range(low, high + 1)
    for exponent in range(core.weight_exponent_min, core.weight_exponent_max + 1):
        for bits in core.weight_bits:
            decoded = decode_weights(
                np.arange(low, high + 1), SynapseFormat(exponent, bits, sign_mode), core
            )
            assert decoded.dtype == np.int32
            assert decoded.tolist() == [
                weight_of(mantissa, exponent, bits, sign_mode, core) for mantissa in mantissas
            ]


@given(cores, st.integers(0, 2**24 - 1))
def test_a_threshold_is_its_mantissa_times_the_alignment(core, draw):
    mantissa = draw % 2**core.threshold_mantissa_bits
    assert int(decode_threshold(mantissa, core)) == mantissa * 2**core.threshold_shift


@given(cores, st.integers(0, 2**24 - 1), st.integers(0, 15))
def test_a_bias_is_its_mantissa_times_a_power_of_two(core, draw, exponent):
    form = core.bias_mantissa
    mantissa = form.minimum + draw % (form.maximum - form.minimum + 1)
    exponent %= core.bias_exponent_max + 1
    assert int(decode_bias(mantissa, exponent)) == mantissa * 2**exponent


@given(cores, st.integers(0, 23), st.integers(0, 7))
def test_the_limits_of_v_follow_their_exponents_within_the_state(core, low, high):
    vmin, vmax = decode_voltage_limits(low, high, core)
    most = 2 ** (core.state_bits - 1) - 1
    assert int(vmin) == max(-(2**low) + 1, -most)
    assert int(vmax) == min(2 ** (9 + 2 * high) - 1, most)


@given(cores, st.integers(0, 2**15 - 1), st.integers(0, 1))
def test_the_offset_is_added_to_the_decay(core, draw, offset):
    register = draw % 2**core.decay_bits
    assert int(effective_decay(register, offset)) == register + offset <= core.decay_scale
