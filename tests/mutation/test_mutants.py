"""Deliberately wrong rules: would anything notice?

Each mutant is the oracle with one rule broken. It must differ from a golden vector, named here,
where the recorded runs reach the rule at all, and from the emulator on a fixed set of random
images. A mutant that nothing notices is a rule that nothing tests.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import oracle
import pytest
from conformance.load import VECTORS, load_case
from conformance.oracle_cases import run_oracle
from conformance.random_images import random_case
from oracle import INHIBITORY, MIXED, Rules, clip, decay, nearest_quotient, wrap

from neurochip.emulator import Emulator

pytestmark = pytest.mark.slow

IMAGES = 300


def away(value, divisor):
    """``value / divisor`` rounded away from zero."""
    magnitude = -(-abs(value) // divisor)
    return -magnitude if value < 0 else magnitude


def saturate(value, bits):
    return clip(value, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def truncate(value, divisor):
    return oracle.truncating_quotient(value, divisor)


# ------------------------------------------------------ rules that need more than one line


def exponent_before_low_bits(self, mantissa, exponent, bits, sign_mode, core=oracle.LOIHI):
    scaled = self.scale(mantissa, 0 if core.exponent_on_sum else exponent)
    stored = self.store(scaled, 2 ** self.low_bits(bits, sign_mode, core), sign_mode, core)
    return self.limit_weight(stored * 2**core.weight_shift, core)


def alignment_before_exponent(self, mantissa, exponent, bits, sign_mode, core=oracle.LOIHI):
    stored = self.store(mantissa, 2 ** self.low_bits(bits, sign_mode, core), sign_mode, core)
    exponent = max(exponent, 0) if core.exponent_on_sum else exponent
    return self.limit_weight(self.scale(stored * 2**core.weight_shift, exponent), core)


def store_mixed_toward_zero(self, mantissa, granule, sign_mode, core):
    if sign_mode == MIXED:
        return truncate(mantissa, granule) * granule
    return Rules.store(self, mantissa, granule, sign_mode, core)


def store_mixed_nearest(self, mantissa, granule, sign_mode, core):
    if sign_mode == MIXED:
        top = 2**core.weight_mantissa_bits
        return clip(nearest_quotient(mantissa, granule), -top // granule, (top - 1) // granule) * (
            granule
        )
    return Rules.store(self, mantissa, granule, sign_mode, core)


def store_inhibitory_floored(self, mantissa, granule, sign_mode, core):
    if sign_mode == INHIBITORY and mantissa // granule * granule > -(2**core.weight_mantissa_bits):
        return mantissa // granule * granule
    return Rules.store(self, mantissa, granule, sign_mode, core)


def store_ties_up(self, mantissa, granule, sign_mode, core):
    if sign_mode != INHIBITORY and core.weight_rounding == oracle.NEAREST:
        most = (2**core.weight_mantissa_bits - 1) // granule
        return clip((2 * mantissa + granule) // (2 * granule), -most, most) * granule
    return Rules.store(self, mantissa, granule, sign_mode, core)


def store_beyond(self, mantissa, granule, sign_mode, core):
    """-2^8 is a mantissa, but no emulator that rounds to nearest can express it."""
    if sign_mode == MIXED and core.weight_rounding == oracle.NEAREST:
        top = 2**core.weight_mantissa_bits
        return clip(
            nearest_quotient(mantissa, granule) * granule, -top, (top - 1) // granule * (granule)
        )
    return Rules.store(self, mantissa, granule, sign_mode, core)


def noise_with(change):
    """A mutant of section 5.7 that sees other noise registers."""

    def noise(self, noise, step, neuron):
        return Rules.noise(self, change(noise), step, neuron)

    return noise


def replaced(noise, **registers):
    return oracle.Noise(**{**vars(noise), **registers})


def noise_after_the_wrap(self, cell, arriving, to_current, to_membrane):
    inner = type("Inner", (type(self),), {"update": Rules.update})()
    inner.accumulate = lambda c, total: Rules.accumulate(self, c, total - to_current) + to_current
    return inner.update(cell, arriving, to_current, to_membrane)


def u_stands_still_while_held(self, cell, arriving, to_current, to_membrane):
    u, held = cell.u, cell.held
    result = Rules.update(self, cell, arriving, to_current, to_membrane)
    if held > 0:
        cell.u = u
    return result


def spike_before_clip(self, cell, arriving, to_current, to_membrane):
    """The threshold sees v before it is limited."""
    seen = []
    inner = type("Inner", (type(self),), {"update": Rules.update})()
    inner.limit_v = lambda c, exact: seen.append(exact) or Rules.limit_v(self, c, exact)
    inner.fires = lambda c, v: Rules.fires(self, c, v if c.held > 0 else seen[-1])
    return inner.update(cell, arriving, to_current, to_membrane)


def splitmix(rounds=2, values=255, low=-127, golden=0x9E3779B97F4A7C15, step_shift=32):
    def noise_draw(self, seed, step, neuron):
        x, full = seed ^ (step * 2**step_shift + neuron), 2**64
        for _ in range(rounds):
            x = (x + golden) % full
            x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % full
            x = (x ^ x >> 27) * 0x94D049BB133111EB % full
            x = x ^ x >> 31
        return x // 2**32 * values // 2**32 + low

    return noise_draw


def unity(cell):
    return cell.registers.core.decay_unity


def bits(cell, name="state_bits"):
    return getattr(cell.registers.core, name)


# What is wrong: (a vector that notices, or None; methods of the oracle's rules that break it).
MUTANTS = {
    # Section 4, weights.
    "low bits of a mixed mantissa dropped toward zero": (
        "010_pop_wlossy_0",
        {"store": store_mixed_toward_zero},
    ),
    "low bits of a mixed mantissa rounded to nearest": (
        "010_pop_wlossy_0",
        {"store": store_mixed_nearest},
    ),
    "low bits of an inhibitory mantissa floored": (
        "010_pop_wlossy_0",
        {"store": store_inhibitory_floored},
    ),
    "a mixed mantissa keeps its lowest bit": (
        "010_pop_wlossy_0",
        {"low_bits": lambda self, n, sign, core: core.weight_mantissa_bits - n},
    ),
    "a negative exponent truncates toward zero": (
        "011_pop_wlossy_1",
        {"scale": lambda self, m, e: m * 2**e if e >= 0 else truncate(m, 2**-e)},
    ),
    "a negative exponent rounds to nearest": (
        "011_pop_wlossy_1",
        {"scale": lambda self, m, e: m * 2**e if e >= 0 else nearest_quotient(m, 2**-e)},
    ),
    "the exponent comes before the low bits are dropped": (
        "010_pop_wlossy_0",
        {"decode_weight": exponent_before_low_bits},
    ),
    "the alignment comes before a negative exponent": (
        "011_pop_wlossy_1",
        {"decode_weight": alignment_before_exponent},
    ),
    "weights have no limit": (
        "012_pop_w256_0",
        {"limit_weight": lambda self, weight, core: weight},
    ),
    "the limit of weights is one step of the grid lower": (
        "012_pop_w256_0",
        {
            "limit_weight": lambda self, weight, core: clip(
                weight,
                -core.weight_limit + 2**core.weight_shift,
                core.weight_limit - 2**core.weight_shift,
            )
        },
    ),
    # 5.1, arrival and accumulator.
    "an input arrives one step late": (
        "000_pop_base_0",
        {"handed_over": lambda self, kind, step: step + 1},
    ),
    "a spike of a neuron arrives one step late": (
        "044_net_base_0",
        {"handed_over": lambda self, kind, step: step + (2 if kind == "neuron" else 0)},
    ),
    "a delay is one step longer": (
        "030_pop_delay_0",
        {"acts": lambda self, at, d: at + d + (d > 0)},
    ),
    "a delay is one step shorter": (
        "030_pop_delay_0",
        {"acts": lambda self, at, d: at + max(d - 1, 0)},
    ),
    "the longest delays are cut to 5 bits": (
        "030_pop_delay_0",
        {"acts": lambda self, at, d: at + d % 32},
    ),
    "the accumulator has 21 bits": (
        "021_pop_qovf_0",
        {"accumulate": lambda self, c, q: wrap(q, bits(c, "accumulator_bits") - 1)},
    ),
    "the accumulator has 23 bits": (
        "021_pop_qovf_0",
        {"accumulate": lambda self, c, q: wrap(q, bits(c, "accumulator_bits") + 1)},
    ),
    "the accumulator saturates": (
        "021_pop_qovf_0",
        {"accumulate": lambda self, c, q: saturate(q, bits(c, "accumulator_bits"))},
    ),
    "the accumulator has no limit": ("021_pop_qovf_0", {"accumulate": lambda self, c, q: q}),
    # 5.2, current.
    "the decay of u floors": (
        "000_pop_base_0",
        {"decayed_u": lambda self, c: c.u * c.registers.factor_u // unity(c)},
    ),
    "the decay of u rounds away from zero": (
        "000_pop_base_0",
        {"decayed_u": lambda self, c: away(c.u * c.registers.factor_u, unity(c))},
    ),
    "the decay of u rounds to nearest": (
        "000_pop_base_0",
        {"decayed_u": lambda self, c: nearest_quotient(c.u * c.registers.factor_u, unity(c))},
    ),
    "the offset of 1 on the decay of u is missing": (
        "000_pop_base_0",
        {"decayed_u": lambda self, c: decay(c.u, unity(c) - c.registers.decay_u, c.registers.core)},
    ),
    "the scale of the decays is 4095": (
        "000_pop_base_0",
        {"decayed_u": lambda self, c: truncate(c.u * c.registers.factor_u, unity(c) - 1)},
    ),
    "the offset of u decays v": (
        "000_pop_base_0",
        {
            "decayed_v": lambda self, c: decay(
                c.v, c.registers.factor_v - c.registers.decay_u_offset, c.registers.core
            )
        },
    ),
    "u has 23 bits": ("018_pop_uovf_0", {"current": lambda self, c, u: wrap(u, bits(c) - 1)}),
    "u has 25 bits": ("018_pop_uovf_0", {"current": lambda self, c, u: wrap(u, bits(c) + 1)}),
    "u saturates": ("018_pop_uovf_0", {"current": lambda self, c, u: saturate(u, bits(c))}),
    "2^23 stays in u": ("020_pop_uedge_0", {"current": lambda self, c, u: -wrap(-u, bits(c))}),
    # 5.3, bias.
    "the bias enters before the decay of v": (
        "022_pop_bias_0",
        {
            "drive": lambda self, c, u: u,
            "integrate": lambda self, c, x: (
                decay(c.v + c.bias, c.registers.factor_v, c.registers.core) + x
            ),
        },
    ),
    "the bias enters u": (
        "022_pop_bias_0",
        {
            "drive": lambda self, c, u: u,
            "current": lambda self, c, u: Rules.current(self, c, u + c.bias),
        },
    ),
    "the bias exponent is one lower": (
        "022_pop_bias_0",
        {"drive": lambda self, c, u: u + c.bias // 2},
    ),
    "v takes the u of the previous step": (
        "000_pop_base_0",
        {"drive": lambda self, c, u: c.u + c.bias},
    ),
    "u + bias has no limit": ("042_pop_ubias_0", {"input": lambda self, c, x: x}),
    "u + bias saturates": (
        "042_pop_ubias_0",
        {"input": lambda self, c, x: saturate(x, bits(c))},
    ),
    "u + bias has 23 bits": (
        "042_pop_ubias_0",
        {"input": lambda self, c, x: wrap(x, bits(c) - 1)},
    ),
    "u + bias has 25 bits": (
        "042_pop_ubias_0",
        {"input": lambda self, c, x: wrap(x, bits(c) + 1)},
    ),
    # 5.4, voltage.
    "the decay of v floors": (
        "000_pop_base_0",
        {"decayed_v": lambda self, c: c.v * c.registers.factor_v // unity(c)},
    ),
    "the decay of v rounds away from zero": (
        "000_pop_base_0",
        {"decayed_v": lambda self, c: away(c.v * c.registers.factor_v, unity(c))},
    ),
    "the decay of v rounds to nearest": (
        "000_pop_base_0",
        {"decayed_v": lambda self, c: nearest_quotient(c.v * c.registers.factor_v, unity(c))},
    ),
    "v decays after its input": (
        "000_pop_base_0",
        {"integrate": lambda self, c, x: decay(c.v + x, c.registers.factor_v, c.registers.core)},
    ),
    "the offset on the decay of v is missing": (
        "038_pop_limits_0",
        {"decayed_v": lambda self, c: decay(c.v, unity(c) - c.registers.decay_v, c.registers.core)},
    ),
    "vmin is one lower": (
        "013_pop_neg_0",
        {"limit_v": lambda self, c, v: clip(v, c.registers.vmin - 1, c.registers.vmax)},
    ),
    "vmax is one higher": (
        "017_pop_vsat_2",
        {"limit_v": lambda self, c, v: clip(v, c.registers.vmin, c.registers.vmax + 1)},
    ),
    "v has no lower limit": (
        "013_pop_neg_0",
        {"limit_v": lambda self, c, v: min(v, c.registers.vmax)},
    ),
    "v has no upper limit": (
        "017_pop_vsat_2",
        {"limit_v": lambda self, c, v: max(v, c.registers.vmin)},
    ),
    "v wraps": ("013_pop_neg_0", {"limit_v": lambda self, c, v: wrap(v, bits(c))}),
    "v is clipped before its input comes": (
        "013_pop_neg_0",
        {
            "integrate": lambda self, c, x: Rules.limit_v(self, c, self.decayed_v(c)) + x,
            "limit_v": lambda self, c, v: v,
        },
    ),
    "the threshold sees v before the clip": (None, {"update": spike_before_clip}),
    # 5.5 and 5.6, hold, threshold, reset.
    "the threshold itself spikes": (
        "043_pop_threshold_0",
        {"fires": lambda self, c, v: v >= c.registers.threshold and not c.held > 0},
    ),
    "the threshold is one higher": (
        None,
        {"fires": lambda self, c, v: v > c.registers.threshold + 1},
    ),
    "the threshold is aligned by one bit more": (
        "000_pop_base_0",
        {"fires": lambda self, c, v: v > 2 * c.registers.threshold},
    ),
    "the threshold is aligned by one bit less": (
        "000_pop_base_0",
        {"fires": lambda self, c, v: v > c.registers.threshold // 2},
    ),
    "the reset leaves 1": ("000_pop_base_0", {"reset_v": lambda self, c, v: 1}),
    "the reset subtracts the threshold": (
        "000_pop_base_0",
        {"reset_v": lambda self, c, v: v - c.registers.threshold},
    ),
    "v is held for one step more": (
        "025_pop_refr_0",
        {"hold": lambda self, c: c.registers.refractory + 1},
    ),
    "v is held for one step less": (
        "025_pop_refr_0",
        {"hold": lambda self, c: c.registers.refractory - 1},
    ),
    "a held v integrates and cannot spike": (
        "025_pop_refr_0",
        {
            "held_v": lambda self, c, v: v,
            "fires": lambda self, c, v: v > c.registers.threshold and c.held == 0,
        },
    ),
    "u stands still while v is held": ("025_pop_refr_0", {"update": u_stands_still_while_held}),
    "input is lost while v is held": (
        "025_pop_refr_0",
        {"accumulate": lambda self, c, q: 0 if c.held > 0 else Rules.accumulate(self, c, q)},
    ),
    "bias is integrated while v is held": (
        "040_pop_full_0",
        {"held_v": lambda self, c, v: c.bias},
    ),
    # 5.7, noise.
    "noise floors": ("034_pop_noise_0", {"noise_quotient": lambda self, m, d: m // d}),
    "noise rounds to nearest": (
        "034_pop_noise_0",
        {"noise_quotient": lambda self, m, d: nearest_quotient(m, d)},
    ),
    "noise goes to the other target": (
        "034_pop_noise_0",
        {"noise_at_membrane": lambda self, noise: not noise.at_membrane},
    ),
    "the mantissa offset of the noise is missing": (
        None,
        {"noise": noise_with(lambda n: replaced(n, mantissa_offset=0))},
    ),
    "the exponent of the noise is one higher": (
        "034_pop_noise_0",
        {"noise": noise_with(lambda n: replaced(n, exponent=n.exponent + 1))},
    ),
    "every compartment has noise": (
        "034_pop_noise_0",
        {"noise": noise_with(lambda n: replaced(n, enabled=[1] * len(n.enabled)))},
    ),
    "noise joins after the wrap of the accumulator": (None, {"update": noise_after_the_wrap}),
    "the generator has one round": (None, {"noise_draw": splitmix(rounds=1)}),
    "the generator draws 256 values": (None, {"noise_draw": splitmix(values=256)}),
    "the generator begins at -128": (None, {"noise_draw": splitmix(low=-128)}),
    "the generator has another increment": (None, {"noise_draw": splitmix(golden=1)}),
    "the generator sees the step one bit higher": (None, {"noise_draw": splitmix(step_shift=33)}),
    "the generator ignores the seed": (
        None,
        {"noise_draw": lambda self, seed, step, i: Rules.noise_draw(self, 0, step, i)},
    ),
    "the generator is one step ahead": (
        None,
        {"noise_draw": lambda self, seed, step, i: Rules.noise_draw(self, seed, step + 1, i)},
    ),
    # Rules of other emulators; no vector has them on the first-generation chip.
    "a shifted sum truncates toward zero": (
        None,
        {
            "shift_sum": lambda self, total, e, core: (
                truncate(total // 2**core.weight_shift, 2 ** max(-e, 0)) * 2**core.weight_shift
                if core.exponent_on_sum
                else total
            )
        },
    ),
    "the sum is shifted after its alignment": (
        None,
        {
            "shift_sum": lambda self, total, e, core: (
                total // 2 ** max(-e, 0) if core.exponent_on_sum else total
            )
        },
    ),
    "the sum is not shifted": (None, {"shift_sum": lambda self, total, e, core: total}),
    "every weight is shifted instead of the sum": (
        None,
        {
            "decode_weight": lambda self, *format_: Rules.decode_weight(
                self, *format_[:4], dataclasses.replace(format_[4], exponent_on_sum=False)
            ),
            "shift_sum": lambda self, total, e, core: total,
        },
    ),
    "ties of nearest mantissas round up": (None, {"store": store_ties_up}),
    "mantissas that round to nearest may exceed the largest": (None, {"store": store_beyond}),
    "unlimited u + bias has 28 bits": (
        None,
        {
            "input": lambda self, c, x: (
                wrap(x, 28) if bits(c, "input_overflow") == oracle.NONE else Rules.input(self, c, x)
            )
        },
    ),
    "unlimited v has the limits of 29 bits": (
        None,
        {
            "limit_v": lambda self, c, v: (
                saturate(v, 29)
                if bits(c, "voltage_overflow") == oracle.NONE
                else Rules.limit_v(self, c, v)
            )
        },
    ),
}

EQUIVALENT = {
    # max(r - 1, 0) never leaves a negative counter.
    "held means a counter other than 0": {"is_held": lambda self, c: c.held != 0},
    # A held v is 0 and no threshold is negative, so it cannot spike anyway.
    "a held compartment is not compared": {
        "fires": lambda self, c, v: c.held == 0 and v > c.registers.threshold
    },
    # u - away(u d / 4096) is trunc(u (4096 - d) / 4096), for either sign of u.
    "the share that is lost is rounded away from zero and subtracted": {
        "decayed_u": lambda self, c: c.u - away(c.u * (unity(c) - c.registers.factor_u), unity(c))
    },
    # The accumulator's sum is only read modulo 2^22, and noise is added before the wrap.
    "the sum is wrapped to 40 bits on its way": {
        "accumulate": lambda self, c, q: Rules.accumulate(self, c, wrap(q, 40))
    },
}
"""Changes that no input can show, so they are no mutants; nothing may notice them."""


def rules_with(methods):
    return type("Mutant", (Rules,), methods)()


@functools.cache
def vector(name):
    case = load_case(VECTORS / f"public_{name}.npz")
    spikes = list(zip(case.spike_step.tolist(), case.spike_neuron.tolist(), strict=True))
    return case, (case.u.tolist(), case.v.tolist(), spikes)


@functools.cache
def image(number):
    """A random image and what the emulator makes of it."""
    case = random_case(np.random.default_rng([31, number]), budget=500)
    emulator = Emulator(case.image(), threads=1, warn=False)
    recording = emulator.run_steps(
        case.n_steps, *case.emulator_inputs(), noise=case.draws, record=["u", "v"]
    )
    spikes = zip(
        recording.steps["compartments"].tolist(),
        recording.ids["compartments"].tolist(),
        strict=True,
    )
    u, v = (recording.trace("compartments", name).values.tolist() for name in ("u", "v"))
    return case, (u, v, list(spikes))


def vector_notices(name, rules):
    case, recorded = vector(name)
    trace = run_oracle(case, rules)
    return (trace.u, trace.v, trace.spikes) != recorded


def first_image_that_notices(rules):
    for number in range(IMAGES):
        case, recorded = image(number)
        trace = case.run_oracle(rules)
        if (trace.u, trace.v, trace.spikes) != recorded:
            return number
    return None


def test_the_oracle_itself_is_no_mutant():
    assert not any(vector_notices(name, Rules()) for name, _ in MUTANTS.values() if name)
    assert first_image_that_notices(Rules()) is None


@pytest.mark.parametrize("wrong", [wrong for wrong, (name, _) in MUTANTS.items() if name])
def test_a_golden_vector_notices(wrong):
    name, methods = MUTANTS[wrong]
    assert vector_notices(name, rules_with(methods))


@pytest.mark.parametrize("wrong", MUTANTS)
def test_a_random_image_notices(wrong):
    assert first_image_that_notices(rules_with(MUTANTS[wrong][1])) is not None


@pytest.mark.parametrize("change", EQUIVALENT)
def test_nothing_notices_a_change_that_is_none(change):
    rules = rules_with(EQUIVALENT[change])
    assert first_image_that_notices(rules) is None
    assert not any(vector_notices(name, rules) for name in ("018_pop_uovf_0", "025_pop_refr_0"))
