"""Nodes of neurons as our LIF, and what a spike or a bias means to them.

What NIR calls v is what we call mV, 1 to 1: the files hold dimensionless volts, and every number of
a report is then the number of the file. Seconds become ms. ``cm`` is chosen so that
``tau_m / cm = r``, and currents (our nA) are those of the file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import FrontendError, NetworkError
from ...network import LIF
from ...typing import Float64Array
from .convention import Convention
from .graph import NirNode, describe
from .linear import Shape

__all__ = ["SILENT", "SPIKING", "NeuronNode", "read_neurons"]

SPIKING = ("CubaLIF", "IF", "LIF", "Threshold")
SILENT = ("CubaLI", "I", "LI")
"""Nodes whose output is v itself."""


@dataclass(frozen=True, eq=False)
class NeuronNode:
    """The neurons of a node.

    Parameters
    ----------
    model : LIF
        Parameters, without the bias.
    shape : tuple of int
        Of the tensor that the neurons form.
    kick : ndarray of float64, shape (size,), mV or nA
        What a spike of weight 1 adds.
    current : ndarray of float64, shape (size,), nA
        What a bias of 1 is as a constant current.
    onset : ndarray of float64, shape (size,), nA
        Synaptic current at time 0 that a bias of 1 needs, so that its own current starts at 0.
    """

    model: LIF
    shape: Shape
    kick: Float64Array
    current: Float64Array
    onset: Float64Array


def read_neurons(
    name: str, node: NirNode, dt: float, convention: Convention, v_reset: float | None
) -> NeuronNode:
    """Turn a node into a model.

    Parameters
    ----------
    name, node
        Of the flat graph.
    dt : float, ms
        Step.
    convention : Convention
        Of the graph.
    v_reset : float, optional
        Reset of a node that stores none.

    Raises
    ------
    FrontendError
        If a parameter is missing or not allowed.
    """
    kind, label = type(node).__name__, describe(name, node)
    if kind == "Threshold":
        return _threshold(label, node, dt, convention)
    cuba = kind.startswith("Cuba")
    if cuba and convention.kick == "stored" and convention.integration == "exact":
        raise FrontendError(
            f"{label}: kick = 'stored' adds the current to v as it is, but with integration = "
            "'exact' it decays within the step. Take 'euler' or 'exponential_euler'."
        )
    get = _Parameters(label, node)
    shape = get.shape
    tau = np.full(get.size, np.inf)
    if kind not in {"I", "IF"}:
        tau = get.positive("tau_mem" if cuba else "tau") * 1000
    r = get.positive("r")
    parameters: dict[str, Any] = {
        "tau_m": tau,
        "cm": tau / r if kind not in {"I", "IF"} else 1 / r,
        "v_rest": get("v_leak") if kind not in {"I", "IF"} else 0.0,
    }
    if kind in SPIKING:
        parameters["v_thresh"] = get("v_threshold")
        parameters["v_reset"] = get("v_reset") if v_reset is None else v_reset
    else:
        parameters["v_thresh"] = math.inf
        parameters["v_reset"] = parameters["v_rest"]
    if cuba:
        parameters["tau_syn"] = get.positive("tau_syn") * 1000
    w_in = get("w_in") if cuba else np.ones(get.size)
    kick, current = _sizes(parameters, r, w_in, dt, convention)
    onset = np.zeros(get.size)
    if cuba:
        # A bias makes I rise from 0: a constant current, and one that begins at minus that and
        # decays. A step less of it is left where input acts in its own step.
        onset = -current
        if convention.delivery == "before_threshold" and convention.kick != "impulse":
            onset = onset * (1 - _lost(parameters["tau_syn"], dt, convention))
    model = _model(label, parameters, convention.integration)
    return NeuronNode(model, shape, kick, current, onset)


class _Parameters:
    """Arrays of a node, checked against the shape of the first, flattened."""

    def __init__(self, label: str, node: NirNode) -> None:
        self._label, self._node = label, node
        self.shape: Shape = np.shape(node.r)
        self.size = int(np.prod(self.shape, dtype=np.int64))

    def __call__(self, name: str) -> Float64Array:
        array = np.asarray(getattr(self._node, name), dtype=np.float64)
        if array.shape != self.shape:
            raise FrontendError(
                f"{self._label}: {name} has shape {array.shape} and r {self.shape}; allowed: one "
                "shape for all parameters."
            )
        if not np.isfinite(array).all():
            raise FrontendError(f"{self._label}: {name} is not finite; allowed: finite numbers.")
        return array.ravel()

    def positive(self, name: str) -> Float64Array:
        array = self(name)
        if not (array > 0).all():
            raise FrontendError(
                f"{self._label}: {name} = {array[np.argmin(array > 0)]:g}; allowed: above 0."
            )
        return array


def _sizes(
    parameters: dict[str, Any],
    r: Float64Array,
    w_in: Float64Array,
    dt: float,
    convention: Convention,
) -> tuple[Float64Array, Float64Array]:
    """Kick of a spike of weight 1, and constant current of a bias of 1."""
    kick, ones = convention.kick, np.ones_like(r)
    if not np.isfinite(parameters["tau_m"]).all():
        # cm is 1 / r, so that a current of 1 adds r per ms.
        jump = ones if kick == "stored" else r
        return jump, ones / 1000 if kick == "impulse" else jump / r / dt
    # Rise of v in one step by a steady current of 1.
    rise = r * _lost(parameters["tau_m"], dt, convention)
    if "tau_syn" not in parameters:
        jumps = {"pulse": rise, "impulse": r / (parameters["tau_m"] / 1000), "stored": ones}
        return jumps[kick], ones / rise if kick == "stored" else ones
    lost = _lost(parameters["tau_syn"], dt, convention)
    if kick == "stored":
        return 1 / rise, 1 / (rise * lost)
    return w_in * (lost if kick == "pulse" else 1000 / parameters["tau_syn"]), w_in


def _lost(tau: Float64Array, dt: float, convention: Convention) -> Float64Array:
    """What a step takes away: ``1 - keep``."""
    x = dt / tau
    return x if convention.integration == "euler" else -np.expm1(-x)


def _threshold(label: str, node: NirNode, dt: float, convention: Convention) -> NeuronNode:
    """A step function of the input of one step: a neuron that forgets everything in a step."""
    threshold = np.asarray(node.threshold, dtype=np.float64)
    if not (np.isfinite(threshold) & (threshold > 0)).all():
        raise FrontendError(
            f"{label}: a threshold of {threshold.min():g} would spike without input; allowed: "
            "above 0."
        )
    if convention.delivery == "after_threshold":
        raise FrontendError(
            f"{label}: compares the input of one step, but with delivery = 'after_threshold' input "
            "decays before it is compared. Take 'before_threshold' or 'next_step'."
        )
    ones = np.ones(threshold.size)
    parameters: dict[str, Any] = {"tau_m": dt, "cm": dt, "v_rest": 0.0, "v_reset": 0.0}
    parameters["v_thresh"] = threshold.ravel()
    # A step of Euler as long as the time constant leaves exactly nothing.
    model = _model(label, parameters, "euler")
    return NeuronNode(model, threshold.shape, ones, ones, np.zeros(threshold.size))


def _model(label: str, parameters: dict[str, Any], integration: str) -> LIF:
    plain = {
        name: float(value[0]) if np.ndim(value) and (value == value[0]).all() else value
        for name, value in parameters.items()
    }
    try:
        return LIF(**plain, integration=integration)
    except NetworkError as problem:
        raise FrontendError(f"{label}: {problem}") from None
