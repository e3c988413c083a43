"""Spikes as SONATA has them (HDF5).

``/spikes/<population>/timestamps`` and ``node_ids``, the attribute ``sorting`` of the population
and the attribute ``units`` of the timestamps, by default ms; see
https://github.com/AllenInstitute/sonata. The format has no place for the number of neurons and the
duration: ours stand in the attributes ``neurochip_size`` and ``neurochip_duration`` (ms), which
other tools ignore.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._extras import require
from .._npz import DAMAGE, reason, write_atomically
from ..errors import StimulusError
from .trains import Trains

__all__ = ["read_sonata", "write_sonata"]

_MS = {"ms": 1.0, "milliseconds": 1.0, "s": 1000.0, "seconds": 1000.0, "us": 1e-3}
_SORTING = {"none": 0, "by_id": 1, "by_time": 2}


def read_sonata(path: Path) -> tuple[list[Trains], float | None]:
    """Return the spikes of all populations, and the duration (ms) where the file says it."""
    h5py = require("h5py", "sonata", "reading SONATA spikes")
    try:
        with h5py.File(path, "r") as file:
            if "spikes" not in file:
                raise StimulusError(f"{path}: has no group /spikes; pass a SONATA file of spikes.")
            groups = _populations(path, file["spikes"])
            trains = [_read(path, name, group) for name, group in groups]
            durations = [
                float(group.attrs["neurochip_duration"])
                for _, group in groups
                if "neurochip_duration" in group.attrs
            ]
    except (*DAMAGE, TypeError) as problem:
        if isinstance(problem, StimulusError):
            raise
        raise StimulusError(
            f"{path}: damaged or not SONATA ({reason(problem)}); write it again from its source."
        ) from None
    return trains, max(durations, default=None)


def _populations(path: Path, spikes: Any) -> list[tuple[str | None, Any]]:
    if "timestamps" in spikes:  # files of before there were populations
        return [(None, spikes)]
    groups = list(spikes.items())
    if not groups:
        raise StimulusError(f"{path}: has no population in /spikes.")
    return groups


def _read(path: Path, name: str | None, group: Any) -> Trains:
    label = f"{path}: /spikes/{name or ''}"
    for key in ("timestamps", "node_ids"):
        if key not in group:
            raise StimulusError(f"{label} has no {key}; allowed: timestamps and node_ids.")
    unit = group["timestamps"].attrs.get("units", "ms")
    unit = unit.decode() if isinstance(unit, bytes) else str(unit)
    if unit not in _MS:
        raise StimulusError(f"{label} has times in {unit!r}; allowed: {', '.join(map(repr, _MS))}.")
    times = np.asarray(group["timestamps"][()], dtype=np.float64) * _MS[unit]
    ids = group["node_ids"][()]
    size = group.attrs.get("neurochip_size")
    return Trains(name, None if size is None else int(size), ids.astype(np.int64), times)


def write_sonata(path: Path, trains: Sequence[Trains], duration: float) -> None:
    """Write all populations, sorted by time."""
    h5py = require("h5py", "sonata", "writing SONATA spikes")
    sorting = h5py.enum_dtype(_SORTING, basetype="i")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for item in trains:
            if item.name is None or "/" in item.name:
                raise StimulusError(
                    f"{path}: population {item.name!r} cannot be a group of HDF5; allowed: a name "
                    "without a slash."
                )
            order = np.lexsort((item.ids, item.times))
            group = file.create_group(f"spikes/{item.name}")
            group.attrs.create("sorting", _SORTING["by_time"], dtype=sorting)
            group.attrs["neurochip_size"] = item.size
            group.attrs["neurochip_duration"] = duration
            stamps = group.create_dataset("timestamps", data=item.times[order])
            stamps.attrs["units"] = "ms"
            group.create_dataset("node_ids", data=np.asarray(item.ids, dtype=np.uint64)[order])
    write_atomically(path, lambda file: file.write(buffer.getvalue()))
