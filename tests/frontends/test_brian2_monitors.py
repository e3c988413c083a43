"""Monitors of every kind and source hold what Brian2's own would."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow


def names(b2):
    """What the equations of the cells name."""
    return {"tau": 409.6 / 41 * b2.ms, "scale": 3}


def cells(b2, **changes):
    """Neurons whose decay needs no rounding: their spikes are those of Brian2."""
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "name": "cells"}
    group = b2.NeuronGroup(
        6,
        """dv/dt = (drive - v)/tau : 1
        drive : 1
        x : 1
        y = scale*x + all_of : 1
        all_of : 1 (shared)""",
        **{**options, **changes},
    )
    group.drive, group.x, group.all_of = "1.3 + 0.3*i", "i*1.5", 7
    return group


def spiking(b2, group):
    """All that tells of spikes, with what it holds."""
    monitors = [
        b2.SpikeMonitor(group),
        b2.SpikeMonitor(group, variables=["x", "y", "all_of"]),
        b2.SpikeMonitor(group, variables="x", record=False),
        b2.SpikeMonitor(group[2:5], variables="y"),
        b2.SpikeMonitor(group, when="end", order=3),
        b2.EventMonitor(group, "spike"),
        b2.EventMonitor(group[1:], "spike", variables="x", record=False),
    ]
    rates = [b2.PopulationRateMonitor(item) for item in (group, group[2:3])]

    def held():
        found = []
        for item in monitors:
            stored = ["count", *sorted(item.record_variables)]
            found += [np.array(item.variables[name].get_value()) for name in stored]
            found.append(np.array(item.num_events))
        return found + [np.array(view[:]) for item in rates for view in (item.t_, item.rate_)]

    return [*monitors, *rates], held


def steady(b2, group):
    """StateMonitors of what stays, with all kinds of indices."""
    chosen = [True, False, [], [0], 3, range(2), np.array([4, 1]), [1, 1], group[2:4]]
    monitors = [b2.StateMonitor(group, ["x", "y", "all_of"], record=record) for record in chosen]
    monitors.append(b2.StateMonitor(group[1:5], "x", record=[3, 0], dt=0.4 * b2.ms))
    monitors.append(b2.StateMonitor(group, [], record=True))
    return monitors, lambda: states(monitors)


def states(monitors):
    found = []
    for item in monitors:
        found.append(np.array(item.t_[:]))
        found += [np.array(item.variables[name].get_value()) for name in item.record_variables]
    return found


def synaptic(b2, group):
    """StateMonitors of synapses."""
    wires = b2.Synapses(
        group, group, "w : 1\ndouble = 2*w : 1\nc : 1 (shared)", on_pre="v_post += w*1e-9"
    )
    wires.connect(condition="i != j")
    wires.w, wires.c = "i + 0.1*j", 5
    watched = ["w", "double", "c", "i", "j", "x_pre", "y_post"]
    chosen = [True, False, [1, 5], 7, wires[0, :], wires[:, 2]]
    monitors = [b2.StateMonitor(wires, watched, record=record) for record in chosen]
    return [wires, *monitors], lambda: states(monitors)


@pytest.mark.parametrize("kind", [spiking, steady, synaptic])
def test_monitors_of_neurons_hold_what_brian2s_would(b2, kind):
    def run():
        b2.start_scope()
        group = cells(b2)
        objects, held = kind(b2, group)
        network = b2.Network(group, objects)
        for part in (0, 7.3, 0.1, 0, 22.6):
            network.run(part * b2.ms, namespace=names(b2))
        return held()

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert len(expected) == len(got)
    for one, other in zip(expected, got, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def test_v_of_chosen_neurons_is_theirs(b2):
    def run():
        b2.start_scope()
        group = cells(b2)
        monitors = [
            b2.StateMonitor(group, "v", record=record) for record in (True, [4, 0, 4], [], False)
        ]
        part = b2.StateMonitor(group[2:5], ["v", "x"], record=[2, 0])
        b2.Network(group, monitors, part).run(20 * b2.ms, namespace=names(b2))
        return [np.array(item.v[:]) for item in (*monitors, part)] + [np.array(part.x[:])]

    expected = run()
    b2.set_device("neurochip")
    whole, some, none, no, part, x = run()
    assert none.shape == no.shape == expected[2].shape
    assert np.array_equal(some, whole[[4, 0, 4]])
    assert np.array_equal(part, whole[[4, 2]])
    assert np.array_equal(x, expected[-1])
    assert np.abs(whole - expected[0]).max() < 1e-3


def test_monitors_of_inputs_hold_what_brian2s_would(b2):
    def run():
        b2.start_scope()
        b2.seed(3)
        noise = b2.PoissonGroup(5, rates=np.arange(5) * 100 * b2.Hz)
        given = b2.SpikeGeneratorGroup(3, [2, 0], [1, 2] * b2.ms)
        monitors = [
            *(b2.SpikeMonitor(item) for item in (noise, noise[1:3], given)),
            b2.SpikeMonitor(noise, variables="rates"),
            b2.SpikeMonitor(given, record=False),
            b2.EventMonitor(given, "spike"),
        ]
        rates = [b2.PopulationRateMonitor(item) for item in (noise, noise[1:3], given)]
        steady = [
            b2.StateMonitor(noise, "rates", record=[1, 3]),
            b2.StateMonitor(noise[2:], "rates", record=True),
            b2.StateMonitor(given, ["i", "period"], record=True),
        ]
        b2.Network(cells(b2), noise, given, monitors, rates, steady).run(
            20 * b2.ms, namespace=names(b2)
        )
        found = [np.array(item.variables["count"].get_value()) for item in monitors]
        for item in monitors:
            found += [np.array(item.variables[n].get_value()) for n in item.record_variables]
        found += [np.array(item.rate_[:]) for item in rates]
        return found + states(steady)

    expected = run()
    b2.set_device("neurochip")
    for one, other in zip(expected, run(), strict=True):
        assert np.array_equal(one, other)


def test_a_monitor_of_weights_needs_nothing_that_moves(chip):
    group = cells(chip)
    wires = chip.Synapses(group, group, "w : 1", on_pre="v += w")
    wires.connect(j="i")
    monitor = chip.StateMonitor(wires, ["w", "v_post"], record=True, name="state")
    with pytest.raises(FrontendError) as caught:
        chip.Network(group, wires, monitor).run(1 * chip.ms, namespace=names(chip))
    assert str(caught.value) == (
        "StateMonitor 'state': it records v_post, and v_post changes during the run. What "
        "works: v or a current in a StateMonitor, and constant parameters."
    )


def test_time_is_no_parameter(chip):
    group = cells(chip)
    monitor = chip.SpikeMonitor(group, variables="t_in_timesteps", name="spikes")
    with pytest.raises(FrontendError) as caught:
        chip.Network(group, monitor).run(1 * chip.ms, namespace=names(chip))
    assert str(caught.value) == (
        "SpikeMonitor 'spikes': it records t_in_timesteps, and t_in_timesteps is time. What "
        "works: v or a current in a StateMonitor, and constant parameters."
    )


@pytest.mark.parametrize("source", ["group", "synapses"])
def test_a_state_monitor_needs_its_source(chip, source):
    group, other = cells(chip), cells(chip, name="other")
    wires = chip.Synapses(other, other, "w : 1", on_pre="v += w", name="wires")
    wires.connect(j="i")
    watched = other if source == "group" else wires
    variable = "x" if source == "group" else "w"
    monitor = chip.StateMonitor(watched, variable, record=True, name="state")
    other.active = wires.active = False
    with pytest.raises(FrontendError) as caught:
        chip.Network(group, other, wires, monitor).run(1 * chip.ms, namespace=names(chip))
    assert str(caught.value) == (
        f"StateMonitor 'state': its source {watched.name!r} is inactive. Set active of the monitor "
        "to False, too."
    )


@pytest.mark.parametrize(
    ("kind", "when", "order"),
    [("spikes", "start", 0), ("spikes", "thresholds", -1), ("rates", "groups", 0)],
)
def test_a_monitor_that_runs_before_the_spikes_is_refused(chip, kind, when, order):
    group = cells(chip)
    if kind == "spikes":
        monitor = chip.SpikeMonitor(group, when=when, order=order, name="mine")
    else:
        monitor = chip.PopulationRateMonitor(group, name="mine")
        monitor.when = when
    with pytest.raises(FrontendError) as caught:
        chip.Network(group, monitor).run(1 * chip.ms, namespace=names(chip))
    assert str(caught.value) == (
        f"{type(monitor).__name__} 'mine': it runs in the slot {when!r} with order {order}, "
        "before 'cells' spikes, so it would record each spike one step late. Omit its when and "
        "order."
    )


def test_a_function_of_time_is_recorded(b2):
    """As Brian2's tutorial does with the current of a TimedArray, and all variables of a group."""

    def run():
        group = b2.NeuronGroup(
            2,
            "dv/dt = (current - v)/(10*ms) : 1\ncurrent = x*steps(t) : 1\nx : 1",
            threshold="v > 1",
            reset="v = 0",
            method="exact",
        )
        group.x = [1, 2]
        monitor = b2.StateMonitor(group, variables=True, record=True, dt=0.2 * b2.ms)
        network = b2.Network(group, monitor)
        steps = b2.TimedArray([0, 1.2, 0.4], dt=3 * b2.ms)
        for _ in range(2):
            network.run(5 * b2.ms, namespace={"steps": steps})
        return np.array(monitor.current), np.array(monitor.x)

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert np.array_equal(got[0], expected[0])
    assert np.array_equal(got[1], expected[1])
    assert expected[0].shape == (2, 50)
