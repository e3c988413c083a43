"""Ranges of allowed real numbers, for checks and their messages."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["FINITE", "FRACTION", "NOT_NEGATIVE", "POSITIVE", "Range"]


@dataclass(frozen=True, kw_only=True)
class Range:
    """A range of real numbers; NaN is in no range.

    Parameters
    ----------
    above, at_least : float, optional
        Exclusive or inclusive lower bound.
    below, at_most : float, optional
        Exclusive or inclusive upper bound.
    finite : bool
        Whether infinite numbers are excluded.
    """

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    finite: bool = True

    def __contains__(self, value: float) -> bool:
        low = value > self.above if self.above is not None else value >= self._least
        high = value < self.below if self.below is not None else value <= self._most
        return low and high and not (self.finite and math.isinf(value))

    @property
    def _least(self) -> float:
        return -math.inf if self.at_least is None else self.at_least

    @property
    def _most(self) -> float:
        return math.inf if self.at_most is None else self.at_most

    @property
    def lower(self) -> str:
        """Text of the lower bound for a message; empty if there is none."""
        if self.above is not None:
            return f"above {self.above:g}"
        return "" if self.at_least is None else f"of at least {self.at_least:g}"

    def __str__(self) -> str:
        if self == FRACTION:  # the commonest mistake is a number of percent
            return "a number above 0 and at most 1 (0.05 is 5 %)"
        if self.lower:
            return f"a number {self.lower}"
        return "a finite number" if self.finite else "a number"


FINITE = Range()
POSITIVE = Range(above=0.0)
NOT_NEGATIVE = Range(at_least=0.0)
FRACTION = Range(above=0.0, at_most=1.0)
