"""Decay registers, and the gain that survives their rounding."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compiler import CompileError, CompileOptions
from compiler.neurons.decays import round_decays
from neurochip import LIF, LOIHI, Network, Population
from neurochip.recurrence import ideal_population


def decays_of(lif, dt, *, size=1, chip=LOIHI, gain="dc"):
    population = Population("cells", size, lif)
    ideal = ideal_population(Network(populations=[population]), population, dt)
    return ideal, round_decays(ideal, chip, dt, CompileOptions(gain=gain))


@pytest.mark.parametrize(
    ("tau", "dt", "register"),
    [
        (10.0, 0.1, 41),  # 40.757, and 4096 dt / tau would be 40.96
        (10.0, 1.0, 390),  # 389.79, and 4096 dt / tau would be 410
        (20.0, 1.0, 200),  # 199.76
        (5.0, 0.1, 81),  # 81.11
        (819.0, 0.1, 1),  # 0.50006
    ],
)
def test_the_decay_of_v_is_the_rounded_share_that_a_step_loses(tau, dt, register):
    _, decays = decays_of(LIF(tau_m=tau), dt)
    assert decays.decay_v.tolist() == [register]
    assert decays.keep_v[0] == 1 - register / 4096


@pytest.mark.parametrize(("tau", "dt", "register"), [(10.0, 0.1, 40), (10.0, 1.0, 389)])
def test_the_decay_register_of_u_holds_one_less(tau, dt, register):
    _, decays = decays_of(LIF(tau_syn=tau), dt)
    assert decays.receptors[0].decay_u.tolist() == [register]
    assert decays.receptors[0].keep_u[0] == 1 - (register + 1) / 4096


def test_delta_synapses_empty_u_every_step():
    _, decays = decays_of(LIF(), 0.1)
    assert decays.receptors[0].decay_u.tolist() == [4095]
    assert decays.receptors[0].keep_u[0] == 0.0


def test_offsets_and_width_are_those_of_the_chip():
    chip = LOIHI.what_if(decay_bits=8, decay_v_offset=1, decay_u_offset=0)
    _, decays = decays_of(LIF(tau_m=10.0, tau_syn=5.0), 1.0, chip=chip)
    # 256 (1 - exp(-0.1)) = 24.36 and 256 (1 - exp(-0.2)) = 46.41.
    assert (decays.decay_v.tolist(), decays.receptors[0].decay_u.tolist()) == ([23], [46])
    assert (decays.keep_v[0], decays.receptors[0].keep_u[0]) == (1 - 24 / 256, 1 - 46 / 256)
    # Without an offset the largest register leaves a little of u: the gain knows.
    _, delta = decays_of(LIF(tau_m=10.0), 1.0, chip=chip)
    assert (delta.receptors[0].decay_u.tolist(), delta.receptors[0].keep_u[0]) == ([255], 1 / 256)


@pytest.mark.parametrize("tau_syn", [None, 3.0], ids=["delta", "exponential"])
def test_dc_gain_keeps_the_level_that_a_steady_input_reaches(tau_syn):
    ideal, decays = decays_of(LIF(tau_m=10.0, tau_syn=tau_syn), 0.1, gain="dc")

    def level(gain, s, a):
        return float(gain[0] / ((1 - s[0]) * (1 - a[0])))

    (wanted,), (got,) = ideal.receptors, decays.receptors
    asked = level(wanted.gain, wanted.keep_u, ideal.keep_v)
    # Sums and products of float64; nothing is rounded to a register here.
    assert level(got.gain, got.keep_u, decays.keep_v) == pytest.approx(asked, rel=1e-12)
    assert got.gain[0] != wanted.gain[0]


@pytest.mark.parametrize("tau_syn", [None, 3.0], ids=["delta", "exponential"])
def test_impulse_gain_keeps_the_jump_of_one_spike(tau_syn):
    ideal, decays = decays_of(LIF(tau_m=10.0, tau_syn=tau_syn), 0.1, gain="impulse")
    assert decays.receptors[0].gain.tolist() == ideal.receptors[0].gain.tolist()


@pytest.mark.parametrize("gain", ["dc", "impulse"])
def test_either_gain_keeps_the_resting_level(gain):
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, i_offset=0.3)
    ideal, decays = decays_of(lif, 0.1, gain=gain)
    settled = ideal.origin + decays.bias / (1 - decays.keep_v)
    assert settled[0] == pytest.approx(-67.0, abs=1e-12)


@pytest.mark.parametrize(
    ("parameter", "lif"),
    [("tau_m", {"tau_m": [10.0, 820.0]}), ("tau_syn", {"tau_syn": [10.0, 820.0]})],
)
def test_a_decay_that_rounds_to_nothing_is_refused_with_the_dt_that_helps(parameter, lif):
    with pytest.raises(CompileError) as caught:
        decays_of(LIF(**lif), 0.1, size=2)
    assert str(caught.value) == (
        f"population 'cells': {parameter}[1] = 820 ms is a decay of 0.499 in 4096 per step of "
        "0.1 ms and would round to 0; the longest at this dt is 819.1 ms. Lengthen dt to at least "
        "0.101 ms."
    )
    decays_of(LIF(**lif), 0.101, size=2)


@pytest.mark.parametrize("tau", np.geomspace(820, 1e9, 20))
def test_the_dt_that_is_advised_always_helps(tau):
    with pytest.raises(CompileError) as caught:
        decays_of(LIF(tau_m=tau), 0.1)
    advised = float(str(caught.value).split("at least ")[1].split(" ms")[0])
    assert advised < 0.1 * tau / 819 * 1.02
    _, decays = decays_of(LIF(tau_m=tau), advised)
    assert decays.decay_v.tolist() == [1]


def test_an_endless_time_constant_gets_the_same_error():
    with pytest.raises(CompileError, match=r"tau_m\[0\] = 1e\+30 ms is a decay of 4.1e-28 in 4096"):
        decays_of(LIF(tau_m=1e30), 0.1)


def test_the_longest_time_constant_is_the_one_that_the_message_names():
    longest = -0.1 / math.log1p(-0.5 / 4096)
    assert f"{longest:.4g}" == "819.1"
    assert decays_of(LIF(tau_m=longest * (1 - 1e-9)), 0.1)[1].decay_v.tolist() == [1]
    with pytest.raises(CompileError):
        decays_of(LIF(tau_m=longest * (1 + 1e-9)), 0.1)
