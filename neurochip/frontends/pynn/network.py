"""Reads the objects of a script as a neurochip Network, in NEST's order of events.

| PyNN | neurochip |
|---|---|
| a step | ``delivery="before_threshold"`` |
| ``tau_refrac`` | ``refractory="after_spike"`` |
| spike at ``v >= v_thresh`` | v_thresh is the next float below |
| delay d of a synapse with a current | d |
| delay d of a delta synapse | d - dt |
| spike of a SpikeSourceArray at t | in step ``floor(t / dt + 1e-3)`` |
| weight of a current (nA) or of a delta synapse (mV) | as it is, with its sign |
| weight of a conductance (uS) | times the driving force: ``membranes.py`` |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...errors import FrontendError
from ...network import (
    LIF,
    Connection,
    Network,
    Population,
    SpikeInput,
    StepCurrent,
    from_arrays,
)
from ...typing import Float64Array, Int32Array, Int64Array
from .injection import room
from .membranes import driving_force, model_of, plain
from .plasticity import rule_of
from .sources import expected_rate, given_spikes, is_source

__all__ = ["Part", "located", "parts_of", "read_input", "read_network", "wired_sources"]


class Part(NamedTuple):
    """The synapses of a projection between two populations.

    Parameters
    ----------
    name : str
        Name of the Connection.
    source, target : pynn.Population
        Both populations.
    synapses : ndarray of int64, shape (n_synapses,)
        Which synapses of the projection these are, in order.
    pre, post : ndarray of int32, shape (n_synapses,)
        Their ends, as indices in both populations.
    weight, delay : ndarray, shape (n_synapses,)
        In PyNN's units.
    receptor : str
        Receptor type of the projection.
    """

    name: str
    source: Any
    target: Any
    synapses: Int64Array
    pre: Int32Array
    post: Int32Array
    weight: Float64Array
    delay: Float64Array
    receptor: str


def located(selection: Any, populations: list[Any]) -> tuple[Int32Array, Int32Array]:
    """Return where the cells of a selection are.

    Parameters
    ----------
    selection : Population, PopulationView, Assembly or sequence of ID
        The cells.
    populations : list of Population
        ``state.populations``.

    Returns
    -------
    numbers : ndarray of int32, shape (n_cells,)
        Number of the population of each cell.
    indices : ndarray of int32, shape (n_cells,)
        Index of each cell in its population.
    """
    firsts = np.array([int(item.first_id) for item in populations])
    cells = np.asarray(getattr(selection, "all_cells", selection)).astype(np.int64)
    numbers = np.searchsorted(firsts, cells, side="right") - 1
    return numbers.astype(np.int32), (cells - firsts[numbers]).astype(np.int32)


def parts_of(projection: Any, populations: list[Any]) -> Iterator[Part]:
    """Yield the synapses of a projection by the populations that they connect.

    Parameters
    ----------
    projection : Projection
        The projection.
    populations : list of Population
        ``state.populations``.
    """
    pre, post, weight, delay = projection.synapses()
    sources, pre_ids = (column[pre] for column in located(projection.pre, populations))
    targets, post_ids = (column[post] for column in located(projection.post, populations))
    pairs = sources.astype(np.int64) * len(populations) + targets
    found = np.unique(pairs)
    for pair in found:
        source, target = (populations[i] for i in divmod(int(pair), len(populations)))
        name, own = projection.key, np.arange(len(pairs))
        if len(found) > 1:
            name, own = f"{name} ({source.key} to {target.key})", np.flatnonzero(pairs == pair)
        ends, values = (pre_ids[own], post_ids[own]), (weight[own], delay[own])
        yield Part(name, source, target, own, *ends, *values, projection.receptor_type)


def wired_sources(state: Any) -> list[Any]:
    """Return the populations of sources that have synapses, in order of creation."""
    wired: set[int] = set()
    for projection in state.projections:
        wired.update(located(projection.pre, state.populations)[0].tolist())
    return [state.populations[i] for i in sorted(wired) if is_source(state.populations[i])]


def read_network(state: Any) -> Network | None:
    """Return the network of a script as it is now, or None if it has no neurons.

    It does not depend on the length of a run, so that a run in pieces has the same image.

    Parameters
    ----------
    state : State
        The objects of the script.

    Raises
    ------
    FrontendError
        If a weight has the sign of another receptor.
    NetworkError
        If a parameter is not allowed.
    """
    ends: dict[str, Any] = {}
    currents: list[StepCurrent] = []
    for item in state.populations:
        if is_source(item):
            continue
        population = Population(item.key, item.size, model_of(item))
        ends[item.key] = population
        needed = room(item, state.dt)
        if needed is not None:
            currents.append(StepCurrent(population, *needed))
    if not ends:
        return None
    populations = list(ends.values())
    inputs = [read_input(item) for item in wired_sources(state)]
    ends |= {item.name: item for item in inputs}
    connections = [
        _connection(projection, part, ends, state.dt)
        for projection in state.projections
        for part in parts_of(projection, state.populations)
    ]
    return Network(
        populations=populations,
        inputs=[*inputs, *currents],
        connections=connections,
        delivery="before_threshold",
        refractory="after_spike",
    )


def read_input(population: Any) -> SpikeInput:
    """Return the input of the network that a population of sources is now."""
    times, ids = given_spikes(population)
    rate = expected_rate(population)
    # Random sources say how long they spike; the others do until the last time that is known.
    lasts = population._parameters.get("duration", times.max(initial=0.0))
    return SpikeInput(population.key, population.size, ids, times, rate, lasts)


def _connection(projection: Any, part: Part, ends: dict[str, Any], dt: float) -> Connection:
    delay = part.delay
    source, target = ends[part.source.key], ends[part.target.key]
    if target.model.delta_synapses:
        delay = np.maximum(delay - dt, 0.0)
    return from_arrays(
        source,
        target,
        part.pre,
        part.post,
        weight=plain(_weights(part, target.model)),
        delay=plain(delay),
        name=part.name,
        plasticity=rule_of(projection, part.target, delay, isinstance(source, SpikeInput), dt),
    )


def _weights(part: Part, model: LIF) -> Float64Array:
    """Return the weights of a part in nA or mV, with signs that say which current they drive.

    Raises
    ------
    FrontendError
        If the neurons have two currents, and a weight has the sign of the other one.
    """
    weight = part.weight
    for item, sign in zip(part.target.celltype.receptors, (1.0, -1.0), strict=False):
        if item.name != part.receptor:
            continue
        force = driving_force(part.target, item)
        weight = weight * (force[part.post] if isinstance(force, np.ndarray) else force)
        wrong = np.flatnonzero(weight * sign < 0)
        if model.two_currents and wrong.size:
            allowed = "at least 0" if sign > 0 else "at most 0"
            raise FrontendError(
                f"Projection {part.name!r}: weight = {weight[wrong[0]]:g} nA onto the receptor "
                f"{part.receptor!r}; allowed: {allowed}, since its sign says which of two currents "
                "with different time constants a spike drives."
            )
    return weight
