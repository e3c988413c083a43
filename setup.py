"""The description on a package index: README.md without figures and links of the source tree.

A relative link leads nowhere there. Everything else is in ``pyproject.toml``.
"""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).with_name("README.md")
FIGURE = re.compile(r"^!\[[^\]]*\]\((?!https?:)[^)]*\)\n\n", re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)[^)]*\)")
COMMENT = re.compile(r"^<!--.*-->\n", re.MULTILINE)


def description() -> str:
    """Return the text of README.md for an index."""
    text = README.read_text(encoding="utf-8")
    return LINK.sub(r"\1", COMMENT.sub("", FIGURE.sub("", text)))


if __name__ == "__main__":  # also where setuptools runs this file
    from setuptools import setup

    setup(long_description=description(), long_description_content_type="text/markdown")
