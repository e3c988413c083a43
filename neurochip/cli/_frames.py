"""Input of a network of lava-dl on the command line: frames, or spikes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.archive import ZIP, Archive
from .._support.npz import opened, refusing
from ..errors import StimulusError
from ..stimulus import count_steps

if TYPE_CHECKING:
    from ..frontends.netx import NetxModel
    from ..recording import Recording

__all__ = ["run_on_file"]

_WANTED = "an .npz with the array 'frames', or a file of spikes"
_STEP = 1.0  # ms of a file of spikes in a step of the network


def run_on_file(model: NetxModel, path: str, duration: float | None) -> Recording:
    """Run a network of lava-dl on the frames or the spikes of a file.

    Parameters
    ----------
    model : NetxModel
        The network.
    path : str
        An ``.npz`` with the array ``frames``, shape (n_frames,) + input shape: real numbers from 0
        to 1 for an input layer with a transform, or integers. Or any file of spikes, of one input.
    duration : float or None
        Number of steps. Default: those of the spikes, or one for each frame, in which a layer
        answers a step after the one before it; the frames then also reach the output.

    Returns
    -------
    Recording
        The run, with all compartments side by side.

    Raises
    ------
    StimulusError
        If the file cannot be read, or does not fit the network, or the duration or that of the
        spikes is not a whole number of steps.
    """
    frames = _frames(path)
    if frames is None:
        frames = _of_spikes(model, path)
    elif frames.dtype.kind == "f":
        frames = model.encode(frames)
    if duration is None:
        steps = len(np.reshape(frames, (-1, *model.input_shape))) + len(model.compartments) - 1
    else:
        steps = count_steps(duration, _STEP)
    return model.as_compartments(model.run(frames, steps))


def _frames(path: str) -> Any:
    """Return the frames of a file, or None if it has none."""
    with opened(path, StimulusError, _WANTED) as file:
        if file.read(len(ZIP)) != ZIP:
            return None
        with refusing(path, "no frames", f"pass {_WANTED}", StimulusError):
            archive = Archive(file)
            if "frames" not in archive:
                return None
            shape = archive.shape("frames")
            for kinds in ("bool", "iuf"):
                try:
                    archive.expect("frames", kinds, shape)
                except ValueError:
                    continue
                return archive.array("frames", kinds, shape)
            raise ValueError("'frames' has values that are no real numbers")


def _of_spikes(model: NetxModel, path: str) -> Any:
    """Return the numbers of spikes of each step."""
    from ..spike_files import read_spikes

    if not model.image.n_inputs:
        raise StimulusError(
            f"{path}: holds no array 'frames', and the network takes frames of shape "
            f"{model.input_shape}; pass an .npz with 'frames', of values from 0 to 1."
        )
    inputs = [("input", math.prod(model.input_shape))]
    stimulus = read_spikes(path, inputs=inputs)
    n_steps = count_steps(stimulus.duration, _STEP)
    steps, sources = stimulus.binned(_STEP, inputs, stop=n_steps)
    counts = np.zeros((n_steps, inputs[0][1]), dtype=np.int64)
    np.add.at(counts, (steps, sources), 1)
    return counts.reshape(len(counts), *model.input_shape)
