"""Option types for paths; unusable paths are refused before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

__all__ = ["INPUT", "OutputFile", "OutputFolder", "keep_apart"]


class _Path(click.Path):
    """A path that is not blank and holds no NUL character."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = os.fspath(value)
        if not text.strip():
            self.fail(f"{text!r} is not a path; pass the name of a {self.name}.", param, ctx)
        if "\0" in text:
            self.fail(f"{text!r} is not a path: it contains a NUL character.", param, ctx)
        return super().convert(value, param, ctx)


class _Output(_Path):
    """A path to write, refused if it is known beforehand that it cannot be written."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = super().convert(value, param, ctx)
        try:
            Path(path).stat()
        except FileNotFoundError:
            pass
        except OSError as problem:  # through a file, too long, a loop of links, a closed folder
            self.fail(f"{path!r}: {problem.strerror}; pass another path.", param, ctx)
        above = Path(path).absolute()
        while not above.is_dir() and above != above.parent:
            above = above.parent
        if not os.access(above, os.W_OK | os.X_OK):
            self.fail(f"{path!r}: {str(above)!r} cannot be written into.", param, ctx)
        return path


class OutputFile(_Output):
    """A file to write.

    Parameters
    ----------
    suffixes : str
        Allowed endings of the name, in upper or lower case. Default: any ending.
    """

    def __init__(self, *suffixes: str) -> None:
        super().__init__(dir_okay=False)
        self._suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, if a file may be written there."""
        path = super().convert(value, param, ctx)
        if path.endswith(("/", os.sep)):
            self.fail(f"{path!r} is a folder; pass the name of a file.", param, ctx)
        if self._suffixes and Path(path).suffix.lower() not in self._suffixes:
            allowed = " or ".join(self._suffixes)
            self.fail(f"{path!r} does not end in {allowed}.", param, ctx)
        return path


class OutputFolder(_Output):
    """A folder to write into; it is created if it is missing."""

    def __init__(self) -> None:
        super().__init__(file_okay=False)


INPUT = _Path()
"""A file to read. Its reader checks that it exists and is of the right kind."""


def keep_apart(inputs: Iterable[str | None], outputs: Iterable[str | Path]) -> None:
    """Refuse to overwrite a file that the command reads.

    Raises
    ------
    click.UsageError
        If an output is also an input.
    """
    read = [path for path in inputs if path is not None]
    for output in outputs:
        for path in read:
            try:
                same = Path(path).samefile(output)
            except (OSError, ValueError):  # one of the files does not exist
                continue
            if same:
                raise click.UsageError(
                    f"{str(output)!r} is an input of the command and would be overwritten; pass "
                    "another path with -o."
                )
