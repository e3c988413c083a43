"""Conversion of data to JSON."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["as_json", "plain_data"]


def plain_data(value: Any) -> Any:
    """Return data with tuples as lists, keys as strings, and NaN and infinity as None."""
    if isinstance(value, dict):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(data: Any) -> bytes:
    """Return plain data as JSON in UTF-8, indented, ending with a line break.

    Characters that cannot be printed, such as control characters, are written as escapes.

    Raises
    ------
    ValueError
        If a number is NaN or infinite, which JSON cannot represent.
    """
    text = json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    lines = [line if line.isprintable() else _escaped(line) for line in text.split("\n")]
    return "\n".join(lines).encode()


def _escaped(line: str) -> str:
    return "".join(c if c.isprintable() else _units(c) for c in line)


def _units(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)
