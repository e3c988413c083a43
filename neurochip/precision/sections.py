"""The answer to "how many bits" as sections of a page: figure, numbers, method, provenance."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.plotting import new_figure
from ..chip.core import field_label
from ..sweeps.sections import provenance
from .answer import HEADER, BitsAnswer
from .plots import plot_bits

__all__ = ["bits_sections"]


def bits_sections(answer: BitsAnswer) -> list[Section]:
    """Return the figure and all numbers of an answer, how it was decided, and its provenance."""
    figure = new_figure("page", 80.0)
    plot_bits(figure.subplots(), answer)
    caption = (
        f"Difference of the mean rate over {field_label(answer.register)}, with its 90 % interval "
        "over seeds. Filled: equal within the tolerance (dashed); cross: different; open: "
        "undecided. Grey: float with weights changed at random by up to 0.1 %, the noise floor."
    )
    header = (field_label(answer.register), *HEADER[1:])
    note = "|neuron|: mean over neurons and seeds of the absolute difference of their rates."
    blocks: list[Block] = [Picture(figure, caption), Table(header, list(answer.rows()), note)]
    if answer.floor:
        floor = f"Noise floor, float with weights changed by 0.1 %: {answer.floor_text()}."
        blocks.append(Paragraph(floor))
    return [
        Section("Answer", blocks),
        Section("How it was decided", [Paragraph(_HOW.format(100 * answer.tolerance))]),
        Section("Provenance", [provenance(answer.sweep)]),
    ]


@describes(BitsAnswer)
def describe_bits(answer: BitsAnswer) -> Description:
    """Describe the answer by its sentence."""
    return Description(answer.sentence, bits_sections(answer))


_HOW = (
    "All widths ran on the same stimuli and the same time grid as float. The differences of the "
    "mean rates were tested over seeds, against a tolerance of {:g} % of the rate. A width is "
    "enough if all populations are equal within the tolerance at this width and at all wider ones "
    "(two one-sided t tests at 5 %, from the widest down). It is not enough if a population "
    "differs by more than the tolerance at this width and at all narrower ones. Each of the two "
    "claims is false with a probability of at most 5 %; widths between are undecided."
)
