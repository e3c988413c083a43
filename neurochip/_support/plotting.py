"""Colours, page styles and text that all figures share.

The colours are those of Okabe and Ito, which colour-blind readers can distinguish. Names from users
are drawn literally: matplotlib would typeset text between dollar signs as a formula, and omit a
label that begins with an underscore from a legend. pyplot is not used, so there is no global state
and no window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .names import cut, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

__all__ = [
    "BLUE",
    "GREEN",
    "GUIDE",
    "OPEN_PAGE",
    "ORANGE",
    "PAGE",
    "PURPLE",
    "SKY_BLUE",
    "VERMILION",
    "YELLOW",
    "draw_legend",
    "draw_note",
    "draw_ticks",
    "new_figure",
    "styled",
    "write",
]

ORANGE, SKY_BLUE, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

GUIDE = "0.4"
"""Grey of lines that help to read a plot: zero, equality, a threshold."""

PAGE = {"font.size": 8.0, "axes.titlesize": 8.0, "axes.linewidth": 0.7}
"""Style of a figure that is as wide as a page."""

OPEN_PAGE = PAGE | {
    "axes.titlesize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 8.0,
    "legend.handlelength": 1.5,
}
"""The same style for curves and points, without a frame around the axes."""

_LONGEST = 130  # characters of a line as wide as a page
_LONGEST_ENTRY = 40  # characters of an entry of a legend
_LONGEST_TICK = 24  # characters of a label of a tick
_ROOM = 90  # characters under an axis; longer labels are rotated


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=150)


@contextmanager
def styled(style: Mapping[str, Any]) -> Iterator[None]:
    """Draw in a style such as :data:`PAGE`."""
    import matplotlib as mpl

    with mpl.rc_context(dict(style)):  # type: ignore[arg-type]  # its keys are a list of all names
        yield


def draw_note(ax: Axes, text: str, x: float = 0.5, y: float = 0.5) -> None:
    """Write a note in axes, at a fraction of their width and height, about missing data."""
    ax.text(x, y, text, transform=ax.transAxes, ha="center", va="center", color="0.3", zorder=4)


def write(artist: Text, text: str) -> None:
    """Set the text of an artist, on one line and cut to the width of a page."""
    artist.set_parse_math(False)
    artist.set_text(cut(visible(text), _LONGEST))


def draw_ticks(axis: Axis, places: Sequence[float], names: Sequence[str]) -> None:
    """Label places of an axis with names."""
    shown = [cut(visible(name), _LONGEST_TICK) for name in names]
    style: dict[str, Any] = {"parse_math": False}
    if axis is axis.axes.xaxis and sum(map(len, shown)) > _ROOM:
        style.update(rotation=45, ha="right", rotation_mode="anchor")
    axis.set_ticks(places, shown, **style)


def draw_legend(ax: Any, handles: Sequence[Any], names: Sequence[str], **style: Any) -> Legend:
    """Draw and return a legend with an entry for every handle, whatever its name."""
    legend: Legend = ax.legend(handles, [str(place) for place in range(len(handles))], **style)
    for entry, name in zip(legend.get_texts(), names, strict=True):
        write(entry, cut(visible(name), _LONGEST_ENTRY))
    return legend
