"""Connections that learn: their names, their units, and what a run is given for them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .._support.values import integer, integers, reals, shown
from ..errors import EmulatorError
from ..image import ChipImage, Plasticity, PopulationSymbol, SynapseGroup
from ..image.report import CompileReport
from ..learning.terms import GIVEN_LIMITS
from ..recording import Sampled, WeightProbe, WeightTrace, resolve_weight_probes
from ..typing import Float64Array, Int32Array, Int64Array
from .engine import Registers
from .learning_run import HostWrites, LearningRun

__all__ = [
    "group_names",
    "group_number",
    "in_units",
    "learned_parts",
    "mantissas_of",
    "reward_in_units",
    "reward_of",
    "samples_of",
    "variables_of",
    "with_given",
    "with_learned",
]

_SINCE = "; as compiled: this image begins with what its synapses have learned since"

Samples = Mapping[int, Mapping[str, Sampled]]


def group_names(image: ChipImage) -> list[str]:
    """Return the names of the groups that learn: their connections, or ``"group 0"`` and so on."""
    groups = () if image.learning is None else image.learning.groups
    if image.symbols is None:
        return [f"group {index}" for index in range(len(groups))]
    return [image.symbols.synapses[item.synapses].connection for item in groups]


def group_number(image: ChipImage, connection: Any) -> int:
    """Return the number of a group that learns, given by number or by name.

    Raises
    ------
    EmulatorError
        If no such group learns.
    """
    names = group_names(image)
    if isinstance(connection, str) and connection in names:
        return names.index(connection)
    if not isinstance(connection, str):
        allowed = "the name of a connection, or the number of a group that learns"
        number = integer("emulator", "connection", connection, allowed=allowed, error=EmulatorError)
        if 0 <= number < len(names):
            return number
    listed = ", ".join(map(repr, names)) or "none"
    raise EmulatorError(
        f"emulator: connection {shown(connection)} does not learn; there is {listed}. Give it a "
        "rule, with plasticity=STDP(...)."
    )


def variables_of(item: Plasticity) -> tuple[str, ...]:
    """Return what can be recorded of a group: weights, tags if its rule has them, and traces."""
    return ("w", *(["t"] if item.rule.keeps("t") else []), *item.rule.traces)


def samples_of(image: ChipImage, probes: Sequence[WeightProbe]) -> Samples:
    """Return what probes request of groups that learn, by number and variable.

    Raises
    ------
    RecordingError
        If a connection does not learn, or a synapse or a variable does not exist.
    """
    if not probes:
        return {}
    names = group_names(image)
    items = () if image.learning is None else image.learning.groups
    sizes = {
        name: image.synapses[item.synapses].n_synapses
        for name, item in zip(names, items, strict=True)
    }
    variables = dict(zip(names, map(variables_of, items), strict=True))
    found: dict[int, dict[str, Sampled]] = {}
    for (name, variable), each in resolve_weight_probes(probes, sizes, variables).items():
        found.setdefault(names.index(name), {})[variable] = each
    return found


def in_units(image: ChipImage, index: int, mantissas: Any, synapses: Any = slice(None)) -> Any:
    """Return weights in the units of their connection, or mantissas if the image has no symbols.

    Parameters
    ----------
    image : ChipImage
        The image.
    index : int
        Number of the group.
    mantissas : ndarray of int, shape (..., n)
        Mantissas of synapses, by number.
    synapses : ndarray of int, shape (n,)
        Numbers of the synapses. Default: all.
    """
    if image.symbols is None:
        return mantissas
    return _in_sum(image, index, mantissas) * _unit(image, index)[synapses]


def mantissas_of(image: ChipImage, index: int, weights: Any) -> Int32Array:
    """Return the mantissas nearest to weights, which are given by number.

    Raises
    ------
    EmulatorError
        If there is not one weight for each synapse, or one is beyond the limits of the rule.
    """
    item, group = _parts(image, index)
    owner = f"emulator: connection {group_names(image)[index]!r}"
    spec = item.rule.spec
    step = spec.weight_step(group.format.low_bits(image.chip.core))
    low, high = spec.limits(group.format.sign_mode)
    grid = np.arange(-(-low // step) * step, high + 1, step)
    n = group.n_synapses
    allowed = f"{n} numbers, one for each synapse"
    if image.symbols is None:
        given = integers(owner, "weights", weights, low=low, high=high, error=EmulatorError)
        factor, levels = np.ones(n), grid.astype(np.float64)
    else:
        given = reals(owner, "weights", weights, "", allowed=allowed, error=EmulatorError)
        factor = _unit(image, index)
        levels = _in_sum(image, index, grid)
    values = np.broadcast_to(np.asarray(given, dtype=np.float64), (n,)) if not given.ndim else given
    if values.shape != (n,):
        raise EmulatorError(f"{owner}: weights have shape {values.shape}; allowed: {allowed}.")
    scaled = values / factor
    between = (levels[1:] + levels[:-1]) / 2
    half = (levels[-1] - levels[0]) / max(len(levels) - 1, 1) / 2
    outside = ~((scaled >= levels[0] - half) & (scaled <= levels[-1] + half))
    if outside.any():
        first = int(np.argmax(outside))
        limits = levels[[0, -1]] * factor[first]
        raise EmulatorError(
            f"{owner}: weights[{first}] = {values[first]:g}; allowed: {limits[0]:g} to "
            f"{limits[1]:g}, the limits of its rule."
        )
    return grid[np.searchsorted(between, scaled)].astype(np.int32)


def learned_parts(image: ChipImage, registers: Registers, *, raw: bool = False) -> dict[str, Any]:
    """Return what a recording holds of groups that learn, in physical or in register units."""
    if image.learning is None:
        return {}
    names, symbols = group_names(image), None if raw else image.symbols
    dt = 1.0 if symbols is None else symbols.dt
    synaptic = {}
    for (index, variable), found in registers.synaptic.items():
        values, unit = found.values, "LSB"
        if variable == "w" and symbols is not None:
            target, receptor, _ = _target_of(image, index)
            unit = "nA" if target.receptors[receptor].name else "mV"
            values = in_units(image, index, values, found.synapses)
        trace = WeightTrace(found.synapses, found.steps, values, unit, dt)
        synaptic[names[index], variable] = trace
    counts = {names[index]: each for index, each in registers.learning.items()}
    return {"synaptic": synaptic, "learning": counts}


def with_given(
    image: ChipImage, samples: Samples, given: Any, draws: Any, first: int, n_steps: int
) -> LearningRun:
    """Return what a run is given, from the arguments of ``Emulator.run_steps``.

    Raises
    ------
    EmulatorError
        If a key is no (connection, name), the connection does not learn, or values are not allowed.
    """
    if given is None and draws is None:
        return LearningRun(samples, {}, {})
    writes: dict[int, dict[str, HostWrites]] = {}
    at = np.arange(first, first + n_steps, dtype=np.int64)
    for (index, variable), values in _by_group(image, "given", given).items():
        checked = reward_of(image, index, variable, values, (n_steps,))
        writes.setdefault(index, {})[variable] = HostWrites(at, checked)
    found: dict[int, dict[str, Any]] = {}
    for (index, name), values in _by_group(image, "draws", draws).items():
        found.setdefault(index, {})[name] = values
    return LearningRun(samples, writes, found)


def reward_of(
    image: ChipImage, index: int, variable: Any, values: Any, steps: tuple[int, ...] = ()
) -> Int32Array:
    """Return values of a trace that the host writes, with one or all targets as last axis.

    Raises
    ------
    EmulatorError
        If the rule computes the trace itself, or the shape or a value is not allowed.
    """
    item, group = _parts(image, index)
    owner = f"emulator: connection {group_names(image)[index]!r}"
    free = item.rule.writable
    if variable not in free:
        raise EmulatorError(
            f"{owner}: given {shown(variable)}; allowed: "
            f"{', '.join(map(repr, free)) or 'none'}, of which its rule has no Trace."
        )
    if item.rule.spec.trace_per_synapse:
        raise EmulatorError(f"{owner}: the engine {item.rule.spec.name!r} has no given traces.")
    low, high = GIVEN_LIMITS
    array = integers(owner, variable, values, low=low, high=high, error=EmulatorError)
    n_targets = len(np.unique(group.target))
    if array.shape not in (steps, (*steps, n_targets)):
        raise EmulatorError(
            f"{owner}: {variable} has shape {array.shape}; allowed: {steps} or "
            f"{(*steps, n_targets)}, one value for all targets or one for each."
        )
    array = array[..., None] if array.shape == steps else array
    return np.ascontiguousarray(array, dtype=np.int32)


def reward_in_units(image: ChipImage, index: int, value: Any) -> Int32Array | None:
    """Return a reward in the units of its connection as a trace, or None if it has no units.

    Raises
    ------
    EmulatorError
        If it is not one number or one for each target neuron, or the trace cannot hold it.
    """
    item, group = _parts(image, index)
    origin = None if image.symbols is None else image.symbols.synapses[item.synapses]
    lsb = None if origin is None else origin.reward_lsb
    if origin is None or lsb is None:
        return None
    owner = f"emulator: connection {origin.connection!r}"
    target, _, neuron = _target_of(image, index)
    size = len(target.compartment_ids)
    allowed = f"one number, or {size}, one for each neuron of {origin.target!r}"
    given = reals(owner, "reward", value, "", allowed=allowed, error=EmulatorError)
    if given.shape not in ((), (size,)):
        raise EmulatorError(f"{owner}: reward has shape {given.shape}; allowed: {allowed}.")
    steps = np.rint(given.astype(np.float64) / lsb)
    low, high = GIVEN_LIMITS
    if not ((steps >= low) & (steps <= high)).all():
        raise EmulatorError(
            f"{owner}: reward = {shown(value)}; allowed: {low * lsb:g} to "
            f"{high * lsb:g}, which its trace can hold."
        )
    rows = steps.reshape(-1) if steps.shape == () else steps[neuron[np.unique(group.target)]]
    return rows.astype(np.int32)


def with_learned(image: ChipImage, weights: Sequence[Any], tags: Sequence[Any]) -> ChipImage:
    """Return an image that begins with other mantissas and tags of the groups that learn.

    Parameters
    ----------
    image : ChipImage
        The image.
    weights : sequence of ndarray of int
        Mantissas of each group, by number of the synapse.
    tags : sequence of ndarray of int
        Tags of each group, by number.
    """
    assert image.learning is not None
    synapses, groups, learned = list(image.synapses), [], set()
    for item, mantissas, each in zip(image.learning.groups, weights, tags, strict=True):
        group = synapses[item.synapses]
        numbers = item.numbers(group.n_synapses)
        synapses[item.synapses] = replace(group, mantissa=mantissas[numbers].astype(np.int16))
        if (synapses[item.synapses].mantissa != group.mantissa).any():
            learned.add(item.synapses)
        tag = each[numbers].astype(np.int16)
        groups.append(replace(item, tag=tag if tag.any() else tag[:0]))
    learning = replace(image.learning, groups=tuple(groups))
    symbols = image.symbols
    if symbols is not None:
        names = {symbols.synapses[index].connection for index in learned}
        symbols = replace(symbols, report=_noted(symbols.report, names))
    return replace(image, synapses=tuple(synapses), learning=learning, symbols=symbols)


def _noted(report: CompileReport, connections: Container[str]) -> CompileReport:
    """Return a report that says of the weights of connections that they are no longer these."""
    rows = [
        replace(row, note=row.note.removesuffix(_SINCE) + _SINCE)
        if row.parameter == "weight" and row.owner in connections
        else row
        for row in report.rows
    ]
    return replace(report, rows=tuple(rows))


def _by_group(image: ChipImage, what: str, given: Any) -> dict[tuple[int, str], Any]:
    """Return values by number of the group and name, from those by (connection, name)."""
    given = {} if given is None else given
    allowed = "a dict of values by (connection, name), such as {('feed', 'y1'): values}"
    keys = list(given) if isinstance(given, Mapping) else None
    if keys is None or any(not isinstance(key, tuple) or len(key) != 2 for key in keys):
        raise EmulatorError(f"emulator: {what} = {shown(given)}; allowed: {allowed}.")
    return {(group_number(image, name), key): given[name, key] for name, key in keys}


def _parts(image: ChipImage, index: int) -> tuple[Plasticity, SynapseGroup]:
    assert image.learning is not None
    item = image.learning.groups[index]
    return item, image.synapses[item.synapses]


def _in_sum(image: ChipImage, index: int, mantissas: Any) -> Float64Array:
    """Return what mantissas stand for in LSB, before a negative exponent drops their low bits.

    A rule learns with all bits of a mantissa, and a spike delivers what the exponent leaves of it.
    """
    _, group = _parts(image, index)
    exponent = group.format.weight_exponent + image.chip.core.weight_shift
    return np.ldexp(np.asarray(mantissas, dtype=np.float64), exponent)


def _unit(image: ChipImage, index: int) -> Float64Array:
    """Return the weight that adds one LSB to the sum of each synapse's target, by number."""
    item, group = _parts(image, index)
    target, receptor, neuron = _target_of(image, index)
    unit = target.weight_per_lsb(receptor)
    found = np.empty(group.n_synapses)
    found[item.numbers(group.n_synapses)] = unit[neuron[group.target]]
    return found


def _target_of(image: ChipImage, index: int) -> tuple[PopulationSymbol, int, Int64Array]:
    """Return population and receptor that a group reaches, and the neuron of each compartment."""
    assert image.symbols is not None
    item, _ = _parts(image, index)
    origin = image.symbols.synapses[item.synapses]
    target = next(each for each in image.symbols.populations if each.name == origin.target)
    neuron = np.zeros(image.n_compartments, dtype=np.int64)
    neuron[target.currents[origin.receptor]] = np.arange(len(target.compartment_ids))
    return target, origin.receptor, neuron
