"""The passes in order, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurochip.hardware import LOIHI, ChipSpec
from neurochip.image import ChipImage
from neurochip.network import Network
from neurochip.recording import Recording

from .assemble import assemble
from .check import check_request
from .compartments import PopulationCompartments, lay_out_compartments
from .decays import Decays, round_decays
from .explain import explain
from .ideal import IdealPopulation, ideal_population
from .options import CompileOptions
from .peaks import Peaks, expected_peaks
from .placement import place
from .projections import project, projections_onto
from .registers import PopulationRegisters, round_registers
from .scaling import Scale, choose_scale
from .synapses import ConnectionRegisters, round_connection
from .workload import Workload, lay_out_work

__all__ = ["Translation", "compile_network", "translate"]


def compile_network(
    network: Network,
    chip: ChipSpec = LOIHI,
    dt: float = 0.1,
    *,
    gain: str = "dc",
    headroom: float = 1.25,
    assumed_rate: float = 100.0,
    placement: str = "sequential",
    mesh: str | None = None,
    traffic: Recording | None = None,
    seed: int = 0,
) -> ChipImage:
    """Map a network onto the registers of a chip.

    Parameters
    ----------
    network : Network
        What to map.
    chip : ChipSpec
        Every width and limit. Default: the first-generation chip.
    dt : float, ms
        Length of a step, above 0.
    gain, headroom, assumed_rate, placement, mesh, seed
        See :class:`CompileOptions`.
    traffic : Recording, optional
        A run of the network, in float64 or on the chip: how often each neuron spikes, for
        strategies that keep spikes within cores. Default: all neurons at ``assumed_rate``.

    Returns
    -------
    ChipImage
        Integers, with a :class:`~neurochip.compile_report.CompileReport` in ``image.report``.

    Raises
    ------
    CompileError
        If a parameter fits no register, or the network does not fit the chip; the message names
        the object, the value, what is allowed and what to do.

    Examples
    --------
    >>> from neurochip import LIF, Network, PoissonInput, Population, one_to_one
    >>> source, cells = PoissonInput("source", 10, rate=20.0), Population("cells", 10, LIF())
    >>> network = Network(inputs=[source], populations=[cells],
    ...                   connections=[one_to_one(source, cells, weight=1.5)])
    >>> image = compile_network(network, LOIHI, dt=1.0)
    >>> image.n_cores, image.n_synapses
    (1, 10)
    """
    options = CompileOptions(
        gain=gain,
        headroom=headroom,
        assumed_rate=assumed_rate,
        placement=placement,
        mesh=mesh,
        seed=seed,
    )
    done = translate(network, chip, dt, options, traffic)
    placed = place(done.work, chip, options.placement, options.mesh, options.seed)
    report = explain(
        network,
        chip,
        done.dt,
        options,
        done.ideals,
        done.decays,
        done.peaks,
        done.scales,
        done.registers,
        done.connections,
        placed,
    )
    return assemble(
        network,
        chip,
        done.dt,
        done.ideals,
        done.scales,
        done.compartments,
        done.connections,
        placed,
        report,
    )


@dataclass(frozen=True, eq=False)
class Translation:
    """A network as registers without a place: what passes 0 to 10 have made."""

    dt: float
    ideals: Mapping[str, IdealPopulation]
    decays: Mapping[str, Decays]
    peaks: Mapping[str, Peaks]
    scales: Mapping[str, Scale]
    registers: Mapping[str, PopulationRegisters]
    connections: Sequence[ConnectionRegisters]
    compartments: Mapping[str, PopulationCompartments]
    work: Workload


def translate(
    network: Network,
    chip: ChipSpec,
    dt: float,
    options: CompileOptions,
    traffic: Recording | None = None,
) -> Translation:
    """Do all passes before placement.

    Raises
    ------
    CompileError
        If a parameter fits no register.
    """
    dt = check_request(network, chip, dt)
    members = network.populations
    ideals = {p.name: ideal_population(network, p, dt) for p in members}
    decays = {p.name: round_decays(ideals[p.name], chip, dt, options) for p in members}
    projections = project(network)
    onto = {p.name: projections_onto(p.name, projections) for p in members}
    peaks = {
        p.name: expected_peaks(onto[p.name], ideals[p.name], decays[p.name], chip.core, dt, options)
        for p in members
    }
    scales = {
        p.name: choose_scale(
            onto[p.name], ideals[p.name], decays[p.name], peaks[p.name], chip.core, options
        )
        for p in members
    }
    registers = {
        p.name: round_registers(ideals[p.name], decays[p.name], scales[p.name], chip, dt)
        for p in members
    }
    connections = []
    for item in projections:
        target = item.connection.target.name
        connections.append(
            round_connection(item, decays[target], scales[target].lsb_per_mv, chip, dt)
        )
    compartments = {
        p.name: lay_out_compartments(decays[p.name], registers[p.name], chip.core) for p in members
    }
    work = lay_out_work(network, compartments, connections, dt, options, traffic)
    return Translation(
        dt, ideals, decays, peaks, scales, registers, connections, compartments, work
    )
