"""What goes over the mesh: how often each source spikes, and which cores it has to reach.

A spike is one message to every core that holds a synapse of its neuron. A message to its own core
crosses no link. What comes from outside is counted by the core that it reaches; its way into the
mesh is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._support.values import instance, quantity, real, shown
from ..chip.mesh import Sites, link_loads
from ..chip.spec import ChipSpec
from ..errors import RecordingError
from ..image import ChipImage
from ..packing.budget import Reach
from ..recording import Recording
from ..stimulus import Stimulus
from ..typing import Float64Array, Int64Array

__all__ = ["Activity", "Traffic", "check_run", "flows_of", "members_of", "spikes_in"]


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
        Where they come from.

    Raises
    ------
    RecordingError
        If they are not finite numbers of at least 0.
    """

    compartments: Float64Array
    inputs: Float64Array
    label: str

    def __post_init__(self) -> None:
        for name in ("compartments", "inputs"):
            values = quantity(
                *("activity", name, getattr(self, name), ""),
                at_least=0.0,
                per="source",
                may_be_empty=True,
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
        """Assume ``rate`` spikes per step of every neuron and of every input.

        Raises
        ------
        RecordingError
            If the rate is no number of at least 0.
        """
        instance("activity", "image", image, ChipImage, "a ChipImage", error=RecordingError)
        rate = real("activity", "rate", rate, at_least=0.0, error=RecordingError)
        if image.symbols is None:
            compartments = np.full(image.n_compartments, rate)
        else:
            compartments = np.zeros(image.n_compartments)
            for symbol in image.symbols.populations:
                compartments[symbol.compartments] = rate
        label = f"assumed, {rate:g} spikes per step of each source"
        return cls(compartments, np.full(image.n_inputs, rate), label)

    @classmethod
    def measured(
        cls, image: ChipImage, recording: Recording, stimulus: Stimulus | None = None
    ) -> Activity:
        """Count the spikes of a run, in float64 or on the chip, and of what drove it.

        Parameters
        ----------
        image : ChipImage
            The network.
        recording : Recording
            A run of the same network.
        stimulus : Stimulus, optional
            Its input; without it, inputs count as silent.

        Raises
        ------
        RecordingError
            If the recording is of another network.
        """
        check_run("activity", image, recording, stimulus)
        steps = max(1, recording.n_steps)
        compartments = np.zeros(image.n_compartments)
        for name, at in members_of(image, recording):
            compartments[at] = recording.counts(name) / steps
        inputs = np.zeros(image.n_inputs)
        label = f"measured in {recording.n_steps} steps"
        if stimulus is None:
            label += ", inputs not counted" if image.n_inputs else ""
        else:
            _, source = spikes_in(image, recording, stimulus)
            inputs += np.bincount(source, minlength=image.n_inputs) / steps
        return cls(compartments, inputs, label)


def check_run(owner: str, image: Any, recording: Any, stimulus: Any) -> None:
    """Raise :class:`RecordingError` unless these are an image, a run and, or not, its input."""
    instance(owner, "image", image, ChipImage, "a ChipImage", error=RecordingError)
    instance(owner, "recording", recording, Recording, "a Recording", error=RecordingError)
    if stimulus is not None:
        instance(owner, "stimulus", stimulus, Stimulus, "a Stimulus", error=RecordingError)


def members_of(image: ChipImage, recording: Recording) -> list[tuple[str, Int64Array]]:
    """Compartments of each population of a recording.

    Raises
    ------
    RecordingError
        If the recording is of another network.
    """
    members = {"compartments": np.arange(image.n_compartments)}
    if image.symbols is not None:
        members = {p.name: p.compartments.astype(np.int64) for p in image.symbols.populations}
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
) -> tuple[Int64Array, Int64Array]:
    """Steps and sources of the input spikes of a recorded run.

    Raises
    ------
    RecordingError
        If the image has no symbols, which name its inputs.
    """
    if image.symbols is None:
        raise RecordingError("traffic: the image has no symbols; leave the stimulus away.")
    inputs = [(item.name, item.size) for item in image.symbols.inputs]
    steps, sources = stimulus.binned(recording.dt, inputs)
    steps = steps - np.int32(image.symbols.input_lead)
    end = recording.first_step + recording.n_steps
    ran = (steps >= recording.first_step) & (steps < end)
    return steps[ran].astype(np.int64), sources[ran].astype(np.int64)


@dataclass(frozen=True, eq=False)
class Traffic:
    """Messages per step between cores.

    Parameters
    ----------
    start, stop : ndarray of int64, shape (n_flows,)
        Cores at the two ends of each flow, which may be one.
    messages : ndarray of float64, shape (n_flows,)
        Messages per step.
    from_outside : ndarray of float64, shape (n_cores,)
        Messages per step from inputs to each core.
    sites : Sites
        Where the cores sit.
    """

    start: Int64Array
    stop: Int64Array
    messages: Float64Array
    from_outside: Float64Array
    sites: Sites

    @property
    def n_cores(self) -> int:
        """Number of cores."""
        return len(self.from_outside)

    @cached_property
    def hops(self) -> tuple[Int64Array, Int64Array]:
        """Hops east-west and north-south of each flow."""
        return self.sites.hops(self.start, self.stop)

    @property
    def between_cores(self) -> float:
        """Messages per step that leave their core."""
        return float(self.messages[self.start != self.stop].sum())

    @property
    def between_chips(self) -> float:
        """Messages per step that leave their chip."""
        chip = self.sites.chip
        return float(self.messages[chip[self.start] != chip[self.stop]].sum())

    @property
    def hop_counts(self) -> tuple[float, float]:
        """Hops per step of all messages, east-west and north-south."""
        east_west, north_south = self.hops
        return float(self.messages @ east_west), float(self.messages @ north_south)

    @property
    def cost(self) -> float:
        """Hops per step, each weighted with what the mesh says that it costs."""
        east_west, north_south = self.hop_counts
        mesh = self.sites.mesh
        return mesh.cost_east_west * east_west + mesh.cost_north_south * north_south

    @cached_property
    def links(self) -> tuple[Float64Array, Float64Array]:
        """Load of every link: see :func:`~neurochip.chip.mesh.link_loads`."""
        return link_loads(self.sites, self.start, self.stop, self.messages)

    @property
    def link_load(self) -> tuple[float, float]:
        """Mean load of the links that are used, and the largest, in messages per step."""
        loads = np.concatenate([part.ravel() for part in self.links])
        used = loads[loads > 1e-9 * loads.max(initial=1.0)]  # sums of floats leave a rest
        return (float(used.mean()), float(used.max())) if used.size else (0.0, 0.0)

    def matrix(self) -> Float64Array:
        """Messages per step from core to core, shape (n_cores, n_cores)."""
        n = self.n_cores
        flat = np.bincount(self.start * n + self.stop, self.messages, minlength=n * n)
        return flat.reshape(n, n).astype(np.float64)


def flows_of(
    reach: Reach,
    core_of: Int64Array,
    rate: Float64Array,
    sites: Int64Array,
    chip: ChipSpec,
) -> Traffic:
    """Add up what all sources send.

    Parameters
    ----------
    reach : Reach
        Which sources reach which core.
    core_of : ndarray of int64, shape (n_compartments,)
        Core of each compartment.
    rate : ndarray of float64, shape (n_sources,)
        Spikes per step of each source.
    sites : ndarray of int64, shape (n_cores,)
        Site of each core.
    chip : ChipSpec
        The mesh.
    """
    start, stop, _, messages = reach.grouped(core_of, rate)
    return Traffic(
        start=start,
        stop=stop,
        messages=messages,
        from_outside=reach.from_outside(len(core_of), rate),
        sites=Sites.of(sites, chip.cores, chip.mesh),
    )
