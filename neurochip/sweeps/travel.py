"""Functions of the user on their way to workers, also those that workers cannot import."""

from __future__ import annotations

import importlib.util
import pickle
import sys
from types import ModuleType
from typing import Any

from ..errors import SweepError

__all__ = ["packed"]


def packed(value: Any) -> bytes:
    """Return a value as bytes that ``pickle.loads`` reads in another process.

    pickle stores a function as its module and name, which a worker imports. A notebook is no module
    that can be imported, and lambdas and nested functions have no name in theirs: cloudpickle
    stores such functions as their code, if it is installed.

    Raises
    ------
    SweepError
        If the value cannot be stored, or only by cloudpickle, which is missing.
    """
    try:
        content = pickle.dumps(value)
    except Exception as problem:  # whatever the user's objects raise
        return _by_content(value, str(problem), problem)
    if b"__main__" in content and not _has_file(sys.modules["__main__"]):
        return _by_content(value, "it is defined in a notebook or typed in", None)
    return content


def _has_file(main: ModuleType) -> bool:
    """Return whether workers can import the main module, as multiprocessing does for a script."""
    return getattr(main, "__spec__", None) is not None or hasattr(main, "__file__")


def _by_content(value: Any, reason: str, cause: Exception | None) -> bytes:
    problem = f"sweep: the network, its function or `measure` cannot be sent to a worker ({reason})"
    remedy = "define functions at the top level of a module, or pass workers=1."
    if importlib.util.find_spec("cloudpickle") is None:
        raise SweepError(f'{problem}; pip install "neurochip[notebook]", {remedy}') from cause
    import cloudpickle

    try:
        content: bytes = cloudpickle.dumps(value)
    except Exception as other:
        raise SweepError(f"{problem}; {remedy}") from other
    return content
