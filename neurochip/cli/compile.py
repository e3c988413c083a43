"""``neurochip compile``: a network becomes an image on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..network import Network
from ._compiler import Request, compile_options
from ._graph import load_graph_model
from ._options import load_model, model_argument

__all__ = ["compile_command"]


@click.command("compile")
@model_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    default="image.npz",
    show_default=True,
    help="Image to write.",
)
@click.option("--text", is_flag=True, help="Write a readable dump beside it.")
@compile_options
@click.option("--convention", help="Of a NIR graph: the simulator it comes from. Default: norse.")
@click.option("--reset", help="Of a NIR graph: 'value' if spikes set v to v_reset.")
@click.option("--v-reset", type=float, help="Of a NIR graph: the same, and where none is stored.")
@click.option(
    "--input-rate", type=float, help="Of a NIR graph: expected rate of its inputs in Hz. [100]"
)
def compile_command(
    model: str,
    output: str,
    text: bool,
    request: Request,
    convention: str | None,
    reset: str | None,
    v_reset: float | None,
    input_rate: float | None,
) -> None:
    """Compile MODEL onto the chip, print the report and write the image.

    MODEL may also be a NIR graph (.nir). It needs --dt, in seconds as all of the file unless a unit
    is given.
    """
    from compiler import compile_network

    from .._npz import write_atomically
    from ..image_io import dump_image, save_image

    reading: dict[str, Any] = {
        "convention": convention,
        "reset": reset,
        "v_reset": v_reset,
        "input_rate": input_rate,
    }
    given = {name: value for name, value in reading.items() if value is not None}
    network, step = _load(model, request, given)
    image = compile_network(network, dt=step, **request.options)
    click.echo(image.report)
    written = save_image(image, output)
    click.echo(f"Wrote {written}")
    if text:
        dump = Path(written).with_suffix(".txt")
        write_atomically(dump, lambda file: file.write((dump_image(image) + "\n").encode()))
        click.echo(f"Wrote {dump}")


def _load(model: str, request: Request, given: dict[str, Any]) -> tuple[Network, float]:
    if Path(model).suffix == ".nir":
        if request.dt == "auto":
            raise click.UsageError(
                "--dt auto is not for NIR graphs (.nir), whose meaning depends on the step: pass "
                "that of the simulator that it comes from."
            )
        chosen = click.get_current_context().get_parameter_source("dt")
        default = chosen is click.core.ParameterSource.DEFAULT
        return load_graph_model(model, None if default else request.dt, given)
    for name in given:
        raise click.UsageError(f"--{name.replace('_', '-')} is for NIR graphs (.nir).")
    network = load_model(model)
    return network, request.step(network)
