"""The recorder of a population: what PyNN's common classes ask for, from the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from pyNN import recording

from ..._support.grid import whole_steps
from ...errors import FrontendError
from ...typing import Float64Array, Int64Array
from . import simulator

__all__ = ["Recorder"]


class Recorder(recording.Recorder):
    """Records spikes, v and synaptic currents of a population."""

    _simulator = simulator

    def _record(self, variable: Any, new_ids: Any, sampling_interval: Any = None) -> None:
        del new_ids  # the store reads what is recorded at each run
        if sampling_interval is None or variable.name == "spikes":
            return
        dt = simulator.state.dt
        steps = whole_steps(sampling_interval, dt)
        if not steps:
            raise FrontendError(
                f"Population {self.population.label!r}: sampling_interval = {sampling_interval:g} "
                f"ms; allowed: multiples of the step of {dt:g} ms."
            )
        self.sampling_interval = sampling_interval

    def _get_spiketimes(self, cells: Any, clear: bool = False) -> tuple[Int64Array, Float64Array]:
        del clear  # of the store; PyNN calls _clear_simulator, too
        ids, first = self._indices(cells), int(self.population.first_id)
        who, times = simulator.state.store.spikes(self.population, ids)
        return who.astype(np.int64) + first, times

    def _get_all_signals(
        self, variable: Any, cells: Any, clear: bool = False
    ) -> tuple[Float64Array, None]:
        del clear
        ids = self._indices(cells)
        return simulator.state.store.signal(self.population, variable.name, ids), None

    def _local_count(self, variable: Any, filter_ids: Any = None) -> dict[int, int]:
        cells = sorted(self.filter_recorded(variable, filter_ids))
        counts = simulator.state.store.counts(self.population, self._indices(cells))
        return dict(zip(map(int, cells), counts.tolist(), strict=True))

    def _clear_simulator(self) -> None:
        simulator.state.store.begin(self.population)

    def _reset(self) -> None:
        self.sampling_interval = simulator.state.dt
        simulator.state.store.forget(self.population)

    def _indices(self, cells: Iterable[Any]) -> Int64Array:
        """Return the indices of cells in the population."""
        return np.fromiter(map(int, cells), np.int64) - int(self.population.first_id)
