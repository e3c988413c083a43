"""Figure of a classification: accuracy over the weight bits, with that in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._support.plotting import (
    CATEGORIES,
    CHIP,
    GUIDE,
    REFERENCE,
    draw_legend,
    house_style,
    line_style,
)
from .._support.values import instance
from ..chip.core import field_label
from ..errors import AnalysisError
from .result import Classification

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_accuracy"]

_MARKERS = {False: ("", "o"), True: (", less accurate", "X")}
"""Words after the name of a chip, and its marker, by whether it loses."""
_COLOURS = (CHIP, *(colour for colour in CATEGORIES if colour not in (CHIP, REFERENCE)))


@house_style
def plot_accuracy(ax: Axes, classification: Classification) -> Axes:
    """Draw the accuracy over the weight bits, with bands of 95 % intervals.

    A line with a band is float64, a dotted line the accuracy of a guess. Dots lose nothing that
    the samples can show; crosses are less accurate than float64. Each chip has its colour.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    classification : Classification
        Result of :func:`classify`.
    """
    allowed = "a Classification, as from classify"
    found = instance(
        "figure", "classification", classification, Classification, allowed, error=AnalysisError
    )
    low, high = (100 * end for end in found.interval)
    ax.axhspan(low, high, color=REFERENCE, alpha=0.25, linewidth=0)
    line = ax.axhline(100 * found.accuracy, color=REFERENCE)
    guess = ax.axhline(100 / found.n_classes, color=GUIDE, linestyle=":")
    legend = [(line, "float64"), (guess, "guess")]
    widths = sorted({item.bits for item in found.chips})
    for index, name in enumerate(found.names):
        colour, words = _COLOURS[index % len(_COLOURS)], name if len(found.names) > 1 else "chip"
        own = sorted(
            (
                (item, loses)
                for item, loses in zip(found.chips, found.losing, strict=True)
                if item.name == name
            ),
            key=lambda pair: pair[0].bits,
        )
        places = [widths.index(item.bits) for item, _ in own]
        lows, highs = zip(*([100 * end for end in item.interval] for item, _ in own), strict=True)
        ax.fill_between(places, lows, highs, color=colour, alpha=0.2, linewidth=0)
        ax.vlines(places, lows, highs, color=colour)
        heights = [100 * item.accuracy for item, _ in own]
        ax.plot(places, heights, color=colour, linestyle=line_style(index), marker="")
        for wanted, (more, marker) in _MARKERS.items():
            chosen = [k for k, (_, loses) in enumerate(own) if loses is wanted]
            if chosen:
                (points,) = ax.plot(
                    [places[k] for k in chosen],
                    [heights[k] for k in chosen],
                    linestyle="",
                    color=colour,
                    marker=marker,
                )
                legend.append((points, words + more))
    ax.set_xticks(range(len(widths)), [str(width) for width in widths])
    ax.set_xlim(-0.5, len(widths) - 0.5)
    ax.set_xlabel(field_label("weight_mantissa_bits"))
    ax.set_ylabel("accuracy (%)")
    draw_legend(ax, *map(list, zip(*legend, strict=True)))
    return ax
