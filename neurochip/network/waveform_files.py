"""The arrays of waveforms in the file of a stimulus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._support.archive import Archive
from ..errors import StimulusError
from .step_current import Waveform

__all__ = ["CURRENTS", "read_waveforms", "waveform_arrays"]

CURRENTS = "current_names"
"""Array with the population of each waveform."""


def waveform_arrays(waveforms: Sequence[Waveform]) -> dict[str, object]:
    """Return waveforms as arrays by their names in the file.

    Raises
    ------
    StimulusError
        If the name of a population ends with a NUL, which the file cannot store.
    """
    names = [item.population for item in waveforms]
    if any(name.endswith("\0") for name in names):
        raise StimulusError(f"stimulus: a population of {names!r} ends with a NUL; rename it.")
    arrays: dict[str, object] = {
        CURRENTS: np.array(names, dtype=np.str_),
        "current_sizes": np.array([item.size for item in waveforms], dtype=np.int64),
    }
    for index, item in enumerate(waveforms):
        arrays[f"current_times_{index}"] = item.times
        arrays[f"current_amplitudes_{index}"] = item.amplitudes
    return arrays


def read_waveforms(file: Archive) -> tuple[Waveform, ...]:
    """Return the waveforms of a file."""
    names = file.array(CURRENTS, "U", (None,)).tolist()
    sizes = file.array("current_sizes", "iu", (len(names),)).tolist()
    found = []
    for index, (name, size) in enumerate(zip(names, sizes, strict=True)):
        times = file.array(f"current_times_{index}", "f", (None,))
        shape = file.shape(f"current_amplitudes_{index}")
        wanted = (len(times), size)[: max(len(shape), 1)]
        amplitudes = file.array(f"current_amplitudes_{index}", "f", wanted)
        found.append(Waveform(name, size, times, amplitudes))
    return tuple(found)
