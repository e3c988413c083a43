"""What explains an answer: the shortest time constant of a population, and how far it is driven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..network import Network, Population
from ..recording import Recording

__all__ = ["Circumstances", "circumstances"]


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """Facts about a population that explain its rates, as far as they are known.

    Parameters
    ----------
    shortest_tau : tuple of str and float, ms
        Name and value of the shortest time constant; infinite if there is none.
    mean_drive : float or None, mV
        Mean of v above ``v_rest`` in the reference, over time and the recorded neurons; None if v
        was not recorded.
    threshold : float, mV
        Mean of ``v_thresh`` above ``v_rest``.
    """

    shortest_tau: tuple[str, float]
    mean_drive: float | None
    threshold: float


def circumstances(network: Network, reference: Recording, population: str) -> Circumstances:
    """Return the circumstances of a population of a network that was run."""
    item = network.population(population)
    rest = item.parameter("v_rest")
    drive = None
    if (population, "v") in reference.traces:
        trace = reference.traces[population, "v"]
        if trace.unit == "mV" and trace.values.size:
            drive = float((trace.values - rest[trace.ids]).mean())
    return Circumstances(
        shortest_tau=min(_taus(item), key=lambda tau: tau[1]),
        mean_drive=drive,
        threshold=float((item.parameter("v_thresh") - rest).mean()),
    )


def _taus(item: Population) -> list[tuple[str, float]]:
    names = ["tau_m"]
    if not item.model.delta_synapses:
        two = item.model.tau_syn_E is not None or item.model.tau_syn_I is not None
        names += ["tau_syn_E", "tau_syn_I"] if two else ["tau_syn"]
    return [(name, float(np.min(item.parameter(name)))) for name in names]
