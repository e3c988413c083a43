"""Conversion of what a user passes to an array of plain numbers in the unit of the argument.

``np.asarray`` takes the number out of a quantity and leaves its unit behind, takes what a mask
hides, and makes numbers of True and False. Here a quantity is converted, or refused where it has
another dimension; a mask that hides something is refused; and so is what is no number. No library
of units is imported: what a quantity offers says how it is converted.
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

# Of every unit that an argument has: exponents of the base units of SI, and its size in them.
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
    """A value that is not plain numbers.

    Parameters
    ----------
    clause : str
        What is wrong with it, to follow the value in a sentence; may be empty.
    remedy : str
        What to do, a sentence; may be empty.
    """

    def __init__(self, clause: str = "", remedy: str = "") -> None:
        super().__init__(clause)
        self.clause, self.remedy = clause, remedy


class RaggedError(NotPlainError):
    """A list whose rows differ in length."""


def plain_array(value: Any, unit: str = "") -> NDArray[Any]:
    """Return a value as an array without units or mask; nothing is copied that is an array already.

    Parameters
    ----------
    value : object
        A number, an array, a list, a quantity of Brian2, quantities, pint, astropy or unyt, a
        column of pandas, an array of xarray, a tensor of PyTorch and so on. Quantities without
        dimension count as plain numbers.
    unit : str
        Unit of the argument, ``""`` for none.

    Returns
    -------
    ndarray
        Of any shape, and of any type but object: the caller says which numbers are allowed.

    Raises
    ------
    NotPlainError
        If it is no number and no array of numbers, a mask hides something, or it has a unit that
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
    inner = getattr(value, "data", None)  # of xarray: the quantity that it wraps
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
    except Exception as problem:  # of a tensor on another device, for instance
        raise NotPlainError(f", which is no array ({problem})") from None
    if array.dtype.kind != "O":
        return array, False
    if array.ndim:
        return _joined(array.tolist(), unit)
    inner = array.item()
    if inner is value or isinstance(inner, int):  # an integer beyond 64 bits
        raise NotPlainError
    return _read(inner, unit)


def _joined(items: list[Any], unit: str) -> tuple[NDArray[Any], bool]:
    """Return a list as an array; all of its items have a unit, or none."""
    kinds = set(map(type, items))
    if kinds <= _NUMBERS:
        array = np.asarray(items)
        if array.dtype.kind == "O":  # an integer beyond 64 bits
            raise NotPlainError
        return array, False
    if bool in kinds or np.bool_ in kinds:
        if len(kinds) == 1:
            return np.asarray(items), False  # the dtype says it
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
    """Refuse a mask that hides something; ``mask`` may be anything that has such a name."""
    if isinstance(mask, np.ndarray) and mask.dtype.kind == "b" and mask.any():
        hidden = int(mask.sum())
        raise NotPlainError(
            f", of which {hidden} {'value is' if hidden == 1 else 'values are'} masked",
            "Leave out masked values or fill them.",
        )


def _converted(value: Any, unit: str) -> tuple[NDArray[Any], bool]:
    """Return a quantity in a unit, or as a plain number if it has no dimension."""
    how = _how(value)
    for wanted in (unit, ""):
        try:
            found = how(value, wanted)
        except Exception:  # every library has an error of its own for this
            continue
        return _read(found, "")[0], wanted != ""
    clause = f"cannot be converted to {unit}" if unit else "has a unit"
    raise NotPlainError(f", which {clause}")


def _how(value: Any) -> Any:
    """Return the function that converts a value to a unit, or None if it is no quantity."""
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
    bare = np.asarray(quantity)  # in the units of SI
    if not unit and found == _DIMENSIONLESS:
        return bare
    dimension, size = _SI[unit]
    if found != dimension:
        raise ValueError
    return bare / size


def _of_quantities(quantity: Any, unit: str) -> Any:
    return quantity.rescale(unit or "dimensionless").magnitude


def _of_label(array: Any, unit: str) -> Any:
    """Read an array that says its unit in words, as those of xarray may."""
    label = getattr(array, "units", None) or getattr(array, "unit", None)
    if label not in ({unit} if unit else {None, "", "1", "dimensionless"}):
        raise ValueError
    return np.asarray(array)
