"""One line of the file of a sweep: a JSON object whose last member is a checksum of the rest.

The checksum of a point also covers that of the header, so that lines of another sweep are rejected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NoReturn

__all__ = ["content_of", "parsed", "seed_of", "stripped", "to_line", "unchecked"]

_BEFORE, _DIGITS, _AFTER = b',"check":"', 16, b'"}'
_TAIL = len(_BEFORE) + _DIGITS + len(_AFTER)


def to_line(content: Mapping[str, Any], seed: bytes = b"") -> bytes:
    """Write an object with at least one member as a line, in ASCII.

    Parameters
    ----------
    content : dict
        Content for JSON, without NaN.
    seed : bytes
        For a point: :func:`seed_of` the header. For a header: empty.
    """
    body = json.dumps(content, allow_nan=False, separators=(",", ":")).encode()[:-1]
    return body + _BEFORE + _check(body, seed) + _AFTER + b"\n"


def seed_of(header: bytes) -> bytes:
    """Return the checksum of a header line, which the checksums of its points cover."""
    return stripped(header)[-_TAIL + len(_BEFORE) : -len(_AFTER)]


def stripped(line: bytes) -> bytes:
    """Return a line without the bytes that editors and file systems add at its ends."""
    return line.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\0")


def unchecked(line: bytes, seed: bytes = b"") -> bytes | None:
    """Return a stripped line without its checksum; None if that is missing or wrong."""
    body, tail = line[:-_TAIL], line[-_TAIL:]
    return body + b"}" if tail == _BEFORE + _check(body, seed) + _AFTER else None


def content_of(line: bytes, seed: bytes = b"") -> dict[str, Any]:
    """Return the content of a line from :func:`to_line` as read back, with lists for tuples."""
    return parsed(unchecked(stripped(line), seed) or b"") or {}


def parsed(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a text; None if the text is anything else."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _check(body: bytes, seed: bytes) -> bytes:
    return hashlib.sha256(seed + body).hexdigest()[:_DIGITS].encode()


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
