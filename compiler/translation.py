"""A network as registers that have no place yet: what placement, report and image are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurochip.chip.spec import ChipSpec
from neurochip.network import Network

from .neurons.compartments import PopulationCompartments
from .neurons.lower import LoweredPopulation
from .options import CompileOptions
from .placement.workload import Workload
from .synapses.convert import ConnectionRegisters

__all__ = ["Translation"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Translation:
    """What was asked, and what the passes before placement have made of it.

    Parameters
    ----------
    network, chip, options
        As they were given.
    dt : float, ms
        The step.
    populations : dict of str to LoweredPopulation
        Registers of the neurons of each population.
    connections : sequence of ConnectionRegisters
        Registers of the synapses of each projection.
    compartments : dict of str to PopulationCompartments
        The neurons of each population as compartments.
    work : Workload
        What has to be placed.
    """

    network: Network
    chip: ChipSpec
    dt: float
    options: CompileOptions
    populations: Mapping[str, LoweredPopulation]
    connections: Sequence[ConnectionRegisters]
    compartments: Mapping[str, PopulationCompartments]
    work: Workload
