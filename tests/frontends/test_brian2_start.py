"""What a script may set before a run: it is read, or refused; and the parts of objects."""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import run_both

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

FIXED = (
    "the chip goes on with other v, parameters, weights and delays only. Change it before the "
    "first run, or store() the network before it, restore() it to time 0 and run again."
)
HELD = "dv/dt = (2 - v)/(16*ms) : 1 (unless refractory)"


def cells(b2, equations=HELD, n=3, **changes):
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "name": "cells"}
    return b2.NeuronGroup(n, equations, **{**options, **changes})


def message(run, *arguments, **options):
    with pytest.raises(FrontendError) as caught:
        run(*arguments, **options)
    return str(caught.value)


def read(*objects, **options):
    from neurochip.frontends.brian2 import from_brian2

    return from_brian2(*objects, **options)


# ------------------------------------------------------------------------- refractory at time 0


@pytest.mark.parametrize(("last", "told"), [(-4, "-4"), (-9.95, "-9.95"), (3, "3")])
def test_neurons_that_begin_refractory_are_refused(b2, last, told):
    group = cells(b2, refractory=10 * b2.ms)
    group.lastspike = [-1000, last, -10] * b2.ms
    expected = (
        f"NeuronGroup 'cells': neuron 1 is refractory at time 0 (its lastspike is {told} ms, "
        "its refractory period 10 ms); on the chip no neuron is refractory at time 0. What "
        "works: a lastspike at least one refractory period before time 0, such as the default "
        "of -1e4*second."
    )
    assert message(read, group) == expected
    b2.set_device("neurochip")
    assert message(b2.Network(group).run, 1 * b2.ms) == expected


def test_a_spike_one_period_ago_is_over_as_in_brian2(b2):
    group = cells(b2, refractory="period", equations=HELD + "\nperiod : second")
    group.period = [10, 0, 0.5] * b2.ms
    group.lastspike = [-10, 0, -0.55] * b2.ms
    group.v = 0.9
    group.not_refractory = False  # Brian2 sets it anew before it is used
    run = run_both(group, duration=50 * b2.ms, namespace={})
    assert run.counts("cells").min() > 1


def test_lastspike_stays_from_run_to_run(chip):
    group = cells(chip, refractory=5 * chip.ms)
    network = chip.Network(group)
    network.run(20 * chip.ms)
    network.run(1 * chip.ms)
    group.lastspike = -1 * chip.second
    assert message(network.run, 1 * chip.ms) == (
        f"NeuronGroup 'cells': lastspike was changed between two runs; {FIXED}"
    )


# ------------------------------------------------------------------ what is held from the spike on


@pytest.mark.parametrize("refractory", ["0*ms", "0.1*ms", "0.15*ms", "5*ms"])
def test_a_current_that_loses_what_comes_with_a_spike_is_refused(b2, refractory):
    equations = "dv/dt = (I - v)/(10*ms) : 1 (unless refractory)\ndI/dt = -I/(5*ms) : 1"
    group = cells(b2, equations + " (unless refractory)", refractory=refractory)
    assert message(read, group) == (
        "NeuronGroup 'cells': I is '(unless refractory)'; the chip does not hold currents. Use "
        "the flag only for v."
    )


@pytest.mark.parametrize(
    ("refractory", "flags"),
    [
        *((period, "") for period in (False, "0*ms", "0.1*ms", "0.15*ms")),
        *((period, " (unless refractory)") for period in (False, "0*ms", "0.1*ms", "1*ms")),
    ],
)
@pytest.mark.parametrize("target", ["v", "I"])
def test_all_other_short_periods_equal_brian2(b2, refractory, flags, target):
    """Kicks often come in the step of a spike."""
    equations = f"dv/dt = (I - v)/(10*ms) : 1{flags}\ndI/dt = -I/(5*ms) : 1"
    if target == "v":
        equations = f"dv/dt = -v/(10*ms) : 1{flags}"
    group = cells(b2, equations, n=10, refractory=refractory, method="exact")
    source = b2.PoissonGroup(10, rates=3000 * b2.Hz)
    wires = b2.Synapses(source, group, on_pre=f"{target} += 0.7")
    wires.connect(j="i")
    drive = b2.PoissonInput(group, target, 10, 30 * b2.Hz, weight=0.5)
    run = run_both(group, source, wires, drive, duration=100 * b2.ms, namespace={})
    assert run.n_spikes > 500


@pytest.mark.parametrize("flag", ["", " (unless refractory)"])
def test_a_current_may_be_flagged_where_nothing_is_refractory(b2, flag):
    equations = f"dv/dt = (I - v)/(10*ms) : 1\ndI/dt = -I/(5*ms) : 1{flag}"
    group = cells(b2, equations, refractory=False)
    source = b2.PoissonGroup(3, rates=900 * b2.Hz)
    wires = b2.Synapses(source, group, on_pre="I += 0.7")
    wires.connect(j="i")
    assert run_both(group, source, wires, duration=100 * b2.ms, namespace={}).n_spikes > 10


def test_a_subexpression_that_lags_behind_v_is_refused(b2):
    group = cells(b2, "dv/dt = (2 - slow)/(10*ms) : 1\nslow = v : 1 (constant over dt)")
    assert message(read, group) == (
        "NeuronGroup 'cells': slow is '(constant over dt)' and changes with v, so it lags "
        "behind within a step. Remove the flag."
    )


# ---------------------------------------------------------------------------- spikes on their way


def test_spikes_that_are_on_their_way_at_time_0_are_refused(b2):
    group = cells(b2)
    wires = b2.Synapses(group, group, on_pre="v += 0.1", delay=5 * b2.ms, name="wires")
    wires.connect(j="i")
    network = b2.Network(group, wires)
    network.store()
    wires.pre.queue.prepare(np.array([5e-3]), 1e-4, np.arange(3, dtype=np.int32))
    wires.pre.queue.push(np.array([1], dtype=np.int32))
    expected = (
        "Synapses 'wires': spikes are in transit through it at time 0; the chip starts without "
        "any. Create it again, or restore() it to before its first run."
    )
    assert message(read, network) == expected
    b2.set_device("neurochip")
    assert message(network.run, 1 * b2.ms) == expected
    network.restore()
    network.run(1 * b2.ms)
    assert b2.get_device().network.n_synapses == 3


def test_objects_that_were_made_before_the_device_was_chosen_run_on_it(b2):
    group = cells(b2)
    wires = b2.Synapses(group, group, "w : 1", on_pre="v += w")
    wires.connect(condition="i != j")
    wires.w = 0.1
    spikes, state = b2.SpikeMonitor(group), b2.StateMonitor(group, "v", record=True)
    b2.set_device("neurochip")
    b2.Network(group, wires, spikes, state).run(30 * b2.ms)
    assert spikes.num_spikes == 6
    assert state.v.shape == (3, 300)


# ------------------------------------------------------------------------------- parts of objects


@pytest.mark.parametrize(
    ("part", "named"),
    [("state_updater", "state updater"), ("thresholder", "thresholder"), ("resetter", "resetter")],
)
def test_a_group_of_which_a_part_is_off_is_refused(b2, part, named):
    group = cells(b2)
    runner = getattr(group, part)
    (runner if part == "state_updater" else runner["spike"]).active = False
    assert message(read, group) == (
        f"NeuronGroup 'cells': its {named} is inactive. Switch the whole object off, or none of "
        "its parts."
    )


def test_an_input_of_which_a_part_is_off_is_refused(b2):
    source = b2.PoissonGroup(2, rates=1 * b2.Hz, name="source")
    source.thresholder["spike"].active = False
    assert message(read, cells(b2), source) == (
        "PoissonGroup 'source': its thresholder is inactive. Switch the whole object off, or none "
        "of its parts."
    )
    other = b2.PoissonGroup(2, rates=1 * b2.Hz, name="other")
    other.thresholder["spike"].when = "start"
    assert message(read, cells(b2, name="more"), other) == (
        "PoissonGroup 'other': its thresholder runs in the slot 'start'. What works: Brian2's "
        "default, 'thresholds'."
    )


def test_a_pathway_that_is_off_sends_nothing(b2):
    group = cells(b2, n=4)
    wires = b2.Synapses(group, group, on_pre={"up": "v += 0.3", "down": "v -= 5"})
    wires.connect(j="(i + 1) % 4")
    wires.down.active = False
    assert run_both(group, wires, duration=50 * b2.ms, namespace={}).n_spikes > 10


def test_an_object_that_is_off_is_named_as_such(b2):
    group, target = cells(b2), cells(b2, name="target")
    others = b2.Synapses(group, target, on_pre="v += 1", name="others")
    others.connect(j="i")
    target.active = False
    assert message(read, group, target, others) == (
        "Synapses 'others': its target is the NeuronGroup 'target', which is inactive. What "
        "works: a NeuronGroup of this network."
    )


# ---------------------------------------------------------------------------------- inputs, steps


def test_a_period_needs_a_duration(b2):
    source = b2.SpikeGeneratorGroup(1, [0], [1] * b2.ms, period=5 * b2.ms, name="source")
    group = cells(b2)
    assert message(read, group, source) == (
        "SpikeGeneratorGroup 'source': it repeats its spikes every 5 ms. Pass duration=..., so "
        "that the number of repetitions is known."
    )
    (train,) = read(group, source, duration=20 * b2.ms).stimulus.trains
    assert train.times.tolist() == pytest.approx([1, 6, 11, 16])


def test_a_period_is_a_number_of_steps(b2):
    source = b2.SpikeGeneratorGroup(1, [0], [1] * b2.ms, period=5.05 * b2.ms, name="source")
    assert message(read, cells(b2), source, duration=20 * b2.ms) == (
        "SpikeGeneratorGroup 'source': its period of 5.05 ms is not a multiple of its dt of "
        "0.1 ms, which Brian2 refuses as well. Give it a whole number of steps."
    )


def test_an_endless_period_is_none(b2):
    source = b2.SpikeGeneratorGroup(1, [0], [1] * b2.ms, period=np.inf * b2.second)
    (train,) = read(cells(b2), source, duration=20 * b2.ms).stimulus.trains
    assert train.times.tolist() == [1.0]


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt:RuntimeWarning")
@pytest.mark.parametrize(
    ("number", "rate", "told"),
    [
        (10, -5.0, "N = 10 sources, and -0.0005 spikes of each in a step"),
        (1, 2e4, "N = 1 sources, and 2 spikes of each in a step"),
        (10.5, 20.0, "N = 10.5 sources, and 0.002 spikes of each in a step"),
    ],
)
def test_poisson_input_is_a_number_of_sources_and_a_probability(b2, number, rate, told):
    group = cells(b2)
    drive = b2.PoissonInput(group, "v", 10, 20 * b2.Hz, weight=0.1)
    drive._N, drive._rate = number, rate * b2.Hz  # newer Brian2 refuse some of them when made
    assert message(read, group, drive) == (
        f"PoissonInput {drive.name!r}: {told}. What works: a whole number of sources of at least "
        "0, and 0 to 1 spikes."
    )


def test_poisson_input_keeps_the_dt_that_it_was_made_for(b2):
    group = cells(b2)
    drive = b2.PoissonInput(group, "v", 10, 20 * b2.Hz, weight=0.1)
    b2.defaultclock.dt = 0.2 * b2.ms
    assert message(read, group, drive) == (
        f"PoissonInput {drive.name!r}: it was made for dt = 0.1 ms, and dt is now 0.2 ms. Set "
        "dt before creating the PoissonInput."
    )


def test_dt_stays_from_run_to_run(chip):
    network = chip.Network(cells(chip))
    network.run(10 * chip.ms)
    chip.defaultclock.dt = 0.2 * chip.ms
    assert message(network.run, 1 * chip.ms) == (
        f"Brian2 network: dt was changed from 0.1 ms to 0.2 ms between two runs; {FIXED}"
    )


@pytest.mark.parametrize("refractory", [2, True])
def test_a_refractory_period_is_a_time(b2, refractory):
    group = cells(b2, refractory=refractory)
    assert message(read, group) == (
        f"NeuronGroup 'cells': refractory = {refractory!r} is not a time. What works: a time, "
        "or False."
    )


def test_a_comparison_needs_a_duration_and_objects(b2):
    from neurochip.frontends.brian2 import compare

    group = cells(b2)
    assert message(compare, group, duration=0 * b2.ms) == (
        "compare: duration = 0. * second; allowed: a time above 0."
    )
    group.active = False
    for run in (read, lambda item: compare(item, duration=1 * b2.ms)):
        assert message(run, group) == (
            "Brian2 network: it has no NeuronGroup, so nothing runs on the chip. What works: "
            "NeuronGroup, PoissonGroup, PoissonInput, SpikeGeneratorGroup, Synapses, "
            "SpikeMonitor, PopulationRateMonitor and StateMonitor."
        )


def test_a_threshold_that_is_no_comparison_is_refused(b2):
    assert message(read, cells(b2, threshold="False")) == (
        "NeuronGroup 'cells': threshold = 'False' is not a single comparison. What works: "
        "threshold='v > v_threshold', with a constant v_threshold."
    )


def test_a_parameter_that_the_chip_cannot_change_is_named(chip):
    equations = "dv/dt = (ge - gi - v)/(9*ms) : 1\ndge/dt = -ge/(5*ms) : 1\ndgi/dt = -gi/slow : 1"
    group = cells(chip, equations + "\nfast : second\nslow : second")
    group.slow = 8 * chip.ms
    up = chip.Synapses(group, group, on_pre="ge += 0.1")
    down = chip.Synapses(group, group, on_pre="gi += 0.1")
    for wires in (up, down):
        wires.connect(j="i")
    network = chip.Network(group, up, down)
    network.run(5 * chip.ms)
    group.slow = 5 * chip.ms  # now both currents share a receptor
    assert message(network.run, 1 * chip.ms) == (
        "NeuronGroup 'cells': slow was changed between two runs; the image cannot go on from here: "
        "it has 3 compartments and 0 inputs, instead of 6 and 0; allowed: an image of the same "
        "populations, inputs, chip and dt, with other values."
    )
