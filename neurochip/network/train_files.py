"""The arrays of spikes in the file of a stimulus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._support.archive import Archive
from .._support.values import read_only
from ..errors import StimulusError
from .binning import Train
from .counts import SpikeCounts
from .graded import GradedSpikes
from .inputs import SpikeInput

__all__ = ["read_trains", "train_arrays"]


def train_arrays(trains: Sequence[Train]) -> dict[str, object]:
    """Return the spikes of inputs as arrays by their names in the file.

    Raises
    ------
    StimulusError
        If the name of an input ends with a NUL, which the file cannot store.
    """
    names = [train.name for train in trains]
    if any(name.endswith("\0") for name in names):
        raise StimulusError(f"stimulus: an input of {names!r} ends with a NUL; rename it.")
    arrays: dict[str, object] = {
        "names": np.array(names, dtype=np.str_),
        "sizes": np.array([train.size for train in trains], dtype=np.int64),
    }
    for index, train in enumerate(trains):
        if isinstance(train, SpikeInput):
            arrays[f"ids_{index}"], arrays[f"times_{index}"] = train.ids, train.times
            continue
        if isinstance(train, SpikeCounts):
            arrays[f"counts_{index}"] = train.counts
        else:
            arrays[f"payloads_{index}"] = train.payloads
        arrays[f"dt_{index}"] = np.float64(train.dt)
        arrays[f"first_step_{index}"] = np.int64(train.first_step)
    return arrays


def read_trains(file: Archive) -> tuple[Train, ...]:
    """Return the spikes of a file."""
    names = file.array("names", "U", (None,)).tolist()
    sizes = file.array("sizes", "iu", (len(names),)).tolist()
    return tuple(
        _read(file, index, name, size)
        for index, (name, size) in enumerate(zip(names, sizes, strict=True))
    )


def _read(file: Archive, index: int, name: str, size: int) -> Train:
    if f"ids_{index}" in file:
        (n,) = file.shape(f"ids_{index}")
        file.expect(f"times_{index}", "f", (n,))
        ids = file.array(f"ids_{index}", "iu", (n,))
        return SpikeInput(name, size, ids, file.array(f"times_{index}", "f", (n,)))
    graded = f"payloads_{index}" in file
    kind, key = ("i", "payloads") if graded else ("u", "counts")
    table = read_only(file.array(f"{key}_{index}", kind, (None, size)))
    dt = float(file.array(f"dt_{index}", "f", ()))
    first = int(file.array(f"first_step_{index}", "iu", ()))
    return (GradedSpikes if graded else SpikeCounts)(name, table, dt, first)
