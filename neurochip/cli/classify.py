"""``neurochip classify``: accuracy of a trained network in float64 and on chips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ._axes import read_values
from ._chips import CHIPS
from ._numbers import COUNT, SEED
from ._options import model_options, page_option, result_options
from ._paths import INPUT, keep_apart
from ._request import Request
from ._results import data_of
from ._terminal import command_line, is_json, result, say, wrote

__all__ = ["classify_command"]

_RULES = ("count", "first", "membrane")


@click.command("classify", short_help="Accuracy of trained MODEL over weight bits.")
@model_options(samples=True)
@click.option(
    "--data",
    type=INPUT,
    required=True,
    metavar="SAMPLES",
    help="Samples (.npz): 'inputs', spike counts of shape (samples, steps, channels), and "
    "'labels', the class of each sample.",
)
@click.option(
    "--bits",
    default=None,
    metavar="VALUES",
    help="Weight bits to try: 2:8 or 8,4,2. Default: those of the chip.",
)
@click.option(
    "--also",
    type=click.Choice(list(CHIPS)),
    multiple=True,
    metavar="NAME",
    help="Another chip or system to classify on, as for --chip (repeatable).",
)
@click.option(
    "--decode",
    type=click.Choice(_RULES),
    default="count",
    show_default=True,
    help="Class of a sample: the output with the most spikes, with the first spike, or with the "
    "highest v after the last step.",
)
@click.option(
    "--population", default=None, help="Population that gives the class. Default: the output."
)
@click.option(
    "--extra-steps",
    type=SEED,
    default=None,
    help="Silent steps after each sample. Default: as many as a spike takes to the output of a "
    "graph.",
)
@click.option(
    "--attribute",
    type=COUNT,
    default=None,
    metavar="BITS",
    help="Also find the registers that cost accuracy at this number of weight bits, on the first "
    "chip; takes about ten float runs of all samples, which are kept in a file of their own.",
)
@page_option("classify.html", "the runs (.jsonl) and the numbers (.json) go")
@result_options
def classify_command(
    request: Request,
    data: str,
    bits: str | None,
    also: tuple[str, ...],
    decode: str,
    population: str | None,
    extra_steps: int | None,
    attribute: int | None,
    output: str,
) -> None:
    """Classify samples with MODEL in float64 and on the chip, and write a report.

    The report has accuracies with intervals, a test of each difference, energy and latency of a
    sample, confusion matrices, and the samples on which chip and float64 differ. Finished samples
    are kept in a file: the same command, started again, continues with the others.
    """
    from ..classification import attribute_accuracy, classify, read_samples
    from ..report import classification_report

    page = Path(output)
    runs = page.with_suffix(".jsonl")
    blamed = page.with_name(f"{page.stem}-registers.jsonl")
    files = [page, runs, page.with_suffix(".json"), *([] if attribute is None else [blamed])]
    keep_apart([request.model, data], files)
    widths: Any = None if bits is None else read_values("classify: --bits", bits)
    inputs, labels = read_samples(data)
    found = request.trained()
    how: dict[str, Any] = {
        "decode": decode,
        "output": population,
        "dt": found.dt,
        "extra_steps": extra_steps,
        **request.options,
    }
    chips = [found.chip, *(CHIPS[name] for name in also)]
    answer = classify(found.model, inputs, labels, bits=widths, chip=chips, path=runs, **how)
    causes = None
    if attribute is not None:
        causes = attribute_accuracy(
            found.model, inputs, labels, bits=attribute, chip=found.chip, path=blamed, **how
        )
    title = f"Accuracy of {Path(request.model).stem}"
    report = classification_report(answer, attribution=causes, title=title)
    say(answer)
    if causes is not None:
        say(f"\n{causes}")
    wrote([runs] if attribute is None else [runs, blamed])
    wrote(replace(report, command=command_line()).write(page))
    if is_json():
        result("classify", data_of(report))
