"""``neurochip info``: describe the content of a file."""

from __future__ import annotations

from typing import Any

import click

from .._support.names import visible
from .._support.npz import kind_of
from .._support.text import counted
from ..errors import NeurochipError
from ._options import result_options
from ._paths import INPUT
from ._results import image_data, recording_data
from ._terminal import is_json, result, say

__all__ = ["info_command"]


@click.command("info", short_help="Describe an image, a recording or a stimulus.")
@click.argument("file", type=INPUT)
@click.option("--text", is_flag=True, help="Dump the registers and synapses of an image.")
@result_options
def info_command(file: str, text: bool) -> None:
    """Describe FILE: an image (with its compile report), a recording or a stimulus."""
    kind = kind_of(file, NeurochipError)
    if kind != "chip image" and text:
        raise NeurochipError(f"{file}: holds a {kind}; --text is for a chip image.")
    if text and is_json():
        raise click.UsageError("--text and --json; allowed: one of the two.")
    content = {"chip image": _image, "recording": _recording}.get(kind, _stimulus)(file, text)
    result("info", {"kind": kind, "content": content})


def _image(file: str, text: bool) -> dict[str, Any]:
    from ..image.files import load_image
    from ..image.text import dump_image

    image = load_image(file)
    if text:
        say(dump_image(image), fold=False)
    else:
        say(repr(image))
        learning = [] if image.learning is None else [*image.learning.groups]
        for part in (*image.programs, *image.convolutions, *image.resets, *learning):
            say(f"  {part!r}")
        say(image.report if image.symbols is not None else "(symbols removed)")
    sizes = {
        "cores": image.n_cores,
        "compartments": image.n_compartments,
        "synapses": image.n_synapses,
        "plastic_synapses": image.n_plastic,
        "programs": {
            name: sum(len(group) for group in image.programs if group.program.name == name)
            for name in sorted({group.program.name for group in image.programs})
        },
        "convolutions": len(image.convolutions),
        "resets": len(image.resets),
    }
    return {**image_data(image), **sizes}


def _recording(file: str, _: bool) -> dict[str, Any]:
    from ..recording import Recording
    from .run import describe_recording

    recording = Recording.load(file)
    say(describe_recording(recording))
    return recording_data(recording)


def _stimulus(file: str, _: bool) -> dict[str, Any]:
    from ..stimulus import Stimulus

    stimulus = Stimulus.load(file)
    say(repr(stimulus))
    inputs = {}
    for train in stimulus.trains:
        inputs[train.name] = {"sources": train.size, "spikes": train.n_spikes}
        sources, spikes = counted(train.size, "source"), counted(train.n_spikes, "spike")
        say(f"  {visible(train.name)}: {sources}, {spikes}")
    return {"duration": stimulus.duration, "inputs": inputs}
