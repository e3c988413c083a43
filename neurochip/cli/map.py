"""``neurochip map``: whether a network fits, where it goes, and what its spikes cost."""

from __future__ import annotations

import json
from pathlib import Path

import click

from compiler.options import MESHES, PLACEMENTS

from ..errors import CompileError
from ._compiler import Request, compile_options
from ._options import load_model, model_argument, seed_option

__all__ = ["map_command"]


@click.command("map")
@model_argument
@click.option(
    "--system",
    type=click.Choice(
        ["loihi", "kapoho-bay", "wolf-mountain", "nahuku-8", "nahuku-32", "pohoiki-springs"]
    ),
    default="loihi",
    show_default=True,
    help="Chip, or system of chips.",
)
@click.option(
    "--placement",
    type=click.Choice(PLACEMENTS),
    default="sequential",
    show_default=True,
    help="How neurons are put on cores.",
)
@click.option(
    "--mesh",
    type=click.Choice(MESHES),
    default=None,
    help="How cores are put on the mesh. Default: in order where neurons are, else by search.",
)
@compile_options
@click.option(
    "--duration",
    type=float,
    default=0.0,
    show_default=True,
    help="Run the chip for so many ms first and use its rates. 0: assume equal rates.",
)
@seed_option
@click.option(
    "--costs",
    type=click.Choice(["davies-2018", "sana-fe"]),
    multiple=True,
    help="With a duration: estimate energy and time by this table. May be repeated.",
)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False), help="Folder for figure and numbers."
)
@click.option("--image", "image_path", type=click.Path(dir_okay=False), help="Image to write.")
def map_command(
    model: str,
    system: str,
    placement: str,
    mesh: str | None,
    request: Request,
    duration: float,
    seed: int,
    costs: tuple[str, ...],
    output: str | None,
    image_path: str | None,
) -> None:
    """Put MODEL on the cores of a chip or system and report what it takes.

    If it does not fit, says why and what would help, and exits with status 2.
    """
    from compiler import compile_network, explain_fit

    from .._npz import write_atomically
    from ..emulator import Emulator
    from ..image_io import save_image
    from ..mapping import COST_TABLES, Activity, estimate_energy, map_image, mapping_figure
    from ..presets import SYSTEMS
    from ..stimulus import draw_stimulus

    if costs and duration <= 0:
        raise click.UsageError("--costs needs a --duration above 0: costs are those of a run.")
    network, chip = load_model(model), SYSTEMS[system]
    options = {
        **request.options,
        "dt": request.step(network, chip),
        "placement": placement,
    }
    run = stimulus = None
    try:
        if duration > 0:
            # Spikes do not depend on the placement: the quickest one measures them.
            quick = {**options, "placement": "sequential"}
            stimulus = draw_stimulus(network, duration, seed)
            run = Emulator(compile_network(network, chip, **quick)).run(stimulus)
        image = compile_network(network, chip, mesh=mesh, traffic=run, **options)
    except CompileError:
        fit = explain_fit(network, chip, traffic=run, **options)
        if fit.fits:  # it is not the room that is missing
            raise
        click.echo(fit)
        raise SystemExit(2) from None
    activity = None if run is None else Activity.measured(image, run, stimulus)
    report = map_image(image, activity)
    estimates = [estimate_energy(image, run, COST_TABLES[name], stimulus) for name in costs if run]
    click.echo(report)
    for estimate in estimates:
        click.echo(estimate)
    if image_path is not None:
        click.echo(f"Wrote {save_image(image, image_path)}")
    if output is not None:
        folder = Path(output)
        folder.mkdir(parents=True, exist_ok=True)
        numbers = {"mapping": report.to_dict(), "energy": [item.to_dict() for item in estimates]}
        figure = mapping_figure(report)
        write_atomically(folder / "mapping.png", lambda file: figure.savefig(file, format="png"))
        text = json.dumps(numbers, indent=2).encode()
        write_atomically(folder / "mapping.json", lambda file: file.write(text))
        for name in ("mapping.png", "mapping.json"):
            click.echo(f"Wrote {folder / name}")
