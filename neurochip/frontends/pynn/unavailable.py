"""Models of PyNN that the chip cannot run: classes that refuse, and name what works instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyNN.standardmodels import ModelNotAvailable

__all__ = ["UNAVAILABLE", "refused_model", "refused_models"]

_AS_CURRENT = 'What works: IF_cond_exp with setup(conductances="driving_force")'
_OF_CURRENTS = "What works: CurrExpPostSynapticResponse, weights multiplied by the driving force."
_AT_MEAN_RATE = (
    "What works: StaticSynapse with the weight that the synapse has at the mean rate of its source."
)
_ON_AVERAGE = "What works: StaticSynapse with the mean weight, p * weight."
_BOTH_ALIKE = (
    "What works: AdditiveWeightDependence, or MultiplicativeWeightDependence, in which changes "
    "upwards and downwards depend on the weight alike."
)
_ONE_COMPARTMENT = "What works: neurons of one compartment, such as IF_curr_exp."

UNAVAILABLE = {
    "IF_curr_alpha": "What works: IF_curr_exp with weights multiplied by e = 2.718, so that a "
    "spike carries the same charge.",
    "IF_cond_alpha": f"{_AS_CURRENT}, and weights multiplied by e = 2.718.",
    "IF_cond_exp_gsfa_grr": f"{_AS_CURRENT}, without adaptation.",
    "IF_facets_hardware1": f"{_AS_CURRENT}, and the parameters that the hardware fixes.",
    "HH_cond_exp": "What works: IF_curr_exp, fitted to its rates.",
    "EIF_cond_alpha_isfa_ista": f"{_AS_CURRENT}, without adaptation.",
    "EIF_cond_exp_isfa_ista": f"{_AS_CURRENT}, without adaptation.",
    "GIF_cond_exp": f"{_AS_CURRENT}, without adaptation and escape noise.",
    "Izhikevich": "What works: IF_curr_delta, fitted to its rates.",
    "AdExp": "What works: LIF in a PointNeuron, without adaptation.",
    "MultiCompartmentNeuron": _ONE_COMPARTMENT,
    "CondExpPostSynapticResponse": _OF_CURRENTS,
    "ExpPSR": _OF_CURRENTS,
    "CondAlphaPostSynapticResponse": f"{_OF_CURRENTS[:-1]} and by e = 2.718.",
    "AlphaPSR": f"{_OF_CURRENTS[:-1]} and by e = 2.718.",
    "CondBetaPostSynapticResponse": _OF_CURRENTS,
    "BetaPSR": _OF_CURRENTS,
    "NaChannel": _ONE_COMPARTMENT,
    "KdrChannel": _ONE_COMPARTMENT,
    "PassiveLeak": _ONE_COMPARTMENT,
    "PassiveLeakHH": _ONE_COMPARTMENT,
    "NativeRNG": "What works: NumpyRNG.",
    "ElectricalSynapse": "What works: StaticSynapse, since neurons exchange nothing but spikes.",
    "TsodyksMarkramSynapse": _AT_MEAN_RATE,
    "StochasticTsodyksMarkramSynapse": _AT_MEAN_RATE,
    "MultiQuantalSynapse": _AT_MEAN_RATE,
    "SimpleStochasticSynapse": _ON_AVERAGE,
    "AdditivePotentiationMultiplicativeDepression": _BOTH_ALIKE,
    "GutigWeightDependence": _BOTH_ALIKE,
    "Vogels2011Rule": "What works: SpikePairRule.",
}
"""The nearest thing that works, by the name of the model, or of its part."""


def refused_model(name: str, nearest: str) -> type:
    """Return a class that raises PyNN's refusal, with the nearest thing that works.

    Parameters
    ----------
    name : str
        Name of the model.
    nearest : str
        Sentences that name what works.
    """

    def refuse(self: Any, *_: Any, **__: Any) -> None:
        try:
            ModelNotAvailable.__init__(self)
        except NotImplementedError as refusal:
            raise NotImplementedError(f"{refusal} {nearest}") from None

    return type(name, (ModelNotAvailable,), {"__init__": refuse, "__doc__": nearest})


def refused_models() -> Iterator[tuple[str, type]]:
    """Yield the classes of :data:`UNAVAILABLE` by name."""
    for name, nearest in UNAVAILABLE.items():
        yield name, refused_model(name, nearest)
