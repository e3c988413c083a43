"""Conversion of names from users to text that is safe on one line, or as a file name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = ["cut", "file_stems", "named_lines", "visible"]

_NOT_IN_FILES = re.compile(r"^\.+|[^\w.+ -]")
_LONGEST_STEM = 120  # bytes: file systems allow 255, and a kind and a suffix are appended


def visible(text: str, keep: str = "") -> str:
    r"""Escape every character that cannot be printed as ``repr`` does, for example ``\x1b``.

    An escaped name cannot move the cursor of a terminal, break a line, a page or a drawing, or
    reverse the direction of text. All other characters are kept.

    Parameters
    ----------
    text : str
        Any text, including unpaired surrogates.
    keep : str
        Characters that are not escaped, such as line breaks in a text of many lines.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in text)


def named_lines(texts: Mapping[str, str]) -> str:
    """Return texts by name as visible lines, with the names if there are several."""
    named = len(texts) > 1
    lines = (f"{name}: {text}" if named else text for name, text in texts.items())
    return "\n".join(map(visible, lines))


def cut(text: str, width: int) -> str:
    """Cut a text to ``width`` characters, with an ellipsis at the end if it is longer."""
    return text if len(text) <= width else text[: width - 1] + "…"


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """Return the stem of a file name for each name.

    Letters, digits, spaces and ``_ + - .`` are kept; other characters and leading dots become
    ``_``. Stems are unique, also on file systems that ignore case: a number is appended to
    duplicates.
    """
    listed = list(names)
    plain = {name: _plain(name) for name in listed}
    stems: dict[str, str] = {}
    taken: set[str] = set()
    # Names that need no change come first, so that no changed name takes theirs.
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
