"""The parts of a recording as arrays of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.archive import Archive
from .origin import Origin
from .trace import Trace
from .weights import WeightTrace

__all__ = ["arrays_of", "parts_in"]

_SYNAPTIC = ("synapses", "steps", "values")  # arrays of a WeightTrace


def arrays_of(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a recording as the arrays of its file."""
    names, keys = list(parts["populations"]), list(parts["traces"])
    learned = list(parts["synaptic"])
    meta = {
        "label": parts["label"],
        "dt": parts["dt"],
        "first_step": parts["first_step"],
        "n_steps": parts["n_steps"],
        "populations": [[name, int(parts["populations"][name])] for name in names],
        "payloads": [index for index, name in enumerate(names) if name in parts["payloads"]],
        "several": sorted(parts["several"]),
        "traces": [[*key, parts["traces"][key].unit] for key in keys],
        "counters": {key: int(value) for key, value in parts["counters"].items()},
        "overflows": {name: dict(counts) for name, counts in parts["overflows"].items()},
        "synaptic": [[*key, parts["synaptic"][key].unit] for key in learned],
        "learning": {name: dict(counts) for name, counts in parts["learning"].items()},
        "origin": None if parts["origin"] is None else parts["origin"].to_dict(),
    }
    arrays: dict[str, Any] = {"meta": np.array(json.dumps(meta))}
    for index, name in enumerate(names):
        arrays[f"steps_{index}"] = parts["steps"][name]
        arrays[f"ids_{index}"] = parts["ids"][name]
        if name in parts["payloads"]:
            arrays[f"payloads_{index}"] = parts["payloads"][name]
    for index, key in enumerate(keys):
        arrays[f"trace_ids_{index}"] = parts["traces"][key].ids
        arrays[f"trace_values_{index}"] = parts["traces"][key].values
    for index, key in enumerate(learned):
        for name in _SYNAPTIC:
            arrays[f"synaptic_{name}_{index}"] = getattr(parts["synaptic"][key], name)
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
    synaptic, learned = {}, meta.get("synaptic", ())  # older files lack it
    for index, (connection, variable, unit) in enumerate(learned):
        (n,), (n_samples,) = (file.shape(f"synaptic_{name}_{index}") for name in _SYNAPTIC[:2])
        wanted = (("iu", (n,)), ("iu", (n_samples,)), ("iuf", (n_samples, n)))
        names = [f"synaptic_{name}_{index}" for name in _SYNAPTIC]
        file.expect(names[2], *wanted[2])
        read = [file.array(name, *each) for name, each in zip(names, wanted, strict=True)]
        synaptic[connection, variable] = WeightTrace(read[0], read[1], read[2], unit, meta["dt"])
    given = (len(meta["populations"]), len(meta["traces"]), len(learned))
    if (len(sizes), len(traces), len(synaptic)) != given:
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
        "synaptic": synaptic,
        "learning": meta.get("learning", {}),
        "origin": None if origin is None else Origin(**origin),
    }
