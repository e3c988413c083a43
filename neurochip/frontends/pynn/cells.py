"""Neuron models: what the chip can run, and what to use in place of the others."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyNN.standardmodels import build_translations, cells

__all__ = ["IF_curr_delta", "IF_curr_exp", "Receptor"]


class Receptor(NamedTuple):
    """A synaptic current of a neuron model, by the names of its parameters.

    Parameters
    ----------
    tau : str
        Parameter with its time constant.
    initial : str
        Variable with its value at time 0.
    """

    tau: str
    initial: str


def _as_they_are(model: Any) -> Any:
    """Return translations that keep the names and units of PyNN."""
    return build_translations(*((name, name) for name in model.default_parameters))


class IF_curr_exp(cells.IF_curr_exp):  # noqa: N801 - PyNN's name
    """Leaky integrate-and-fire neurons with two exponential currents."""

    translations = _as_they_are(cells.IF_curr_exp)
    receptors = (Receptor("tau_syn_E", "isyn_exc"), Receptor("tau_syn_I", "isyn_inh"))


class IF_curr_delta(cells.IF_curr_delta):  # noqa: N801
    """Leaky integrate-and-fire neurons whose v jumps by the weight (mV) of a spike."""

    translations = _as_they_are(cells.IF_curr_delta)
    receptors = ()
