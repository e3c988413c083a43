"""The float twin of a lava-dl network: the programs of its neurons with real numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...chip.core import CoreSpec
from ...programs import PROGRAMS, NeuronProgram, simulate_program
from ...typing import Float64Array
from .build import graded_parameters
from .layer import NetxLayer, NetxNeuron

__all__ = ["Frames", "simulate_layers"]

_FULL = 4096  # decay register of a value that keeps nothing
_SHIFT = 6  # of weights, thresholds and biases of LIF neurons


class Frames(NamedTuple):
    """The input of the first layer.

    Parameters
    ----------
    values : ndarray of float64, shape (n_frames, n_inputs)
        Biases of an input layer of LIF neurons, otherwise payloads.
    hold : int
        Steps for which a frame stays.
    """

    values: Float64Array
    hold: int

    def payloads(self, n_steps: int) -> Float64Array:
        """Return the values of each step; nothing after the last frame."""
        found = np.zeros((n_steps, self.values.shape[1]))
        given = np.repeat(self.values, self.hold, axis=0)[:n_steps]
        found[: len(given)] = given
        return found

    def bias(self, step: int) -> Float64Array:
        """Return the biases of a step; the last frame stays."""
        last = len(self.values) - 1
        return np.asarray(self.values[min(step // self.hold, last)])


def simulate_layers(
    layers: Sequence[NetxLayer],
    core: CoreSpec,
    frames: Frames,
    n_steps: int,
    resets: Sequence[tuple[int, int]],
) -> dict[str, Float64Array]:
    """Return what each layer with neurons sends in each step, by its name.

    Parameters
    ----------
    layers : sequence of NetxLayer
        All layers, in order.
    core : CoreSpec
        The core, for whose programs the integers of the file are meant.
    frames : Frames
        Input of the first layer.
    n_steps : int
        Number of steps.
    resets : sequence of (interval, offset)
        When the state of each layer with neurons is reset; empty without resets.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_steps, n_neurons)
        Payloads: 0 without a spike, and 1 for a spike of LIF neurons.

    Notes
    -----
    A layer answers what the layer before it sent a step earlier, so a layer without connections to
    itself runs through all steps at once.
    """
    found: dict[str, Float64Array] = {}
    before: Float64Array = frames.payloads(n_steps)
    delay: Any = 0
    for layer in layers:
        neuron = layer.neuron
        if neuron is None:
            continue
        run = _Neurons(neuron, core)
        biased = layer.weight is None and neuron.model == "lif"
        if layer.weight is not None:
            arrived = _late(_sent_through(layer, layer.weight, before, delay), 1)
        else:
            arrived = np.zeros_like(before) if biased else before
        reset = resets[len(found)] if resets else None
        pieces = _pieces(n_steps, frames.hold if biased else 0, reset, layer.weight_rec is not None)
        sent = np.zeros((n_steps, layer.n_neurons))
        for begin, end, is_reset in pieces:
            if is_reset:
                run.reset()
            if layer.weight_rec is not None:
                arrived[begin] += _from_itself(layer, sent, begin)
            bias = frames.bias(begin) if biased else None
            sent[begin:end] = run.advance(arrived[begin:end], bias)
        found[layer.name] = sent
        before, delay = sent, neuron.delay
    return found


class _Neurons:
    """The neurons of a layer in some state."""

    def __init__(self, neuron: NetxNeuron, core: CoreSpec) -> None:
        self.program: NeuronProgram = PROGRAMS[neuron.model](core)
        self.unit = 2.0**core.weight_shift
        self.parameters = _parameters(neuron, self.program)
        self.reset()

    def reset(self) -> None:
        """Set all state registers to 0."""
        self.state: dict[str, Any] = {}

    def advance(self, arrived: Float64Array, bias: Float64Array | None) -> Float64Array:
        """Run through some steps, with the sums of weights that arrive in each."""
        values = self.parameters
        if bias is not None:
            values = {**values, "bias": bias * 2.0**_SHIFT}
        states, sent = simulate_program(self.program, arrived * self.unit, values, state=self.state)
        self.state = {name: each[-1] for name, each in states.items()}
        return sent


def _parameters(neuron: NetxNeuron, program: NeuronProgram) -> Mapping[str, Any]:
    if neuron.model != "lif":
        return graded_parameters(neuron, program)
    unit = 2.0**_SHIFT
    return {
        "keep_u": _FULL - neuron.decay_u,
        "keep_v": _FULL - neuron.decay_v,
        "bias": unit * neuron.bias,
        "vmin": -math.inf,
        "vmax": math.inf,
        "threshold": unit * neuron.threshold,
        "refractory": 1,
    }


def _pieces(
    n_steps: int, hold: int, reset: tuple[int, int] | None, single: bool
) -> Iterator[tuple[int, int, bool]]:
    """Yield the steps between changes, and whether the state is reset before them.

    Changes are resets, new frames (unless ``hold`` is 0), or with ``single`` all steps.
    """
    steps = np.arange(n_steps)
    resets = np.zeros(n_steps, bool) if reset is None else steps % reset[0] == reset[1]
    frames = steps % hold == 0 if hold else np.zeros(n_steps, bool)
    begins = np.flatnonzero(resets | frames | single | (steps == 0)).tolist()
    for begin, end in zip(begins, [*begins[1:], n_steps], strict=True):
        yield begin, end, bool(resets[begin])


def _late(values: Float64Array, steps: int) -> Float64Array:
    """Return the values so many steps later."""
    found = np.zeros_like(values)
    found[steps:] = values[: len(values) - steps]
    return found


def _sent_through(layer: NetxLayer, weight: Any, before: Float64Array, delay: Any) -> Float64Array:
    """Return what a step later arrives at each neuron, after the delays of the sources."""
    delays = np.broadcast_to(delay, before.shape[1])
    found = np.zeros((len(before), math.prod(layer.shape)))
    for steps in np.unique(delays).tolist():
        part = _late(np.where(delays == steps, before, 0.0), min(steps, len(before)))
        found += _convolved(layer, part) if layer.kind == "conv" else part @ weight.T.astype(float)
    return found


def _from_itself(layer: NetxLayer, sent: Float64Array, step: int) -> Float64Array:
    """Return what a layer with connections to itself gets from itself in a step."""
    assert layer.neuron is not None
    assert layer.weight_rec is not None
    at = step - 1 - layer.neuron.delay.astype(int)
    own = np.where(at >= 0, sent[np.maximum(at, 0), np.arange(len(at))], 0.0)
    return np.asarray(layer.weight_rec.astype(float) @ own)


def _convolved(layer: NetxLayer, values: Float64Array) -> Float64Array:
    """Return the sums of a convolution (a cross-correlation, as in torch) in each step."""
    assert layer.weight is not None
    (py, px), (sy, sx), (dy, dx) = layer.padding, layer.stride, layer.dilation
    n, (_, rows, columns) = len(values), layer.shape
    space = values.reshape(n, *layer.input_shape)
    space = np.pad(space, ((0, 0), (0, 0), (py, py), (px, px)))
    kernel = layer.weight.astype(np.float64)
    per_out, per_in = (each // layer.groups for each in (layer.shape[0], layer.input_shape[0]))
    found = np.zeros((n, *layer.shape))
    for i, j in np.ndindex(kernel.shape[2:]):
        seen = space[:, :, i * dy :: sy, j * dx :: sx][:, :, :rows, :columns]
        for group in range(layer.groups):
            out = slice(group * per_out, (group + 1) * per_out)
            part = seen[:, group * per_in : (group + 1) * per_in]
            found[:, out] += np.einsum("oc,ncyx->noyx", kernel[out, :, i, j], part, optimize=True)
    return found.reshape(n, -1)
