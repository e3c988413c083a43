"""A barrier for the threads of a run, which wait for each other once a step, as the cores do.

A thread spins for a moment, since the others usually arrive in that time, and then yields its
processor. If a barrier only spins and another program needs a core, the spinning thread holds the
core that the late thread needs.

A barrier counts arrivals. The count :data:`BROKEN` ends all present and future waits: a thread that
cannot arrive writes it, so that no other thread waits forever.

A thread that still waits when the patience of the barrier is over asks all to leave. They leave
after the same step: before a thread arrives, it turns a request that it has seen into the number of
arrivals of this step, after which no thread goes on. All threads see this number, since it was
written before the last of them arrived; those who write it in one step write the same.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..typing import Int64Array
from .jit import inline_kernel, kernel

__all__ = ["BROKEN", "is_broken", "must_leave", "new_barrier", "wait_for_all"]

BROKEN = 1 << 62
"""Value of a barrier after a thread failed; more arrivals than any run has."""

_SPINS = 2000  # some microseconds: longer than a usual wait if every thread has a core
_UNTIL, _ASKED, _LAST = 8, 9, 10  # on another cache line than the count, read in every step


def _first(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    view = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(view.data, [ir.Constant(ir.IntType(64), 0)])


def _arrive(typing_context: Any, counter: Any) -> Any:
    """Add one to ``counter[0]`` atomically, after all earlier writes of this thread."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _first(context, builder, signature, arguments)
        builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(counter), generate


def _arrived(typing_context: Any, counter: Any) -> Any:
    """Read ``counter[0]`` atomically, before all later reads of this thread."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_first(context, builder, signature, arguments), "acquire", 8)

    return types.int64(counter), generate


def _give_way(typing_context: Any) -> Any:
    """Yield the processor to another thread, if one is waiting."""
    del typing_context
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del signature, arguments
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), generate


def _nanoseconds(typing_context: Any) -> Any:
    """Read a clock that never goes back."""
    del typing_context
    word, number = ir.IntType(64), ir.IntType(32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature, arguments
        if sys.platform == "win32":
            kind = ir.FunctionType(word, [])
            read = cgutils.get_or_insert_function(builder.module, kind, "GetTickCount64")
            return builder.mul(builder.call(read, []), ir.Constant(word, 1_000_000))
        kind = ir.FunctionType(number, [number, word.as_pointer()])
        read = cgutils.get_or_insert_function(builder.module, kind, "clock_gettime")
        place = cgutils.alloca_once(builder, word, size=2)
        builder.call(read, [ir.Constant(number, time.CLOCK_MONOTONIC), place])
        seconds, rest = (builder.load(cgutils.gep_inbounds(builder, place, k)) for k in (0, 1))
        return builder.add(builder.mul(seconds, ir.Constant(word, 1_000_000_000)), rest)

    return types.int64(), generate


_lock = threading.Lock()


def _arrive_plainly(counter: Any) -> None:
    """Do the same as :func:`_arrive` if ``NUMBA_DISABLE_JIT=1`` runs kernels as plain Python."""
    with _lock:
        counter[0] += 1


def _arrived_plainly(counter: Any) -> int:
    return int(counter[0])


def _give_way_plainly() -> None:
    time.sleep(0)


if numba.config.DISABLE_JIT:
    arrive, arrived, give_way = _arrive_plainly, _arrived_plainly, _give_way_plainly
    nanoseconds = time.monotonic_ns
else:
    arrive, arrived, give_way = intrinsic(_arrive), intrinsic(_arrived), intrinsic(_give_way)
    nanoseconds = intrinsic(_nanoseconds)

if sys.platform == "win32" or numba.config.DISABLE_JIT:  # Python on Windows reads another clock

    @kernel
    def _now() -> Any:
        return nanoseconds()

else:

    def _now() -> Any:
        """Read the clock of the threads; a kernel would be loaded during their first call."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def new_barrier(patience: float = math.inf) -> Int64Array:
    """Return a barrier at which no thread has arrived.

    A thread that waits, ``patience`` seconds from now or later, asks all to leave.
    """
    barrier = np.zeros(16, dtype=np.int64)
    barrier[_LAST] = BROKEN
    barrier[_UNTIL] = BROKEN if patience == math.inf else _now() + int(1e9 * patience)
    return barrier


def is_broken(barrier: Int64Array) -> bool:
    """Return whether a barrier is broken, because a thread has failed."""
    return bool(barrier[0] >= BROKEN)


@inline_kernel
def wait_for_all(barrier: Any, arrivals: Any) -> Any:
    """Arrive, and wait until the barrier has counted ``arrivals``, summed over all steps.

    Return True; False if the barrier was broken and not all threads have arrived.
    """
    if barrier[_ASKED]:
        barrier[_LAST] = arrivals
    arrive(barrier)
    spins = 0
    count = arrived(barrier)
    while count < arrivals:
        spins += 1
        if spins > _SPINS:
            give_way()
            if nanoseconds() > barrier[_UNTIL]:
                barrier[_ASKED] = 1
        count = arrived(barrier)
    return count < BROKEN


@inline_kernel
def must_leave(barrier: Any, arrivals: Any) -> Any:
    """Return whether all threads leave after the step whose end is counted as ``arrivals``."""
    return barrier[_LAST] <= arrivals
