"""A reader of ``.npz`` files that checks the header of every array before it reads the values.

Files may come from untrusted sources. The type and the shape of an array are therefore compared
with the expected ones before memory is allocated, only requested members are read, and nothing is
unpickled. Every failure raises one of :data:`DAMAGE`, whose text states the cause.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from ..typing import Int32Array
from .memory import amount

__all__ = ["DAMAGE", "TEXT_LIMIT", "ZIP", "Archive", "bytes_of", "checksum", "reason", "total"]

ZIP = b"PK\x03\x04"
"""The first bytes of a zip file."""

TEXT_LIMIT = 1 << 24
"""Largest number of characters of a text in a file; in memory JSON takes up to 25 bytes each."""

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""Exceptions that damaged bytes raise, when they are read or when their values are used."""

_CHUNK = 1 << 20
_INT32 = np.iinfo(np.int32)
_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    r"\{'descr': *'(?P<type>[<>|][biufcSU][0-9]{1,9})', *"
    r"'fortran_order': *(?P<fortran>True|False), *"
    r"'shape': *\((?P<shape>(?:[0-9]{1,18}, *)*(?:[0-9]{1,18})?)\),? *\}\s*"
)
_HEADER_LIMIT = 10_000  # largest size in bytes of the header of an array, as in NumPy
_SHORTEST = 4  # letters of the shortest name of a type; shorter texts are kinds
_WORDS = {"i": "integers", "f": "numbers", "U": "text", "b": "True or False"}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """An open ``.npz``.

    Parameters
    ----------
    file : binary file
        The archive; keep it open while this object is in use.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file)
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._read: dict[str, str] = {}
        for info in self._zip.infolist():
            name = info.filename.removesuffix(".npy")
            if name in self._members:
                raise ValueError(f"{name!r} occurs twice")
            self._members[name] = info

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def names(self) -> list[str]:
        """Names of all members."""
        return list(self._members)

    @property
    def unread(self) -> list[str]:
        """Names of the members that were not read."""
        return [name for name in self._members if name not in self._read]

    @property
    def checksum(self) -> str:
        """SHA-256 over the names and the content of all members that were read."""
        return total(self._read)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without reading its values.

        Raises
        ------
        KeyError
            If the member does not exist.
        ValueError
            If the member is not an array of numbers or text.
        """
        with self._open(name) as member:
            return _array_header(name, member)[2]

    def expect(self, name: str, kinds: str, shape: tuple[int | None, ...]) -> None:
        """Check the type and the shape of an array as :meth:`array` does, without reading it.

        Check all arrays of one size before reading any of them.
        """
        with self._open(name) as member:
            self._check(name, member, kinds, shape)

    def array(self, name: str, kinds: str, shape: tuple[int | None, ...]) -> Any:
        """Read an array.

        Parameters
        ----------
        name : str
            The member, without ``.npy``.
        kinds : str
            Allowed types: a name such as ``"int32"`` allows this type only; NumPy kinds such as
            ``"iu"`` allow every type of these kinds.
        shape : tuple of int or None
            Required shape; None allows any length.

        Raises
        ------
        KeyError
            If the member does not exist.
        ValueError
            If the array has another type or shape; its values are then not read.
        MemoryError
            If memory is insufficient; the message states the size.
        """
        with self._open(name) as member:
            dtype, fortran, found, size = self._check(name, member, kinds, shape)
            array = _filled(name, member, size)
        if size == 0:
            array = np.empty(found, dtype)
        else:
            if dtype.kind == "U" and array.view(f"{dtype.byteorder}u4").max() > sys.maxunicode:
                raise ValueError(f"{name!r} contains an invalid character")
            array = array.view(dtype).reshape(found, order="F" if fortran else "C")
        self._read[name] = checksum(array)
        return array

    def int32(self, name: str, shape: tuple[int | None, ...]) -> Int32Array:
        """Read integers of any type as int32; raise the errors of :meth:`array`.

        Raises
        ------
        ValueError
            If a value has more than 32 bits.
        """
        values = self.array(name, "iu", shape)
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        if low < _INT32.min or high > _INT32.max:
            raise ValueError(f"{name!r} holds {values.min()} to {values.max()}, expected 32 bits")
        return values.astype(np.int32, copy=False)  # type: ignore[no-any-return]

    def text(self, name: str) -> str:
        """Read a text; raise the errors of :meth:`array`."""
        return str(self.array(name, "U", ()))

    def json(self, name: str) -> Any:
        """Read a text in JSON; raise the errors of :meth:`array` and of ``json.loads``."""
        return json.loads(self.text(name))

    def _check(
        self, name: str, member: IO[bytes], kinds: str, shape: tuple[int | None, ...]
    ) -> tuple[Any, bool, tuple[int, ...], int]:
        """Return type, order, shape and size in bytes; leave the member at the first value."""
        dtype, fortran, found = _array_header(name, member)
        fits = len(found) == len(shape) and all(
            wanted in {None, length} for wanted, length in zip(shape, found, strict=True)
        )
        if not (fits and _is_of(dtype, kinds)):
            raise ValueError(
                f"{name!r} has shape {found} and type {dtype}, expected {_described(kinds)} of "
                f"shape {_shown(shape)}"
            )
        size = dtype.itemsize * math.prod(found)
        if dtype.kind in "US" and size > 4 * TEXT_LIMIT:
            raise ValueError(
                f"{name!r} has {size // 4} characters, above the limit of {TEXT_LIMIT}"
            )
        own = self._members[name].file_size - member.tell()
        if own != size:
            raise ValueError(f"{name!r} has {own} bytes of values, but its header states {size}")
        return dtype, fortran, found, size

    def _open(self, name: str) -> IO[bytes]:
        info = self._members[name]
        if info.compress_type not in _METHODS:
            raise ValueError(f"{name!r} has a compression that .npz files do not use")
        return self._zip.open(info)


def checksum(array: Any) -> str:
    """Return the SHA-256 over the type, the shape and the values of an array."""
    summary = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    if array.nbytes:
        summary.update(bytes_of(array))
    return summary.hexdigest()


def bytes_of(array: Any) -> memoryview:
    """Return the values of an array that is not empty as bytes, in C order."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def total(sums: Mapping[str, str]) -> str:
    """Return the SHA-256 over the names of arrays and the checksum of each."""
    lines = [f"{name} {sums[name]}\n" for name in sorted(sums)]
    return hashlib.sha256("".join(lines).encode(errors="surrogatepass")).hexdigest()


def reason(problem: BaseException) -> str:
    """Return the cause of an exception as text for use within a sentence."""
    if isinstance(problem, KeyError):
        return f"{problem.args[0]!r} is missing" if problem.args else "a part is missing"
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    return str(problem).strip().rstrip(".") or type(problem).__name__


def _array_header(name: str, member: IO[bytes]) -> tuple[Any, bool, tuple[int, ...]]:
    """Read the header of an array: type, order and shape; leave the member at the first value."""
    begin = member.read(len(_MAGIC) + 2)
    width = {b"\1\0": 2, b"\2\0": 4}.get(begin[len(_MAGIC) :], 0)
    length = int.from_bytes(member.read(width), "little")
    text = member.read(length).decode("latin1") if length <= _HEADER_LIMIT else ""
    found = _HEADER.fullmatch(text)
    if not begin.startswith(_MAGIC) or found is None:
        raise ValueError(f"{name!r} is not an array of numbers or text")
    shape = tuple(int(length) for length in re.findall("[0-9]+", found["shape"]))
    return np.dtype(found["type"]), found["fortran"] == "True", shape


def _filled(name: str, member: IO[bytes], size: int) -> Any:
    """Read the next bytes of a member into an array of uint8, without a second copy."""
    try:
        array = np.empty(size, np.uint8)
    except (MemoryError, ValueError):
        raise MemoryError(f"{name!r} takes {amount(size)} of memory") from None
    view = array.data
    done = 0
    while done < size:
        count = member.readinto(view[done : done + _CHUNK])  # type: ignore[attr-defined]
        if not count:
            raise EOFError(f"{name!r} ends too soon")
        done += count
    return array


def _is_of(dtype: Any, kinds: str) -> bool:
    return dtype.kind in kinds if len(kinds) < _SHORTEST else dtype == np.dtype(kinds)


def _described(kinds: str) -> str:
    if len(kinds) >= _SHORTEST:
        return kinds
    return _WORDS["f" if "f" in kinds else kinds[0]]


def _shown(shape: tuple[int | None, ...]) -> str:
    lengths = ["n" if length is None else str(length) for length in shape]
    return f"({', '.join(lengths)}{',' if len(shape) == 1 else ''})"
