"""Prints the messages of a command and the paths of the files that it has written.

Lines are folded to the width of the terminal, or to 80 columns elsewhere. With ``--quiet`` nothing
but warnings and errors is printed; with ``--json`` standard output has the result and nothing else.

A failure to print never stops a command from writing its files: if standard output is full, closed
or no longer read, the problem is recorded and becomes an error at the end.
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from .._kernels.notice import NOTICE
from .._support.json_text import as_json
from .._support.names import cut, visible
from .._support.progress import hidden_bars
from .._support.text import WIDTH
from .._support.text import folded as fold
from ..version import __version__

__all__ = [
    "be_quiet",
    "command_line",
    "folded",
    "is_json",
    "lost_output",
    "one_line",
    "print_json",
    "remember_command",
    "result",
    "say",
    "shown_warnings",
    "silence",
    "tell",
    "told_kernels",
    "warn",
    "what_is_kept",
    "wrote",
]

_LOST, _WRITTEN, _COMMAND = "neurochip.lost", "neurochip.written", "neurochip.command"
_QUIET, _JSON = "neurochip.quiet", "neurochip.json"
_LONGEST = 2_000  # most characters of a message
_MOST_FILES = 6  # most files that a message lists


def be_quiet(ctx: click.Context) -> None:
    """Print nothing but warnings and errors from now on, and show no progress bars."""
    ctx.meta[_QUIET] = True
    ctx.with_resource(hidden_bars())


def print_json(ctx: click.Context) -> None:
    """Print the result as JSON, and no text on standard output."""
    ctx.meta[_JSON] = True


def is_json() -> bool:
    """Return whether the result is printed as JSON."""
    return bool(click.get_current_context().meta.get(_JSON))


@contextmanager
def told_kernels(ctx: click.Context) -> Iterator[None]:
    """Say in a block that kernels are being compiled, also if there is no terminal."""

    def say_so(message: str) -> None:
        if not ctx.meta.get(_QUIET):
            tell(f"{message}\n")

    NOTICE.tell = say_so
    try:
        yield
    finally:
        NOTICE.tell = None


def say(text: object = "", *, fold: bool = True) -> None:
    """Print lines of text on standard output, with control characters escaped.

    Parameters
    ----------
    text : object
        The text, printed as ``str`` gives it.
    fold : bool
        Whether long lines are folded; not those of a dump.
    """
    shared = click.get_current_context().meta
    if not (shared.get(_QUIET) or shared.get(_JSON)):
        lines = str(text)
        _put((folded(lines, sys.stdout) if fold else lines) + "\n")


def result(command: str, values: Mapping[str, Any]) -> None:
    """Print the result of a command as JSON, if that was asked for.

    Parameters
    ----------
    command : str
        Name of the command.
    values : dict
        The keys of the command that :data:`~neurochip.cli._results.RESULTS` describes.
    """
    if is_json():
        written = click.get_current_context().meta.get(_WRITTEN, [])
        head = {"command": command, "version": __version__}
        _put(as_json({**head, **values, "written": written}).decode())


def _put(text: str) -> None:
    """Print on standard output, or remember why that is not possible."""
    shared = click.get_current_context().meta
    try:
        _print(text, sys.stdout)
    except (OSError, ValueError) as problem:
        # A closed file object raises ValueError.
        shared.setdefault(_LOST, problem if isinstance(problem, OSError) else _closed())
        silence(sys.stdout)


def folded(text: str, stream: TextIO | None) -> str:
    """Return a text whose lines fit the terminal of a stream, or 80 columns.

    What does not fit continues on the next line, indented by two more spaces. Words that are longer
    than a line, such as paths, are kept.
    """
    columns = _columns(stream)
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
        lines += [line] if len(line) <= columns else fold(line, columns, indent=indent)
    return "\n".join(lines)


def _columns(stream: TextIO | None) -> int:
    try:
        on_terminal = stream is not None and stream.isatty()
    except ValueError:  # a closed file object
        on_terminal = False
    if on_terminal:
        return shutil.get_terminal_size((WIDTH, 24)).columns
    return int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdecimal() else WIDTH


def warn(text: str) -> None:
    """Print a warning on standard error."""
    tell(f"Warning: {one_line(text)}\n")


def tell(text: str, *, fold: bool = True) -> None:
    """Print complete lines on standard error, or nothing if it cannot be written."""
    try:
        _print(folded(text, sys.stderr) if fold else text, sys.stderr)
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
    """Show the warnings of a block on standard error."""
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
