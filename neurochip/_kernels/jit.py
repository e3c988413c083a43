"""The Numba options that all kernels of the project share.

Kernels are cached on disk (:mod:`neurochip._kernels.cache`), so that a second start is fast.
``nogil``: other threads of the host program can run meanwhile.
``error_model="numpy"``: loops contain no checks for division by zero; kernels never divide by a
run-time integer.
``_nrt=False``: kernels are compiled without Numba's run time. An allocation then does not compile,
and arrays passed to inlined functions are not reference-counted; this counting took 200 ns a step,
twice as long as 100 compartments.
``no_cfunc_wrapper``: nothing calls kernels through C.
Fast-math is off: results of the float reference must not depend on how a loop is vectorised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from .cache import keep_on_disk
from .compiling import InnerCompiler, KernelCompiler

__all__ = ["DISABLED", "inline_kernel", "inner_kernel", "kernel", "kernel_part"]

_config: Any = numba.config  # its settings are made at run time, unknown to type checkers
DISABLED = bool(_config.DISABLE_JIT)
"""True if kernels run as plain Python, with ``NUMBA_DISABLE_JIT=1``."""

_POLICY: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
    "no_cfunc_wrapper": True,
}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function``: loops over flat arrays, without allocations and exceptions."""
    return _jit(function)


def inner_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that only kernels call.

    It has no code that unpacks Python's arguments: for tuples of many arrays that code takes longer
    to compile than a kernel. Its own code is optimised in the kernel that Python calls.
    """
    return _inner(function)


def inline_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a few lines of arithmetic that LLVM must see inside its caller's loop.

    LLVM inlines the compiled function. Numba could inline its source (:func:`kernel_part`), but
    takes a time that grows with the square of their number.
    """
    return _inner(function, forceinline=True)


def kernel_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a long part of a kernel, which has a name of its own but one or two callers.

    Numba puts its source into theirs, so it is compiled with them, not before and again. That takes
    long where there are many parts.
    """
    return _inner(function, inline="always")


def _inner(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Make a call from Python an error: without machine code it would end the process."""
    dispatcher: Any = _jit(function, InnerCompiler, no_cpython_wrapper=True, **options)
    if DISABLED:
        return dispatcher  # type: ignore[no-any-return]
    name = dispatcher.__name__

    def refuse(*_: object) -> None:
        raise TypeError(f"{name!r} is called by kernels only; a function with @kernel may call it.")

    def add_overload(result: Any) -> None:
        dispatcher.overloads[tuple(result.signature.args)] = result

    dispatcher._compile_for_args, dispatcher.add_overload = refuse, add_overload
    return dispatcher  # type: ignore[no-any-return]


def _jit(
    function: Callable[..., Any], compiler: Any = KernelCompiler, **options: Any
) -> Callable[..., Any]:
    dispatcher: Any = numba.njit(pipeline_class=compiler, **_POLICY, **options)(function)
    if dispatcher is not function:  # with NUMBA_DISABLE_JIT, njit returns the function itself
        keep_on_disk(dispatcher, inner=compiler is InnerCompiler)
    return dispatcher  # type: ignore[no-any-return]
