"""``neurochip map``: report whether a network fits, its placement, and the cost of its spikes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._support.npz import npz_path, write_json
from ..errors import CompileError
from ._figures import figure_options, write_figure
from ._numbers import MILLISECONDS_OR_NONE
from ._options import COMPILING, model_options, result_options, seed_option
from ._paths import OutputFile, OutputFolder, keep_apart
from ._request import Request, was_given
from ._statuses import Status
from ._terminal import result, say, wrote

if TYPE_CHECKING:
    from ..report import MappedNetwork

__all__ = ["map_command"]


@click.command("map", short_help="Place MODEL on cores; traffic and energy.")
@model_options()
@click.option(
    "--duration",
    type=MILLISECONDS_OR_NONE,
    default=0.0,
    show_default=True,
    help="Length in ms (of a network of lava-dl: steps) of a first run that measures the rates. 0: "
    "assume equal rates. With --input: default that of the spikes.",
)
@seed_option
@click.option(
    "--costs",
    type=click.Choice(["davies-2018", "sana-fe"]),
    multiple=True,
    help="With --duration or --input: estimate energy and time with this cost table (repeatable).",
)
@click.option("-o", "--output", type=OutputFolder(), help="Folder for figure and numbers.")
@figure_options
@click.option("--image", "image_path", type=OutputFile(), help="Image to write.")
@result_options
def map_command(
    request: Request,
    duration: float,
    seed: int,
    costs: tuple[str, ...],
    output: str | None,
    image_path: str | None,
) -> None:
    """Place MODEL on the cores of a chip or system and report the resources that it uses.

    If it does not fit, prints the reason and what would help, and exits with status 3.
    """
    from compiler import explain_fit

    from ..mapping import COST_TABLES
    from ..report import map_network
    from ..stimulus import draw_stimulus

    if image_path is not None:
        keep_apart([request.model, request.spikes], [npz_path(image_path)])
    runs = duration > 0 or (request.spikes is not None and not was_given("duration"))
    if request.is_integers and request.spikes is None and (costs or duration > 0):
        raise click.UsageError(
            f"{'--costs' if costs else '--duration'} needs --input: {request.model} holds no "
            "input for a run."
        )
    if costs and not runs:
        raise click.UsageError(
            "--costs needs --input, or a --duration above 0: it estimates the cost of a run."
        )
    if request.is_integers:
        steps = duration if was_given("duration") else None
        found = _integers(request, steps, costs)
        _show(found, output, image_path, {"chip": found.image.chip.name, "dt": None})
        return
    subject = request.subject(runs=runs)
    network, chip = subject.network, subject.chip
    options = {**request.options, "dt": subject.dt}
    stimulus = draw_stimulus(network, subject.duration or duration, seed) if runs else None
    tables = [COST_TABLES[name] for name in costs]
    try:
        found = map_network(network, chip, stimulus=stimulus, costs=tables, **options)
    except CompileError:
        fit = explain_fit(network, chip, **options)
        if fit.fits:  # the error has another cause than missing room
            raise
        say(fit)
        no_fit = {"fits": False, "reasons": [vars(row) for row in fit.rows], "mapping": None}
        result("map", {"chip": chip.name, "dt": subject.dt, **no_fit, "energy": []})
        raise SystemExit(Status.DOES_NOT_FIT) from None
    _show(found, output, image_path, {"chip": chip.name, "dt": subject.dt})


def _integers(request: Request, duration: float | None, costs: tuple[str, ...]) -> MappedNetwork:
    """Map a network of lava-dl, whose input gives the rates, unless the duration is 0."""
    from ..mapping import COST_TABLES
    from ..report.mapping import mapped
    from ._frames import run_on_file

    model = request.integers(("seed", *COMPILING))
    if request.spikes is None or duration == 0:
        return mapped(model.image)
    run = run_on_file(model, request.spikes, duration)
    return mapped(model.image, run, tables=[COST_TABLES[name] for name in costs])


def _show(
    found: MappedNetwork, output: str | None, image_path: str | None, subject: dict[str, Any]
) -> None:
    """Print a mapped network, and write what was asked for."""
    from ..image.files import save_image
    from ..mapping import mapping_figure

    say(found)
    if image_path is not None:
        wrote([save_image(found.image, image_path)])
    if output is not None:
        wrote([write_figure(mapping_figure(found.mapping), Path(output), "mapping")])
        wrote([write_json(Path(output) / "mapping.json", found.to_dict())])
    result("map", {**subject, "fits": True, "reasons": [], **found.to_dict()})
