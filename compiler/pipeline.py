"""The passes in order, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurochip._support.values import instance
from neurochip.chip.spec import LOIHI, ChipSpec
from neurochip.errors import CompileError
from neurochip.image import ChipImage
from neurochip.network import Network
from neurochip.recording import Recording

from .assemble import assemble
from .check import check_request
from .explain import explain
from .neurons.compartments import PopulationCompartments, lay_out_compartments
from .neurons.lower import Lowered, lower
from .options import CompileOptions
from .placement.place import place
from .placement.workload import Workload, lay_out_work
from .synapses.convert import ConnectionRegisters, round_connection
from .time_step import choose_dt

__all__ = ["Translation", "compile_network", "translate"]


def compile_network(
    network: Network,
    chip: ChipSpec = LOIHI,
    dt: float | str = 0.1,
    *,
    gain: str = "dc",
    headroom: float = 1.25,
    assumed_rate: float = 100.0,
    weight_rounding: str = "nearest",
    weight_seed: int = 0,
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
    dt : float or "auto", ms
        Length of a step, above 0. ``"auto"`` takes the whole fraction of 1 ms between 0.05 and 1 ms
        with the least expected error; :func:`choose_dt` shows them all.
    gain, headroom, assumed_rate, weight_rounding, weight_seed, placement, mesh, seed
        See :class:`CompileOptions`.
    traffic : Recording, optional
        A run of the network, in float64 or on the chip: how often each neuron spikes, for
        strategies that keep spikes within cores. Default: all neurons at ``assumed_rate``.

    Returns
    -------
    ChipImage
        Integers, with a :class:`~neurochip.image.report.CompileReport` in ``image.report``.

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
        weight_rounding=weight_rounding,
        weight_seed=weight_seed,
        placement=placement,
        mesh=mesh,
        seed=seed,
    )
    done = translate(network, chip, dt, options, traffic)
    placed = place(done.work, chip, options.placement, options.mesh, options.seed)
    report = explain(network, chip, done.dt, options, done.parts, done.connections, placed)
    return assemble(
        network,
        chip,
        done.dt,
        done.parts.ideals,
        done.parts.scales,
        done.compartments,
        done.connections,
        placed,
        report,
    )


@dataclass(frozen=True, eq=False)
class Translation:
    """A network as registers without a place: what passes 0 to 10 have made."""

    dt: float
    parts: Lowered
    connections: Sequence[ConnectionRegisters]
    compartments: Mapping[str, PopulationCompartments]
    work: Workload


def translate(
    network: Network,
    chip: ChipSpec,
    dt: float | str,
    options: CompileOptions,
    traffic: Recording | None = None,
) -> Translation:
    """Do all passes before placement.

    Raises
    ------
    CompileError
        If a parameter fits no register.
    """
    if isinstance(dt, str) and dt == "auto":
        dt = choose_dt(network, chip, options=options).dt
    if traffic is not None:
        allowed = "a Recording of the network"
        instance("compile", "traffic", traffic, Recording, allowed, error=CompileError)
    step = check_request(network, chip, dt)
    parts = lower(network, chip, step, options)
    connections = [
        round_connection(
            item,
            parts.decays[item.connection.target.name],
            parts.scales[item.connection.target.name].lsb_per_mv,
            chip,
            step,
            options,
        )
        for item in parts.projections
    ]
    compartments = {
        p.name: lay_out_compartments(parts.decays[p.name], parts.registers[p.name], chip.core)
        for p in network.populations
    }
    work = lay_out_work(network, compartments, connections, step, options, traffic)
    return Translation(step, parts, connections, compartments, work)
