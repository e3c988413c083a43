"""Relays: neurons that send a spike on after a delay, so that learning sees it when it arrives."""

from __future__ import annotations

import dataclasses

import numpy as np

from .._support.grid import LAST_STEP, nearest_steps
from .._support.text import percent
from .._support.values import instance
from .._support.warn import warn_user
from ..errors import NetworkError
from ..typing import Int64Array
from .connection import Connection
from .connections import from_arrays
from .network import Network
from .neurons import LIF, Population
from .repeats import repeated_share
from .time_step import own_step

__all__ = ["insert_relays", "needs_relays", "with_relays"]

_KICK = 2.0  # thresholds


def with_relays(network: Network, dt: float | None = None) -> Network:
    """Return a network in which neurons relay the spikes of delayed connections that learn.

    A synapse of a network learns from a presynaptic spike when it arrives, one of the chip when it
    is sent, since a trace belongs to a neuron. The compiler makes up for the delay in the
    amplitudes, but pairs of spikes that are closer than the delay come in the other order, and it
    refuses synapses with several delays. Here a relay, one neuron for each source and delay, spikes
    when the spike of its source arrives, and reaches the synapses without a delay: spikes, weights
    and what they learn are the same, and the chip sees the spike in time.

    Connections keep their name, their synapses are sorted by source, then delay, and their source
    is the population of their relays, ``"NAME relays"``. Those without a delay, or with one step
    for all, stay as they are: the chip does them without an error.

    Parameters
    ----------
    network : Network
        The network.
    dt : float, optional, ms
        Step of the runs. Default: that of the network.

    Returns
    -------
    Network
        The network with its relays, which holds for steps of dt only; the same object if it needs
        none.

    Raises
    ------
    NetworkError
        If dt is missing, some synapses of a connection have a delay and others none, a delay is
        longer than any run, or a source is an input and acts before the threshold
        (``delivery="before_threshold"``).

    Warns
    -----
    NeurochipWarning
        If an input spikes more than once in a step, of which a relay makes one spike.

    Examples
    --------
    >>> from neurochip import LIF, STDP, PoissonInput, Population, all_to_all
    >>> source, cells = PoissonInput("source", 10, rate=20.0), Population("cells", 4, LIF())
    >>> rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.01, a_minus=0.0105, w_max=1.0)
    >>> late = all_to_all(source, cells, weight=0.5, delay=3.0, plasticity=rule)
    >>> network = Network(inputs=[source], populations=[cells], connections=[late])
    >>> with_relays(network, dt=1.0).connections
    (Connection('source->source->cells relays', 'source' -> 'source->cells relays', 10 synapses), \
Connection('source->cells', 'source->cells relays' -> 'cells', 40 synapses, plastic))
    """
    allowed = "a Network"
    instance("with_relays", "network", network, Network, allowed, error=NetworkError)
    step = own_step("with_relays", network, dt, NetworkError)
    found = insert_relays(network, step)
    for item in network.connections:
        share = repeated_share(item.source, step) if needs_relays(item, step) else 0.0
        if share:
            warn_user(
                f"with_relays: connection {item.name!r}: {percent(share, sign='')} of the spikes "
                f"of input {item.source.name!r} come in a step with an earlier one of their "
                "source; a relay makes one spike of them. Shorten dt."
            )
    return found


def insert_relays(network: Network, dt: float) -> Network:
    """Return the network of :func:`with_relays`, whose inputs spike once in a step of ``dt`` ms.

    Raises
    ------
    NetworkError
        As for :func:`with_relays`.
    """
    populations, connections = list(network.populations), []
    for item in network.connections:
        if not needs_relays(item, dt):
            connections.append(item)
            continue
        _check(network, item, dt)
        there, relayed = _relayed(item, dt)
        populations.append(there.target)
        connections += [there, relayed]
    if len(populations) == len(network.populations):
        return network
    return dataclasses.replace(network, populations=populations, connections=connections, dt=dt)


def needs_relays(connection: Connection, dt: float) -> bool:
    """Tell whether a connection learns with delays that the chip cannot do without an error.

    Raises
    ------
    NetworkError
        If it learns with a delay that is longer than any run.
    """
    if not connection.learns:
        return False
    steps = _steps(connection, dt)
    return bool(steps.max() > (1 if steps.min() == steps.max() else 0))


def _steps(connection: Connection, dt: float) -> Int64Array:
    """Return the delay of each synapse in steps."""
    steps = nearest_steps(connection.delay, dt)
    if steps.max() > LAST_STEP:
        raise NetworkError(
            f"with_relays: connection {connection.name!r}: a delay of "
            f"{np.max(connection.delay):g} ms is {steps.max():.10g} steps of {dt:g} ms; allowed: "
            f"at most {LAST_STEP} steps. Shorten it or raise dt."
        )
    return np.broadcast_to(steps.astype(np.int64), (connection.n_synapses,))


def _check(network: Network, item: Connection, dt: float) -> None:
    owner, steps = f"with_relays: connection {item.name!r}", _steps(item, dt)
    if not steps.min():
        raise NetworkError(
            f"{owner} has delays of 0 to {steps.max()} steps; allowed: at least one step of "
            f"{dt:g} ms for all of its synapses, which a relay takes. Split the connection."
        )
    if network.input_lead and not isinstance(item.source, Population):
        raise NetworkError(
            f"{owner} comes from the input {item.source.name!r}, whose spikes act before the "
            "threshold of their step; allowed: a source that is a population, or another delivery."
        )


def _relayed(item: Connection, dt: float) -> tuple[Connection, Connection]:
    """Return the connection to the relays of another one, and the other one from there."""
    ends = np.stack([item.pre, _steps(item, dt)])
    pairs, relay = np.unique(ends, axis=1, return_inverse=True)
    # A current of one step, which the reset does not erase: a relay may spike in every step.
    cell = LIF(
        v_rest=0.0,
        v_reset=0.0,
        v_thresh=1.0,
        tau_m=10.0 * dt,
        tau_syn=dt,
        cm=dt,
        integration="euler",
    )
    relays = Population(f"{item.name} relays", pairs.shape[1], cell)
    there = from_arrays(
        item.source,
        relays,
        pairs[0],
        np.arange(relays.size),
        weight=_KICK,
        delay=(pairs[1] - 1) * dt,
        name=f"{item.name} to its relays",
    )
    here = from_arrays(
        relays,
        item.target,
        relay.ravel(),
        item.post,
        weight=item.weight,
        name=item.name,
        receptor=item.receptor,
        plasticity=item.plasticity,
    )
    return there, here
