"""Recordings of a lava-dl network by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...recording import Recording, Trace
from ...typing import Int32Array

__all__ = ["by_layer"]


def by_layer(raw: Recording, compartments: Mapping[str, Int32Array]) -> Recording:
    """Return a recording of all compartments as one of layers."""
    (whole,) = raw.populations
    steps, ids = raw.steps[whole], raw.ids[whole]
    payloads = raw.payloads.get(whole)
    found: dict[str, dict[Any, Any]] = {part: {} for part in ("steps", "ids", "traces", "sent")}
    for name, mine in compartments.items():
        first, stop = int(mine[0]), int(mine[-1]) + 1
        inside = (ids >= first) & (ids < stop)
        found["steps"][name], found["ids"][name] = steps[inside], ids[inside] - np.int32(first)
        if payloads is not None:
            found["sent"][name] = payloads[inside]
        for (_, variable), trace in raw.traces.items():
            columns = (trace.ids >= first) & (trace.ids < stop)
            if columns.any():  # other neurons may lack the register
                found["traces"][name, variable] = Trace(
                    trace.ids[columns] - np.int32(first),
                    np.ascontiguousarray(trace.values[:, columns]),
                    trace.unit,
                    trace.dt,
                    trace.first_step,
                )
    return Recording(
        label=raw.label,
        dt=raw.dt,
        first_step=raw.first_step,
        n_steps=raw.n_steps,
        populations={name: len(mine) for name, mine in compartments.items()},
        steps=found["steps"],
        ids=found["ids"],
        traces=found["traces"],
        counters=raw.counters,
        overflows={},
        payloads=found["sent"],
    )
