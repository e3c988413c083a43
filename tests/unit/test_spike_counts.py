"""Spikes as counts: every engine treats a count as that many spikes of its source in the step."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import oracle
import pytest
from against_oracle import as_oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    SpikeCounts,
    SpikeInput,
    Stimulus,
    Uniform,
    all_to_all,
    compile_network,
    fixed_probability,
    simulate_reference,
)
from neurochip.attribution.model import Model
from neurochip.attribution.sources import GRID, REGISTERS
from neurochip.emulator import Emulator
from neurochip.errors import NetworkError, StimulusError
from neurochip.mapping import SANA_FE, Activity, estimate_energy
from neurochip.network import binning

DT, N_STEPS = 0.5, 60
DRIVE, BEAT = 12, 3


def exactly(message):
    return f"^{re.escape(message)}$"


def build(weight=0.3):
    cells = Population("cells", 8, LIF(tau_m=10.0, tau_refrac=1.0))
    drive, beat = PoissonInput("drive", DRIVE, 3000.0), SpikeInput("beat", BEAT, [], [], 50.0)
    return Network(
        populations=[cells],
        inputs=[drive, beat],
        connections=[
            fixed_probability(drive, cells, 0.5, weight=weight, delay=Uniform(0.5, 3.0), seed=1),
            all_to_all(beat, cells, weight=1.0),
        ],
    )


def counts(seed=1, rate=1.5, n_steps=N_STEPS):
    return np.random.default_rng(seed).poisson(rate, (n_steps, DRIVE))


def twice(seed=1, rate=1.5, **options):
    """The same input as counts and one by one."""
    table = SpikeCounts("drive", counts(seed, rate), DT, **options)
    beat = SpikeInput("beat", BEAT, [0, 1, 2, 2], [1.0, 2.0, 3.0, 3.0])
    duration = N_STEPS * DT
    return Stimulus(duration, (table, beat)), Stimulus(duration, (table.as_spikes(), beat))


def assert_same(a, b):
    for name in a.populations:
        assert np.array_equal(a.steps[name], b.steps[name])
        assert np.array_equal(a.ids[name], b.ids[name])
    for key in a.traces:
        assert np.array_equal(a.traces[key].values, b.traces[key].values)
    assert (a.counters, a.overflows, a.origin) == (b.counters, b.overflows, b.origin)


def test_counts_are_spikes_at_the_time_of_their_step():
    table = SpikeCounts("drive", [[2, 0, 1], [0, 0, 0], [0, 3, 0]], 0.5, first_step=4)
    assert repr(table) == "SpikeCounts('drive', 3, <6 spikes in 3 steps of 0.5 ms>)"
    assert (table.size, table.n_spikes) == (3, 6)
    assert table.of_each_source.tolist() == [2, 3, 1]
    assert table.as_spikes() == SpikeInput(
        "drive", 3, [0, 0, 2, 1, 1, 1], [2.0, 2.0, 2.0, 3.0, 3.0, 3.0]
    )
    assert table.as_spikes().of_each_source.tolist() == [2, 3, 1]
    assert Stimulus(5.0, [table]).n_spikes == 6


@pytest.mark.parametrize(("most", "kind"), [(0, "u1"), (255, "u1"), (256, "u2"), (1 << 16, "u4")])
def test_counts_are_stored_in_the_smallest_type_that_holds_them(most, kind):
    assert SpikeCounts("drive", [[0, most]], 1.0).counts.dtype == kind


def test_counts_are_copied_unless_they_are_read_only():
    own = np.ones((2, 3), dtype=np.uint8)
    table = SpikeCounts("drive", own, 1.0)
    own[:] = 7
    assert table.n_spikes == 6
    own.flags.writeable = False
    assert np.shares_memory(SpikeCounts("drive", own, 1.0).counts, own)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"counts": [1, 2]},
            "input 'drive': counts have shape (2,); allowed: (n_steps, size), one row for each "
            "step and one column for each source.",
        ),
        (
            {"counts": np.empty((3, 0), int)},
            "input 'drive': counts have shape (3, 0); allowed: (n_steps, size), one row for each "
            "step and one column for each source.",
        ),
        (
            {"counts": [[1, -2]]},
            "input 'drive': counts[1] = -2; allowed: 0 to 2147483647.",
        ),
        (
            {"counts": [[0.5]]},
            "input 'drive': counts are of type float64; allowed: integers.",
        ),
        ({"dt": 0.0}, "input 'drive': dt = 0.0 ms; allowed: a number above 0."),
        ({"first_step": -1}, "input 'drive': first_step = -1; allowed: an integer of at least 0."),
        ({"name": ""}, "input: name = ''; allowed: a non-empty string."),
    ],
)
def test_counts_that_mean_nothing_are_refused(changed, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        SpikeCounts(**{"name": "drive", "counts": [[1, 2]], "dt": 0.5, **changed})


@given(st.integers(0, 40), st.floats(0.0, 30.0), st.floats(0.0, 30.0))
@settings(deadline=None)
def test_the_digest_of_counts_is_that_of_their_spikes(seed, one, other):
    table, single = twice(seed)
    assert table.digest() == single.digest()
    assert table.digest(min(one, other), max(one, other)) == single.digest(
        min(one, other), max(one, other)
    )


@pytest.mark.parametrize("dt", [0.5, 0.25, 0.2, 0.1, 1.0])
@pytest.mark.parametrize("steps", [{}, {"first": 7}, {"first": 3, "stop": 11}, {"stop": 5}])
def test_counts_are_binned_as_their_spikes_on_any_grid(dt, steps):
    table, single = twice(first_step=2)
    inputs = [("beat", BEAT), ("drive", DRIVE)]
    for found, wanted in zip(
        table.binned(dt, inputs, **steps), single.binned(dt, inputs, **steps), strict=True
    ):
        assert np.array_equal(found, wanted)


def test_a_part_of_the_steps_is_that_part_of_the_whole():
    _, single = twice()
    inputs = [("drive", DRIVE), ("beat", BEAT)]
    steps, sources = single.binned(DT, inputs)
    inside = (steps >= 4) & (steps < 9)
    found = single.binned(DT, inputs, first=4, stop=9)
    assert np.array_equal(found[0], steps[inside])
    assert np.array_equal(found[1], sources[inside])
    with pytest.raises(
        StimulusError, match=exactly("stimulus: stop = -1; allowed: an integer of at least 0.")
    ):
        single.binned(DT, inputs, stop=-1)


def test_counts_are_written_and_read(tmp_path):
    table, _ = twice(first_step=3)
    read = Stimulus.load(table.save(tmp_path / "counts.npz"))
    assert read == table
    assert read.trains[0].counts.dtype == np.uint8


@pytest.mark.parametrize("window", [1 << 22, 100, 1])
@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold"])
def test_the_emulator_takes_a_count_as_so_many_spikes(monkeypatch, window, delivery):
    monkeypatch.setattr(binning, "_WINDOW", window)
    network = dataclasses.replace(build(), delivery=delivery)
    emulator = Emulator(compile_network(network, LOIHI, DT), warn=False)
    table, single = twice()
    wanted = emulator.run(single, record=["v", "u"])
    emulator.reset()
    assert_same(emulator.run(table, record=["v", "u"]), wanted)
    for one in emulator.run_batch([table, table], record=["v", "u"]):
        assert_same(one, wanted)
    emulator.reset()
    parts = [emulator.run(table, duration=part, record="v") for part in (10.0, 0.5, 19.5)]
    assert np.array_equal(
        np.concatenate([part.steps["cells"] for part in parts]), wanted.steps["cells"]
    )


def test_overflows_of_counts_are_counted_as_those_of_single_spikes(monkeypatch):
    monkeypatch.setattr(binning, "_WINDOW", 100)
    emulator = Emulator(compile_network(build(), LOIHI, DT), warn=False)
    table, single = twice(rate=60.0)
    wanted = emulator.run(single, record=["v", "u"])
    assert wanted.overflows
    emulator.reset()
    assert_same(emulator.run(table, record=["v", "u"]), wanted)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([0.1, 1.0, 20.0, 90.0]))
def test_counts_give_the_integers_of_the_slow_model(seed, rate):
    image = compile_network(build(), LOIHI, DT)
    table, single = twice(seed, rate)
    steps, sources = single.binned(DT, [("drive", DRIVE), ("beat", BEAT)])
    rows = [(int(t) + 1, int(i)) for t, i in zip(steps, sources, strict=True)]
    slow = oracle.run(*as_oracle(image), rows, N_STEPS)
    found = Emulator(image, warn=False).run(table)
    assert found.steps["cells"].tolist() == [step for step, _ in slow.spikes]
    assert dict(found.counters) == slow.counters


@pytest.mark.parametrize("window", [1 << 22, 100])
@pytest.mark.parametrize("dt", [DT, 0.1])
def test_the_reference_takes_a_count_as_so_many_spikes(monkeypatch, window, dt):
    monkeypatch.setattr(binning, "_WINDOW", window)
    table, single = twice()
    runs = [simulate_reference(build(), item, dt, record="v") for item in (table, single)]
    assert runs[0].n_spikes
    assert_same(*runs)


@pytest.mark.parametrize("window", [1 << 22, 100])
def test_traffic_takes_a_count_as_so_many_spikes(monkeypatch, window):
    image = compile_network(build(), LOIHI, DT)
    table, single = twice()
    run = Emulator(image, warn=False).run(single)
    wanted = Activity.measured(image, run, single)
    monkeypatch.setattr(binning, "_WINDOW", window)
    found = Activity.measured(image, run, table)
    assert found.inputs == pytest.approx(wanted.inputs)
    energies = [estimate_energy(image, run, SANA_FE, item) for item in (single, table)]
    assert str(energies[0]) == str(energies[1])
    assert energies[0].total == energies[1].total


@pytest.mark.parametrize("window", [1 << 22, 100])
def test_attribution_takes_a_count_as_so_many_spikes(monkeypatch, window):
    monkeypatch.setattr(binning, "_WINDOW", window)
    network = build()
    image = compile_network(network, LOIHI, DT)
    for on in ((), GRID + REGISTERS):
        runs = [Model(network, item, image, 4, {"cells": np.arange(8)}).run(on) for item in twice()]
        assert len(runs[0].steps)
        assert np.array_equal(runs[0].steps, runs[1].steps)
        assert np.array_equal(runs[0].ids, runs[1].ids)
