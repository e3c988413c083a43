"""A run of the groups that learn: their tables, what the host writes, and what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...image import GivenTrace
from ...learning.terms import POST
from ..learning_run import HostWrites, LearningRun, Samples
from .plastic import PlasticGroup
from .plastic_layout import GivenRows, Sampling
from .state import State, Tables

__all__ = ["PlasticRun"]

_VALUES_PER_CALL = 1 << 20  # traces that the host writes in a call of a kernel: 4 MB


class PlasticRun:
    """A run of the groups of an image that learn.

    Parameters
    ----------
    groups : sequence of PlasticGroup
        The groups; none if nothing learns.
    run : LearningRun
        What they are given, and what is recorded.
    planned : sequence of GivenTrace
        Traces that the image itself writes.
    first, n_steps : int
        First step and number of steps of the run.
    """

    def __init__(
        self,
        groups: Sequence[PlasticGroup],
        run: LearningRun,
        planned: Sequence[GivenTrace],
        first: int,
        n_steps: int,
    ) -> None:
        self._groups, self._run, self._span = groups, run, (first, n_steps)
        self._writes: list[dict[str, HostWrites]] = [{} for _ in groups]
        for item in planned:
            values = item.values.astype(np.int32).reshape(len(item.steps), -1)
            self._writes[item.group][item.variable] = HostWrites(item.steps, values)
        for index, given in run.given.items():
            self._writes[index] |= given
        self.samples: tuple[Sampling, ...] = tuple(
            group.sampling(run.samples.get(index, {}), first, n_steps)
            for index, group in enumerate(groups)
        )

    def begin(self, tables: Tables, state: State) -> Tables:
        """Return the tables of the run, and begin its counters and the planned traces."""
        for writes, learned in zip(self._writes, state.learning, strict=True):
            learned.counts[:] = 0
            for name, each in writes.items():
                row = int(np.searchsorted(each.steps, self._span[0])) - 1
                learned.y[POST.index(name)] = each.values[row] if row >= 0 else 0
        if not self._run.draws:
            return tables
        return tables._replace(
            learning=tuple(
                group.with_draws(self._run.draws.get(index), *self._span)
                for index, group in enumerate(self._groups)
            )
        )

    @property
    def steps_per_call(self) -> int:
        """Largest number of steps of a call of a kernel, at least one."""
        width = sum(int(each.values.shape[1]) for rows in self._writes for each in rows.values())
        return max(1, _VALUES_PER_CALL // max(1, width))

    def given(self, begin: int, stop: int) -> tuple[GivenRows, ...]:
        """Return what the host writes in some steps."""
        pairs = zip(self._groups, self._writes, strict=True)
        return tuple(group.given(writes, begin, stop) for group, writes in pairs)

    def results(self, state: State) -> dict[str, Any]:
        """Return the samples and the counters of the run."""
        synaptic: dict[tuple[int, str], Samples] = {}
        learning: dict[int, dict[str, int]] = {}
        triples = zip(self._groups, state.learning, self.samples, strict=True)
        for index, (group, learned, room) in enumerate(triples):
            learning[index] = group.counts(learned)
            found = group.sampled(self._run.samples.get(index, {}), room, *self._span)
            synaptic |= {(index, name): each for name, each in found.items()}
        return {"synaptic": synaptic, "learning": learning}
