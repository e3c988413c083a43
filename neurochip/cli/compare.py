"""``neurochip compare``: compare chip and float64 for one network and one stimulus."""

from __future__ import annotations

from pathlib import Path

import click

from ._figures import figure_options, write_judgement
from ._options import duration_option, fine_option, model_options, result_options, seed_option
from ._paths import OutputFolder
from ._request import Request
from ._results import numbers_of
from ._terminal import is_json, result, say, wrote

__all__ = ["compare_command"]


@click.command("compare", short_help="Compare MODEL on the chip and in float64.")
@model_options()
@duration_option
@seed_option
@fine_option("dt/10; 0, without such a run, for a NIR graph", omits=True)
@click.option("-o", "--output", type=OutputFolder(), help="Folder for figures and numbers.")
@figure_options
@result_options
def compare_command(
    request: Request, duration: float, seed: int, fine_dt: float | None, output: str | None
) -> None:
    """Run MODEL on the chip and in float64 on the same input spikes, and compare the runs.

    If synapses of MODEL learn, also compare their weights, over 8 seeds of the chip's draws.
    """
    from ..learned import compare_learning
    from ..report import judge
    from ..stimulus import draw_stimulus
    from ..validation.answer import lead

    found = request.subject()
    judgement = judge(
        found.network,
        found.chip,
        duration=found.duration or duration,
        seed=seed,
        dt=found.dt,
        fine_dt=fine_dt,
        **request.options,
    )
    learned = None
    if found.network.learns:
        stimulus = draw_stimulus(found.network, found.duration or duration, seed)
        learned = compare_learning(found.network, judgement.image, stimulus)
        say(f"{learned}\n")
    say(f"{judgement.comparison}\n\n{judgement.image.report}")
    request.warn_of(judgement.comparison.to_dict())
    if output is not None:
        wrote(write_judgement(judgement, Path(output)))
    if is_json():
        sentences = [] if learned is None else [learned.lead]
        text = "\n".join([*sentences, *lead(judgement.comparison.answers)])
        numbers = {
            **numbers_of(judgement),
            "learning": None if learned is None else learned.to_dict(),
        }
        result("compare", {"chip": found.chip.name, "dt": found.dt, **numbers, "lead": text})
