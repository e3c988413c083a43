"""The key of a kernel: one digest over everything that its compiled code depends on.

Numba's own key covers the bytecode of a kernel only. This key also covers the kernels that it calls
and the constants that it reads, in all files, and how kernels are compiled: two kernels whose code
was made in different ways must not meet in one process, where LLVM joins functions by name.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

__all__ = ["globals_of", "key_of"]

_CONSTANTS = (bool, int, float, str, bytes, tuple, type(None), np.generic)
_LIBRARIES = frozenset({"builtins", "llvmlite", "math", "numba", "numpy"})
"""Packages whose members enter the key by name: their version is a property of the environment."""
_COMPILERS = tuple(f"{__package__}.{name}" for name in ("compiling", "tuples"))
"""Modules that say how kernels are compiled."""


@functools.cache
def key_of(kernel: Any) -> str:
    """Return a digest of a kernel's compiler, options, bytecode and the objects it refers to.

    The digest contains the keys of called kernels, the values of constants, and for any other
    Python function or class the whole file that defines it.

    Raises
    ------
    TypeError
        If the kernel refers to an object of another kind, whose changes would not be noticed.
    """
    compiler, options = kernel._compiler.pipeline_class, sorted(kernel.targetoptions.items())
    how = f"{compiler.__name__} {[_source_of(module) for module in _COMPILERS]} {options}"
    digest = hashlib.sha256(how.encode())
    for part in _parts(kernel.py_func):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def globals_of(function: Any) -> dict[str, Any]:
    """Return the global values that a function reads, by name, but those of Python itself.

    ``co_names`` has names of attributes, too, one of which may be that of a kernel.
    """
    read = {
        item.argval
        for item in dis.get_instructions(function.__code__)
        if item.opname == "LOAD_GLOBAL" and item.argval in function.__globals__
    }
    return {name: function.__globals__[name] for name in sorted(read)}


def _parts(function: Any) -> Iterator[str]:
    code = function.__code__
    constants = [constant for constant in code.co_consts if constant is not function.__doc__]
    yield f"{code.co_code.hex()} {constants} {code.co_names} {function.__defaults__}"
    for name, value in globals_of(function).items():
        if not isinstance(value, ModuleType):
            yield f"{name} = {_described(value, function)}"
            continue
        for member in code.co_names:
            if member in vars(value):
                yield f"{name}.{member} = {_described(vars(value)[member], function)}"


def _described(value: Any, function: Any) -> str:
    if isinstance(value, Dispatcher):
        return key_of(value)
    if isinstance(value, _CONSTANTS):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, np.ufunc):  # before NumPy 2.2 it does not know its module
        return f"numpy {value.__name__}"
    module = getattr(value, "__module__", getattr(value, "__name__", ""))
    if module.partition(".")[0] in _LIBRARIES:
        return f"{module} {getattr(value, '__name__', '')}"
    if callable(value):
        return _source_of(module)
    raise TypeError(
        f"kernel {function.__qualname__!r} refers to a {type(value).__name__}, whose changes would "
        "not be noticed: allowed are kernels, numbers, strings, tuples, functions and classes"
    )


@functools.cache
def _source_of(module: str) -> str:
    return hashlib.sha256(Path(str(sys.modules[module].__file__)).read_bytes()).hexdigest()
