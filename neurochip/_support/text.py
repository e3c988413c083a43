"""Format numbers for reports and tables, and fold lines of text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Sequence

__all__ = [
    "WIDTH",
    "aligned",
    "counted",
    "fixed",
    "folded",
    "percent",
    "short",
    "short_percent",
    "si",
]

WIDTH = 80
"""Columns of a terminal that a text may fill."""

_PERCENT = "\N{NO-BREAK SPACE}%"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or the plural: ``1 core``, ``2 cores``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def percent(value: float, sign: str = "+", digits: int = 2, undefined: str = "-") -> str:
    """Return a fraction in percent, rounded; ``sign`` is "+" or "", as in a format."""
    if not math.isfinite(value):
        return undefined
    rounded = round(100 * value, digits) + 0.0  # no "-0.00"
    return f"{rounded:{sign}.{digits}f} %"


def short_percent(value: float, digits: int = 2) -> str:
    """Return a fraction in percent with its sign and a few significant digits: ``+0.26 %``."""
    return f"{float(f'{100 * value:.{digits}g}'):+.6g} %"


def short(value: float, sign: str = "") -> str:
    """Return a number with two significant digits, from 100 on with all before the point."""
    return f"{value:{sign}.2g}" if abs(value) < 99.5 else f"{value:{sign},.0f}"


def fixed(value: float, undefined: str = "-") -> str:
    """Return a number with three decimals."""
    return f"{value:.3f}" if math.isfinite(value) else undefined


def folded(line: str, width: int = WIDTH, *, indent: str = "  ", first: str = "") -> list[str]:
    """Return a line as lines that fit; a number and its percent sign stay together.

    Parameters
    ----------
    line : str
        The text. Words longer than a line, such as paths, are kept.
    width : int
        Columns of a line.
    indent, first : str
        Before all further lines, and before the first one.
    """
    found = textwrap.wrap(
        line.replace(" %", _PERCENT),
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part.replace(_PERCENT, " %") for part in found]


def aligned(rows: Sequence[Sequence[str]], left: Collection[int] = ()) -> list[str]:
    """Return the rows of a table as lines with aligned columns.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells; all rows have as many.
    left : collection of int
        Columns whose cells begin at the left; those of the others end at the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in rows
    ]


def si(value: float) -> str:
    """Return a number with three digits and a prefix of the SI, before its unit: ``1.23 m``."""
    for prefix, size in (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9)):
        if abs(value) >= size:
            return f"{value / size:.3g} {prefix}"
    return f"{value / 1e-12:.3g} p"
