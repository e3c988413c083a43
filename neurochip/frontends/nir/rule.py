"""The rule by which a spike changes v, as parameters of neurons."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import FrontendError
from ...network import LIF, Network, Population
from ...typing import Float64Array

__all__ = [
    "MIRRORED",
    "ResetRule",
    "apply_reset",
    "is_threshold",
    "late_v_reset",
    "rule_of",
    "rule_of_network",
    "stored_threshold",
]

MIRRORED = "-v_threshold"
"""``v_min`` of neurons whose lowest v is the negative of their threshold."""

_AT_THRESHOLD = 2.0**-40  # of the subtracted amount: far below the rounding of trained weights
_DELAYED = 2.0  # steps of tau_refrac: that of the spike and the next one


@dataclass(frozen=True)
class ResetRule:
    """Describes the effect of a spike.

    Parameters
    ----------
    reset : str
        ``"value"``, ``"subtract"`` or ``"subtract_and_raise"``.
    v_reset : float
        Reset potential of nodes that store none.
    delayed : bool or frozenset of str
        Whether the reset acts in the step after the spike, as in snnTorch, or the names of the
        nodes in which it does.
    spikes_per_step : str
        ``"one"``, or ``"many"`` as in sinabs, where v may also lie exactly on the threshold.
    v_min : float, str or None
        Lowest v, or ``MIRRORED``.
    """

    reset: str = "value"
    v_reset: float = 0.0
    delayed: bool | frozenset[str] = False
    spikes_per_step: str = "one"
    v_min: float | str | None = None

    def of_node(self, name: str) -> ResetRule:
        """Return the rule of the node of this name."""
        late = self.delayed if isinstance(self.delayed, bool) else name in self.delayed
        return dataclasses.replace(self, delayed=late)

    def in_words(self) -> str:
        """Return what a spike does, for one node."""
        text = "a spike sets v to its v_reset"
        if self.reset != "value":
            text = "a spike subtracts v_threshold - v_reset from v"
        if self.delayed:
            text += ", a step late"
        elif self.reset == "subtract_and_raise":
            text += "; what is left above v_threshold raises it by as much for a step"
        return text + (", several times in a step" if self.spikes_per_step == "many" else "")

    def as_text(self) -> dict[str, str]:
        """Return what the metadata of a graph say of this rule; its nodes hold the v_reset."""
        said = {"reset": self.reset, "spikes_per_step": self.spikes_per_step}
        if isinstance(self.delayed, bool):  # otherwise it is said by single nodes
            said["reset_delay"] = str(self.delayed)
        return {**said, "v_min": str(self.v_min)}


def apply_reset(
    label: str, rule: ResetRule, threshold: Float64Array, v_reset: Float64Array, keep: Float64Array
) -> dict[str, Any]:
    """Return the parameters of a :class:`~neurochip.LIF` that a rule gives.

    Parameters
    ----------
    label : str
        Name of the node in messages.
    rule : ResetRule
        The rule.
    threshold, v_reset : ndarray of float64, shape (size,)
        Those of the node.
    keep : ndarray of float64, shape (size,)
        Fraction of v that a step keeps.

    Returns
    -------
    dict
        ``v_thresh``, ``v_reset`` and what differs from the defaults; ``tau_refrac`` in steps.

    Raises
    ------
    FrontendError
        If a subtraction is a step late in neurons that keep nothing of v in a step.

    Notes
    -----
    What snnTorch subtracts a step after the spike, ``theta``, has decayed less than v by that step:
    the neuron is the same as one that subtracts ``theta / keep`` at once. A reset to a value that
    is a step late discards the input of that step, as a refractory period of that step does.
    """
    found: dict[str, Any] = {"v_thresh": threshold, "v_reset": v_reset}
    if rule.v_min is not None:
        found["v_min"] = -threshold if rule.v_min == MIRRORED else rule.v_min
    if rule.reset == "value":
        return {**found, "tau_refrac": _DELAYED} if rule.delayed else found
    amount = threshold - v_reset
    if rule.delayed:
        if not (keep > 0).all():
            raise FrontendError(
                f"{label}: keeps nothing of v in a step (tau is dt), so a subtraction in the step "
                "after the spike lowers v below what is left. Pass reset_delay=False."
            )
        amount = amount / keep
    elif rule.spikes_per_step == "many":
        found["v_thresh"] = threshold - _AT_THRESHOLD * amount
    found["v_reset"] = found["v_thresh"] - amount
    # The threshold of a late subtraction is never raised: v is lowered before the next test.
    reset = "subtract" if rule.delayed else rule.reset
    return {**found, "reset": reset, "spikes_per_step": rule.spikes_per_step}


def rule_of(model: LIF, dt: float, refractory_lag: int) -> ResetRule | None:
    """Return the rule that neurons follow at a step of ``dt`` ms, or None if no rule gives them.

    The steps of ``reset_delay`` with a subtraction are part of the amount that is subtracted, and
    a ``v_min`` that is not that of the rule belongs to the node. ``refractory_lag`` is that of the
    network.
    """
    held = np.unique(model.tau_refrac) / dt
    held = np.where(held > 0, held + refractory_lag, 0.0)
    delayed = model.reset == "value" and np.allclose(held, _DELAYED)
    if not delayed and held.any():
        return None
    mirrored = model.v_min is not None and np.allclose(
        model.v_min, -stored_threshold(model)[0], rtol=1e-9, atol=0.0
    )
    return ResetRule(
        model.reset, 0.0, delayed, model.spikes_per_step, MIRRORED if mirrored else None
    )


def stored_threshold(model: LIF) -> tuple[Float64Array, Float64Array]:
    """Return the threshold and the reset potential that a graph stores, which a rule changes."""
    threshold, v_reset = np.asarray(model.v_thresh), np.asarray(model.v_reset)
    if model.several:
        amount = threshold - v_reset
        threshold = threshold + _AT_THRESHOLD * amount
        v_reset = threshold - amount
    return threshold, v_reset


def late_v_reset(population: Population, dt: float) -> Float64Array:
    """Return what a graph stores of neurons that subtract a step late: see :func:`apply_reset`."""
    threshold, x = population.parameter("v_thresh"), dt / population.parameter("tau_m")
    keep = 1 - x if population.model.integration == "euler" else np.exp(-x)
    return np.asarray(threshold - (threshold - population.parameter("v_reset")) * keep)


def rule_of_network(network: Network, dt: float) -> ResetRule:
    """Return the one rule by which all neurons are reset.

    Its ``v_min`` is ``MIRRORED`` if that of all neurons is, and otherwise None. It is delayed if
    all neurons are, or has the names of the populations that are. Neurons that subtract beside some
    that also raise their threshold are those that do so a step late, which raises nothing.

    Raises
    ------
    FrontendError
        If there is no such rule.
    """
    raises = any(item.model.raises for item in network.populations)
    rules: dict[ResetRule, str] = {}
    mirrored = set()
    late: dict[str, bool] = {}
    for item in network.populations:
        if not item.model.spiking or is_threshold(item, dt):
            continue
        found = rule_of(item.model, dt, network.refractory_lag)
        label = f"NIR: population {item.name!r}"
        if found is None:
            raise FrontendError(
                f"{label}: tau_refrac = {item.parameter('tau_refrac').max():g} ms, but NIR has no "
                "refractory period. Set it to 0."
            )
        if (
            raises
            and found.reset == "subtract"
            and (late_v_reset(item, dt) < item.parameter("v_thresh")).all()
        ):
            found = dataclasses.replace(found, reset="subtract_and_raise", delayed=True)
        mirrored.add(found.v_min)
        late[item.name] = bool(found.delayed)
        rules.setdefault(dataclasses.replace(found, v_min=None, delayed=False), label)
        if len(rules) > 1:
            raise FrontendError(
                f"{label}: its spikes act otherwise than those of {rules[next(iter(rules))][5:]} "
                "(reset or spikes_per_step), but NIR has no members for these, and metadata hold "
                "one rule for all. Let all neurons follow one."
            )
    delayed = frozenset(name for name, found in late.items() if found)
    rule = next(iter(rules), ResetRule())
    if delayed:
        rule = dataclasses.replace(rule, delayed=delayed if len(delayed) < len(late) else True)
    return dataclasses.replace(rule, v_min=MIRRORED) if mirrored == {MIRRORED} else rule


def is_threshold(population: Population, dt: float) -> bool:
    """Return whether these neurons keep nothing of v in a step, as those of a Threshold."""
    model = population.model
    tau, rest, reset = (population.parameter(n) for n in ("tau_m", "v_rest", "v_reset"))
    forgets = model.integration == "euler" and bool((tau == dt).all())
    return forgets and model.delta_synapses and not (rest.any() or reset.any())
