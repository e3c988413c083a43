"""Write the rows of thresholds, resets and a lower bound of v of the compile report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from neurochip.chip.spec import CoreSpec
from neurochip.image.report_rows import ReportRow, Span
from neurochip.typing import Int64Array

from .explain_rows import exact_row, report_row
from .neurons.lower import LoweredPopulation

__all__ = ["registers_of", "reset_rows", "threshold_row"]


def registers_of(
    lowered: LoweredPopulation, name: str, receptor: int = -1
) -> dict[str, Int64Array]:
    """Return ``"decay_v"``, ``"bias"``, ``"threshold"`` or a ``"decay_u"`` as registers by name.

    A program has the decoded values: the fraction that a step keeps instead of a decay.
    """
    decays, registers = lowered.decays, lowered.registers
    own = {
        "decay_v": {"decay_v": decays.decay_v},
        "decay_u": {"decay_u": decays.receptors[receptor].decay_u},
        "bias": {
            "bias_mantissa": registers.bias_mantissa,
            "bias_exponent": registers.bias_exponent,
        },
        "threshold": {"threshold_mantissa": registers.threshold_mantissa},
    }
    if lowered.program is None:
        return own[name]
    second = name == "decay_u" and receptor == 0 and len(decays.receptors) > 1
    key = name.replace("decay", "keep") + ("2" if second else "")
    return {key: lowered.program.parameters[key]}


def threshold_row(lowered: LoweredPopulation) -> ReportRow:
    """Return the row of the threshold."""
    ideal, population = lowered.ideal, lowered.ideal.population
    registers = registers_of(lowered, "threshold")
    if population.model.spiking:
        return report_row(
            population,
            "v_thresh",
            "mV",
            population.parameter("v_thresh"),
            ideal.origin + lowered.registers.threshold / lowered.lsb_per_mv,
            registers=registers,
            scale=ideal.threshold,
        )
    registers["vmax_exponent"] = lowered.registers.vmax_exponent
    return exact_row(population, "v_thresh", registers, "inf: v is clipped, it never spikes")


def reset_rows(lowered: LoweredPopulation, core: CoreSpec) -> Iterator[ReportRow]:
    """Yield the row of the reset (where v goes, or what a spike subtracts), and that of v_min."""
    yield _reset_row(lowered, core)
    if lowered.program is not None and lowered.ideal.population.model.bounded:
        yield _bound_row(lowered, lowered.program.parameters["vmin"])


def _reset_row(lowered: LoweredPopulation, core: CoreSpec) -> ReportRow:
    """Return the row of the reset: where v goes, or what a spike subtracts."""
    ideal, amount = lowered.ideal, lowered.registers.amount
    population, get = ideal.population, ideal.population.parameter
    note = f"v = 0 is {Span.of(ideal.origin)} mV"
    if amount is None:
        reset = get("v_reset")
        found = report_row(population, "v_reset", "mV", reset, reset, registers={"v": np.zeros(1)})
        return replace(found, note=note)
    meant = amount / lowered.lsb_per_mv
    remedy = "its scale is bounded by its input; lower headroom, or state the rates"
    found = report_row(
        population,
        "v_thresh - v_reset",
        "mV",
        ideal.amount,
        meant,
        registers={"amount": amount},
        remedy=remedy,
    )
    if population.model.several:
        note += f"; up to {(1 << (core.payload_bits - 1)) - 1} spikes in a step"
    if population.model.raises:
        note += "; v above the threshold raises it by as much for a step"
    return replace(found, note=f"what a spike subtracts; {note}")


def _bound_row(lowered: LoweredPopulation, vmin: Int64Array) -> ReportRow:
    ideal = lowered.ideal
    population = ideal.population
    return report_row(
        population,
        "v_min",
        "mV",
        population.parameter("v_min"),
        ideal.origin + vmin / lowered.lsb_per_mv,
        registers={"vmin": vmin},
        scale=ideal.threshold if population.model.spiking else None,
    )
