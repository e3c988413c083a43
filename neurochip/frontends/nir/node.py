"""One node of a graph: its kind, and its members converted to the types that they must have.

A member may come from a file or from memory, as an array of zero or more dimensions, a number, a
list, text or bytes, or a tensor of another library. Only this module inspects raw members.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..._support.hdf5 import as_text
from ..._support.values import shown
from ...errors import FrontendError
from ...typing import Float64Array

__all__ = [
    "KINDS",
    "LONGEST",
    "MOST_ELEMENTS",
    "MOST_ENTRIES",
    "MOST_SYNAPSES",
    "OWN",
    "RESETTING",
    "NirNode",
    "Shape",
    "check_type",
    "fit",
    "real_numbers",
    "show",
    "size_of",
]

Shape: TypeAlias = tuple[int, ...]

MOST_ELEMENTS = 1 << 21  # of a tensor: a chip has some hundred thousand neurons
MOST_ENTRIES = 1 << 24  # of a kernel or its matrix: all synapses of a Loihi have 16 MiB
MOST_SYNAPSES = 1 << 25  # of products of such matrices
LONGEST = 1e300  # s: still finite in ms
_EXACT = 1 << 53  # up to here float64 represents every integer
_MOST_STRIDE = (1 << 31) - 1

_POOL = ("kernel_size", "stride", "padding")
_CONV = ("weight", "bias", "stride", "padding", "dilation", "groups")
KINDS: dict[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "Affine": (("weight", "bias"), {}),
    "AvgPool2d": (_POOL, {}),
    "Conv1d": (_CONV, {"input_shape": None}),
    "Conv2d": (_CONV, {"input_shape": None}),
    "CubaLI": (("tau_syn", "tau_mem", "r", "v_leak"), {"w_in": 1.0}),
    "CubaLIF": (
        ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold"),
        {"v_reset": None, "w_in": 1.0},
    ),
    "Delay": (("delay",), {}),
    "Flatten": ((), {"start_dim": 1, "end_dim": -1, "input_type": None}),
    "I": (("r",), {}),
    "IF": (("r", "v_threshold"), {"v_reset": None}),
    "Input": (("shape",), {}),
    "LI": (("tau", "r", "v_leak"), {}),
    "LIF": (("tau", "r", "v_leak", "v_threshold"), {"v_reset": None}),
    "Linear": (("weight",), {}),
    "Output": (("shape",), {}),
    "Scale": (("scale",), {}),
    "SumPool2d": (_POOL, {}),
    "Threshold": (("threshold",), {}),
}
"""Required members of each kind, and optional members with their defaults."""

RESETTING = ("CubaLIF", "IF", "LIF")
"""Nodes whose v is reset after a spike."""

OWN = ("reset_delay", "v_min")
"""The metadata of such a node may hold these keys for it alone; they become members."""

_TYPES = {
    "b": "truth values",
    "c": "complex numbers",
    "m": "spans of time",
    "M": "dates",
    "O": "objects",
    "S": "text",
    "U": "text",
    "V": "records",
}
_UNITS = ("unit", "units", "dimensions", "dimensionality")  # attributes of arrays with units


@dataclass(frozen=True, eq=False)
class NirNode:
    """A node that is not a graph.

    Parameters
    ----------
    name : str
        Path in the graph, such as ``"layer.lif"``.
    kind : str
        One of ``KINDS``.
    members : dict of str to object
        Raw members; None for an optional member without a default that is missing.
    """

    name: str
    kind: str
    members: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Name of the node in messages."""
        return f"NIR: {self.kind} {self.name!r}"

    def numbers(self, member: str, n_dims: int | None = None) -> Float64Array:
        """Return a member as finite real numbers, in its own shape.

        Raises
        ------
        FrontendError
            If it holds other values or none, or has another number of dimensions.
        """
        array = real_numbers(self.label, member, self.members[member])
        if n_dims is not None and array.ndim != n_dims:
            raise FrontendError(
                f"{self.label}: {member} has shape {array.shape}; allowed: {n_dims} dimensions."
            )
        if not array.size:
            raise FrontendError(
                f"{self.label}: {member} has shape {array.shape}; allowed: at least one value."
            )
        return array

    def integers(self, member: str, count: int = 1, at_least: int | None = None) -> Shape:
        """Return a member as ``count`` integers; a single integer is repeated.

        Raises
        ------
        FrontendError
            If it does not hold such integers, or one is out of range.
        """
        value = self.members[member]
        array = _array(self.label, member, value).ravel()
        if array.size not in {1, count} or array.dtype.kind not in "iu":
            allowed = f"{count} integers, or one" if count > 1 else "an integer"
            raise FrontendError(f"{self.label}: {member} = {show(value)}; allowed: {allowed}.")
        found = tuple(int(item) for item in np.broadcast_to(array, (count,)))
        low = -_MOST_STRIDE if at_least is None else at_least
        for item in found:
            if not low <= item <= _MOST_STRIDE:
                raise FrontendError(
                    f"{self.label}: {member} = {item}; allowed: {low} to {_MOST_STRIDE}."
                )
        return found

    def shape(self, member: str) -> Shape | None:
        """Return a member that is the shape of a tensor, or None if it is missing or empty.

        Raises
        ------
        FrontendError
            If it is not a list of integers of at least 0.
        """
        if self.members[member] is None:
            return None
        array = np.atleast_1d(_array(self.label, member, self.members[member]))
        if not array.size:
            return None
        if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
            raise FrontendError(
                f"{self.label}: {member} = {show(self.members[member])}; allowed: the size of each "
                "dimension, integers above 0."
            )
        return tuple(int(item) for item in array)

    def text(self, member: str) -> str | None:
        """Return a member that is text, or None."""
        return as_text(self.members[member])


def size_of(label: str, shape: Shape) -> int:
    """Return the number of elements of a tensor.

    Raises
    ------
    FrontendError
        If the tensor is empty or has more elements than allowed.
    """
    size = 1
    for n in shape:
        size *= n
    if not 1 <= size <= MOST_ELEMENTS:
        raise FrontendError(
            f"{label}: a tensor of shape {shape} has {size} elements; allowed: 1 to "
            f"{MOST_ELEMENTS}."
        )
    return size


def fit(first: Shape, second: Shape) -> bool:
    """Return whether tensors of two shapes have the same elements in the same order.

    Dimensions of 1 are ignored, and a vector matches any tensor of equal size in C order.
    """
    first, second = (tuple(n for n in shape if n != 1) for shape in (first, second))
    vector = len(first) < 2 or len(second) < 2
    return first == second or (vector and math.prod(first) == math.prod(second))


def show(value: Any) -> str:
    """Return a short Python-like text of a value for a message."""
    return shown(value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value)


def real_numbers(label: str, member: str, value: Any) -> Float64Array:
    """Return finite real numbers of any shape as float64.

    Raises
    ------
    FrontendError
        If a value is not a finite real number that float64 can represent.
    """
    array = _array(label, member, value)
    check_type(label, member, array.dtype)
    with np.errstate(over="ignore", under="ignore"):
        result: Float64Array = array.astype(np.float64)
    if not np.isfinite(result).all():
        raise FrontendError(f"{label}: {member} is not finite; allowed: finite numbers.")
    if array.dtype.kind == "f":
        lost = (result == 0) != (array == 0)
    else:  # NumPy 2.0.0 may crash where it compares foreign bytes with an integer beyond their type
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        lost = (native > _EXACT) | (native < -_EXACT)
    if lost.any():
        raise FrontendError(
            f"{label}: {member} = {array[lost].flat[0]!s}; allowed: numbers that a float64 holds."
        )
    return result


def check_type(label: str, member: str, dtype: Any) -> None:
    """Raise a FrontendError unless arrays of this type hold real numbers."""
    if dtype.kind not in "iuf":
        raise FrontendError(
            f"{label}: {member} holds {_TYPES.get(dtype.kind, str(dtype))}; allowed: real numbers."
        )


def _array(label: str, member: str, value: Any) -> Any:
    """Return a plain array; refuse values that would lose a mask or a unit."""
    if isinstance(value, np.ma.MaskedArray):
        raise FrontendError(
            f"{label}: {member} is a masked array, whose hidden values mean nothing; allowed: "
            "plain numbers. Fill it."
        )
    other = isinstance(value, np.ndarray) and type(value) not in {np.ndarray, np.memmap}
    if other or any(hasattr(value, name) for name in _UNITS):
        raise FrontendError(
            f"{label}: {member} is a {type(value).__name__}; allowed: plain numbers, in the units "
            "of NIR (times in seconds)."
        )
    try:
        return np.asarray(value)
    except (RuntimeError, TypeError, ValueError):
        raise FrontendError(
            f"{label}: {member} is a {type(value).__name__} that is no array; allowed: numbers in "
            "rows of equal length."
        ) from None
