"""Turns the errors of a command into one message and an exit status."""

from __future__ import annotations

import errno
import io
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from ..errors import FitError, NeurochipError
from ._statuses import Status
from ._terminal import (
    lost_output,
    one_line,
    remember_command,
    shown_warnings,
    silence,
    tell,
    told_kernels,
    what_is_kept,
)

__all__ = ["Commands"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Failure(click.ClickException):
    """An error that is shown as a message without a traceback."""

    def __init__(self, message: str, status: Status = Status.REFUSED) -> None:
        super().__init__(one_line(message))
        self.status = status


class Commands(click.Group):
    """Commands that report errors as messages.

    Errors that a user can cause become one line on standard error: errors of neurochip, of options,
    of the operating system and of memory, and interruptions. Any other exception is a fault of
    neurochip and keeps its traceback. :class:`Status` lists the exit statuses.
    """

    def make_context(
        self, info_name: str | None, args: list[str], *rest: Any, **extra: Any
    ) -> click.Context:
        """Return the context of a run, which knows its command line."""
        given = list(args)
        ctx = super().make_context(info_name, args, *rest, **extra)
        remember_command(ctx, given)
        return ctx

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of exit statuses under the list of commands."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Exit status"):
            formatter.write_dl([(str(status.value), status.meaning) for status in Status])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn the exceptions of a user's errors into failures."""
        try:
            with shown_warnings(), told_kernels(ctx):
                result = super().invoke(ctx)
        except NeurochipError as problem:
            status = Status.DOES_NOT_FIT if isinstance(problem, FitError) else Status.REFUSED
            raise _Failure(str(problem) + what_is_kept(ctx, problem), status) from None
        except KeyboardInterrupt as problem:
            kept = what_is_kept(ctx, problem) or " Nothing was written."
            raise _Failure(f"interrupted.{kept}", Status.INTERRUPTED) from None
        except MemoryError as problem:
            detail = f" ({problem})" if str(problem) else ""
            raise _Failure(
                f"out of memory{detail}; use a shorter run, fewer neurons, or record "
                f"less.{what_is_kept(ctx, problem)}"
            ) from None
        except OSError as problem:
            raise _Failure(_of_system(problem) + what_is_kept(ctx, problem)) from None
        lost = lost_output(ctx)
        if isinstance(lost, BrokenPipeError):
            ctx.exit(Status.UNREAD)
        if lost is not None:
            raise _Failure(_of_output(lost) + what_is_kept(ctx, lost))
        return result

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; in standalone mode, end the process with its exit status."""
        given = (args, prog_name, complete_var)
        if not standalone_mode:
            return super().main(*given, standalone_mode=False, **extra)
        try:
            result = super().main(*given, standalone_mode=False, **extra)
        except click.ClickException as problem:
            result = _shown(problem)
        except click.Abort:  # before a command started
            said = _Failure("interrupted. Nothing was written.", Status.INTERRUPTED)
            result = _shown(said)
        except OSError as problem:  # raised while --help is printed
            silence(sys.stdout)
            result = _shown(_Failure(_of_output(problem)))
        except Exception:
            tell(traceback.format_exc(), fold=False)
            result = Status.FAULT
        sys.exit(result if isinstance(result, int) else 0)


def _shown(problem: click.ClickException) -> int:
    """Show an error, and return its exit status."""
    text = io.StringIO()
    problem.show(file=text)
    tell(text.getvalue())
    return problem.status if isinstance(problem, _Failure) else Status.REFUSED


def _of_system(problem: OSError) -> str:
    reason = problem.strerror or str(problem) or type(problem).__name__
    room = "make room, or " if problem.errno in _FULL else ""
    if problem.filename is None:
        return f"the operating system says: {reason}; {room}try again."
    return f"{problem.filename}: {reason}; {room}pass another path."


def _of_output(problem: OSError) -> str:
    reason = problem.strerror or str(problem)
    return f"standard output: {reason}; the output of the command is lost."
