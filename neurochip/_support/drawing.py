"""Words of others in figures: drawn as they are, and never read as formulas or instructions.

matplotlib sets what stands between dollar signs as a formula, and leaves a label out of a legend if
it begins with an underscore.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .names import cut, visible

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.legend import Legend
    from matplotlib.text import Text

__all__ = ["draw_legend", "draw_ticks", "write"]

_LONGEST = 130  # characters: of a line that fills a page
_LONGEST_ENTRY = 40  # of a legend
_LONGEST_TICK = 24
_ROOM = 90  # characters under an axis: more are written at an angle


def write(artist: Text, text: str) -> None:
    """Give an artist of text its words, on one line and not longer than a page is wide."""
    artist.set_parse_math(False)
    artist.set_text(cut(visible(text), _LONGEST))


def draw_ticks(axis: Axis, places: Sequence[float], names: Sequence[str]) -> None:
    """Put a name at each place of an axis."""
    shown = [cut(visible(name), _LONGEST_TICK) for name in names]
    style: dict[str, Any] = {"parse_math": False}
    if axis is axis.axes.xaxis and sum(map(len, shown)) > _ROOM:
        style.update(rotation=45, ha="right", rotation_mode="anchor")
    axis.set_ticks(places, shown, **style)


def draw_legend(ax: Any, handles: Sequence[Any], names: Sequence[str], **style: Any) -> Legend:
    """Return a legend of axes that has an entry for every handle, whatever its name is."""
    legend: Legend = ax.legend(handles, [str(place) for place in range(len(handles))], **style)
    for entry, name in zip(legend.get_texts(), names, strict=True):
        write(entry, cut(visible(name), _LONGEST_ENTRY))
    return legend
