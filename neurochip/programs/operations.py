"""The operations of neuron programs: one table, with the range of values that each can give.

All operations act on integers of 64 bits. None of them jumps or repeats, so every program ends, and
the range of each of its values is known before it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["MOST_SHIFT", "OPERATIONS", "Interval", "Operation"]

Interval = tuple[int, int]
"""Lowest and highest value that a register can hold."""

MOST_SHIFT = 62
"""Largest number of bits by which a value may be shifted."""


@dataclass(frozen=True)
class Operation:
    """One operation of the table.

    Parameters
    ----------
    name : str
        Name in the rows of a program.
    operands : tuple of str
        Kind of each operand: ``a``, ``b``, ``c`` and ``x`` are registers or constants; ``shift`` is
        a constant or a parameter from 0 to 62; ``divisor`` is a constant or a parameter of at least
        1; ``bits`` is a constant from 2 to 63.
    meaning : str
        The result, in words.
    bounds : callable
        Function of the intervals of the operands that returns the interval of the result.
    """

    name: str
    operands: tuple[str, ...]
    meaning: str
    bounds: Callable[..., Interval] = field(repr=False)


def _extremes(function: Callable[..., int]) -> Callable[..., Interval]:
    """Return bounds of a function that rises or falls with each operand while the others stay."""

    def bounds(a: Interval, *others: Interval) -> Interval:
        if not others:
            values = [function(x) for x in a]
        else:
            values = [function(x, y) for x in a for y in others[0]]
        return min(values), max(values)

    return bounds


def _absolute(a: Interval) -> Interval:
    low, high = a
    return max(low, -high, 0), max(-low, high)


def _truth(*_: Interval) -> Interval:
    return 0, 1


def _and(a: Interval, b: Interval) -> Interval:
    """Return bounds of the bits that both have: a negative number has all high bits."""
    positive = [high for low, high in (a, b) if low >= 0]
    if positive:
        return 0, min(positive)
    return -(1 << (-min(a[0], b[0]) - 1).bit_length()), max(a[1], b[1])


def _either(_: Interval, a: Interval, b: Interval) -> Interval:
    return min(a[0], b[0]), max(a[1], b[1])


def _saturated(a: Interval, bits: Interval) -> Interval:
    most = (1 << (bits[0] - 1)) - 1
    return min(max(a[0], -most), most), min(max(a[1], -most), most)


def _wrapped(a: Interval, bits: Interval) -> Interval:
    half = 1 << (bits[0] - 1)
    return a if -half <= a[0] and a[1] < half else (-half, half - 1)


def _toward_zero(a: int, shift: int) -> int:
    return a >> shift if a >= 0 else -(-a >> shift)


OPERATIONS = MappingProxyType(
    {
        item.name: item
        for item in (
            Operation("mov", ("a",), "a", lambda a: a),
            Operation("add", ("a", "b"), "``a + b``", _extremes(lambda a, b: a + b)),
            Operation("sub", ("a", "b"), "``a - b``", _extremes(lambda a, b: a - b)),
            Operation("mul", ("a", "b"), "``a * b``", _extremes(lambda a, b: a * b)),
            Operation("shl", ("a", "shift"), "``a * 2**shift``", _extremes(lambda a, k: a << k)),
            Operation(
                "asr",
                ("a", "shift"),
                "``a / 2**shift``, rounded toward minus infinity",
                _extremes(lambda a, k: a >> k),
            ),
            Operation(
                "rtz",
                ("a", "shift"),
                "``a / 2**shift``, rounded toward zero",
                _extremes(_toward_zero),
            ),
            Operation("min", ("a", "b"), "the smaller of a and b", _extremes(min)),
            Operation("max", ("a", "b"), "the larger of a and b", _extremes(max)),
            Operation("abs", ("a",), "a without its sign", _absolute),
            Operation("gt", ("a", "b"), "1 if ``a > b``, otherwise 0", _truth),
            Operation("ge", ("a", "b"), "1 if ``a >= b``, otherwise 0", _truth),
            Operation("and", ("a", "b"), "the bits that a and b both have", _and),
            Operation("sel", ("c", "a", "b"), "a if c is not 0, otherwise b", _either),
            Operation(
                "sat",
                ("a", "bits"),
                "a, limited to ``1 - 2**(bits - 1)`` and ``2**(bits - 1) - 1``",
                _saturated,
            ),
            Operation("wrap", ("a", "bits"), "the lowest bits of a, in two's complement", _wrapped),
            Operation(
                "div",
                ("a", "divisor"),
                "``a / divisor``, rounded toward minus infinity",
                _extremes(lambda a, p: a // p),
            ),
            Operation(
                "emit",
                ("x",),
                "a spike with payload x, or none if x is 0; no destination",
                lambda x: x,
            ),
        )
    }
)
"""All operations by name. The order gives the codes in files: do not change it."""
