"""Digests of the content of values: networks, chips, points, and values that a function uses."""

from __future__ import annotations

import copyreg
import dataclasses
import enum
import hashlib
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

__all__ = ["Content", "digest", "fingerprint", "member", "qualified"]

_PLAIN = (type(None), bool, float, complex, str, bytes, bytearray, range, slice)
_NAMED = (type, types.FunctionType, types.ModuleType)  # identified by their names


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits that are equal for equal content, in every process.

    Parameters
    ----------
    value : dataclass, ndarray, enum, dict, list, tuple, set, plain value, or what pickles
        Nested to any depth. Types count, so that 1, 1.0 and True differ. The order of a dict and
        the type and shape of an array count as well.

    Raises
    ------
    TypeError
        If it holds a function, or an object whose content cannot be read, such as an open file.
    """
    return digest(Content().parts(value))


def digest(parts: Iterable[bytes]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of some pieces, in order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()[:16]


def qualified(value: Any) -> str:
    """Return the name of a function or class, with its module unless that is a script."""
    return member(value.__module__, value.__qualname__)


def member(module: str | None, name: str) -> str:
    """Return a name with its module; without it for a script, whose name differs in a worker."""
    return name if module in (None, "__main__", "__mp_main__") else f"{module}.{name}"


class Content:
    """Splits a value into pieces of bytes.

    A subclass defines how objects without content of their own are represented: functions, classes
    and modules (:meth:`name_of`), and objects that cannot be read (:meth:`give_up`).
    """

    def __init__(self) -> None:
        # Mutable objects by identity, against cycles; kept alive, so that no id is reused.
        self._met: dict[int, tuple[int, Any]] = {}

    def name_of(self, value: Any) -> str:
        """Return the name of a class; functions and modules are not allowed in a value."""
        if isinstance(value, type):
            return qualified(value)
        raise TypeError(f"no content: {value!r}")

    def maker(self, value: types.FunctionType) -> str:
        """Return the name of a function that rebuilds an object from its content."""
        return qualified(value)

    def give_up(self, value: Any) -> str:
        """Return the representation of an object that cannot be read; here, raise TypeError."""
        raise TypeError(f"no content: {value!r}")

    def global_name(self, value: Any, name: str) -> str:
        """Return the name of an object that pickle stores by name, such as ``len``."""
        return f"{getattr(value, '__module__', None)}.{name}"

    def parts(self, value: Any) -> Iterator[bytes]:
        """Yield the pieces of a value."""
        kind = type(value)
        if kind is np.float64:
            value, kind = float(value), float
        if kind in _PLAIN:
            yield f"{kind.__name__} {value!r}".encode()
        elif kind is int:
            yield f"int {value:x}".encode()  # in base 10, Python limits the number of digits
        elif isinstance(value, np.generic):
            yield f"{kind.__name__} {value.dtype.str}".encode()
            yield value.tobytes()
        elif kind in (np.ndarray, np.memmap):
            yield from self._array(value)
        elif isinstance(value, np.ma.MaskedArray):
            yield b"masked"
            yield from self._array(value.data)
            yield from self.parts(np.ma.getmaskarray(value))  # type: ignore[no-untyped-call]
        elif kind is tuple:
            yield from self._items("tuple", value)
        elif isinstance(value, _NAMED):
            yield self.name_of(value).encode()
        elif isinstance(value, enum.Enum):
            yield f"{self.name_of(kind)}.{value.name}".encode()
            yield from self.parts(value.value)
        elif dataclasses.is_dataclass(value) and kind.__dataclass_params__.frozen:
            yield from self._dataclass(value)
        elif kind is frozenset:
            yield from self._set(value)
        else:
            yield from self._once(value)

    def _once(self, value: Any) -> Iterator[bytes]:
        """Yield the pieces of a mutable object; after the first time, a reference to it."""
        known = self._met.get(id(value))
        if known is not None:
            yield f"met {known[0]}".encode()
            return
        self._met[id(value)] = len(self._met), value
        kind = type(value)
        if kind in (dict, types.MappingProxyType):
            yield from self._items("dict", value.items())
        elif kind is list:
            yield from self._items("list", value)
        elif kind is set:
            yield from self._set(value)
        elif dataclasses.is_dataclass(value):
            yield from self._dataclass(value)
        else:
            yield from self._object(value)

    def _items(self, name: str, items: Any) -> Iterator[bytes]:
        yield f"{name} {len(items)}".encode()
        for item in items:
            yield from self.parts(item)

    def _set(self, value: Any) -> Iterator[bytes]:
        yield f"set {len(value)}".encode()
        before, found = self._met, []
        for item in value:  # a set has no order, so no item may refer to another
            self._met = dict(before)
            found.append(digest(self.parts(item)).encode())
        self._met = before
        yield from sorted(found)

    def _array(self, value: Any) -> Iterator[bytes]:
        kind = value.dtype.descr if value.dtype.names else value.dtype.str
        yield f"array {kind} {value.shape}".encode()
        if value.dtype.hasobject:
            yield from self.parts(value.tolist())
        else:
            yield np.ascontiguousarray(value).tobytes()

    def _dataclass(self, value: Any) -> Iterator[bytes]:
        yield self.name_of(type(value)).encode()
        for field in dataclasses.fields(value):
            yield field.name.encode()
            yield from self.field(field.name, getattr(value, field.name, None))

    def field(self, name: str, value: Any) -> Iterator[bytes]:  # noqa: ARG002 - for subclasses
        """Yield the pieces of a field of a dataclass."""
        return self.parts(value)

    def _object(self, value: Any) -> Iterator[bytes]:
        """Yield the content that pickle would store, or that of the wrapped function."""
        try:
            inner = getattr(value, "py_func", None) or getattr(value, "__wrapped__", None)
            known = copyreg.dispatch_table.get(type(value))
            if isinstance(inner, types.FunctionType):
                reduced = None
            else:
                reduced = value.__reduce_ex__(4) if known is None else known(value)
        except Exception:
            yield self.give_up(value).encode()
            return
        if reduced is None:
            yield self.name_of(type(value)).encode()
            yield from self.parts(inner)
        elif isinstance(reduced, str):
            yield self.global_name(value, reduced).encode()
        else:
            make, arguments, state, items, pairs = (*reduced, *3 * (None,))[:5]
            if isinstance(make, types.FunctionType):
                yield self.maker(make).encode()
            else:
                yield from self.parts(make)
            yield from self.parts((arguments, state))
            yield from self.parts((list(items or ()), list(pairs or ())))
