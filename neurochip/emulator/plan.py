"""Runs in physical units, translated into steps, inputs and compartments."""

from __future__ import annotations

from collections.abc import Iterable

from .._values import instance
from ..errors import EmulatorError
from ..image import ChipImage, Symbols
from ..recording import Probe, resolve_probes
from ..stimulus import Stimulus, count_steps
from ..typing import Int32Array
from .engine import Columns
from .spikes import NONE, InputLists, Span

__all__ = ["add_run", "columns_of", "symbols_of"]


def symbols_of(image: ChipImage) -> Symbols:
    """Return the symbols of an image.

    Raises
    ------
    EmulatorError
        If it has none.
    """
    if image.symbols is None:
        raise EmulatorError(
            "emulator: this image has no symbols, so names and units are unknown; use "
            "run_steps with input numbers."
        )
    return image.symbols


def columns_of(symbols: Symbols, record: Iterable[str | Probe]) -> tuple[Columns, Columns]:
    """Return what a run records, as neurons of each population and as compartments.

    Raises
    ------
    RecordingError
        If a probe asks for something that does not exist.
    """
    compartments = {item.name: item.compartments for item in symbols.populations}
    sizes = {name: len(own) for name, own in compartments.items()}
    probes = resolve_probes(record, sizes, ("v", "u"))
    return probes, {key: compartments[key[0]][ids] for key, ids in probes.items()}


def add_run(
    inputs: InputLists,
    symbols: Symbols,
    step: int,
    stimulus: Stimulus,
    duration: float | None,
    pending: Int32Array = NONE,
) -> None:
    """Add the input spikes of a run that begins at ``step``, where some may be ``pending``.

    Raises
    ------
    EmulatorError
        If it is no stimulus, or nothing of it is left.
    StimulusError
        If the stimulus does not fit the inputs, or the duration the grid.
    """
    allowed = "a Stimulus, as from draw_stimulus"
    instance("emulator", "stimulus", stimulus, Stimulus, allowed, error=EmulatorError)
    total = count_steps(stimulus.duration, symbols.dt)
    left = total - step
    n_steps = left if duration is None else count_steps(duration, symbols.dt)
    if left < 1 or n_steps > left:
        raise EmulatorError(
            f"emulator: at {step * symbols.dt:g} ms, {n_steps * symbols.dt:g} ms were "
            f"asked for and {max(left, 0) * symbols.dt:g} ms of the stimulus are left; call "
            "reset() to start again, or draw a longer stimulus."
        )
    sizes = [(item.name, item.size) for item in symbols.inputs]
    trains = stimulus.trains_for(sizes)
    run = Span(step, n_steps, symbols.input_lead)
    if len(trains) == 1:
        inputs.add_train(trains[0].times, trains[0].ids, symbols.dt, run, pending)
    else:
        steps, sources = stimulus.binned(symbols.dt, sizes, ordered=False)
        inputs.add_spikes(steps, sources, run, pending)
