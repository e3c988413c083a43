"""A digest of the content of a description: networks, chips, plain values."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["fingerprint"]


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits that are equal for equal content, in every process.

    Parameters
    ----------
    value : dataclass, ndarray, enum, dict, list, tuple, or plain value
        Nested as you like. Arrays count with their type and shape.
    """
    digest = hashlib.sha256()
    for part in _parts(value):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]


def _parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif dataclasses.is_dataclass(value):
        yield type(value).__name__.encode()
        for field in dataclasses.fields(value):
            yield field.name.encode()
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield b"dict %d" % len(value)
        for key in value:
            yield from _parts(key)
            yield from _parts(value[key])
    elif isinstance(value, (list, tuple)):
        yield b"list %d" % len(value)
        for item in value:
            yield from _parts(item)
    elif isinstance(value, enum.Enum):
        yield repr(value.value).encode()
    else:
        yield repr(value).encode()
