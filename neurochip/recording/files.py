"""The parts of a recording as arrays of a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.archive import Archive
from .origin import Origin
from .trace import Trace

if TYPE_CHECKING:
    from .recording import Recording

__all__ = ["arrays_of", "parts_in"]


def arrays_of(recording: Recording) -> dict[str, Any]:
    """Return a recording as the arrays of its file."""
    names, keys = list(recording.populations), list(recording.traces)
    meta = {
        "label": recording.label,
        "dt": recording.dt,
        "first_step": recording.first_step,
        "n_steps": recording.n_steps,
        "populations": [[name, int(recording.populations[name])] for name in names],
        "payloads": [index for index, name in enumerate(names) if name in recording.payloads],
        "several": sorted(recording.several),
        "traces": [[*key, recording.traces[key].unit] for key in keys],
        "counters": {key: int(value) for key, value in recording.counters.items()},
        "overflows": {name: dict(counts) for name, counts in recording.overflows.items()},
        "origin": None if recording.origin is None else recording.origin.to_dict(),
    }
    arrays: dict[str, Any] = {"meta": np.array(json.dumps(meta))}
    for index, name in enumerate(names):
        arrays[f"steps_{index}"] = recording.steps[name]
        arrays[f"ids_{index}"] = recording.ids[name]
        if name in recording.payloads:
            arrays[f"payloads_{index}"] = recording.payloads[name]
    for index, key in enumerate(keys):
        arrays[f"trace_ids_{index}"] = recording.traces[key].ids
        arrays[f"trace_values_{index}"] = recording.traces[key].values
    return arrays


def parts_in(file: Archive) -> dict[str, Any]:
    """Return the parts of a recording that a file holds."""
    meta = file.json("meta")
    n_steps, sizes = meta["n_steps"], dict(meta["populations"])
    origin = meta.get("origin")  # older files lack it
    steps, ids, payloads, traces = {}, {}, {}, {}
    graded = set(meta.get("payloads", ()))  # older files lack it
    for index, name in enumerate(sizes):
        (n,) = file.shape(f"steps_{index}")
        file.expect(f"ids_{index}", "iu", (n,))
        steps[name] = file.array(f"steps_{index}", "iu", (n,))
        ids[name] = file.array(f"ids_{index}", "iu", (n,))
        if index in graded:
            payloads[name] = file.array(f"payloads_{index}", "iu", (n,))
    for index, (population, variable, unit) in enumerate(meta["traces"]):
        (n,) = file.shape(f"trace_ids_{index}")
        file.expect(f"trace_values_{index}", "iuf", (n_steps, n))
        neurons = file.array(f"trace_ids_{index}", "iu", (n,))
        values = file.array(f"trace_values_{index}", "iuf", (n_steps, n))
        traces[population, variable] = Trace(neurons, values, unit, meta["dt"], meta["first_step"])
    if len(sizes) < len(meta["populations"]) or len(traces) < len(meta["traces"]):
        raise ValueError("a population or a trace occurs twice")
    return {
        "label": meta["label"],
        "dt": meta["dt"],
        "first_step": meta["first_step"],
        "n_steps": n_steps,
        "populations": sizes,
        "steps": steps,
        "ids": ids,
        "payloads": payloads,
        "several": frozenset(meta.get("several", ())),
        "traces": traces,
        "counters": meta["counters"],
        "overflows": meta.get("overflows", {}),  # older files lack it
        "origin": None if origin is None else Origin(**origin),
    }
