"""Spikes and traces as tables of pandas and as arrays with names of xarray."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.extras import require
from ..typing import Float64Array, Int32Array
from .trace import Trace

__all__ = ["spike_table", "trace_dataset", "trace_table"]


def spike_table(
    spikes: Mapping[str, tuple[Int32Array, Float64Array]], payloads: Mapping[str, Int32Array]
) -> Any:
    """Return a ``pandas.DataFrame`` with a row for each spike.

    Parameters
    ----------
    spikes : dict of str to (ids, times)
        Neuron and time in ms of every spike of each population.
    payloads : dict of str to ndarray of int32
        Payloads of populations with graded spikes; binary ones count 1. Without any, the table has
        no column of payloads.
    """
    pandas = require("pandas", "notebook", "Recording.to_pandas")
    ids, times = zip(*spikes.values(), strict=True) if spikes else ((), ())
    counts = [len(part) for part in ids]
    columns = {
        "population": _repeated(pandas, list(spikes), counts),
        "neuron": np.concatenate([np.empty(0, dtype=np.int32), *ids]),
        "time": np.concatenate([np.empty(0), *times]),
    }
    if payloads:
        ones = {name: np.ones(n, np.int32) for name, n in zip(spikes, counts, strict=True)}
        columns["payload"] = np.concatenate(list({**ones, **payloads}.values()))
    frame = pandas.DataFrame(columns)
    frame.attrs["units"] = {"time": "ms"}
    return frame


def trace_table(traces: Mapping[str, Trace], variable: str) -> Any:
    """Return a ``pandas.DataFrame`` with a row for each neuron and step.

    Parameters
    ----------
    traces : dict of str to Trace
        Traces of the variable by population; at least one.
    variable : str
        Name of the variable and of its column.
    """
    pandas = require("pandas", "notebook", "Recording.to_pandas")
    items = list(traces.values())
    frame = pandas.DataFrame(
        {
            "population": _repeated(pandas, list(traces), [item.values.size for item in items]),
            "neuron": np.concatenate([np.repeat(t.ids, len(t.values)) for t in items]),
            "time": np.concatenate([np.tile(t.times, len(t.ids)) for t in items]),
            variable: np.concatenate([t.values.T.ravel() for t in items]),
        }
    )
    frame.attrs["units"] = {"time": "ms", variable: items[0].unit}
    return frame


def trace_dataset(traces: Mapping[str, Trace], attributes: Mapping[str, Any]) -> Any:
    """Return a ``xarray.Dataset`` of the traces of one population.

    Parameters
    ----------
    traces : dict of str to Trace
        Traces by variable; at least one.
    attributes : dict
        Attributes of the dataset.
    """
    xarray = require("xarray", "notebook", "Recording.to_xarray")
    arrays = xarray.align(
        *(
            xarray.DataArray(
                item.values,
                dims=("time", "neuron"),
                coords={"time": ("time", item.times, {"units": "ms"}), "neuron": item.ids},
                attrs={"units": item.unit},
            )
            for item in traces.values()
        ),
        join="outer",
    )
    return xarray.Dataset(dict(zip(traces, arrays, strict=True)), attrs=dict(attributes))


def _repeated(pandas: Any, names: list[str], counts: list[int]) -> Any:
    """Return a column in which each name occurs some number of times."""
    codes = np.repeat(np.arange(len(names)), counts)
    return pandas.Categorical.from_codes(codes, categories=names)
