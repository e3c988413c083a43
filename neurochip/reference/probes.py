"""Translate the probes of a user into columns for the kernel, and the columns into traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..network import Network
from ..recording import (
    CURRENT_VARIABLES,
    Sampled,
    Trace,
    as_probes,
    resolve_probes,
    resolve_weight_probes,
    split_record,
    where_currents_exist,
)
from ..recurrence import receptor_names
from ..typing import Int32Array
from .kernels import TraceColumns
from .learner import variables_of
from .plastic import plastic_connections

__all__ = ["Wanted", "lay_out_traces", "requested"]

_UNITS = {"v": "mV", **dict.fromkeys(CURRENT_VARIABLES, "nA")}
_FIRST, _SECOND = 1, 2  # bits of TraceColumns.currents
_RECORDED = {"v": 0, "i_syn": _FIRST | _SECOND, "i_syn_E": _FIRST, "i_syn_I": _SECOND}


class Wanted(NamedTuple):
    """The neurons by (population, variable), and synapses by (connection, variable), of a run."""

    neurons: dict[tuple[str, str], Int32Array]
    synapses: dict[tuple[str, str], Sampled]


def requested(network: Network, record: Any) -> Wanted:
    """Return the neurons and synapses to record.

    A current without a population means all populations that have it.

    Raises
    ------
    RecordingError
        If a variable, a population, a connection that learns, a neuron or a synapse does not exist,
        or is requested twice.
    """
    record, weights = split_record(record)
    items = {item.name: item for item in plastic_connections(network)}
    synapses = resolve_weight_probes(
        weights,
        {name: item.n_synapses for name, item in items.items()},
        {name: variables_of(item) for name, item in items.items()},
    )
    currents = {
        item.name: [name for name in receptor_names(network, item) if name]
        for item in network.populations
    }
    expanded = [
        part
        for probe in as_probes(record, tuple(_UNITS))
        for part in where_currents_exist(probe, currents)
    ]
    sizes = {item.name: item.size for item in network.populations}
    return Wanted(resolve_probes(expanded, sizes, tuple(_UNITS)), synapses)


def lay_out_traces(
    wanted: Mapping[tuple[str, str], Int32Array],
    places: Mapping[str, tuple[int, bool, int]],
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
        currents=np.empty(sum(lengths), dtype=np.int64),
        second=np.empty(sum(lengths), dtype=np.int64),
        values=np.empty(blocks[-1]),
    )
    traces, begin = {}, 0
    for index, ((name, variable), ids) in enumerate(wanted.items()):
        own = slice(begin, begin + len(ids))
        first, two_currents, second = places[name]
        columns.ids[own] = ids + np.int64(first)
        columns.second[own] = ids + np.int64(second)
        columns.first[own] = blocks[index] + np.arange(len(ids)) - first_step * len(ids)
        columns.currents[own] = _RECORDED[variable] & (_FIRST | _SECOND * two_currents)
        block = columns.values[blocks[index] : blocks[index + 1]]
        values = block.reshape(n_steps, len(ids))
        traces[name, variable] = Trace(ids, values, _UNITS[variable], dt, first_step)
        begin = own.stop
    return columns, traces
