"""Names that others gave, made safe for where they are shown: on a line of text, as a file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["cut", "file_stems", "visible"]

_NOT_IN_FILES = re.compile(r"^\.+|[^\w.+ -]")
_LONGEST_STEM = 120  # bytes: file systems take 255, and a suffix and a mark of its kind follow


def visible(text: str, keep: str = "") -> str:
    r"""Write every character that cannot be printed as ``repr`` does, such as ``\x1b``.

    So no name moves the cursor of a terminal, breaks a line, a page or a drawing, or reads the
    other way round. All other characters stay as they are.

    Parameters
    ----------
    text : str
        Any text, also one with halves of surrogate pairs.
    keep : str
        Characters that stay as they are, such as line breaks in a text of many lines.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in text)


def cut(text: str, width: int) -> str:
    """Shorten a text that is too long for its place."""
    return text if len(text) <= width else text[: width - 1] + "…"


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """Return for each name the beginning of a file name.

    Letters, digits, spaces and ``_ + - .`` stay; anything else, and dots in front, become ``_``.
    The results differ, also where a file system ignores case: a name that would repeat another one
    gets a number.
    """
    listed = list(names)
    plain = {name: _plain(name) for name in listed}
    stems: dict[str, str] = {}
    taken: set[str] = set()
    # Those that may stay as they are come first, so that no other name takes theirs.
    for name in sorted(listed, key=lambda name: plain[name] != name):
        stem, number = plain[name], 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{plain[name]}-{number}"
        taken.add(stem.casefold())
        stems[name] = stem
    return {name: stems[name] for name in listed}


def _plain(name: str) -> str:
    text = _NOT_IN_FILES.sub(lambda found: "_" * len(found[0]), unicodedata.normalize("NFC", name))
    return text.encode()[:_LONGEST_STEM].decode(errors="ignore")
