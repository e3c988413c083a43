"""House style of all figures: colours by role, sizes for print, legends, letters and text.

The colours are those of Okabe and Ito, which colour-blind readers can distinguish (Wong 2011,
10.1038/nmeth.1618). Sizes follow the guides of journals: Nature prints 89 and 183 mm with 5 to 7
points and bold lower-case letters (research-figure-guide.nature.com), IEEE 88.9 and 182 mm
(ieeeauthorcenter.ieee.org), and Elsevier asks for 7 points. The style is applied to the axes that a
function draws into, and to nothing else: the user's settings stay as they are, and only the font
comes from them.

Names from users are drawn literally: matplotlib would typeset text between dollar signs as a
formula, and omit a label that begins with an underscore from a legend. pyplot is not used, so there
is no global state and no window.
"""

from __future__ import annotations

import functools
import itertools
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..errors import AnalysisError
from .names import cut, visible
from .ranges import Range
from .style import PAPER, STYLE, style_axes, styled
from .values import choice, real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

__all__ = [
    "BAND",
    "CATEGORIES",
    "CHIP",
    "DIFFERENCE",
    "GUIDE",
    "MARKERS",
    "REFERENCE",
    "REGISTERS",
    "TIME_GRID",
    "TOTAL",
    "WIDTHS",
    "draw_legend",
    "draw_note",
    "draw_ticks",
    "house_style",
    "is_column",
    "label_axis",
    "letter_panels",
    "line_style",
    "new_figure",
    "shown_of",
    "space_ticks",
    "title_figure",
    "write",
]

_ORANGE, _SKY_BLUE, _GREEN = "#E69F00", "#56B4E9", "#009E73"
_BLUE, _VERMILION, _PURPLE = "#0072B2", "#D55E00", "#CC79A7"

REFERENCE, CHIP, DIFFERENCE = _ORANGE, _BLUE, _GREEN
"""Colours of the reference, of the chip, and of their difference."""

TIME_GRID, REGISTERS, TOTAL = _ORANGE, _BLUE, "black"
"""Colours of errors: of the time grid, which the reference shares; of registers; of both."""

CATEGORIES = (_BLUE, _VERMILION, _GREEN, _PURPLE, _ORANGE, _SKY_BLUE, "black")
"""Colours of populations or curves, in the order of use."""

MARKERS = "osD^vP*"
"""Markers in the order of the colours, so that curves differ without colour, too."""

GUIDE, BAND = "0.4", "0.88"
"""Greys of lines that help to read a plot (zero, equality, a threshold), and of noise floors."""

WIDTHS = {"column": 88.0, "page": 180.0}
"""Widths of figures in mm, which fit one and two columns of Nature and IEEE."""

_SHORTEST, _TALLEST = 20.0, 400.0  # mm

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LETTER_SIZE = 8.0
_LONGEST = 130  # characters of a line as wide as a page
_LONGEST_ENTRY = 40  # characters of an entry of a legend
_LONGEST_TICK = 24  # characters of a label of a tick
_CHARACTER = 4.2  # points, mean width of a character
_SPARE = 1.1  # axes grow when they are laid out
_TICK = 9  # characters that have room between two ticks
_HANDLE = 7  # characters that have room in the handle of a legend and its spaces
_Draw = TypeVar("_Draw", bound=Callable[..., Any])


def house_style(draw: _Draw) -> _Draw:
    """Decorate a function that draws into axes: they get the house style, whoever made them."""

    @functools.wraps(draw)
    def drawn(ax: Axes, *arguments: Any, **options: Any) -> Any:
        with styled(STYLE):
            style_axes(ax)
            return draw(ax, *arguments, **options)

    return cast(_Draw, drawn)


def new_figure(width: str = "column", height: float | None = None) -> Figure:
    """Return an empty figure that fits a journal, in the style of all figures of neurochip.

    Its files have the width on paper, embedded fonts and, where they are pixels, 300 dots per
    inch. Draw into ``figure.subplots()``; the layout makes room for all labels.

    Parameters
    ----------
    width : str
        ``"column"``: 88 mm, one column of a page; ``"page"``: 180 mm, the width of a page. Both fit
        Nature (89 and 183 mm) and IEEE (88.9 and 182 mm).
    height : float, mm
        From 20 to 400. Default: three quarters of a column, or half of the width of a page.

    Returns
    -------
    Figure
        A figure of matplotlib, to save with ``figure.savefig("figure.pdf")``.

    Raises
    ------
    AnalysisError
        If the width has another name, or the height is out of range.
    """
    narrow = is_column(width)
    if height is None:
        height = 66.0 if narrow else 90.0
    allowed = f"{_SHORTEST:g} to {_TALLEST:g} mm"
    limits = Range(at_least=_SHORTEST, at_most=_TALLEST)
    height = real("figure", "height", height, "mm", limits, allowed=allowed, error=AnalysisError)
    from .paper_figure import PaperFigure

    with styled(PAPER):
        size = (WIDTHS[width] / 25.4, height / 25.4)
        return PaperFigure(figsize=size, layout="constrained", dpi=150)


def is_column(width: Any) -> bool:
    """Return whether a figure is as wide as a column; otherwise it is as wide as a page.

    Raises
    ------
    AnalysisError
        If there is no such width.
    """
    return bool(choice("figure", "width", width, WIDTHS, error=AnalysisError) == "column")


def letter_panels(axes: Iterable[Axes]) -> None:
    """Letter the panels of a figure: a bold a, b, c at their upper left corner."""
    for letter, ax in zip(_LETTERS, axes, strict=False):
        ax.annotate(
            letter,
            (0.0, 1.0),
            (-24.0, 4.0),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=_LETTER_SIZE,
            fontweight="bold",
            va="baseline",
        )


def title_figure(figure: Figure, text: str) -> None:
    """Write a title above all panels, on as many lines as it needs."""
    width = int(72.0 * figure.get_figwidth() / _CHARACTER)
    title = figure.suptitle("", x=0.01, ha="left", fontsize=STYLE["figure.titlesize"])
    title.set_parse_math(False)
    title.set_text(textwrap.fill(visible(text), width, break_on_hyphens=False))


def shown_of(ids: Sequence[int], size: int) -> str:
    """Return how many of all neurons are shown: "first 30 of 100", "3 of 100", "all 12"."""
    if len(ids) == size:
        return f"all {size:,}"
    first = "first " if list(ids) == list(range(len(ids))) else ""
    return f"{first}{len(ids):,} of {size:,}"


def line_style(index: int) -> str:
    """Return the style of a line, which differs where the colours begin again."""
    return ("-", "--", ":", "-.")[index // len(CATEGORIES) % 4]


def draw_note(ax: Axes, text: str, x: float = 0.5, y: float = 0.5) -> None:
    """Write a note in axes, at a fraction of their width and height, about missing data."""
    ax.text(x, y, text, transform=ax.transAxes, ha="center", va="center", color=GUIDE, zorder=4)


def write(artist: Text, text: str) -> None:
    """Set the text of an artist, on one line and cut to the width of a page."""
    artist.set_parse_math(False)
    artist.set_text(cut(visible(text), _LONGEST))


def label_axis(axis: Axis, text: str) -> None:
    """Label an axis, on as many lines as the label needs to be no longer than the axis."""
    room = _characters(axis.axes, across=axis is axis.axes.xaxis)
    axis.label.set_parse_math(False)
    whole = cut(visible(text), _LONGEST).replace(" (", "\N{NO-BREAK SPACE}(")  # a unit stays
    lines = textwrap.fill(whole, max(_TICK, room))
    axis.label.set_text(lines.replace("\N{NO-BREAK SPACE}(", " ("))


def draw_ticks(axis: Axis, places: Sequence[float], names: Sequence[str]) -> None:
    """Label places of an axis with names; at an angle if they have no room beside each other."""
    shown = [cut(visible(name), _LONGEST_TICK) for name in names]
    style: dict[str, Any] = {"parse_math": False}
    if axis is axis.axes.xaxis and sum(map(len, shown)) + 2 * len(shown) > _characters(axis.axes):
        style.update(rotation=45, ha="right", rotation_mode="anchor")
    axis.set_ticks(places, shown, **style)


def space_ticks(axis: Axis, most: int, *, whole: bool = False) -> None:
    """Put ticks at round numbers, ``whole``: at integers, in at most so many intervals."""
    from matplotlib.ticker import MaxNLocator

    if axis is axis.axes.xaxis:
        most = min(most, max(2, _characters(axis.axes) // _TICK))
    axis.set_major_locator(MaxNLocator(nbins=most, integer=whole, steps=[1, 2, 2.5, 5, 10]))


def draw_legend(
    ax: Axes, handles: Sequence[Any], names: Sequence[str], **style: Any
) -> Legend | None:
    """Draw and return a legend above axes, where it covers no data.

    It has an entry for every handle, whatever its name, and as many columns as the axes are wide.
    Without handles there is no legend.
    """
    if not handles:
        return None
    shown = [cut(visible(name), _LONGEST_ENTRY) for name in names]
    room = int(_SPARE * _characters(ax))
    place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.01), "borderaxespad": 0.2}
    legend: Legend = ax.legend(
        handles,
        [str(place) for place in range(len(handles))],
        **{**place, "ncols": _columns([len(name) for name in shown], room), **style},
    )
    for entry, name in zip(legend.get_texts(), shown, strict=True):
        write(entry, name)
        entry.set_color(ax.xaxis.label.get_color())
    return legend


def _columns(lengths: Sequence[int], room: int) -> int:
    """Return the number of columns of a legend that fit, for the lengths of its entries."""
    for columns in range(len(lengths), 1, -1):
        rows, longer = divmod(len(lengths), columns)  # matplotlib fills the first columns first
        ends = [rows * k + min(k, longer) for k in range(columns + 1)]
        widest = [max(lengths[a:b]) for a, b in itertools.pairwise(ends)]
        if sum(widest) + _HANDLE * columns <= room:
            return columns
    return 1


def _characters(ax: Axes, *, across: bool = True) -> int:
    """Return about how many characters have room across axes, or else along their height."""
    place, size = ax.get_position(), ax.figure.bbox
    pixels = place.width * size.width if across else place.height * size.height
    inches: float = pixels / ax.figure.dpi
    return int(72.0 * inches / _CHARACTER)
