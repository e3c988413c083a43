"""A network of populations, inputs and connections, checked for consistency."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._support.ranges import POSITIVE
from .._support.text import counted
from .._support.values import MOST_IDS, ArrayValue, choice, instance, instances, real, shown
from ..errors import NetworkError
from ..typing import Float64Array, Int64Array
from .connections import Connection
from .coupling import couplings
from .inputs import ConstantCurrent, PoissonInput, SpikeInput
from .members import Members
from .neurons import Population
from .plausible import check_drive
from .refractory import REFRACTORIES, refractory_steps
from .step_current import StepCurrent

__all__ = ["DELIVERIES", "Network"]

_SOURCES, _CURRENTS = (PoissonInput, SpikeInput), (ConstantCurrent, StepCurrent)

DELIVERIES = ("after_threshold", "before_threshold", "next_step")


@dataclass(frozen=True, kw_only=True, eq=False)
class Network(ArrayValue):
    """Populations, their inputs and their connections.

    Members are found by position or by name: ``network.populations["exc"]``.

    Parameters
    ----------
    populations : iterable of Population
        At least one. Names must be unique among populations and inputs.
    inputs : iterable of PoissonInput, SpikeInput, ConstantCurrent or StepCurrent
        Spike sources and currents.
    connections : iterable of Connection
        Connections between members of this network. Repeated names get " #2", " #3" and so on.
    delivery : str
        Order of events in step n. ``"after_threshold"`` is Brian2's order: integrate, test the
        threshold, deliver, reset. Delivered input decays once before the threshold test of step
        n + 1, and the reset of a spike erases delta kicks that arrive in the same step.
        ``"before_threshold"`` is the order of most simulators of trained networks: integrate,
        deliver, test, reset. Input of step n enters the threshold test of step n undecayed, the
        spike of a neuron enters that of step n + 1, and a reset erases no kick. ``"next_step"`` is
        the order of the chip: as ``"before_threshold"``, but input also takes one step, like the
        spike of a neuron. Delays are added.
    refractory : str
        Steps of a refractory period. ``"from_spike"`` is Brian2's rule: the step of the spike is
        the first of ``floor(tau_refrac / dt + 1e-3)`` steps. ``"after_spike"`` is that of NEST and
        PyNN: v is held for ``ceil(tau_refrac / dt)`` steps after the step of the spike, with
        ``tau_refrac`` rounded to whole microseconds. A period of 0 is none in both.
    dt : float, optional, ms
        The only step for which the network holds, as one that was read from a graph, whose kicks
        depend on it, or one with relays: runs and compilations take it, and refuse another one.
        Default: None, any step.

    Raises
    ------
    NetworkError
        If ``delivery`` or ``refractory`` is not one of these, ``dt`` is not above 0, a name
        repeats, or a connection or a current ends at an object that is not listed here.
    """

    populations: Sequence[Population]
    inputs: Sequence[PoissonInput | SpikeInput | ConstantCurrent | StepCurrent] = ()
    connections: Sequence[Connection] = ()
    delivery: str = "after_threshold"
    refractory: str = "from_spike"
    dt: float | None = None

    def __post_init__(self) -> None:
        choice("network", "delivery", self.delivery, DELIVERIES, error=NetworkError)
        choice("network", "refractory", self.refractory, REFRACTORIES, error=NetworkError)
        if self.dt is not None:
            dt = real("network", "dt", self.dt, "ms", POSITIVE, error=NetworkError)
            object.__setattr__(self, "dt", dt)
        populations = _members("populations", self.populations, Population)
        inputs = _members("inputs", self.inputs, *_SOURCES, *_CURRENTS)
        connections = _members("connections", self.connections, Connection)
        if not populations:
            raise NetworkError("network: populations = (); allowed: at least one Population.")
        members: dict[str, Any] = {}
        sources = [item for item in inputs if isinstance(item, _SOURCES)]
        for item in (*sources, *populations):
            if item.name in members:
                raise NetworkError(
                    f"network: the name {item.name!r} is used twice; names of inputs and "
                    "populations must be unique."
                )
            members[item.name] = item
        _check_total("sources", sources)
        _check_total("neurons", populations)
        for connection in connections:
            for end in (connection.source, connection.target):
                if members.get(end.name) is not end:
                    raise NetworkError(
                        f"network: connection {connection.name!r} ends at {end.name!r}, which is "
                        "not among the inputs and populations given here; list the same object."
                    )
        for item in inputs:
            if isinstance(item, _CURRENTS) and members.get(item.target.name) is not item.target:
                kind = "constant" if isinstance(item, ConstantCurrent) else "step"
                raise NetworkError(
                    f"network: a {kind} current flows into {item.target.name!r}, which is not "
                    "among the populations given here; list the same object."
                )
        object.__setattr__(self, "populations", Members(populations))
        object.__setattr__(self, "inputs", Members(inputs))
        object.__setattr__(self, "connections", Members(_unique(connections)))
        check_drive(self)

    @property
    def spike_inputs(self) -> tuple[PoissonInput | SpikeInput, ...]:
        """The inputs that emit spikes, in order."""
        return tuple(item for item in self.inputs if isinstance(item, _SOURCES))

    @property
    def learns(self) -> bool:
        """Tell whether any synapses learn."""
        return any(item.learns for item in self.connections)

    @property
    def kicks_decay(self) -> bool:
        """Whether a delta kick decays once before the threshold test."""
        return self.delivery == "after_threshold"

    @property
    def input_lead(self) -> int:
        """Number of steps by which input spikes act earlier than spikes of neurons: 0 or 1."""
        return int(self.delivery == "before_threshold")

    @property
    def refractory_lag(self) -> int:
        """Number of steps from a spike to the first step of its refractory period: 0 or 1."""
        return int(self.refractory == "after_spike")

    @property
    def n_synapses(self) -> int:
        """Number of synapses of all connections."""
        return sum(connection.n_synapses for connection in self.connections)

    @functools.cached_property
    def couplings(self) -> Mapping[str, str]:
        """The coupling of each population says how its neurons depend on each other.

        ``"independent"``, ``"shared input"`` or ``"recurrent"``: see
        :func:`neurochip.network.coupling.couplings`.
        """
        sizes = {item.name: item.size for item in self.populations}
        return couplings(sizes, self.connections)

    @functools.cached_property
    def kicked(self) -> frozenset[str]:
        """Populations whose neurons have a current and receive kicks of v too, by name."""
        return frozenset(
            item.target.name
            for item in self.connections
            if item.kicks_v and not item.target.model.delta_synapses
        )

    def population(self, name: str) -> Population:
        """Return the population with the given name."""
        for item in self.populations:
            if isinstance(name, str) and item.name == name:
                return item
        known = ", ".join(repr(item.name) for item in self.populations)
        raise NetworkError(f"network: no population {shown(name)}; there are {known}.")

    def current(self, population: Population) -> Float64Array:
        """Return the current into each neuron (nA), shape (size,): i_offset and inputs.

        A current that changes in steps counts with its expected mean (:class:`StepCurrent`).
        """
        return self.constant_current(population) + sum(
            item.expected for item in self.step_currents(population)
        )

    def constant_current(self, population: Population) -> Float64Array:
        """Return the current into each neuron that does not change (nA), shape (size,)."""
        instance(
            "network", "population", population, Population, "a Population", error=NetworkError
        )
        total = population.parameter("i_offset").copy()
        for item in self.inputs:
            if isinstance(item, ConstantCurrent) and item.target is population:
                total += item.amplitude
        return total

    def refractory_steps(self, population: Population, dt: float) -> Int64Array:
        """Return for how many steps of ``dt`` ms each neuron is refractory, shape (size,).

        The step of the spike is the first; 0 stands for no refractory period.
        """
        return refractory_steps(population.parameter("tau_refrac"), dt, self.refractory)

    def step_currents(self, population: Population) -> tuple[StepCurrent, ...]:
        """Return the currents into a population that change in steps, in order."""
        return tuple(
            item
            for item in self.inputs
            if isinstance(item, StepCurrent) and item.target is population
        )

    def __repr__(self) -> str:
        neurons = sum(item.size for item in self.populations)
        return (
            f"Network({counted(len(self.populations), 'population')}, "
            f"{counted(neurons, 'neuron')}, {counted(self.n_synapses, 'synapse')})"
        )


def _members(field: str, items: Iterable[Any], *kinds: type) -> tuple[Any, ...]:
    return instances("network", field, items, *kinds, error=NetworkError)


def _check_total(what: str, items: Iterable[Any]) -> None:
    total = sum(item.size for item in items)
    if total > MOST_IDS:
        raise NetworkError(f"network: it has {total} {what}; allowed: at most {MOST_IDS}.")


def _unique(connections: tuple[Connection, ...]) -> tuple[Connection, ...]:
    taken: set[str] = set()
    renamed = []
    for connection in connections:
        name, count = connection.name, 1
        while name in taken:
            count += 1
            name = f"{connection.name} #{count}"
        taken.add(name)
        fields = {key: getattr(connection, key) for key in connection.__dataclass_fields__}
        renamed.append(connection if count == 1 else Connection(**{**fields, "name": name}))
    return tuple(renamed)
