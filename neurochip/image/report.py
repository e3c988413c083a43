"""The compile report: wanted value, registers, decoded value and error of each parameter."""

from __future__ import annotations

import math
import numbers
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .._support.json_text import plain_data
from .._support.ranges import POSITIVE
from .._support.text import short_percent
from .._support.values import choice, instance, instances, integer, real
from ..errors import ImageError

__all__ = ["CompileReport", "ReportRow", "ScaleRow", "Span"]

_WIDTH = 100  # columns of a terminal that a report may fill


class _PlainValue:
    """Base of classes that compare by content, with NaN equal to NaN."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(plain_data(asdict(self)) == plain_data(asdict(other)))  # type: ignore[call-overload]

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Span(_PlainValue):
    """Smallest (``low``), ``mean`` and largest (``high``) value of a parameter; NaN if none.

    Raises
    ------
    ImageError
        If a field is not a number.
    """

    low: float
    mean: float
    high: float

    def __post_init__(self) -> None:
        _check_numbers("span", self, "low", "mean", "high")

    @classmethod
    def of(cls, values: Any) -> Span:
        """Summarise an array (or one number)."""
        array = np.asarray(values)
        if array.size == 0:
            return cls(math.nan, math.nan, math.nan)
        return cls(float(array.min()), float(array.mean(dtype=np.float64)), float(array.max()))

    def __str__(self) -> str:
        low, high = _number(self.low), _number(self.high)
        return low if low == high else f"{low}..{high}"


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportRow(_PlainValue):
    """One parameter of one population or connection.

    Parameters
    ----------
    kind : str
        ``"population"`` or ``"connection"``.
    owner : str
        Name of the population or connection.
    parameter : str
        Name of the parameter.
    unit : str
        Unit of ``asked``, ``meant`` and ``error``.
    asked : Span
        Values in the network.
    registers : dict of str to Span
        Values of the registers.
    meant : Span
        Values that the registers stand for.
    error : float
        Largest difference meant - asked by magnitude, with its sign.
    relative_error : float
        Largest relative difference by magnitude, with its sign; NaN if every ``asked`` is 0. For
        weights it is ``error`` relative to the largest weight of the connection.
    note : str
        Explanation of the registers; may be empty.
    warning : str
        Warning if the difference exceeds 1 %, values became 0, or dt is longer than a fifth of a
        time constant; otherwise empty.

    Raises
    ------
    ImageError
        If a field has the wrong type, or ``kind`` is not allowed.
    """

    kind: str
    owner: str
    parameter: str
    unit: str
    asked: Span
    registers: Mapping[str, Span]
    meant: Span
    error: float
    relative_error: float
    note: str = ""
    warning: str = ""

    def __post_init__(self) -> None:
        choice("report", "kind", self.kind, ("population", "connection"), error=ImageError)
        owner = f"report of {self.kind} {self.owner!r}"
        _check_texts(owner, self, "owner", "parameter", "unit", "note", "warning")
        _check_numbers(owner, self, "error", "relative_error")
        for name, span in {"asked": self.asked, "meant": self.meant, **self.registers}.items():
            instance(owner, name, span, Span, "a Span", error=ImageError)

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Parameter, asked, registers, meant and error as text."""
        registers = ", ".join(f"{name} {span}" for name, span in self.registers.items())
        error = "exact" if self.error == 0 else f"{self.error:+.3g} {self.unit}"
        if math.isfinite(self.relative_error) and self.error != 0:
            error = short_percent(self.relative_error, 3)
        unit = f" {self.unit}" if self.unit else ""
        return (
            self.parameter,
            f"{self.asked}{unit}",
            registers or "-",
            f"{self.meant}{unit}",
            error,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class ScaleRow(_PlainValue):
    """The scale of a population, and its headroom.

    Parameters
    ----------
    owner : str
        Name of the population.
    lsb_per_mv : float
        Register units per millivolt.
    binding : str
        Name of the bound that limits the scale.
    peaks : dict of str to (expected, limit), mV
        Expected peak, and limit at which it overflows: of the accumulator, of the current u, of the
        input u + bias, and of v below its origin.
    warning : str
        Warning if the headroom is smaller than requested; otherwise empty.

    Raises
    ------
    ImageError
        If a field has the wrong type.
    """

    owner: str
    lsb_per_mv: float
    binding: str
    peaks: Mapping[str, tuple[float, float]]
    warning: str = ""

    def __post_init__(self) -> None:
        owner = f"report of the scale of {self.owner!r}"
        _check_texts(owner, self, "owner", "binding", "warning")
        _check_numbers(owner, self, "lsb_per_mv")
        for name, pair in self.peaks.items():
            if not (isinstance(name, str) and len(pair) == 2 and all(map(_is_number, pair))):
                raise ImageError(f"{owner}: peaks[{name!r}] = {pair!r}; allowed: two numbers.")

    def headroom(self, name: str) -> float:
        """Return the limit over the expected peak ``name``; infinite if that peak is 0."""
        expected, limit = self.peaks[name]
        return limit / expected if expected > 0 else math.inf

    def __str__(self) -> str:
        room = ", ".join(
            f"{name.replace('_', ' ')} {self.headroom(name):.3g}x"
            for name, (expected, _) in self.peaks.items()
            if expected > 0
        )
        return (
            f"  scale {self.lsb_per_mv:.6g} LSB per mV, bounded by its {self.binding}\n"
            f"  headroom: {room or 'nothing drives it'}"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class CompileReport(_PlainValue):
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
    resources: Mapping[str, tuple[int, int]]

    def __post_init__(self) -> None:
        _check_texts("report", self, "chip")
        real("report", "dt", self.dt, "ms", POSITIVE, error=ImageError)
        instance("report", "options", self.options, dict, "a dict", error=ImageError)
        for field, kind in (("rows", ReportRow), ("scales", ScaleRow)):
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
        """All warnings, each as one sentence that names the population or connection."""
        rows = [f"{r.kind} {r.owner!r}: {r.warning}" for r in self.rows if r.warning]
        scales = [f"population {r.owner!r}: {r.warning}" for r in self.scales if r.warning]
        return tuple(rows + scales)

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
                        "peaks": {k: (_nan(e), _nan(m)) for k, (e, m) in row["peaks"].items()},
                    }
                )
                for row in data["scales"]
            ),
            resources={name: (used, limit) for name, (used, limit) in data["resources"].items()},
        )

    def __str__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.options.items())
        lines = _wrap(f"Compiled for {self.chip} at dt = {self.dt:g} ms ({settings})")
        header = ("parameter", "asked", "registers", "meant", "error")
        cells = [row.cells for row in self.rows]
        widths = [max(len(c[i]) for c in [header, *cells]) for i in range(len(header))]
        scales = {row.owner: row for row in self.scales}
        lines.append(_line(header, widths))
        owner = None
        for row, cell in zip(self.rows, cells, strict=True):
            if (row.kind, row.owner) != owner:
                owner = (row.kind, row.owner)
                lines.append(f"{row.kind} {row.owner!r}")
                if row.kind == "population":
                    lines.append(str(scales[row.owner]))
            lines.append(_line(cell, widths))
            if row.note:
                lines.append(f"{'':4}{row.note}")
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


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _check_numbers(owner: str, item: Any, *fields: str) -> None:
    for field in fields:
        if not _is_number(getattr(item, field)):
            raise ImageError(f"{owner}: {field} = {getattr(item, field)!r}; allowed: a number.")


def _check_texts(owner: str, item: Any, *fields: str) -> None:
    for field in fields:
        instance(owner, field, getattr(item, field), str, "a text", error=ImageError)


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ", break_long_words=False)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return ("  " + "  ".join(padded)).rstrip()


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    value += 0.0  # no "-0"
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.5g}"


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _span(data: Mapping[str, Any]) -> Span:
    return Span(_nan(data["low"]), _nan(data["mean"]), _nan(data["high"]))
