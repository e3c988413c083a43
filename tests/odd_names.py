"""Names that people may give, and that something on the way might take for more than a name."""

from __future__ import annotations

ODD_NAMES = (
    "$\\frac{$",  # no formula, for matplotlib
    "$\\alpha$",
    "one $ only",
    "\\$5",
    "_x",  # matplotlib leaves such labels out of legends
    "a/b",
    "../up",
    "..",
    ".hidden",
    "<script>alert('x')</script>",
    'say "hi" & go',
    "-->",
    "]]>",
    "red \x1b[31m",
    "two\nlines",
    "tab\there",
    "bell\x07 delete\x7f",
    "a\x00b",
    "\u202eright to left",
    "zero\u200bwidth",
    "{} %s \\n",
    "CON",
    "e\u0301",
    "x" * 300,
)
"""All of them are allowed: they are text that is not empty."""
