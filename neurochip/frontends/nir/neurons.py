"""Reads nodes of neurons as LIF models, with the effect of a spike and of a bias.

One unit of v in NIR is 1 mV here: the files hold dimensionless volts, so reports show the numbers
of the file. Seconds become ms. ``cm`` is chosen so that ``tau_m / cm = r``, and one unit of current
in the file is 1 nA here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import FrontendError, NetworkError
from ...network import LIF
from ...network.neurons import Integration
from ...typing import Float64Array
from .convention import Convention
from .node import KINDS, LONGEST, NirNode, Shape, size_of
from .rule import ResetRule, apply_reset

__all__ = ["SILENT", "SPIKING", "NeuronNode", "own_shape", "read_neurons"]

SPIKING = ("CubaLIF", "IF", "LIF", "Threshold")
SILENT = ("CubaLI", "I", "LI")
"""Nodes that output v instead of spikes."""


@dataclass(frozen=True, eq=False)
class NeuronNode:
    """The neurons of a node.

    Parameters
    ----------
    model : LIF
        Parameters, without the bias.
    shape : tuple of int
        Shape of the tensor that the neurons form.
    kick : ndarray of float64, shape (size,), mV or nA
        Jump of v or of the current at a spike of weight 1.
    current : ndarray of float64, shape (size,), nA
        Constant current that corresponds to a bias of 1.
    keep : ndarray of float64, shape (size,)
        Fraction of the synaptic current that a step keeps; 0 for neurons without such a current.
    missing : ndarray of float64, shape (size,)
        Fraction of its final value that the current of a bias lacks in the step in which it begins,
        since it rises with ``tau_syn``; 0 for neurons without a synaptic current.
    """

    model: LIF
    shape: Shape
    kick: Float64Array
    current: Float64Array
    keep: Float64Array
    missing: Float64Array


def own_shape(node: NirNode) -> Shape | None:
    """Return the shape of the parameters; None if all of them are single numbers."""
    needed, optional = KINDS[node.kind]
    for name in (*needed, *optional):
        if node.members[name] is not None:
            shape = node.numbers(name).shape
            if math.prod(shape) > 1:
                return shape
    return None


def read_neurons(
    node: NirNode, shape: Shape, dt: float, convention: Convention, rule: ResetRule
) -> NeuronNode:
    """Turn a node into a model.

    Parameters
    ----------
    node : NirNode
        Node of the flat graph.
    shape : tuple of int
        Shape of the neurons; a parameter that is a single number applies to all of them.
    dt : float, ms
        Length of a step.
    convention : Convention
        Convention of the graph.
    rule : ResetRule
        What a spike does.

    Raises
    ------
    FrontendError
        If a parameter is not allowed.
    """
    get = _Parameters(node, shape)
    if node.kind == "Threshold":
        return _threshold(node, get("threshold"), shape, dt, convention)
    cuba = node.kind.startswith("Cuba")
    if cuba and convention.kick == "stored" and convention.integration == "exact":
        raise FrontendError(
            f"{node.label}: kick = 'stored' adds the current to v as it is, but with integration = "
            "'exact' it decays within the step. Take 'euler' or 'exponential_euler'."
        )
    leaks = node.kind not in {"I", "IF"}
    tau = np.full(get.size, np.inf)
    if leaks:
        tau = get.time("tau_mem" if cuba else "tau")
    r = get.positive("r")
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        cm = tau / r if leaks else 1 / r
    parameters: dict[str, Any] = {
        "tau_m": tau,
        "cm": cm,
        "v_rest": get("v_leak") if leaks else 0.0,
    }
    if node.kind in SPIKING:
        stored = node.members["v_reset"] is not None
        v_reset = get("v_reset") if stored else np.full(get.size, rule.v_reset)
        keep = 1 - _lost(tau, dt, convention)
        parameters |= apply_reset(
            node.label, rule.of_node(node.name), get("v_threshold"), v_reset, keep
        )
        if rule.v_min is None and node.members.get("v_min") is not None:
            parameters["v_min"] = get("v_min")
        if "tau_refrac" in parameters:
            parameters["tau_refrac"] *= dt
    else:
        parameters["v_thresh"] = math.inf
        parameters["v_reset"] = parameters["v_rest"]
    if cuba:
        parameters["tau_syn"] = get.time("tau_syn")
    w_in = get("w_in") if cuba else np.ones(get.size)
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        kick, current = _sizes(parameters, r, w_in, dt, convention)
    if not (np.isfinite(kick) & np.isfinite(current)).all():
        raise FrontendError(
            f"{node.label}: a spike or a bias of 1 would be beyond the range of float64. Scale its "
            "parameters."
        )
    keep = missing = np.zeros(get.size)
    if cuba:
        # The current of a bias rises from 0, one step earlier if input acts in its own step.
        keep = 1 - _lost(parameters["tau_syn"], dt, convention)
        early = convention.delivery == "before_threshold" and convention.kick != "impulse"
        missing = keep if early else np.ones(get.size)
    model = _model(node.label, parameters, convention.integration)
    return NeuronNode(model, shape, kick, current, keep, missing)


class _Parameters:
    """Parameters of a node as flat arrays with one value for each neuron."""

    def __init__(self, node: NirNode, shape: Shape) -> None:
        self._node, self._shape = node, shape
        self.size = size_of(node.label, shape)

    def __call__(self, name: str) -> Float64Array:
        array = self._node.numbers(name)
        if array.size > 1 and array.shape != self._shape:
            raise FrontendError(
                f"{self._node.label}: {name} has shape {array.shape} and others {self._shape}; "
                "allowed: one shape for all parameters, or single numbers."
            )
        return np.broadcast_to(array.ravel(), (self.size,))

    def positive(self, name: str) -> Float64Array:
        """Return a parameter that is above 0."""
        array = self(name)
        if not (array > 0).all():
            raise FrontendError(
                f"{self._node.label}: {name} = {array[np.argmin(array > 0)]:g}; allowed: above 0."
            )
        return array

    def time(self, name: str) -> Float64Array:
        """Return a time constant in ms."""
        seconds = self.positive(name)
        if seconds.max() > LONGEST:
            raise FrontendError(
                f"{self._node.label}: {name} = {seconds.max():g} s; allowed: up to {LONGEST:g} s."
            )
        return seconds * 1000


def _sizes(
    parameters: dict[str, Any],
    r: Float64Array,
    w_in: Float64Array,
    dt: float,
    convention: Convention,
) -> tuple[Float64Array, Float64Array]:
    """Return the kick of a spike of weight 1 and the constant current of a bias of 1."""
    kick, ones = convention.kick, np.ones_like(r)
    if not np.isfinite(parameters["tau_m"]).all():
        # cm is 1 / r, so a current of 1 adds r per ms.
        jump = ones if kick == "stored" else r
        return jump, ones / 1000 if kick == "impulse" else jump / r / dt
    # Rise of v in one step under a constant current of 1.
    rise = r * _lost(parameters["tau_m"], dt, convention)
    if "tau_syn" not in parameters:
        jumps = {"pulse": rise, "impulse": r / (parameters["tau_m"] / 1000), "stored": ones}
        return jumps[kick], ones / rise if kick == "stored" else ones
    lost = _lost(parameters["tau_syn"], dt, convention)
    if kick == "stored":
        return 1 / rise, 1 / (rise * lost)
    return w_in * (lost if kick == "pulse" else 1000 / parameters["tau_syn"]), w_in


def _lost(tau: Float64Array, dt: float, convention: Convention) -> Float64Array:
    """Return the fraction that decays in a step, ``1 - keep``."""
    x = dt / tau
    return x if convention.integration == "euler" else -np.expm1(-x)


def _threshold(
    node: NirNode, threshold: Float64Array, shape: Shape, dt: float, convention: Convention
) -> NeuronNode:
    """Read a Threshold, a step function of the input of one step, as a neuron without memory."""
    if not (threshold > 0).all():
        raise FrontendError(
            f"{node.label}: a threshold of {threshold.min():g} would spike without input; allowed: "
            "above 0."
        )
    if convention.delivery == "after_threshold":
        raise FrontendError(
            f"{node.label}: compares the input of one step, but with delivery = 'after_threshold' "
            "input decays before it is compared. Take 'before_threshold' or 'next_step'."
        )
    ones, zeros = np.ones(threshold.size), np.zeros(threshold.size)
    parameters: dict[str, Any] = {"tau_m": dt, "cm": dt, "v_rest": 0.0, "v_reset": 0.0}
    parameters["v_thresh"] = threshold
    # With tau_m = dt, Euler's method keeps exactly 0 of v in a step.
    model = _model(node.label, parameters, "euler")
    return NeuronNode(model, shape, ones, ones, zeros, zeros)


def _model(label: str, parameters: dict[str, Any], integration: Integration) -> LIF:
    plain: dict[str, Any] = {
        name: float(value[0]) if np.ndim(value) and (value == value[0]).all() else value
        for name, value in parameters.items()
    }
    try:
        return LIF(**plain, integration=integration)
    except NetworkError as problem:
        raise FrontendError(f"{label}: {problem}") from None
