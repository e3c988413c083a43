"""Passes 1 to 7 for all populations: from parameters to integers, without synapses and cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurochip.chip.spec import ChipSpec
from neurochip.network import Network
from neurochip.recurrence import IdealPopulation, ideal_population

from ..options import NEED_DRIVE, CompileOptions
from ..synapses.projections import Projection, project, projections_onto
from .decays import Decays, round_decays
from .drive import operating_points
from .peaks import Peaks, expected_peaks
from .registers import PopulationRegisters, round_registers
from .scaling import Scale, choose_scale

__all__ = ["Lowered", "lower"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Lowered:
    """What each pass made of each population, by name, and the projections of the network."""

    ideals: Mapping[str, IdealPopulation]
    decays: Mapping[str, Decays]
    projections: tuple[Projection, ...]
    peaks: Mapping[str, Peaks]
    scales: Mapping[str, Scale]
    registers: Mapping[str, PopulationRegisters]


def lower(network: Network, chip: ChipSpec, dt: float, options: CompileOptions) -> Lowered:
    """Round the parameters of all populations to registers.

    Raises
    ------
    CompileError
        If a parameter fits no register.
    """
    core, members = chip.core, network.populations
    ideals = {p.name: ideal_population(network, p, dt) for p in members}
    points = operating_points(network) if options.gain in NEED_DRIVE else {}
    decays = {
        p.name: round_decays(ideals[p.name], chip, dt, options, points.get(p.name)) for p in members
    }
    projections = project(network)
    onto = {p.name: projections_onto(p.name, projections) for p in members}
    peaks = {
        p.name: expected_peaks(onto[p.name], ideals[p.name], decays[p.name], core, dt, options)
        for p in members
    }
    scales = {
        p.name: choose_scale(
            onto[p.name], ideals[p.name], decays[p.name], peaks[p.name], core, options
        )
        for p in members
    }
    registers = {
        p.name: round_registers(ideals[p.name], decays[p.name], scales[p.name], chip, dt)
        for p in members
    }
    return Lowered(
        ideals=ideals,
        decays=decays,
        projections=projections,
        peaks=peaks,
        scales=scales,
        registers=registers,
    )
