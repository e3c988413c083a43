"""Synapses that learn: PyNN's STDP of pairs of spikes, with additive or multiplicative weights.

A synapse sees its pre- and postsynaptic spikes with delays. PyNN gives a share of the delay of the
synapse to the dendrite, so that the postsynaptic spike is seen later; the rest is axonal, and the
presynaptic one is seen later. NEST's ``stdp_synapse`` knows the dendrite only, which is PyNN's
default; on the chip the presynaptic spike is seen when it arrives. The distance of two spikes
therefore differs by a constant number of steps, for which the amplitudes make up exactly. What
remains are pairs that come in the other order on the chip: those nearer than that number of steps.
So that it is as small as it can be, a dendritic delay must be one step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pyNN.standardmodels import synapses
from pyNN.standardmodels.base import inhibitory_receptor_types

from ...errors import FrontendError
from ...network import STDP
from ...typing import Float64Array
from .membranes import driving_force
from .synapses import Timed, delay_steps
from .translations import as_they_are

__all__ = [
    "AdditiveWeightDependence",
    "MultiplicativeWeightDependence",
    "STDPMechanism",
    "SpikePairRule",
    "learns",
    "rule_of",
]

_MODELS = {"pairs"}


class SpikePairRule(synapses.SpikePairRule):
    """All pairs of spikes change the weight, by exponentials of their distance."""

    translations = as_they_are(("tau_plus", "tau_minus", "A_plus", "A_minus"))
    possible_models = _MODELS


class AdditiveWeightDependence(synapses.AdditiveWeightDependence):
    """Changes are the amplitudes times w_max, clipped at 0 and w_max."""

    translations = as_they_are(("w_min", "w_max"))
    possible_models = _MODELS
    bounds = "hard"


class MultiplicativeWeightDependence(synapses.MultiplicativeWeightDependence):
    """Changes shrink towards the limits: with w_max - w upwards, with w downwards."""

    translations = as_they_are(("w_min", "w_max"))
    possible_models = _MODELS
    bounds = "soft"


class STDPMechanism(Timed, synapses.STDPMechanism):
    """Synapses that learn from the distances of spikes; onto excitatory receptors.

    Parameters
    ----------
    timing_dependence : SpikePairRule
        Time constants and amplitudes.
    weight_dependence : AdditiveWeightDependence or MultiplicativeWeightDependence
        Upper limit of the weights.
    voltage_dependence : None
        PyNN has none.
    **others
        ``weight`` and ``delay``, as of :class:`StaticSynapse`, and ``dendritic_delay_fraction``.

    Raises
    ------
    TypeError
        If a part is missing, or not of this simulator.
    """

    parameter_checks: dict[str, Any] = {}  # noqa: RUF012 - a projection checks whole columns
    base_translations = as_they_are(("weight", "delay", "dendritic_delay_fraction"))

    def __init__(
        self,
        timing_dependence: Any = None,
        weight_dependence: Any = None,
        voltage_dependence: Any = None,
        **others: Any,
    ) -> None:
        weights = AdditiveWeightDependence, MultiplicativeWeightDependence
        for name, part, models in (
            ("timing_dependence", timing_dependence, (SpikePairRule,)),
            ("weight_dependence", weight_dependence, weights),
            ("voltage_dependence", voltage_dependence, (type(None),)),
        ):
            if not isinstance(part, models):
                allowed = " or ".join(
                    model.__name__.replace("NoneType", "None") for model in models
                )
                raise TypeError(
                    f"STDPMechanism: {name} = {part!r}; allowed: {allowed} of this simulator."
                )
        super().__init__(timing_dependence, weight_dependence, voltage_dependence, **others)


def learns(projection: Any) -> bool:
    """Return whether a projection learns."""
    return isinstance(projection.synapse_type, STDPMechanism)


def rule_of(
    projection: Any, target: Any, delay: Float64Array, from_input: bool, dt: float
) -> STDP | None:
    """Return the rule by which a projection learns, or None if its weights stay.

    Parameters
    ----------
    projection : Projection
        The projection.
    target : Population
        Its target, or one of its targets.
    delay : ndarray, shape (n_synapses,), ms
        Delays in the network.
    from_input : bool
        Whether the sources are an input of the network: such a spike, which NEST has at the start
        of a step, comes in this step, and that of a neuron, which NEST has at its end, in it, too.
    dt : float, ms
        Length of a step.

    Raises
    ------
    FrontendError
        If the chip has no such rule.
    """
    if not learns(projection):
        return None
    names = (*SpikePairRule.translations, "w_min", "w_max", "dendritic_delay_fraction")
    one = {name: _parameter(projection, name) for name in names}
    asked, late = (_steps(projection, each, dt) for each in (projection.column("delay"), delay))
    dendritic = one["dendritic_delay_fraction"]
    if dendritic and (dendritic != 1 or asked > 1):
        raise _refusal(
            projection,
            f"a delay of {asked * dt:g} ms and dendritic_delay_fraction = {dendritic:g}",
            f"a delay of one step, {dt:g} ms, or dendritic_delay_fraction = 0, since the chip sees "
            "postsynaptic spikes at once",
        )
    if one["w_min"]:
        raise _refusal(projection, f"w_min = {one['w_min']:g}", "0, where learned weights end")
    if projection.receptor_type in inhibitory_receptor_types:
        raise _refusal(
            projection,
            f"the receptor {projection.receptor_type!r}",
            "an excitatory one, since learned weights are from 0 to w_max",
        )
    top = one["w_max"] * _scale(projection, target)
    shift = dt * (late + from_input + (asked if dendritic else -asked))
    return STDP(
        tau_plus=one["tau_plus"],
        tau_minus=one["tau_minus"],
        a_plus=one["A_plus"] * top * math.exp(-shift / one["tau_plus"]),
        a_minus=one["A_minus"] * top * math.exp(shift / one["tau_minus"]),
        w_max=top,
        bounds=type(projection.synapse_type.weight_dependence).bounds,
    )


def _steps(projection: Any, delay: Float64Array, dt: float) -> int:
    """Return the delay that all synapses have, in steps."""
    one = "one delay, since a trace belongs to a neuron. Use a projection for each delay"
    steps = delay_steps(delay, dt)
    return int(_shared(projection, steps, "delays of {:g} to {:g} steps", one))


def _scale(projection: Any, target: Any) -> float:
    """Return the weight in the network for one unit of PyNN's weight."""
    one = "neurons with one driving force, since all weights share w_max"
    for receptor in target.celltype.receptors:
        if receptor.name == projection.receptor_type:
            force = driving_force(target, receptor)
            return _shared(projection, force, "driving forces of {:g} to {:g} mV", one)
    return 1.0


def _parameter(projection: Any, name: str) -> float:
    """Return a parameter that all synapses must share."""
    one = "one value for all synapses. Use a projection for each value"
    return _shared(projection, projection.column(name), f"{name} from {{:g}} to {{:g}}", one)


def _shared(projection: Any, values: Any, what: str, allowed: str) -> float:
    """Return the number that all values are, 1 if there is none.

    Otherwise refuse ``what``, in which there are places for the smallest and the largest value.
    """
    found = np.unique(values)
    if len(found) > 1:
        raise _refusal(projection, what.format(found[0], found[-1]), allowed)
    return float(found[0]) if len(found) else 1.0


def _refusal(projection: Any, what: str, allowed: str) -> FrontendError:
    return FrontendError(
        f"projection {projection.label!r}: STDPMechanism with {what}; allowed: {allowed}."
    )
