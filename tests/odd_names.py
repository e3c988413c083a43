"""Valid names with characters that some program might interpret."""

from __future__ import annotations

ODD_NAMES = (
    "$\\frac{$",  # an invalid formula in matplotlib
    "$\\alpha$",
    "one $ only",
    "\\$5",
    "_x",  # matplotlib omits such labels from legends
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
"""Names that are allowed, as all non-empty text is."""
