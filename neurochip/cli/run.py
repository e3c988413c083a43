"""``neurochip run``: run an image, or a model that it compiles, on the emulator."""

from __future__ import annotations

from pathlib import Path

import click

from .._support.names import visible
from .._support.npz import npz_path
from .._support.text import counted
from ..errors import StimulusError
from ..image import ChipImage
from ..network import Network
from ..recording import Recording
from ..stimulus import Stimulus
from ._model import ModelFunction, load_model
from ._options import (
    COMPILING,
    duration_option,
    model_options,
    result_options,
    seed_option,
    threads_option,
)
from ._paths import INPUT, OutputFile, keep_apart
from ._request import MODELS, TRAINED, Request, given_options, was_given
from ._results import recording_data
from ._terminal import result, say, warn, wrote

__all__ = ["describe_recording", "run_command"]


@click.command("run", short_help="Run an IMAGE or MODEL; write the recording.")
@model_options("subject", "IMAGE|MODEL")
@click.option(
    "--model",
    "drawn",
    type=INPUT,
    metavar="MODEL",
    help="With an IMAGE, instead of --input: MODEL (.py) whose Poisson inputs are drawn.",
)
@duration_option
@seed_option
@click.option(
    "--record", multiple=True, help="Also record v, i_syn or u of all neurons (repeatable)."
)
@threads_option
@click.option(
    "--learned",
    type=OutputFile(),
    default=None,
    metavar="FILE",
    help="Also write the image (.npz) with the weights that its synapses have learned.",
)
@click.option("--strict", is_flag=True, help="Stop at the first overflow of a register.")
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    default="recording.npz",
    show_default=True,
    help="Recording to write (.npz), or only its spikes (.h5, .nix, .mat).",
)
@result_options
def run_command(
    request: Request,
    drawn: str | None,
    duration: float,
    seed: int,
    record: tuple[str, ...],
    threads: int | None,
    learned: str | None,
    strict: bool,
    output: str,
) -> None:
    """Run an IMAGE, or a MODEL that is compiled first, and write the recording.

    The input spikes are read from --input, and the run lasts as long as they do unless --duration
    is given; or they are drawn with --seed for the Poisson inputs of MODEL. An .npz of spikes is a
    stimulus of neurochip, or has the arrays i (source), t_step, dt (ms), n (number of sources) and
    duration (ms).
    """
    from ..emulator import Emulator
    from ..image.files import save_image
    from ..spike_files.files import SPIKES_ONLY, write_spikes

    spikes_only = Path(output).suffix in SPIKES_ONLY
    if spikes_only and record:
        raise click.UsageError(f"{output} holds spikes only; with --record, write an .npz.")
    if Path(request.model).suffix in MODELS:
        image, stimulus = _compiled(request, drawn, duration, seed)
        asked = None
    else:
        image, stimulus, asked = _loaded(request, drawn, duration, seed)
    target = Path(output) if spikes_only else npz_path(output)
    targets = [target] if learned is None else [target, npz_path(learned)]
    keep_apart([request.model, request.spikes, drawn], targets)
    if learned is not None and image.learning is None:
        raise click.UsageError(f"--learned {learned}: no synapse of {request.model} learns.")
    if targets[0] == targets[-1] and learned is not None:
        raise click.UsageError(f"--learned {learned} and -o {output} name one file; pass two.")
    emulator = Emulator(image, strict=strict, threads=threads)
    recording = emulator.run(stimulus, duration=asked, record=record)
    say(describe_recording(recording))
    files = [write_spikes(recording, target) if spikes_only else recording.save(target)]
    if learned is not None:
        files.append(save_image(emulator.learned_image(), targets[1]))
    wrote(files)
    result("run", recording_data(recording))


def _compiled(
    request: Request, drawn: str | None, duration: float, seed: int
) -> tuple[ChipImage, Stimulus]:
    """Compile a model, and return its image and its stimulus."""
    from compiler import compile_network

    from ..stimulus import draw_stimulus

    if drawn is not None:
        raise click.UsageError(
            f"--model is for the inputs of an IMAGE, and {request.model} is a MODEL, which has its "
            "own; pass --input SPIKES for others."
        )
    found = request.subject()
    image = compile_network(found.network, found.chip, found.dt, **request.options)
    return image, draw_stimulus(found.network, found.duration or duration, seed)


def _loaded(
    request: Request, drawn: str | None, duration: float, seed: int
) -> tuple[ChipImage, Stimulus, float | None]:
    """Return an image, its stimulus, and the length of the run, unless the stimulus says it."""
    from ..image.files import load_image
    from ..spike_files import read_spikes
    from ..stimulus import draw_stimulus

    for option in given_options(COMPILING):
        raise click.UsageError(
            f"{option} is for a MODEL (.py or .nir), and {request.model} is already compiled; "
            "compile its model again."
        )
    if (request.spikes is None) == (drawn is None):
        raise StimulusError(
            f"run: {request.model} is an image, without input spikes; pass either --input SPIKES "
            "or --model MODEL, whose inputs are drawn."
        )
    image = load_image(request.model)
    if request.spikes is None:
        return image, draw_stimulus(_network_of(str(drawn), image), duration, seed), None
    asked = duration if was_given("duration") else None
    symbols = image.symbols
    inputs = None if symbols is None else [(item.name, item.size) for item in symbols.inputs]
    stimulus = read_spikes(request.spikes, inputs=inputs, duration=asked)
    driven = [repr(item.name) for item in (symbols.populations if symbols else ()) if item.drive]
    if driven and not stimulus.currents:
        raise StimulusError(
            f"{request.spikes}: holds spikes only, and currents into {', '.join(driven)} of "
            f"{request.model} change in steps, as the bias of a deeper layer of a NIR graph does "
            "when the layer begins; run the MODEL instead of its image, with --input."
        )
    return image, stimulus, asked


def _network_of(model: str, image: ChipImage) -> Network:
    """Return the network of a model; warn if its chip differs from that of the image."""
    noun = TRAINED.get(Path(model).suffix)
    if noun is not None:
        raise StimulusError(
            f"{model}: {noun} holds no input spikes; pass --input SPIKES instead of --model."
        )
    network, chip = load_model(model)
    assert not isinstance(chip, ModelFunction)  # it was called
    if chip is not None and chip != image.chip:
        warn(
            f"the image was compiled for {image.chip.name!r} and runs on it; {model} defines "
            f"another chip, {chip.name!r}. Compile the model again to run it on that one."
        )
    return network


def describe_recording(recording: Recording) -> str:
    """Return the spikes, rates and counters of a recording as text."""
    begin = recording.first_step * recording.dt
    lines = [
        f"{recording.label}: {begin:g} to {begin + recording.duration:g} ms in steps of "
        f"{recording.dt:g} ms"
    ]
    for name, size in recording.populations.items():
        lines.append(
            f"  {visible(name)}: {counted(size, 'neuron')}, "
            f"{counted(int(recording.counts(name).sum()), 'spike')}, "
            f"mean rate {recording.rates(name).mean():.4g} Hz"
        )
    for name, counts in recording.learning.items():
        events = counted(counts.get("events", 0), "plastic event")
        limited = ("traces", "accumulators", "weights")
        beyond = ", ".join(f"{key} {counts[key]}" for key in limited if key in counts)
        lines.append(f"  {visible(name)} learned: {events}; beyond their limits: {beyond}")
    counters = ", ".join(f"{key.replace('_', ' ')} {n}" for key, n in recording.counters.items())
    return "\n".join([*lines, f"  counters: {counters}"])
