"""Translate runs in physical units into steps, inputs and compartments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._support.grid import LAST_STEP, is_later
from .._support.memory import EnoughMemory
from .._support.values import instance, integer, integers, items, reals, shown
from ..errors import EmulatorError
from ..image import ChipImage, Convolution, Symbols, SynapseGroup
from ..image.check_programs import first_payload_to
from ..network import GradedSpikes, SpikeCounts, SpikeInput
from ..network.binning import Train, bin_train, windows_of
from ..stimulus import Stimulus, count_steps
from ..typing import BoolArray, Int8Array, Int32Array, Int64Array
from .connections import Samples
from .engine import Columns, Position
from .spikes import NONE, CountTable, InputLists, RunSpan

__all__ = [
    "add_run",
    "check_draws",
    "check_noise_seeds",
    "check_payloads",
    "check_sources",
    "memory_of",
    "span_in",
    "span_of",
    "symbols_of",
    "windows_in",
]

_LARGEST_SEED = (1 << 63) - 1


def symbols_of(image: ChipImage) -> Symbols:
    """Return the symbols of an image.

    Raises
    ------
    EmulatorError
        If the image has no symbols.
    """
    if image.symbols is None:
        raise EmulatorError(
            "emulator: this image has no symbols, so names and units are unknown; use "
            "run_steps with input numbers."
        )
    return image.symbols


def span_of(step: int, n_steps: int, lead: int = 0) -> RunSpan:
    """Return the steps of a run.

    Raises
    ------
    EmulatorError
        If the run goes beyond the last possible step.
    """
    if n_steps > LAST_STEP - step:
        raise EmulatorError(
            f"emulator: {shown(n_steps)} steps were requested at step {step}; allowed: at most "
            f"{LAST_STEP - step}, since a recording counts steps up to {LAST_STEP}. Run fewer "
            "steps, or call reset() to start again at step 0."
        )
    return RunSpan(step, n_steps, lead)


def span_in(symbols: Symbols, step: int, stimulus: Stimulus, duration: float | None) -> RunSpan:
    """Return the steps of a run that begins at ``step`` of a stimulus.

    Raises
    ------
    EmulatorError
        If ``stimulus`` is not a Stimulus, or ends before the run does.
    StimulusError
        If the duration is not a multiple of the time step.
    """
    allowed = "a Stimulus, as from draw_stimulus"
    instance("emulator", "stimulus", stimulus, Stimulus, allowed, error=EmulatorError)
    dt = symbols.dt
    n_steps = count_steps(stimulus.duration if duration is None else duration, dt)
    if duration is None:
        n_steps -= step
    if n_steps < 1 or is_later((step + n_steps) * dt, stimulus.duration, dt):
        left = max(round((stimulus.duration - step * dt) / dt), 0)
        raise EmulatorError(
            f"emulator: at {step * dt:g} ms, {n_steps * dt:g} ms were requested and "
            f"{left * dt:g} ms of the stimulus are left; call reset() to start again, or draw a "
            "longer stimulus."
        )
    return span_of(step, n_steps, symbols.input_lead)


def windows_in(symbols: Symbols, run: RunSpan, stimulus: Stimulus) -> Iterator[RunSpan]:
    """Divide a run into runs whose counted spikes take little memory; usually it is one."""
    for begin, end in windows_of(stimulus.trains, symbols.dt, run.first, run.first + run.n_steps):
        yield RunSpan(begin, end - begin, run.lead)


def add_run(
    inputs: InputLists,
    image: ChipImage,
    run: RunSpan,
    stimulus: Stimulus,
    position: Position | None = None,
) -> None:
    """Add the input spikes of a run, after those that are pending where it continues.

    Raises
    ------
    StimulusError
        If the stimulus does not fit the inputs.
    EmulatorError
        If it has payloads that the image does not take.
    """
    # Inputs that act early act in the step that they are given for, so the run itself brings them.
    pending = NONE if position is None or run.lead else position.pending_inputs()
    symbols = symbols_of(image)
    dt, sizes = symbols.dt, [(item.name, item.size) for item in symbols.inputs]
    trains = stimulus.trains_for(sizes)
    if any(isinstance(train, GradedSpikes) for train in trains):
        at, ids, payloads = _graded_of(trains, dt, run)
        check_payloads(payloads, ids, image)
        inputs.add_spikes(at, ids, run, pending, payloads)
    elif len(trains) == 1 and isinstance(trains[0], SpikeInput):
        inputs.add_train(trains[0].times, trains[0].ids, dt, run, pending)
    elif any(isinstance(train, SpikeCounts) for train in trains):
        inputs.add_counts(*_parts_of(trains, dt, run), run, pending)
    else:
        # Of the first run to the end it is all; to look for its spikes would take longer.
        whole = not run.first and not is_later(stimulus.duration, run.n_steps * dt, dt)
        part = {} if whole else dict(zip(("first", "stop"), _sent(run), strict=True))
        steps, sources = stimulus.binned(dt, sizes, ordered=False, **part)
        inputs.add_spikes(steps, sources, run, pending)


def _sent(run: RunSpan) -> tuple[int, int]:
    """Return the first step whose input a run delivers or holds at its end, and the step after."""
    return max(run.rows[0], 0), run.rows[0] + run.n_steps + 1


def _graded_of(
    trains: Sequence[Train], dt: float, run: RunSpan
) -> tuple[Int64Array, Int32Array, Int32Array]:
    """Return step, source and payload of each spike of a run; those of binary spikes are 1."""
    begin, end = _sent(run)
    parts, number = [], 0
    for train in trains:
        if isinstance(train, GradedSpikes):
            places, ids, payloads = train.listed(dt, begin, end)
        else:
            places, ids = bin_train(train, dt, begin, end)
            payloads = np.ones(len(ids), dtype=np.int32)
        parts.append((places.astype(np.int64), ids + np.int32(number), payloads))
        number += train.size
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return columns[0], columns[1], columns[2]


def _parts_of(
    trains: Sequence[Train], dt: float, run: RunSpan
) -> tuple[Int64Array, Int32Array, list[CountTable]]:
    """Return the spikes of a run that are given one by one, and its counts."""
    begin, end = _sent(run)
    steps: list[Any] = [NONE]
    sources: list[Any] = [NONE]
    tables, number = [], 0
    for train in trains:
        if isinstance(train, SpikeCounts):
            at = train.steps_on(dt)
            rows = slice(*np.searchsorted(at, [begin, end]).tolist())
            tables.append(CountTable(at[rows], train.counts[rows], number))
        else:
            places, ids = bin_train(train, dt, begin, end)
            steps.append(places.astype(np.int64))
            sources.append(ids + np.int32(number))
        number += train.size
    return np.concatenate(steps, dtype=np.int64), np.concatenate(sources), tables


def memory_of(
    n_steps: int, columns: Columns, value_bytes: int, samples: Samples | None = None
) -> EnoughMemory:
    """Return a context that turns a lack of memory into an error that names the run's demand.

    A step takes 8 bytes for the start of its input spikes, and ``value_bytes`` for each trace; so
    does each sample of a synapse.
    """
    probes = [each for found in (samples or {}).values() for each in found.values()]
    n_values = sum(map(len, columns.values())) + sum(len(each.synapses) for each in probes)
    n_samples = sum(n_steps // each.every * len(each.synapses) for each in probes)
    return EnoughMemory(
        EmulatorError,
        f"emulator: a run of {n_steps} steps with {n_values} traces takes 8 bytes a spike and",
        n_steps * 8 + value_bytes * (n_steps * sum(map(len, columns.values())) + n_samples),
        "Run fewer steps at a time: a run continues where the last one stopped.",
    )


def check_sources(steps: Any, sources: Any, image: ChipImage) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return step and input of each given input spike.

    Raises
    ------
    EmulatorError
        If they are not two arrays of one length, or an input does not exist.
    """
    at = integers("emulator", "steps", steps, error=EmulatorError)
    ids = integers("emulator", "sources", sources, error=EmulatorError)
    if at.ndim != 1 or at.shape != ids.shape:
        raise EmulatorError(
            f"emulator: steps have shape {at.shape} and sources {ids.shape}; allowed: two "
            "one-dimensional arrays of one length."
        )
    if ids.size and image.n_inputs == 0:
        raise EmulatorError("emulator: input spikes were given, but the image has no inputs.")
    if ids.size and not (ids.min() >= 0 and ids.max() < image.n_inputs):
        worst = ids.min() if ids.min() < 0 else ids.max()
        raise EmulatorError(f"emulator: input {worst}; allowed: 0 to {image.n_inputs - 1}.")
    return at, ids


def check_draws(noise: Any, n_steps: int, image: ChipImage) -> Int8Array:
    """Return the given noise of a run.

    Raises
    ------
    EmulatorError
        If the image has no noise, or the shape or a value is not allowed.
    """
    shape = (n_steps, image.n_compartments)
    if image.noise is None:
        raise EmulatorError("emulator: noise was given, but the image has no noise registers.")
    allowed = f"integers of shape {shape}"
    draws = reals("emulator", "noise", noise, "", allowed=allowed, error=EmulatorError)
    if draws.shape != shape or not np.issubdtype(draws.dtype, np.integer):
        raise EmulatorError(
            f"emulator: noise has shape {draws.shape} and type {draws.dtype}; allowed: {allowed}."
        )
    if draws.size and not (draws.min() >= -127 and draws.max() <= 127):
        raise EmulatorError(
            f"emulator: noise reaches from {draws.min()} to {draws.max()}; allowed: -127 to 127."
        )
    # Writeable, because a kernel is compiled again for an array that is read-only.
    return np.require(draws, np.int8, ["C", "W"])


def check_payloads(payloads: Any, sources: NDArray[Any], image: ChipImage) -> Int32Array:
    """Return the given payloads of input spikes, whose inputs are ``sources``.

    Raises
    ------
    EmulatorError
        If spikes of the chip are binary, the shape differs from that of the spikes, a payload is
        not allowed, or one reaches a LIF neuron of the core.
    """
    chip, bits = image.chip, image.chip.core.payload_bits
    if not bits:
        raise EmulatorError(
            f"emulator: payloads were given, but spikes of chip {chip.name!r} are binary; allowed: "
            "a chip with payload_bits above 0, such as LOIHI2. A spike given n times acts like a "
            "payload of n."
        )
    most = (1 << (bits - 1)) - 1
    values = integers(
        "emulator", "payloads", payloads, low=-most - 1, high=most, error=EmulatorError
    )
    if values.shape != sources.shape:
        raise EmulatorError(
            f"emulator: payloads have shape {values.shape}; allowed: {sources.shape}, one for each "
            "spike."
        )
    if (values == 0).any():
        raise EmulatorError("emulator: a payload is 0, which is no spike; leave such spikes out.")
    binary = np.ones(image.n_compartments, dtype=np.bool_)
    for group in image.programs:
        binary[group.compartments] = False
    if binary.any():
        _check_receivers(sources[values != 1], binary, image)
    return values.astype(np.int32)


def _check_receivers(graded: NDArray[Any], binary: BoolArray, image: ChipImage) -> None:
    """Raise unless no target of the inputs ``graded`` is one of the ``binary`` compartments."""
    of_input = np.zeros(image.n_inputs, dtype=np.bool_)
    of_input[graded] = True
    parts: list[SynapseGroup | Convolution] = [*image.synapses, *image.convolutions]
    for part in parts:
        found = first_payload_to(binary, part, "inputs", of_input)
        if found is not None:
            raise EmulatorError(
                f"emulator: input {found[0]} sends payloads to compartment {found[1]}, a LIF "
                "neuron of the core, which takes binary spikes only; allowed: targets with a "
                "program, such as PROGRAMS['lif']."
            )


def check_noise_seeds(
    noise_seeds: Iterable[int] | None, n_runs: int, image: ChipImage
) -> list[int | None]:
    """Return the seed of the noise of each run; None for the one in the image.

    Raises
    ------
    EmulatorError
        If the image has no noise, or the number of seeds or a seed is not allowed.
    """
    if noise_seeds is None:
        return [None] * n_runs
    allowed = "a list of integers, one for each run"
    given = items("emulator", "noise_seeds", noise_seeds, allowed, error=EmulatorError)
    if image.noise is None:
        raise EmulatorError(
            "emulator: noise_seeds were given, but the image has no noise registers."
        )
    if len(given) != n_runs:
        raise EmulatorError(
            f"emulator: {len(given)} noise_seeds and {n_runs} stimuli; allowed: one for each."
        )
    allowed = f"0 to {_LARGEST_SEED}"
    return [
        integer(
            "emulator",
            "noise_seeds",
            seed,
            at_least=0,
            at_most=_LARGEST_SEED,
            allowed=allowed,
            error=EmulatorError,
        )
        for seed in given
    ]
