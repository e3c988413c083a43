"""Summarise the values of a parameter as a row of the compile report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurochip._support.text import short_percent
from neurochip.image.report_rows import ReportRow, Span
from neurochip.network import Connection, Population

__all__ = ["MATTERS", "exact_row", "report_row"]

MATTERS = 0.01
"""Relative error above which a row carries a warning."""


def exact_row(
    population: Population, parameter: str, registers: Mapping[str, Any], note: str
) -> ReportRow:
    """Return the row of a parameter that has no value, such as an infinite one, and no error."""
    return ReportRow(
        kind="population",
        owner=population.name,
        parameter=parameter,
        unit="",
        asked=Span.of([]),
        registers={name: Span.of(value) for name, value in registers.items()},
        meant=Span.of([]),
        error=0.0,
        relative_error=0.0,
        note=note,
    )


def report_row(
    owner: Population | Connection,
    parameter: str,
    unit: str,
    asked: Any,
    meant: Any,
    *,
    registers: Mapping[str, Any],
    scale: Any = None,
    remedy: str = "",
) -> ReportRow:
    """Summarise arrays; the error is relative to ``scale`` if given, otherwise to ``asked``."""
    asked, meant = np.broadcast_arrays(np.asarray(asked, float), np.asarray(meant, float))
    error = meant - asked
    # Ignore differences due to float rounding.
    error = np.where(np.abs(error) <= 1e-12 * np.maximum(1.0, np.abs(asked)), 0.0, error)
    base = np.abs(np.broadcast_to(asked if scale is None else scale, error.shape))
    relative = np.divide(error, base, out=np.full(error.shape, np.nan), where=base > 0)
    worst = float(error.flat[np.argmax(np.abs(error))])
    known = relative[np.isfinite(relative)]
    worst_relative = float(known[np.argmax(np.abs(known))]) if known.size else float("nan")
    warning = ""
    if abs(worst_relative) > MATTERS:
        warning = f"{parameter} is off by {short_percent(worst_relative)}"
        warning += f": {remedy}" if remedy else ""
    return ReportRow(
        kind="population" if isinstance(owner, Population) else "connection",
        owner=owner.name,
        parameter=parameter,
        unit=unit,
        asked=Span.of(asked),
        registers={name: Span.of(value) for name, value in registers.items()},
        meant=Span.of(meant),
        error=worst,
        relative_error=worst_relative,
        warning=warning,
    )
