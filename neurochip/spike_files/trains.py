"""Spike trains of named groups, in ms, as all formats share them, and their way to a stimulus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .._support.ranges import POSITIVE
from .._support.values import check_name, check_size, real, shown
from ..errors import NetworkError, StimulusError
from ..network import GradedSpikes, SpikeCounts, SpikeInput
from ..network.binning import Train
from ..recording import Recording
from ..stimulus import Stimulus
from ..typing import Float64Array

__all__ = ["Inputs", "Trains", "as_stimulus", "check_binary", "check_duration", "trains_of"]

Inputs = Sequence[tuple[str, int]]
"""Names and sizes of the inputs that a run expects."""


@dataclass(frozen=True, eq=False)
class Trains:
    """Spikes of one population or input.

    Parameters
    ----------
    name : str or None
        Name of the population or input; None if the format has no names.
    size : int or None
        Number of neurons or sources; None if the format does not store it.
    ids : ndarray of int, shape (n_spikes,)
        Neuron or source of each spike.
    times : ndarray of float64, shape (n_spikes,), ms
        Time of each spike from the beginning of the run.
    """

    name: str | None
    size: int | None
    ids: Any
    times: Float64Array


def trains_of(source: Recording | Stimulus) -> tuple[list[Trains], float]:
    """Return the spikes of all populations or inputs, and the duration in ms.

    A recording that continues an earlier run keeps the time of that run.
    """
    if isinstance(source, Stimulus):
        listed = [_one_by_one(item) for item in source.trains]
        trains = [Trains(item.name, item.size, item.ids, item.times) for item in listed]
        return trains, source.duration
    if isinstance(source, Recording):
        trains = [
            Trains(name, size, source.ids[name], source.times(name))
            for name, size in source.populations.items()
        ]
        return trains, (source.first_step + source.n_steps) * source.dt
    raise StimulusError(f"spikes: source = {shown(source)}; allowed: a Recording or a Stimulus.")


def _one_by_one(train: Train) -> SpikeInput:
    if isinstance(train, GradedSpikes):
        train.refuse()
    return train.as_spikes() if isinstance(train, SpikeCounts) else train


def check_binary(source: Recording | Stimulus, names: Iterable[str | None]) -> None:
    """Raise StimulusError if a population has payloads, which files of spikes would lose."""
    graded = source.payloads if isinstance(source, Recording) else ()
    for name in names:
        if name in graded:
            raise StimulusError(
                f"spikes: population {name!r} has payloads, which this format does not hold; "
                "allowed: a population of binary spikes (population=...), or Recording.save."
            )


def check_duration(owner: str, duration: Any) -> float | None:
    """Return a duration in ms, or None if it is None.

    Raises
    ------
    StimulusError
        If it is not a number above 0.
    """
    if duration is None:
        return None
    return real(owner, "duration", duration, "ms", POSITIVE, error=StimulusError)


def as_stimulus(
    owner: str, found: Sequence[Trains], inputs: Inputs | None, duration: float | None
) -> Stimulus:
    """Fit spikes to the inputs that a run expects.

    Parameters
    ----------
    owner : str
        Source of the spikes, for messages.
    found : sequence of Trains
        The spikes.
    inputs : sequence of (name, size), optional
        Inputs of the run. If omitted, ``found`` must have sizes. An input that ``found`` does not
        name is silent.
    duration : float, ms
        Length of the stimulus; None is refused.

    Raises
    ------
    StimulusError
        If a name, a size or the duration is missing or does not fit.
    """
    if duration is None:
        raise StimulusError(f"{owner}: has no duration; pass a duration in ms.")
    duration = real(owner, "duration", duration, "ms", POSITIVE, error=StimulusError)
    expected = _sizes(owner, found) if inputs is None else _given(owner, inputs)
    trains = {}
    for item in found:
        name = _only(owner, expected) if item.name is None else item.name
        if name not in expected:
            raise StimulusError(
                f"{owner}: has spikes of {name!r}; the run has the inputs {_listed(expected)}. "
                "Rename or remove them."
            )
        if item.size not in {None, expected[name]}:
            raise StimulusError(
                f"{owner}: {name!r} has {item.size} sources; the run expects {expected[name]}."
            )
        try:
            trains[name] = SpikeInput(name, expected[name], item.ids, item.times)
        except NetworkError as problem:
            raise StimulusError(f"{owner}: {problem}") from None
    silent = {name: size for name, size in expected.items() if name not in trains}
    trains |= {name: SpikeInput(name, size, [], []) for name, size in silent.items()}
    return Stimulus(duration, tuple(trains[name] for name in expected))


def _given(owner: str, inputs: Inputs) -> dict[str, int]:
    """Return the sizes of the inputs that the caller names."""
    sizes: dict[str, int] = {}
    try:
        pairs = [(name, size) for name, size in inputs]
    except (TypeError, ValueError):
        raise StimulusError(
            f"{owner}: inputs = {shown(inputs)}; allowed: a list of (name, size)."
        ) from None
    for name, size in pairs:
        check_name(f"{owner}: inputs", name, StimulusError)
        if name in sizes:
            raise StimulusError(f"{owner}: inputs name {name!r} twice; allowed: once.")
        sizes[name] = check_size(f"{owner}: input {name!r}", size, StimulusError)
    return sizes


def _sizes(owner: str, found: Sequence[Trains]) -> dict[str, int]:
    """Return the sizes of the inputs that the spikes name."""
    sizes = {}
    for item in found:
        name = "input" if item.name is None else item.name
        if item.size is None:
            raise StimulusError(
                f"{owner}: does not store the number of sources of {name!r}; pass "
                f"inputs=[({name!r}, size)]."
            )
        sizes[name] = item.size
    return sizes


def _only(owner: str, expected: dict[str, int]) -> str:
    if len(expected) != 1:
        raise StimulusError(
            f"{owner}: holds the spikes of one input without a name, and the run has the inputs "
            f"{_listed(expected)}; pass a file with names (SONATA, or a stimulus of neurochip)."
        )
    return next(iter(expected))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
