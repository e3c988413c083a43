"""Renders sections as one HTML page with its styles and figures, for paper and phones."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from .._support.names import visible
from ..version import __version__
from .sections import Block, Paragraph, Picture, Section, Table

__all__ = ["render"]

_LARGEST_DRAWING = 400_000  # bytes of an SVG; a larger figure becomes a PNG
_PIXELS_PER_INCH = 160
_UNIT = re.compile(r"(?<=\d) (?=(?:%|Hz|mV|ms|nA)(?!\w))")  # no line break between number and unit
_NUMBER = re.compile(r"[-+−±]?\d[\d,]*\.?\d*(e[-+]?\d+)?( ?(%|Hz|mV|ms|nA|s|x))?|-|")

_SPACES = "\n\t\u00a0\u2009\u202f"  # kept in a text; other unprintable characters are escaped

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 0.5rem; border-bottom: 1px solid #ccc; }
.lead { font-size: 1.1rem; }
.warning { border-left: 4px solid #d55e00; background: #fdf1e7; padding: 0.4rem 0.8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; margin: 0.6rem 0;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.7rem 0.2rem 0; }
thead th { border-bottom: 1px solid #999; white-space: nowrap; }
tbody tr { border-bottom: 1px solid #eee; }
tbody th { font-weight: normal; color: #555; }
.n { text-align: right; white-space: nowrap; }
.note, figcaption, footer { font-size: 0.85rem; color: #555; }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; }
nav a { margin-right: 1rem; }
footer { margin-top: 3rem; border-top: 1px solid #ccc; padding-top: 0.5rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .wide { overflow: visible; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  table { font-size: 7.5pt; }
}
"""


def render(title: str, lead: str, sections: Sequence[Section]) -> str:
    """Return an HTML page.

    Parameters
    ----------
    title, lead : str
        Plain text; each line of the lead is a paragraph.
    sections : sequence of Section
        Sections in order; the page begins with links to them.
    """
    links = "".join(
        f'<a href="#s{index}">{_text(section.title)}</a>' for index, section in enumerate(sections)
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>",
        f"<header><h1>{_text(title)}</h1>",
        *(f'<p class="lead">{_text(line)}</p>' for line in lead.splitlines()),
        "</header>",
        f"<nav>{links}</nav><main>",
    ]
    for index, section in enumerate(sections):
        parts.append(f'<section id="s{index}"><h2>{_text(section.title)}</h2>')
        parts += [_block(block) for block in section.blocks]
        parts.append("</section>")
    parts.append(f"</main><footer>neurochip {escape(__version__)}</footer></body></html>\n")
    return "\n".join(parts)


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        kind = ' class="warning"' if block.warning else ""
        return f"<p{kind}>{_text(block.text)}</p>"
    if isinstance(block, Table):
        return _table(block)
    return _picture(block)


def _table(table: Table) -> str:
    rows = [[str(cell) for cell in row] for row in table.rows]
    width = len(table.header) or max(map(len, rows), default=0)
    # Columns of numbers and their headers are aligned right.
    right = [
        bool(table.header) and all(_NUMBER.fullmatch(row[column]) for row in rows)
        for column in range(width)
    ]
    lines = ['<div class="wide"><table>']
    if table.header:
        lines.append(f"<thead>{_row(table.header, right, ['th'] * width)}</thead>")
    lines.append("<tbody>")
    tags = ["td" if table.header else "th", *["td"] * (width - 1)]
    lines += [_row(row, right, tags) for row in rows]
    lines.append("</tbody></table></div>")
    if table.note:
        lines.append(f'<p class="note">{_text(table.note)}</p>')
    return "\n".join(lines)


def _row(cells: Sequence[str], right: Sequence[bool], tags: Sequence[str]) -> str:
    written = [
        f"<{tag}{' class=n' if side else ''}>{_text(cell)}</{tag}>"
        for cell, side, tag in zip(cells, right, tags, strict=True)
    ]
    return f"<tr>{''.join(written)}</tr>"


def _text(text: str) -> str:
    return _UNIT.sub("&nbsp;", escape(visible(text, keep=_SPACES)))


def _picture(picture: Picture) -> str:
    kind, content = _drawn(picture.figure)
    data = base64.b64encode(content).decode()
    caption = _text(picture.caption)
    return (
        f'<figure><img src="data:image/{kind};base64,{data}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _drawn(figure: Any) -> tuple[str, bytes]:
    """Return a figure as SVG or, if that is large, as PNG; equal figures give equal bytes."""
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "neurochip"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    if file.tell() <= _LARGEST_DRAWING:
        return "svg+xml", file.getvalue()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_PIXELS_PER_INCH)
    return "png", file.getvalue()
