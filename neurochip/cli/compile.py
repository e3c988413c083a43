"""``neurochip compile``: compile a network and write the image to disk."""

from __future__ import annotations

import click

from .._support.npz import npz_path
from ._options import COMPILING, model_options, result_options
from ._paths import OutputFile, keep_apart
from ._request import Request
from ._results import image_data
from ._terminal import is_json, result, say, wrote

__all__ = ["compile_command"]


@click.command("compile", short_help="Compile MODEL and write the image.")
@model_options()
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    default="image.npz",
    show_default=True,
    help="Image to write.",
)
@click.option("--text", is_flag=True, help="Also write a readable dump (.txt) next to it.")
@result_options
def compile_command(request: Request, output: str, text: bool) -> None:
    """Compile MODEL onto the chip, print the report and write the image.

    With --input, the compiler leaves headroom for these spikes. A network of lava-dl (.net) is not
    compiled: its integers become the image.
    """
    from compiler import compile_network

    from .._support.npz import write_atomically
    from ..image.files import save_image
    from ..image.text import dump_image

    written = npz_path(output)
    dump = written.with_suffix(".txt")
    keep_apart([request.model, request.spikes], [written, *([dump] if text else [])])
    if request.is_integers:
        image, step = request.integers(("spikes", *COMPILING)).image, None
        say(image)
    else:
        found = request.subject(runs=False)
        image = compile_network(found.network, found.chip, found.dt, **request.options)
        step = found.dt
        say(image.report)
    wrote([save_image(image, written)])
    if text:
        content = (dump_image(image) + "\n").encode(errors="backslashreplace")
        write_atomically(dump, lambda file: file.write(content))
        wrote([dump])
    if is_json():
        result("compile", {**image_data(image), "dt": step})
