"""Prints the messages of a command and the paths of the files that it has written.

A failure to print never stops a command from writing its files: if standard output is full, closed
or no longer read, the problem is recorded and becomes an error at the end.
"""

from __future__ import annotations

import errno
import os
import shlex
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from .._support.names import cut, visible

__all__ = [
    "command_line",
    "lost_output",
    "one_line",
    "remember_command",
    "say",
    "shown_warnings",
    "silence",
    "tell",
    "warn",
    "what_is_kept",
    "wrote",
]

_LOST, _WRITTEN, _COMMAND = "neurochip.lost", "neurochip.written", "neurochip.command"
_LONGEST = 2_000  # most characters of a message
_MOST_FILES = 6  # most files that a message lists


def say(text: object = "", *, end: str = "\n") -> None:
    """Print on standard output, with control characters escaped."""
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
    """Print complete lines on standard error, or nothing if it cannot be written."""
    try:
        _print(text, sys.stderr)
    except (OSError, ValueError):
        silence(sys.stderr)


def wrote(paths: Iterable[Path]) -> None:
    """Print the path of each written file; the message of a later failure lists them again."""
    written = click.get_current_context().meta.setdefault(_WRITTEN, [])
    for path in paths:
        written.append(str(path))
        say(f"Wrote {path}")


def remember_command(ctx: click.Context, words: Sequence[str]) -> None:
    """Keep the words of a command line for :func:`command_line`."""
    ctx.meta[_COMMAND] = shlex.join(["neurochip", *words])


def command_line() -> str:
    """Return the command line that runs, as one would type it in a shell."""
    command: str = click.get_current_context().meta[_COMMAND]
    return command


def one_line(text: str) -> str:
    """Return a message as one line of limited length."""
    return cut(visible(text), _LONGEST)


def what_is_kept(ctx: click.Context, problem: BaseException) -> str:
    """Return sentences about the results that a failed command leaves; empty if there are none.

    The sentences are the notes of the exception and a list of the files that were written before.
    """
    noted = "".join(f" {note}" for note in getattr(problem, "__notes__", ()))
    paths = ctx.meta.get(_WRITTEN, [])
    if not paths:
        return noted
    left = len(paths) - _MOST_FILES
    listed = ", ".join(paths[:_MOST_FILES]) + (f" and {left} more" if left > 0 else "")
    return f"{noted} Written before: {listed}."


def lost_output(ctx: click.Context) -> OSError | None:
    """Return the error that stopped standard output, or None."""
    problem: OSError | None = ctx.meta.get(_LOST)
    return problem


def silence(stream: Any) -> None:
    """Redirect a stream to the null device, so that its buffered text raises no error at exit."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


@contextmanager
def shown_warnings() -> Iterator[None]:
    """Show the warnings of a block as single lines on standard error."""
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
