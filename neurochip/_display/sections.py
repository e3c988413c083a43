"""Content of a report: sections of text, tables and figures, independent of the format.

Each room describes its results as sections; :mod:`neurochip._display.html` renders them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .._support.brief import brief

__all__ = ["Block", "Paragraph", "Picture", "Section", "Table"]


@dataclass(frozen=True)
class Paragraph:
    """Running text.

    Parameters
    ----------
    text : str
        Plain text, without markup.
    warning : bool
        Whether to highlight the text as a warning.
    """

    text: str
    warning: bool = False

    __repr__ = brief


@dataclass(frozen=True)
class Table:
    """Rows of cells.

    Parameters
    ----------
    header : sequence of str
        Names of the columns; empty for a table of names and values.
    rows : sequence of sequence of str
        The cells of each row, one for each column.
    note : str
        A sentence below the table.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    __repr__ = brief


@dataclass(frozen=True)
class Picture:
    """A figure with its caption.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    caption : str
        Description of the figure, also used as its alternative text.
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
        Heading of the section.
    blocks : sequence of Paragraph, Table or Picture
        Content of the section, in order.
    """

    title: str
    blocks: Sequence[Block]

    __repr__ = brief
