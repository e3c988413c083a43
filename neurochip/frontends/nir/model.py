"""The result of reading a graph: the network with its step, inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._support.brief import brief
from ..._support.values import ArrayValue, shown
from ...errors import RecordingError, StimulusError
from ...network import Network, SpikeInput
from ...recording import Recording
from ...stimulus import Stimulus, currents_of
from ...typing import Int64Array
from .convention import Convention
from .node import Shape

__all__ = ["NirModel"]


@dataclass(frozen=True, kw_only=True, eq=False)
class NirModel(ArrayValue):
    """A network that was read from a NIR graph.

    Parameters
    ----------
    network : Network
        The network; populations and inputs have the names of their nodes.
    dt : float, ms
        Step for which the graph was read; kicks and factors depend on it.
    convention : Convention
        Convention in which the graph was read.
    inputs, outputs : tuple of str
        Inputs of the network, and populations that feed an output of the graph.
    shapes : dict of str to tuple of int
        Shape of the tensor of each input and population; elements are numbered in C order.
    depths : dict of str to int
        Largest number of populations that a spike of an input passes before each population, which
        are the steps by which it runs behind a simulator that passes spikes through all layers in
        one step.
    """

    network: Network
    dt: float
    convention: Convention
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: Mapping[str, Shape]
    depths: Mapping[str, int]

    __repr__ = brief

    def stimulus(self, spikes: Any) -> Stimulus:
        """Turn spikes on the grid into a stimulus.

        Parameters
        ----------
        spikes : array_like of int, shape (n_steps, *shape of the input), or dict of such by input
            Number of spikes of each element in each step. With one input, pass an array. The
            elements may be flattened.

        Raises
        ------
        StimulusError
            If a shape does not fit, or a value is not a whole number of at least 0.
        """
        if not isinstance(spikes, Mapping):
            if len(self.inputs) != 1:
                raise StimulusError(
                    f"stimulus: one array, but the graph has the inputs {', '.join(self.inputs)}; "
                    "pass a dict with an array for each."
                )
            spikes = {self.inputs[0]: spikes}
        if set(spikes) != set(self.inputs):
            raise StimulusError(
                f"stimulus: arrays for {', '.join(map(repr, spikes)) or 'nothing'}; the graph has "
                f"the inputs {', '.join(map(repr, self.inputs))}."
            )
        trains, lengths = [], set()
        for name in self.inputs:
            counts = self._counts(name, spikes[name])
            steps, ids = np.nonzero(counts)
            repeats = counts[steps, ids]
            times = np.repeat(steps, repeats) * self.dt
            trains.append(SpikeInput(name, counts.shape[1], np.repeat(ids, repeats), times))
            lengths.add(len(counts))
        if len(lengths) > 1:
            raise StimulusError(
                f"stimulus: arrays of {', '.join(map(str, sorted(lengths)))} steps; allowed: one "
                "length for all inputs."
            )
        return Stimulus(lengths.pop() * self.dt, tuple(trains), currents_of(self.network))

    def spikes(self, recording: Recording, population: str | None = None) -> Int64Array:
        """Return the spikes of a population as an array, in the steps of the simulator.

        The spikes of a deeper layer come ``depths`` steps later than in a simulator that passes
        spikes through all layers in one step; this delay is taken off, so the last steps of such a
        run are missing. End the input with as many steps without spikes to see all of them.

        Parameters
        ----------
        recording : Recording
            A run of the network.
        population : str, optional
            Name of the population. Default: the only output.

        Returns
        -------
        ndarray of int64, shape (n_steps - depth, *shape of the population)
            Number of spikes of each neuron in each step.

        Raises
        ------
        RecordingError
            If the recording has no such population, or none is named and the graph has several
            outputs.
        """
        if population is None:
            if len(self.outputs) != 1:
                raise RecordingError(
                    f"NIR: the graph has the outputs {', '.join(map(repr, self.outputs))}; name "
                    "one of them."
                )
            (population,) = self.outputs
        if population not in self.depths or population not in recording.ids:
            known = ", ".join(repr(name) for name in self.depths if name in recording.ids)
            raise RecordingError(
                f"NIR: population = {shown(population)}; the run has "
                f"{known or 'none of the graph'}."
            )
        size = int(np.prod(self.shapes[population], dtype=np.int64))
        found = np.zeros((recording.n_steps, size), dtype=np.int64)
        at = recording.steps[population] - recording.first_step
        found[at, recording.ids[population]] = recording.payloads.get(population, 1)
        later = self.depths[population] if self.convention.layers == "same_step" else 0
        return found[later:].reshape(-1, *self.shapes[population])

    def _counts(self, name: str, spikes: Any) -> Any:
        array, shape = np.asarray(spikes), self.shapes[name]
        size = int(np.prod(shape, dtype=np.int64))
        if array.ndim < 1 or len(array) < 1 or array.shape[1:] not in {shape, (size,)}:
            raise StimulusError(
                f"stimulus: the array for {name!r} has shape {array.shape}; allowed: (steps, "
                f"{', '.join(map(str, shape))}), with at least one step."
            )
        counts = array.reshape(len(array), size)
        whole = np.asarray(counts, dtype=np.float64)
        bad = ~np.isfinite(whole) | (whole < 0) | (whole != np.floor(whole))
        if bad.any():
            step, element = np.argwhere(bad)[0]
            raise StimulusError(
                f"stimulus: {name!r} has the value {whole[step, element]:g} in step {step}, "
                f"element {element}; allowed: the number of spikes in that step, since a chip "
                "takes spikes and no analog values."
            )
        return counts.astype(np.int64)
