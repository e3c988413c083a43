"""Networks that a front end runs in pieces: windows, inputs by steps, interruptions, changes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    all_to_all,
    one_to_one,
)
from neurochip.emulator import Emulator
from neurochip.errors import ChipOverflowError, FrontendError, StimulusError
from neurochip.frontends import session as room
from neurochip.frontends.changes import find_change
from neurochip.frontends.session import (
    Session,
    collect_spikes,
    join_recordings,
    stimulus_of,
)
from neurochip.recording import Probe

DT, N_STEPS = 0.5, 400
N_INPUTS, N_CELLS = 6, 5
RECORD = (Probe("v", "cells"), Probe("u", "cells", (1, 3)))


def build(spikes=None, *, weight=3.0, delay=2.0, tau_m=15.0, amplitude=0.0, more=(), **options):
    """Two inputs and recurrent synapses with delays, so that much is on its way between steps."""
    cells = Population("cells", N_CELLS, LIF(tau_m=tau_m, tau_refrac=2.0))
    drive, beat = PoissonInput("drive", N_INPUTS, 60.0), SpikeInput("beat", 1, [], [])
    if spikes is not None:
        drive, beat = stimulus_of(build(), spikes, N_STEPS * DT, DT).trains
    others = [Population(name, 1, LIF()) for name in more]
    return Network(
        populations=[cells, *others],
        inputs=[drive, beat, ConstantCurrent(cells, amplitude)],
        connections=[
            all_to_all(drive, cells, weight=weight, name="in"),
            all_to_all(beat, cells, weight=8.0, delay=3.5, name="beats"),
            one_to_one(cells, cells, weight=2.0, delay=delay, name="loop"),
        ],
        **options,
    )


def spikes_of(seed=1, n_steps=N_STEPS):
    rng = np.random.default_rng(seed)
    drive = [np.flatnonzero(rng.random(N_INPUTS) < 0.04) for _ in range(n_steps)]
    beat = [np.arange(step % 40 == 0) for step in range(n_steps)]
    return {"drive": collect_spikes(drive, 0), "beat": collect_spikes(beat, 0)}


def open_session(spikes, **emulator_options):
    return Session(build(spikes), LOIHI, DT, {}, emulator_options)


def in_ms(session, spikes):
    return stimulus_of(session.network, spikes, N_STEPS * DT, DT)


def run(session, n_steps, spikes, record=()):
    with session.whole_run():
        return list(session.windows(n_steps, in_ms(session, spikes), record))


def in_one_run(spikes, record=()):
    """What the emulator itself records, in one run."""
    session = open_session(spikes)
    stimulus = in_ms(session, spikes)
    return session.emulator.run(stimulus, record=record)


def assert_same_spikes(got, expected):
    assert (got.first_step, got.n_steps, got.dt) == (0, expected.n_steps, expected.dt)
    assert got.label == expected.label
    assert got.counters == expected.counters
    assert expected.n_spikes > 50
    for name in expected.populations:
        assert np.array_equal(got.steps[name], expected.steps[name])
        assert np.array_equal(got.ids[name], expected.ids[name])


def part(spikes, first, stop):
    """What is sent in some steps alone."""
    inside = {name: (first <= steps) & (steps < stop) for name, (steps, _) in spikes.items()}
    return {name: (spikes[name][0][own], spikes[name][1][own]) for name, own in inside.items()}


@pytest.mark.parametrize("lengths", [(400,), (150, 250), (1, 398, 1)])
def test_runs_one_after_the_other_are_one_run(lengths):
    spikes = spikes_of()
    session, parts, first = open_session(spikes), [], 0
    for length in lengths:
        parts += run(session, length, part(spikes, first, first + length))
        first += length
        assert session.step == first
    assert len(parts) == len(lengths)
    assert_same_spikes(join_recordings(parts), in_one_run(spikes))


@pytest.mark.parametrize("steps_at_once", [1, 7, 399, 400])
def test_windows_are_as_long_as_memory_allows_and_change_nothing(monkeypatch, steps_at_once):
    spikes = spikes_of()
    expected = in_one_run(spikes, RECORD)
    monkeypatch.setattr(room, "_VALUES", (N_CELLS + 2) * steps_at_once)
    parts = run(open_session(spikes), N_STEPS, spikes, RECORD)
    assert len(parts) == -(-N_STEPS // steps_at_once)
    assert all(item.n_steps <= steps_at_once for item in parts)
    assert_same_spikes(join_recordings(parts), expected)
    for key, trace in expected.traces.items():
        values = np.concatenate([item.traces[key].values for item in parts])
        assert np.array_equal(values, trace.values)
        assert all(np.array_equal(item.traces[key].ids, trace.ids) for item in parts)


def test_no_steps_are_no_window():
    spikes = spikes_of()
    session = open_session(spikes)
    assert run(session, 0, spikes) == []
    assert (session.step, session.interrupted) == (0, False)


def test_a_reset_repeats_the_run_on_the_same_image():
    spikes = spikes_of()
    session = open_session(spikes)
    run(session, 250, spikes)
    image = session.image
    session.reset()
    assert session.step == 0
    assert_same_spikes(join_recordings(run(session, N_STEPS, spikes)), in_one_run(spikes))
    assert session.image is image


def test_an_input_that_is_missing_is_told():
    spikes = spikes_of()
    session = open_session(spikes)
    with pytest.raises(StimulusError) as caught:
        run(session, N_STEPS, {"drive": spikes["drive"]})
    assert str(caught.value) == (
        "stimulus: lacks spikes for input 'beat'; the run expects 'drive', 'beat' and the stimulus "
        "holds 'drive'. Draw it from the network of the run."
    )


# ------------------------------------------------------------------------- interruptions
INTERRUPTED = (
    "session: the last run was stopped early by Ctrl-C or an error; allowed: reset() to time "
    "0, or a new session."
)


def refused(session, spikes):
    step = session.step
    with pytest.raises(FrontendError) as caught:
        run(session, 10, spikes)
    assert session.step == step
    return str(caught.value)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_after_an_interruption_nothing_runs_but_a_reset(monkeypatch, error):
    spikes = spikes_of()
    monkeypatch.setattr(room, "_VALUES", N_CELLS * 100)
    session, kept = open_session(spikes), []

    def run_and_fail():
        with session.whole_run():
            for recording in session.windows(N_STEPS, in_ms(session, spikes), ["v"]):
                kept.append(recording)
                if len(kept) == 2:
                    raise error

    with pytest.raises(error):
        run_and_fail()
    assert session.interrupted
    assert refused(session, spikes) == refused(session, spikes) == INTERRUPTED
    session.reset()
    again = run(session, N_STEPS, spikes, ["v"])
    for before, now in zip(kept, again[:2], strict=True):  # what was recorded is not lost
        assert now == before
    assert_same_spikes(join_recordings(again), in_one_run(spikes))


def test_an_interruption_after_the_last_window_counts():
    """Then what the front end writes may be half of it."""
    spikes = spikes_of()
    session = open_session(spikes)

    def run_and_fail():
        with session.whole_run():
            assert len(list(session.windows(N_STEPS, in_ms(session, spikes)))) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_and_fail()
    assert refused(session, spikes) == INTERRUPTED


def test_ctrl_c_within_a_window_interrupts_the_run(monkeypatch):
    spikes = spikes_of()
    session = open_session(spikes)
    whole = Emulator.run

    def half(self, stimulus, *, duration, record):
        whole(self, stimulus, duration=duration / 2, record=record)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Emulator, "run", half)
        with pytest.raises(KeyboardInterrupt):
            run(session, N_STEPS, spikes)
    assert session.step == N_STEPS // 2
    assert refused(session, spikes) == INTERRUPTED


def test_an_overflow_in_a_strict_run_interrupts_it():
    cells = Population("cells", 1, LIF())
    drive = SpikeInput("drive", 1, [], [])
    network = Network(
        populations=[cells], inputs=[drive], connections=[all_to_all(drive, cells, weight=9.0)]
    )
    session = Session(network, LOIHI, DT, {}, {"strict": True})
    spikes = {"drive": collect_spikes([np.zeros(100_000, dtype=int)], 0)}
    with pytest.raises(ChipOverflowError):
        run(session, 10, spikes)
    assert refused(session, spikes) == INTERRUPTED


def test_options_reach_the_compiler_and_the_emulator():
    session = Session(build(), LOIHI, DT, {"gain": "impulse"}, {"threads": 1})
    assert session.image.report.options["gain"] == "impulse"
    assert isinstance(session.emulator, Emulator)
    assert session.emulator.threads == 1


# ------------------------------------------------------------------------- inputs by steps
def test_spikes_are_collected_from_the_sources_of_each_step():
    steps, ids = collect_spikes([np.array([2, 0]), np.array([], dtype=int), np.array([1, 1])], 7)
    assert (steps.tolist(), ids.tolist()) == ([7, 7, 9, 9], [2, 0, 1, 1])
    assert (steps.dtype, ids.dtype) == (np.int64, np.int32)
    steps, ids = collect_spikes([], 3)
    assert (len(steps), len(ids), steps.dtype, ids.dtype) == (0, 0, np.int64, np.int32)


def test_a_stimulus_holds_spikes_at_the_times_of_their_steps():
    spikes = {"drive": (np.array([0, 3, 3]), np.array([5, 1, 2], dtype=np.int32))}
    stimulus = stimulus_of(build(), {**spikes, "beat": collect_spikes([], 0)}, 10.0, DT)
    drive, beat = stimulus.trains
    assert stimulus.duration == 10.0
    assert (drive.name, drive.size) == ("drive", N_INPUTS)
    assert drive.times.tolist() == [0.0, 1.5, 1.5]
    assert drive.ids.tolist() == [5, 1, 2]
    assert (beat.name, len(beat.times)) == ("beat", 0)


# ------------------------------------------------------------------------- changes
def test_what_inputs_send_is_no_change():
    assert find_change(build(), build()) is None
    assert find_change(build(spikes_of(1)), build(spikes_of(2))) is None
    assert find_change(build(), build(spikes_of(1))) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tau_m": 16.0}, ("population", "cells", "was changed")),
        ({"amplitude": 0.5}, ("population", "cells", "was changed")),
        ({"more": ["others"]}, ("population", "others", "appeared")),
        ({"weight": 3.5}, ("connection", "in", "was changed")),
        ({"weight": np.full((N_INPUTS, N_CELLS), 3.5)}, ("connection", "in", "was changed")),
        ({"delay": 2.5}, ("connection", "loop", "was changed")),
        ({"delivery": "next_step"}, ("network", "delivery", "was changed")),
        ({"refractory": "after_spike"}, ("network", "refractory", "was changed")),
    ],
    ids=["parameter", "current", "population", "weight", "weights", "delay", "delivery", "period"],
)
def test_a_change_is_told_with_its_kind_and_name(change, expected):
    assert find_change(build(), build(**change)) == expected


def test_what_is_gone_and_what_has_another_size_is_told():
    whole = build(more=["others"])
    assert find_change(whole, build()) == ("population", "others", "is gone")
    fewer = dataclasses.replace(whole, connections=whole.connections[:-1])
    assert find_change(whole, fewer) == ("connection", "loop", "is gone")
    cells = whole.population("cells")

    def with_input(size):
        drive = PoissonInput("drive", size, 10.0)
        wires = all_to_all(drive, cells, weight=1.0, name="in")
        return Network(populations=[cells], inputs=[drive], connections=[wires])

    assert find_change(with_input(2), with_input(3)) == ("input", "drive", "was changed")
    bare = Network(populations=[cells])
    assert find_change(bare, with_input(2)) == ("input", "drive", "appeared")
    assert find_change(with_input(2), bare) == ("input", "drive", "is gone")


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_connection_between_others_is_a_change(end):
    a, b = (Population(name, 2, LIF()) for name in "ab")
    ends = {"source": a, "target": a}

    def between(source, target):
        wires = one_to_one(source, target, weight=1.0, name="wires")
        return Network(populations=[a, b], connections=[wires])

    other = between(**{**ends, end: b})
    assert find_change(between(**ends), other) == ("connection", "wires", "was changed")
