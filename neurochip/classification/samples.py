"""The samples that are classified: as stimuli with their classes, and in files."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import Any

import numpy as np

from .._support.archive import ZIP, Archive
from .._support.npz import opened, refusing
from .._support.values import integer, integers, items, shown
from ..errors import AnalysisError
from ..network import Network, SpikeCounts
from ..stimulus import Stimulus
from ..typing import Int64Array
from .subject import Subject, is_trained

__all__ = ["labels_of", "read_samples", "stimuli_of"]

_MEMBERS = ("inputs", "labels")
_MOST = (1 << 31) - 1  # spikes of a channel in a step


def stimuli_of(
    owner: str, model: Any, subject: Subject, inputs: Any, extra_steps: int | None
) -> list[Stimulus]:
    """Return the samples as stimuli.

    Raises
    ------
    AnalysisError
        If the inputs are no samples.
    StimulusError
        If a sample does not fit the input of the model.
    """
    allowed = "a list of samples"
    samples = list(items(owner, "inputs", inputs, allowed, error=AnalysisError))
    if not samples:
        raise AnalysisError(f"{owner}: there are no inputs; allowed: at least one sample.")
    extra = subject.lag
    if extra_steps is not None:
        extra = integer(owner, "extra_steps", extra_steps, at_least=0, error=AnalysisError)
    stimuli: list[Stimulus] = []
    for index, sample in enumerate(samples):
        if isinstance(sample, Stimulus):
            stimuli.append(sample)
            continue
        if is_trained(model):
            stimulus = model.stimulus(sample)
        else:
            stimulus = _from_counts(f"{owner}: inputs[{index}]", subject, sample)
        stimuli.append(replace(stimulus, duration=stimulus.duration + extra * subject.dt))
    return stimuli


def _from_counts(what: str, subject: Subject, sample: Any) -> Stimulus:
    """Return spike counts of shape (n_steps, *anything) as a stimulus of a network's one input."""
    network: Network = subject.network
    if len(network.spike_inputs) != 1 or any(map(network.step_currents, network.populations)):
        raise AnalysisError(
            f"{what} = {shown(sample)}; allowed: a Stimulus. An array of spike counts needs a "
            "network with one spiking input and no currents in steps."
        )
    (source,) = network.spike_inputs
    counts = integers(what, "counts", _whole(sample), low=0, high=_MOST, error=AnalysisError)
    size = int(np.prod(counts.shape[1:], dtype=np.int64))
    if counts.ndim < 2 or not len(counts) or size != source.size:
        raise AnalysisError(
            f"{what} has shape {counts.shape}; allowed: (n_steps, {source.size}), the number of "
            f"spikes of each source of {source.name!r} in each step."
        )
    train = SpikeCounts(source.name, counts.reshape(len(counts), size), subject.dt)
    return Stimulus(len(counts) * subject.dt, (train,))


def _whole(sample: Any) -> Any:
    """Return truth and whole numbers of another type as integers; everything else as it is."""
    found = np.asarray(sample)
    if found.dtype.kind == "b" or (found.dtype.kind == "f" and (found == np.floor(found)).all()):
        return found.astype(np.uint8 if found.dtype.kind == "b" else np.int64)
    return sample


def labels_of(owner: str, labels: Any, samples: int, classes: int) -> Int64Array:
    """Return the labels as an array.

    Raises
    ------
    AnalysisError
        If they are not one class for each sample.
    """
    found = integers(owner, "labels", labels, error=AnalysisError).astype(np.int64)
    if found.shape != (samples,):
        raise AnalysisError(
            f"{owner}: labels have the shape {found.shape}; allowed: ({samples},), one for each "
            "sample."
        )
    bad = (found < 0) | (found >= classes)
    if bad.any():
        first = int(np.argmax(bad))
        raise AnalysisError(
            f"{owner}: labels[{first}] = {found[first]}; allowed: 0 to {classes - 1}, a neuron of "
            "the output."
        )
    return found


def read_samples(path: str | os.PathLike[str]) -> tuple[Any, Int64Array]:
    """Read samples and their classes from an ``.npz``, as ``numpy.savez`` writes it.

    Parameters
    ----------
    path : path
        File with the arrays ``inputs``, spike counts of shape (n_samples, n_steps, *shape of the
        input), and ``labels``, integers of shape (n_samples,).

    Returns
    -------
    inputs : ndarray, shape (n_samples, n_steps, *shape of the input)
    labels : ndarray of int64, shape (n_samples,)

    Raises
    ------
    AnalysisError
        If the file is missing, damaged, or lacks one of the arrays.
    """
    wanted = "an .npz with the arrays 'inputs' and 'labels'"
    with (
        opened(path, AnalysisError, wanted) as file,
        refusing(path, "no samples", f"pass {wanted}", AnalysisError),
    ):
        if file.read(len(ZIP)) != ZIP:
            raise ValueError("it is not an .npz")
        archive = Archive(file)
        shapes = {name: archive.shape(name) for name in _MEMBERS}
        if len(shapes["inputs"]) < 3:
            raise ValueError(
                f"'inputs' has shape {shapes['inputs']}, expected (samples, steps, channels)"
            )
        n_samples = shapes["inputs"][0]
        archive.expect("labels", "iu", (n_samples,))
        kinds = "iuf"
        with contextlib.suppress(ValueError):
            archive.expect("inputs", "bool", shapes["inputs"])
            kinds = "bool"
        inputs = archive.array("inputs", kinds, shapes["inputs"])
        return inputs, archive.array("labels", "iu", (n_samples,)).astype(np.int64)
