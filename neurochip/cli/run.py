"""``neurochip run``: run an image on the emulator."""

from __future__ import annotations

from pathlib import Path

import click

from .._support.names import visible
from .._support.npz import npz_path
from .._support.text import counted
from ..errors import ImageError, StimulusError
from ..image import ChipImage
from ..network import Network
from ._model import load_model
from ._options import duration_option, seed_option, threads_option
from ._paths import INPUT, OutputFile, keep_apart
from ._terminal import say, warn, wrote

__all__ = ["run_command"]


@click.command("run")
@click.argument("image", type=INPUT)
@click.option(
    "--input", "spikes", type=INPUT, help="Input spikes: .npz, .h5 (SONATA), .nix or .mat."
)
@click.option(
    "--model", type=INPUT, help="Instead of --input: MODEL whose Poisson inputs are drawn."
)
@duration_option
@seed_option
@click.option("--record", multiple=True, help="Also record v or u of all neurons (repeatable).")
@threads_option
@click.option("--strict", is_flag=True, help="Stop at the first overflow of a register.")
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    default="recording.npz",
    show_default=True,
    help="Recording to write (.npz), or only its spikes (.h5, .nix, .mat).",
)
def run_command(
    image: str,
    spikes: str | None,
    model: str | None,
    duration: float,
    seed: int,
    record: tuple[str, ...],
    threads: int | None,
    strict: bool,
    output: str,
) -> None:
    """Run IMAGE on a stimulus and write the recording.

    The input spikes are read from --input, and the run lasts as long as they do unless --duration
    is given; or they are drawn for the inputs of --model with --seed. An .npz of spikes is a
    stimulus of neurochip, or has the arrays i (source), t_step, dt (ms), n (number of sources) and
    duration (ms).
    """
    from ..emulator import Emulator
    from ..image.files import load_image
    from ..spike_files.files import SPIKES_ONLY, read_spikes, write_spikes
    from ..stimulus import draw_stimulus

    if Path(image).suffix in {".py", ".nir"}:
        raise ImageError(
            f"{image}: is a model; run takes the image that it compiles to. First: neurochip "
            f"compile {image} -o image.npz; then: neurochip run image.npz --input or --model."
        )
    if (spikes is None) == (model is None):
        raise StimulusError("run: pass either --input SPIKES.npz or --model MODEL.py.")
    spikes_only = Path(output).suffix in SPIKES_ONLY
    if spikes_only and record:
        raise click.UsageError(f"{output} holds spikes only; with --record, write an .npz.")
    loaded = load_image(image)
    if spikes is not None:
        chosen = click.get_current_context().get_parameter_source("duration")
        asked = None if chosen is click.core.ParameterSource.DEFAULT else duration
        symbols = loaded.symbols
        inputs = None if symbols is None else [(item.name, item.size) for item in symbols.inputs]
        stimulus = read_spikes(spikes, inputs=inputs, duration=asked)
    else:
        stimulus, asked = draw_stimulus(_network_of(str(model), loaded), duration, seed), None
    target = Path(output) if spikes_only else npz_path(output)
    keep_apart([image, spikes, model], [target])
    emulator = Emulator(loaded, strict=strict, threads=threads)
    recording = emulator.run(stimulus, duration=asked, record=record)
    say(describe_recording(recording))
    wrote([write_spikes(recording, target) if spikes_only else recording.save(target)])


def _network_of(model: str, image: ChipImage) -> Network:
    """Return the network of a model; warn if its chip differs from that of the image."""
    network, chip = load_model(model)
    if chip is not None and chip != image.chip:
        warn(
            f"the image was compiled for {image.chip.name!r} and runs on it; {model} defines "
            f"another chip, {chip.name!r}. Compile the model again to run it on that one."
        )
    return network


def describe_recording(recording: object) -> str:
    """Return the spikes, rates and counters of a recording as text."""
    from ..recording import Recording

    assert isinstance(recording, Recording)
    begin = recording.first_step * recording.dt
    lines = [
        f"{recording.label}: {begin:g} to {begin + recording.duration:g} ms in steps of "
        f"{recording.dt:g} ms"
    ]
    for name, size in recording.populations.items():
        lines.append(
            f"  {visible(name)}: {counted(size, 'neuron')}, "
            f"{counted(len(recording.ids[name]), 'spike')}, "
            f"mean rate {recording.rates(name).mean():.4g} Hz"
        )
    counters = ", ".join(f"{key.replace('_', ' ')} {n}" for key, n in recording.counters.items())
    return "\n".join([*lines, f"  counters: {counters}"])
