"""Tasks through an executor: this process, local processes, or whoever implements ``submit``."""

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

_IN_FLIGHT = 256  # tasks that wait or run: bounds what a sweep of a million points holds at once
_MOST_NAMED = 8  # points in a message


def cpus() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def open_pool(definition: Definition, executor: Executor | None, workers: int) -> Iterator[Run]:
    """Give a function that carries out tasks, for a ``with`` block.

    It takes a function of a definition, some points and a number of threads, and the tasks, and
    yields what was found for the points of each task as it finishes, in any order. Where a task
    fails, or Ctrl-C is pressed, workers of this machine stop after the point they are at; what was
    found until then is yielded before the error is raised.

    Parameters
    ----------
    definition : Definition
        Sent with each task.
    executor : concurrent.futures.Executor or None
        Where tasks run. Default: processes of this machine.
    workers : int
        How many such processes; 1 means this process itself.

    Raises
    ------
    SweepError
        If the definition cannot be sent, a point fails, or a worker dies.
    """
    if executor is not None:
        yield functools.partial(_spread, definition, executor, None)
    elif workers > 1:
        _check_travels(definition)
        warm_up()
        # Not fork: a process with threads, as Numba starts them, must not be copied.
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
    """Leave Ctrl-C to the parent, and end with it even if it is killed."""
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
    stop: Any,  # an event of multiprocessing, if the workers know one
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
            # What is done is kept, also if another task of the same moment failed.
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
    """End what runs, and yield what was found until then."""
    if stop is not None:
        stop.set()
    for future in running:
        future.cancel()
    left = [future for future in running if not future.cancelled()]
    if stop is not None:  # else nobody waits for workers that do not know it
        wait(left)
    for future in left:
        if future.done():
            yield _outcome(future, running).found


def _submitted(pool: Executor, job: Job, definition: Definition, task: Task) -> Future[Outcome]:
    try:
        return pool.submit(job, definition, task, 1)
    except BrokenExecutor:
        raise SweepError(_DIED.format("")) from None
    except Exception as problem:
        raise SweepError(
            f"sweep: the executor does not take a task ({type(problem).__name__}: {problem})."
        ) from problem


def _outcome(future: Future[Outcome], running: dict[Future[Outcome], Task]) -> Outcome:
    """Return the outcome of a task, also if its worker did not live to say so."""
    try:
        return future.result()
    except KeyboardInterrupt as problem:
        return Outcome([], problem)
    except BrokenExecutor:
        left = [task for other, task in running.items() if not _succeeded(other)]
        # Tasks are taken in their order, so that the first ones were under way.
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
    "`if __name__ == '__main__':`; from a notebook, import the functions from a module, or pass "
    "workers=1; if memory ran out, pass fewer workers."
)


def _check_travels(definition: Definition) -> None:
    """Say it before a pool is there: one that meets it later may wait for ever (gh-94777)."""
    try:
        pickle.dumps(definition)
    except Exception as problem:  # whatever the user's objects raise
        raise SweepError(
            f"sweep: the network, its function or `measure` cannot be sent to a worker "
            f"({problem}); define functions at the top level of a module, or pass workers=1."
        ) from problem
