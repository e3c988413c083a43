"""Twins of a float run: the same network and input, with one synapse changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from .._support.progress import progress_bar
from .._support.values import instance, integer, switch
from ..errors import RecordingError, StimulusError
from ..network import Connection, Network
from ..network.coupling import RECURRENT
from ..recording import Probe, Recording
from ..stimulus import Stimulus
from ..typing import Int64Array
from .simulate import simulate_reference

__all__ = ["MOST_TWINS", "TWINS", "simulate_twins"]

TWINS = 4
"""Default number of twins: Student's t of 4 degrees of freedom is 2.8, that of 3 is 3.2."""

MOST_TWINS = 1000

_FACTOR = 1.5  # of the weight of the changed synapse


def simulate_twins(
    network: Network,
    stimulus: Stimulus,
    reference: Recording,
    *,
    twins: int = TWINS,
    seed: int = 0,
    record: str | Probe | Iterable[str | Probe] = (),
    threads: int | None = None,
    progress: bool | None = None,
) -> list[Recording]:
    """Repeat a float run, each time with one synapse of a recurrent population changed.

    In a chaotic network the smallest change moves all later spikes, so the spread of these runs is
    the noise floor: no difference below it can be blamed on the registers of the chip. A synapse is
    drawn uniformly among those that end in a recurrent population, whose source spikes in
    ``reference`` and whose weight is not 0. Its weight is multiplied by 1.5, or divided by 1.5 if
    it is the start weight of a synapse that learns and would exceed ``w_max``.

    Parameters
    ----------
    network : Network
        The network of ``reference``.
    stimulus : Stimulus
        The stimulus of ``reference``.
    reference : Recording
        A run of :func:`simulate_reference`, which has the step and the length of the new runs.
    twins : int, default 4
        Number of runs, 1 to 1000.
    seed : int, default 0
        Seed of the choice of synapses.
    record : iterable of str or Probe
        Traces to record. Default: spikes only.
    threads : int, optional
        Number of threads of each run, as for :func:`simulate_reference`.
    progress : bool, optional
        Whether to show progress. Default: if the output is a terminal.

    Returns
    -------
    list of Recording
        Empty if no population is recurrent, or no such synapse receives a spike:
        the runs would not differ. Pass them to :func:`neurochip.compare` as ``twins=``.

    Raises
    ------
    RecordingError
        If an argument has the wrong type or is out of range.
    """
    owner = "simulate_twins"
    instance(owner, "network", network, Network, "a Network", error=RecordingError)
    instance(owner, "stimulus", stimulus, Stimulus, "a Stimulus", error=StimulusError)
    instance(owner, "reference", reference, Recording, "a Recording", error=RecordingError)
    twins = integer(owner, "twins", twins, at_least=1, at_most=MOST_TWINS, error=RecordingError)
    seed = integer(owner, "seed", seed, at_least=0, error=RecordingError)
    progress = switch(owner, "progress", progress, optional=True, error=RecordingError)
    spikes = _spikes_by_source(stimulus, reference)
    choices = [
        (index, found)
        for index, item in enumerate(network.connections)
        if network.couplings[item.target.name] == RECURRENT
        and len(found := _changeable(item, spikes[item.source.name]))
    ]
    if not choices:
        return []
    ends = np.cumsum([len(found) for _, found in choices])
    drawn = np.random.default_rng(seed).integers(0, ends[-1], twins)
    runs = []
    with progress_bar(twins, "noise floor", progress, unit="run") as bar:
        for number in drawn:
            place = int(np.searchsorted(ends, number, side="right"))
            index, found = choices[place]
            changed = _with_one_changed(network, index, int(found[number - ends[place]]))
            runs.append(
                simulate_reference(
                    changed,
                    stimulus,
                    reference.dt,
                    duration=reference.duration,
                    record=record,
                    threads=threads,
                    progress=False,
                )
            )
            bar.update()
    return runs


def _spikes_by_source(stimulus: Stimulus, reference: Recording) -> Mapping[str, Int64Array]:
    """Return the number of spikes of each source, by name of input or population."""
    found = {name: reference.counts(name) for name in reference.populations}
    for train in stimulus.trains:
        found[train.name] = train.of_each_source
    return found


def _changeable(item: Connection, spikes: Int64Array) -> Int64Array:
    """Return the synapses of a connection whose change has an effect."""
    heard = np.repeat(spikes > 0, np.diff(item.indptr))
    return np.flatnonzero(heard & (np.asarray(item.weight) != 0))


def _with_one_changed(network: Network, index: int, synapse: int) -> Network:
    connections = list(network.connections)
    item = connections[index]
    weight = np.array(np.broadcast_to(item.weight, (item.n_synapses,)), dtype=np.float64)
    weight[synapse] *= _FACTOR
    if item.plasticity is not None and weight[synapse] > item.plasticity.w_max:
        weight[synapse] /= _FACTOR**2
    connections[index] = dataclasses.replace(item, weight=weight)
    return dataclasses.replace(network, connections=connections)
