"""Where the threads of a run wait for each other: once a step, as the cores of the chip do.

A thread spins for a moment, since the others usually arrive within it, and then gives its processor
away: a barrier that only spins would hold up the very thread that it waits for, as soon as another
program wants a core.

A barrier is one number, which counts arrivals. :data:`BROKEN` in it ends every wait, present and
future: a thread that cannot come must leave nobody who waits for it.
"""

from __future__ import annotations

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
from .jit import inline_kernel

__all__ = ["BROKEN", "is_broken", "new_barrier", "wait_for_all"]

BROKEN = 1 << 62
"""The value that a thread which cannot come writes into a barrier; no run has as many arrivals."""

_SPINS = 2000  # some microseconds: longer than a wait takes where every thread has a core


def _first(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    view = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(view.data, [ir.Constant(ir.IntType(64), 0)])


def _arrive(typing_context: Any, counter: Any) -> Any:
    """Add one to ``counter[0]`` in one piece, after all that this thread wrote before."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _first(context, builder, signature, arguments)
        builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(counter), generate


def _arrived(typing_context: Any, counter: Any) -> Any:
    """Read ``counter[0]`` from memory, before all that this thread reads after."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_first(context, builder, signature, arguments), "acquire", 8)

    return types.int64(counter), generate


def _give_way(typing_context: Any) -> Any:
    """Let another thread have this processor, if one wants it."""
    del typing_context
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del signature, arguments
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), generate


_lock = threading.Lock()


def _arrive_plainly(counter: Any) -> None:
    """As :func:`_arrive`, where ``NUMBA_DISABLE_JIT=1`` runs kernels as plain Python."""
    with _lock:
        counter[0] += 1


def _arrived_plainly(counter: Any) -> int:
    return int(counter[0])


def _give_way_plainly() -> None:
    time.sleep(0)


if numba.config.DISABLE_JIT:
    arrive, arrived, give_way = _arrive_plainly, _arrived_plainly, _give_way_plainly
else:
    arrive, arrived, give_way = intrinsic(_arrive), intrinsic(_arrived), intrinsic(_give_way)


def new_barrier() -> Int64Array:
    """Return a barrier at which nobody has arrived."""
    return np.zeros(1, dtype=np.int64)


def is_broken(barrier: Int64Array) -> bool:
    """Return whether a barrier is broken, because a thread cannot come."""
    return bool(barrier[0] >= BROKEN)


@inline_kernel
def wait_for_all(barrier: Any, arrivals: Any) -> Any:
    """Return once ``arrivals`` threads have come here since the barrier was new.

    False means that it was broken: they have not all come.
    """
    arrive(barrier)
    spins = 0
    count = arrived(barrier)
    while count < arrivals:
        spins += 1
        if spins > _SPINS:
            give_way()
        count = arrived(barrier)
    return count < BROKEN
