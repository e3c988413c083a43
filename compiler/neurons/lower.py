"""Run the passes over neurons: from parameters to registers, before synapses and cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurochip.chip.spec import ChipSpec
from neurochip.image import DriveSymbol
from neurochip.network import Network, Population
from neurochip.recurrence import IdealPopulation, ideal_population
from neurochip.typing import Float64Array

from ..check import check_signs
from ..learning.scale import at_limit, find_anchor
from ..options import CompileOptions
from ..synapses.projections import Projection, projections_onto
from .decays import Decays, round_decays
from .expectation import Expectation
from .peaks import Peaks, expected_peaks
from .programs import PopulationProgram, lay_out_program, programmed
from .registers import PopulationRegisters, round_registers
from .scaling import Scale, choose_scale
from .sharing import neuron_scales
from .truncation import Truncation, expected_truncation

__all__ = ["LoweredPopulation", "lower"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LoweredPopulation:
    """Results of all passes over the neurons of a population.

    ``lsb_per_mv`` is the scale of each neuron, shape (size,), and ``scale`` that of the population.
    ``drive`` tells how the bias follows currents that change in steps, if there are any.
    ``program`` is None for neurons of the core's own kind.
    """

    ideal: IdealPopulation
    decays: Decays
    peaks: Peaks
    scale: Scale
    lsb_per_mv: Float64Array
    truncation: Truncation
    registers: PopulationRegisters
    drive: DriveSymbol | None
    program: PopulationProgram | None


def lower(
    network: Network,
    projections: Sequence[Projection],
    chip: ChipSpec,
    dt: float,
    options: CompileOptions,
    expected: Expectation,
) -> dict[str, LoweredPopulation]:
    """Round the parameters of all populations to registers.

    ``projections`` are all projections of the network, and ``expected`` are its rates.

    Raises
    ------
    CompileError
        If a parameter fits no register.
    """
    check_signs(projections, chip)
    with_program = programmed(network)

    def lowered(population: Population) -> LoweredPopulation:
        onto = projections_onto(population.name, projections)
        ideal = ideal_population(network, population, dt)
        name, by_program = population.name, population.name in with_program
        guessed = name in expected.guessed
        point = None if guessed else expected.points[name]
        lasting = None if guessed else expected.lasting[name]
        decays = round_decays(ideal, chip, dt, options, point, lasting)
        # Weights that learn may grow: there is room for the largest ones.
        largest = tuple(map(at_limit, onto))
        peaks = expected_peaks(largest, ideal, decays, chip.core, dt, expected)
        anchor = find_anchor(onto, decays, chip.core)
        scale = choose_scale(
            largest,
            ideal,
            decays,
            peaks,
            chip.core,
            options,
            by_program=by_program,
            bursts=[item for item in largest if expected.guesses_bursts(item.connection.source)],
            fixed=None if anchor is None else anchor.scales,
        )
        own = (
            neuron_scales(ideal, scale, chip.core, by_program=by_program)
            if anchor is None
            else scale.lsb_per_mv * anchor.relative
        )
        truncation = expected_truncation(onto, ideal, decays, lasting, own, chip.core, dt)
        registers = round_registers(
            ideal, decays, own, chip, dt, truncation.correction, by_program=by_program
        )
        return LoweredPopulation(
            ideal=ideal,
            decays=decays,
            peaks=peaks,
            scale=scale,
            lsb_per_mv=own,
            truncation=truncation,
            registers=registers,
            drive=_drive(ideal, decays, own, truncation)
            if network.step_currents(population)
            else None,
            program=lay_out_program(ideal, decays, registers, own, chip.core)
            if by_program
            else None,
        )

    return {population.name: lowered(population) for population in network.populations}


def _drive(
    ideal: IdealPopulation, decays: Decays, lsb_per_mv: Float64Array, truncation: Truncation
) -> DriveSymbol:
    """Return how the bias follows currents in steps; the bias of the image has their mean."""
    level = (decays.bias - decays.per_na * ideal.step_mean) * lsb_per_mv
    return DriveSymbol(level=level + truncation.correction, per_na=decays.per_na * lsb_per_mv)
