"""A run of the groups that learn: their tables, what the host writes, and what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...image import GivenTrace
from ...learning.layout import State
from ...learning.terms import POST
from ..learning_run import HostWrites, LearningRun, Samples
from .plastic import PlasticGroup
from .plastic_layout import PlasticCall, Sampling

__all__ = ["PlasticRun"]

_VALUES_PER_CALL = 1 << 20  # traces that the host writes in a call of a kernel: 4 MB


class PlasticRun:
    """A run of the groups of an image that learn.

    Parameters
    ----------
    groups : sequence of PlasticGroup
        The groups; none if nothing learns.
    learned : tuple of State
        Their weights and traces, which the run changes. Its counters and planned traces begin now.
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
        learned: tuple[State, ...],
        run: LearningRun,
        planned: Sequence[GivenTrace],
        first: int,
        n_steps: int,
    ) -> None:
        self._groups, self._learned, self._run = groups, learned, run
        self._span = first, n_steps
        self._writes: list[dict[str, HostWrites]] = [{} for _ in groups]
        for item in planned:
            values = item.values.astype(np.int32).reshape(len(item.steps), -1)
            self._writes[item.group][item.variable] = HostWrites(item.steps, values)
        for index, given in run.given.items():
            self._writes[index] |= given
        self._tables = tuple(
            group.with_draws(run.draws.get(index), first, n_steps)
            for index, group in enumerate(groups)
        )
        self._samples: tuple[Sampling, ...] = tuple(
            group.sampling(run.samples.get(index, {}), first, n_steps)
            for index, group in enumerate(groups)
        )
        for writes, state in zip(self._writes, learned, strict=True):
            state.counts[:] = 0
            for name, each in writes.items():
                row = int(np.searchsorted(each.steps, first)) - 1
                state.y[POST.index(name)] = each.values[row] if row >= 0 else 0

    @property
    def steps_per_call(self) -> int:
        """Largest number of steps of a call of a kernel, at least one."""
        width = sum(int(each.values.shape[1]) for rows in self._writes for each in rows.values())
        return max(1, _VALUES_PER_CALL // max(1, width))

    def call(self, begin: int, stop: int) -> PlasticCall | tuple[()]:
        """Return what a call of the kernel, from a step to another, is given for learning."""
        if not self._groups:
            return ()
        pairs = zip(self._groups, self._writes, strict=True)
        given = tuple(group.given(writes, begin, stop) for group, writes in pairs)
        return PlasticCall(self._tables, self._learned, given, self._samples)

    def results(self) -> dict[str, Any]:
        """Return the samples and the counters of the run."""
        synaptic: dict[tuple[int, str], Samples] = {}
        learning: dict[int, dict[str, int]] = {}
        triples = zip(self._groups, self._learned, self._samples, strict=True)
        for index, (group, state, room) in enumerate(triples):
            learning[index] = group.counts(state)
            found = group.sampled(self._run.samples.get(index, {}), room, *self._span)
            synaptic |= {(index, name): each for name, each in found.items()}
        return {"synaptic": synaptic, "learning": learning}
