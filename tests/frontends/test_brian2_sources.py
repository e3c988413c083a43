"""Inputs written as a NeuronGroup, and inputs that are switched off: Brian2's own spikes."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import PoissonInput, SpikeInput
from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

# Equations, threshold, and what else the group is given, and the kind of input that it becomes.
SOURCES = {
    "a Poisson group": ("rates : Hz", "rand() < rates*dt", {}, PoissonInput),
    "turned round": ("rates : Hz", "rates*dt > rand()", {}, PoissonInput),
    "with a refractory period": (
        "rates : Hz",
        "rand() < rates*dt",
        {"refractory": "2*ms"},
        SpikeInput,
    ),
    "with a rate that changes": (
        "rates = 400*Hz*(1 + sin(t/(10*ms))) : Hz",
        "rand() < rates*dt",
        {},
        SpikeInput,
    ),
    "with a random rate": (
        "rates = 900*Hz*rand() : Hz (constant over dt)",
        "rand() < rates*dt",
        {},
        SpikeInput,
    ),
    "with a reset": (
        "rates : Hz",
        "rand() < rates*dt",
        {"reset": "rates = 800*Hz*rand()"},
        SpikeInput,
    ),
    "a time": ("start = i*5*ms : second", "t > start", {"refractory": "1*second"}, SpikeInput),
    "a window": ("", "t >= i*5*ms and t < i*5*ms + 3*dt", {}, SpikeInput),
    "some neurons": ("", "i == 2", {}, SpikeInput),
    "a parameter": ("rates : Hz", "rates > 300*Hz", {}, SpikeInput),
}


def source_of(b2, kind, name="source"):
    equations, threshold, options, _ = SOURCES[kind]
    group = b2.NeuronGroup(8, equations, threshold=threshold, name=name, **options)
    if "rates : Hz" in equations:
        group.rates = "50*Hz*i"
    return group


def cells(b2, n=8, name="cells"):
    return b2.NeuronGroup(
        n, "dv/dt = -v/(20*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name=name
    )


def onto(b2, source, group, weight=0.3, name="wires"):
    wires = b2.Synapses(source, group, on_pre=f"v += {weight}", name=name)
    wires.connect(j="i")
    return wires


def trains(monitor):
    return np.array(monitor.t_[:]), np.array(monitor.i[:])


def on_both_devices(b2, run):
    """Return what ``run`` returns in Brian2 and on the chip, each with the same seed."""
    results = []
    for device in ("runtime", "neurochip"):
        b2.set_device(device)
        b2.start_scope()
        b2.seed(3)
        results.append(run())
    return results


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_sends_the_spikes_that_brian2_draws(b2, kind):
    """Beside a PoissonGroup, which draws from the same stream, and from run to run."""

    def run():
        source, other = source_of(b2, kind), b2.PoissonGroup(8, 300 * b2.Hz, name="other")
        group = cells(b2)
        monitors = [b2.SpikeMonitor(item) for item in (source, other)]
        net = b2.Network(source, other, group, onto(b2, source, group), monitors)
        for duration in (20, 30):
            net.run(duration * b2.ms, namespace={})
        return [trains(item) for item in monitors]

    for expected, got in zip(*on_both_devices(b2, run), strict=True):
        assert len(expected[0]) > 10 or kind == "a time"
        assert np.array_equal(got[0], expected[0])
        assert np.array_equal(got[1], expected[1])
    (item,) = b2.get_device().network.inputs[-1:]
    assert (item.name, type(item)) == ("source", SOURCES[kind][3])


def test_a_poisson_group_written_by_hand_has_a_rate(b2):
    from neurochip.frontends.brian2 import from_brian2

    source, group = source_of(b2, "a Poisson group"), cells(b2)
    network = from_brian2(source, group, onto(b2, source, group)).network
    assert network.inputs[0].rate == pytest.approx(50.0 * np.arange(8))


REFUSED = {
    "no duration": (
        "t > 5*ms",
        "it spikes where 't > 5*ms'. Pass duration=..., so that its spikes can be drawn.",
    ),
    "a neuron's variable": (
        "rand() < u*dt/ms",
        "its spikes depend on u, which changes during the run in 'cells'. The spikes of a source "
        "are drawn before the run.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_sources_are_refused(b2, case):
    from neurochip.frontends.brian2 import from_brian2

    threshold, text = REFUSED[case]
    group = cells(b2)
    source = b2.NeuronGroup(8, "u : 1 (linked)", threshold=threshold, name="source")
    source.u = b2.linked_var(group, "v")
    with pytest.raises(FrontendError) as caught:
        from_brian2(source, group, onto(b2, source, group), namespace={})
    assert str(caught.value) == f"NeuronGroup 'source': {text}"


def test_synapses_do_not_change_a_source(b2):
    from neurochip.frontends.brian2 import from_brian2

    source = b2.NeuronGroup(8, "v : 1", threshold="v > 1", name="source")
    group = cells(b2)
    with pytest.raises(FrontendError) as caught:
        from_brian2(source, group, onto(b2, group, source), duration=1 * b2.ms)
    assert str(caught.value) == (
        "Synapses 'wires': its target is the NeuronGroup 'source', which has no membrane "
        "potential: its reset sets none. What works: a NeuronGroup of this network."
    )


def test_an_input_that_is_off_sends_nothing_and_can_be_switched_on(b2):
    def run():
        source = b2.PoissonGroup(8, rates=400 * b2.Hz, name="source")
        by_hand = source_of(b2, "with a refractory period", "by_hand")
        times = b2.SpikeGeneratorGroup(8, [1, 2, 3], [5, 15, 25] * b2.ms, name="times")
        group = cells(b2)
        extra = b2.PoissonInput(group, "v", 10, 30 * b2.Hz, 0.1)
        wires = [
            onto(b2, item, group, 1.2, name=f"from_{item.name}")
            for item in (source, by_hand, times)
        ]
        watched = [group, source, by_hand, times]
        monitors = [b2.SpikeMonitor(item) for item in watched]
        rate = b2.PopulationRateMonitor(source)
        net = b2.Network(source, by_hand, times, group, extra, wires, monitors, rate)
        counts = []
        for off in ([source, extra, by_hand], [times], [source, times], []):
            for item in (source, by_hand, times, extra):
                item.active = item not in off
            net.run(10 * b2.ms)
            counts.append([item.num_spikes for item in monitors])
        return np.array(counts), np.array(rate.rate_[:])

    (expected, rates), (got, chip_rates) = on_both_devices(b2, run)
    assert np.array_equal(got[:, 1:], expected[:, 1:])  # inputs
    assert np.array_equal(chip_rates, rates)
    assert np.abs(got - expected).max() <= 2
    assert expected[0].tolist() == [1, 0, 0, 1]


def test_a_group_that_is_off_is_omitted(b2):
    group, silent = cells(b2), cells(b2, name="silent")
    silent.active = False
    spikes = b2.SpikeMonitor(silent)
    b2.set_device("neurochip")
    b2.Network(group, silent, onto(b2, silent, group), spikes).run(5 * b2.ms)
    assert [item.name for item in b2.get_device().network.populations] == ["cells"]
    assert not b2.get_device().network.connections
    assert spikes.num_spikes == 0


@pytest.mark.parametrize("period", [0, 12])
def test_spikes_that_were_due_while_a_generator_was_off_come_when_it_is_on(b2, period):
    """As in Brian2, also where a period is set between two runs."""

    def run():
        times = [1, 6, 6, 11] * b2.ms
        source = b2.SpikeGeneratorGroup(3, [0, 1, 2, 0], times, name="source")
        group = cells(b2, 3)
        spikes = b2.SpikeMonitor(source)
        net = b2.Network(source, group, onto(b2, source, group), spikes)
        for active in (True, False, True, True):
            source.active = active
            net.run(4 * b2.ms)
        source.set_spikes([0, 1, 2, 0], times, period=period * b2.ms)
        for active in (True, False, True, False, True):
            source.active = active
            net.run(7 * b2.ms)
        return trains(spikes)

    expected, got = on_both_devices(b2, run)
    assert np.array_equal(got, expected)
    assert len(expected[0]) >= 4
