"""What register values mean, at the ends of their ranges, and which formats exist."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurochip import LOIHI
from neurochip.chip.registers import (
    SignMode,
    SynapseFormat,
    check_format,
    decode_bias,
    decode_threshold,
    decode_voltage_limits,
    decode_weights,
    effective_decay,
    kept_fraction,
    mantissa_range,
)
from neurochip.errors import ImageError

CORE = LOIHI.core


def exactly(message):
    return f"^{re.escape(message)}$"


@pytest.mark.parametrize(
    ("sign_mode", "expected"),
    [
        (SignMode.MIXED, (-256, 255)),
        (SignMode.EXCITATORY, (0, 255)),
        (SignMode.INHIBITORY, (-255, 0)),
    ],
)
def test_each_sign_mode_has_its_mantissas(sign_mode, expected):
    assert mantissa_range(sign_mode, CORE) == expected


def test_six_bit_weights_have_six_bit_mantissas():
    core = LOIHI.what_if(weight_mantissa_bits=6).core
    assert mantissa_range(SignMode.MIXED, core) == (-64, 63)
    assert mantissa_range(SignMode.INHIBITORY, core) == (-63, 0)


@pytest.mark.parametrize(
    ("bits", "mode", "low"),
    [(8, SignMode.EXCITATORY, 0), (8, SignMode.MIXED, 1), (4, SignMode.INHIBITORY, 4)],
)
def test_bits_that_are_not_stored_are_low_bits(bits, mode, low):
    assert SynapseFormat(0, bits, mode).low_bits(CORE) == low


def test_a_weight_keeps_the_shape_of_its_mantissas():
    form = SynapseFormat(0, 8, SignMode.EXCITATORY)
    assert decode_weights([], form, CORE).shape == (0,)
    assert decode_weights([1, 2], form, CORE).tolist() == [64, 128]
    assert int(decode_weights(3, form, CORE)) == 192


def test_the_largest_weights_stay_within_the_accumulator():
    form = SynapseFormat(7, 8, SignMode.MIXED)
    assert decode_weights([-256, -254, 254], form, CORE).tolist() == [-2097088, -2080768, 2080768]


def test_the_registers_at_their_ends():
    assert decode_threshold([0, 131071], CORE).tolist() == [0, 8388544]
    assert decode_bias([-4096, 4095], [7, 7]).tolist() == [-524288, 524160]
    assert effective_decay([0, 4095], [0, 1]).tolist() == [0, 4096]
    assert kept_fraction([0, 1023, 4095], [0, 1, 1], CORE).tolist() == [1.0, 0.75, 0.0]
    vmin, vmax = decode_voltage_limits([0, 10, 23], [0, 2, 7], CORE)
    assert vmin.tolist() == [0, -1023, -8388607]
    assert vmax.tolist() == [511, 8191, 8388607]


def test_the_limits_of_v_end_with_a_narrower_state():
    core = LOIHI.what_if(state_bits=16, accumulator_bits=14).core
    vmin, vmax = decode_voltage_limits(23, 7, core)
    assert (int(vmin), int(vmax)) == (-32767, 32767)


def test_the_widest_chip_that_is_allowed_decodes_without_overflow():
    core = LOIHI.what_if(
        threshold_mantissa_bits=24,
        threshold_shift=7,
        bias_mantissa_bits=24,
        bias_exponent_max=7,
        vmin_exponent_max=31,
        vmax_exponent_max=15,
    ).core
    assert int(decode_threshold(2**24 - 1, core)) == (2**24 - 1) * 2**7
    assert int(decode_bias(-(2**23), 7)) == -(2**30)
    vmin, vmax = decode_voltage_limits(31, 15, core)
    assert (int(vmin), int(vmax)) == (-8388607, 8388607)


def test_a_format_takes_numpy_integers_and_plain_sign_modes():
    form = SynapseFormat(np.int64(-2), np.int8(8), 3)
    assert form == SynapseFormat(-2, 8, SignMode.INHIBITORY)
    assert repr(form) == repr(SynapseFormat(-2, 8, SignMode.INHIBITORY))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((1.5, 8, 1), "synapse format: weight_exponent = 1.5; allowed: an integer."),
        ((0, True, 1), "synapse format: weight_bits = True; allowed: an integer."),
        (
            (0, 8, 4),
            "synapse format: sign_mode = 4; allowed: 1 (mixed), 2 (excitatory), 3 (inhibitory).",
        ),
    ],
)
def test_a_format_of_anything_else_is_refused(values, message):
    with pytest.raises(ImageError, match=exactly(message)):
        SynapseFormat(*values)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (SynapseFormat(-9, 8, 2), "group: weight_exponent = -9; allowed: -8 to 7."),
        (SynapseFormat(8, 8, 2), "group: weight_exponent = 8; allowed: -8 to 7."),
        (SynapseFormat(0, -1, 2), "group: weight_bits = -1; allowed: 0, 1, 2, 3, 4, 5, 6, 8."),
        (SynapseFormat(0, 7, 2), "group: weight_bits = 7; allowed: 0, 1, 2, 3, 4, 5, 6, 8."),
        (SynapseFormat(0, 9, 2), "group: weight_bits = 9; allowed: 0, 1, 2, 3, 4, 5, 6, 8."),
    ],
)
def test_a_format_that_the_core_does_not_have_is_refused(form, message):
    with pytest.raises(ImageError, match=exactly(message)):
        check_format("group", form, CORE)


def test_every_format_of_the_core_is_accepted():
    for exponent in range(-8, 8):
        for bits in (0, 1, 2, 3, 4, 5, 6, 8):
            for mode in SignMode:
                check_format("group", SynapseFormat(exponent, bits, mode), CORE)
