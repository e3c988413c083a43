"""Objects that show themselves in notebooks: each class has a function that describes it.

The function stands with the sections of its room, under the decorator :func:`describes`. Notebooks
call ``_repr_html_``, which renders the description with the stylesheet of the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .html import render_cell
from .sections import Section

__all__ = ["Description", "describes"]

T = TypeVar("T")


@dataclass(frozen=True)
class Description:
    """Content that a notebook shows of an object.

    Parameters
    ----------
    lead : str
        The object, or the result, in a sentence; each line is a paragraph.
    sections : sequence of Section
        Content, of which the first section is unfolded.
    """

    lead: str
    sections: Sequence[Section] = ()


def describes(kind: type[T]) -> Callable[[Callable[[T], Description]], Callable[[T], Description]]:
    """Return a decorator of the function that describes the objects of a class."""

    def decorate(describe: Callable[[T], Description]) -> Callable[[T], Description]:
        def show(self: T) -> str:
            """Return the object as HTML, for notebooks."""
            found = describe(self)
            return render_cell(found.lead, found.sections)

        kind._repr_html_ = show  # type: ignore[attr-defined]
        return describe

    return decorate
