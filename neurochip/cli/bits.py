"""``neurochip bits``: find how many bits of a register a network needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ._axes import read_values
from ._numbers import FRACTION, at_least
from ._options import (
    duration_option,
    model_options,
    page_option,
    result_options,
    seed_option,
    workers_option,
)
from ._paths import keep_apart
from ._request import Request
from ._results import data_of
from ._terminal import command_line, is_json, result, say, wrote

__all__ = ["bits_command"]


@click.command("bits", short_help="How many bits of a register MODEL needs.")
@model_options()
@click.option(
    "--register",
    default="weight_mantissa_bits",
    show_default=True,
    help="Register width to vary: an integer field of a core.",
)
@click.option(
    "--widths",
    default=None,
    metavar="VALUES",
    help="Widths to test: 1:8 or 2,4,8. Default: all up to that of the chip.",
)
@click.option(
    "--tolerance",
    type=FRACTION,
    default=0.02,
    show_default=True,
    help="Largest acceptable difference in mean rate (0.02 = 2 %).",
)
@click.option(
    "--seeds",
    type=at_least(int, 2),
    default=8,
    show_default=True,
    help="Number of seeds, counted from --seed. More seeds resolve smaller differences.",
)
@duration_option
@seed_option
@workers_option
@page_option("bits.html", "the runs (.jsonl) and the numbers (.json) go")
@result_options
def bits_command(
    request: Request, widths: str | None, duration: float, output: str, **options: Any
) -> None:
    """Find how many bits of a register MODEL needs to keep its rates, and write a report.

    Finished runs are kept in a file: the same command, started again, continues with the missing
    runs.
    """
    from ..precision import bits
    from ..report import bits_report

    page = Path(output)
    runs = page.with_suffix(".jsonl")
    keep_apart([request.model, request.spikes], [page, runs, page.with_suffix(".json")])
    tested: Any = None if widths is None else read_values("bits: --widths", widths)
    found = request.subject()
    answer = bits(
        found.network,
        widths=tested,
        dt=found.dt,
        duration=found.duration or duration,
        chip=found.chip,
        path=runs,
        **options,
        **request.options,
    )
    report = bits_report(answer, title=f"How many bits {Path(request.model).stem} needs")
    say(answer)
    wrote([runs])
    wrote(replace(report, command=command_line()).write(page))
    if is_json():
        result("bits", data_of(report))
