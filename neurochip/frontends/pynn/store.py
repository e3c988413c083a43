"""What the runs recorded."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from ...recording import Probe, Recording

__all__ = ["Store"]


class Store:
    """Spikes and samples since time 0, by population.

    Parameters
    ----------
    state : State
        The state, whose recorders say what is recorded.
    """

    def __init__(self, state: Any) -> None:
        self._state = state
        self.clear()

    def clear(self, key: str | None = None) -> None:
        """Forget everything, or what was recorded of one population."""
        if key is None:
            self._spikes: defaultdict[str, list[Any]] = defaultdict(list)
            self._v: defaultdict[str, list[Any]] = defaultdict(list)
        else:
            self._spikes.pop(key, None)
            self._v.pop(key, None)

    def probes(self) -> list[Probe]:
        """Return what a run records besides spikes."""
        return [
            Probe("v", item.population.key)
            for item in self._state.recorders
            if item.population.celltype.injectable and "v" in {v.name for v in item.recorded}
        ]

    def add(self, recording: Recording) -> None:
        """Take what a window recorded."""
        for name in recording.populations:
            times = np.round((recording.steps[name] + 1) * self._state.dt, 9)
            self._spikes[name].append((times, recording.ids[name]))
        for probe in self.probes():
            assert isinstance(probe.population, str)
            self._v[probe.population].append(recording.trace(probe.population, "v").values)

    def add_sources(self, key: str, steps: Any, ids: Any, times: Any) -> None:  # noqa: ARG002
        """Take the spikes of sources, which are recorded at their times (ms)."""
        self._spikes[key].append((times, ids))

    def spikes(self, key: str, ids: Any) -> tuple[Any, Any]:
        """Return the cell and the time (ms) of each spike of some cells."""
        parts = self._spikes[key] or [(np.empty(0), np.empty(0, int))]
        times, who = (np.concatenate(x) for x in zip(*parts, strict=True))
        keep = np.isin(who, ids)
        return who[keep], times[keep]

    def signal(self, population: Any, variable: str, ids: Any) -> Any:
        """Return samples of a variable, shape (n_samples, n_ids)."""
        start = population._initial[variable][None, ids]
        return np.concatenate([start, *(part[:, ids] for part in self._v[population.key])])
