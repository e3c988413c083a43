"""Many runs of one network in float64, shared by threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TypeAlias

from .._kernels.barrier import is_broken, new_barrier
from .._kernels.workers import AbortedError, run_workers
from .._support.progress import progress_bar
from ..errors import NeurochipError
from ..recording import Recording
from ..stimulus import Stimulus
from ..typing import Int64Array

__all__ = ["Look", "Run", "run_batch"]

Look: TypeAlias = Callable[[int], object]
Run: TypeAlias = Callable[[Stimulus, Look], Recording]


def run_batch(
    new_run: Callable[[], Run], stimuli: Sequence[Stimulus], workers: int, progress: bool | None
) -> list[Recording]:
    """Make a run of each stimulus.

    Parameters
    ----------
    new_run : callable
        Returns a function that makes a run from step 0; each worker has one of its own. Its second
        argument is called several times during the run, and an exception from it ends the run.
    stimuli : sequence of Stimulus
        One for each run.
    workers : int
        Number of threads, at least 1.
    progress : bool, optional
        As for :func:`~neurochip.simulate_reference`.
    """
    recordings: list[Recording] = [None] * len(stimuli)  # type: ignore[list-item]
    problems: dict[int, NeurochipError] = {}
    numbers = itertools.count()

    def work(worker: int, barrier: Int64Array) -> None:
        del worker  # the next free worker takes the next run

        def look(_: int) -> None:
            if is_broken(barrier):
                raise AbortedError

        run = new_run()
        # Runs start in order, so the first error reported is the one with the lowest number.
        while not problems and (index := next(numbers)) < len(stimuli):
            look(index)
            try:
                recordings[index] = run(stimuli[index], look)
            except NeurochipError as problem:
                problems[index] = problem
            bar.update()

    with progress_bar(len(stimuli), "reference", progress, unit="run") as bar:
        run_workers(work, workers, barrier=new_barrier())
    if problems:
        index = min(problems)
        problem = problems[index]
        raise type(problem)(f"run {index} of {len(stimuli)}: {problem}") from None
    return recordings
