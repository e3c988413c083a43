"""The recorder of a population: what PyNN's common classes ask for, from the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

import neo
import numpy as np
from pyNN import recording

from ..._support.grid import whole_steps
from ..._support.ranges import POSITIVE
from ..._support.values import real
from ...errors import FrontendError
from ...typing import Float64Array, Int64Array
from . import simulator

__all__ = ["Recorder"]


class _Segments(recording.DataCache):
    """The segments before the last reset, of which each iteration makes copies.

    Attributes
    ----------
    asked : tuple
        Names of the variables of a copy, None for all; and its cells, None for all.
    """

    asked: tuple[list[str] | None, Any] = (None, None)

    def __iter__(self) -> Iterator[neo.Segment]:
        for segment in self._data:
            yield _selected(deepcopy(segment), *self.asked)


class Recorder(recording.Recorder):
    """Records spikes, v and synaptic currents of a population.

    Segments from before a reset are handed out as copies with the variables and cells that are
    asked for. PyNN hands out its own: to ask for some variables, or for an assembly, then empties
    or extends what it keeps, and a view has the cells of its whole population there.
    """

    _simulator = simulator

    def __init__(self, population: Any, file: Any = None) -> None:
        super().__init__(population, file)
        self.cache = _Segments()

    def get(
        self, variables: Any, gather: bool = False, filter_ids: Any = None, *args: Any, **more: Any
    ) -> neo.Block:
        """Return what was recorded of some variables, or ``"all"``; see PyNN."""
        self._simulator.state.check_present(self.population)
        names = [variables] if isinstance(variables, str) else list(variables)
        self.cache.asked = (None if variables == "all" else names, filter_ids)
        try:
            return super().get("all", gather, filter_ids, *args, **more)
        finally:
            self.cache.asked = (None, None)

    def _get_current_segment(
        self, filter_ids: Any = None, variables: Any = "all", clear: bool = False
    ) -> neo.Segment:
        if self.cache.asked[0] is not None:
            variables = self._localize_variables(self.cache.asked[0], None)
        return super()._get_current_segment(filter_ids, variables, clear)

    def _record(self, variable: Any, new_ids: Any, sampling_interval: Any = None) -> None:
        del new_ids  # the store reads what is recorded at each run
        self._simulator.state.check_present(self.population)
        if sampling_interval is None or variable.name == "spikes":
            return
        owner, dt = f"Population {self.population.label!r}", simulator.state.dt
        allowed = f"multiples of the step of {dt:g} ms"
        given = (owner, "sampling_interval", sampling_interval, "ms", POSITIVE)
        interval = real(*given, allowed=allowed, error=FrontendError)
        if not whole_steps(interval, dt):
            raise FrontendError(
                f"{owner}: sampling_interval = {interval:g} ms; allowed: {allowed}."
            )
        self.sampling_interval = interval

    def _get_spiketimes(
        self, cells: Any, clear: bool = False
    ) -> tuple[Int64Array, Float64Array] | dict[int, Float64Array]:
        del clear  # of the store; PyNN calls _clear_simulator, too
        if not cells:  # PyNN makes no list of trains of none
            return {}
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
        self._simulator.state.check_present(self.population)
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


def _selected(segment: neo.Segment, names: list[str] | None, cells: Any) -> neo.Segment:
    """Return a segment with only some variables and cells, None for all."""
    if names is not None:
        segment.analogsignals = [item for item in segment.analogsignals if item.name in names]
        if "spikes" not in names:
            segment.spiketrains = []
    if cells is not None:
        kept = {int(cell) for cell in cells}
        segment.analogsignals = [_columns(signal, kept) for signal in segment.analogsignals]
        segment.spiketrains = [
            train for train in segment.spiketrains if int(train.annotations["channel_id"]) in kept
        ]
    return segment


def _columns(signal: neo.AnalogSignal, cells: set[int]) -> neo.AnalogSignal:
    """Return the signal of some cells."""
    own = np.isin(signal.annotations["channel_ids"], list(cells))
    found = signal[:, own]
    found.annotations["channel_ids"] = signal.annotations["channel_ids"][own]
    return found
