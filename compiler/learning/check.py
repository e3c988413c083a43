"""Check that a chip can do the plasticity of a network, before anything is computed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from neurochip._support.grid import whole_steps
from neurochip.chip.spec import ChipSpec
from neurochip.errors import CompileError
from neurochip.network import Connection, Network, Population, RewardModulation
from neurochip.recurrence import delay_steps

from .scale import learned_top

__all__ = [
    "check_engine",
    "check_steps",
    "interval_exponent",
    "late_steps",
    "owner_of",
    "with_limits",
]

_LARGEST_K = 9  # of the terms u0 to u9


def owner_of(connection: Connection) -> str:
    """Return the name of a connection for messages."""
    return f"connection {connection.name!r}"


def check_engine(network: Network, chip: ChipSpec) -> None:
    """Raise a CompileError if connections learn, and the chip has no learning engine."""
    for connection in network.connections:
        if connection.learns and chip.core.learning is None:
            raise CompileError(
                f"{owner_of(connection)}: plasticity, but chip {chip.name!r} has no learning "
                "engine; allowed: a chip that has one, such as LOIHI."
            )


def check_steps(network: Network, dt: float) -> None:
    """Raise if a plasticity does not fit a time step: its traces, or the interval of its reward.

    Raises
    ------
    CompileError
        If synapses of a connection have several delays, it needs more traces than there are, or an
        interval is no power of two of steps.
    """
    for item in network.connections:
        if not item.learns:
            continue
        _check_traces(network, item, dt)
        if item.plasticity is not None and item.plasticity.reward is not None:
            interval_exponent(owner_of(item), item.plasticity.reward, dt)


def with_limits(network: Network, chip: ChipSpec) -> ChipSpec:
    """Return the chip; if synapses learn and have few bits, with an engine whose weights they hold.

    A chip with fewer bits than the engine knows of is a what-if chip, which says nothing about its
    engine: learned weights then end where mantissas do.
    """
    spec, most = chip.core.learning, learned_top(chip.core)
    if not network.learns or spec is None or spec.excitatory_limits[1] <= most:
        return chip
    return chip.what_if(name=chip.name, learning=replace(spec, excitatory_limits=(0, most)))


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
            "one delay for all synapses, since a trace belongs to a neuron. Let neurons relay its "
            "spikes: with_relays(network, dt)."
        )
    return low + (0 if isinstance(connection.source, Population) else network.input_lead)


def interval_exponent(owner: str, modulation: RewardModulation, dt: float) -> int:
    """Return k for an interval of ``2**k`` steps.

    Raises
    ------
    CompileError
        If it is not as long as that.
    """
    steps = whole_steps(modulation.interval, dt)
    if steps is None or steps.bit_count() != 1 or steps > 1 << _LARGEST_K:
        near = 2 ** min(_LARGEST_K, max(0, round(math.log2(modulation.interval / dt))))
        raise CompileError(
            f"{owner}: interval = {modulation.interval:g} ms of its reward is "
            f"{modulation.interval / dt:g} steps of {dt:g} ms; allowed: 1, 2, 4 ... "
            f"{1 << _LARGEST_K} steps. The nearest is {near * dt:g} ms."
        )
    return steps.bit_length() - 1


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
            "traces; allowed: two. Set a3_minus or the delay to 0, or let neurons relay the "
            "spikes: with_relays(network, dt)."
        )
    if stdp.reward is not None and triplet.a3_plus:
        raise CompileError(
            f"{owner}: a3_plus of its triplet and its reward need four postsynaptic traces; "
            "allowed: three. Set a3_plus to 0, or leave out the reward."
        )
