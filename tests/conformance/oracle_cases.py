"""Converts golden vectors to the form that the oracle reads."""

from __future__ import annotations

import oracle
from conformance.load import Case

__all__ = ["compartments_of", "noise_of", "run_oracle", "synapses_of"]

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


def run_oracle(case: Case, rules: oracle.Rules = oracle.RULES) -> oracle.Trace:
    return oracle.run(
        compartments_of(case),
        synapses_of(case),
        zip(case.input_step.tolist(), case.input_id.tolist(), strict=True),
        case.n_steps,
        noise_of(case),
        rules,
    )
