"""Runs tasks in this process, in local processes, or in any executor with ``submit``."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from typing import Any, TypeAlias

from ..errors import SweepError
from .axes import Point
from .definition import Definition
from .worker import Event, Outcome, forget, stop_at, warm_up

__all__ = ["Run", "Task", "cpus", "open_pool"]

Task: TypeAlias = list[tuple[int, Point]]
Job: TypeAlias = Callable[[Definition, Task, int | None], Outcome]
Run: TypeAlias = Callable[[Job, Sequence[Task]], Iterator[list[dict[str, Any]]]]

_IN_FLIGHT = 256  # submitted tasks at a time; bounds the memory of a sweep of a million points
_MOST_NAMED = 8  # points named in a message


def cpus() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def open_pool(definition: Definition, executor: Executor | None, workers: int) -> Iterator[Run]:
    """Yield a function that runs tasks, for a ``with`` block.

    The function takes a job (a function of a definition, a task and a number of threads) and the
    tasks. It yields the results of each task as the task finishes, in any order. If a task fails,
    or on Ctrl-C, workers on this machine stop after their current point; all results are yielded
    before the error is raised.

    Parameters
    ----------
    definition : Definition
        Definition of the sweep, sent with each task.
    executor : concurrent.futures.Executor or None
        Executor of the tasks. Default: processes on this machine.
    workers : int
        Number of these processes; 1 runs all tasks in this process.

    Raises
    ------
    SweepError
        If the definition cannot be sent, a point fails, or a worker dies.
    """
    if executor is not None:
        yield functools.partial(_spread, definition, executor, None)
    elif workers > 1:
        pickle.dumps(definition)  # raises here what would let a process pool hang (gh-94777)
        warm_up()
        # Spawn, not fork: a process with threads, such as Numba's, must not be forked.
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin_worker, initargs=(stop,)
        )
        try:
            yield functools.partial(_spread, definition, pool, stop)
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    else:
        try:
            yield functools.partial(_here, definition)
        finally:
            forget()


def _begin_worker(stop: Event) -> None:
    """Ignore Ctrl-C, which the parent handles, and exit with the parent even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop_at(stop)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _here(
    definition: Definition, job: Job, tasks: Sequence[Task]
) -> Iterator[list[dict[str, Any]]]:
    for task in tasks:
        outcome = job(definition, task, None)
        yield outcome.found
        if outcome.problem is not None:
            raise outcome.problem


def _spread(
    definition: Definition,
    pool: Executor,
    stop: Any,  # multiprocessing event that the workers check, or None
    job: Job,
    tasks: Sequence[Task],
) -> Iterator[list[dict[str, Any]]]:
    waiting = iter(tasks)
    running: dict[Future[Outcome], Task] = {}
    try:
        while True:
            while len(running) < _IN_FLIGHT and (task := next(waiting, None)) is not None:
                running[_submitted(pool, job, definition, task)] = task
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            outcomes = [_outcome(future, running) for future in done]
            for future in done:
                del running[future]
            # Yield all results before an error of another task that ended at the same time.
            for outcome in outcomes:
                yield outcome.found
            for outcome in outcomes:
                if outcome.problem is not None:
                    raise outcome.problem
    except (SweepError, KeyboardInterrupt):
        yield from _rest(running, stop)
        raise
    finally:
        for future in running:
            future.cancel()


def _rest(running: dict[Future[Outcome], Task], stop: Any) -> Iterator[list[dict[str, Any]]]:
    """Stop the running tasks, and yield the results that they have."""
    if stop is not None:
        stop.set()
    for future in running:
        future.cancel()
    left = [future for future in running if not future.cancelled()]
    if stop is not None:  # workers without the event would not stop early
        wait(left)
    for future in left:
        if future.done():
            yield _outcome(future, running).found


def _submitted(pool: Executor, job: Job, definition: Definition, task: Task) -> Future[Outcome]:
    try:
        return pool.submit(job, definition, task, 1)
    except BrokenExecutor:
        raise SweepError(_DIED.format("")) from None
    except SweepError:
        raise
    except Exception as problem:
        raise SweepError(
            f"sweep: the executor does not take a task ({type(problem).__name__}: {problem})."
        ) from problem


def _outcome(future: Future[Outcome], running: dict[Future[Outcome], Task]) -> Outcome:
    """Return the outcome of a task, also if its worker died."""
    try:
        return future.result()
    except KeyboardInterrupt as problem:
        return Outcome([], problem)
    except BrokenExecutor:
        left = [task for other, task in running.items() if not _succeeded(other)]
        # Tasks start in their order, so the first unfinished ones were running.
        points = [index for task in left[: cpus()] for index, _ in task]
        named = ", ".join(map(str, points[:_MOST_NAMED])) + ("…" if points[_MOST_NAMED:] else "")
        return Outcome([], SweepError(_DIED.format(f" It was at one of the points {named}.")))
    except BaseException as problem:
        return Outcome(
            [], SweepError(f"sweep: a worker failed with {type(problem).__name__}: {problem}.")
        )


def _succeeded(future: Future[Outcome]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


_DIED = (
    "sweep: a worker process ended before its points were done.{} In a script, call sweep under "
    "`if __name__ == '__main__':`; if memory ran out, pass fewer workers."
)
