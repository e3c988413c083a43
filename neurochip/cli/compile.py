"""``neurochip compile``: a network becomes an image on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .._support.npz import npz_path
from ..chip.spec import LOIHI, ChipSpec
from ..network import Network
from ._compiler import Request, compile_options
from ._graph import load_graph_model
from ._model import load_model
from ._numbers import POSITIVE, REAL
from ._options import model_argument
from ._paths import OutputFile, keep_apart
from ._terminal import say, wrote

__all__ = ["compile_command"]


@click.command("compile")
@model_argument
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    default="image.npz",
    show_default=True,
    help="Image to write.",
)
@click.option("--text", is_flag=True, help="Write a readable dump beside it.")
@compile_options
@click.option("--convention", help="Of a NIR graph: the simulator it comes from. Default: norse.")
@click.option("--reset", help="Of a NIR graph: 'value' if spikes set v to v_reset.")
@click.option("--v-reset", type=REAL, help="Of a NIR graph: the same, and where none is stored.")
@click.option(
    "--input-rate", type=POSITIVE, help="Of a NIR graph: expected rate of its inputs in Hz. [100]"
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

    from .._support.npz import write_atomically
    from ..image.files import save_image
    from ..image.text import dump_image

    reading: dict[str, Any] = {
        "convention": convention,
        "reset": reset,
        "v_reset": v_reset,
        "input_rate": input_rate,
    }
    given = {name: value for name, value in reading.items() if value is not None}
    written = npz_path(output)
    dump = written.with_suffix(".txt")
    keep_apart([model], [written, *([dump] if text else [])])
    network, chip, step = _load(model, request, given)
    image = compile_network(network, chip, step, **request.options)
    say(image.report)
    wrote([save_image(image, written)])
    if text:
        content = (dump_image(image) + "\n").encode(errors="backslashreplace")
        write_atomically(dump, lambda file: file.write(content))
        wrote([dump])


def _load(model: str, request: Request, given: dict[str, Any]) -> tuple[Network, ChipSpec, float]:
    if Path(model).suffix == ".nir":
        if request.dt == "auto":
            raise click.UsageError(
                "--dt auto is not for NIR graphs (.nir), whose meaning depends on the step: pass "
                "that of the simulator that it comes from."
            )
        chosen = click.get_current_context().get_parameter_source("dt")
        default = chosen is click.core.ParameterSource.DEFAULT
        network, step = load_graph_model(model, None if default else request.dt, given)
        return network, LOIHI, step
    for name in given:
        raise click.UsageError(f"--{name.replace('_', '-')} is for NIR graphs (.nir).")
    network, own_chip = load_model(model)
    chip = own_chip or LOIHI
    return network, chip, request.step(network, chip)
