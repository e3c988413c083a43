"""The one Numba policy of the project.

``cache``: a second start must not compile again. ``nogil``: threads of the host program go on.
``error_model="numpy"``: no division checks inside loops (kernels never divide by a runtime integer).
Fast-math stays off everywhere: the float reference must not depend on how a loop was vectorised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["kernel", "parallel_kernel"]

_POLICY: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` as a loop over flat arrays; it may not allocate, raise or see objects."""
    return numba.njit(**_POLICY)(function)  # type: ignore[no-any-return]


def inline_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a few lines of arithmetic that LLVM must see inside its caller's loop."""
    return numba.njit(inline="always", **_POLICY)(function)  # type: ignore[no-any-return]


def parallel_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` with ``numba.prange`` loops spread over threads."""
    return numba.njit(parallel=True, **_POLICY)(function)  # type: ignore[no-any-return]
