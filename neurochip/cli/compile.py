"""``neurochip compile``: a network becomes an image on disk."""

from __future__ import annotations

from pathlib import Path

import click

from ._options import compile_options, load_model

__all__ = ["compile_command"]


@click.command("compile")
@click.argument("model", type=click.Path())
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
def compile_command(
    model: str, output: str, text: bool, dt: float, gain: str, headroom: float
) -> None:
    """Compile MODEL onto the chip, print the report and write the image."""
    from compiler import compile_network

    from .._npz import write_atomically
    from ..image_io import dump_image, save_image

    image = compile_network(load_model(model), dt=dt, gain=gain, headroom=headroom)
    click.echo(image.report)
    written = save_image(image, output)
    click.echo(f"Wrote {written}")
    if text:
        dump = Path(written).with_suffix(".txt")
        write_atomically(dump, lambda file: file.write((dump_image(image) + "\n").encode()))
        click.echo(f"Wrote {dump}")
