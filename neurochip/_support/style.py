"""Settings of matplotlib in the house style: sizes for print, two spines, black on white.

Sizes follow the guides of journals: Nature asks for 5 to 7 points and bold lower-case letters
(research-figure-guide.nature.com), Elsevier for 7 points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PAPER", "STYLE", "style_axes", "styled"]

STYLE = {
    **dict.fromkeys(
        ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize"), 7.0
    ),
    **dict.fromkeys(("legend.fontsize", "legend.title_fontsize", "figure.titlesize"), 7.0),
    **dict.fromkeys(("axes.linewidth", "xtick.major.width", "ytick.major.width"), 0.6),
    **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 2.5),
    **dict.fromkeys(("xtick.minor.size", "ytick.minor.size"), 1.5),
    **dict.fromkeys(("axes.titleweight", "axes.labelweight", "figure.titleweight"), "normal"),
    "axes.grid": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 4.0,
    "axes.unicode_minus": True,
    "image.cmap": "viridis",
    "legend.frameon": False,
    "legend.handlelength": 2.0,
    "legend.columnspacing": 1.2,
    "legend.borderpad": 0.0,
    "lines.linestyle": "-",
    "lines.linewidth": 1.0,
    "lines.markersize": 3.5,
    "errorbar.capsize": 2.0,
}
"""Sizes, widths and places, for axes of any figure."""

PAPER = STYLE | {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor"), "white"),
    **dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "text.color"), "black"),
    **dict.fromkeys(("xtick.color", "ytick.color"), "black"),
    **dict.fromkeys(("xtick.labelcolor", "ytick.labelcolor", "axes.titlecolor"), "black"),
}
"""The same in black on white, for figures of the house."""


@contextmanager
def styled(style: Mapping[str, Any]) -> Iterator[None]:
    """Draw in a style such as :data:`STYLE`; the settings before it return afterwards."""
    import matplotlib as mpl

    with mpl.rc_context(dict(style)):  # type: ignore[arg-type]  # its keys are a list of all names
        yield


def style_axes(ax: Axes, *, colours: bool = False) -> None:
    """Give axes two spines and the sizes of the current settings; ``colours``: also those."""
    import matplotlib as mpl

    rc: Any = mpl.rcParams
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_linewidth(rc["axes.linewidth"])
    ax.grid(False)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize(rc["axes.labelsize"])
        style: dict[str, Any] = {"colors": "black"} if colours else {}
        for which in ("major", "minor"):
            axis.set_tick_params(
                which=which,
                labelsize=rc["xtick.labelsize"],
                width=rc["xtick.major.width"],
                length=rc[f"xtick.{which}.size"],
                **style,
            )
