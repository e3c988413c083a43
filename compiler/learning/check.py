"""Check that a chip can do the plasticity of a network, before anything is computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurochip.chip.spec import ChipSpec
from neurochip.errors import CompileError
from neurochip.network import Connection, Network, Population
from neurochip.recurrence import delay_steps

from .scale import learned_top

__all__ = ["check_plasticity", "late_steps", "owner_of", "with_limits"]


def owner_of(connection: Connection) -> str:
    """Return the name of a connection for messages."""
    return f"connection {connection.name!r}"


def check_plasticity(network: Network, chip: ChipSpec, dt: float) -> None:
    """Raise if a connection learns in a way that the chip cannot do.

    Raises
    ------
    CompileError
        If the chip has no learning engine, or a connection has several delays, or needs more traces
        than there are.
    """
    for connection in network.connections:
        if connection.plasticity is not None and connection.n_synapses:
            _check_engine(connection, chip)
            _check_traces(network, connection, dt)


def with_limits(network: Network, chip: ChipSpec) -> ChipSpec:
    """Return the chip; if synapses learn and have few bits, with an engine whose weights they hold.

    A chip with fewer bits than the engine knows of is a what-if chip, which says nothing about its
    engine: learned weights then end where mantissas do.
    """
    spec, most = chip.core.learning, learned_top(chip.core)
    plastic = any(item.plasticity is not None for item in network.connections)
    if not plastic or spec is None or spec.excitatory_limits[1] <= most:
        return chip
    return chip.what_if(learning=replace(spec, excitatory_limits=(0, most)))


def late_steps(network: Network, connection: Connection, dt: float) -> int:
    """Return by how many steps a presynaptic event is later in the network than on the chip.

    That is the delay, and one step more where input spikes are sent to the chip a step early.

    Raises
    ------
    CompileError
        If the synapses have several delays.
    """
    steps = delay_steps(connection.delay, dt)
    low, high = int(np.min(steps)), int(np.max(steps))
    if low < high:
        raise CompileError(
            f"{owner_of(connection)}: plasticity with delays of {low} to {high} steps; allowed: "
            "one delay for all synapses, since a trace belongs to a neuron. Split the connection "
            "by delay."
        )
    return low + (0 if isinstance(connection.source, Population) else network.input_lead)


def _check_engine(connection: Connection, chip: ChipSpec) -> None:
    spec = chip.core.learning
    if spec is None:
        raise CompileError(
            f"{owner_of(connection)}: plasticity, but chip {chip.name!r} has no learning engine; "
            "allowed: a chip that has one, such as LOIHI."
        )


def _check_traces(network: Network, connection: Connection, dt: float) -> None:
    """Check that two traces before a synapse and three after it are enough."""
    stdp, owner = connection.plasticity, owner_of(connection)
    late = late_steps(network, connection, dt)
    if stdp is None or stdp.triplet is None:
        return
    triplet = stdp.triplet
    if late and triplet.a3_minus and (stdp.a_plus or triplet.a3_plus):
        raise CompileError(
            f"{owner}: a3_minus of its triplet and a delay of {late} steps need three presynaptic "
            "traces; allowed: two. Set a3_minus or the delay to 0."
        )
    if stdp.reward is not None and triplet.a3_plus:
        raise CompileError(
            f"{owner}: a3_plus of its triplet and its reward need four postsynaptic traces; "
            "allowed: three. Set a3_plus to 0, or leave out the reward."
        )
