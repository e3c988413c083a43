"""Distribute many runs of one image over threads, and over copies that run side by side."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..._kernels.barrier import is_broken, new_barrier
from ..._kernels.workers import AbortedError, run_workers
from ..._support.progress import progress_bar
from ...errors import NeurochipError
from ...recording import Probe, Recording, WeightProbe
from ...stimulus import Stimulus
from ...typing import Int64Array
from ..connections import Samples, learned_parts
from ..currents import currents_of
from ..decode import decode_recording
from ..engine import Columns, Engine, Registers
from ..learning_run import PLAIN_RUN
from ..plan import add_run, memory_of, span_in, symbols_of
from ..recorded import columns_of
from ..spikes import InputLists
from ..writes import Writes
from .copies import Copies
from .engine import CpuEngine
from .side_by_side import FEWEST, most_copies

__all__ = ["run_batch"]


def run_batch(
    engine: Engine[Any],
    runs: Sequence[tuple[Stimulus, int | None]],
    duration: float | None,
    record: Iterable[str | Probe | WeightProbe],
    label: str,
    *,
    strict: bool,
    workers: int,
    progress: bool | None,
) -> list[Recording]:
    """Make all runs, each from step 0.

    Parameters
    ----------
    engine : Engine
        Engine of the image to run.
    runs : sequence of (Stimulus, int or None)
        Stimulus and noise seed of each run; None for the seed in the image.
    duration, record
        As for :meth:`~neurochip.emulator.Emulator.run_batch`.
    label : str
        Label of all recordings.
    strict : bool
        Raise at the first overflow.
    workers : int
        Number of threads.
    progress : bool, optional
        As for :class:`~neurochip.emulator.Emulator`.
    """
    image = engine.image
    symbols = symbols_of(image)
    probes, currents, columns, samples = columns_of(image, symbols, record)
    stimuli, noise_seeds = [stimulus for stimulus, _ in runs], [seed for _, seed in runs]
    cpu = engine if isinstance(engine, CpuEngine) and not strict else None
    groups = _groups(stimuli, most_copies(image) if cpu else 1, workers)
    most = max(map(len, groups), default=1)
    together = cpu.of_copies(most) if cpu and most > 1 else None
    recordings: list[Recording] = [None] * len(stimuli)  # type: ignore[list-item]
    problems: dict[int, NeurochipError] = {}
    numbers = itertools.count()

    def work(worker: int, barrier: Int64Array) -> None:
        del worker  # the next free worker takes the next group

        def look(_: int) -> None:
            if is_broken(barrier):
                raise AbortedError

        alone = _Alone(engine, columns, samples, strict, look)
        copies = Copies(image, together, columns, look) if together else None
        # Groups start in order, so the first error reported is the one with the lowest run number.
        while not problems and (number := next(numbers)) < len(groups):
            group = groups[number]
            runner = copies if copies and len(group) > 1 else alone
            index = group.start
            alone.seed = noise_seeds[index]
            try:
                spans = {}
                for index in group:
                    spans[index] = span_in(symbols, 0, stimuli[index], duration)
                with memory_of(spans[index].n_steps, columns, 12, samples):
                    for index, span in spans.items():
                        add_run(runner.inputs, image, span, stimuli[index])
                        runner.writes.append(currents_of(image, symbols, span, stimuli[index]))
                    for run, registers in zip(group, runner.run(), strict=True):
                        recordings[run] = decode_recording(
                            registers,
                            symbols,
                            probes,
                            currents,
                            label,
                            stimuli[run],
                            **learned_parts(image, registers),
                        )
            except NeurochipError as problem:
                problems[index] = problem
            bar.update(len(group))

    with progress_bar(len(stimuli), "emulating", progress, unit="run") as bar:
        # Workers take groups themselves: to submit a task for each takes as long as a short run.
        run_workers(work, workers, barrier=new_barrier())
    if problems:
        index = min(problems)
        problem = problems[index]
        raise type(problem)(f"run {index} of {len(stimuli)}: {problem}") from None
    return recordings


class _Alone:
    """Makes one run at a time, where :class:`Copies` are not allowed or not faster."""

    def __init__(
        self,
        engine: Engine[Any],
        columns: Columns,
        samples: Samples,
        strict: bool,
        look: Callable[[int], object],
    ) -> None:
        self._engine, self._columns, self._strict, self._look = engine, columns, strict, look
        self._learning = PLAIN_RUN._replace(samples=samples)
        self._position = engine.start()
        self.inputs = InputLists()
        self.writes: list[Writes | None] = []
        self.seed: int | None = None  # noise seed of the next run

    def run(self) -> Iterator[Registers]:
        self._engine.rewind(self._position)
        rows, _ = self.inputs.take()
        yield self._engine.run(
            self._position,
            rows,
            self._columns,
            writes=self.writes.pop(),
            seed=self.seed,
            strict=self._strict,
            report=self._look,
            threads=1,
            learning=self._learning,
        )


def _groups(stimuli: Sequence[Stimulus], most: int, workers: int) -> list[range]:
    """Divide the runs into groups of equal duration, with the same number for each worker."""

    def length(run: int) -> float | None:  # a value that is not a Stimulus fails in its run
        return getattr(stimuli[run], "duration", None)

    groups = []
    for _, same in itertools.groupby(range(len(stimuli)), length):
        runs = list(same)
        pieces = workers * -(-len(runs) // (workers * most))
        size = -(-len(runs) // pieces)
        if size < FEWEST:
            size = 1
        stop = runs[-1] + 1
        groups += [range(run, min(run + size, stop)) for run in range(runs[0], stop, size)]
    return groups
