"""Axes of a sweep: who takes which, and the points that they span."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import itertools
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from compiler import compile_network

from ..errors import SweepError
from ..hardware import ChipSpec, CoreSpec
from ..network import Network

__all__ = ["COMPILE_OPTIONS", "Point", "Scalar", "Values", "parameters_of", "plain", "span"]

Scalar: TypeAlias = bool | int | float | str | None
Point: TypeAlias = dict[str, Scalar]
Values: TypeAlias = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]

_OTHERS = ("seed", "traffic")  # the seed of a sweep is that of the inputs; a Recording is no value
COMPILE_OPTIONS = tuple(
    name
    for name, parameter in inspect.signature(compile_network).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in _OTHERS
)
"""Keyword arguments of ``compile_network`` that may be axes."""

CORE = "core."
_FIELDS = tuple(CORE + field.name for field in dataclasses.fields(CoreSpec))
_TAKEN = ("dt", "seed", "cores", *COMPILE_OPTIONS, *_FIELDS)


def parameters_of(maker: Any, role: str) -> tuple[inspect.Parameter, ...]:
    """Return the parameters of a function for network or chip; none if it is one itself.

    Raises
    ------
    SweepError
        If it takes positional-only or arbitrary arguments: then nobody knows which axes are its.
    """
    if isinstance(maker, (Network, ChipSpec)):
        return ()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = tuple(inspect.signature(maker).parameters.values())
    for parameter in parameters:
        if parameter.kind not in named:
            raise SweepError(
                f"sweep: the function for the {role} takes {str(parameter)!r}; allowed: "
                "parameters by name. Name each axis that it depends on."
            )
    return parameters


def span(values: Values, functions: Sequence[str], reserved: Sequence[str]) -> list[Point]:
    """Return the points of a grid, the last axis fastest, or of an explicit list.

    Parameters
    ----------
    values : dict of str to list, or list of dict
        A list of values for each axis, or the points themselves, all with the same names.
    functions : sequence of str
        Parameters of the user's functions, which may be axes beside those of chip and compiler.
    reserved : sequence of str
        Names of result columns, which may not.

    Raises
    ------
    SweepError
        If an axis has no taker or no values, a value is no scalar, or a point repeats.
    """
    if isinstance(values, Mapping):
        axes = {name: _listed(name, given) for name, given in values.items()}
        points = [
            dict(zip(axes, chosen, strict=True)) for chosen in itertools.product(*axes.values())
        ]
    else:
        points = _explicit(values)
    if not points[0]:
        raise SweepError("sweep: no axes; allowed: at least one name with its values.")
    for name in points[0]:
        if name not in _TAKEN and name not in functions:
            raise SweepError(
                f"sweep: nothing takes the axis {name!r}; allowed: 'dt', 'seed', 'cores', fields "
                f"of a core as 'core.NAME', compile options ({', '.join(COMPILE_OPTIONS)}), and "
                "parameters of the functions for network and chip "
                f"({', '.join(functions) or 'none here'})."
            )
        if name in reserved:
            raise SweepError(
                f"sweep: the axis {name!r} has the name of a result; rename the parameter."
            )
    seen: dict[tuple[Any, ...], int] = {}
    for index, point in enumerate(points):
        key = tuple(point.values())
        if key in seen:
            raise SweepError(
                f"sweep: point {index} ({described(point)}) repeats point {seen[key]}; allowed: "
                "each once."
            )
        seen[key] = index
    return points


def described(point: Mapping[str, Scalar]) -> str:
    """Write a point for a message."""
    return ", ".join(f"{name}={value}" for name, value in point.items())


def plain(owner: str, value: Any) -> Scalar:
    """Return a value as JSON holds it: a bool, an int, a finite float, a str or None.

    Raises
    ------
    SweepError
        If it is anything else.
    """
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or isinstance(value, (bool, str)):
        return value
    if hasattr(value, "dtype") and not getattr(value, "shape", None):  # a scalar of NumPy
        value = value.item()
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    raise SweepError(
        f"sweep: {owner} = {value!r}; allowed: a finite number, a string, True, False or None. "
        "Look other objects up by name in the function for network or chip."
    )


def _listed(name: str, given: Any) -> list[Scalar]:
    if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
        raise SweepError(f"sweep: axis {name!r} = {given!r}; allowed: a list of values.")
    found = [plain(f"axis {name!r}", value) for value in given]
    if not found:
        raise SweepError(f"sweep: axis {name!r} has no values; allowed: at least one.")
    return found


def _explicit(values: Any) -> list[Point]:
    points: list[Point] = []
    for index, given in enumerate(values):
        if not isinstance(given, Mapping):
            raise SweepError(
                f"sweep: point {index} is {given!r}; allowed: a dictionary of names and values."
            )
        if index and set(given) != set(points[0]):
            odd = sorted(set(given) ^ set(points[0]))[0]
            raise SweepError(
                f"sweep: {odd!r} is given in only one of point 0 and point {index}; allowed: the "
                "same names in all points."
            )
        names = points[0] if index else given
        points.append({str(name): plain(f"axis {name!r}", given[name]) for name in names})
    if not points:
        raise SweepError("sweep: no points; allowed: at least one.")
    return points
