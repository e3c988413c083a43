"""Probes: requests to record a variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._support.foreign import nearest
from .._support.values import instance, integers, items, shown
from ..errors import RecordingError
from ..typing import Int32Array

__all__ = [
    "CHIP_VARIABLES",
    "CURRENT_VARIABLES",
    "Probe",
    "as_probes",
    "requested",
    "resolve_probes",
    "where_currents_exist",
    "where_it_exists",
]

CURRENT_VARIABLES = ("i_syn", "i_syn_E", "i_syn_I")
"""Synaptic currents in nA: the one or the sum of both, the excitatory and the inhibitory one."""

CHIP_VARIABLES = ("v", *CURRENT_VARIABLES, "u", "u_child")
"""Variables that the emulator records."""


@dataclass(frozen=True)
class Probe:
    """A request to record a variable in addition to spikes, which are always recorded.

    Parameters
    ----------
    variable : str
        ``"v"``, in mV; ``"i_syn"``, the synaptic current in nA, or the sum of both; ``"i_syn_E"``
        and ``"i_syn_I"``, the excitatory and the inhibitory current in nA of neurons with different
        ``tau_syn_E`` and ``tau_syn_I``. A current is that at the end of a step: it has decayed over
        the step, and spikes that arrive then are in the sample of the next step. On the chip it is
        the part of register u that the next step keeps, by the unit of the weights: a spike of
        weight w raises it by w, as stored, where it arrives.

        On the chip also ``"u"``, the contribution of the synaptic current to v in the step, in mV
        per step, and ``"u_child"``, the same for the first receptor of neurons with two (the
        inhibitory current, or kicks).
    population : str, optional
        Default: every population.
    ids : iterable of int, optional
        Neurons within the population. Default: all of them.

    Raises
    ------
    RecordingError
        If the ids are not integers, or a name is not a string.
    """

    variable: str
    population: str | None = None
    ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        allowed = "a string, such as 'v'"
        instance("probe", "variable", self.variable, str, allowed, error=RecordingError)
        owner = f"probe of {self.variable!r}"
        if self.population is not None:
            allowed = "the name of a population"
            instance(owner, "population", self.population, str, allowed, error=RecordingError)
        if self.ids is not None:
            ids = requested(owner, "ids", self.ids, "neurons within the population")
            object.__setattr__(self, "ids", ids)


def requested(owner: str, name: str, given: Any, what: str) -> tuple[int, ...]:
    """Return the numbers that a probe requests.

    Raises
    ------
    RecordingError
        If they are no list of integers.
    """
    allowed = f"a list of integers, {what}"
    values = tuple(given) if isinstance(given, Iterator) else given
    numbers = integers(owner, name, values, allowed=allowed, error=RecordingError)
    if numbers.ndim != 1:
        raise RecordingError(f"{owner}: {name} = {shown(values)}; allowed: {allowed}.")
    return tuple(numbers.tolist())


def as_probes(record: Any, variables: tuple[str, ...]) -> list[Probe]:
    """Convert the argument ``record`` to probes; a string is a variable of all populations.

    Raises
    ------
    RecordingError
        If ``record`` is not a list, or contains a variable that is not one of ``variables``.
    """
    asked = (record,) if isinstance(record, (str, Probe)) else record
    listed = ", ".join(repr(variable) for variable in variables)
    allowed = f"a list of {listed} and Probe(...)"
    probes = []
    for item in items("run", "record", asked, allowed, error=RecordingError):
        probe = item if isinstance(item, Probe) else None
        variable = item if probe is None else probe.variable
        if not isinstance(variable, str) or variable not in variables:
            raise RecordingError(
                f"record: variable {shown(variable)}; this engine records {listed} (spikes are "
                f"always recorded).{nearest('record', str(variable), variables)}"
            )
        probes.append(Probe(variable) if probe is None else probe)
    return probes


def where_it_exists(
    probe: Probe, variable: str, populations: Mapping[str, bool], why: str, remedy: str
) -> list[Probe]:
    """Return a probe of a variable that only some populations have, for each of these.

    Parameters
    ----------
    probe : Probe
        Returned unchanged if it requests another variable.
    variable : str
        The variable.
    populations : dict of str to bool
        Whether each population has it.
    why, remedy : str
        What a population has that lacks it, and what to do; for the message.

    Raises
    ------
    RecordingError
        If no population that the probe names has the variable.
    """
    if probe.variable != variable:
        return [probe]
    if probe.population is not None:
        if populations.get(probe.population, True):
            return [probe]
        raise RecordingError(
            f"record: {probe.population!r} has {why} and no {variable!r}; {remedy}"
        )
    if not any(populations.values()):
        raise RecordingError(f"record: no population has {variable!r}, all have {why}; {remedy}")
    return [replace(probe, population=name) for name, has in populations.items() if has]


def where_currents_exist(probe: Probe, currents: Mapping[str, Sequence[str]]) -> list[Probe]:
    """Return a probe of a synaptic current for each population that has it.

    Parameters
    ----------
    probe : Probe
        Returned unchanged if it requests another variable.
    currents : dict of str to sequence of str
        For each population the names of the time constants of its synaptic currents: none, one or
        two.

    Raises
    ------
    RecordingError
        If no population that the probe names has the current.
    """
    variable, one = probe.variable, probe.variable == "i_syn"
    if variable not in CURRENT_VARIABLES:
        return [probe]
    asked = [names for name, names in currents.items() if probe.population in {None, name}]
    found = {name for names in asked for name in names[:1]}
    if not found:
        remedy = f"give the LIF {'a tau_syn' if one else 'a tau_syn_E and another tau_syn_I'}."
        why, remedy = "delta synapses", f"record 'v', or {remedy}"
    else:
        why = "one synaptic current"
        why += " (tau_syn_E = tau_syn_I)" if found == {"tau_syn_E"} else ""
        why = why if all(asked) else "at most one synaptic current"
        remedy = "record 'i_syn', or give the LIF a tau_syn_E and another tau_syn_I."
    has = {name: len(names) >= (1 if one else 2) for name, names in currents.items()}
    return where_it_exists(probe, variable, has, why, remedy)


def resolve_probes(
    record: Iterable[str | Probe], populations: Mapping[str, int], variables: tuple[str, ...]
) -> dict[tuple[str, str], Int32Array]:
    """Return the ids of the recorded neurons by (population, variable).

    Parameters
    ----------
    record : iterable of str or Probe
        A string is a variable of all populations.
    populations : dict of str to int
        Sizes by name.
    variables : tuple of str
        Variables that the engine can record.

    Raises
    ------
    RecordingError
        If a variable, a population or a neuron does not exist, or is requested twice.
    """
    resolved: dict[tuple[str, str], Int32Array] = {}
    for probe in as_probes(record, variables):
        if probe.population is not None and probe.population not in populations:
            known = ", ".join(repr(name) for name in populations)
            raise RecordingError(f"record: no population {probe.population!r}; there are {known}.")
        for name in populations if probe.population is None else (probe.population,):
            ids = np.arange(populations[name])
            if probe.ids is not None:
                ids = integers("record", "ids", probe.ids, error=RecordingError)
            if ids.size and not (ids.min() >= 0 and ids.max() < populations[name]):
                worst = ids.min() if ids.min() < 0 else ids.max()
                raise RecordingError(
                    f"record: neuron {worst} of {name!r}; allowed: 0 to {populations[name] - 1}."
                )
            if (name, probe.variable) in resolved:
                raise RecordingError(
                    f"record: {probe.variable!r} of {name!r} is requested twice; allowed: once. "
                    "Join the ids into one probe."
                )
            resolved[name, probe.variable] = ids.astype(np.int32)
    return resolved
