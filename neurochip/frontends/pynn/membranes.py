"""Turns the parameters of a population of neurons into a LIF."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import FrontendError
from ...network import LIF
from ...typing import Float64Array
from .cells import Receptor

__all__ = ["driving_force", "model_of", "plain"]

_SHARED = ("tau_m", "cm", "v_rest", "v_reset", "v_thresh", "tau_refrac", "i_offset")


def model_of(population: Any) -> LIF:
    """Return the neurons of a population with their initial values.

    Parameters
    ----------
    population : Population
        Neurons.

    Raises
    ------
    NetworkError
        If a parameter is not allowed.
    """
    given, initial = population._parameters, population._initial
    values: dict[str, Any] = {name: plain(given[name]) for name in _SHARED}
    # NEST spikes at v >= v_thresh, which is the same as v > the next float below it.
    values["v_thresh"] = np.nextafter(values["v_thresh"], -np.inf)
    values["v_init"] = plain(initial["v"])
    for receptor, end in zip(population.celltype.receptors, "EI", strict=False):
        current = initial[receptor.initial] * driving_force(population, receptor)
        values[f"tau_syn_{end}"] = plain(given[receptor.tau])
        values[f"i_syn_init_{end}"] = plain(current)
    if "tau_syn_E" in values:
        values.setdefault("tau_syn_I", values["tau_syn_E"])
    return LIF(**values)


def plain(values: Any) -> float | Float64Array:
    """Return one number if all values are equal."""
    values = np.asarray(values, dtype=np.float64)
    return float(values[0]) if len(values) and (values == values[0]).all() else values


def driving_force(population: Any, receptor: Receptor) -> Float64Array | float:
    """Return what the weights of a receptor are multiplied by: 1, or a driving force in mV.

    Conductances as currents: a weight g counts as ``g (e_rev - v)`` at a typical v, halfway between
    rest and threshold.

    Parameters
    ----------
    population : Population
        Neurons with the receptor.
    receptor : Receptor
        One of the receptors of their model.

    Returns
    -------
    1.0, or ndarray of shape (size,), mV

    Raises
    ------
    FrontendError
        If the driving force has the sign of the other receptor.
    """
    if receptor.reversal is None:
        return 1.0
    given = population._parameters
    halfway = (given["v_rest"] + given["v_thresh"]) / 2
    force = np.asarray(given[receptor.reversal] - halfway)
    excites = receptor is population.celltype.receptors[0]
    wrong = (force <= 0) if excites else (force >= 0)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise FrontendError(
            f"Population {population.label!r}: {receptor.reversal}[{first}] = "
            f"{given[receptor.reversal][first]:g} mV; allowed with conductances='driving_force': "
            f"{'above' if excites else 'below'} {halfway[first]:g} mV, which is halfway between "
            "rest and threshold."
        )
    return force
