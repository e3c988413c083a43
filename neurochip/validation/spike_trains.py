"""Distances between spike trains, computed by pyspike or elephant if they are installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .._support.csr import rows_of
from .._support.extras import require
from .._support.ranges import POSITIVE
from .._support.values import choice, instance, integers, real
from ..errors import MissingExtraError, RecordingError
from ..recording import Recording
from ..typing import Float64Array
from .origins import check_origins

__all__ = ["TRAIN_DISTANCES", "train_distances"]

TRAIN_DISTANCES = ("isi", "spike", "van_rossum", "victor_purpura")
"""Names of distances; pyspike computes the first two, elephant the others."""


def train_distances(
    reference: Recording,
    chip: Recording,
    population: str,
    distance: str,
    *,
    time_scale: float = 10.0,
    ids: Any = None,
    any_origin: bool = False,
) -> Float64Array:
    """Return the distance between the two spike trains of each neuron.

    Parameters
    ----------
    reference, chip : Recording
        Two runs over the same time.
    population : str
        Name of the population.
    distance : str
        ``"isi"`` or ``"spike"`` (Kreuz et al., J. Neurophysiol. 109:1457, 2013; 0 to 1, without a
        time scale), ``"van_rossum"`` (Neural Comput. 13:751, 2001; scaled so that one additional
        spike has distance 1) or ``"victor_purpura"`` (J. Neurophysiol. 76:1310, 1996).
    time_scale : float, ms
        Decay time of van Rossum's kernel. For Victor and Purpura, a shift by twice this time costs
        as much as deleting and inserting a spike (cost 1 / time_scale).
    ids : array_like of int, optional
        Neurons. Default: all.
    any_origin : bool, default False
        Whether to compare recordings whatever their origin. Otherwise the reference must be a float
        run, the chip's a run on the chip, and both on one stimulus; a recording of unknown origin
        fits.

    Returns
    -------
    ndarray of float64, shape (n_neurons,)

    Raises
    ------
    MissingExtraError
        If pyspike or elephant is not installed, or cannot be imported.
    RecordingError
        If the runs do not match, have the wrong kind or different stimuli, or a name is not
        allowed.
    """
    choice("train_distances", "distance", distance, TRAIN_DISTANCES, error=RecordingError)
    time_scale = real(
        "train_distances", "time_scale", time_scale, "ms", POSITIVE, error=RecordingError
    )
    for name, run in (("reference", reference), ("chip", chip)):
        instance("train_distances", name, run, Recording, "a Recording", error=RecordingError)
    size = len(reference.counts(population))
    spans = [(run.first_step * run.dt, run.duration) for run in (reference, chip)]
    if len(chip.counts(population)) != size or not np.allclose(spans[0], spans[1], rtol=1e-9):
        raise RecordingError(
            f"train_distances: runs of {size} neurons, {spans[0][1]:g} ms and of "
            f"{len(chip.counts(population))} neurons, {spans[1][1]:g} ms; allowed: the same "
            "neurons and time."
        )
    check_origins("train_distances", reference, chip, any_origin)
    chosen = np.arange(size)
    if ids is not None:
        chosen = integers(
            "train_distances", "ids", ids, low=0, high=size - 1, error=RecordingError
        ).ravel()
    measure = _by_pyspike if distance in ("isi", "spike") else _by_elephant
    between = measure(distance, time_scale, *spans[0])
    trains = [_trains(run, population, size) for run in (reference, chip)]
    return np.array([between(trains[0][i], trains[1][i]) for i in chosen], dtype=np.float64)


def _trains(run: Recording, population: str, size: int) -> list[Float64Array]:
    starts, order = rows_of(run.ids[population], size)
    return np.split(run.times(population)[order], starts[1:-1])


def _by_pyspike(
    distance: str, _time_scale: float, begin: float, duration: float
) -> Callable[[Float64Array, Float64Array], float]:
    pyspike = _imported("pyspike", "pyspike")
    edges = (begin, begin + duration)
    between = pyspike.isi_distance if distance == "isi" else pyspike.spike_distance

    def measured(a: Float64Array, b: Float64Array) -> float:
        return float(between(*(pyspike.SpikeTrain(train, edges) for train in (a, b))))

    return measured


def _by_elephant(
    distance: str, time_scale: float, begin: float, duration: float
) -> Callable[[Float64Array, Float64Array], float]:
    dissimilarity = _imported("elephant.spike_train_dissimilarity", "elephant")
    neo, units = importlib.import_module("neo"), importlib.import_module("quantities")
    parameter = time_scale * units.ms

    def measured(a: Float64Array, b: Float64Array) -> float:
        trains = [
            neo.SpikeTrain(train * units.ms, t_start=begin, t_stop=begin + duration)
            for train in (a, b)
        ]
        if distance == "van_rossum":
            return float(dissimilarity.van_rossum_distance(trains, parameter)[0, 1])
        return float(dissimilarity.victor_purpura_distance(trains, 1.0 / parameter)[0, 1])

    return measured


def _imported(module: str, library: str) -> Any:
    try:
        return require(module, library, "train_distances: this distance")
    except MissingExtraError:
        raise
    except Exception as problem:  # raised by libraries that it loads, such as mpi4py without MPI
        remedy = ""
        if library == "elephant":
            remedy = (
                " It loads mpi4py if that is installed: install an MPI library, or remove mpi4py."
            )
        raise MissingExtraError(
            f"train_distances: {library} is installed, but fails to load "
            f"({type(problem).__name__}: {problem}).{remedy}"
        ) from problem
