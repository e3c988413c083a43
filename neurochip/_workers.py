"""Runs on several threads: how many, starting them, and joining what they found.

Each thread is a *worker* with its own part of the neurons, which all kernels are told by number.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Thread
from typing import Any

import numba
import numpy as np

from ._jit import kernel
from ._values import integer, shown
from .errors import EmulatorError
from .typing import Int32Array, Int64Array

__all__ = ["check_threads", "choose_threads", "join_lists", "most_threads", "run_workers"]

_WORK_PER_THREAD = 10_000  # neurons + synapses / 100: below it a barrier costs more


def choose_threads(
    threads: int | None, n_neurons: int, n_synapses: int, owner: str, cost: int = 1
) -> int:
    """Return ``threads``, or without it as many as pay for a network of this size.

    ``cost`` is how long a neuron takes, compared with a compartment of the emulator.

    Raises
    ------
    EmulatorError
        If ``threads`` is no integer or out of range; ``owner`` begins the message.
    """
    if threads is not None:
        return check_threads(threads, owner)
    work = cost * (n_neurons + n_synapses // 100)
    return min(most_threads(), max(1, work // _WORK_PER_THREAD), os.cpu_count() or 1)


def check_threads(threads: int, owner: str) -> int:
    """Return ``threads`` if Numba has as many."""
    threads = integer(owner, "threads", threads, error=EmulatorError)
    if not 1 <= threads <= most_threads():
        raise EmulatorError(f"{owner}: threads = {shown(threads)}; allowed: 1 to {most_threads()}.")
    return threads


def most_threads() -> int:
    """Return how many threads Numba has."""
    settings: Any = numba.config  # made at run time, unknown to type checkers
    return int(settings.NUMBA_NUM_THREADS)


def run_workers(loop: Callable[..., int], n_workers: int, *arguments: Any) -> int:
    """Call ``loop(worker, *arguments)`` on a thread for each worker; return what worker 0 does."""
    others = [Thread(target=loop, args=(w, *arguments)) for w in range(1, n_workers)]
    for other in others:
        other.start()
    result = loop(0, *arguments)
    for other in others:
        other.join()
    return int(result)


def join_lists(
    spikes: Int32Array, ends: Int64Array, first: int, n_steps: int, first_step: int
) -> tuple[Int32Array, Int32Array]:
    """Join the lists of all workers into one, in the order of steps, then neurons.

    A worker's spikes of step k, counted from ``first_step``, begin at ``ends[worker, first + k]``
    and end at the entry after it.

    Returns
    -------
    steps, ids : ndarray of int32
        Step and neuron of each spike.
    """
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
