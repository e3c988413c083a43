"""TimedArrays and functions of time: bias registers on the chip, every spike of Brian2 in float."""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import run_both

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

EQUATIONS = {
    "kicks": "dv/dt = (v_rest - v + R * (stim(t) + i_0)) / tau : volt (unless refractory)",
    "one per neuron": "dv/dt = (v_rest - v + R * stim(t, i)) / tau : volt (unless refractory)",
    "a subexpression": """
        dv/dt = (v_rest - v + drive) / tau : volt (unless refractory)
        drive = R * gain * stim(t) : volt
        gain : 1
    """,
    "a current": """
        dv/dt = (v_rest - v + R * (I + stim(t))) / tau : volt (unless refractory)
        dI/dt = -I / tau_s : amp
    """,
    "no leak": "dv/dt = stim(t) / C : volt (unless refractory)",
}


@pytest.mark.parametrize("name", EQUATIONS)
@pytest.mark.parametrize(("dt", "step"), [(0.1, 7.0), (0.5, 0.5)])
def test_every_spike_and_v_equal_brian2(b2, name, dt, step):
    b2.defaultclock.dt = dt * b2.ms
    v_rest, tau, tau_s, R = -70 * b2.mV, 10.2 * b2.ms, 3 * b2.ms, 40 * b2.Mohm  # noqa: N806
    C, i_0 = 0.2 * b2.nF, 0.1 * b2.nA  # noqa: N806 - as in the equations
    rng = np.random.default_rng(1)
    shape = (int(100 / step), 6) if name == "one per neuron" else (int(100 / step),)
    stim = b2.TimedArray(rng.uniform(-0.2, 1.2, shape) * b2.nA, dt=step * b2.ms)
    cells = b2.NeuronGroup(
        6,
        EQUATIONS[name],
        threshold="v > -50*mV",
        reset="v = v_rest",
        refractory=2 * b2.ms,
        method="euler" if name == "no leak" else "exact",
        name="cells",
    )
    cells.v = "v_rest + rand() * 10*mV"
    if name == "a subexpression":
        cells.gain = "0.5 + rand()"
    driven = name in ("kicks", "a current")
    weight = "v += 2*mV" if name == "kicks" else "I += 0.1*nA" if driven else "v += 0*mV"
    objects = [cells]
    if driven:
        source = b2.PoissonGroup(6, rates=200 * b2.Hz)
        wires = b2.Synapses(source, cells, on_pre=weight)
        wires.connect(j="i")
        objects += [source, wires]
    run = run_both(*objects, duration=120 * b2.ms, namespace=locals())
    assert run.n_spikes > 10


def test_the_chip_follows_steps_of_a_current_within_a_run(b2, chip):
    """A TimedArray of four values: spikes only while it is above the threshold."""
    stim = b2.TimedArray([0, 1.5, 0, 2], dt=20 * b2.ms)  # noqa: F841 - named in the equations
    cells = b2.NeuronGroup(
        1, "dv/dt = (stim(t) - v) / (10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact"
    )
    spikes = b2.SpikeMonitor(cells)
    b2.run(50 * b2.ms)
    b2.run(30 * b2.ms)
    times = np.asarray(spikes.t / b2.ms)
    assert len(times) in (3, 4)
    assert all(20 <= time < 40 or 60 <= time < 80 for time in times)


FORMULAS = {
    "a sine": """
        dv/dt = (v_rest - v + R * i_0 * (1 + sin(2*pi*f*t))) / tau : volt (unless refractory)
        f : Hz
    """,
    "a decay": """
        dv/dt = (v_rest - v + drive) / tau : volt (unless refractory)
        drive = 3 * R * int(t > 10*ms) * i_0 * exp(-(t - 10*ms) / tau_d) : volt
        f : Hz
    """,
    "a bump": """
        dv/dt = (v_rest - v + R * i_0 * 3 * exp(-((t - 60*ms) / tau_d)**2)) / tau : volt
        f : Hz
    """,
    "beside TimedArrays": """
        dv/dt = (v_rest - v + R * (stim(t, i) * sin(2*pi*f*t)**2 + stim(t + 2*ms, i)
                 + stim(t, i)**2 / nA + stim(t, i))) / tau : volt (unless refractory)
        f : Hz
    """,
    "no leak": """
        dv/dt = i_0 * (1 + cos(2*pi*f*t + i)) / C : volt (unless refractory)
        f : Hz
    """,
    "a current": """
        dv/dt = (v_rest - v + R * (I + i_0 * (1 + sin(2*pi*f*t)))) / tau : volt (unless refractory)
        dI/dt = -I / tau : amp
        f : Hz
    """,
}


@pytest.mark.parametrize("method", ["euler", "exponential_euler"])
@pytest.mark.parametrize("name", FORMULAS)
def test_every_spike_and_v_equal_brian2_with_functions_of_time(b2, name, method):
    v_rest, tau, tau_d, R = -70 * b2.mV, 10.2 * b2.ms, 50 * b2.ms, 40 * b2.Mohm  # noqa: N806
    C, i_0 = 0.2 * b2.nF, 0.4 * b2.nA  # noqa: N806 - as in the equations
    values = np.random.default_rng(1).uniform(0, 1, (10, 6))
    stim = b2.TimedArray(values * b2.nA, dt=7 * b2.ms)
    cells = b2.NeuronGroup(
        6,
        FORMULAS[name],
        threshold="v > -50*mV",
        reset="v = v_rest",
        refractory=0.1 * b2.ms if name == "a bump" else 2 * b2.ms,
        method=method,
        name="cells",
    )
    cells.v = "v_rest + rand() * 10*mV"
    cells.f = "(10 + 20*i) * Hz"
    run = run_both(cells, duration=120 * b2.ms, namespace=locals())
    assert run.n_spikes > 10


def sine_in_runs(b2):
    """Return the spikes of 20 neurons in each of three runs, and those of two after a restore."""
    b2.start_scope()
    cells = b2.NeuronGroup(
        20,
        "dv/dt = (a * sin(2*pi*10*Hz*t) + b - v) / (10.24*ms) : 1\na : 1\nb : 1 (shared)",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
    )
    cells.v = "i / 20."
    cells.a, cells.b = "0.05 + 0.7*i/20", 1.2
    spikes = b2.SpikeMonitor(cells)
    net = b2.Network(cells, spikes)
    net.run(100 * b2.ms)
    net.store()
    net.run(200 * b2.ms)
    cells.a = "2 * a"
    net.run(100 * b2.ms)
    before = np.array(spikes.t / b2.ms)
    net.restore()
    net.run(300 * b2.ms)
    return np.histogram(before, [0, 100, 300, 400])[0], spikes.num_spikes


def test_a_sine_goes_on_in_later_runs(b2):
    expected, whole = sine_in_runs(b2)
    b2.set_device("neurochip")
    got, after = sine_in_runs(b2)
    assert got == pytest.approx(expected, rel=0.02)  # of a register of decay without error
    assert after == pytest.approx(whole, rel=0.02)


def test_the_network_of_a_sine_is_the_reference_of_all_runs(b2, chip):
    """After two runs the network holds the current of both, in every step."""
    cells = b2.NeuronGroup(
        1,
        "dv/dt = (2*sin(t/(5*ms))**2 - v) / (10*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
    )
    net = b2.Network(cells)
    net.run(20 * b2.ms)
    net.run(30 * b2.ms)
    (current,) = b2.get_device().network.step_currents(b2.get_device().network.populations[0])
    assert len(current.times) == 500
    assert np.allclose(current.amplitudes, 0.2 * np.sin(current.times / 5) ** 2, atol=1e-12)


def test_only_steps_in_which_the_value_changes_are_kept(b2, chip):
    cells = b2.NeuronGroup(
        3,
        "dv/dt = (2*int(t > 10*ms) - v) / (10*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
    )
    b2.Network(cells).run(40 * b2.ms)
    (current,) = b2.get_device().network.step_currents(b2.get_device().network.populations[0])
    assert current.times == pytest.approx([0.0, 10.1])
    assert current.amplitudes == pytest.approx([0.0, 0.2])  # nA, times 10 ms / 1 nF


def test_more_values_than_memory_should_hold_are_refused(b2, chip, monkeypatch):
    monkeypatch.setattr("neurochip.frontends.brian2.timed._MOST", 1000)
    cells = b2.NeuronGroup(
        3, "dv/dt = (a*sin(t/ms) - v) / (10*ms) : 1\na : 1", method="euler", name="cells"
    )
    cells.a = "1 + i"
    with pytest.raises(FrontendError) as caught:
        b2.Network(cells).run(40 * b2.ms)
    assert str(caught.value) == (
        "NeuronGroup 'cells': its function of time 'a*sin(t/ms)/(10*ms)' has more than 1000 values "
        "in the 400 steps from time 0 to the end of the run, for 3 neurons. Run for a shorter "
        "time, or use a TimedArray with a longer step."
    )


def test_exact_is_refused_with_a_function_of_time_as_in_brian2(b2, chip):
    cells = b2.NeuronGroup(3, "dv/dt = (sin(t/ms) - v) / (10*ms) : 1", method="exact", name="cells")
    with pytest.raises(FrontendError) as caught:
        b2.Network(cells).run(1 * b2.ms)
    assert str(caught.value) == (
        "NeuronGroup 'cells': method = 'exact' of equations with functions of t, which Brian2 "
        "refuses as well. What works: method='euler' or 'exponential_euler'."
    )


def test_a_threshold_far_above_rest_stays_where_a_current_in_time_may_reach_it(b2, chip):
    cells = b2.NeuronGroup(
        1,
        "dv/dt = (5000*int(t > 5*ms) - v) / (10*ms) : 1",
        threshold="v > 1000",
        reset="v = 0",
        method="euler",
    )
    cells.v = 1
    spikes = b2.SpikeMonitor(cells)
    b2.Network(cells, spikes).run(40 * b2.ms)
    assert spikes.num_spikes > 10
