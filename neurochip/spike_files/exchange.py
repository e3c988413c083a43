"""The plain ``.npz`` that people pass around: i, t_step, dt, n, duration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._grid import GRID_TOLERANCE
from .._npz import DAMAGE, reason, write_atomically
from ..errors import StimulusError
from .trains import Trains

__all__ = ["read_exchange", "write_exchange"]

_KEYS = ("i", "t_step", "dt", "n", "duration")


def read_exchange(path: Path) -> tuple[list[Trains], float]:
    """Return the spikes and the duration (ms)."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            missing = [key for key in _KEYS if key not in content.files]
            values: dict[str, Any] = {} if missing else {key: content[key] for key in _KEYS}
    except DAMAGE as problem:
        raise StimulusError(
            f"{path}: damaged ({reason(problem)}); write it again from its source."
        ) from None
    if missing:
        raise StimulusError(
            f"{path}: has no {', '.join(map(repr, missing))}; an .npz of spikes has i (source), "
            "t_step, dt (ms), n (sources) and duration (ms), or is a stimulus of neurochip."
        )
    for name, kinds, dims in (
        ("i", "iu", 1),
        ("t_step", "iu", 1),
        ("dt", "iuf", 0),
        ("n", "iu", 0),
        ("duration", "iuf", 0),
    ):
        array = values[name]
        wanted = f"{'integers' if kinds == 'iu' else 'a number'}, {dims} dimensions"
        empty = array.size == 0 and dims == 1
        if array.ndim != dims or not (array.dtype.kind in kinds or empty):
            raise StimulusError(
                f"{path}: {name} is {array.ndim}-dimensional of type {array.dtype}; allowed: "
                f"{wanted}."
            )
    if len(values["i"]) != len(values["t_step"]):
        raise StimulusError(
            f"{path}: i has {len(values['i'])} entries and t_step {len(values['t_step'])}; "
            "allowed: one of each per spike."
        )
    dt = float(values["dt"])
    if not (np.isfinite(dt) and dt > 0):
        raise StimulusError(f"{path}: dt = {dt:g} ms; allowed: a number above 0.")
    times = values["t_step"].astype(np.float64) * dt
    ids = values["i"].astype(np.int64)
    return [Trains(None, int(values["n"]), ids, times)], float(values["duration"])


def write_exchange(path: Path, trains: Trains, dt: float, duration: float) -> None:
    """Write one population or input."""
    steps = np.floor(trains.times / dt + GRID_TOLERANCE).astype(np.int64)
    content: dict[str, Any] = {
        "i": np.asarray(trains.ids, dtype=np.int64),
        "t_step": steps,
        "dt": np.float64(dt),
        "n": np.int64(trains.size or 0),
        "duration": np.float64(duration),
    }
    write_atomically(path, lambda file: np.savez_compressed(file, **content))
