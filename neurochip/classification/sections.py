"""A classification as sections of a page: figure, accuracies, and what the classes were read by."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.plotting import new_figure
from .._support.text import counted
from ..typing import Int64Array
from .blame import EFFECTS, AccuracyAttribution
from .plots import plot_accuracy
from .result import COSTS, HEADER, Classification

__all__ = ["accuracy_attribution_section", "classification_sections"]


_MOST_CLASSES = 20  # of a confusion matrix that fits on a page
_MOST_SAMPLES = 30  # that are listed


def classification_sections(found: Classification) -> list[Section]:
    """Return figure and tables of a classification, and how it was decided."""
    figure = new_figure("column", 60.0)
    plot_accuracy(figure.subplots(), found)
    caption = (
        "Accuracy over the weight bits, with 95 % intervals. Line and band: float64. Dotted: "
        "a guess. Crosses are less accurate than float64."
    )
    blocks: list[Block] = [Picture(figure, caption)]
    blocks += [Table(HEADER, found.rows(name), f"{name}: {found.subject}") for name in found.names]
    blocks += map(Paragraph, found.problem_texts())
    costs: list[Block] = []
    for name in found.names:
        header, *rows = found.cost_rows(name)
        costs.append(Table(header, rows, f"{name}: {COSTS}"))
    return [
        Section("Accuracy", blocks),
        Section("Energy and latency", [*costs, Paragraph(_COSTS)]),
        Section("Confusion", _confusions(found)),
        Section("How it was decided", [Paragraph(_HOW)]),
    ]


def _confusions(found: Classification) -> list[Block]:
    """Return the confusion in float64 and on each chip, and the samples that differ."""
    header = ("true class", *map(str, range(found.n_classes)))

    def table(matrix: Int64Array, title: str) -> Table:
        rows = [(str(true), *map(str, row)) for true, row in enumerate(matrix.tolist())]
        return Table(header, rows, title)

    few = found.n_classes <= _MOST_CLASSES
    blocks: list[Block] = []
    if few:
        blocks.append(table(found.confusion(), "float64: samples by the class given"))
    for item in found.chips:
        title = f"{item.name}, {counted(item.bits, 'bit')}"
        if few:
            blocks.append(table(found.confusion(item.bits, item.name), title))
        indices = [str(index) for index in item.disagreeing[:_MOST_SAMPLES]] or ["none"]
        more = len(item.disagreeing) - _MOST_SAMPLES
        indices += [f"and {more:,} more, in the JSON file"] if more > 0 else []
        said = f"{title}: samples with another class than in float64: {', '.join(indices)}"
        blocks.append(Paragraph(said))
    return blocks


def accuracy_attribution_section(found: AccuracyAttribution) -> Section:
    """Return the sentence and the table of the registers that cost accuracy."""
    title = f"{found.name}, {counted(found.bits, 'weight bit')}: effects in points"
    blocks: list[Block] = [Paragraph(found.lead)]
    if found.effects:
        blocks.append(Table(EFFECTS, found.rows(), title))
    blocks += map(Paragraph, (*found.notes, _EFFECTS))
    return Section("Attribution of accuracy", blocks)


@describes(AccuracyAttribution)
def describe_accuracy_attribution(found: AccuracyAttribution) -> Description:
    """Describe an attribution of accuracy by its sentence."""
    return Description(found.lead, [accuracy_attribution_section(found)])


@describes(Classification)
def describe_classification(found: Classification) -> Description:
    """Describe a classification by its sentence."""
    return Description(found.lead, classification_sections(found))


_HOW = (
    "Every sample is a run from step 0, on the same spikes in float64 and on the chip. Points are "
    "the difference in accuracy against float64; lost and won are the samples that only float64, "
    "or only the chip, classifies correctly. McNemar's exact test compares them; p is adjusted for "
    "the number of widths and chips (Holm). Intervals are Wilson's. Tied samples have several "
    "classes of the highest score, of which the first was taken."
)
_COSTS = (
    "Means over the samples. The operations are counted in the emulated runs; the costs of each "
    "are published estimates. Energy is dynamic, without static power. Latency is the time from "
    "the first to the last step of a sample."
)
_EFFECTS = (
    "Alone: float64 with only this register rounded, against float64. Last: the chip against the "
    "chip with this register alone exact, which is what an exact register would give back. Lost "
    "and won are the samples that only one of the two classifies correctly; p is McNemar's, "
    "adjusted for the number of effects (Holm). Effects alone need not add up."
)
