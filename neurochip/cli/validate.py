"""``neurochip validate``: compile, run, compare, and write it up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..chip.spec import LOIHI
from ._compiler import Request
from ._model import load_model
from ._numbers import COUNT, POSITIVE
from ._options import comparison_options
from ._paths import OutputFile, keep_apart
from ._terminal import say, wrote

__all__ = ["validate_command"]


@click.command("validate")
@comparison_options
@click.option(
    "--tolerance",
    type=POSITIVE,
    default=None,
    help="Difference of mean rates that does not matter, as a fraction: adds an equivalence test.",
)
@click.option(
    "--no-attribution",
    is_flag=True,
    help="Leave out which source causes how much of the error: about 20 float runs.",
)
@click.option(
    "--seeds",
    type=COUNT,
    default=1,
    show_default=True,
    help="Seeds, from --seed on. More than one adds the noise floor, which takes 7 to decide.",
)
@click.option(
    "--excess",
    type=POSITIVE,
    default=0.5,
    show_default=True,
    help="Distance above the noise floor that does not matter, as a fraction of the floor.",
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(".html", ".htm"),
    default="report.html",
    show_default=True,
    help="Page to write; a JSON of the numbers stands beside it.",
)
def validate_command(
    model: str,
    request: Request,
    seed: int,
    seeds: int,
    no_attribution: bool,
    output: str,
    **options: Any,
) -> None:
    """Run MODEL on the chip and in float64 and write a report: one page that holds everything."""
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
    report = replace(report, title=f"{Path(model).stem} on {chip.name}")
    say(report.lead)
    wrote(report.write(output))
