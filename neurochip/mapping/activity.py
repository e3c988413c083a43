"""Spike rate of each source of an image: assumed, or counted in a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import brief
from .._support.ranges import NOT_NEGATIVE
from .._support.values import instance, quantity, real, shown
from ..errors import RecordingError
from ..image import ChipImage
from ..network.binning import windows_of
from ..recording import Recording
from ..stimulus import Stimulus
from ..typing import BoolArray, Float64Array, Int64Array

__all__ = ["Activity", "check_run", "graded_sources", "members_of", "spikes_in"]


@dataclass(frozen=True, eq=False)
class Activity:
    """Spikes per step of every source.

    Parameters
    ----------
    compartments : ndarray of float64, shape (n_compartments,)
        Spikes per step of each compartment.
    inputs : ndarray of float64, shape (n_inputs,)
        Spikes per step of each input.
    label : str
        Origin of the rates, for reports.

    Raises
    ------
    RecordingError
        If the rates are not arrays of finite numbers of at least 0.
    """

    compartments: Float64Array
    inputs: Float64Array
    label: str

    __repr__ = brief

    def __post_init__(self) -> None:
        for name in ("compartments", "inputs"):
            values = quantity(
                "activity",
                name,
                getattr(self, name),
                "",
                NOT_NEGATIVE,
                per="source",
                copy=False,
                error=RecordingError,
            )
            if not isinstance(values, np.ndarray):
                raise RecordingError(
                    f"activity: {name} = {shown(values)}; allowed: an array with one value per "
                    "source."
                )
            object.__setattr__(self, name, values)
        instance("activity", "label", self.label, str, "a string", error=RecordingError)

    @classmethod
    def uniform(cls, image: ChipImage, rate: float = 0.01) -> Activity:
        """Assume ``rate`` spikes per step for every neuron and every input of an image.

        Raises
        ------
        RecordingError
            If the rate is not a number of at least 0.
        """
        instance("activity", "image", image, ChipImage, "a ChipImage", error=RecordingError)
        rate = real("activity", "rate", rate, within=NOT_NEGATIVE, error=RecordingError)
        if image.symbols is None:
            compartments = np.full(image.n_compartments, rate)
        else:
            compartments = np.zeros(image.n_compartments)
            for symbol in image.symbols.populations:
                compartments[symbol.compartment_ids] = rate
        label = f"assumed, {rate:g} spikes per step of each source"
        return cls(compartments, np.full(image.n_inputs, rate), label)

    @classmethod
    def measured(
        cls, image: ChipImage, recording: Recording, stimulus: Stimulus | None = None
    ) -> Activity:
        """Count the spikes of a run, in float64 or on the chip, and of its stimulus.

        Parameters
        ----------
        image : ChipImage
            Image of the network.
        recording : Recording
            A run of the same network.
        stimulus : Stimulus, optional
            Input of the run. Default: all inputs are silent.

        Raises
        ------
        RecordingError
            If the recording belongs to another network.
        """
        check_run("activity", image, recording, stimulus)
        steps = max(1, recording.n_steps)
        compartments = np.zeros(image.n_compartments)
        for name, at in members_of(image, recording):
            # A graded spike is one message, whatever it carries.
            compartments[at] = np.bincount(recording.ids[name], minlength=len(at)) / steps
        inputs = np.zeros(image.n_inputs)
        label = f"measured in {recording.n_steps} steps"
        if stimulus is None:
            label += ", inputs not counted" if image.n_inputs else ""
        else:
            for _, source in spikes_in(image, recording, stimulus):
                inputs += np.bincount(source, minlength=image.n_inputs) / steps
        return cls(compartments, inputs, label)


def check_run(owner: str, image: Any, recording: Any, stimulus: Any) -> None:
    """Raise :class:`RecordingError` unless these are an image, a run and its stimulus or None."""
    instance(owner, "image", image, ChipImage, "a ChipImage", error=RecordingError)
    instance(owner, "recording", recording, Recording, "a Recording", error=RecordingError)
    if stimulus is not None:
        instance(owner, "stimulus", stimulus, Stimulus, "a Stimulus", error=RecordingError)


def graded_sources(image: ChipImage) -> BoolArray:
    """Return whether the spikes of each source carry a payload, shape (n_sources,)."""
    graded = np.zeros(image.n_compartments + image.n_inputs, dtype=np.bool_)
    for group in image.programs:
        graded[group.compartments] = group.program.payload_bits > 0
    return graded


def members_of(image: ChipImage, recording: Recording) -> list[tuple[str, Int64Array]]:
    """Return the compartments of each population of a recording.

    Raises
    ------
    RecordingError
        If the recording belongs to another network.
    """
    members = {"compartments": np.arange(image.n_compartments)}
    if image.symbols is not None:
        members = {p.name: p.compartment_ids.astype(np.int64) for p in image.symbols.populations}
    for name, at in members.items():
        size = recording.populations.get(name)
        if size != len(at):
            raise RecordingError(
                f"recording: has {'no' if size is None else size} neurons of {name!r}; allowed: a "
                f"run of this image, with {len(at)}."
            )
    return list(members.items())


def spikes_in(
    image: ChipImage, recording: Recording, stimulus: Stimulus
) -> Iterator[tuple[Int64Array, Int64Array]]:
    """Yield the steps and the sources of the input spikes of a recorded run, window by window.

    Raises
    ------
    RecordingError
        If the image has no symbols, so that its inputs have no names.
    """
    if image.symbols is None:
        raise RecordingError("traffic: the image has no symbols; omit the stimulus.")
    inputs = [(item.name, item.size) for item in image.symbols.inputs]
    lead, dt = image.symbols.input_lead, recording.dt
    first = recording.first_step + lead
    for begin, end in windows_of(stimulus.trains, dt, first, first + recording.n_steps):
        steps, sources = stimulus.binned(dt, inputs, first=begin, stop=end)
        yield steps.astype(np.int64) - lead, sources.astype(np.int64)
