"""A report and its two files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from .._display.html import render
from .._display.notebook import Description, describes
from .._display.sections import Section
from .._support.brief import line
from .._support.json_text import as_json
from .._support.npz import write_atomically
from .._support.provenance import date, versions
from .._support.text import counted
from ..errors import RecordingError
from ..validation import Answer

__all__ = ["Report"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """Sections for a reader, and the same numbers for a program.

    Parameters
    ----------
    title : str
        Title of the page.
    lead : str
        The result in one or two sentences; a line for each population if there are several.
    sections : sequence of Section
        Sections in the order of the page.
    data : dict
        Content of the JSON file, beside title and lead.
    answers : sequence of Answer
        The answers that the lead shows, if the report is on one network and one chip.
    command : str
        Command line that makes the report; empty if a script makes it.
    date : str
        When the report was made. Default: now, or the time that ``SOURCE_DATE_EPOCH`` sets.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    data: Mapping[str, Any]
    answers: Sequence[Answer] = ()
    command: str = ""
    date: str = field(default_factory=date)

    def to_html(self) -> str:
        """Return the page, which contains its figures, loads nothing and runs no script."""
        software = ", ".join(f"{name} {version}" for name, version in versions().items())
        command = f" Command: {self.command}" if self.command else ""
        origin = f"Written on {self.date} with {software}.{command}"
        return render(self.title, self.lead, self.sections, origin)

    def write(self, path: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the page and a JSON file beside it, both or none.

        Parameters
        ----------
        path : path
            Path of the page, with the suffix ``.html`` or ``.htm``.

        Returns
        -------
        page, numbers : Path

        Raises
        ------
        RecordingError
            If the path has another suffix.
        """
        page = Path(path)
        if page.suffix.lower() not in (".html", ".htm"):
            raise RecordingError(f"report: path = {str(page)!r}; allowed: a path with .html.")
        numbers = page.with_suffix(".json")
        origin = {"date": self.date, "command": self.command, **versions()}
        data = as_json({"title": self.title, "lead": self.lead, **self.data, "written": origin})
        text = self.to_html().encode()

        def put(file: BinaryIO) -> None:
            # The page is complete on disk; it is renamed right after the numbers are written.
            file.write(text)
            file.flush()
            write_atomically(numbers, lambda beside: beside.write(data))

        write_atomically(page, put)
        return page, numbers

    def __repr__(self) -> str:
        return line(self, repr(self.title), counted(len(self.sections), "section"), repr(self.lead))


@describes(Report)
def describe_report(report: Report) -> Description:
    """Describe a report by its lead and its sections, as its page does."""
    return Description(report.lead, report.sections)
