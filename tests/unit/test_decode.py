"""Integers of a run back to names and mV, on registers that are written out."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.chip.registers import OVERFLOWS
from neurochip.emulator.decode import Registers, decode_recording, raw_recording
from neurochip.image import PopulationSymbol, PowerGain, ReceptorSymbol, Symbols
from neurochip.image.report import CompileReport
from neurochip.stimulus import Stimulus

SILENCE = Stimulus(1000.0)
RESET, ORIGIN = -80.0, -64.0


def symbols_of(**populations):
    """Populations by their compartments; neuron k has 0.5 + k mV per LSB and its own potentials."""
    return Symbols(
        dt=0.25,
        populations=tuple(
            PopulationSymbol(
                name=name,
                compartment_ids=np.array(compartments, dtype=np.int32),
                mv_per_lsb=0.5 + np.arange(len(compartments)),
                origin=ORIGIN - np.arange(len(compartments)),
                v_reset=RESET - np.arange(len(compartments)),
                child_ids=np.empty(0, dtype=np.int32),
                receptors=(ReceptorSymbol(name="", gain=np.ones(len(compartments))),),
                gain_rule=PowerGain(1.0, 1.0),
            )
            for name, compartments in populations.items()
        ),
        inputs=(),
        synapses=(),
        report=CompileReport(
            chip="test",
            dt=0.25,
            options={},
            rows=(),
            scales=(),
            rates=(),
            resources={"cores": (1, 1)},
        ),
    )


def registers_of(spikes, n_compartments, n_steps=8, first_step=0, **changes):
    steps, ids = (np.array(column, dtype=np.int32) for column in zip(*spikes, strict=True))
    values = {
        "first_step": first_step,
        "n_steps": n_steps,
        "steps": steps,
        "ids": ids,
        "held": np.zeros(n_compartments, dtype=np.int32),
        "refractory": np.ones(n_compartments, dtype=np.int32),
        "traces": {},
        "events": {"spikes": len(spikes)},
        "overflows": None,
    }
    return Registers(**{**values, **changes})


def shown(refractory, spikes, held=0, first_step=0):
    """v of one neuron whose register is 0 throughout: "r" at the reset, "o" at the origin."""
    registers = registers_of(
        spikes,
        1,
        first_step=first_step,
        held=np.array([held], dtype=np.int32),
        refractory=np.array([refractory], dtype=np.int32),
        traces={("cells", "v"): np.zeros((8, 1), dtype=np.int32)},
    )
    probes = {("cells", "v"): np.array([0], dtype=np.int32)}
    recording = decode_recording(registers, symbols_of(cells=[0]), probes, {}, "test", SILENCE)
    names = {RESET: "r", ORIGIN: "o"}
    return "".join(names[v] for v in recording.trace("cells", "v").values[:, 0].tolist())


@pytest.mark.parametrize(
    ("refractory", "expected"), [(1, "oooooooo"), (2, "oorooooo"), (3, "oorroooo"), (5, "oorrrroo")]
)
def test_v_is_shown_at_the_reset_from_the_spike_up_to_the_last_held_step(refractory, expected):
    """The register r holds v for r - 1 steps after the spike; in the last of them it leaks."""
    assert shown(refractory, [(2, 0)]) == expected


def test_a_reset_that_lasts_beyond_the_run_ends_with_it():
    assert shown(5, [(0, 0), (6, 0)]) == "rrrroorr"
    assert shown(63, [(7, 0)]) == "ooooooor"


@pytest.mark.parametrize(("held", "expected"), [(1, "oooo"), (2, "rooo"), (4, "rrro")])
def test_a_neuron_that_is_held_when_the_run_begins_is_shown_at_the_reset(held, expected):
    assert shown(9, [(4, 0)], held=held) == expected + "rrrr"


def test_rows_count_from_the_first_step_of_the_run():
    assert shown(3, [(102, 0)], first_step=100) == "oorroooo"


def test_each_probe_has_the_units_and_the_reset_of_its_neuron():
    registers = registers_of(
        [(1, 5), (1, 2), (3, 0)],
        6,
        n_steps=4,
        refractory=np.array([2, 9, 3, 9, 9, 2], dtype=np.int32),
        traces={
            ("cells", "v"): np.array([[2, 4], [0, 0], [0, 3], [0, 7]], dtype=np.int32),
            ("cells", "u"): np.array([[1], [2], [3], [-4]], dtype=np.int32),
        },
    )
    probes = {
        ("cells", "v"): np.array([2, 0], dtype=np.int32),
        ("cells", "u"): np.array([1], dtype=np.int32),
    }
    symbols = symbols_of(cells=[5, 0, 2], others=[1, 3, 4])
    recording = decode_recording(registers, symbols, probes, {}, "test", SILENCE)
    v, u = recording.trace("cells", "v"), recording.trace("cells", "u")
    assert v.ids.tolist() == [2, 0]
    assert v.values[:, 0].tolist() == [-66 + 5.0, RESET - 2, RESET - 2, -66.0]
    assert v.values[:, 1].tolist() == [-64 + 2.0, RESET, -64 + 1.5, -64 + 3.5]
    assert u.values[:, 0].tolist() == [1.5, 3.0, 4.5, -6.0]
    assert (v.unit, u.unit) == ("mV", "mV per step")


def test_spikes_go_to_the_neurons_of_their_compartments_by_step_then_neuron():
    registers = registers_of([(0, 1), (0, 3), (2, 0), (2, 4), (2, 5), (3, 3)], 6)
    symbols = symbols_of(b=[5, 0, 4], a=[1, 3])
    recording = decode_recording(registers, symbols, {}, {}, "test", SILENCE)
    spikes = {
        name: list(zip(recording.steps[name].tolist(), recording.ids[name].tolist(), strict=True))
        for name in recording.populations
    }
    assert spikes == {"b": [(2, 0), (2, 1), (2, 2)], "a": [(0, 0), (0, 1), (3, 1)]}
    assert dict(recording.populations) == {"b": 3, "a": 2}
    assert (recording.dt, recording.first_step, recording.n_steps) == (0.25, 0, 8)
    assert recording.counters["spikes"] == 6
    assert not any(recording.counters[name] for name in OVERFLOWS)


def test_without_symbols_a_recording_has_registers_and_steps():
    traces = {("compartments", "v"): np.arange(24, dtype=np.int32).reshape(8, 3)}
    registers = registers_of([(4, 2)], 3, first_step=3, traces=traces)
    raw = raw_recording(registers, dict.fromkeys(traces, np.arange(3, dtype=np.int32)), 3, "raw")
    assert (raw.dt, raw.first_step, raw.n_steps, raw.label) == (1.0, 3, 8, "raw")
    assert raw.trace("compartments", "v").values.tolist() == traces["compartments", "v"].tolist()
    assert raw.trace("compartments", "v").unit == "LSB"
    assert raw.ids["compartments"].tolist() == [2]
