"""The Numba options that all kernels of the project share.

Kernels are cached on disk (:mod:`neurochip._kernels.cache`), so that a second start is fast.
``nogil``: other threads of the host program can run meanwhile.
``error_model="numpy"``: loops contain no checks for division by zero; kernels never divide by a
run-time integer.
``_nrt=False``: kernels are compiled without Numba's run time. An allocation then does not compile,
and arrays passed to inlined functions are not reference-counted; this counting took 200 ns a step,
twice as long as 100 compartments.
Fast-math is off: results of the float reference must not depend on how a loop is vectorised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from .cache import keep_on_disk

__all__ = ["DISABLED", "inline_kernel", "kernel"]

_config: Any = numba.config  # its settings are made at run time, unknown to type checkers
DISABLED = bool(_config.DISABLE_JIT)
"""True if kernels run as plain Python, with ``NUMBA_DISABLE_JIT=1``."""

_POLICY: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function``: loops over flat arrays, without allocations and exceptions."""
    return _jit(function)


def inline_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a few lines of arithmetic that LLVM must see inside its caller's loop."""
    return _jit(function, inline="always")


def _jit(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    dispatcher: Any = numba.njit(**_POLICY, **options)(function)
    if dispatcher is not function:  # with NUMBA_DISABLE_JIT, njit returns the function itself
        keep_on_disk(dispatcher)
    return dispatcher  # type: ignore[no-any-return]
