"""Value objects that hold arrays: checked at birth, read-only, compared by content."""

from __future__ import annotations

import dataclasses
import numbers
import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import NetworkError, NeurochipError
from .typing import Float64Array

__all__ = ["ArrayValue", "check_name", "check_size", "quantity", "read_only"]


class ArrayValue:
    """Mixin for frozen dataclasses with ``eq=False`` whose fields may be arrays."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(
            _same(getattr(self, field.name), getattr(other, field.name))
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        )

    __hash__ = None  # type: ignore[assignment]

    def _freeze(self) -> None:
        """Make the array fields read-only, and copy nothing."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, field.name, read_only(value))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return bool(a == b)


def read_only(array: np.ndarray[Any, Any]) -> Any:
    """Return a view of ``array`` that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view


def check_name(kind: str, name: object, error: type[NeurochipError] = NetworkError) -> None:
    """Raise unless ``name`` is a non-empty string."""
    if not isinstance(name, str) or not name.strip():
        raise error(f"{kind}: name = {name!r}; allowed: a non-empty string.")
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise error(
            f"{kind}: name = {name!r}; allowed: text as files can hold it, without a half of a "
            "surrogate pair."
        )


def check_size(owner: str, size: object, error: type[NeurochipError] = NetworkError) -> int:
    """Return ``size`` as an int, or raise unless it is an integer above zero."""
    if isinstance(size, bool) or not isinstance(size, numbers.Integral) or size < 1:
        raise error(f"{owner}: size = {size!r}; allowed: an integer of at least 1.")
    return int(size)


def quantity(
    owner: str,
    name: str,
    value: Any,
    unit: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    per: str = "neuron",
    may_be_empty: bool = False,
    may_be_infinite: bool = False,
    error: type[NeurochipError] = NetworkError,
) -> float | Float64Array:
    """Check a physical quantity: one finite value, or one per neuron (or per something else).

    Parameters
    ----------
    owner, name, unit : str
        Who asks for what, for the message.
    value : float or array_like
        The value(s).
    above, at_least : float, optional
        Exclusive or inclusive lower bound.
    per : str
        What an array has one value for, for the message.
    may_be_empty : bool
        Whether an array of no values is allowed.
    may_be_infinite : bool
        Whether ``inf`` is allowed, for all values at once.
    error : type
        Raised with a message that names the first offending value.

    Returns
    -------
    float or ndarray of float64, shape (n,), read-only
    """
    try:
        given = np.asarray(value)
    except ValueError:  # rows of different length
        given = np.empty(0, dtype=object)
    if given.dtype.kind not in "iuf":
        raise error(
            f"{owner}: {name} = {reprlib.repr(value)}; allowed: a number or one number per {per}, "
            f"in {unit}."
        )
    array = np.array(given, dtype=np.float64)
    if array.ndim > 1 or (array.size == 0 and not may_be_empty):
        raise error(
            f"{owner}: {name} has shape {array.shape}; allowed: a number or a one-dimensional "
            f"array with one value per {per}, in {unit}."
        )
    allowed = "a finite number"
    if may_be_infinite and array.size and np.all(array == np.inf):
        return float(array) if array.ndim == 0 else read_only(array)
    bad = ~np.isfinite(array)
    if above is not None:
        allowed, bad = f"a finite number above {above:g} {unit}", bad | ~(array > above)
    elif at_least is not None:
        allowed = f"a finite number of at least {at_least:g} {unit}"
        bad |= ~(array >= at_least)
    if may_be_infinite:
        allowed += ", or inf for all"
    if bad.any():
        first = int(np.argmax(bad))
        where = f"[{first}]" if array.ndim else ""
        raise error(f"{owner}: {name}{where} = {array.flat[first]:g} {unit}; allowed: {allowed}.")
    return float(array) if array.ndim == 0 else read_only(array)
