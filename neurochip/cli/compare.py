"""``neurochip compare``: one network, one stimulus, chip against float64."""

from __future__ import annotations

from pathlib import Path

import click

from ._options import compile_options, duration_option, load_model, seed_option
from ._step import Step

__all__ = ["compare_command"]


@click.command("compare")
@click.argument("model", type=click.Path())
@compile_options
@duration_option
@seed_option
@click.option("--fine", type=float, default=None, help="Step of a finer float run. Default: dt/10.")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False), help="Folder for figures and numbers."
)
def compare_command(
    model: str,
    dt: Step,
    gain: str,
    headroom: float,
    duration: float,
    seed: int,
    fine: float | None,
    output: str | None,
) -> None:
    """Run MODEL on the chip and in float64 on the same input spikes, and compare."""
    from ._judge import judge, write_judgement

    judgement = judge(
        load_model(model),
        duration=duration,
        seed=seed,
        dt=dt.ms(),
        fine=fine,
        gain=gain,
        headroom=headroom,
    )
    click.echo(judgement.image.report)
    click.echo()
    click.echo(judgement.comparison)
    if output is not None:
        for path in write_judgement(judgement, Path(output)):
            click.echo(f"Wrote {path}")
