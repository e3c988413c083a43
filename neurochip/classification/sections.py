"""A classification as sections of a page: figure, accuracies, and what the classes were read by."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.plotting import new_figure
from .plots import plot_accuracy
from .result import HEADER, Classification

__all__ = ["classification_sections"]


def classification_sections(found: Classification) -> list[Section]:
    """Return the figure and the table of a classification, and how it was decided."""
    figure = new_figure("column", 60.0)
    plot_accuracy(figure.subplots(), found)
    caption = (
        "Accuracy over the weight bits, with 95 % intervals. Band: float64. Dotted: a guess. "
        "Crosses are less accurate than float64."
    )
    blocks: list[Block] = [Picture(figure, caption), Table(HEADER, found.rows(), found.subject)]
    blocks += [Paragraph(f"{bits} bits: {reason}") for bits, reason in found.problems.items()]
    return [Section("Accuracy", blocks), Section("How it was decided", [Paragraph(_HOW)])]


@describes(Classification)
def describe_classification(found: Classification) -> Description:
    """Describe a classification by its sentence."""
    return Description(found.lead, classification_sections(found))


_HOW = (
    "Every sample is a run from step 0, on the same spikes in float64 and on the chip. Intervals "
    "are Wilson's. McNemar's exact test compares chip and float64 on the samples that only one of "
    "them classifies correctly; p is adjusted for the number of widths (Holm). Tied samples have "
    "several classes of the highest score, of which the first was taken."
)
