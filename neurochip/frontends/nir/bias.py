"""The constant bias of a layer as a current that begins with the layer.

A bias makes the synaptic current of a CubaLIF rise from 0 with ``tau_syn``. That equals a constant
current plus a synaptic current that starts at its negative and decays, so the rise costs nothing on
a chip. Before a deeper layer begins, the constant current is replaced by one that cancels what the
synaptic current is until then. Where that would need a multiple of the current (a synaptic current
that keeps little in a step), the rise is a current in steps instead.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from ...errors import FrontendError
from ...network import ConstantCurrent, Population, StepCurrent
from ...typing import Float64Array
from .neurons import NeuronNode

__all__ = ["BiasInput", "bias_current", "bias_onset", "check_bias"]

BiasInput: TypeAlias = "ConstantCurrent | StepCurrent"

_MOST = 2.0  # largest multiple of the bias that the synaptic current may be at time 0
_SMALL = 2.0**-40  # of the bias: the rest of a rise that is left out


def check_bias(label: str, node: NeuronNode, depth: int) -> None:
    """Raise a FrontendError if the bias of a layer cannot begin ``depth`` steps after the input."""
    if depth and node.missing.any() and node.model.integration == "exact":
        raise FrontendError(
            f"{label}: its bias begins {depth} steps after the input (layers = 'same_step'), which "
            "steps of a current give only where a current acts unchanged during a step. Take "
            "integration = 'euler' or 'exponential_euler', or layers = 'next_step'."
        )


def bias_onset(node: NeuronNode, bias: Float64Array, depth: int) -> Float64Array:
    """Return the synaptic current at time 0 (nA, shape (size,)) for a bias of the given weights."""
    with np.errstate(divide="ignore", invalid="ignore"):
        start = np.where(_cancels(node, depth), node.missing * node.keep**-depth, 0.0)
    return np.asarray(np.where(start > 0, -bias * node.current * start, 0.0))


def bias_current(
    population: Population, node: NeuronNode, bias: Float64Array, depth: int, dt: float
) -> BiasInput:
    """Return the current of a bias that begins at step ``depth``."""
    cancels, final = _cancels(node, depth), bias * node.current
    slowest = float(node.keep[~cancels].max(initial=0.0))
    rising = int(node.missing[~cancels].any())
    if slowest:
        rising = math.ceil(math.log(_SMALL) / math.log(slowest))
    step = np.arange(depth + rising + 1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = node.missing * node.keep ** (step - depth)
        rise = np.where(cancels, 1.0, 1.0 - left)
        before = np.where(cancels, left, 0.0)
    amplitudes = final * np.where(step < depth, before, rise)
    changed = (np.diff(amplitudes, axis=0, prepend=0.0) != 0).any(axis=1)
    steps = np.flatnonzero(changed)
    if not steps.any():
        return ConstantCurrent(population, amplitudes[0])
    return StepCurrent(population, steps * dt, amplitudes[steps])


def _cancels(node: NeuronNode, depth: int) -> np.ndarray:
    """Return the neurons whose constant current is cancelled until the layer begins."""
    return (node.keep**depth * _MOST >= node.missing) & (node.keep > 0)
