"""Numbers as options: those that mean nothing are refused before anything runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

__all__ = [
    "COUNT",
    "MILLISECONDS",
    "MILLISECONDS_OR_NONE",
    "POSITIVE",
    "REAL",
    "SEED",
    "at_least",
]


class _Number(click.ParamType):  # type: ignore[type-arg] # generic since click 8.2 only
    """A number within bounds.

    Parameters
    ----------
    kind : type
        float or int.
    allowed : str
        What it may be, for help and messages.
    holds : callable
        Whether a number is allowed.
    """

    def __init__(self, kind: type[float], allowed: str, holds: Callable[[Any], bool]) -> None:
        self.name = "integer" if kind is int else "float"
        self._kind, self._allowed, self._holds = kind, allowed, holds

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | int:
        try:
            number = self._kind(value)
        except (ValueError, OverflowError):
            number = None
        if number is None or not math.isfinite(number) or not self._holds(number):
            self.fail(f"{value!r} is not {self._allowed}.", param, ctx)
        return number


def at_least(kind: type[float], bound: float) -> click.ParamType:  # type: ignore[type-arg]
    """Return the type of an option that is a float or an int of at least ``bound``."""
    what = "an integer" if kind is int else "a number"
    return _Number(kind, f"{what} of at least {bound:g}", lambda x: x >= bound)


REAL = _Number(float, "a finite number", lambda _: True)
"""Any finite number."""

MILLISECONDS = _Number(float, "a number of ms above 0", lambda x: x > 0)
"""A length of time."""

MILLISECONDS_OR_NONE = _Number(float, "a number of ms of at least 0", lambda x: x >= 0)
"""A length of time, or 0."""

POSITIVE = _Number(float, "a number above 0", lambda x: x > 0)
"""Something that is not 0."""

SEED = at_least(int, 0)
"""A seed."""

COUNT = at_least(int, 1)
"""A number of things, at least one."""
