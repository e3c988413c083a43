"""What a report is made of: sections of text, tables and figures, without a format.

Whoever has something to say in a report returns sections; ``neurochip.report`` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Block", "Paragraph", "Picture", "Section", "Table"]


@dataclass(frozen=True)
class Paragraph:
    """Running text.

    Parameters
    ----------
    text : str
        Plain text, without markup.
    warning : bool
        Whether the reader must not miss it.
    """

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells.

    Parameters
    ----------
    header : sequence of str
        Names of the columns; empty for a table of names and values.
    rows : sequence of sequence of str
        The cells, as many in each row as there are columns.
    note : str
        A sentence below it.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure with its caption.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn.
    caption : str
        What it shows, also for those who do not see it.
    """

    figure: Any
    caption: str


Block: TypeAlias = Paragraph | Table | Picture


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Parameters
    ----------
    title : str
        Its heading.
    blocks : sequence of Paragraph, Table or Picture
        Its content, in order.
    """

    title: str
    blocks: Sequence[Block]
