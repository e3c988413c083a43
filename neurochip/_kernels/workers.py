"""Run kernels on several threads: choose the number, start the threads, and join their spikes.

Each thread is a *worker* with its own part of the neurons; kernels receive the worker's number.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import numba
import numpy as np

from .._support.values import integer, shown
from ..errors import EmulatorError
from ..typing import Int32Array, Int64Array
from .barrier import BROKEN
from .jit import kernel

__all__ = [
    "AbortedError",
    "check_threads",
    "choose_threads",
    "join_lists",
    "most_threads",
    "run_workers",
]

_WORK_PER_THREAD = 10_000  # neurons + synapses / 100: with less, a barrier costs more than it gains
_MOMENT = 5.0  # s: longer than any call of a kernel; a slower thread ends by itself


class AbortedError(Exception):
    """Raised in a worker that stops because another worker has failed; never reaches the user."""


def choose_threads(
    threads: int | None, n_neurons: int, n_synapses: int, owner: str, cost: int = 1
) -> int:
    """Return ``threads``, or if it is None the number that suits a network of this size.

    ``cost`` is the time that a neuron takes, relative to a compartment of the emulator.

    Raises
    ------
    EmulatorError
        If ``threads`` is not an integer or out of range; the message begins with ``owner``.
    """
    if threads is not None:
        return check_threads(threads, owner)
    work = cost * (n_neurons + n_synapses // 100)
    return min(most_threads(), max(1, work // _WORK_PER_THREAD), os.cpu_count() or 1)


def check_threads(threads: int, owner: str) -> int:
    """Return ``threads``; raise an EmulatorError unless it is from 1 to the threads of Numba."""
    threads = integer(owner, "threads", threads, error=EmulatorError)
    if not 1 <= threads <= most_threads():
        raise EmulatorError(f"{owner}: threads = {shown(threads)}; allowed: 1 to {most_threads()}.")
    return threads


def most_threads() -> int:
    """Return the number of threads that Numba has."""
    settings: Any = numba.config  # its attributes are created at run time, unknown to type checkers
    return int(settings.NUMBA_NUM_THREADS)


def run_workers(
    loop: Callable[..., Any], n_workers: int, *arguments: Any, barrier: Int64Array
) -> Any:
    """Call ``loop(worker, *arguments, barrier)`` on a thread for each worker.

    Worker 0 runs on the thread of the caller. If a worker fails or Ctrl-C is pressed, the barrier
    is broken. The other workers must then end soon; this function waits for all of them.

    Parameters
    ----------
    loop : callable
        May raise :class:`AbortedError` if it finds the barrier broken.
    n_workers : int
        Number of workers, at least 1.
    *arguments
        The same for all workers.
    barrier : ndarray of int64, shape (1,)
        A new barrier.

    Returns
    -------
    object
        The return value of worker 0.

    Raises
    ------
    EmulatorError
        If the system cannot start another thread.
    """
    problems: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            loop(worker, *arguments, barrier)
        except AbortedError:
            pass
        except BaseException as problem:
            problems.append(problem)
            barrier[0] = BROKEN

    others = [Thread(target=work, args=(worker,)) for worker in range(1, n_workers)]
    result = None
    try:
        for other in others:
            _start(other)
        result = loop(0, *arguments, barrier)
        for other in others:
            other.join()
    except BaseException as problem:
        # This must come first, and must not be a call, so that a second Ctrl-C cannot precede it.
        barrier[0] = BROKEN
        for other in others:
            _wait_for(other)
        if not isinstance(problem, AbortedError):
            raise
    if problems:
        raise problems[0]
    return result


def _start(thread: Thread) -> None:
    try:
        thread.start()
    except RuntimeError as problem:
        raise EmulatorError(
            f"run: the system cannot start another thread ({problem}); run with threads=1."
        ) from None


def _wait_for(thread: Thread) -> None:
    """Join a thread, also if its start or an earlier join was interrupted.

    Python reports a thread as not yet alive after an interrupted start, and as ended after an
    interrupted join.
    """
    until = time.monotonic() + _MOMENT
    while not thread.is_alive() and thread in threading.enumerate() and time.monotonic() < until:
        time.sleep(0.001)
    if thread.is_alive():
        thread.join()


def join_lists(
    spikes: Int32Array, ends: Int64Array, first: int, n_steps: int, first_step: int
) -> tuple[Int32Array, Int32Array]:
    """Join the spike lists of all workers into one, sorted by step, then neuron.

    A worker's spikes of step k, counted from ``first_step``, begin at ``ends[worker, first + k]``
    and end at the next entry.

    Returns
    -------
    steps, ids : ndarray of int32
        Step and neuron of each spike.
    """
    if len(ends) == 1:
        listed = ends[0, first : first + n_steps + 1]
        steps = np.arange(first_step, first_step + n_steps, dtype=np.int32)
        return np.repeat(steps, np.diff(listed)), spikes[listed[0] : listed[-1]].copy()
    total = int((ends[:, first + n_steps] - ends[:, first]).sum())
    steps, ids = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
    _join(spikes, ends, first, n_steps, first_step, steps, ids)
    return steps, ids


@kernel
def _join(
    spikes: Any, ends: Any, first: Any, n_steps: Any, first_step: Any, steps: Any, ids: Any
) -> None:
    n = 0
    for step in range(n_steps):
        for worker in range(len(ends)):
            for k in range(ends[worker, first + step], ends[worker, first + step + 1]):
                steps[n] = first_step + step
                ids[n] = spikes[k]
                n += 1
