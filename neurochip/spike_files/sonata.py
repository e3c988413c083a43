"""Spikes in the SONATA format (HDF5).

A file has the datasets ``/spikes/<population>/timestamps`` and ``node_ids``, the attribute
``sorting`` of the population and the attribute ``units`` of the timestamps, by default ms; see
https://github.com/AllenInstitute/sonata. The format does not store the number of neurons and the
duration; neurochip writes them to the attributes ``neurochip_size`` and ``neurochip_duration``
(ms), which other tools ignore.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._support.extras import require
from .._support.hdf5 import refuse_other_files
from .._support.npz import DAMAGE, reason, write_atomically
from .._support.ranges import POSITIVE
from .._support.values import check_size, real
from ..errors import StimulusError
from .sizes import check_dataset
from .trains import Trains

__all__ = ["read_sonata", "write_sonata"]

_MS = {"ms": 1.0, "milliseconds": 1.0, "s": 1000.0, "seconds": 1000.0, "us": 1e-3}
_TAKEN = (".", "..", "timestamps", "node_ids")
_SORTING = {"none": 0, "by_id": 1, "by_time": 2}


def read_sonata(path: Path) -> tuple[list[Trains], float | None]:
    """Return the spikes of all populations, and the duration (ms) if the file stores it."""
    h5py = require("h5py", "sonata", "reading SONATA spikes")
    try:
        with h5py.File(path, "r") as file:
            refuse_other_files(file, str(path), StimulusError)
            groups = _populations(h5py, path, file)
            trains = [_read(h5py, path, name, group) for name, group in groups]
            durations = {
                real(f"{path}: /spikes/{name}", key, stated, "ms", POSITIVE, error=StimulusError)
                for name, group in groups
                for key, stated in group.attrs.items()
                if key == "neurochip_duration"
            }
    except StimulusError:
        raise
    except DAMAGE as problem:
        raise StimulusError(
            f"{path}: damaged or not SONATA ({reason(problem)}); write it again from its source."
        ) from None
    if len(durations) > 1:
        raise StimulusError(
            f"{path}: its populations last {' and '.join(f'{d:g}' for d in sorted(durations))} ms; "
            "allowed: one duration."
        )
    return trains, durations.pop() if durations else None


def _populations(h5py: Any, path: Path, file: Any) -> list[tuple[str | None, Any]]:
    spikes = file.get("spikes")
    if not isinstance(spikes, h5py.Group):
        raise StimulusError(f"{path}: has no group /spikes; pass a SONATA file of spikes.")
    groups = [(name, item) for name, item in spikes.items() if isinstance(item, h5py.Group)]
    if "timestamps" in spikes:  # older files have no populations
        if groups:
            raise StimulusError(
                f"{path}: has spikes both in /spikes and in {_listed(groups)}; allowed: one of "
                "these."
            )
        return [(None, spikes)]
    if not groups:
        raise StimulusError(f"{path}: has no population in /spikes.")
    return groups


def _listed(groups: Sequence[tuple[str, Any]]) -> str:
    return ", ".join(f"/spikes/{name}" for name, _ in groups)


def _read(h5py: Any, path: Path, name: str | None, group: Any) -> Trains:
    label = f"{path}: /spikes/{name or ''}"
    for key in ("timestamps", "node_ids"):
        if not isinstance(group.get(key), h5py.Dataset):
            raise StimulusError(f"{label} has no {key}; allowed: timestamps and node_ids.")
    times, ids = group["timestamps"], group["node_ids"]
    for key, item, kinds, wanted in (
        ("timestamps", times, "iuf", "numbers"),
        ("node_ids", ids, "iu", "integers"),
    ):
        if item.ndim != 1 or (item.size and item.dtype.kind not in kinds):
            raise StimulusError(
                f"{label}: {key} have shape {item.shape} and type {item.dtype}; allowed: {wanted}, "
                "one per spike."
            )
    if len(times) != len(ids):
        raise StimulusError(
            f"{label} has {len(times)} timestamps and {len(ids)} node_ids; allowed: one of each "
            "per spike."
        )
    for item in (times, ids):
        check_dataset(str(path), item)
    size = group.attrs.get("neurochip_size")
    if size is not None:
        size = check_size(label, size, StimulusError)
    return Trains(name, size, ids[()], _in_ms(label, times))


def _in_ms(label: str, times: Any) -> Any:
    unit = times.attrs.get("units", "ms")
    if isinstance(unit, np.ndarray) and unit.size == 1:
        unit = unit.item()
    unit = unit.decode(errors="replace") if isinstance(unit, bytes) else str(unit)
    if unit not in _MS:
        raise StimulusError(f"{label} has times in {unit!r}; allowed: {', '.join(map(repr, _MS))}.")
    with np.errstate(over="ignore"):  # an infinite time is refused later
        return times[()].astype(np.float64) * _MS[unit]


def write_sonata(path: Path, trains: Sequence[Trains], duration: float) -> None:
    """Write all populations, sorted by time."""
    h5py = require("h5py", "sonata", "writing SONATA spikes")
    sorting = h5py.enum_dtype(_SORTING, basetype="i")
    buffer = io.BytesIO()
    # These structures and this filter carry checksums; HDF5 1.8 reads them.
    with h5py.File(buffer, "w", libver=("v108", "v108")) as file:
        for item in trains:
            if item.name is None or "/" in item.name or "\0" in item.name:
                raise StimulusError(
                    f"{path}: population {item.name!r} cannot be a group of HDF5; allowed: a name "
                    "without a slash."
                )
            if item.name in _TAKEN:
                raise StimulusError(
                    f"{path}: population {item.name!r} cannot be a group of SONATA; allowed: "
                    f"another name than {', '.join(map(repr, _TAKEN))}."
                )
            order = np.lexsort((item.ids, item.times))
            group = file.create_group(f"spikes/{item.name}")
            group.attrs.create("sorting", _SORTING["by_time"], dtype=sorting)
            group.attrs["neurochip_size"] = item.size
            group.attrs["neurochip_duration"] = duration
            times, ids = item.times[order], np.asarray(item.ids, dtype=np.uint64)[order]
            stamps = group.create_dataset("timestamps", data=times, fletcher32=True)
            stamps.attrs["units"] = "ms"
            group.create_dataset("node_ids", data=ids, fletcher32=True)
    write_atomically(path, lambda file: file.write(buffer.getvalue()))
