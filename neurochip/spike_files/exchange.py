"""Spikes as a plain ``.npz`` with the arrays i, t_step, dt, n and duration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._support.archive import Archive
from .._support.grid import steps_of
from .._support.npz import opened, refusing, write_atomically
from .._support.ranges import POSITIVE
from .._support.values import integers, real
from ..errors import StimulusError
from .trains import Trains

__all__ = ["read_exchange", "write_exchange"]

_KEYS = ("i", "t_step", "dt", "n", "duration")
_LAST_STEP = 1 << 53  # up to here float64 represents every integer
_REMEDY = "write it again from its source"


def read_exchange(path: Path) -> tuple[list[Trains], float]:
    """Return the spikes and the duration (ms)."""
    damage = refusing(path, "damaged or not a file of spikes", _REMEDY, StimulusError)
    with opened(path, StimulusError, "a file of spikes (.npz)") as file, damage:
        archive = Archive(file)
        missing = [key for key in _KEYS if key not in archive]
        if not missing:
            (n,) = archive.shape("i")
            kinds = "iu" if n else "iuf"  # NumPy stores empty lists as floats
            archive.expect("t_step", kinds, (n,))
            ids, steps = archive.array("i", kinds, (n,)), archive.array("t_step", kinds, (n,))
            numbers = {key: archive.array(key, "iuf", ()).item() for key in ("dt", "duration")}
            size = archive.array("n", "iu", ())
    if missing:
        raise StimulusError(
            f"{path}: has no {', '.join(map(repr, missing))}; an .npz of spikes has i (source), "
            "t_step, dt (ms), n (number of sources) and duration (ms), or is a stimulus of "
            "neurochip."
        )
    dt = real(str(path), "dt", numbers["dt"], "ms", POSITIVE, error=StimulusError)
    integers(str(path), "t_step", steps, low=0, high=_LAST_STEP, error=StimulusError)
    with np.errstate(over="ignore"):  # an infinite time is refused later
        times = steps.astype(np.float64) * dt
    return [Trains(None, int(size), ids, times)], numbers["duration"]


def write_exchange(path: Path, trains: Trains, dt: float, duration: float) -> None:
    """Write the spikes of one population or input."""
    dt = real(str(path), "dt", dt, "ms", POSITIVE, error=StimulusError)
    with np.errstate(over="ignore"):
        on_grid = steps_of(trains.times, dt)
    if on_grid.size and on_grid.max() > _LAST_STEP:
        raise StimulusError(
            f"{path}: a spike at {trains.times.max():g} ms is beyond step {_LAST_STEP}; allowed: "
            "earlier ones, or a longer dt."
        )
    steps = on_grid.astype(np.int64)
    content: dict[str, Any] = {
        "i": np.asarray(trains.ids, dtype=np.int64),
        "t_step": steps,
        "dt": np.float64(dt),
        "n": np.int64(trains.size or 0),
        "duration": np.float64(duration),
    }
    write_atomically(path, lambda file: np.savez_compressed(file, **content))
