"""``neurochip compile``: compile a network and write the image to disk."""

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
@click.option("--text", is_flag=True, help="Also write a readable dump (.txt) next to it.")
@compile_options
@click.option(
    "--convention", help="NIR graphs only: simulator that the graph comes from. Default: norse."
)
@click.option("--reset", help="NIR graphs only: 'value' if a spike sets v to v_reset, stored or 0.")
@click.option(
    "--v-reset",
    type=REAL,
    help="NIR graphs only: implies --reset value; v_reset of nodes that store none. Default: 0.",
)
@click.option(
    "--input-rate",
    type=POSITIVE,
    help="NIR graphs only: expected rate of the inputs in Hz. Default: 100.",
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

    MODEL may also be a NIR graph (.nir). A graph needs --dt, which is then in seconds, like all
    times in NIR, unless a unit is given.
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
                "the step of the simulator that the graph comes from."
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
