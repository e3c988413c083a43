"""Figure of a classification: accuracy over the weight bits, with that in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._support.plotting import CHIP, GUIDE, REFERENCE, draw_legend, house_style
from .._support.values import instance
from ..chip.core import field_label
from ..errors import AnalysisError
from .result import Classification

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_accuracy"]

_MARKERS = {False: ("chip", "o"), True: ("chip, less accurate", "X")}
"""Words and marker of a chip, by whether it loses."""


@house_style
def plot_accuracy(ax: Axes, classification: Classification) -> Axes:
    """Draw the accuracy over the weight bits, with 95 % intervals; float64 is a line with a band.

    A dotted line is the accuracy of a guess. Filled markers lose nothing that the samples can show;
    crosses are less accurate than float64.

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
    for loses, (words, marker) in _MARKERS.items():
        chosen = [k for k, item in enumerate(found.losing) if item is loses]
        if not chosen:
            continue
        items = [found.chips[k] for k in chosen]
        places = [len(found.chips) - 1 - k for k in chosen]
        ends = [[100 * end for end in item.interval] for item in items]
        ax.vlines(places, *zip(*ends, strict=True), color=CHIP)
        (points,) = ax.plot(
            places, [100 * item.accuracy for item in items], ls="", color=CHIP, marker=marker
        )
        legend.append((points, words))
    ax.set_xticks(range(len(found.chips)), [str(item.bits) for item in found.chips[::-1]])
    ax.set_xlim(-0.5, len(found.chips) - 0.5)
    ax.set_xlabel(field_label("weight_mantissa_bits"))
    ax.set_ylabel("accuracy (%)")
    draw_legend(ax, *map(list, zip(*legend, strict=True)))
    return ax
