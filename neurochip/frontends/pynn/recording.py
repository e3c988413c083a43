"""The recorder of a population."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import recording

from . import simulator

__all__ = ["Recorder"]


class Recorder(recording.Recorder):
    """Records spikes and variables of a population."""

    _simulator = simulator

    def _record(self, variable: Any, new_ids: Any, sampling_interval: Any = None) -> None:
        pass

    def _ids(self, cells: Any) -> Any:
        return np.array([int(cell) for cell in cells], int) - int(self.population.first_id)

    def _get_spiketimes(self, cells: Any, clear: bool = False) -> Any:  # noqa: ARG002
        ids = self._ids(cells)
        who, times = simulator.state.store.spikes(self.population.key, ids)
        return {int(i + self.population.first_id): times[who == i] for i in ids}

    def _get_all_signals(self, variable: Any, cells: Any, clear: bool = False) -> Any:  # noqa: ARG002
        ids = self._ids(cells)
        return simulator.state.store.signal(self.population, variable.name, ids), None

    def _local_count(self, variable: Any, filter_ids: Any = None) -> dict[int, int]:
        cells = self.filter_recorded(variable, filter_ids)
        return {cell: len(times) for cell, times in self._get_spiketimes(cells).items()}

    def _clear_simulator(self) -> None:
        simulator.state.store.clear(self.population.key)

    def _reset(self) -> None:
        pass
