"""Checks of arguments: numbers, arrays, quantities, names and lists.

Every check takes the object that asks (``owner``), the name of its argument (``name``), the value,
and the error to raise. :mod:`neurochip._support.plain` converts units and refuses masks; True is
not a number.
"""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError, NeurochipError
from ..typing import Float64Array
from .array_value import ArrayValue, read_only
from .plain import NotPlainError, RaggedError, plain_array
from .ranges import FINITE, Range

__all__ = [
    "MOST_IDS",
    "ArrayValue",
    "check_name",
    "check_size",
    "choice",
    "instance",
    "instances",
    "integer",
    "integers",
    "items",
    "quantity",
    "read_only",
    "real",
    "reals",
    "shown",
    "switch",
]

MOST_IDS = (1 << 31) - 1
"""Largest number of neurons, sources or compartments: ids have 32 bits."""

_T = TypeVar("_T")
_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxstring = 100


def shown(value: object) -> str:
    """Return a short text of any value for a message, on one line."""
    try:
        text = _SHORT.repr(value)
    except Exception:  # an integer of thousands of digits, for instance
        return f"<{type(value).__name__}>"
    return text if "\n" not in text else " ".join(text.split())


def check_name(kind: str, name: object, error: type[NeurochipError] = NetworkError) -> None:
    """Raise unless ``name`` is a non-empty string."""
    if not isinstance(name, str) or not name.strip():
        raise error(f"{kind}: name = {shown(name)}; allowed: a non-empty string.")
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise error(
            f"{kind}: name = {shown(name)}; allowed: text that files can store, without unpaired "
            "surrogates."
        )


def check_size(owner: str, size: object, error: type[NeurochipError] = NetworkError) -> int:
    """Return ``size`` as an int, or raise unless it is an integer from 1 to :data:`MOST_IDS`."""
    return integer(owner, "size", size, at_least=1, at_most=MOST_IDS, error=error)


def switch(
    owner: str, name: str, value: Any, *, optional: bool = False, error: type[NeurochipError]
) -> Any:
    """Return ``value`` as a bool, or raise unless it is True or False (or None if ``optional``)."""
    if optional and value is None:
        return None
    if not isinstance(value, (bool, np.bool_)):
        allowed = "True, False or None" if optional else "True or False"
        raise error(f"{owner}: {name} = {shown(value)}; allowed: {allowed}.")
    return bool(value)


def choice(
    owner: str,
    name: str,
    value: Any,
    names: Iterable[Any],
    *,
    allowed: str | None = None,
    error: type[NeurochipError],
) -> Any:
    """Return ``value``, or raise unless it is one of the given strings (or None among them)."""
    known = tuple(names)
    if not ((value is None or isinstance(value, str)) and value in known):
        allowed = ", ".join(map(repr, known)) if allowed is None else allowed
        raise error(f"{owner}: {name} = {shown(value)}; allowed: {allowed}.")
    return value


def instance(
    owner: str,
    name: str,
    value: Any,
    kind: type[_T],
    allowed: str,
    *,
    error: type[NeurochipError],
) -> _T:
    """Return ``value``, or raise unless it is a ``kind``, which ``allowed`` describes."""
    if not isinstance(value, kind):
        raise error(f"{owner}: {name} = {shown(value)}; allowed: {allowed}.")
    return value


def items(
    owner: str, name: str, values: Any, allowed: str, *, error: type[NeurochipError]
) -> tuple[Any, ...]:
    """Return an iterable as a tuple, or raise if it is not iterable or is a text."""
    try:
        if isinstance(values, (str, bytes, bytearray)):
            raise TypeError
        found = iter(values)
    except TypeError:
        raise error(f"{owner}: {name} = {shown(values)}; allowed: {allowed}.") from None
    return tuple(found)


def instances(
    owner: str,
    name: str,
    values: Any,
    *kinds: type[Any],
    allowed: str = "a list",
    error: type[NeurochipError],
) -> tuple[Any, ...]:
    """Return an iterable as a tuple, or raise unless each of its items is of one of the classes."""
    found = items(owner, name, values, allowed, error=error)
    for item in found:
        if not isinstance(item, kinds):
            names = ", ".join(kind.__name__ for kind in kinds)
            raise error(f"{owner}: {name} holds {shown(item)}; allowed: {names}.")
    return found


def integer(
    owner: str,
    name: str,
    value: Any,
    *,
    at_least: int | None = None,
    at_most: int | None = None,
    allowed: str | None = None,
    error: type[NeurochipError] = NetworkError,
) -> int:
    """Return ``value`` as an int, or raise unless it is an integer within the bounds.

    True, 3.0 and "3" are not integers; an array without dimensions that holds an integer is one.
    """
    found = _integer(value)
    if found is not None and not (at_least is not None and found < at_least):
        if at_most is None or found <= at_most:
            return found
        allowed = f"at most {at_most}" if at_least is None else f"{at_least} to {at_most}"
    elif allowed is None:
        allowed = "an integer" if at_least is None else f"an integer of at least {at_least}"
    raise error(f"{owner}: {name} = {shown(value)}; allowed: {allowed}.")


def _integer(value: Any) -> int | None:
    if type(value) is int:  # quick
        return value
    if isinstance(value, numbers.Integral):  # timedelta64 is registered as Integral
        return None if isinstance(value, (bool, np.timedelta64)) else int(value)
    if isinstance(value, numbers.Number):
        return None
    try:
        array = plain_array(value)
    except NotPlainError:
        return None
    return int(array) if array.dtype.kind in "iu" and array.ndim == 0 else None


def real(
    owner: str,
    name: str,
    value: Any,
    unit: str = "",
    within: Range = FINITE,
    *,
    allowed: str | None = None,
    error: type[NeurochipError] = NetworkError,
) -> float:
    """Return ``value`` as a float in ``unit``, or raise unless it is one number within a range.

    A quantity is converted to ``unit``, which is ``""`` for arguments without a unit. By default
    the message describes the range by its lower bound.
    """
    problem = NotPlainError()
    found = math.nan
    if type(value) is float:
        found = value
    else:
        try:
            found = _float(value, unit)
        except NotPlainError as reason:
            problem = reason
    if found in within:
        return found
    if allowed is None:
        allowed = f"{within}{_in(unit)}" if problem.clause else str(within)
    text = (
        f"{shown(value)}{problem.clause}" if problem.clause else f"{shown(value)} {unit}".rstrip()
    )
    raise error(f"{owner}: {name} = {text}; allowed: {allowed}.{_after(problem.remedy)}")


def _float(value: Any, unit: str) -> float:
    if isinstance(value, numbers.Real) and not isinstance(value, (bool, np.timedelta64)):
        try:
            return float(value)
        except OverflowError:
            raise NotPlainError from None
    array = plain_array(value, unit)
    if array.ndim or array.dtype.kind not in "iuf":
        raise NotPlainError
    return float(array)


def _in(unit: str) -> str:
    return f", in {unit}" if unit else ""


def _after(remedy: str) -> str:
    return f" {remedy}" if remedy else ""


def integers(
    owner: str,
    name: str,
    values: Any,
    *,
    low: int | None = None,
    high: int | None = None,
    allowed: str | None = None,
    ragged: str | None = None,
    error: type[NeurochipError] = NetworkError,
) -> NDArray[Any]:
    """Return an array of integers of any type and shape, or raise; nothing is copied.

    Parameters
    ----------
    owner, name : str
        Object and argument, for the message.
    values : object
        The integers; an empty array may be of any type.
    low, high : int, optional
        Smallest and largest value, both or neither.
    allowed, ragged : str, optional
        Text of the message for allowed values, and for rows that differ in length.
    error : type
        Error to raise.
    """
    array = _array(owner, name, values, "", allowed or "integers", ragged, error)
    if array.dtype.kind not in "iu":
        if not array.size:
            return array.astype(np.int64)
        if allowed is not None:
            raise error(f"{owner}: {name} = {shown(values)}; allowed: {allowed}.")
        verb = "are" if name.endswith("s") else "is"
        raise error(f"{owner}: {name} {verb} of type {array.dtype}; allowed: integers.")
    if low is None or high is None or not array.size:
        return array
    if array.min() < low or array.max() > high:
        first = int(np.argmax(((array < low) | (array > high)).ravel()))
        where = f"[{first}]" if array.ndim else ""
        raise error(f"{owner}: {name}{where} = {array.flat[first]}; allowed: {low} to {high}.")
    return array


def reals(
    owner: str,
    name: str,
    values: Any,
    unit: str,
    *,
    allowed: str,
    ragged: str | None = None,
    error: type[NeurochipError] = NetworkError,
) -> NDArray[Any]:
    """Return an array of real numbers of any type and shape in ``unit``, or raise.

    Only values that need conversion are copied; bounds and NaN are not checked. Parameters are
    those of :func:`integers`.
    """
    array = _array(owner, name, values, unit, allowed, ragged, error)
    if array.dtype.kind not in "iuf" and array.size:
        raise error(f"{owner}: {name} = {shown(values)}; allowed: {allowed}.")
    return array


def _array(
    owner: str,
    name: str,
    values: Any,
    unit: str,
    allowed: str,
    ragged: str | None,
    error: type[NeurochipError],
) -> NDArray[Any]:
    try:
        return plain_array(values, unit)
    except NotPlainError as problem:
        if ragged is not None and isinstance(problem, RaggedError):
            raise error(f"{owner}: {ragged}") from None
        raise error(
            f"{owner}: {name} = {shown(values)}{problem.clause}; allowed: {allowed}."
            f"{_after(problem.remedy)}"
        ) from None


def quantity(
    owner: str,
    name: str,
    value: Any,
    unit: str,
    within: Range = FINITE,
    *,
    per: str = "neuron",
    copy: bool = True,
    error: type[NeurochipError] = NetworkError,
) -> float | Float64Array:
    """Check a physical quantity: one value, or one per neuron (or per something else).

    Parameters
    ----------
    owner, name, unit : str
        Object and argument, for the message.
    value : float or array_like
        The value(s).
    within : Range
        Only its lower bound is checked; if it is not finite, all values may be ``inf``.
    per : str
        What each value of an array belongs to, for the message.
    copy : bool
        Whether the result is a copy. Otherwise it may be a read-only view of the given array.
    error : type
        Raised with a message that names the first offending value.

    Returns
    -------
    float or ndarray of float64, shape (n,), read-only
    """
    allowed = f"a number or one number per {per}{_in(unit)}"
    given = reals(owner, name, value, unit, allowed=allowed, error=error)
    array = np.array(given, dtype=np.float64, copy=copy or None)
    if array.ndim > 1:
        raise error(
            f"{owner}: {name} has shape {array.shape}; allowed: a number or a one-dimensional "
            f"array with one value per {per}{_in(unit)}."
        )
    if not within.finite and np.all(array == np.inf):
        return float(array) if array.ndim == 0 else read_only(array)
    bad = ~np.isfinite(array)
    if within.above is not None:
        bad |= ~(array > within.above)
    elif within.at_least is not None:
        bad |= ~(array >= within.at_least)
    if bad.any():
        allowed = f"a finite number {within.lower} {unit}" if within.lower else "a finite number"
        if not within.finite:
            allowed += ", or inf for all"
        first = int(np.argmax(bad))
        where = f"[{first}]" if array.ndim else ""
        raise error(f"{owner}: {name}{where} = {array.flat[first]:g} {unit}; allowed: {allowed}.")
    return float(array) if array.ndim == 0 else read_only(array)
