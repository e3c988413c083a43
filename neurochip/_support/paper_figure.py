"""A figure whose axes and files have the house style, whatever the user's settings are.

Only :func:`neurochip.new_figure` imports this module, since it loads matplotlib.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

from .style import PAPER, style_axes, styled

__all__ = ["PaperFigure"]

_FILES = {
    "pdf.fonttype": 42,  # TrueType fonts, embedded as text: journals refuse Type 3
    "ps.fonttype": 42,
    "svg.hashsalt": "neurochip",  # equal figures give equal files
    "savefig.dpi": 300,  # of pixels, and of pixels within a PDF
    "savefig.bbox": "standard",  # a tight box would change the width
    "savefig.facecolor": "auto",
    "savefig.transparent": False,
}
_SCREEN_DPI = 150


class PaperFigure(Figure):
    """A figure in the house style, without pyplot: no global state and no window."""

    def add_subplot(self, *args: Any, **options: Any) -> Any:
        """Add axes in the house style, as ``matplotlib.figure.Figure.add_subplot`` does."""
        with styled(PAPER):
            ax = super().add_subplot(*args, **options)
            if hasattr(ax, "spines"):
                style_axes(ax, colours=True)
            return ax

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the figure at its size, with embedded fonts and by default 300 dots per inch.

        Parameters
        ----------
        fname : path or binary file
            Where to write; the suffix decides the format (``.pdf``, ``.svg``, ``.png``).
        **options
            Options of ``matplotlib.figure.Figure.savefig``.
        """
        with styled(_FILES):
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        """Return the figure as notebooks show it."""
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=_SCREEN_DPI)
        return file.getvalue()
