"""``neurochip compare``: compare chip and float64 for one network and one stimulus."""

from __future__ import annotations

from pathlib import Path

import click

from ..chip.spec import LOIHI
from ._compiler import Request
from ._model import load_model
from ._options import comparison_options
from ._paths import OutputFolder
from ._terminal import say, wrote

__all__ = ["compare_command"]


@click.command("compare")
@comparison_options
@click.option("-o", "--output", type=OutputFolder(), help="Folder for figures and numbers.")
def compare_command(
    model: str,
    request: Request,
    duration: float,
    seed: int,
    fine_dt: float | None,
    output: str | None,
) -> None:
    """Run MODEL on the chip and in float64 on the same input spikes, and compare the runs."""
    from ..report import judge
    from ._figures import write_judgement

    network, own_chip = load_model(model)
    chip = own_chip or LOIHI
    judgement = judge(
        network,
        chip,
        duration=duration,
        seed=seed,
        dt=request.step(network, chip),
        fine_dt=fine_dt,
        **request.options,
    )
    say(judgement.comparison)
    say()
    say(judgement.image.report)
    if output is not None:
        wrote(write_judgement(judgement, Path(output)))
