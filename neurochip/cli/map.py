"""``neurochip map``: report whether a network fits, its placement, and the cost of its spikes."""

from __future__ import annotations

from pathlib import Path

import click

from .._support.json_text import as_json
from .._support.npz import npz_path, write_atomically
from ..chip.spec import ChipSpec
from ..errors import CompileError
from ..network import Network
from ._compiler import Request, compile_options
from ._model import load_model
from ._numbers import MILLISECONDS_OR_NONE
from ._options import model_argument, seed_option
from ._paths import OutputFile, OutputFolder, keep_apart
from ._terminal import say, wrote

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
    help="Chip, or system of chips, if the model defines no chip.",
)
@compile_options
@click.option(
    "--duration",
    type=MILLISECONDS_OR_NONE,
    default=0.0,
    show_default=True,
    help="Length in ms of a first run that measures the rates. 0: assume equal rates.",
)
@seed_option
@click.option(
    "--costs",
    type=click.Choice(["davies-2018", "sana-fe"]),
    multiple=True,
    help="With --duration: estimate energy and time with this cost table (repeatable).",
)
@click.option("-o", "--output", type=OutputFolder(), help="Folder for figure and numbers.")
@click.option("--image", "image_path", type=OutputFile(), help="Image to write.")
def map_command(
    model: str,
    system: str,
    request: Request,
    duration: float,
    seed: int,
    costs: tuple[str, ...],
    output: str | None,
    image_path: str | None,
) -> None:
    """Place MODEL on the cores of a chip or system and report the resources that it uses.

    If it does not fit, prints the reason and what would help, and exits with status 2.
    """
    from compiler import explain_fit

    from ..image.files import save_image
    from ..mapping import COST_TABLES, mapping_figure
    from ..report import map_network
    from ..stimulus import draw_stimulus

    if costs and duration <= 0:
        raise click.UsageError(
            "--costs needs a --duration above 0: it estimates the cost of a run."
        )
    if image_path is not None:
        keep_apart([model], [npz_path(image_path)])
    network, chip = _subject(model, system)
    options = {**request.options, "dt": request.step(network, chip)}
    stimulus = draw_stimulus(network, duration, seed) if duration > 0 else None
    tables = [COST_TABLES[name] for name in costs]
    try:
        found = map_network(network, chip, stimulus=stimulus, costs=tables, **options)
    except CompileError:
        fit = explain_fit(network, chip, **options)
        if fit.fits:  # the error has another cause than missing room
            raise
        say(fit)
        raise SystemExit(2) from None
    say(found)
    if image_path is not None:
        wrote([save_image(found.image, image_path)])
    if output is not None:
        figure, text = mapping_figure(found.mapping), as_json(found.to_dict())
        files = {
            Path(output) / "mapping.png": lambda file: figure.savefig(file, format="png"),
            Path(output) / "mapping.json": lambda file: file.write(text),
        }
        for path, write in files.items():
            write_atomically(path, write)
            wrote([path])


def _subject(model: str, system: str) -> tuple[Network, ChipSpec]:
    """Return the network, and the chip or system of either the model or the option."""
    from ..chip.presets import SYSTEMS

    network, chip = load_model(model)
    if chip is None:
        return network, SYSTEMS[system]
    chosen = click.get_current_context().get_parameter_source("system")
    if chosen is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError(
            f"--system {system}, and {model} defines the chip {chip.name!r}; allowed: one of the "
            "two."
        )
    return network, chip
