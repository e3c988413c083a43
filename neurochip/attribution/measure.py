"""Metrics of model runs against the ideal run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from .._support.grid import steps_of
from ..recording import Recording
from ..typing import Float64Array, Int64Array
from ..validation import metrics
from .model import Model, ModelRun

__all__ = ["Measure", "Sources", "Values"]

Sources: TypeAlias = frozenset[str]
Values: TypeAlias = dict[str, dict[str, Float64Array]]  # by population and metric, per neuron


class Measure:
    """Metrics of runs against the ideal run; each set of sources runs once."""

    def __init__(self, model: Model, window: float, sampled: dict[str, Int64Array]) -> None:
        self._model, self._sampled = model, sampled
        self._window = int(steps_of(min(window, model.n_steps * model.dt), model.dt))
        self._ideal = model.run(())
        self._known: dict[Sources, Values] = {}

    def __call__(self, on: Iterable[str]) -> Values:
        """Return the metrics with these sources switched on."""
        sources = frozenset(on)
        if sources not in self._known:
            self._known[sources] = self._values(self._model.run(sources), self._ideal)
        return self._known[sources]

    def of_recording(self, run: Recording, against: Sources = frozenset()) -> Values:
        """Return the metrics of a recording of float64 or of the chip.

        The recording is compared with the run with the sources ``against``, by default the ideal.
        """
        model, every = self._model, round(self._model.dt / run.dt)
        firsts = model.bounds[:-1].tolist()
        names = [item.name for item in model.network.populations]
        steps = np.concatenate([run.steps[name] // every for name in names])
        ids = np.concatenate(
            [run.ids[name] + first for name, first in zip(names, firsts, strict=True)]
        )
        numbers = np.concatenate([run.numbers(name) for name in names])
        v = np.concatenate([run.trace(name, "v").values[every - 1 :: every] for name in names], 1)
        other = self._model.run(against) if against else self._ideal
        return self._values(ModelRun(steps, ids.astype(np.int32), numbers, v), other)

    def _values(self, run: ModelRun, other: ModelRun) -> Values:
        model, column = self._model, 0
        values: Values = {}
        for item, begin in zip(model.network.populations, model.bounds[:-1], strict=True):
            before, train = (_train(each, int(begin), item.size) for each in (other, run))
            gamma = metrics.coincidence_factor(
                before, train, item.size, model.n_steps, self._window
            )
            columns = slice(column, column + len(self._sampled[item.name]))
            column = columns.stop
            own = (run.ids >= begin) & (run.ids < begin + item.size)
            counts = np.bincount(train[1], run.numbers[own], minlength=item.size)
            values[item.name] = {
                "rate": counts / (model.n_steps * model.dt / 1000.0),
                "v_rmse": np.sqrt(np.mean((run.v[:, columns] - other.v[:, columns]) ** 2, axis=0)),
                # NaN if neither side spikes or windows cover the whole run: no difference.
                "spike_times": 1 - np.nan_to_num(gamma, nan=1.0),
            }
        return values


def _train(run: ModelRun, first: int, size: int) -> metrics.Train:
    own = (run.ids >= first) & (run.ids < first + size)
    return run.steps[own], run.ids[own] - np.int32(first)
