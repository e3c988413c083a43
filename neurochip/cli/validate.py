"""``neurochip validate``: compile, run, compare, and write a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..chip.spec import LOIHI
from ._compiler import Request
from ._model import load_model
from ._numbers import COUNT, FRACTION
from ._options import comparison_options, page_option
from ._paths import keep_apart
from ._terminal import command_line, say, wrote

__all__ = ["validate_command"]


@click.command("validate")
@comparison_options
@click.option(
    "--tolerance",
    type=FRACTION,
    default=None,
    help="Largest acceptable difference in mean rate (0.01 = 1 %); adds an equivalence test.",
)
@click.option(
    "--no-attribution",
    is_flag=True,
    help="Skip the attribution of the error to its sources, which takes about 20 float runs.",
)
@click.option(
    "--seeds",
    type=COUNT,
    default=1,
    show_default=True,
    help="Number of seeds, counted from --seed. More than one adds the difference of the mean "
    "rates over seeds, and tests of the distributions of activity.",
)
@page_option("report.html", "a JSON of the numbers goes")
def validate_command(
    model: str,
    request: Request,
    seed: int,
    seeds: int,
    no_attribution: bool,
    output: str,
    **options: Any,
) -> None:
    """Run MODEL on the chip and in float64, and write a report as one self-contained page."""
    from ..report import validate

    keep_apart([model], [output, Path(output).with_suffix(".json")])
    network, own_chip = load_model(model)
    chip = own_chip or LOIHI
    report = validate(
        network,
        chip,
        request.step(network, chip),
        seed=range(seed, seed + seeds),
        attribution=not no_attribution,
        **options,
        **request.options,
    )
    report = replace(report, title=f"{Path(model).stem} on {chip.name}", command=command_line())
    say(report.lead)
    wrote(report.write(output))
