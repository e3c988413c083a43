"""The real-valued registers against closed forms of the neuron's equations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip import LIF, ConstantCurrent, Network, Population
from neurochip.recurrence import delay_steps, ideal_population, is_long_step, time_constant

# A few hundred float64 operations on numbers of order 1: about 1e-14.
TOLERANCE = 1e-12
DT = 0.25


def ideal_of(lif, size=1, dt=DT, current=0.0):
    population = Population("cells", size, lif)
    inputs = [ConstantCurrent(population, current)] if current else []
    return ideal_population(Network(populations=[population], inputs=inputs), population, dt)


def free_run(ideal, kicks, n_steps):
    """The chip's recurrence without a threshold; ``kicks[step]`` is q in weight units."""
    (receptor,) = ideal.receptors
    u, v, trace = 0.0, float(ideal.v_init[0]), []
    for step in range(n_steps):
        u = float(receptor.keep_u[0]) * u + float(receptor.gain[0]) * kicks.get(step, 0.0)
        v = float(ideal.keep_v[0]) * v + u + float(ideal.bias[0])
        trace.append(v + float(ideal.origin[0]))
    return trace


def test_a_delta_kick_decays_once_before_it_is_seen():
    ideal = ideal_of(LIF(tau_m=10.0, v_rest=-70.0, v_reset=-70.0))
    trace = free_run(ideal, {0: 1.5}, 200)
    for step, v in enumerate(trace):
        assert v == pytest.approx(-70.0 + 1.5 * math.exp(-(step + 1) * DT / 10), abs=TOLERANCE)


@pytest.mark.parametrize(("tau_m", "tau_syn"), [(10.0, 2.0), (10.0, 30.0), (5.0, 4.9)])
def test_an_exponential_current_gives_the_difference_of_two_exponentials(tau_m, tau_syn):
    ideal = ideal_of(LIF(tau_m=tau_m, tau_syn=tau_syn, cm=0.5, v_rest=-70.0, v_reset=-70.0))
    resistance, weight = tau_m / 0.5, 0.2
    scale = resistance * weight * tau_syn / (tau_m - tau_syn)
    for step, v in enumerate(free_run(ideal, {0: weight}, 200)):
        t = (step + 1) * DT
        expected = scale * (math.exp(-t / tau_m) - math.exp(-t / tau_syn))
        # Nearly equal time constants: the difference above loses two digits.
        assert v + 70.0 == pytest.approx(expected, abs=100 * TOLERANCE)


def test_equal_time_constants_give_the_alpha_function():
    ideal = ideal_of(LIF(tau_m=10.0, tau_syn=10.0, cm=0.5, v_rest=-70.0, v_reset=-70.0))
    for step, v in enumerate(free_run(ideal, {0: 0.2}, 200)):
        t = (step + 1) * DT
        assert v + 70.0 == pytest.approx(20.0 * 0.2 * t / 10 * math.exp(-t / 10), abs=TOLERANCE)


@pytest.mark.parametrize("integration", ["euler", "exponential_euler"])
def test_euler_steps_hold_the_current_of_their_beginning(integration):
    """Literal forward Euler: both right-hand sides take the values of the beginning."""
    lif = LIF(tau_m=10.0, tau_syn=4.0, cm=0.5, v_rest=-70.0, v_reset=-70.0, integration=integration)
    v, current = -70.0, 0.2
    for got in free_run(ideal_of(lif), {0: 0.2}, 200):
        v_inf = -70.0 + 20.0 * current
        if integration == "euler":
            v, current = v + DT * (v_inf - v) / 10.0, current - DT * current / 4.0
        else:
            v, current = v_inf + (v - v_inf) * math.exp(-DT / 10), current * math.exp(-DT / 4)
        assert got == pytest.approx(v, abs=TOLERANCE)


@pytest.mark.parametrize("integration", ["exact", "euler", "exponential_euler"])
def test_a_time_constant_is_read_back_from_what_a_step_keeps(integration):
    model = LIF(tau_m=10.0, integration=integration)
    keep = ideal_of(model).keep_v
    assert time_constant(model, keep, DT) == pytest.approx([10.0], rel=TOLERANCE)


def test_the_gain_is_continuous_where_the_time_constants_meet():
    gains = [
        ideal_of(LIF(tau_m=10.0, tau_syn=10.0 + d)).receptors[0].gain[0]
        for d in (-1e-6, -1e-12, 0.0, 1e-12, 1e-6)
    ]
    # d gain / d tau_syn is about gain / tau_m.
    assert np.allclose(gains, gains[2], rtol=1e-7, atol=0)
    assert np.all(np.diff(gains) > -1e-15)


def test_time_constants_far_below_the_step_overflow_nothing():
    (receptor,) = ideal_of(LIF(tau_m=10.0, tau_syn=0.0001, cm=1.0)).receptors
    # The current is over at once: a charge of tau_syn w lifts v by tau_syn w / cm, which decays.
    assert receptor.gain[0] == pytest.approx(0.0001 * math.exp(-DT / 10) / (1 - 1e-5), rel=1e-9)
    assert receptor.keep_u[0] == 0.0


def test_v_relaxes_to_rest_from_its_initial_value():
    for tau_syn in (None, 3.0):
        lif = LIF(tau_m=10.0, tau_syn=tau_syn, v_rest=-70.0, v_reset=-65.0, v_init=-60.0)
        for step, v in enumerate(free_run(ideal_of(lif), {}, 100)):
            assert v == pytest.approx(-70 + 10 * math.exp(-(step + 1) * DT / 10), abs=TOLERANCE)


def test_constant_currents_move_the_resting_level_by_r_times_i():
    lif = LIF(tau_m=10.0, cm=0.5, v_rest=-70.0, v_reset=-65.0, i_offset=0.1)
    ideal = ideal_of(lif, current=0.05)
    assert ideal.v_inf[0] == pytest.approx(-70 + 20 * 0.15, abs=TOLERANCE)
    for step, v in enumerate(free_run(ideal, {}, 100)):
        expected = -67 - 3 * math.exp(-(step + 1) * DT / 10)
        assert v == pytest.approx(expected, abs=TOLERANCE)


def test_the_origin_is_one_leak_after_the_reset_for_delta_synapses_and_the_reset_otherwise():
    lif = {"tau_m": 10.0, "v_rest": -70.0, "v_reset": -65.0}
    delta, current = ideal_of(LIF(**lif)), ideal_of(LIF(**lif, tau_syn=5.0))
    assert delta.origin[0] == pytest.approx(-70 + 5 * math.exp(-DT / 10), abs=TOLERANCE)
    assert current.origin[0] == -65.0
    for ideal in (delta, current):
        a = math.exp(-DT / 10)
        assert ideal.bias[0] == pytest.approx((1 - a) * (-70 - ideal.origin[0]), abs=TOLERANCE)
        assert ideal.threshold[0] == pytest.approx(-50 - ideal.origin[0], abs=TOLERANCE)


@pytest.mark.parametrize(
    ("tau_refrac", "delta", "current"),
    [(0.0, 2, 1), (0.1, 2, 1), (0.25, 2, 1), (0.49, 2, 1), (0.5, 3, 2), (5.0, 21, 20)],
)
def test_the_refractory_register_is_one_more_for_delta_synapses(tau_refrac, delta, current):
    """Steps round down as in Brian2; less than a step and one step hold equally long."""
    assert ideal_of(LIF(tau_refrac=tau_refrac)).refractory[0] == delta
    assert ideal_of(LIF(tau_refrac=tau_refrac, tau_syn=5.0)).refractory[0] == current


def test_a_refractory_period_on_the_grid_keeps_its_steps_in_spite_of_float_rounding():
    dts = (0.1, 0.3, 0.7, 1 / 3)
    steps = [
        ideal_of(LIF(tau_refrac=k * dt, tau_syn=5.0), dt=dt) for dt in dts for k in range(1, 63)
    ]
    assert [int(ideal.refractory[0]) for ideal in steps] == [k for _ in dts for k in range(1, 63)]


def test_delays_round_to_the_nearest_step_and_halves_up():
    delays = np.array([0.0, 0.12, 0.125, 0.25, 0.37, 0.375, 15.5])
    assert delay_steps(delays, 0.25).tolist() == [0, 0, 1, 1, 1, 2, 62]
    on_grid = np.arange(63) * 0.1
    assert delay_steps(on_grid, 0.1).tolist() == list(range(63))
    assert delay_steps(2.5, 1.0).tolist() == 3


def test_every_parameter_may_differ_between_neurons():
    lif = LIF(tau_m=[10.0, 20.0], v_rest=[-70.0, -60.0], v_reset=-65.0, tau_refrac=[0.0, 5.0])
    ideal = ideal_of(lif, size=2)
    assert ideal.keep_v == pytest.approx([math.exp(-DT / 10), math.exp(-DT / 20)], abs=TOLERANCE)
    assert ideal.v_inf.tolist() == [-70.0, -60.0]
    assert ideal.refractory.tolist() == [2, 21]


def test_a_step_of_exactly_a_fifth_of_a_time_constant_is_not_long():
    assert not any(is_long_step(tau / 5, tau) for tau in (0.3, 1.45, 1.5, 10.0, 20.7))
    assert is_long_step(2.001, 10.0)
