"""Report on a study of register widths."""

from __future__ import annotations

from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.plotting import new_figure
from ..precision import BitsAnswer, plot_bits
from ..precision.answer import HEADER
from .document import Report
from .sweeps import provenance

__all__ = ["bits_report"]


def bits_report(answer: BitsAnswer, *, title: str = "How many bits") -> Report:
    """Return a report on a study of widths: the answer, its figure, all numbers, provenance.

    Parameters
    ----------
    answer : BitsAnswer
        Result of :func:`bits`.
    title : str
        Title of the page.

    Returns
    -------
    Report
        ``report.write("bits.html")`` writes the page and a JSON file with all numbers.
    """
    figure = new_figure(9.0, 3.6)
    plot_bits(figure.subplots(), answer)
    caption = (
        f"Difference of the mean rate over {answer.register}, with its 90 % interval over seeds. "
        "Filled: equal within the tolerance (dashed); cross: different; open: undecided. Grey: "
        "float with weights changed at random by up to 0.1 %, the noise floor."
    )
    header = (answer.register, *HEADER[1:])
    note = "|neuron|: mean over neurons and seeds of the absolute difference of their rates."
    blocks: list[Block] = [Picture(figure, caption), Table(header, list(answer.rows()), note)]
    if answer.floor:
        floor = f"Noise floor, float with weights changed by 0.1 %: {answer.floor_text()}."
        blocks.append(Paragraph(floor))
    sections = [
        Section("Answer", blocks),
        Section("How it was decided", [Paragraph(_HOW.format(100 * answer.tolerance))]),
        Section("Provenance", [provenance(answer.sweep)]),
    ]
    data = {**answer.to_dict(), "header": dict(answer.sweep.header)}
    return Report(title=title, lead=answer.sentence, sections=sections, data=data)


_HOW = (
    "All widths ran on the same stimuli and the same time grid as float. The differences of the "
    "mean rates were tested over seeds, against a tolerance of {:g} % of the rate. A width is "
    "enough if all populations are equal within the tolerance at this width and at all wider ones "
    "(two one-sided t tests at 5 %, from the widest down). It is not enough if a population "
    "differs by more than the tolerance at this width and at all narrower ones. Each of the two "
    "claims is false with a probability of at most 5 %; widths between are undecided."
)
