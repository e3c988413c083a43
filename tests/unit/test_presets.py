"""Chips as data: what the presets state, what they reproduce, and rules that do not exist."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from conformance.load import case_paths, load_case

from neurochip import LOIHI, CoreSpec
from neurochip.chip.fixedpoint import Overflow, Rounding
from neurochip.chip.presets import BRIAN2LOIHI, LAVA, NENGO_LOIHI, PRESETS
from neurochip.chip.registers import SynapseFormat, decode_weights
from neurochip.conformance import PEERS, VECTOR_CHIP, check_case
from neurochip.emulator import Emulator
from neurochip.errors import SpecError
from neurochip.image.files import load_image, save_image
from neurochip.image.program import Noise, SignMode, Synapses, program
from neurochip.learning import LEARNING_PRESETS

CASES = [load_case(path) for path in case_paths()]
MIXED, EXCITATORY, INHIBITORY = SignMode
WHO = "compartments"


def exactly(message):
    return f"^{re.escape(message)}$"


def differing(chip):
    return {
        item.name: getattr(chip.core, item.name)
        for item in dataclasses.fields(CoreSpec)
        if getattr(chip.core, item.name) != getattr(LOIHI.core, item.name)
    }


# --- what a preset states ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chip", "name", "fields"),
    [
        (LOIHI, "loihi", {}),
        (
            LAVA,
            "lava",
            {
                "accumulator_overflow": Overflow.NONE,
                "current_overflow": Overflow.WRAP_UP,
                "input_overflow": Overflow.NONE,
                "weight_clips": False,
                "exponent_on_sum": True,
                "delay_max": 63,
                "learning": LEARNING_PRESETS["lava"],
            },
        ),
        (
            NENGO_LOIHI,
            "nengo-loihi",
            {
                "weight_rounding": Rounding.NEAREST,
                "learning": LEARNING_PRESETS["nengo-loihi"],
            },
        ),
        (
            BRIAN2LOIHI,
            "brian2loihi",
            {
                "accumulator_overflow": Overflow.NONE,
                "current_overflow": Overflow.NONE,
                "input_overflow": Overflow.NONE,
                "voltage_overflow": Overflow.NONE,
                "weight_rounding": Rounding.TOWARD_ZERO,
                "refractory_max": 64,
                "learning": LEARNING_PRESETS["brian2loihi"],
            },
        ),
    ],
)
def test_a_preset_differs_from_loihi_in_the_stated_fields_only(chip, name, fields):
    assert differing(chip) == fields
    assert (chip.name, chip.cores) == (name, LOIHI.cores)
    assert PRESETS[name] is chip


def test_the_presets_are_listed_and_cannot_be_changed():
    assert list(PRESETS) == ["loihi", "lava", "nengo-loihi", "brian2loihi"]
    assert set(PEERS.values()) == set(PRESETS) - {"loihi"}
    with pytest.raises(TypeError):
        PRESETS["mine"] = LOIHI


# --- what a preset reproduces --------------------------------------------------------------------


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_preset_gives_what_its_emulator_gave(case, peer):
    if case.statuses[peer].startswith("unsupported"):
        assert peer not in case.peers
        return
    chip = PRESETS[PEERS[peer]].what_if(refractory_max=64)
    assert check_case(case, chip, peer=peer) is None


@pytest.mark.parametrize(
    ("peer", "supported", "own"), [("lava", 42, 5), ("nengoloihi", 47, 0), ("brian2loihi", 43, 8)]
)
def test_so_many_vectors_are_within_reach_and_so_many_differ(peer, supported, own):
    statuses = [case.statuses[peer] for case in CASES]
    assert sum(not status.startswith("unsupported") for status in statuses) == supported
    differ = [case for case in CASES if peer in case.peers]
    assert len(differ) == own
    for case in differ:
        # So the preset is needed: the chip's own rules do not give that emulator's numbers.
        assert check_case(case, VECTOR_CHIP, peer=peer) is not None


# --- each rule, on one number --------------------------------------------------------------------


def accumulate(chip, n_spikes, bias=0, mantissa=255, steps=2, **registers):
    """u and v after so many spikes of weight mantissa << 13 in step 1."""
    registers = {"decay_u": 4095, "threshold_mantissa": 131071, "bias_mantissa": bias, **registers}
    only = Synapses("inputs", [0], [0], [mantissa], MIXED, exponent=7)
    image = program(chip, registers, [only], n_inputs=1, truncate=True)
    run = Emulator(image, warn=False).run_steps(
        steps, [0] * n_spikes, [0] * n_spikes, record=["u", "v"]
    )
    u, v = (run.trace(WHO, name).values[:, 0].tolist() for name in "uv")
    return u, v, run.counters


def test_the_input_of_a_step_wraps_or_does_not():
    weight = 254 << 13
    assert accumulate(LOIHI, 2)[0][1] == 2 * weight - 2**22
    assert accumulate(LOIHI, 2)[2]["accumulator_wraps"] == 1
    for chip in (LAVA, BRIAN2LOIHI):
        assert accumulate(chip, 2)[0][1] == 2 * weight
        assert accumulate(chip, 2)[2]["accumulator_wraps"] == 0


@pytest.mark.parametrize(
    ("rule", "at_limit", "beyond"),
    [
        (Overflow.WRAP, -(2**23), -(2**23) + 2**13),
        (Overflow.WRAP_UP, 2**23, -(2**23) + 2**13),
        (Overflow.NONE, 2**23, 2**23 + 2**13),
    ],
)
def test_u_wraps_in_three_ways(rule, at_limit, beyond):
    chip = LAVA.what_if(current_overflow=rule, exponent_on_sum=False)
    # 8 x 128 << 13 is 2**23 exactly; mantissa 128 is stored whole.
    assert accumulate(chip, 8, mantissa=128)[0][1] == at_limit
    one_more = Synapses("inputs", [0, 1], [0, 0], [128, 2], MIXED, exponent=7)
    image = program(chip, {"decay_u": 4095}, [one_more], n_inputs=2)
    sources = [0] * 8 + [1]
    got = (
        Emulator(image, warn=False)
        .run_steps(2, [0] * 9, sources, record=["u"])
        .trace(WHO, "u")
        .values[1, 0]
    )
    assert got == (beyond + 2**13)


def test_u_and_bias_wrap_or_do_not():
    chip = LOIHI.what_if(accumulator_overflow=Overflow.NONE)
    registers = {"bias": 4095, "bias_exponent": 7, "mantissa": 248}
    u, bias = 4 * (248 << 13), 4095 << 7
    assert u + bias > 2**23
    got_u, v, counters = accumulate(chip, 4, **registers)
    assert (got_u[1], v[1]) == (u, bias + u + bias - 2**24)
    assert counters["input_wraps"] == 1
    got_u, v, counters = accumulate(chip.what_if(input_overflow=Overflow.NONE), 4, **registers)
    assert (got_u[1], v[1], counters["spikes"]) == (u, 0, 1)
    assert counters["input_wraps"] == 0


def test_v_stops_at_its_limit_or_runs_on():
    for chip, lowest, clips in ((LOIHI, -(2**23) + 1, 6), (BRIAN2LOIHI, -16 * (4096 << 7), 0)):
        image = program(chip, {"bias_mantissa": -4096, "bias_exponent": 7, "vmin_exponent": 23})
        run = Emulator(image, warn=False).run_steps(16 + clips - 1 if clips else 16, record=["v"])
        assert run.trace(WHO, "v").values.min() == lowest
        assert run.counters["voltage_clips_low"] == clips


@pytest.mark.parametrize(
    ("rounding", "sign_mode", "stored"),
    [
        (Rounding.FLOOR, MIXED, {-3: -4, -1: -2, 3: 2, 255: 254}),
        (Rounding.TOWARD_ZERO, MIXED, {-3: -2, -1: 0, 3: 2, 255: 254}),
        (Rounding.NEAREST, MIXED, {-3: -4, -1: 0, 1: 0, 3: 4, 255: 254, -256: -254}),
        (Rounding.FLOOR, INHIBITORY, {-3: -3, -255: -255}),
    ],
)
def test_low_bits_are_dropped_by_the_rule(rounding, sign_mode, stored):
    core = LOIHI.what_if(weight_rounding=rounding).core
    weights = decode_weights(list(stored), SynapseFormat(0, 8, sign_mode), core)
    assert (weights >> 6).tolist() == list(stored.values())


def test_an_exponent_shifts_each_weight_or_their_sum():
    both = Synapses("inputs", [0, 0], [0, 0], [3, 3], EXCITATORY, exponent=-2)
    for chip, got in ((LOIHI, 0), (LOIHI.what_if(exponent_on_sum=True), 1)):
        image = program(chip, {"decay_u": 4095}, [both], n_inputs=1, truncate=True)
        run = Emulator(image, warn=False).run_steps(2, [0], [0], record=["u"])
        assert run.trace(WHO, "u").values[1, 0] == got << 6


def test_a_weight_is_limited_or_not():
    for chip, weight in ((LOIHI, -(2**21) + 64), (LOIHI.what_if(weight_clips=False), -(2**21))):
        form = SynapseFormat(7, 8, MIXED)
        assert decode_weights([-256], form, chip.core).tolist() == [weight]


# --- rules are part of an image ------------------------------------------------------------------


@pytest.mark.parametrize("chip", PRESETS.values(), ids=PRESETS)
def test_an_image_for_a_preset_is_saved_with_its_rules(chip, tmp_path):
    noise = Noise(np.ones(1, dtype=np.int32), 7)
    image = program(chip, {}, noise=noise)
    again = load_image(save_image(image, tmp_path / "image"))
    assert again == image
    assert again.chip == chip
    assert again.digest() == image.digest()


def test_the_digest_tells_the_presets_apart():
    chips = [chip.what_if(name="same") for chip in PRESETS.values()]
    assert len({program(chip, {}).digest() for chip in chips}) == len(chips)


# --- rules that do not exist ---------------------------------------------------------------------

WRAPS = "Overflow.WRAP, Overflow.WRAP_UP, Overflow.NONE"
ROUNDINGS = "Rounding.FLOOR, Rounding.TOWARD_ZERO, Rounding.NEAREST"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"accumulator_overflow": Overflow.CLIP},
            f"core: accumulator_overflow = {Overflow.CLIP!r}; allowed: {WRAPS}.",
        ),
        (
            {"current_overflow": "saturate"},
            f"core: current_overflow = 'saturate'; allowed: {WRAPS}.",
        ),
        ({"input_overflow": None}, f"core: input_overflow = None; allowed: {WRAPS}."),
        (
            {"voltage_overflow": Overflow.WRAP},
            f"core: voltage_overflow = {Overflow.WRAP!r}; allowed: Overflow.CLIP, Overflow.NONE.",
        ),
        (
            {"weight_rounding": Rounding.STOCHASTIC},
            f"core: weight_rounding = {Rounding.STOCHASTIC!r}; allowed: {ROUNDINGS}.",
        ),
        (
            {"weight_rounding": Overflow.CLIP},
            f"core: weight_rounding = {Overflow.CLIP!r}; allowed: {ROUNDINGS}.",
        ),
        ({"weight_clips": 1}, "core: weight_clips = 1; allowed: True or False."),
        ({"exponent_on_sum": "no"}, "core: exponent_on_sum = 'no'; allowed: True or False."),
    ],
)
def test_a_rule_that_does_not_exist_is_refused(fields, message):
    with pytest.raises(SpecError, match=exactly(message)):
        CoreSpec(**fields)


def test_a_rule_may_be_given_by_its_value_as_in_a_file():
    assert CoreSpec(current_overflow="wrap up").current_overflow is Overflow.WRAP_UP
    assert CoreSpec(weight_rounding="toward zero").weight_rounding is Rounding.TOWARD_ZERO
