"""The oracle against the recorded output of the three open emulators."""

from __future__ import annotations

import json

import pytest
from conformance.load import VECTORS, case_paths, load_case
from conformance.oracle_cases import run_oracle, synapses_of

N_VECTORS = 53


def recorded_wraps() -> dict[str, tuple[int, int, int]]:
    """Overflows of each case as counted when the vectors were made."""
    entries = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))
    return {
        entry["case"]: tuple(entry["limits"][k] for k in ("q_wrap", "u_wrap", "x_wrap"))
        for entry in entries
    }


def test_all_vectors_are_present():
    assert len(case_paths()) == N_VECTORS
    assert {path.stem for path in case_paths()} == set(recorded_wraps())


@pytest.mark.parametrize("path", case_paths(), ids=lambda path: path.stem)
def test_oracle_reproduces_every_recorded_step(path):
    case = load_case(path)
    trace = run_oracle(case)

    assert trace.u == case.u.tolist()
    assert trace.v == case.v.tolist()
    expected = zip(case.spike_step.tolist(), case.spike_neuron.tolist(), strict=True)
    assert trace.spikes == list(expected)

    counted = (
        trace.counters["accumulator_wraps"],
        trace.counters["current_wraps"],
        trace.counters["input_wraps"],
    )
    assert counted == recorded_wraps()[case.name]


@pytest.mark.parametrize("path", case_paths(), ids=lambda path: path.stem)
def test_oracle_decodes_every_recorded_weight(path):
    case = load_case(path)
    decoded = [synapse.weight for synapse in synapses_of(case)]
    assert decoded == case.synapse_weight.tolist()
