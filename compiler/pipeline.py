"""The passes in order, one line each."""

from __future__ import annotations

from neurochip.hardware import LOIHI, ChipSpec
from neurochip.image import ChipImage
from neurochip.network import Network

from .assemble import assemble
from .check import check_request
from .compartments import lay_out_compartments
from .explain import explain
from .lower import lower
from .options import CompileOptions
from .placement import place_sequentially
from .synapses import round_connection
from .time_step import choose_dt

__all__ = ["compile_network"]


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
    gain, headroom, assumed_rate, weight_rounding, weight_seed
        See :class:`CompileOptions`.

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
        weight_rounding=weight_rounding,
        weight_seed=weight_seed,
    )
    if isinstance(dt, str) and dt == "auto":
        dt = choose_dt(network, chip, options=options).dt
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
    placement = place_sequentially(network, compartments, connections, chip)
    report = explain(network, chip, step, options, parts, connections, placement)
    return assemble(
        network,
        chip,
        step,
        parts.ideals,
        parts.scales,
        compartments,
        connections,
        placement,
        report,
    )
