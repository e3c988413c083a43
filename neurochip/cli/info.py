"""``neurochip info``: what a file holds."""

from __future__ import annotations

import json

import click

from ..errors import NeurochipError

__all__ = ["info_command"]


@click.command("info")
@click.argument("file", type=click.Path())
@click.option("--text", is_flag=True, help="Dump the registers and synapses of an image.")
@click.option("--json", "as_json", is_flag=True, help="Print the compile report as JSON.")
def info_command(file: str, text: bool, as_json: bool) -> None:
    """Say what FILE holds: an image (with its compile report), a recording or a stimulus."""
    from .._npz import kind_of

    kind = kind_of(file, NeurochipError)
    if kind != "chip image" and (text or as_json):
        option = "--text" if text else "--json"
        raise NeurochipError(f"{file}: holds a {kind}; {option} is for a chip image.")
    if kind == "chip image":
        from ..image_io import dump_image, load_image

        image = load_image(file)
        if text:
            click.echo(dump_image(image))
        elif as_json:
            click.echo(json.dumps(image.report.to_dict(), indent=2))
        else:
            click.echo(repr(image))
            click.echo(image.report if image.symbols is not None else "(symbols removed)")
    elif kind == "recording":
        from ..recording import Recording
        from .run import describe_recording

        click.echo(describe_recording(Recording.load(file)))
    else:
        from ..stimulus import Stimulus

        stimulus = Stimulus.load(file)
        click.echo(repr(stimulus))
        for train in stimulus.trains:
            click.echo(f"  {train.name}: {train.size} sources, {len(train.times)} spikes")
