"""The weights that a synapse format can express, against decoding every mantissa there is."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.synapses.formats import choose_format, exponents, grid, mantissas, sign_mode_of
from neurochip import LOIHI
from neurochip.chip.registers import SignMode, SynapseFormat, decode_weights, mantissa_range

CORES = {
    "loihi": LOIHI.core,
    "narrow accumulator": LOIHI.what_if(accumulator_bits=18).core,
    "no shift": LOIHI.what_if(weight_shift=0, accumulator_bits=16).core,
    "six bits": LOIHI.what_if(weight_mantissa_bits=6, weight_exponent_max=3).core,
    "positive exponents": LOIHI.what_if(weight_exponent_min=2).core,
}
every_core = pytest.mark.parametrize("core", CORES.values(), ids=CORES)
every_mode = pytest.mark.parametrize("mode", SignMode, ids=lambda mode: mode.name.lower())


def decoded(exponent, mode, core):
    """Magnitudes of all weights of a format, on the side that reaches less far."""
    form = SynapseFormat(exponent, core.weight_mantissa_bits, mode)
    low, high = mantissa_range(mode, core)
    sign = -1 if mode is SignMode.INHIBITORY else 1
    weights = sign * decode_weights(np.arange(low, high + 1), form, core).astype(np.int64)
    return np.unique(weights[weights >= 0])


@every_mode
@every_core
def test_a_grid_has_the_multiples_of_its_step_that_a_mantissa_decodes_to(core, mode):
    for exponent in exponents(mode, core):
        found = grid(exponent, mode, core)
        weights = decoded(exponent, mode, core)
        assert found.step == weights[1] - weights[0]
        assert found.largest == weights[weights % found.step == 0].max()
        assert found.format == SynapseFormat(exponent, core.weight_mantissa_bits, mode)


@every_mode
@every_core
def test_mantissas_decode_to_the_steps_that_were_asked_for(core, mode):
    signs = {SignMode.MIXED: (1, -1), SignMode.EXCITATORY: (1,), SignMode.INHIBITORY: (-1,)}[mode]
    for exponent in exponents(mode, core):
        found = grid(exponent, mode, core)
        for sign in signs:
            steps = sign * np.arange(found.largest // found.step + 1)
            weights = decode_weights(mantissas(steps, found), found.format, core)
            assert weights.tolist() == (steps * found.step).tolist()
            beyond = decode_weights(mantissas(2 * steps[-1:], found), found.format, core)
            assert beyond.tolist() == [sign * found.largest]


@every_mode
@every_core
def test_exponents_go_from_the_finest_grid_to_the_one_that_reaches_farthest(core, mode):
    every = range(core.weight_exponent_min, core.weight_exponent_max + 1)
    weights = {exponent: decoded(exponent, mode, core) for exponent in every}
    step = {e: int(np.diff(own).min()) for e, own in weights.items() if len(own) > 1}
    reach = {e: int(weights[e][weights[e] % step[e] == 0].max()) for e in step}
    used = exponents(mode, core)
    assert used[0] == max(e for e in step if step[e] == min(step.values()))
    assert used[-1] == min(e for e in step if reach[e] == max(reach.values()))


def test_a_narrow_accumulator_limits_the_weights_of_the_chip():
    """2^17 - 64 is the largest weight; 15 steps of 8192 stay below it, 16 do not."""
    core = CORES["narrow accumulator"]
    assert core.weight_limit == 2**17 - 64
    assert grid(7, SignMode.EXCITATORY, core).largest == 15 * 8192
    assert grid(3, SignMode.EXCITATORY, core).largest == 255 * 512


@every_mode
@every_core
def test_the_finest_grid_is_chosen_whose_largest_weight_is_less_than_half_a_step_off(core, mode):
    grids = [grid(exponent, mode, core) for exponent in exponents(mode, core)]
    for finer, coarser in zip(grids, [*grids[1:], grids[-1]], strict=True):
        most = finer.largest + finer.step / 2
        assert choose_format(most, mode, core) == finer
        assert choose_format(np.nextafter(most, np.inf), mode, core) == coarser
    assert choose_format(0.0, mode, core) == grids[0]
    assert choose_format(1e12, mode, core) == grids[-1]


@pytest.mark.parametrize(
    ("weights", "mode"),
    [
        ([], SignMode.EXCITATORY),
        ([0.0], SignMode.EXCITATORY),
        ([0.0, 2.0], SignMode.EXCITATORY),
        ([-2.0, 0.0], SignMode.INHIBITORY),
        ([-2.0, -1.0], SignMode.INHIBITORY),
        ([-1.0, 0.1], SignMode.MIXED),
    ],
)
def test_no_bit_is_spent_on_a_sign_that_does_not_occur(weights, mode):
    assert sign_mode_of(np.array(weights)) is mode
