"""``neurochip info``: describe the content of a file."""

from __future__ import annotations

import click

from .._support.json_text import as_json
from .._support.names import visible
from .._support.npz import kind_of
from .._support.text import counted
from ..errors import NeurochipError
from ._paths import INPUT
from ._terminal import say

__all__ = ["info_command"]


@click.command("info")
@click.argument("file", type=INPUT)
@click.option("--text", is_flag=True, help="Dump the registers and synapses of an image.")
@click.option("--json", "numbers", is_flag=True, help="Print the compile report as JSON.")
def info_command(file: str, text: bool, numbers: bool) -> None:
    """Describe FILE: an image (with its compile report), a recording or a stimulus."""
    kind = kind_of(file, NeurochipError)
    if kind != "chip image" and (text or numbers):
        option = "--text" if text else "--json"
        raise NeurochipError(f"{file}: holds a {kind}; {option} is for a chip image.")
    if kind == "chip image":
        from ..image.files import load_image
        from ..image.text import dump_image

        image = load_image(file)
        if text:
            say(dump_image(image))
        elif numbers:
            say(as_json(image.report.to_dict()).decode(), end="")
        else:
            say(repr(image))
            say(image.report if image.symbols is not None else "(symbols removed)")
    elif kind == "recording":
        from ..recording import Recording
        from .run import describe_recording

        say(describe_recording(Recording.load(file)))
    else:
        from ..stimulus import Stimulus

        stimulus = Stimulus.load(file)
        say(repr(stimulus))
        for train in stimulus.trains:
            sources, spikes = counted(train.size, "source"), counted(train.n_spikes, "spike")
            say(f"  {visible(train.name)}: {sources}, {spikes}")
