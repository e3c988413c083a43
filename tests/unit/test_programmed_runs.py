"""Runs in physical units on the engine for programs: as on the engine for plain neurons."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI2,
    Emulator,
    Network,
    PoissonInput,
    Population,
    SpikeCounts,
    StepCurrent,
    Stimulus,
    all_to_all,
    compile_network,
    draw_stimulus,
    one_to_one,
)
from neurochip.errors import EmulatorError, RecordingError
from neurochip.image import PeriodicReset, ProgramGroup
from neurochip.programs import PROGRAMS, NeuronProgram

DT, DURATION = 0.5, 60.0


def network_of():
    model = LIF(
        tau_m=15.0, tau_syn=5.0, tau_refrac=3.0, v_rest=-65.0, v_reset=-60.0, v_thresh=-50.0
    )
    cells, others = Population("cells", 70, model), Population("others", 5, model)
    source = PoissonInput("source", 70, rate=80.0)
    return Network(
        populations=[cells, others],
        inputs=[source, StepCurrent(cells, [0.0, 20.0, 40.0], [0.2, 0.9, 0.0])],
        connections=[
            one_to_one(source, cells, weight=4.0),
            all_to_all(cells, others, weight=0.3, delay=2.0),
        ],
    )


@pytest.fixture(scope="module")
def images():
    """Return an image, and the same one on the engine for programs: its reset is never reached."""
    image = compile_network(network_of(), LOIHI2, dt=DT)
    every = np.arange(image.n_compartments, dtype=np.int32)
    return image, dataclasses.replace(image, resets=(PeriodicReset(every, 10**9, 10**9 - 1),))


@pytest.fixture(scope="module")
def stimulus():
    return draw_stimulus(network_of(), DURATION, seed=1)


def assert_same(one, other):
    assert one.n_spikes > 100
    for name in one.populations:
        assert np.array_equal(one.steps[name], other.steps[name])
        assert np.array_equal(one.ids[name], other.ids[name])
    assert one.traces.keys() == other.traces.keys()
    for key, trace in one.traces.items():
        assert np.array_equal(trace.values, other.traces[key].values)
    assert one.overflows == other.overflows
    assert one.counters.items() <= other.counters.items()


def test_spikes_traces_and_counters_are_those_of_the_other_engine(images, stimulus):
    runs = [Emulator(image).run(stimulus, record=["v", "u"]) for image in images]
    assert_same(*runs)


def test_counts_of_spikes_are_delivered_window_by_window(images, stimulus):
    counts = np.random.default_rng(2).integers(0, 2, (120, 70)).astype(np.uint8)
    counted = SpikeCounts("source", counts, DT)
    given = Stimulus(DURATION, (counted,), stimulus.currents)
    assert_same(*(Emulator(image).run(given) for image in images))


def test_a_set_potential_goes_on_as_on_the_other_engine(images, stimulus):
    runs = []
    for image in images:
        emulator = Emulator(image)
        emulator.set_v("cells", [3, 69], [-52.5, -58.25])
        runs.append(emulator.run(stimulus, record=["v"]))
    assert_same(*runs)
    still = Emulator(images[1]).run(stimulus, record=["v"]).trace("cells").values
    assert np.flatnonzero((runs[1].trace("cells").values != still).any(axis=0)).tolist() == [3, 69]


def test_a_batch_has_the_runs_one_by_one(images):
    stimuli = [draw_stimulus(network_of(), DURATION, seed=k) for k in range(5)]
    batch = Emulator(images[1]).run_batch(stimuli, record=["v"])
    for stimulus, recording in zip(stimuli, batch, strict=True):
        assert_same(recording, Emulator(images[1]).run(stimulus, record=["v"]))


COUNTER = NeuronProgram(
    name="counter",
    state={"n": 16, "v": 16},
    payload_bits=16,
    rows=(
        ("n", "add", "n", 1),
        ("n", "wrap", "n", 16),
        ("v", "asr", "n", 1),
        (None, "emit", "v"),
    ),
)


@pytest.fixture(scope="module")
def mixed():
    """Return an image whose second population runs a program, with symbols."""
    cells, others = Population("cells", 3, LIF()), Population("others", 5, LIF())
    image = compile_network(Network(populations=[cells, others]), LOIHI2, dt=1.0)
    ids = next(s.compartment_ids for s in image.symbols.populations if s.name == "others")
    defaults = type(image.compartments).fill(LOIHI2.core, image.n_compartments)
    registers = {
        field.name: getattr(image.compartments, field.name).copy()
        for field in dataclasses.fields(image.compartments)
    }
    for name, values in registers.items():
        values[ids] = getattr(defaults, name)[ids]
    return dataclasses.replace(
        image,
        compartments=dataclasses.replace(image.compartments, **registers),
        programs=(ProgramGroup.fill(COUNTER, np.sort(ids)),),
    )


def test_a_population_with_a_program_has_payloads_and_registers_of_its_own(mixed):
    found = Emulator(mixed).run(Stimulus(4.0), record=["n", "v"])
    assert found.payloads.keys() == {"others"}
    assert found.payloads["others"].tolist() == [1] * 10 + [2] * 5
    assert found.trace("others", "n").values[:, 0].tolist() == [1, 2, 3, 4]
    assert found.trace("others", "n").unit == "LSB"
    assert found.trace("cells", "v").unit == "mV"
    assert ("cells", "n") not in found.traces


def test_a_register_of_another_program_is_refused(mixed):
    from neurochip import Probe

    with pytest.raises(
        RecordingError,
        match=re.escape("record: 'cells' has other registers and no 'n'; record 'v', 'u'."),
    ):
        Emulator(mixed).run(Stimulus(4.0), record=[Probe("n", "cells")])


def test_v_of_a_program_without_v_cannot_be_set(mixed):
    group = ProgramGroup.fill(
        PROGRAMS["resonate_and_fire"](LOIHI2.core),
        mixed.programs[0].compartments,
        parameters=dict.fromkeys(PROGRAMS["resonate_and_fire"](LOIHI2.core).parameters, 1),
    )
    image = dataclasses.replace(mixed, programs=(group,))
    with pytest.raises(
        EmulatorError,
        match=re.escape(
            "emulator: population 'others' runs the program 'resonate_and_fire', which has no "
            "register 'v'; allowed: populations that have one."
        ),
    ):
        Emulator(image).set_v("others", [1], [-60.0])
    Emulator(image).set_v("cells", [1], [-60.0])
