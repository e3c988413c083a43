"""Input reaches the chip as Brian2 draws it, and for the right neurons."""

from __future__ import annotations

import numpy as np
import pytest
from with_brian2 import run_both

from neurochip import LOIHI, CompileError, SpikeCounts, SpikeInput, Stimulus
from neurochip.errors import EmulatorError, FrontendError, NeurochipError
from neurochip.reference import simulate_reference

pytestmark = pytest.mark.slow

REFRACTORY = [False, "0*ms", "2*ms", "5*ms"]


def cells(b2, refractory="2*ms", n=40, **changes):
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "exact", "name": "cells"}
    equations = changes.pop("equations", "dv/dt = -v/(10*ms) : 1 (unless refractory)\nx : 1")
    return b2.NeuronGroup(n, equations, refractory=refractory, **{**options, **changes})


def spikes_of(train):
    return train.as_spikes() if isinstance(train, SpikeCounts) else train


@pytest.mark.parametrize("refractory", REFRACTORY)
def test_a_comparison_gives_poisson_input_to_the_neurons_that_brian2_drew_for(b2, refractory):
    from neurochip.frontends.brian2 import compare

    group = cells(b2, refractory, n=50)
    drive = b2.PoissonInput(group, "v", 20, 5 * b2.Hz, weight=0.6)
    row = compare(group, drive, duration=500 * b2.ms).populations["cells"]
    assert row.reference_counts.sum() > 500
    assert abs(row.rate_error) < 0.02
    assert row.equal_spikes > 0.95


@pytest.mark.parametrize("refractory", REFRACTORY)
def test_poisson_input_onto_part_of_a_refractory_group_is_that_of_brian2(b2, refractory):
    group = cells(b2, refractory)
    group.x = "i"
    first = b2.PoissonInput(group[7:21], "v", 30, 9 * b2.Hz, weight="0.3 + 0.01*x + 0.002*i")
    second = b2.PoissonInput(group[15:], "v", 10, 20 * b2.Hz, weight=0.4)
    noise = b2.PoissonGroup(5, rates="(300 + 200*sin(t/ms))*Hz")
    wires = b2.Synapses(noise[1:4], group[3:30], on_pre="v += 0.1*(i + 1) + 0.01*j")
    wires.connect(p=0.3)
    run = run_both(group, first, second, noise, wires, duration=300 * b2.ms, namespace={})
    counts = run.counts("cells")
    assert counts[7:].sum() > 100
    assert counts[:3].sum() == 0


def test_neurons_that_brian2_holds_get_input_of_the_same_rate(b2):
    """It is lost in Brian2; on the chip, other neurons may be held."""
    from neurochip.frontends.brian2 import from_brian2

    group = cells(b2, "5*ms", equations="dv/dt = (9 - v)/(10*ms) : 1 (unless refractory)", n=100)
    drive = b2.PoissonInput(group, "v", 10, 10 * b2.Hz, weight=0.001)
    imported = from_brian2(group, drive, duration=500 * b2.ms)
    (train,) = imported.stimulus.trains
    assert isinstance(train, SpikeInput)  # it is rare enough for a list of spikes
    expected = 100 * 10 * 10 * 0.5
    assert abs(len(train.ids) - expected) < 5 * expected**0.5
    assert group.t_ == 0
    assert not np.any(group.v_[:])
    again = from_brian2(group, drive, duration=500 * b2.ms).stimulus.trains[0]
    assert not np.array_equal(again.times, train.times)  # the stream went on
    b2.seed(1)
    same = from_brian2(group, drive, duration=500 * b2.ms).stimulus.trains[0]
    assert np.array_equal(same.times, train.times)
    assert np.array_equal(same.ids, train.ids)


def test_the_device_draws_brian2s_numbers_over_several_runs(b2):
    """Our float reference on the input of the chip gives every spike of Brian2."""
    parts = [30.0, 0.1, 69.9]

    def objects():
        b2.start_scope()
        b2.seed(7)
        group = cells(b2, "3*ms")
        drive = b2.PoissonInput(group, "v", 50, 40 * b2.Hz, weight=0.1)
        noise = b2.PoissonGroup(20, rates=200 * b2.Hz)
        wires = b2.Synapses(noise, group, on_pre="v += 0.2", delay=1.2 * b2.ms)
        wires.connect(p=0.2)
        times = np.arange(1, 10)
        source = b2.SpikeGeneratorGroup(1, 0 * times, times * b2.ms, period=12 * b2.ms)
        others = b2.Synapses(source, group[:10], on_pre="v += 0.1")
        others.connect()
        return group, drive, noise, wires, source, others, b2.SpikeMonitor(group)

    def run(made):
        network = b2.Network(made)
        for part in parts:
            network.run(part * b2.ms)
            yield getattr(b2.get_device(), "stimulus", None)

    made = objects()
    assert list(run(made)) == [None] * len(parts)
    spikes = made[-1]
    expected = np.array(spikes.i[:]), np.round(spikes.t_[:] * 1e4).astype(int)
    b2.set_device("neurochip")
    made = objects()
    device, trains = b2.get_device(), [stimulus.trains for stimulus in run(made)]
    listed = [[spikes_of(train) for train in part] for part in trains]
    whole = [
        SpikeInput(
            group[0].name,
            group[0].size,
            np.concatenate([part.ids for part in group]),
            np.concatenate([part.times for part in group]),
        )
        for group in zip(*listed, strict=True)
    ]
    got = simulate_reference(device.network, Stimulus(100.0, tuple(whole)), 0.1)
    assert len(expected[0]) > 100
    assert np.array_equal(got.ids["cells"], expected[0])
    assert np.array_equal(got.steps["cells"], expected[1])
    # The chip's own spikes stay near, since it is driven by the same input.
    assert made[-1].num_spikes == pytest.approx(len(expected[0]), rel=0.05)


def test_a_script_without_a_network_is_followed_too(b2):
    def run():
        b2.start_scope()
        b2.seed(1)
        group = cells(b2, "2*ms", n=10)
        drive = b2.PoissonInput(group, "v", 50, 40 * b2.Hz, weight=0.1)
        spikes = b2.SpikeMonitor(group)
        b2.run(200 * b2.ms)
        assert drive.active
        return spikes.num_spikes

    expected = run()
    b2.set_device("neurochip")
    run()
    device = b2.get_device()
    assert expected > 100
    assert simulate_reference(device.network, device.stimulus, 0.1).n_spikes == expected


def test_following_brian2_leaves_what_the_chip_left(b2):
    b2.set_device("neurochip")
    group = cells(b2, "2*ms")
    drive = b2.PoissonInput(group, "v", 50, 40 * b2.Hz, weight=0.1)
    state, spikes = b2.StateMonitor(group, "v", record=True), b2.SpikeMonitor(group)
    network = b2.Network(group, drive, state, spikes)
    network.run(20 * b2.ms)
    ended = np.array(group.v_[:])
    network.run(20 * b2.ms)
    assert state.v.shape == (40, 400)
    assert np.array_equal(state.t_[:], np.arange(400) * 1e-4)
    assert (np.diff(spikes.t_[:]) >= 0).all()
    assert (state.v_[:, 200] >= ended).all()  # with kicks that were on their way
    assert (state.v_[:, 200] == ended).sum() > 10


def test_a_run_that_is_refused_leaves_brian2s_own_run_where_it_was(b2):
    b2.set_device("neurochip")

    def run(*, wrong):
        b2.start_scope()
        b2.seed(4)
        group = cells(b2, "2*ms")
        drive = b2.PoissonInput(group, "v", 50, 40 * b2.Hz, weight=0.1)
        wires = b2.Synapses(group, group, "w : 1", on_pre="v += w")
        wires.connect(condition="i != j", p=0.2)
        wires.w, wires.delay = 0.01, 3 * b2.ms
        network = b2.Network(group, drive, wires)
        trains = []
        for seconds in (1, 2, 3):
            if wrong:  # the chip has no such delay
                right, stream = np.array(wires.delay_), np.random.get_state()  # noqa: NPY002
                wires.delay = seconds * b2.second
                with pytest.raises(NeurochipError):
                    network.run(20 * b2.ms)
                wires.delay_ = right
                np.random.set_state(stream)  # noqa: NPY002
            network.run(20 * b2.ms)
            trains += b2.get_device().stimulus.trains
        return trains

    assert run(wrong=False) == run(wrong=True)


def test_an_input_alone_is_drawn_without_a_chip(b2):
    def run():
        b2.start_scope()
        b2.seed(1)
        wave = b2.TimedArray([50, 400] * b2.Hz, dt=5 * b2.ms)  # noqa: F841 - named by rates
        objects = [
            b2.PoissonGroup(10, rates=50 * b2.Hz),
            b2.PoissonGroup(4, rates="wave(t)"),
            b2.SpikeGeneratorGroup(2, [0, 1], [1, 3] * b2.ms, period=7 * b2.ms),
        ]
        monitors = [b2.SpikeMonitor(item) for item in objects]
        rates = b2.PopulationRateMonitor(objects[0][2:])
        state = b2.StateMonitor(objects[0], "rates", record=[3])
        network = b2.Network(objects, monitors, rates, state)
        for part in (33, 60):
            network.run(part * b2.ms)
        values = [np.array(view[:]) for item in monitors for view in (item.i, item.t_, item.count)]
        return [*values, np.array(rates.rate_[:]), np.array(state.rates_[:])]

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert len(expected[0]) > 20
    for one, other in zip(expected, got, strict=True):
        assert np.array_equal(one, other)
    assert b2.get_device().network is None


def test_a_run_in_which_nothing_is_active_only_takes_time(chip):
    group = cells(chip)
    spikes = chip.SpikeMonitor(group)
    network = chip.Network(group, spikes)
    group.active = spikes.active = False
    network.run(10 * chip.ms)
    assert network.t_ == 0.01
    assert spikes.num_spikes == 0
    chip.Network().run(1 * chip.ms)


def test_a_run_that_was_stopped_is_not_compared_as_if_it_had_ended(b2):
    """Brian2 turns Ctrl-C into stop(), and returns from the run without a word."""
    from neurochip.frontends.brian2 import compare

    group = cells(b2, equations="dv/dt = (9 - v)/(10*ms) : 1 (unless refractory)")
    thresholder = group.thresholder["spike"]
    look = thresholder.run

    def look_and_stop():
        look()
        if group.t_ >= 0.0072 - 1e-9:
            b2.stop()

    thresholder.run = look_and_stop
    network = b2.Network(group)
    message = (
        f"Network '{network.name}': Brian2's run was stopped after 7.3 of 100 ms, by Ctrl-C or "
        "stop(). Let it run to its end."
    )
    with pytest.raises(NeurochipError) as caught:
        compare(network, duration=100 * b2.ms)
    assert str(caught.value) == message
    assert group.t_ == 0


# ------------------------------------------------------------------- many spikes in a step
@pytest.mark.parametrize("refractory", [False, "2*ms"])
def test_many_spikes_in_a_step_are_counts_that_give_brian2s_spikes(b2, refractory):
    group = cells(b2, refractory)
    strong = b2.PoissonInput(group, "v", 1000, 20 * b2.Hz, weight=0.07)
    weak = b2.PoissonInput(group[:20], "v", 10, 10 * b2.Hz, weight=-0.2)
    assert run_both(group, strong, weak, duration=100 * b2.ms, namespace={}).n_spikes > 100
    b2.set_device("neurochip")
    b2.Network(group, strong, weak).run(30 * b2.ms)
    trains = {train.name: train for train in b2.get_device().stimulus.trains}
    assert isinstance(trains[weak.name], SpikeInput)
    counts = trains[strong.name].counts
    assert (counts.shape, counts.dtype) == ((300, 40), np.uint8)
    assert counts.mean() == pytest.approx(2.0, abs=5 * np.sqrt(2 / counts.size))


def test_counts_are_drawn_as_brian2_draws_them(b2):
    def drawn():
        b2.start_scope()
        b2.seed(3)
        group = cells(b2, False)
        objects = [b2.PoissonInput(group, "v", n, 20 * b2.Hz, 1.0 / n) for n in (100, 200)]
        state = b2.StateMonitor(group, "v", record=True)
        b2.Network(group, objects, state).run(5 * b2.ms)
        return np.array(state.v_[:])

    def of_input():
        stimulus = b2.get_device().stimulus
        return sum(train.counts / n for train, n in zip(stimulus.trains, (100, 200), strict=True))

    b2.defaultclock.dt = 1 * b2.ms
    expected = drawn()  # at the start of a step, with the kicks of the step before
    b2.set_device("neurochip")
    drawn()
    assert expected[:, 1] == pytest.approx(of_input()[0])


def test_where_brian2_draws_normal_numbers_whole_numbers_are_drawn(b2):
    """A thousand sources of 13 Hz at a step of 1 ms are 13 spikes a step."""

    def rate():
        b2.start_scope()
        group = cells(b2, False, n=50)
        drive = b2.PoissonInput(group, "v", 1000, 13 * b2.Hz, weight=0.008)
        spikes = b2.SpikeMonitor(group)
        b2.Network(group, drive, spikes).run(500 * b2.ms)
        return spikes.num_spikes / 50 / 0.5

    b2.defaultclock.dt = 1 * b2.ms
    expected = rate()
    b2.set_device("neurochip")
    got = rate()
    (train,) = b2.get_device().stimulus.trains
    counts, n, p = train.counts.astype(float), 1000, 0.013
    assert counts.mean() == pytest.approx(n * p, abs=5 * np.sqrt(n * p / counts.size))
    assert counts.var() == pytest.approx(n * p * (1 - p), rel=5 * np.sqrt(2 / counts.size))
    assert expected > 20
    assert got == pytest.approx(expected, rel=0.1)


def test_a_comparison_draws_whole_numbers_for_both(b2):
    group = cells(b2, n=30)
    drive = b2.PoissonInput(group, "v", 10_000, 10 * b2.Hz, weight=0.013)
    assert run_both(group, drive, duration=50 * b2.ms, namespace={}).n_spikes > 30


# ------------------------------------------------------------------- before a number is drawn
def test_a_refusal_comes_before_a_number_is_drawn(b2):
    """A run of a year would draw for a year; and the stream of seed() stays where it was."""
    b2.set_device("neurochip", chip=LOIHI.what_if(cores=1))
    year = 365 * 24 * 3600 * b2.second
    before = np.random.get_state()[1:3]  # noqa: NPY002 - the stream of seed()
    for error, group in (
        (FrontendError, cells(b2, method="heun")),
        (CompileError, cells(b2, n=2000, name="many")),
        (EmulatorError, cells(b2, name="few")),  # it has no recording of so many steps
    ):
        noise = b2.PoissonGroup(3, rates=10 * b2.Hz)
        drive = b2.PoissonInput(group, "v", 1000, 20 * b2.Hz, weight=0.1)
        with pytest.raises(error):
            b2.Network(group, drive, noise).run(year)
    after = np.random.get_state()[1:3]  # noqa: NPY002
    assert np.array_equal(before[0], after[0])
    assert before[1] == after[1]


def test_a_monitor_of_inputs_alone_is_refused_before_a_number_is_drawn(b2):
    b2.set_device("neurochip")
    noise = b2.PoissonGroup(3, rates=10 * b2.Hz)
    late = b2.SpikeMonitor(noise, when="start")
    with pytest.raises(FrontendError, match="one step late"):
        b2.Network(noise, late).run(365 * 24 * 3600 * b2.second)
