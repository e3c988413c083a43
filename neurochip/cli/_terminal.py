"""Prints what a command says: lines on a terminal, and the files that it has written.

Nothing that is said can stop a command from writing its files: standard output that is full, closed
or no longer read is noted, and becomes an error at the end.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from .._support.names import cut, visible

__all__ = [
    "lost_output",
    "one_line",
    "say",
    "shown_warnings",
    "silence",
    "tell",
    "warn",
    "what_is_kept",
    "wrote",
]

_LOST, _WRITTEN = "neurochip.lost", "neurochip.written"
_LONGEST = 2_000  # characters of a message
_MOST_FILES = 6  # of a list of files


def say(text: object = "", *, end: str = "\n") -> None:
    """Print on standard output, without characters that a terminal would obey."""
    shared = click.get_current_context().meta
    try:
        _print(str(text) + end, sys.stdout)
    except (OSError, ValueError) as problem:
        # A closed file object raises ValueError.
        shared.setdefault(_LOST, problem if isinstance(problem, OSError) else _closed())
        silence(sys.stdout)


def warn(text: str) -> None:
    """Print a warning as one line on standard error."""
    tell(f"Warning: {one_line(text)}\n")


def tell(text: str) -> None:
    """Print whole lines on standard error, if there is one: the exit status says the rest."""
    try:
        _print(text, sys.stderr)
    except (OSError, ValueError):
        silence(sys.stderr)


def wrote(paths: Iterable[Path]) -> None:
    """Say of each file that it is written; the message of a failure later on repeats it."""
    written = click.get_current_context().meta.setdefault(_WRITTEN, [])
    for path in paths:
        written.append(str(path))
        say(f"Wrote {path}")


def one_line(text: str) -> str:
    """Make a message fit on one line of reasonable length."""
    return cut(visible(text), _LONGEST)


def what_is_kept(ctx: click.Context, problem: BaseException) -> str:
    """Return what a command that fails leaves behind, as sentences; empty if nothing.

    That is what the notes of the exception say, and the files that were written before.
    """
    noted = "".join(f" {note}" for note in getattr(problem, "__notes__", ()))
    paths = ctx.meta.get(_WRITTEN, [])
    if not paths:
        return noted
    left = len(paths) - _MOST_FILES
    listed = ", ".join(paths[:_MOST_FILES]) + (f" and {left} more" if left > 0 else "")
    return f"{noted} Written before: {listed}."


def lost_output(ctx: click.Context) -> OSError | None:
    """Return why standard output could not be written, if so."""
    problem: OSError | None = ctx.meta.get(_LOST)
    return problem


def silence(stream: Any) -> None:
    """Let what is left in the buffer of a stream go nowhere, also when Python ends."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


@contextmanager
def shown_warnings() -> Iterator[None]:
    """Show warnings of the block as single lines on standard error."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: warn(str(message))
        yield


def _print(text: str, stream: TextIO | None) -> None:
    if stream is None:
        raise _closed()
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = "\n".join(map(visible, text.split("\n")))
    click.echo(shown.encode(encoding, "backslashreplace").decode(encoding), file=stream, nl=False)


def _closed() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))
