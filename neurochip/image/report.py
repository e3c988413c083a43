"""The compile report: wanted value, registers, decoded value and error of each parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.ranges import POSITIVE
from .._support.text import WIDTH, counted, folded
from .._support.values import instance, instances, integer, real
from ..errors import ImageError
from .report_rows import PlainValue, RateRow, ReportRow, ScaleRow, Span, check_texts

__all__ = ["CompileReport"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CompileReport(PlainValue):
    """The decisions of a compilation, and the error of each parameter.

    Parameters
    ----------
    chip : str
        Name of the chip.
    dt : float, ms
        Length of a step.
    options : dict
        Options of the compiler by name.
    rows : tuple of ReportRow
        One row per parameter.
    scales : tuple of ScaleRow
        One row per population.
    rates : tuple of RateRow
        One row per population and per input of spikes.
    resources : dict of str to (used, limit)
        Number of cores of the chip, and for each other resource its use on the fullest core.

    Raises
    ------
    ImageError
        If a field has the wrong type, a population has no scale, or the cores are missing.
    """

    chip: str
    dt: float
    options: Mapping[str, Any]
    rows: tuple[ReportRow, ...]
    scales: tuple[ScaleRow, ...]
    rates: tuple[RateRow, ...]
    resources: Mapping[str, tuple[int, int]]

    def __post_init__(self) -> None:
        check_texts("report", self, "chip")
        real("report", "dt", self.dt, "ms", POSITIVE, error=ImageError)
        instance("report", "options", self.options, dict, "a dict", error=ImageError)
        for field, kind in (("rows", ReportRow), ("scales", ScaleRow), ("rates", RateRow)):
            allowed = f"a tuple of {kind.__name__}"
            items = instances(
                "report", field, getattr(self, field), kind, allowed=allowed, error=ImageError
            )
            object.__setattr__(self, field, items)
        for name, (used, limit) in self.resources.items():
            for number in (used, limit):
                integer("report", f"resource {name!r}", number, at_least=0, error=ImageError)
        if "cores" not in self.resources:
            raise ImageError("report: resources have no 'cores'.")
        lacking = {row.owner for row in self.rows if row.kind == "population"}
        lacking -= {scale.owner for scale in self.scales}
        if lacking:
            raise ImageError(f"report: population {min(lacking)!r} has no scale.")

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings, each as one sentence that names the population, connection or input."""
        rows = [f"{r.kind} {r.owner!r}: {r.warning}" for r in self.rows if r.warning]
        scales = [f"population {r.owner!r}: {r.warning}" for r in self.scales if r.warning]
        rates = [f"{r.kind} {r.owner!r}: {r.warning}" for r in self.rates if r.warning]
        return tuple(rows + scales + rates)

    def row(self, owner: str, parameter: str) -> ReportRow:
        """Return the row of a parameter.

        Parameters
        ----------
        owner : str
            Name of a population or connection.
        parameter : str
            Name of the parameter.

        Raises
        ------
        KeyError
            If the report has no such row.
        """
        for row in self.rows:
            if (row.owner, row.parameter) == (owner, parameter):
                return row
        raise KeyError(f"no parameter {parameter!r} of {owner!r} in the compile report")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON: lists, dicts, numbers and strings; None for NaN."""
        data: dict[str, Any] = plain_data(asdict(self))
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CompileReport:
        """Rebuild a report from the data returned by :meth:`to_dict`.

        Raises
        ------
        ImageError
            If a value is not allowed.
        KeyError, TypeError, ValueError
            If the data have the wrong structure.
        """
        rows = []
        for row in data["rows"]:
            spans = {name: _span(value) for name, value in row["registers"].items()}
            rows.append(
                ReportRow(
                    **{
                        **row,
                        "asked": _span(row["asked"]),
                        "meant": _span(row["meant"]),
                        "registers": spans,
                        "error": _nan(row["error"]),
                        "relative_error": _nan(row["relative_error"]),
                    }
                )
            )
        return cls(
            chip=data["chip"],
            dt=data["dt"],
            options=data["options"],
            rows=tuple(rows),
            scales=tuple(
                ScaleRow(
                    **{
                        **row,
                        "lsb_per_mv": _span(row["lsb_per_mv"]),
                        "peaks": {k: (_nan(e), _nan(m)) for k, (e, m) in row["peaks"].items()},
                    }
                )
                for row in data["scales"]
            ),
            rates=tuple(
                RateRow(
                    **{
                        **row,
                        "expected": _span(row["expected"]),
                        "assumed": _span(row["assumed"]),
                    }
                )
                for row in data["rates"]
            ),
            resources={name: (used, limit) for name, (used, limit) in data["resources"].items()},
        )

    def __str__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.options.items())
        lines = _wrap(f"Compiled for {self.chip} at dt = {self.dt:g} ms ({settings})")
        header = ("parameter", "asked", "meant", "error", "registers")
        cells = [row.cells for row in self.rows]
        widths = [max(len(c[i]) for c in [header, *cells]) for i in range(len(header) - 1)]
        scales = {row.owner: row for row in self.scales}
        lines += _lines(header, widths)
        owner = None
        for row, cell in zip(self.rows, cells, strict=True):
            if (row.kind, row.owner) != owner:
                owner = (row.kind, row.owner)
                lines.append(f"{row.kind} {row.owner!r}")
                if row.kind == "population":
                    lines.append(str(scales[row.owner]))
            lines += _lines(cell, widths)
            if row.note:
                lines += _wrap(row.note, "    ")
        lines.append("rates of neurons and inputs")
        for rate in self.rates:
            lines += _wrap(str(rate), "  ")
        used = ", ".join(
            f"{name.replace('_', ' ')} {used}/{limit}"
            for name, (used, limit) in self.resources.items()
            if name != "cores"
        )
        cores, limit = self.resources["cores"]
        lines += _wrap(f"{cores} of {limit} cores; the fullest: {used}")
        for warning in self.warnings:
            lines += _wrap(f"Warning: {warning}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        used, limit = self.resources["cores"]
        return line(
            self,
            self.chip,
            f"dt = {self.dt:g} ms",
            f"{used} of {counted(limit, 'core')}",
            counted(len(self.rows), "parameter"),
            counted(len(self.warnings), "warning"),
        )


def _wrap(text: str, indent: str = "") -> list[str]:
    return folded(text, first=indent, indent=f"  {indent}")


def _lines(cells: tuple[str, ...], widths: list[int]) -> list[str]:
    """Return a row of the table; the registers go on a line of their own if they do not fit."""
    *padded, registers = cells
    row = "  " + "  ".join(cell.ljust(width) for cell, width in zip(padded, widths, strict=True))
    whole = f"{row}  {registers}"
    return [whole] if len(whole) <= WIDTH else [row.rstrip(), f"      {registers}"]


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _span(data: Mapping[str, Any]) -> Span:
    return Span(_nan(data["low"]), _nan(data["mean"]), _nan(data["high"]))
