"""Neuron models that the chip can run. Parameters keep the names and units of PyNN."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import build_translations, cells, receptors
from pyNN.standardmodels.base import inhibitory_receptor_types

from . import simulator
from .translations import as_they_are
from .unavailable import refused_model

__all__ = [
    "LIF",
    "CurrExpPostSynapticResponse",
    "IF_cond_exp",
    "IF_curr_delta",
    "IF_curr_exp",
    "PointNeuron",
    "Receptor",
]


class Receptor(NamedTuple):
    """A synaptic current of a neuron model, and the names of its parameters.

    Parameters
    ----------
    name : str
        Receptor type, as projections name it.
    tau : str
        Parameter with its time constant.
    initial : str
        Variable with its value at time 0.
    reversal : str, optional
        Parameter with its reversal potential, if its weights are conductances.
    """

    name: str
    tau: str
    initial: str
    reversal: str | None = None


class IF_curr_exp(cells.IF_curr_exp):  # noqa: N801 - PyNN's names
    """Leaky integrate-and-fire neurons with two exponential currents."""

    recordable = (*cells.IF_curr_exp.recordable, "isyn_exc", "isyn_inh")
    translations = as_they_are(cells.IF_curr_exp.default_parameters)
    receptors = (
        Receptor("excitatory", "tau_syn_E", "isyn_exc"),
        Receptor("inhibitory", "tau_syn_I", "isyn_inh"),
    )


class IF_curr_delta(cells.IF_curr_delta):  # noqa: N801
    """Leaky integrate-and-fire neurons whose v jumps by the weight (mV) of a spike."""

    translations = as_they_are(cells.IF_curr_delta.default_parameters)
    receptors = ()


class IF_cond_exp(cells.IF_cond_exp):  # noqa: N801
    """Leaky integrate-and-fire neurons whose conductances are taken as currents.

    A weight (uS) counts as the current (nA) that it would drive halfway between rest and threshold:
    ``weight * (e_rev - (v_rest + v_thresh) / 2)``.

    Raises
    ------
    NotImplementedError
        Without ``setup(conductances="driving_force")``.
    """

    translations = as_they_are(cells.IF_cond_exp.default_parameters)
    receptors = (
        Receptor("excitatory", "tau_syn_E", "gsyn_exc", "e_rev_E"),
        Receptor("inhibitory", "tau_syn_I", "gsyn_inh", "e_rev_I"),
    )

    def __init__(self, **parameters: Any) -> None:
        if simulator.state.conductances is None:
            nearest = (
                'What works: setup(conductances="driving_force"), which takes its conductances as '
                "currents at the driving force halfway between rest and threshold; or IF_curr_exp."
            )
            refused_model("IF_cond_exp", nearest)()
        super().__init__(**parameters)


class LIF(cells.LIF):
    """The leaky integrate-and-fire part of a PointNeuron."""

    translations = as_they_are(cells.LIF.default_parameters)


class CurrExpPostSynapticResponse(receptors.CurrExpPostSynapticResponse):
    """An exponential current of a PointNeuron."""

    translations = as_they_are(receptors.CurrExpPostSynapticResponse.default_parameters)
    recordable = ("isyn",)


class PointNeuron(cells.PointNeuron):
    """A LIF with one or two exponential currents.

    Two currents are told apart by the sign of the weights: the one that PyNN calls inhibitory
    (else the second in alphabetical order) takes weights of 0 and below, the other one those above.
    Parameters of a receptor have its name in front: ``"exc.tau_syn"``.

    Parameters
    ----------
    neuron : LIF
        Parameters of the membrane.
    **post_synaptic_receptors : CurrExpPostSynapticResponse
        The receptors by name.

    Raises
    ------
    NotImplementedError
        If the parts are others, or too many.
    """

    def __init__(self, neuron: Any, **post_synaptic_receptors: Any) -> None:
        parts = post_synaptic_receptors.values()
        known = all(isinstance(part, CurrExpPostSynapticResponse) for part in parts)
        if not isinstance(neuron, LIF) or not known or len(parts) not in {1, 2}:
            given = ", ".join(type(part).__name__ for part in (neuron, *parts))
            raise NotImplementedError(
                f"PointNeuron({given}): the PointNeuron model is not available for this simulator "
                "with these parts. What works: a LIF with one or two CurrExpPostSynapticResponse, "
                "one of them for positive and the other for negative weights."
            )
        super().__init__(neuron, **post_synaptic_receptors)
        names = list(self.receptor_types)
        names.sort(key=lambda name: name in inhibitory_receptor_types)
        self.receptors = tuple(Receptor(name, f"{name}.tau_syn", f"{name}.isyn") for name in names)

    def _flat(self) -> dict[str, Any]:
        """Return all parameters, those of receptors with their names in front."""
        own = {name: self.parameter_space[name] for name in self.neuron.default_parameters}
        return own | {
            item.tau: self.parameter_space[item.name]["tau_syn"] for item in self.receptors
        }

    @property
    def native_parameters(self) -> ParameterSpace:
        """The parameters by name."""
        return ParameterSpace(self._flat())

    @property
    def translations(self) -> Any:
        """Translations that keep the names."""
        return build_translations(*((name, name, 1.0) for name in self._flat()))

    def get_schema(self) -> dict[str, type]:
        """Return the types of the parameters by name."""
        return dict.fromkeys(self._flat(), float)

    def get_parameter_names(self) -> list[str]:
        """Return the names of the parameters."""
        return list(self._flat())

    def has_parameter(self, name: str) -> bool:
        """Return whether there is such a parameter."""
        return name in self._flat()

    @property
    def recordable(self) -> list[str]:
        """List the variables that can be recorded."""
        return [*self.neuron.recordable, *(item.initial for item in self.receptors)]
