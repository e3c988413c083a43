"""Times become the steps that they are in Brian2, also where they lie between two steps."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.network.refractory import refractory_steps
from neurochip.recurrence import delay_steps

pytestmark = pytest.mark.slow

STEPS = [0.1, 0.2, 0.3, 0.25, 0.05, 1 / 3, 0.7, 1.0]  # ms


def times_around_steps(dt, most):
    """Whole and half steps and their neighbours, as products of floats and as decimals."""
    whole = np.arange(2 * most) / 2
    around = [whole, *(whole + off for off in (-1e-3, 1e-3, -1e-13, 1e-13, -2e-3))]
    steps = np.concatenate([*around, np.nextafter(whole, 0), np.nextafter(whole, most)])
    seconds = np.concatenate([steps * (dt * 1e-3), np.round(steps * dt, 6) * 1e-3])
    return seconds[seconds >= 0]


@pytest.mark.parametrize("dt", STEPS)
def test_every_delay_is_that_of_brian2(b2, dt):
    from neurochip.frontends.brian2 import from_brian2

    b2.defaultclock.dt = dt * b2.ms
    asked = times_around_steps(dt, 60)
    source = b2.SpikeGeneratorGroup(1, [0], [0] * b2.ms)
    group = b2.NeuronGroup(
        len(asked), "dv/dt = -v/(10*ms) : 1", threshold="v > 0.3", reset="v = 0", method="exact"
    )
    wires = b2.Synapses(source, group, on_pre="v += 1")
    wires.connect()
    wires.delay = asked * b2.second
    imported = from_brian2(source, group, wires)
    (connection,) = imported.network.connections
    got = np.empty(len(asked), dtype=int)
    got[connection.post] = delay_steps(connection.delay, imported.dt)
    spikes = b2.SpikeMonitor(group)
    b2.Network(source, group, wires, spikes).run(float(asked.max() + 3e-3 * dt) * b2.second)
    expected = np.empty(len(asked), dtype=int)
    # A kick is seen by the threshold one step after it has come.
    expected[spikes.i[:]] = np.round(spikes.t_[:] / (dt * 1e-3)).astype(int) - 1
    assert len(spikes.i) == len(asked)
    assert np.array_equal(got, expected)


def test_a_delay_that_means_the_same_step_keeps_its_value(b2):
    from neurochip.frontends.brian2 import from_brian2

    group = b2.NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    wires = b2.Synapses(group, group, on_pre="v += 1")
    wires.connect(j="i")
    wires.delay = [0.12, 0.35] * b2.ms  # 0.35/0.1 is 3.5 in seconds, and 3.4999 in ms
    (connection,) = from_brian2(group, wires).network.connections
    assert connection.delay[0] == pytest.approx(0.12, rel=1e-12)
    assert delay_steps(connection.delay, 0.1).tolist() == [1, int(0.35e-3 / 1e-4 + 0.5)]


@pytest.mark.parametrize("dt", STEPS)
def test_every_refractory_period_is_that_of_brian2(b2, dt):
    from neurochip.frontends.brian2 import from_brian2

    b2.defaultclock.dt = dt * b2.ms
    asked = times_around_steps(dt, 20)
    group = b2.NeuronGroup(
        len(asked),
        "dv/dt = (1e6 - v)/(1000*ms) : 1 (unless refractory)\nperiod : second",
        threshold="v > 1",
        reset="v = 0",
        refractory="period",
        method="euler",
        name="cells",
    )
    group.period = asked * b2.second
    imported = from_brian2(group)
    tau = imported.network.population("cells").parameter("tau_refrac")
    got = np.maximum(refractory_steps(tau, imported.dt), 1)
    spikes = b2.SpikeMonitor(group)
    b2.Network(group, spikes).run(50 * dt * b2.ms)
    trains = spikes.spike_trains()
    expected = [round(float(trains[k][1] - trains[k][0]) / (dt * 1e-3)) for k in range(len(asked))]
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("dt", STEPS)
def test_every_spike_time_of_a_generator_is_that_of_brian2(b2, dt):
    b2.defaultclock.dt = dt * b2.ms
    asked = times_around_steps(dt, 30)

    def run():
        source = b2.SpikeGeneratorGroup(len(asked), np.arange(len(asked)), asked * b2.second)
        spikes = b2.SpikeMonitor(source)
        b2.Network(source, spikes).run(31 * dt * b2.ms)
        return np.array(spikes.i[:]), np.array(spikes.t_[:])

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert len(expected[0]) == len(asked)
    assert np.array_equal(expected[0], got[0])
    assert np.array_equal(expected[1], got[1])


@pytest.mark.parametrize("dt", [0.1, 0.3, 1 / 3, 0.7])
def test_runs_that_are_no_multiple_of_dt_go_on_where_brian2s_do(b2, dt):
    b2.defaultclock.dt = dt * b2.ms
    parts = [10.0, 16.67, 0.01, 0.5 * dt, 1.5 * dt, 7.0]

    def run():
        b2.start_scope()
        group = b2.NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        state = b2.StateMonitor(group, "v", record=True)
        slow = b2.StateMonitor(group, "v", record=[1], dt=2 * dt * b2.ms)
        rate = b2.PopulationRateMonitor(group)
        network = b2.Network(group, state, slow, rate)
        ends = []
        for part in parts:
            network.run(part * b2.ms)
            ends.append(network.t_)
        return [np.array(item.t_[:]) for item in (state, slow, rate)], ends

    expected, ends = run()
    b2.set_device("neurochip")
    got, others = run()
    assert others == ends
    for one, other in zip(expected, got, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("dt", [0.1, 0.3, 1 / 3])
def test_a_duration_has_brian2s_number_of_steps(b2, dt):
    from neurochip.frontends.brian2 import from_brian2

    b2.defaultclock.dt = dt * b2.ms
    for steps in (1, 2.5, 7, 7.00005, 7.001, 33.3):
        group = b2.NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        stimulus = from_brian2(group, duration=steps * dt * b2.ms).stimulus
        network = b2.Network(group)
        network.run(steps * dt * b2.ms)
        expected = int(group.clock.variables["timestep"].get_value().item())
        assert round(stimulus.duration / dt) == expected
