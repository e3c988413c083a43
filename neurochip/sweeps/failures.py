"""Errors that name the failed function of the user, its line, and the exception."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator, Mapping

from ..errors import SweepError
from .axes import Scalar, described
from .uses import is_own

__all__ = ["at_point", "calling"]


@contextlib.contextmanager
def calling(role: str, *passed: type[BaseException]) -> Iterator[None]:
    """Turn every exception in the block, except Ctrl-C, into a :class:`SweepError`.

    Parameters
    ----------
    role : str
        Name of the function in the message.
    *passed : type
        Exceptions that have another meaning and are raised unchanged.

    Raises
    ------
    SweepError
        With the file and the line of the user's code that raised the exception.
    """
    try:
        yield
    except BaseException as problem:  # SystemExit, too
        if isinstance(problem, (KeyboardInterrupt, *passed)):
            raise
        raise SweepError(f"sweep: {role} failed with {_text_of(problem)}. Correct it.") from problem


@contextlib.contextmanager
def at_point(index: int, point: Mapping[str, Scalar]) -> Iterator[None]:
    """Turn every exception in the block, except Ctrl-C, into an error that names the point.

    Raises
    ------
    SweepError
        In place of the exception.
    """
    owner = f"sweep: point {index} ({described(point)})"
    try:
        yield
    except KeyboardInterrupt:
        raise
    except SweepError as problem:
        raise SweepError(f"{owner}: {str(problem).removeprefix('sweep: ')}") from problem
    except BaseException as problem:
        raise SweepError(f"{owner} failed with {_text_of(problem)}.") from problem


def _text_of(problem: BaseException) -> str:
    """Return the type of an exception, its message, and the line of the user's code."""
    try:
        message = str(problem).strip().rstrip(".")
    except Exception:
        message = ""
    lines = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(problem.__traceback__)
        if is_own(frame.f_code.co_filename, frame.f_globals.get("__name__"))
    ]
    where = f" ({lines[-1][0]}, line {lines[-1][1]})" if lines else ""
    return type(problem).__name__ + (f": {message}" if message else "") + where
