"""Time steps and fits as sections of a page."""

from __future__ import annotations

from neurochip._display.notebook import Description, describes
from neurochip._display.sections import Section, Table
from neurochip._support.text import percent

from .fit import FitReport
from .time_step import DtCandidate, DtChoice

__all__ = ["describe_choice", "describe_fit"]


@describes(DtChoice)
def describe_choice(choice: DtChoice) -> Description:
    """Describe a choice by its best step and the errors of all candidates."""
    best, kind = choice.best, "measured" if choice.measured else "expected"
    lead = (
        f"The best step on {choice.chip} is {best.dt:.4g} ms, with {kind} errors of "
        f"{percent(best.grid)} from the time grid and {percent(best.registers)} from the registers."
    )
    rows = [
        (
            f"{item.dt:.4g}",
            *(
                percent(value, sign)
                for value, sign in (
                    (item.grid, "+"),
                    (item.registers, "+"),
                    (item.total, "+"),
                    (item.error, ""),
                )
            ),
            _note(choice, item),
        )
        for item in choice.candidates
    ]
    header = ("dt (ms)", "time grid", "registers", "total", "|grid| + |registers|", "")
    return Description(lead, [Section("Errors of the rates", [Table(header, rows)])])


def _note(choice: DtChoice, item: DtCandidate) -> str:
    if item.problem:
        return f"does not fit: {item.problem}"
    if item is choice.best:
        return "best"
    return "smallest total, but only since its parts cancel" if item is choice.cancelling else ""


@describes(FitReport)
def describe_fit(report: FitReport) -> Description:
    """Describe whether a network fits, and what each change would save."""
    rows = [
        (
            row.change or "as given",
            "-" if row.cores is None else f"{row.cores:,}",
            "not tried" if not row.tried else "yes" if row.fits else "no",
            row.reason,
        )
        for row in report.rows
    ]
    table = Table(("change", "cores", "fits", "what fills a core first"), rows)
    return Description(str(report).splitlines()[0], [Section("One change at a time", [table])])
