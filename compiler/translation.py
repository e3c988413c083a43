"""The network as registers before placement; placement, report and image are made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurochip.chip.spec import ChipSpec
from neurochip.network import Network

from .learning.plastic import PlasticRegisters
from .neurons.compartments import PopulationCompartments
from .neurons.expectation import Expectation
from .neurons.lower import LoweredPopulation
from .options import CompileOptions
from .placement.workload import Workload, lay_out_work
from .synapses.convert import ConnectionRegisters

__all__ = ["Translation"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Translation:
    """Arguments of a compilation, and the results of the passes before placement.

    Parameters
    ----------
    network, chip, options
        Arguments of the compilation.
    dt : float, ms
        Length of a step.
    populations : dict of str to LoweredPopulation
        Registers of the neurons of each population.
    connections : sequence of ConnectionRegisters
        Registers of the synapses of each projection.
    compartments : dict of str to PopulationCompartments
        Registers of the compartments of each population.
    expected : Expectation
        Expected rates of the network.
    plastic : dict of str to PlasticRegisters
        Registers of the connections that learn.
    """

    network: Network
    chip: ChipSpec
    dt: float
    options: CompileOptions
    populations: Mapping[str, LoweredPopulation]
    connections: Sequence[ConnectionRegisters]
    compartments: Mapping[str, PopulationCompartments]
    expected: Expectation
    plastic: Mapping[str, PlasticRegisters]

    def workload(self) -> Workload:
        """Return the input of the placement, which takes 4 bytes per synapse: do not keep it."""
        rules = {name: item.rule for name, item in self.plastic.items()}
        return lay_out_work(
            self.network,
            self.compartments,
            self.connections,
            self.dt,
            self.expected,
            self.chip.core,
            rules,
        )
