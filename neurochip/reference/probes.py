"""Translate the probes of a user into columns for the kernel, and the columns into traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ..network import Network
from ..recording import (
    Probe,
    Trace,
    as_probes,
    resolve_probes,
    resolve_weight_probes,
    split_record,
    where_it_exists,
)
from ..typing import Int32Array
from .kernels import TraceColumns

__all__ = ["lay_out_traces", "requested"]

_UNITS = {"v": "mV", "i_syn": "nA"}


def requested(
    network: Network, record: str | Probe | Iterable[str | Probe]
) -> dict[tuple[str, str], Int32Array]:
    """Return the neurons to record, by population and variable.

    ``"i_syn"`` without a population means all populations that have synaptic currents.

    Raises
    ------
    RecordingError
        If a variable, a population or a neuron does not exist, or is requested twice.
    """
    record, weights = split_record(record)
    resolve_weight_probes(weights, {}, {})  # no connection learns
    has = {item.name: not item.model.delta_synapses for item in network.populations}
    lack = ("i_syn", has, "delta synapses", "record 'v', or give the LIF a tau_syn.")
    expanded = [
        part for probe in as_probes(record, tuple(_UNITS)) for part in where_it_exists(probe, *lack)
    ]
    sizes = {item.name: item.size for item in network.populations}
    return resolve_probes(expanded, sizes, tuple(_UNITS))


def lay_out_traces(
    wanted: Mapping[tuple[str, str], Int32Array],
    places: Mapping[str, tuple[int, int, int]],
    n_steps: int,
    dt: float,
    first_step: int = 0,
) -> tuple[TraceColumns, dict[tuple[str, str], Trace]]:
    """Allocate all traces as blocks of one array, so that one kernel can fill them.

    ``places`` is the result of :meth:`~neurochip.reference.tables.NeuronTable.places`.
    """
    lengths = [len(ids) for ids in wanted.values()]
    blocks = np.cumsum([0, *lengths], dtype=np.int64) * n_steps
    columns = TraceColumns(
        ids=np.empty(sum(lengths), dtype=np.int64),
        first=np.empty(sum(lengths), dtype=np.int64),
        stride=np.repeat(np.array(lengths, dtype=np.int64), lengths),
        current=np.empty(sum(lengths), dtype=np.int64),
        second=np.empty(sum(lengths), dtype=np.int64),
        values=np.empty(blocks[-1]),
    )
    traces, begin = {}, 0
    for index, ((name, variable), ids) in enumerate(wanted.items()):
        own = slice(begin, begin + len(ids))
        first, n_currents, second = places[name]
        columns.ids[own] = ids + np.int64(first)
        columns.second[own] = ids + np.int64(second)
        columns.first[own] = blocks[index] + np.arange(len(ids)) - first_step * len(ids)
        columns.current[own] = n_currents if variable == "i_syn" else 0
        block = columns.values[blocks[index] : blocks[index + 1]]
        values = block.reshape(n_steps, len(ids))
        traces[name, variable] = Trace(ids, values, _UNITS[variable], dt, first_step)
        begin = own.stop
    return columns, traces
