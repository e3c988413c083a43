"""A run on the chip generates no code of objects that the chip runs, and keeps Brian2's checks."""

from __future__ import annotations

import logging

import pytest

pytestmark = pytest.mark.slow


def network(b2, **names):
    group = b2.NeuronGroup(
        3,
        "dv/dt = (2 - v)/(10*ms) : 1\ntop : 1",
        threshold="v > top",
        reset="v = low",
        method="exact",
        name="cells",
        namespace={"low": 0.0, **names},
    )
    group.top = 1
    wires = b2.Synapses(group, group, "w : 1", on_pre="v_post += w", name="wires")
    wires.connect(condition="i != j")
    spikes = b2.SpikeMonitor(group, name="spikes")
    return b2.Network(group, wires, spikes, b2.StateMonitor(group, "v", record=True))


def test_no_code_is_generated_for_objects_that_run_on_the_chip(chip):
    net = network(chip)
    net.run(5 * chip.ms)
    assert not [obj.name for obj in net.sorted_objects if obj.code_objects]


def test_the_same_objects_then_run_in_brian2(chip):
    net = network(chip)
    net.store()
    net.run(20 * chip.ms)
    counted = net["spikes"].num_spikes
    chip.set_device("runtime")
    net.restore()
    net.run(20 * chip.ms)
    assert net["spikes"].num_spikes == counted == 6


def test_names_that_shadow_others_are_reported_as_in_brian2(b2):
    def reported():
        b2.BrianLogger._log_messages.clear()  # Brian2 reports each of them once
        with b2.utils.logger.catch_logs(log_level=logging.WARNING) as logs:
            net = network(b2, top=3.0, w=5.0)
            net.run(1 * b2.ms)
        return sorted({text for _, _, text in logs})

    expected = reported()
    b2.set_device("neurochip")
    assert reported() == expected
    assert len(expected) == 1
    assert expected[0].startswith("'top' is an internal variable of group 'cells'")


def test_an_object_that_is_not_ready_is_reported_by_brian2(chip):
    net = network(chip)
    net.add(chip.SpikeMonitor(net["cells"], name="spikes"))
    with pytest.raises(ValueError, match="All objects in a network need to have unique names"):
        net.run(1 * chip.ms)
