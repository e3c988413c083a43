"""The common unit of the parameters of an object, which may be plain numbers."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

from .._support.plain import NotPlainError, plain_array
from ..errors import NetworkError

__all__ = ["find_unit"]

_UNITS = ("mV", "nA", "ms")


def find_unit(owner: Any, *names: str) -> None:
    """Set the ``unit`` of an object: "mV", "nA" or "ms", or "" if its parameters are plain numbers.

    Parameters
    ----------
    owner : object
        A frozen dataclass with an attribute ``unit``.
    *names : str
        Its parameters; those that are not 0 or infinite need one unit.

    Raises
    ------
    NetworkError
        If their units differ.
    """
    units: dict[str, str] = {}
    for name in names:
        given = getattr(owner, name)
        if not (isinstance(given, (int, float)) and given in (0, math.inf, -math.inf)):
            units.setdefault(_unit_of(given), name)
    if len(units) > 1:
        listed = " and ".join(f"{name} in {unit or 'no unit'}" for unit, name in units.items())
        raise NetworkError(f"{type(owner).__name__}: {listed}; allowed: one unit for all, or none.")
    object.__setattr__(owner, "unit", next(iter(units), ""))


def _unit_of(value: Any) -> str:
    """Return the unit to which a quantity can be converted; empty for anything else."""
    for unit in ("", *_UNITS):
        with suppress(NotPlainError):
            plain_array(value, unit)
            return unit
    return ""
