"""The chip as data: what the first generation is, and which other chips may be imagined."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import LOIHI, ChipSpec, CoreSpec
from neurochip.chip.fixedpoint import Format
from neurochip.errors import SpecError
from neurochip.learning import LEARNING_PRESETS


def exactly(message):
    return f"^{re.escape(message)}$"


def test_loihi_is_what_its_sources_say():
    core = LOIHI.core
    assert (LOIHI.name, LOIHI.cores, core.compartments) == ("loihi", 128, 1024)
    assert core.decay == Format(12, signed=False)
    assert core.state == Format(24, signed=True)
    assert core.accumulator == Format(22, signed=True)
    assert core.threshold_mantissa == Format(17, signed=False)
    assert core.bias_mantissa == Format(13, signed=True)
    assert core.decay_scale == 4096
    assert core.weight_limit == 2**21 - 64
    assert core.weight_bits == (0, 1, 2, 3, 4, 5, 6, 8)


def test_a_six_bit_weight_may_store_any_number_of_its_bits():
    assert LOIHI.what_if(weight_mantissa_bits=6).core.weight_bits == (0, 1, 2, 3, 4, 5, 6)
    assert LOIHI.what_if(weight_mantissa_bits=7).core.weight_bits[-2:] == (6, 7)


def test_a_core_has_a_learning_engine_by_its_name_or_none():
    assert LOIHI.core.learning == LEARNING_PRESETS["published"]
    assert LOIHI.what_if(learning="lava").core.learning == LEARNING_PRESETS["lava"]
    assert LOIHI.what_if(learning="none").core.learning is None
    assert LOIHI.what_if(learning="lava").name == "loihi (learning=lava)"
    mine = dataclasses.replace(LEARNING_PRESETS["lava"], name="mine")
    assert LOIHI.what_if(learning=mine).core.differences == ("learning=mine",)


def test_what_if_changes_fields_and_says_so_in_the_name():
    chip = LOIHI.what_if(weight_mantissa_bits=6, cores=2)
    assert chip.name == "loihi (cores=2, weight_mantissa_bits=6)"
    assert (chip.cores, chip.core.weight_mantissa_bits) == (2, 6)
    assert chip.core.learning.excitatory_limits == (0, 63)  # learned weights have as few bits
    restored = {"weight_mantissa_bits": 8, "learning": LOIHI.core.learning}
    assert dataclasses.replace(chip.core, **restored) == LOIHI.core
    assert LOIHI.what_if(name="mine", decay_bits=8).name == "mine"
    assert LOIHI.what_if() == LOIHI


def test_numpy_integers_make_the_same_chip_as_plain_ones():
    chip = LOIHI.what_if(name="x", cores=np.int32(4), decay_bits=np.int64(8))
    plain = LOIHI.what_if(name="x", cores=4, decay_bits=8)
    assert chip == plain
    assert repr(chip) == repr(plain)  # digests are made of it


def test_a_spec_that_is_not_made_of_integers_is_refused():
    for value in (2.5, "12", True, None):
        message = f"core: decay_bits = {value!r}; allowed: an integer."
        with pytest.raises(SpecError, match=exactly(message)):
            CoreSpec(decay_bits=value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"compartments": 0}, "core: compartments = 0; allowed: 1 to 2147483648."),
        ({"decay_bits": 16}, "core: decay_bits = 16; allowed: 1 to 15."),
        ({"decay_u_offset": 2}, "core: decay_u_offset = 2; allowed: 0 to 1."),
        ({"state_bits": 29}, "core: state_bits = 29; allowed: 4 to 28."),
        ({"weight_mantissa_bits": 16}, "core: weight_mantissa_bits = 16; allowed: 1 to 15."),
        ({"refractory_max": 0}, "core: refractory_max = 0; allowed: 1 to 255."),
        ({"delay_max": -1}, "core: delay_max = -1; allowed: 0 to 255."),
        (
            {"weight_exponent_min": 3, "weight_exponent_max": 2},
            "core: weight_exponent_min = 3 is above weight_exponent_max = 2; exchange them.",
        ),
        (
            {"state_bits": 20},
            "core: accumulator_bits = 22 is above state_bits = 20; the input of a step must fit "
            "the current to which it is added.",
        ),
        (
            {"weight_shift": 5},
            "core: accumulator_bits - weight_shift = 17; allowed: at most 16, since the emulator "
            "stores a weight in 16 bits.",
        ),
        (
            {"accumulator_bits": 7},
            "core: accumulator_bits - weight_shift = 1; allowed: at least 2, since only weight 0 "
            "would fit the accumulator.",
        ),
        (
            {"weight_clips": False, "weight_mantissa_bits": 9},
            "core: weight_mantissa_bits + weight_exponent_max = 16; allowed: at most 15 without "
            "weight_clips, since the emulator stores a weight in 16 bits.",
        ),
        (
            {"threshold_mantissa_bits": 24, "threshold_shift": 8},
            "core: threshold_mantissa_bits + threshold_shift = 32; allowed: at most 31, since "
            "the emulator computes in 32 bits.",
        ),
        (
            {"bias_mantissa_bits": 20, "bias_exponent_max": 12},
            "core: bias_mantissa_bits + bias_exponent_max = 32; allowed: at most 31, since the "
            "emulator computes in 32 bits.",
        ),
        (
            {"programmable": True, "payload_bits": 1},
            "core: payload_bits = 1; allowed: 0 (binary spikes), or 2 to 32, since one bit is the "
            "sign.",
        ),
        (
            {"payload_bits": 24},
            "core: payload_bits = 24 without programmable; only programs send payloads. Set "
            "programmable=True, or payload_bits=0.",
        ),
        (
            {"learning": "loihi"},
            "core: learning = 'loihi'; allowed: a LearningSpec(...), 'published', 'lava', "
            "'brian2loihi', 'nengo-loihi', or 'none'.",
        ),
    ],
)
def test_a_core_that_no_engine_can_run_is_refused(fields, message):
    with pytest.raises(SpecError, match=exactly(message)):
        CoreSpec(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": " "}, "chip: name = ' '; allowed: a non-empty string."),
        ({"name": 3}, "chip: name = 3; allowed: a non-empty string."),
        ({"name": "x", "cores": 0}, "chip 'x': cores = 0; allowed: at least 1."),
        ({"name": "x", "cores": 1.5}, "chip 'x': cores = 1.5; allowed: an integer."),
        ({"name": "x", "cores": True}, "chip 'x': cores = True; allowed: an integer."),
        ({"name": "x", "core": 3}, "chip 'x': core = 3; allowed: a CoreSpec(...)."),
    ],
)
def test_a_chip_that_makes_no_sense_is_refused(fields, message):
    with pytest.raises(SpecError, match=exactly(message)):
        ChipSpec(**fields)


def test_an_unknown_field_is_refused_with_the_list_of_fields():
    fields = ", ".join(sorted(item.name for item in dataclasses.fields(CoreSpec)))
    message = f"chip 'loihi': no field 'weight_bits'; fields of a core: {fields}. Did you mean "
    message += "'weight_mantissa_bits'?"
    with pytest.raises(SpecError, match=exactly(message)):
        LOIHI.what_if(weight_bits=6)
