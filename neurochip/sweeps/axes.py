"""Axes of a sweep: checks of their names and values, and the points that they span."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import inspect
import itertools
import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from compiler import OPTIONS

from .._support.foreign import nearest
from .._support.plain import NotPlainError, plain_array
from .._support.values import shown
from ..chip.spec import ChipSpec, CoreSpec
from ..errors import SweepError
from ..network import Network

__all__ = [
    "CORE",
    "MOST_POINTS",
    "Point",
    "Scalar",
    "Values",
    "described",
    "parameters_of",
    "plain",
    "span",
]

Scalar: TypeAlias = bool | int | float | str | None
Point: TypeAlias = dict[str, Scalar]
Values: TypeAlias = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]

CORE = "core."
_FIELDS = tuple(CORE + field.name for field in dataclasses.fields(CoreSpec))
_INTEGERS = {
    "seed",
    "cores",
    *(CORE + field.name for field in dataclasses.fields(CoreSpec) if type(field.default) is int),
}
_TAKEN = ("dt", "seed", "cores", *OPTIONS, *_FIELDS)
_ADVICE = " Look other objects up by name in the function for network or chip."
_LARGEST = 10**300  # bound of integers, below the limits of float64 and of Python's digits

MOST_POINTS = 1_000_000
"""Largest number of points of a sweep; all points are listed before the first one runs."""


def parameters_of(maker: Any, role: str) -> tuple[inspect.Parameter, ...]:
    """Return the parameters of a function for network or chip; none for a network or a chip.

    Raises
    ------
    SweepError
        If it takes positional-only or arbitrary arguments, so that its axes are unknown.
    """
    if isinstance(maker, (Network, ChipSpec)):
        return ()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    try:
        parameters = tuple(inspect.signature(maker).parameters.values())
    except (TypeError, ValueError):  # some compiled functions
        raise SweepError(
            f"sweep: the parameters of the function for the {role}, {maker!r}, are not known; "
            "allowed: a function written in Python."
        ) from None
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
        Values of each axis; or the points themselves, all with the same names.
    functions : sequence of str
        Parameters of the user's functions. They may be axes, as may those of chip and compiler.
    reserved : sequence of str
        Names of result columns. They may not be axes.

    Raises
    ------
    SweepError
        If nothing takes an axis, an axis has no values, a value is no scalar, or a point repeats.
    """
    if isinstance(values, Mapping):
        axes = {name: _listed(name, given) for name, given in values.items()}
        if math.prod(map(len, axes.values())) > MOST_POINTS:
            raise _too_many("the grid")
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
                f"of a core as 'core.NAME', compile options ({', '.join(OPTIONS)}), and "
                "parameters of the functions for network and chip "
                f"({', '.join(functions) or 'none here'}).{_nearest(name, functions)}"
            )
        if name in reserved:
            raise SweepError(
                f"sweep: the axis {name!r} has the name of a result; rename the parameter."
            )
        column = [point[name] for point in points]
        if name not in functions:
            _check_numbers(name, column)
        _check_kinds(name, column)
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


def _nearest(name: str, functions: Sequence[str]) -> str:
    """Return the axis that was probably meant; all fields of a core if no field is similar."""
    if name.startswith(CORE):
        fields = [field.removeprefix(CORE) for field in _FIELDS]
        meant = nearest("chip", name.removeprefix(CORE), fields).replace("'", f"'{CORE}", 1)
        return meant or f" Fields of a core: {', '.join(fields)}."
    return nearest("axes", name, (*_TAKEN, *functions))


def described(point: Mapping[str, Scalar]) -> str:
    """Return a point as text for a message."""
    return ", ".join(f"{name}={value}" for name, value in point.items())


def plain(owner: str, value: Any, advice: str = "") -> Scalar:
    """Return a value as a JSON scalar: a bool, an int, a finite float, a str or None.

    Raises
    ------
    SweepError
        If it is anything else.
    """
    given = value.value if isinstance(value, enum.Enum) else value
    # Subclasses of ndarray are not converted: they may carry a unit or a mask.
    if isinstance(given, np.generic) or (type(given) is np.ndarray and not given.shape):
        given = given.item()
    if given is None or isinstance(given, bool):
        return given
    if isinstance(given, str) and not any("\ud800" <= letter <= "\udfff" for letter in given):
        return str(given)
    if isinstance(given, numbers.Integral) and abs(int(given)) < _LARGEST:
        return int(given)
    with contextlib.suppress(OverflowError):
        if isinstance(given, numbers.Real) and math.isfinite(given) and float(given) == given:
            return float(given)
    raise SweepError(
        f"sweep: {owner} = {shown(value)}; allowed: a finite number that float64 holds, a "
        f"string, True, False or None.{advice}"
    )


def _check_numbers(name: str, values: Iterable[Scalar]) -> None:
    """Refuse values that are no numbers, where the chip, the clock or a seed needs one."""
    if name not in (*_INTEGERS, "dt"):
        return
    for value in values:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            fine = isinstance(value, int) if name in _INTEGERS else value > 0
        else:
            fine = (name, value) == ("dt", "auto")
        if not fine:
            allowed = "integers" if name in _INTEGERS else "numbers above 0, or 'auto'"
            raise SweepError(f"sweep: axis {name!r} has the value {value!r}; allowed: {allowed}.")


def _check_kinds(name: str, values: Iterable[Scalar]) -> None:
    """Refuse values that Python calls equal, but functions may not, such as 1 and True."""
    first: dict[Scalar, Scalar] = {}
    for value in values:
        other = first.setdefault(value, value)
        if repr(other) != repr(value):
            raise SweepError(
                f"sweep: axis {name!r} has both {other!r} and {value!r}, which are equal; allowed: "
                "one of them."
            )


def _in_unit(name: str, value: Any) -> Any:
    """Return a quantity as a number in the unit of its axis, and anything else as it is."""
    unit = "ms" if name == "dt" else OPTIONS[name].unit if name in OPTIONS else ""
    if unit and not isinstance(value, (str, numbers.Real)):
        with contextlib.suppress(NotPlainError):
            found = plain_array(value, unit)
            return found.item() if found.ndim == 0 else value
    return value


def _too_many(what: str) -> SweepError:
    return SweepError(f"sweep: {what} has more than {MOST_POINTS:,} points; allowed: fewer.")


def _listed(name: str, given: Any) -> list[Scalar]:
    unordered = (set, frozenset, Mapping)
    if isinstance(given, (str, bytes, *unordered)) or not hasattr(given, "__iter__"):
        raise SweepError(f"sweep: axis {name!r} = {given!r}; allowed: a list of values.")
    few = itertools.islice(given, MOST_POINTS + 1)
    found = [plain(f"axis {name!r}", _in_unit(name, value), _ADVICE) for value in few]
    if not found:
        raise SweepError(f"sweep: axis {name!r} has no values; allowed: at least one.")
    if len(found) > MOST_POINTS:
        raise _too_many(f"the axis {name!r}")
    return found


def _explicit(values: Any) -> list[Point]:
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise SweepError(
            f"sweep: values = {shown(values)}; allowed: a dictionary of axes and their values, "
            "or a list of points."
        )
    points: list[Point] = []
    for index, given in enumerate(values):
        if index == MOST_POINTS:
            raise _too_many("the list")
        if not isinstance(given, Mapping):
            raise SweepError(
                f"sweep: point {index} is {given!r}; allowed: a dictionary of names and values."
            )
        if index and set(given) != set(points[0]):
            odd = sorted(set(given) ^ set(points[0]), key=str)[0]
            raise SweepError(
                f"sweep: {odd!r} is given in only one of point 0 and point {index}; allowed: the "
                "same names in all points."
            )
        names = points[0] if index else given
        points.append(
            {name: plain(f"axis {name!r}", _in_unit(name, given[name]), _ADVICE) for name in names}
        )
    if not points:
        raise SweepError("sweep: no points; allowed: at least one.")
    return points
