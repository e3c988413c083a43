"""The one Numba policy of the project.

On disk (:mod:`neurochip._kernels.cache`): a second start must not compile again.
``nogil``: threads of the host program go on.
``error_model="numpy"``: no division checks inside loops (kernels divide by no runtime integer).
``_nrt=False``: without Numba's run time an allocation does not compile, and arrays that are handed
to an inlined function are not counted: that took 200 ns a step, twice as long as 100 compartments.
Fast-math stays off everywhere: the float reference must not depend on how a loop was vectorised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from .cache import keep_on_disk

__all__ = ["inline_kernel", "kernel"]

_POLICY: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function``: loops over flat arrays that allocate nothing and raise nothing."""
    return _jit(function)


def inline_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a few lines of arithmetic that LLVM must see inside its caller's loop."""
    return _jit(function, inline="always")


def _jit(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    dispatcher: Any = numba.njit(**_POLICY, **options)(function)
    if dispatcher is not function:  # it is the same where NUMBA_DISABLE_JIT is set
        keep_on_disk(dispatcher)
    return dispatcher  # type: ignore[no-any-return]
