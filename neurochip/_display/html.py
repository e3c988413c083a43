"""Renders sections as one HTML page with its styles and figures, for paper and phones."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from .._support.names import visible
from .sections import Block, Paragraph, Picture, Section, Table
from .stylesheet import CELL_STYLE, PAGE_STYLE

__all__ = ["blocks", "render", "render_cell"]

_LARGEST_DRAWING = 400_000  # bytes of an SVG; a larger figure becomes a PNG
_PIXELS_PER_INCH = 160
_ZOOM = 1.4  # of a figure, whose size is that on paper, on a screen with 96 pixels per inch
_UNIT = re.compile(r"(?<=\d) (?=(?:%|Hz|mV|ms|nA)(?!\w))")  # no line break between number and unit
_NUMBER = re.compile(r"[-+−±]?\d[\d,]*\.?\d*(e[-+]?\d+)?( ?(%|Hz|mV|ms|nA|s|x))?|-|")

_SPACES = "\n\t\u00a0\u2009\u202f"  # kept in a text; other unprintable characters are escaped

_FEW = 2  # columns that a phone can show beside each other
_MANY = 11  # more columns than a page shows in the usual size


def render(title: str, lead: str, sections: Sequence[Section], origin: str = "") -> str:
    """Return an HTML page.

    Parameters
    ----------
    title, lead : str
        Plain text; each line of the lead is a paragraph.
    sections : sequence of Section
        Sections in order; the page begins with links to them.
    origin : str
        Last line of the page, about its origin.
    """
    links = "".join(
        f'<a href="#s{index}">{_text(section.title)}</a> ' for index, section in enumerate(sections)
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title><style>{PAGE_STYLE}</style></head>",
        '<body class="neurochip page">',
        f"<header><h1>{_text(title)}</h1>",
        *(f'<p class="lead">{_text(line)}</p>' for line in lead.splitlines()),
        "</header>",
        f"<nav>{links}</nav><main>",
        *(
            f'<section id="s{index}"><h2>{_text(section.title)}</h2>\n{blocks(section)}\n</section>'
            for index, section in enumerate(sections)
        ),
        f"</main><footer><p>{_text(origin)}</p></footer></body></html>\n",
    ]
    return "\n".join(parts)


def render_cell(lead: str, sections: Sequence[Section]) -> str:
    """Return a piece of HTML for the output of a notebook, which brings its style along.

    The first section is unfolded. Text from users is only text, also for MathJax, which notebooks
    run over all output.

    Parameters
    ----------
    lead : str
        Plain text; each line is a paragraph.
    sections : sequence of Section
        Sections in order.
    """
    parts = [
        '<div class="neurochip cell tex2jax_ignore mathjax_ignore">',
        f"<style>{CELL_STYLE}</style>",
        *(f'<p class="lead">{_text(line)}</p>' for line in lead.splitlines()),
        *(
            f"<details{' open' if index == 0 else ''}><summary>{_text(section.title)}</summary>\n"
            f"{blocks(section)}\n</details>"
            for index, section in enumerate(sections)
        ),
        "</div>",
    ]
    return "\n".join(parts)


def blocks(section: Section) -> str:
    """Return the HTML of the content of a section; :data:`STYLE` formats it in any page."""
    return "\n".join(map(_block, section.blocks))


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
    # On a phone, a row of many cells becomes a list of its columns and values.
    dense = " dense" if len(table.header) > _MANY else ""
    stack = f' class="stack{dense}"' if len(table.header) > _FEW else ""
    lines = [f'<div class="wide"><table{stack}>']
    if table.header:
        lines.append(f"<thead>{_row(table.header, right, ['th'] * width)}</thead>")
    lines.append("<tbody>")
    tags = ["td" if table.header else "th", *["td"] * (width - 1)]
    lines += [_row(row, right, tags, table.header if stack else ()) for row in rows]
    lines.append("</tbody></table></div>")
    if table.note:
        lines.append(f'<p class="note">{_text(table.note)}</p>')
    return "\n".join(lines)


def _row(
    cells: Sequence[str], right: Sequence[bool], tags: Sequence[str], columns: Sequence[str] = ()
) -> str:
    written = []
    for place, (tag, side, cell) in enumerate(zip(tags, right, cells, strict=True)):
        name = f' data-column="{_text(columns[place])}"' if columns else ""
        written.append(f"<{tag}{' class=n' if side else ''}{name}>{_text(cell)}</{tag}>")
    return f"<tr>{''.join(written)}</tr>"


def _text(text: str) -> str:
    return _UNIT.sub("&nbsp;", escape(visible(text, keep=_SPACES)))


def _picture(picture: Picture) -> str:
    kind, content = _drawn(picture.figure)
    data = base64.b64encode(content).decode()
    caption = _text(picture.caption)
    width = round(_ZOOM * 96 * picture.figure.get_figwidth())
    return (
        f'<figure><img src="data:image/{kind};base64,{data}" width="{width}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _drawn(figure: Any) -> tuple[str, bytes]:
    """Return a figure as SVG or, if that is large, as PNG; equal figures give equal bytes."""
    import matplotlib as mpl

    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "neurochip"}):
        figure.savefig(file, format="svg", dpi=_PIXELS_PER_INCH, metadata={"Date": None})
    if file.tell() <= _LARGEST_DRAWING:
        return "svg+xml", file.getvalue()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_PIXELS_PER_INCH)
    return "png", file.getvalue()
