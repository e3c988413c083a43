"""``neurochip bits``: find how many bits of a register a network needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..chip.spec import LOIHI
from ._axes import read_values
from ._compiler import Request, compile_options
from ._model import load_model
from ._numbers import FRACTION, at_least
from ._options import duration_option, model_argument, page_option, seed_option, workers_option
from ._paths import keep_apart
from ._terminal import command_line, say, wrote

__all__ = ["bits_command"]


@click.command("bits")
@model_argument
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
@compile_options
@duration_option
@seed_option
@workers_option
@page_option("bits.html", "the runs (.jsonl) and the numbers (.json) go")
def bits_command(
    model: str, request: Request, widths: str | None, output: str, **options: Any
) -> None:
    """Find how many bits of a register MODEL needs to keep its rates, and write a report.

    Finished runs are kept in a file: the same command, started again, continues with the missing
    runs.
    """
    from ..precision import bits
    from ..report import bits_report

    page = Path(output)
    runs = page.with_suffix(".jsonl")
    keep_apart([model], [page, runs, page.with_suffix(".json")])
    tested: Any = None if widths is None else read_values("bits: --widths", widths)
    network, own_chip = load_model(model)
    chip = own_chip or LOIHI
    answer = bits(
        network,
        widths=tested,
        dt=request.step(network, chip),
        chip=chip,
        path=runs,
        **options,
        **request.options,
    )
    say(answer)
    wrote([runs])
    report = bits_report(answer, title=f"How many bits {Path(model).stem} needs")
    wrote(replace(report, command=command_line()).write(page))
