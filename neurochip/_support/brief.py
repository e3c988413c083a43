"""One-line representations of objects, which an interpreter or a debugger prints."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from .names import cut, visible

__all__ = ["brief", "line"]

_LONGEST = 160  # characters of a line
_LONGEST_TEXT = 40  # characters of a text within it
_MOST = 3  # numbers of a tuple that are listed


def line(item: Any, *facts: str) -> str:
    """Return the class of an object with some facts about it, cut to one line."""
    return cut(visible(f"{type(item).__name__}({', '.join(facts)})"), _LONGEST)


def brief(self: Any) -> str:
    """Return the fields of a dataclass or a named tuple on one line.

    Numbers have four digits, arrays and tables are given by their sizes. A class uses it as its
    ``__repr__``.
    """
    names = getattr(self, "_fields", None) or [f.name for f in dataclasses.fields(self) if f.repr]
    return line(self, *(f"{name}={_short(getattr(self, name))}" for name in names))


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<{' x '.join(map(str, value.shape))} values>"
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    if isinstance(value, str):
        return repr(cut(value, _LONGEST_TEXT))
    if isinstance(value, (tuple, list, Mapping)):
        numbers = isinstance(value, tuple) and all(isinstance(i, (int, float)) for i in value)
        if numbers and len(value) <= _MOST:
            return f"({', '.join(map(_short, value))})"
        return f"<{len(value)} items>"
    return value.name if isinstance(value, Enum) else repr(value)
