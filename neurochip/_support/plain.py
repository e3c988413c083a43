"""Conversion of arguments to arrays of plain numbers in the unit of the argument.

``np.asarray`` drops the unit of a quantity, ignores masks, and converts True and False to numbers.
Here a quantity is converted, or refused if it has another dimension; masked values and values that
are not numbers are refused. No library of units is imported: the attributes of a quantity determine
how it is converted.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NotPlainError", "RaggedError", "plain_array"]

_NUMBERS = {float, int, *(kind for kind in np.sctypeDict.values() if issubclass(kind, np.number))}
_NUMBERS -= {np.timedelta64}

# For every unit of an argument: exponents of the SI base units, and its size in them.
_BASE = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")
_DIMENSIONLESS = (0, 0, 0, 0, 0, 0, 0)
_SI = {
    "s": ((0, 0, 1, 0, 0, 0, 0), 1.0),
    "ms": ((0, 0, 1, 0, 0, 0, 0), 1e-3),
    "ns": ((0, 0, 1, 0, 0, 0, 0), 1e-9),
    "Hz": ((0, 0, -1, 0, 0, 0, 0), 1.0),
    "mV": ((2, 1, -3, -1, 0, 0, 0), 1e-3),
    "nA": ((0, 0, 0, 1, 0, 0, 0), 1e-9),
    "nF": ((-2, -1, 4, 2, 0, 0, 0), 1e-9),
    "pJ": ((2, 1, -2, 0, 0, 0, 0), 1e-12),
    "W": ((2, 1, -3, 0, 0, 0, 0), 1.0),
}


class NotPlainError(Exception):
    """A value that is not a plain number or an array of plain numbers.

    Parameters
    ----------
    clause : str
        The problem, as text that follows the value in a sentence; may be empty.
    remedy : str
        Sentence that says what to do; may be empty.
    """

    def __init__(self, clause: str = "", remedy: str = "") -> None:
        super().__init__(clause)
        self.clause, self.remedy = clause, remedy


class RaggedError(NotPlainError):
    """A list whose rows differ in length."""


def plain_array(value: Any, unit: str = "") -> NDArray[Any]:
    """Return a value as an array without unit or mask; an array is not copied.

    Parameters
    ----------
    value : object
        A number, an array, a list, a quantity of Brian2, quantities, pint, astropy or unyt, a
        column of pandas, an array of xarray, a tensor of PyTorch and so on. Dimensionless
        quantities count as plain numbers.
    unit : str
        Unit of the argument, ``""`` for none.

    Returns
    -------
    ndarray
        Any shape, any type except object; the caller checks which numbers are allowed.

    Raises
    ------
    NotPlainError
        If the value is not a number or an array of numbers, has masked values, or has a unit that
        cannot be converted.
    """
    try:
        return _read(value, unit)[0]
    except RecursionError:  # a list that holds itself
        raise NotPlainError from None


def _read(value: Any, unit: str) -> tuple[NDArray[Any], bool]:
    """Return the array, and whether the value had a unit."""
    if type(value) is np.ndarray and value.dtype.kind != "O":
        return value, False
    if isinstance(value, (str, bytes, bytearray)):
        raise NotPlainError
    if isinstance(value, np.ma.MaskedArray):
        _check_mask(value.mask)
        return _read(value.data, unit)
    _check_mask(getattr(value, "mask", None))
    if _how(value):
        return _converted(value, unit)
    if isinstance(value, Sequence):
        return _joined(value if isinstance(value, list) else list(value), unit)
    inner = getattr(value, "data", None)  # a quantity wrapped by xarray
    if not isinstance(value, np.ndarray) and _how(inner):
        return _converted(inner, unit)
    return _as_array(value, unit)


def _as_array(value: Any, unit: str) -> tuple[NDArray[Any], bool]:
    if isinstance(value, numbers.Real) and not isinstance(value, (np.generic, int)):
        try:
            return np.asarray(float(value)), False  # a fraction, for instance
        except OverflowError:
            raise NotPlainError from None
    try:
        array = np.asarray(value)
    except Exception as problem:  # for instance a tensor on another device
        raise NotPlainError(f", which is not an array ({problem})") from None
    if array.dtype.kind != "O":
        return array, False
    if array.ndim:
        return _joined(array.tolist(), unit)
    inner = array.item()
    if inner is value or isinstance(inner, int):  # an integer beyond 64 bits
        raise NotPlainError
    return _read(inner, unit)


def _joined(items: list[Any], unit: str) -> tuple[NDArray[Any], bool]:
    """Return a list as an array; either all of its items have a unit, or none has one."""
    kinds = set(map(type, items))
    if kinds <= _NUMBERS:
        array = np.asarray(items)
        if array.dtype.kind == "O":  # an integer beyond 64 bits
            raise NotPlainError
        return array, False
    if bool in kinds or np.bool_ in kinds:
        if len(kinds) == 1:
            return np.asarray(items), False  # the caller checks the dtype
        raise NotPlainError(", which holds True or False")
    parts = [_read(item, unit) for item in items]
    units = {had for part, had in parts if part.size}
    if len(units) > 1:
        raise NotPlainError(", which mixes quantities with plain numbers")
    try:
        return np.array([part for part, _ in parts]), units == {True}
    except ValueError:
        raise RaggedError from None


def _check_mask(mask: Any) -> None:
    """Raise if a mask hides a value; ``mask`` may be any attribute of that name."""
    if isinstance(mask, np.ndarray) and mask.dtype.kind == "b" and mask.any():
        hidden = int(mask.sum())
        raise NotPlainError(
            f", of which {hidden} {'value is' if hidden == 1 else 'values are'} masked",
            "Leave out masked values or fill them.",
        )


def _converted(value: Any, unit: str) -> tuple[NDArray[Any], bool]:
    """Return a quantity in a unit, or as a plain number if it is dimensionless."""
    how = _how(value)
    for wanted in (unit, ""):
        try:
            found = how(value, wanted)
        except Exception:  # every library raises its own error
            continue
        return _read(found, "")[0], wanted != ""
    clause = f"cannot be converted to {unit}" if unit else "has a unit"
    raise NotPlainError(f", which {clause}")


def _how(value: Any) -> Any:
    """Return the function that converts a value to a unit, or None if it is not a quantity."""
    if hasattr(getattr(value, "dim", None), "get_dimension"):
        return _of_brian2
    if hasattr(value, "dimensionality") and hasattr(value, "rescale"):
        return _of_quantities
    if hasattr(value, "units") or hasattr(value, "unit"):
        if hasattr(value, "to_value"):  # astropy, unyt
            return lambda quantity, unit: quantity.to_value(unit)
        if hasattr(value, "to") and hasattr(value, "magnitude"):  # pint
            return lambda quantity, unit: quantity.to(unit).magnitude
        return _of_label
    return None


def _of_brian2(quantity: Any, unit: str) -> Any:
    found = tuple(quantity.dim.get_dimension(name) for name in _BASE)
    bare = np.asarray(quantity)  # in SI units
    if not unit and found == _DIMENSIONLESS:
        return bare
    dimension, size = _SI[unit]
    if found != dimension:
        raise ValueError
    return bare / size


def _of_quantities(quantity: Any, unit: str) -> Any:
    return quantity.rescale(unit or "dimensionless").magnitude


def _of_label(array: Any, unit: str) -> Any:
    """Read an array with a text that names its unit, as xarray has."""
    label = getattr(array, "units", None) or getattr(array, "unit", None)
    if label not in ({unit} if unit else {None, "", "1", "dimensionless"}):
        raise ValueError
    return np.asarray(array)
