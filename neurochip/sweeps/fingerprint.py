"""A digest of the content of a value: networks, chips, points, and what a function refers to."""

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
_NAMED = (type, types.FunctionType, types.ModuleType)  # they are what their name stands for


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits that are equal for equal content, in every process.

    Parameters
    ----------
    value : dataclass, ndarray, enum, dict, list, tuple, set, plain value, or what pickles
        Nested as you like. Types count, so that 1, 1.0 and True differ, and so do the order of a
        dict, and type and shape of an array.

    Raises
    ------
    TypeError
        If it holds a function, or an object whose content cannot be read, such as an open file.
    """
    return digest(Content().parts(value))


def digest(parts: Iterable[bytes]) -> str:
    """Return 16 hexadecimal digits of some pieces in their order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()[:16]


def qualified(value: Any) -> str:
    """Return the name of a function or a class with that of its module, if that is no script."""
    return member(value.__module__, value.__qualname__)


def member(module: str | None, name: str) -> str:
    """Return the name of a member of a module; a worker process knows a script by another name."""
    return name if module in (None, "__main__", "__mp_main__") else f"{module}.{name}"


class Content:
    """Takes a value apart into bytes.

    A subclass says what it does with what has no content of its own: functions, classes, modules
    (:meth:`name_of`), and what nobody can look into (:meth:`give_up`).
    """

    def __init__(self) -> None:
        # Objects that may hold themselves, by identity; kept, so that no other takes their place.
        self._met: dict[int, tuple[int, Any]] = {}

    def name_of(self, value: Any) -> str:
        """Return what stands for a class; a function or a module has no place in a value."""
        if isinstance(value, type):
            return qualified(value)
        raise TypeError(f"no content: {value!r}")

    def maker(self, value: types.FunctionType) -> str:
        """Return what stands for a function that makes an object again from its content."""
        return qualified(value)

    def give_up(self, value: Any) -> str:
        """Return what stands for an object that cannot be read; here there is none."""
        raise TypeError(f"no content: {value!r}")

    def global_name(self, value: Any, name: str) -> str:
        """Return what stands for an object that pickle finds by its name, such as ``len``."""
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
        """Yield the pieces of an object that can be changed, where it is met first."""
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
        for item in value:  # in any order, so that none may know what it met in another
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
        """Yield what pickle would keep of an object, or of the function that it wraps."""
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
