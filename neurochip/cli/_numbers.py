"""Option types for numbers; values out of range are refused before anything runs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import click

from .._support import ranges

__all__ = [
    "COUNT",
    "DOTS",
    "FRACTION",
    "MILLISECONDS",
    "MILLISECONDS_OR_NONE",
    "POSITIVE",
    "REAL",
    "REAL_OR_MIRRORED",
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
        Description of the allowed values, for messages.
    holds : callable
        Returns whether a number is allowed.
    word : str
        Word that is allowed instead of a number; empty if there is none.
    """

    def __init__(
        self, kind: type[float], allowed: str, holds: Callable[[Any], bool], word: str = ""
    ) -> None:
        self.name = ("integer" if kind is int else "float") + (f"|{word}" if word else "")
        self._kind, self._allowed, self._holds = kind, allowed, holds
        self._word = word

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | int | str:
        if self._word and value == self._word:
            return self._word
        try:
            number = self._kind(value)
        except (ValueError, OverflowError):
            number = None
        if number == 0 and re.search("[1-9]", str(value).lower().partition("e")[0]):
            number = None  # too small for a float, and not the 0 that was not written
        if number is None or not math.isfinite(number) or not self._holds(number):
            self.fail(f"{value!r} is not {self._allowed}.", param, ctx)
        return number


def at_least(kind: type[float], bound: float, word: str = "") -> click.ParamType:  # type: ignore[type-arg]
    """Return an option type for a float or an int of at least ``bound``, or a word."""
    what = "an integer" if kind is int else "a number"
    also = f", or {word!r}" if word else ""
    return _Number(kind, f"{what} of at least {bound:g}{also}", lambda x: x >= bound, word)


REAL = _Number(float, "a finite number", lambda _: True)
"""Any finite number."""

REAL_OR_MIRRORED = _Number(
    float, "a finite number, or '-v_threshold'", lambda _: True, "-v_threshold"
)
"""Any finite number, or the negative threshold of each neuron."""

MILLISECONDS = _Number(float, "a number of ms above 0", lambda x: x > 0)
"""A duration in ms, above 0."""

MILLISECONDS_OR_NONE = _Number(float, "a number of ms of at least 0", lambda x: x >= 0)
"""A duration in ms, or 0."""

POSITIVE = _Number(float, "a number above 0", lambda x: x > 0)
"""A number above 0."""

FRACTION = _Number(float, str(ranges.FRACTION), lambda x: x in ranges.FRACTION)
"""A number above 0 and at most 1."""

SEED = at_least(int, 0)
"""A random seed."""

COUNT = at_least(int, 1)
"""A count of at least 1."""

DOTS = _Number(int, "an integer from 30 to 2400", lambda x: 30 <= x <= 2400)
"""Dots per inch of a picture."""
