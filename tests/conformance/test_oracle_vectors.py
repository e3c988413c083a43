"""The oracle against the recorded output of the three open emulators."""

from __future__ import annotations

import json

import oracle
import pytest
from conformance.load import VECTORS, Case, case_paths, load_case

N_VECTORS = 53

COMPARTMENT_REGISTERS = (
    "decay_u",
    "decay_u_offset",
    "decay_v",
    "decay_v_offset",
    "threshold_mantissa",
    "bias_mantissa",
    "bias_exponent",
    "refractory",
    "vmin_exponent",
    "vmax_exponent",
)


def compartments_of(case: Case) -> list[oracle.Compartment]:
    columns = [getattr(case, name).tolist() for name in COMPARTMENT_REGISTERS]
    return [
        oracle.Compartment(**dict(zip(COMPARTMENT_REGISTERS, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]


def synapses_of(case: Case) -> list[oracle.Synapse]:
    return [
        oracle.Synapse(
            source=("neuron" if case.format_source[fmt] else "input", source),
            target=target,
            mantissa=mantissa,
            delay=delay,
            weight_exponent=case.format_weight_exponent[fmt],
            weight_bits=case.format_weight_bits[fmt],
            sign_mode=case.format_sign_mode[fmt],
        )
        for fmt, source, target, mantissa, delay in zip(
            case.synapse_format.tolist(),
            case.synapse_source.tolist(),
            case.synapse_target.tolist(),
            case.synapse_mantissa.tolist(),
            case.synapse_delay.tolist(),
            strict=True,
        )
    ]


def noise_of(case: Case) -> oracle.Noise | None:
    if case.noise_raw is None:
        return None
    return oracle.Noise(
        exponent=case.noise_exponent,
        mantissa_offset=case.noise_mantissa_offset,
        at_membrane=case.noise_at_membrane,
        enabled=case.noise_enabled.tolist(),
        raw=case.noise_raw.tolist(),
    )


def run_oracle(case: Case) -> oracle.Trace:
    return oracle.run(
        compartments_of(case),
        synapses_of(case),
        zip(case.input_step.tolist(), case.input_id.tolist(), strict=True),
        case.n_steps,
        noise_of(case),
    )


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
