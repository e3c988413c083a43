"""Rows of the compile report: parameters, scales and rates."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .._support.brief import brief
from .._support.json_text import plain_data
from .._support.text import short_percent
from .._support.values import choice, instance
from ..errors import ImageError

__all__ = ["PlainValue", "RateRow", "ReportRow", "ScaleRow", "Span", "check_texts"]


class PlainValue:
    """Base of classes that compare by content, with NaN equal to NaN."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(plain_data(asdict(self)) == plain_data(asdict(other)))  # type: ignore[call-overload]

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Span(PlainValue):
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

    def ends(self, digits: int) -> str:
        """Return both ends with this many digits, such as ``1 to 2``; one if they read the same."""
        low, high = f"{self.low:.{digits}g}", f"{self.high:.{digits}g}"
        return low if low == high else f"{low} to {high}"

    def __str__(self) -> str:
        low, high = _number(self.low), _number(self.high)
        return low if low == high else f"{low}..{high}"


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportRow(PlainValue):
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

    __repr__ = brief

    def __post_init__(self) -> None:
        choice("report", "kind", self.kind, ("population", "connection"), error=ImageError)
        owner = f"report of {self.kind} {self.owner!r}"
        check_texts(owner, self, "owner", "parameter", "unit", "note", "warning")
        _check_numbers(owner, self, "error", "relative_error")
        for name, span in {"asked": self.asked, "meant": self.meant, **self.registers}.items():
            instance(owner, name, span, Span, "a Span", error=ImageError)

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Parameter, asked, meant, error and registers as text."""
        registers = ", ".join(f"{name} {span}" for name, span in self.registers.items())
        error = "exact" if self.error == 0 else f"{self.error:+.3g} {self.unit}"
        if math.isfinite(self.relative_error) and self.error != 0:
            error = short_percent(self.relative_error, 3)
        unit = f" {self.unit}" if self.unit else ""
        return (
            self.parameter,
            f"{self.asked}{unit}",
            f"{self.meant}{unit}",
            error,
            registers or "-",
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class ScaleRow(PlainValue):
    """The scale of a population, and its headroom.

    Parameters
    ----------
    owner : str
        Name of the population.
    lsb_per_mv : Span
        Register units per millivolt; they differ where neurons share threshold registers.
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
    lsb_per_mv: Span
    binding: str
    peaks: Mapping[str, tuple[float, float]]
    warning: str = ""

    __repr__ = brief

    def __post_init__(self) -> None:
        owner = f"report of the scale of {self.owner!r}"
        check_texts(owner, self, "owner", "binding", "warning")
        instance(owner, "lsb_per_mv", self.lsb_per_mv, Span, "a Span", error=ImageError)
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
            f"  scale {self.lsb_per_mv.ends(6)} LSB per mV, bounded by its {self.binding}\n"
            f"  headroom: {room or 'nothing drives it'}"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class RateRow(PlainValue):
    """The rates that were assumed for a population or an input.

    Parameters
    ----------
    kind : str
        ``"population"`` or ``"input"``.
    owner : str
        Name of the population or input.
    expected : Span, Hz
        Expected rates of its neurons or sources.
    assumed : Span, Hz
        Rates for which its targets have headroom.
    origin : str
        Where the expected rates come from.
    warning : str
        Warning if they, or the sizes of bursts, are not known; otherwise empty.

    Raises
    ------
    ImageError
        If a field has the wrong type, or ``kind`` is not allowed.
    """

    kind: str
    owner: str
    expected: Span
    assumed: Span
    origin: str
    warning: str = ""

    __repr__ = brief

    def __post_init__(self) -> None:
        choice("report", "kind", self.kind, ("population", "input"), error=ImageError)
        owner = f"report of the rates of {self.kind} {self.owner!r}"
        check_texts(owner, self, "owner", "origin", "warning")
        for name in ("expected", "assumed"):
            instance(owner, name, getattr(self, name), Span, "a Span", error=ImageError)

    def __str__(self) -> str:
        room = f"; headroom for {self.assumed.ends(4)} Hz" if self.assumed != self.expected else ""
        return f"{self.kind} {self.owner!r}: {self.expected.ends(4)} Hz ({self.origin}){room}"


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _check_numbers(owner: str, item: Any, *fields: str) -> None:
    for field in fields:
        if not _is_number(getattr(item, field)):
            raise ImageError(f"{owner}: {field} = {getattr(item, field)!r}; allowed: a number.")


def check_texts(owner: str, item: Any, *fields: str) -> None:
    """Raise unless the named fields of an item of the report are texts."""
    for field in fields:
        instance(owner, field, getattr(item, field), str, "a text", error=ImageError)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    value += 0.0  # no "-0"
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.5g}"
