"""Flat tables of a network: parameters by neuron, and synapses by source."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._support.csr import join_rows
from .._support.grid import nearest_steps
from ..errors import NetworkError
from ..network import Connection, Network, Population
from ..typing import Float64Array, Int32Array, Int64Array

__all__ = [
    "CURRENT",
    "CURRENT_AND_KICKS",
    "KICKS",
    "SUBTRACT",
    "SUBTRACT_AND_RAISE",
    "SUBTRACT_MANY",
    "TO_VALUE",
    "TWO_CURRENTS",
    "NeuronTable",
    "SynapseTable",
    "UInt16Array",
    "delay_steps",
    "first_indices",
    "first_slot",
    "fixed_synapses",
    "flatten_neurons",
    "flatten_synapses",
    "in_transit",
]

UInt16Array: TypeAlias = NDArray[np.uint16]

_MOST_DELAY_STEPS = np.iinfo(np.uint16).max

KICKS, CURRENT, TWO_CURRENTS, CURRENT_AND_KICKS = 0, 1, 2, 3
"""Receptors of synapses: v, a current, an excitatory and an inhibitory one, or a current and v."""

TO_VALUE, SUBTRACT, SUBTRACT_MANY, SUBTRACT_AND_RAISE = 0, 1, 2, 3
"""Resets: v is set to v_reset, or lowered by ``v_thresh - v_reset`` once or many times a step, or
once with a threshold that a v above it raises for the next step."""


class NeuronTable(NamedTuple):
    """Parameters of all neurons for one time step.

    Parameters
    ----------
    bounds : ndarray of int64, shape (n_populations + 1,)
        Neurons of population p are ``bounds[p]`` to ``bounds[p + 1]``.
    receptors : ndarray of int64, shape (n_populations,)
        What synapses drive: ``KICKS``, ``CURRENT``, ``TWO_CURRENTS`` or ``CURRENT_AND_KICKS``. The
        last two have two slots per neuron.
    resets : ndarray of int64, shape (n_populations,)
        What a spike does to v: ``TO_VALUE``, ``SUBTRACT``, ``SUBTRACT_MANY`` or
        ``SUBTRACT_AND_RAISE``.
    uniform : ndarray of bool, shape (n_populations,)
        Whether all parameters except ``v_inf`` are the same for all neurons.
    second : ndarray of int64, shape (n_populations,)
        Slot of the second receptor of the first neuron, which is the inhibitory current or that of
        kicks; the other neurons follow. The first ``n_neurons`` slots are the first receptors, by
        neuron.
    bounded : ndarray of bool, shape (n_populations,)
        Whether v has a lower bound.
    v_inf, v_thresh, v_reset, v_min : ndarray of float64, shape (n_neurons,), mV
        ``v_inf`` is the steady state under the constant current, or 0 without a leak.
    keep_v : ndarray of float64, shape (n_neurons,)
        Fraction of ``v - v_inf`` that a step keeps.
    drift : ndarray of float64, shape (n_neurons,), mV
        Increment of v by the constant current in a step, for neurons without a leak; otherwise 0.
    keep_syn : ndarray of float64, shape (n_slots,)
        Fraction of a synaptic current that a step keeps; 0 for kicks.
    gain : ndarray of float64, shape (n_slots,), mV/nA
        Increment of v at the end of a step per unit of synaptic current at its beginning; 0 for
        kicks.
    hold_steps : ndarray of int64, shape (n_neurons,)
        Steps from a spike to the first step that integrates again, at least 1 with a reset to a
        value. 0 means that the step of the spike keeps its kicks.
    """

    bounds: Int64Array
    receptors: Int64Array
    resets: Int64Array
    bounded: NDArray[np.bool_]
    uniform: NDArray[np.bool_]
    second: Int64Array
    v_inf: Float64Array
    v_thresh: Float64Array
    v_reset: Float64Array
    v_min: Float64Array
    keep_v: Float64Array
    drift: Float64Array
    keep_syn: Float64Array
    gain: Float64Array
    hold_steps: Int64Array

    @property
    def special(self) -> bool:
        """True if any population has two receptors, a bound of v, or a reset that subtracts."""
        two, resets = self.receptors >= TWO_CURRENTS, self.resets != TO_VALUE
        return bool((two | resets | self.bounded).any())

    @property
    def of_slots(self) -> Int64Array:
        """Neuron of each slot, shape (n_slots,)."""
        first = np.arange(self.bounds[-1])
        two_slots = self.receptors >= TWO_CURRENTS
        spans = zip(self.bounds[:-1], self.bounds[1:], two_slots, strict=True)
        return np.concatenate([first, *(first[a:b] for a, b, two in spans if two)])

    def places(self, names: Sequence[str]) -> dict[str, tuple[int, bool, int]]:
        """Return first neuron, whether it has two currents, and ``second``, by population."""
        columns = zip(self.bounds[:-1], self.receptors == TWO_CURRENTS, self.second, strict=True)
        return {
            name: (int(first), bool(two), int(second))
            for name, (first, two, second) in zip(names, columns, strict=True)
        }


class SynapseTable(NamedTuple):
    """Compressed sparse rows over all sources: inputs first, then neurons, in network order.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n_sources + 1,)
        Synapses of source s are ``indptr[s]`` to ``indptr[s + 1]``.
    target : ndarray of int32, shape (n_synapses,)
        Slot: the neuron, counted through all populations, or its second receptor.
    weight : ndarray of float64, shape (n_synapses,)
        Weight in mV or nA, the unit of the receptor.
    delay : ndarray of uint16, shape (n_synapses,)
        Delay in steps; empty if no synapse has a delay.
    """

    indptr: Int64Array
    target: Int32Array
    weight: Float64Array
    delay: UInt16Array

    @property
    def ring_rows(self) -> int:
        """Number of steps in which input can arrive, including the present step."""
        return int(self.delay.max()) + 1 if self.delay.size else 1


def flatten_neurons(network: Network, dt: float) -> NeuronTable:
    """Concatenate the populations, and compute the propagators of a step of ``dt`` ms.

    Between spikes the model is linear, so a step is exact [1]_. With ``x = dt / tau_m`` and
    ``y = dt / tau_syn``, a current I at the beginning of the step adds
    ``R I tau_syn / (tau_m - tau_syn) (exp(-x) - exp(-y))`` to v. Written as
    ``R I x exp(-min(x, y)) (1 - exp(-|y - x|)) / |y - x|`` this term has no cancellation and, for
    equal time constants, the limit ``R I x exp(-x)``; ``R x`` is ``dt / cm``. With forward Euler
    a step keeps the fractions ``1 - x`` of v and ``1 - y`` of I, and a current adds ``R I x``; with
    exponential Euler a step keeps ``exp(-x)`` and ``exp(-y)``, and a current adds
    ``R I (1 - exp(-x))``.

    References
    ----------
    .. [1] S. Rotter, M. Diesmann: Exact digital simulation of time-invariant linear systems with
       applications to neuronal modeling. Biol. Cybern. 81, 381-402 (1999), 10.1007/s004220050570.
    """
    populations = network.populations
    bounds = np.cumsum([0, *(item.size for item in populations)], dtype=np.int64)
    columns = [_columns(network, item, dt) for item in populations]
    v_inf, v_thresh, v_reset, v_min, keep_v, drift, hold_steps = map(
        np.concatenate, zip(*columns, strict=True)
    )
    firsts = [_current(item, "tau_syn_E", dt) for item in populations]
    seconds = [_second(network, item, dt) for item in populations]
    keep_syn, gain = map(np.concatenate, zip(*firsts, *filter(None, seconds), strict=True))
    return NeuronTable(
        bounds,
        np.array([_receptors_of(network, item) for item in populations]),
        np.array([_reset_of(item) for item in populations]),
        np.array([item.model.bounded for item in populations]),
        np.array(
            [
                all((values == values[0]).all() for values in (*column[1:], *first, *second))
                and (item.model.leaky or not network.step_currents(item))  # drift may differ later
                for item, column, first, second in zip(
                    populations, columns, firsts, seconds, strict=True
                )
            ]
        ),
        np.array([*_second_slots(network).values()]),
        v_inf,
        v_thresh,
        v_reset,
        v_min,
        keep_v,
        drift,
        keep_syn,
        gain,
        hold_steps,
    )


def _receptors_of(network: Network, population: Population) -> int:
    if population.name in network.kicked:
        return CURRENT_AND_KICKS
    if population.model.two_currents:
        return TWO_CURRENTS
    return KICKS if population.model.delta_synapses else CURRENT


def _reset_of(population: Population) -> int:
    model = population.model
    if model.raises:
        return SUBTRACT_AND_RAISE
    if model.several:
        return SUBTRACT_MANY
    return SUBTRACT if model.subtracts else TO_VALUE


def _second_slots(network: Network) -> dict[str, int]:
    """Return the first slot of the second receptors of each population.

    For a population without second receptors, this is the slot where the next population begins.
    """
    sizes = [
        item.size * (_receptors_of(network, item) >= TWO_CURRENTS) for item in network.populations
    ]
    begin = sum(item.size for item in network.populations)
    ends = (begin + np.cumsum(sizes)).tolist()
    return {
        item.name: end - size
        for item, end, size in zip(network.populations, ends, sizes, strict=True)
    }


def _columns(network: Network, population: Population, dt: float) -> tuple[Any, ...]:
    tau_m, cm = population.parameter("tau_m"), population.parameter("cm")
    current, nothing = network.current(population), np.zeros(population.size)
    refractory = network.refractory_steps(population, dt)
    leaky = population.model.leaky
    return (
        # tau_m / cm is in MOhm, as ms / nF.
        population.parameter("v_rest") + tau_m / cm * current if leaky else nothing,
        population.parameter("v_thresh"),
        population.parameter("v_reset"),
        population.parameter("v_min"),
        _kept(population, dt / tau_m),
        nothing if leaky else dt / cm * current,
        # An infinite refractory period lasts as long as int32 counts steps. Periods of 0 and 1 step
        # are the same for a reset to a value: it erases the kicks of the step of the spike.
        np.clip(refractory, int(not population.model.subtracts), np.iinfo(np.int32).max),
    )


def _second(network: Network, population: Population, dt: float) -> tuple[Any, ...]:
    """Return kept fraction and gain of the second receptor; an empty tuple without one."""
    if population.model.two_currents:
        return _current(population, "tau_syn_I", dt)
    nothing = np.zeros(population.size)
    return (nothing, nothing) if population.name in network.kicked else ()


def _current(population: Population, parameter: str, dt: float) -> tuple[Any, Any]:
    """Return the kept fraction and the gain of one synaptic current; zeros for delta synapses."""
    if population.model.delta_synapses:
        return np.zeros(population.size), np.zeros(population.size)
    tau_m = population.parameter("tau_m")
    x, y = dt / tau_m, dt / population.parameter(parameter)
    cm, leaky = population.parameter("cm"), population.model.leaky
    rise = tau_m / cm * x if leaky else dt / cm
    if population.model.integration == "euler":
        return _kept(population, y), rise
    if population.model.integration == "exponential_euler":
        return _kept(population, y), tau_m / cm * -np.expm1(-x) if leaky else rise
    apart = np.abs(y - x)
    apart[apart == 0] = np.finfo(np.float64).tiny  # expm1(-z) / z is -1 there, as for z = 0
    gain = rise * np.exp(-np.minimum(x, y)) * (-np.expm1(-apart) / apart)
    return _kept(population, y), gain


def _kept(population: Population, steps: Float64Array) -> Float64Array:
    """Return the fraction that a step keeps, for a step of ``steps`` time constants.

    This is ``1 - steps`` with forward Euler, and ``exp(-steps)`` with the other methods.
    """
    kept: Float64Array = 1 - steps if population.model.integration == "euler" else np.exp(-steps)
    return kept


def flatten_synapses(
    network: Network, dt: float, connections: Sequence[Connection] | None = None
) -> SynapseTable:
    """Join connections in one table, sorted by source, then in network order.

    Parameters
    ----------
    network : Network
    dt : float, ms
        Time step.
    connections : sequence of Connection, optional
        Connections of the network. Default: all of them.

    Raises
    ------
    NetworkError
        If a delay is longer than 65535 steps.
    """
    items = network.connections if connections is None else connections
    n_synapses = sum(item.n_synapses for item in items)
    rows = first_indices((*network.spike_inputs, *network.populations))
    n_sources = sum(item.size for item in (*network.spike_inputs, *network.populations))
    neurons, seconds = first_indices(network.populations), _second_slots(network)
    delays = [delay_steps(item, dt) for item in items]
    longest = max((int(steps.max(initial=0)) for steps in delays), default=0)

    tables = [(rows[item.source.name], item.indptr) for item in items]
    indptr, places = join_rows(tables, n_sources)
    target = np.empty(n_synapses, dtype=np.int32)
    weight = np.empty(n_synapses)
    delay = np.empty(n_synapses if longest else 0, dtype=np.uint16)
    for item, steps, at in zip(items, delays, places, strict=True):
        second = (np.asarray(item.weight) < 0) & item.target.model.two_currents
        if item.target.name in network.kicked:
            second = np.asarray(item.kicks_v)
        slot = np.where(second, seconds[item.target.name], neurons[item.target.name])
        target[at] = item.post + slot
        weight[at] = item.weight
        if longest:
            delay[at] = steps
    return SynapseTable(indptr, target, weight, delay)


def fixed_synapses(network: Network, dt: float) -> SynapseTable:
    """Join the connections that do not learn: see :func:`flatten_synapses`."""
    fixed = [item for item in network.connections if item.plasticity is None]
    return flatten_synapses(network, dt, fixed)


def in_transit(network: Network, dt: float) -> SynapseTable:
    """Join all connections, those that learn with weights of 0: their spikes are kept elsewhere."""
    items = [
        item if item.plasticity is None else dataclasses.replace(item, weight=0.0)
        for item in network.connections
    ]
    return flatten_synapses(network, dt, items)


def first_slot(network: Network, item: Connection) -> int:
    """Return the slot that spikes add to, for target neuron 0 and weights of at least 0."""
    kicks = item.target.name in network.kicked and item.kicks_v
    firsts = _second_slots(network) if kicks else first_indices(network.populations)
    return firsts[item.target.name]


def first_indices(members: Sequence[Any]) -> dict[str, int]:
    """Return the number of the first neuron or source of each member, by name."""
    ends = np.cumsum([item.size for item in members])
    return {item.name: int(end) - item.size for item, end in zip(members, ends, strict=True)}


def delay_steps(connection: Connection, dt: float) -> Float64Array:
    """Return delays rounded to whole steps."""
    steps = nearest_steps(connection.delay, dt)
    if steps.max(initial=0) > _MOST_DELAY_STEPS:
        raise NetworkError(
            f"connection {connection.name!r}: a delay of {np.max(connection.delay):g} ms is "
            f"{steps.max():.0f} steps of {dt:g} ms; allowed: at most {_MOST_DELAY_STEPS} steps. "
            "Shorten it or raise dt."
        )
    return steps
