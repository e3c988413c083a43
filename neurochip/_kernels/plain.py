"""Small work as plain Python, where compiling a kernel would take longer than the work.

The result is the same. Kernels whose integers overflow on purpose, or which need instructions of
the processor for more than speed, are not called in this way.
"""

from __future__ import annotations

import functools
from collections import Counter
from types import FunctionType
from typing import Any

from numba.core.dispatcher import Dispatcher

from .cache import is_on_disk
from .instructions import prefetch
from .key import globals_of

__all__ = ["call", "compile_always"]

_SMALL = 2_000  # items: some 50 ms
_ENOUGH = 20_000  # items in all, after which a kernel is compiled

_done: Counter[Any] = Counter()
_always_compiled: list[bool] = []


def call(kernel: Any, work: int, *arguments: Any) -> Any:
    """Call a kernel, or its Python function if that is sooner done.

    A kernel that was compiled before, in this process or in another, is always called.

    Parameters
    ----------
    kernel : callable
        A function with ``@kernel``.
    work : int
        Number of items that the call works on, such as neurons and synapses.
    *arguments
        Arguments of the kernel.

    Returns
    -------
    object
        What the kernel returns.
    """
    small = work <= _SMALL and _done[kernel] <= _ENOUGH
    if not isinstance(kernel, Dispatcher):  # with NUMBA_DISABLE_JIT
        return kernel(*arguments)
    if not small or _always_compiled or kernel.overloads or is_on_disk(kernel):
        return kernel(*arguments)
    _done[kernel] += work
    return _python_of(kernel)(*arguments)


def compile_always() -> None:
    """Compile kernels for small work, too, from now on: work that follows may be large."""
    _always_compiled.append(True)


@functools.cache
def _python_of(kernel: Any) -> Any:
    """Return the function of a kernel with the functions of the kernels that it calls."""
    function = kernel.py_func
    names = dict(function.__globals__)
    for name, value in globals_of(function).items():
        if isinstance(value, Dispatcher):
            names[name] = _python_of(value)
        elif value is prefetch:
            names[name] = _nothing
    return FunctionType(function.__code__, names, function.__name__)


def _nothing(*_: object) -> None:
    """Take the place of a prefetch, which has no effect on results."""
