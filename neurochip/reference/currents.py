"""Currents that change in steps, as the levels of v that they lead to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._support.csr import rows_of
from ..network import Network
from ..network.step_current import total_current, waveforms_for
from ..stimulus import Stimulus
from ..typing import Float64Array, Int64Array

__all__ = ["Currents", "LevelRows"]

_PER_CALL = 1 << 21  # levels set per call of the kernel: 48 MB


class LevelRows(NamedTuple):
    """Changes of the levels of neurons in consecutive steps, grouped by step.

    The k-th of these steps begins with the changes ``starts[k]`` to ``starts[k + 1] - 1``:
    ``v_inf`` and ``drift`` of neuron ``ids[i]`` (:class:`NeuronTable`) become those of entry i.
    """

    starts: Int64Array
    ids: Int64Array
    v_inf: Float64Array
    drift: Float64Array


class Currents:
    """All currents of a run that change in steps.

    Parameters
    ----------
    network : Network
        Network of the run.
    stimulus : Stimulus
        Its currents.
    dt : float, ms
        Length of a step.
    begin : int, default 0
        First step of the run, which sets the level of every neuron that the currents drive.

    Raises
    ------
    StimulusError
        If the stimulus does not have the currents of the network.
    """

    def __init__(self, network: Network, stimulus: Stimulus, dt: float, begin: int = 0) -> None:
        self._network, self._dt, self._begin = network, dt, begin
        timed = [item for item in network.populations if network.step_currents(item)]
        sizes = [(item.name, item.size) for item in timed]
        self._driven = list(zip(timed, waveforms_for(stimulus.currents, sizes), strict=True))
        ends = np.cumsum([item.size for item in network.populations]).tolist()
        self._first = {
            item.name: end - item.size for item, end in zip(network.populations, ends, strict=True)
        }
        per_step = sum(item.size for item in timed)
        self.most_steps = max(1, _PER_CALL // per_step) if per_step else None

    def rows(self, first: int, stop: int) -> LevelRows | None:
        """Return the changes in the steps ``first`` to ``stop - 1``; None without currents."""
        if not self._driven:
            return None
        parts = []
        for population, waveforms in self._driven:
            whole = first == self._begin
            steps, amplitudes = total_current(waveforms, self._dt, first, stop, whole=whole)
            own = amplitudes + self._network.constant_current(population)
            ids = self._first[population.name] + np.arange(population.size)
            tau_m, cm = population.parameter("tau_m"), population.parameter("cm")
            level, drift = np.zeros_like(own), np.zeros_like(own)
            if population.model.leaky:
                level = population.parameter("v_rest") + tau_m / cm * own
            else:
                drift = self._dt / cm * own
            parts.append(
                (
                    np.repeat(steps, population.size),
                    np.tile(ids, len(steps)),
                    level.ravel(),
                    drift.ravel(),
                )
            )
        steps, ids, v_inf, drift = (np.concatenate(part) for part in zip(*parts, strict=True))
        starts, order = rows_of(steps - first, stop - first)
        return LevelRows(starts, ids[order], v_inf[order], drift[order])
