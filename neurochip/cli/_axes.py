"""Parser for the axes of a sweep on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import SweepError

__all__ = ["read_axes", "read_values"]

_RANGE = re.compile(r"(-?\d{1,18}):(-?\d{1,18})")
_WORDS = {"true": True, "false": False, "none": None}


def read_axes(texts: Iterable[str]) -> dict[str, list[bool | int | float | str | None]]:
    """Parse ``NAME=VALUES``, with comma-separated values and inclusive ranges of integers.

    Raises
    ------
    SweepError
        If a text does not have this form, or a name is given twice.
    """
    axes: dict[str, list[bool | int | float | str | None]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not (name and equals and values):
            raise SweepError(
                f"sweep: --vary {text!r}; allowed: NAME=VALUES, as in "
                "core.weight_mantissa_bits=1:8 or dt=0.1,0.5."
            )
        if name in axes:
            raise SweepError(f"sweep: --vary {name!r} is given twice; list all values at once.")
        axes[name] = read_values(f"sweep: --vary {name!r}", values)
    return axes


def read_values(owner: str, text: str) -> list[bool | int | float | str | None]:
    """Parse values separated by commas; ``owner`` begins the message of an error.

    Raises
    ------
    SweepError
        If a value is empty, or a range has no values or too many.
    """
    return [value for part in text.split(",") for value in _values(owner, part.strip())]


def _values(owner: str, text: str) -> Iterable[bool | int | float | str | None]:
    found = _RANGE.fullmatch(text)
    if found:
        from ..sweeps.axes import MOST_POINTS  # imported late: slow to load

        first, last = int(found[1]), int(found[2])
        if not 0 <= last - first < MOST_POINTS:
            raise SweepError(
                f"{owner} has the range {text}; allowed: FIRST:LAST, upwards, with "
                f"at most {MOST_POINTS:,} values."
            )
        return range(first, last + 1)
    if not text:
        raise SweepError(f"{owner} has an empty value; allowed: VALUE,VALUE.")
    if text.lower() in _WORDS:
        return [_WORDS[text.lower()]]
    for kind in (int, float):
        try:
            return [kind(text)]
        except ValueError:
            continue
    return [text]
