"""Tasks through an executor: this process, local processes, or whoever implements ``submit``."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from typing import Any

from ..errors import SweepError
from .axes import Point
from .worker import Definition, evaluate, forget, warm_up

__all__ = ["Task", "cpus", "run_tasks"]

Task = list[tuple[int, Point]]

_IN_FLIGHT = 256  # tasks that wait or run: bounds what a sweep of a million points holds at once


def cpus() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_tasks(
    definition: Definition, tasks: Sequence[Task], executor: Executor | None, workers: int
) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of each task as it finishes, in any order.

    Parameters
    ----------
    definition : Definition
        Sent with each task.
    tasks : sequence of Task
        Numbered points.
    executor : concurrent.futures.Executor or None
        Where they run. Default: processes of this machine.
    workers : int
        How many such processes; 1 means this process itself.

    Raises
    ------
    SweepError
        If the definition cannot be sent, or a worker dies.
    """
    if executor is None and workers == 1:
        try:
            for task in tasks:
                yield evaluate(definition, task, None)
        finally:
            forget()
        return
    if executor is None:
        _check_travels(definition)
    with _local(workers) if executor is None else contextlib.nullcontext(executor) as pool:
        yield from _spread(definition, tasks, pool)


@contextlib.contextmanager
def _local(workers: int) -> Iterator[Executor]:
    warm_up()
    # Not fork: a process with threads, as Numba starts them, must not be copied.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _spread(
    definition: Definition, tasks: Sequence[Task], pool: Executor
) -> Iterator[list[dict[str, Any]]]:
    waiting = iter(tasks)
    running: set[Future[list[dict[str, Any]]]] = set()
    try:
        while True:
            for task in waiting:
                running.add(pool.submit(evaluate, definition, task, 1))
                if len(running) == _IN_FLIGHT:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            # What is done is kept, also if another task of the same moment failed.
            for future in sorted(done, key=lambda item: item.exception() is not None):
                yield future.result()
    except BrokenExecutor as problem:
        raise SweepError(
            "sweep: a worker process ended before its points were done. In a script, call sweep "
            "under `if __name__ == '__main__':`; from a notebook, import the functions from a "
            "module, or pass workers=1; if memory ran out, pass fewer workers."
        ) from problem
    finally:
        for future in running:
            future.cancel()


def _check_travels(definition: Definition) -> None:
    """Say it before a pool is there: one that meets it later may wait for ever (gh-94777)."""
    try:
        pickle.dumps(definition)
    except (pickle.PicklingError, AttributeError, TypeError) as problem:
        raise SweepError(
            f"sweep: the network, its function or `measure` cannot be sent to a worker "
            f"({problem}); define functions at the top level of a module, or pass workers=1."
        ) from problem
