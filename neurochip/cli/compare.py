"""``neurochip compare``: one network, one stimulus, chip against float64."""

from __future__ import annotations

from pathlib import Path

import click

from ._compiler import Request
from ._options import comparison_options, load_model

__all__ = ["compare_command"]


@click.command("compare")
@comparison_options
@click.option(
    "-o", "--output", type=click.Path(file_okay=False), help="Folder for figures and numbers."
)
def compare_command(
    model: str,
    request: Request,
    duration: float,
    seed: int,
    fine: float | None,
    output: str | None,
) -> None:
    """Run MODEL on the chip and in float64 on the same input spikes, and compare."""
    from ._judge import judge, write_judgement

    network = load_model(model)
    judgement = judge(
        network,
        duration=duration,
        seed=seed,
        dt=request.step(network),
        fine=fine,
        **request.options,
    )
    click.echo(judgement.image.report)
    click.echo()
    click.echo(judgement.comparison)
    if output is not None:
        for path in write_judgement(judgement, Path(output)):
            click.echo(f"Wrote {path}")
