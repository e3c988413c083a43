"""Convert the integers of a run to names and physical units; the only floating-point part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..image import PopulationSymbol, Symbols
from ..recording import CHIP, Origin, Recording, Trace
from ..stimulus import Stimulus
from ..typing import Float64Array, Int32Array
from .engine import Columns, Registers
from .overflows import count_overflows
from .synaptic_currents import Currents, in_nanoamperes

__all__ = ["decode_recording", "raw_recording"]

_CURRENTS = ("u", "u_child", "u2")  # u2 is that of a program with two inputs


def raw_recording(
    registers: Registers, columns: Columns, size: int, label: str, **learned: Any
) -> Recording:
    """Return a recording in register units, with one population of all compartments.

    ``learned`` has its parts of connections that learn.
    """
    everything = np.arange(size, dtype=np.int32)
    payloads = {} if registers.payloads is None else {"compartments": registers.payloads}
    return Recording.of_run(
        label=label,
        dt=1.0,
        first_step=registers.first_step,
        n_steps=registers.n_steps,
        populations={"compartments": size},
        steps={"compartments": registers.steps},
        ids={"compartments": registers.ids},
        payloads=payloads,
        traces={
            (name, register): Trace(
                columns[name, register],
                np.ascontiguousarray(values),
                "LSB",
                1.0,
                registers.first_step,
            )
            for (name, register), values in registers.traces.items()
        },
        counters=registers.counters,
        overflows=count_overflows(registers, {"compartments": (everything, everything[:0])}),
        origin=Origin.of_run(kind=CHIP, stimulus=None, coupling={}),
        **learned,
    )


def decode_recording(
    registers: Registers,
    symbols: Symbols,
    probes: Mapping[tuple[str, str], Int32Array],
    currents: Currents,
    label: str,
    stimulus: Stimulus,
    **learned: Any,
) -> Recording:
    """Return spikes by population and traces in mV or nA of a run on a stimulus.

    ``currents`` are the probes that are recorded in nA, and ``learned`` has the parts of
    connections that learn.
    """
    steps, ids, payloads = {}, {}, {}
    owner = np.full(len(registers.held), -1, dtype=np.int32)
    number = np.zeros(len(registers.held), dtype=np.int32)
    for index, item in enumerate(symbols.populations):
        owner[item.compartment_ids] = index
        number[item.compartment_ids] = np.arange(len(item.compartment_ids))
    for index, item in enumerate(symbols.populations):
        at, who, carried = registers.steps, registers.ids, registers.payloads
        if not np.array_equal(
            item.compartment_ids, np.arange(len(owner))
        ):  # a population of all compartments in order needs no copy
            mine = owner[who] == index
            at, who = at[mine], number[who[mine]]
            carried = None if carried is None else carried[mine]
            if (np.diff(item.compartment_ids) < 0).any():  # placement did not keep neuron order
                order = np.lexsort((who, at))
                at, who = at[order], who[order]
                carried = None if carried is None else carried[order]
        steps[item.name], ids[item.name] = at, who
        if registers.graded is not None and registers.graded[item.compartment_ids].any():
            payloads[item.name] = carried
    populations = {item.name: item for item in symbols.populations}
    traces = {}
    for (name, variable), neurons in probes.items():
        parts = currents.get((name, variable))
        if parts is None:
            values = registers.traces[name, variable]
            physical, unit = _physical(variable, values, populations[name], neurons, registers)
        else:
            each = [registers.traces[name, variable, part.register] for part in parts]
            physical, unit = in_nanoamperes(each, parts), "nA"
        traces[name, variable] = Trace(neurons, physical, unit, symbols.dt, registers.first_step)
    return Recording.of_run(
        label=label,
        dt=symbols.dt,
        first_step=registers.first_step,
        n_steps=registers.n_steps,
        populations={item.name: len(item.compartment_ids) for item in symbols.populations},
        steps=steps,
        ids=ids,
        payloads=payloads,
        several=frozenset(
            item.name
            for item in symbols.populations
            if item.spikes_per_step == "many" and item.name in payloads
        ),
        traces=traces,
        counters=registers.counters,
        overflows=count_overflows(
            registers,
            {item.name: (item.compartment_ids, item.child_ids) for item in symbols.populations},
        ),
        origin=_origin(registers, symbols, stimulus),
        **learned,
    )


def _origin(registers: Registers, symbols: Symbols, stimulus: Stimulus) -> Origin:
    start = registers.first_step * symbols.dt
    stop = (registers.first_step + registers.n_steps) * symbols.dt
    return Origin.of_run(
        kind=CHIP,
        stimulus=stimulus.digest(start, stop),
        coupling={item.name: item.coupling for item in symbols.populations if item.coupling},
    )


def _physical(
    variable: str,
    values: Int32Array,
    item: PopulationSymbol,
    neurons: Int32Array,
    registers: Registers,
) -> tuple[Any, str]:
    """Return the values of a register in mV, and their unit; in LSB if it has no other."""
    if variable == "v":
        v = item.potential(values, neurons)
        if item.reset == "value":
            _show_reset(v, item, neurons, registers)
        return v, "mV"
    if variable in _CURRENTS:
        return item.to_mv(values, neurons), "mV per step"
    # A register of a program, whose unit only the program knows.
    return np.ascontiguousarray(values), "LSB"


def _show_reset(
    v: Float64Array, item: PopulationSymbol, neurons: Int32Array, registers: Registers
) -> None:
    """Write v_reset while a neuron is held (semantics 5.5), except in the last held step.

    Register value 0 may stand for the membrane potential one leak step after the reset (the
    compiler chooses this for delta synapses). The register is 0 from the spike on, and represents
    v_reset until the last held step.
    """
    column = np.full(len(registers.held), -1, dtype=np.int64)
    column[item.compartment_ids[neurons]] = np.arange(len(neurons))
    mine = column[registers.ids] >= 0
    compartments = registers.ids[mine]
    rows = (registers.steps[mine] - registers.first_step).astype(np.int64)
    columns = column[compartments]
    lengths = (registers.refractory[compartments] - 1).astype(np.int64)
    # Neurons that are still held when the run begins are treated as if they had spiked one step
    # before the run.
    early = np.flatnonzero(registers.held[item.compartment_ids[neurons]] > 0)
    rows = np.concatenate([np.zeros(len(early), np.int64), rows])
    columns = np.concatenate([early, columns])
    lengths = np.concatenate(
        [registers.held[item.compartment_ids[neurons[early]]].astype(np.int64) - 1, lengths]
    )
    shift = np.arange(int(lengths.max(initial=0)))
    cells: Any = shift[None, :] < lengths[:, None]
    spike, offset = np.nonzero(cells)
    row = rows[spike] + offset
    inside = row < registers.n_steps
    row, col = row[inside], columns[spike][inside]
    v[row, col] = item.v_reset[neurons[col]]
