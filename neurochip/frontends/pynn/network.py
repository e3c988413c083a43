"""Reads the objects of a script as a neurochip Network, in NEST's order of events.

| PyNN | neurochip |
|---|---|
| a step | ``delivery="before_threshold"`` |
| ``tau_refrac`` | ``refractory="after_spike"`` |
| delay d of a synapse with a current | d |
| delay d of a delta synapse | d - dt |
| spike of a SpikeSourceArray at t | in step ``floor(t / dt + 1e-3)`` |
| weight of a current (nA) or of a delta synapse (mV) | as it is, with its sign |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

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
from .sources import expected_rate, given_spikes

__all__ = ["Part", "is_source", "located", "parts_of", "read_network", "wired_sources"]

_SHARED = ("tau_m", "cm", "v_rest", "v_reset", "v_thresh", "tau_refrac", "i_offset")


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
    """

    name: str
    source: Any
    target: Any
    synapses: Int64Array
    pre: Int32Array
    post: Int32Array
    weight: Float64Array
    delay: Float64Array


def is_source(population: Any) -> bool:
    """Return whether a population consists of spike sources."""
    return not population.celltype.injectable


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
        own = np.flatnonzero(pairs == pair)
        name = projection.key
        if len(found) > 1:
            name = f"{name} ({source.key} to {target.key})"
        yield Part(name, source, target, own, pre_ids[own], post_ids[own], weight[own], delay[own])


def wired_sources(state: Any) -> list[Any]:
    """Return the populations of sources that have synapses, in order of creation."""
    wired: set[int] = set()
    for projection in state.projections:
        wired |= set(located(projection.pre, state.populations)[0].tolist())
    return [state.populations[i] for i in sorted(wired) if is_source(state.populations[i])]


def read_network(state: Any, stop: int) -> Network | None:
    """Return the network of a script as it is now, or None if it has no neurons.

    Parameters
    ----------
    state : State
        The objects of the script.
    stop : int
        Step at which the next run ends: its currents tell the compiler what to expect.

    Raises
    ------
    NetworkError
        If a parameter is not allowed.
    """
    ends: dict[str, Any] = {}
    currents: list[StepCurrent] = []
    for item in state.populations:
        if is_source(item):
            continue
        population = Population(item.key, item.size, _model(item))
        ends[item.key] = population
        needed = room(item, state.step, stop - state.step, state.dt)
        if needed is not None:
            currents.append(StepCurrent(population, *needed))
    if not ends:
        return None
    populations = list(ends.values())
    inputs = [_input(item, state) for item in wired_sources(state)]
    ends |= {item.name: item for item in inputs}
    connections = [
        _connection(part, ends, state.dt)
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


def _model(population: Any) -> LIF:
    given, initial = population._parameters, population._initial
    values: dict[str, Any] = {name: _plain(given[name]) for name in _SHARED}
    values["v_init"] = _plain(initial["v"])
    for receptor, end in zip(population.celltype.receptors, "EI", strict=False):
        values[f"tau_syn_{end}"] = _plain(given[receptor.tau])
        values[f"i_syn_init_{end}"] = _plain(initial[receptor.initial])
    return LIF(**values)


def _plain(values: Any) -> float | Float64Array:
    """Return one number if all neurons have it."""
    values = np.asarray(values, dtype=np.float64)
    return float(values[0]) if (values == values[0]).all() else values


def _input(population: Any, state: Any) -> SpikeInput:
    times, ids = given_spikes(population)
    rate = expected_rate(population, state.t)
    return SpikeInput(population.key, population.size, ids, times, rate)


def _connection(part: Part, ends: dict[str, Any], dt: float) -> Connection:
    delay = part.delay
    target = ends[part.target.key]
    if target.model.delta_synapses:
        delay = np.maximum(delay - dt, 0.0)
    return from_arrays(
        ends[part.source.key],
        target,
        part.pre,
        part.post,
        weight=_plain(part.weight) if len(part.weight) else 0.0,
        delay=_plain(delay) if len(delay) else 0.0,
        name=part.name,
    )
