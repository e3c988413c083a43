"""Values that a script changes between two runs, and states stored in the middle of one."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

EQUATIONS = "dv/dt = (drive - v) / tau : 1 (unless refractory)\ndrive : 1\ntau : second"
TAU = {k: -0.1 / np.log(1 - k / 4096) for k in (13, 20, 40)}  # ms, exact in a decay register


def neurons(b2, n=3, **options):
    group = b2.NeuronGroup(
        n, EQUATIONS, threshold="v > 1", reset="v = 0", method="exact", name="cells", **options
    )
    group.tau = TAU[20] * b2.ms
    return group


def spikes_on_both(b2, script):
    """Run a script, which returns a SpikeMonitor, in Brian2 and on the chip; return step and id."""
    found = []
    for device in ("runtime", "neurochip"):
        b2.set_device(device)
        b2.start_scope()
        b2.seed(3)
        monitor = script(b2)
        steps = np.rint(np.asarray(monitor.t / b2.defaultclock.dt)).astype(int)
        found.append(sorted(zip(np.asarray(monitor.i).tolist(), steps.tolist(), strict=True)))
    return found


def assert_near(expected, got, steps=2):
    """The same neurons spike as often, each spike within a few steps."""
    assert [i for i, _ in expected] == [i for i, _ in got]
    assert max(abs(a - b) for (_, a), (_, b) in zip(expected, got, strict=True)) <= steps


def test_a_constant_current_steps_between_runs(b2):
    def script(b2):
        group = neurons(b2)
        monitor = b2.SpikeMonitor(group)
        network = b2.Network(group, monitor)
        for drive in (0, 1.5, 3, 0.2, 1.2):
            group.drive = drive
            network.run(50 * b2.ms)
        return monitor

    expected, got = spikes_on_both(b2, script)
    assert len(expected) == 27
    assert_near(expected, got)


def test_time_constants_and_refractory_periods_change_between_runs(b2):
    def script(b2):
        group = neurons(b2, refractory="3*ms * (1 + (drive > 1.8))")
        group.drive = "1.5 + 0.1 * i"
        monitor = b2.SpikeMonitor(group)
        network = b2.Network(group, monitor)
        for register in (20, 40, 13):
            group.tau = TAU[register] * b2.ms
            network.run(40 * b2.ms)
        return monitor

    expected, got = spikes_on_both(b2, script)
    assert len(expected) > 9
    assert_near(expected, got)


def test_weights_change_between_runs_with_spikes_in_transit(b2):
    """The first run ends while spikes with a delay of 2 ms are on their way."""

    def script(b2):
        group = b2.NeuronGroup(
            4,
            "dv/dt = (I - v) / (20*ms) : 1\ndI/dt = -I / (5*ms) : 1",
            threshold="v > 1",
            reset="v = 0",
            method="exact",
            name="cells",
        )
        source = b2.SpikeGeneratorGroup(1, np.zeros(60), np.arange(60) * b2.ms)
        wires = b2.Synapses(source, group, "w : 1", on_pre="I += w", delay=2 * b2.ms)
        wires.connect()
        monitor = b2.SpikeMonitor(group)
        network = b2.Network(group, source, wires, monitor)
        for w in (0.3, 0.9, 0.0):
            wires.w = f"{w} * (1 + 0.1 * j)"
            network.run(20 * b2.ms)
        return monitor

    expected, got = spikes_on_both(b2, script)
    assert len(expected) > 12
    assert abs(len(expected) - len(got)) <= 2


def test_the_device_holds_the_network_of_the_last_run(chip):
    group = neurons(chip)
    network = chip.Network(group)
    for drive in (0.5, 0.8):
        group.drive = drive
        network.run(1 * chip.ms)
        assert chip.get_device().network.population("cells").model.v_rest == drive


def test_a_change_reaches_the_draws_that_follow_refractory_neurons(b2):
    """The PoissonInput is drawn in a run of Brian2 beside the chip, which has to see the change."""

    def script(b2):
        group = neurons(b2, refractory=3 * b2.ms)
        source = b2.NeuronGroup(4, "p : 1", threshold="rand() < p", name="source")
        drive = b2.PoissonInput(group, "v", N=20, rate=40 * b2.Hz, weight=0.3)
        monitor = b2.SpikeMonitor(source)
        wires = b2.Synapses(source, group, on_pre="v += 0.1")
        wires.connect()
        network = b2.Network(group, source, drive, wires, monitor)
        for p in (0.1, 0.0, 0.2):
            source.p = p
            network.run(10 * b2.ms)
        return monitor

    expected, got = spikes_on_both(b2, script)
    assert len(expected) > 60
    assert expected == got


def test_a_current_stays_where_it_is_when_its_level_changes_so_that_is_refused(chip):
    equations = "dv/dt = (I - v)/(10*ms) : 1\ndI/dt = (y - I)/(5*ms) : 1\ny : 1"
    group = chip.NeuronGroup(2, equations, threshold="v > 1", reset="v = 0", method="exact")
    network = chip.Network(group)
    network.run(1 * chip.ms)
    group.y = 0.5
    message = (
        rf"^NeuronGroup '{group.name}': y was changed between two runs, which is the level that"
    )
    with pytest.raises(
        FrontendError, match=message + " I decays to; the chip goes on with other v"
    ):
        network.run(1 * chip.ms)


@pytest.mark.parametrize("synapses", ["v += w", "I += w"])
def test_v_is_set_between_runs_also_while_kicks_are_on_their_way(b2, synapses):
    """A kick of the last step has changed v in Brian2, and is in transit on the chip."""

    def script(b2):
        equations = "dv/dt = (1.3 + I - v) / tau : 1 (unless refractory)\ntau : second\n"
        current = "I : 1" if synapses == "v += w" else "dI/dt = -I / (5*ms) : 1"
        group = b2.NeuronGroup(
            4, equations + current, threshold="v > 1", reset="v = 0", method="exact", name="cells"
        )
        group.tau = TAU[20] * b2.ms
        source = b2.SpikeGeneratorGroup(1, np.zeros(150), np.arange(150) * b2.ms)
        wires = b2.Synapses(source, group, "w : 1", on_pre=synapses)
        wires.connect()
        wires.w = 0.05
        monitor = b2.SpikeMonitor(group)
        network = b2.Network(group, source, wires, monitor)
        network.run(20.1 * b2.ms)  # ends with the step of a spike
        group.v = "0.2 * i"
        network.run(30 * b2.ms)
        group.v[2:] = 0.9
        network.run(50 * b2.ms)
        return monitor

    expected, got = spikes_on_both(b2, script)
    assert len(expected) > 12
    assert_near(expected, got, steps=5)


def test_a_state_stored_in_the_middle_is_restored(chip):
    """Also twice, and after a change that came later."""
    group = neurons(chip)
    group.drive = "1.3 + 0.2 * i"
    source = chip.PoissonGroup(3, rates=100 * chip.Hz)
    wires = chip.Synapses(source, group, on_pre="v += 0.05")
    wires.connect(j="i")
    monitor = chip.SpikeMonitor(group)
    network = chip.Network(group, source, wires, monitor)
    chip.seed(1)
    network.run(50 * chip.ms)
    network.store("settled")
    before, found = monitor.num_spikes, []
    for drive in (None, 3.0, None):
        network.restore("settled", restore_random_state=True)
        assert monitor.num_spikes == before
        if drive is not None:
            group.drive = drive
        network.run(50 * chip.ms)
        found.append((monitor.num_spikes, np.asarray(monitor.t / chip.ms).tolist()))
    assert found[0] == found[2]
    assert found[1][0] > found[0][0] > before
