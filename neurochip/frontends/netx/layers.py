"""Reads the layers of a lava-dl network: from what a file stores to what its neurons compute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import FrontendError
from ...network.kernel import places_of
from ...typing import Int16Array
from .file import StoredLayer
from .keys import Keys
from .layer import NetxLayer, NetxNeuron, Shape

__all__ = ["read_layer", "read_layers"]

_UNIT = 4096  # a full decay
_MOST_THRESHOLD = (1 << 17) - 1
_BIAS = (-4096, 4095)
_MOST_GRADED = (1 << 11) - 1  # of a threshold or bias that is shifted by 12 into 24 bits
_LONGEST_DELAY = 62
_MOST_STRIDE = 1 << 12


def read_layers(stored: Sequence[StoredLayer], input_shape: Shape | None) -> list[NetxLayer]:
    """Return the layers of a network, each fed by the one before it.

    Raises
    ------
    FrontendError
        At the first layer that cannot be read, with its key and value.
    """
    layers: list[NetxLayer] = []
    shape = input_shape
    for item in stored:
        layers.append(read_layer(item, shape))
        shape = layers[-1].shape
    _check_order(stored, layers)
    return layers


def read_layer(stored: StoredLayer, input_shape: Shape | None) -> NetxLayer:
    """Return one layer, which gets a tensor of shape ``input_shape`` (None: not known).

    Raises
    ------
    FrontendError
        If it cannot be read; the message names the layer, the key and the value.
    """
    keys = Keys(stored)
    return _READERS[stored.kind](keys, input_shape)


def _input(keys: Keys, given: Shape | None) -> NetxLayer:
    shape = keys.shape()
    if keys.layer.index:
        raise keys.problem("is not the first layer; allowed: an input layer as layer 0 only")
    if given not in {None, shape}:
        raise keys.problem(f"shape = {shape}, but input_shape = {given}; omit input_shape")
    low, high = _BIAS
    neuron = None if keys.model is None else _neuron(keys, shape, with_bias=False)
    return NetxLayer(
        index=0,
        kind="input",
        input_shape=shape,
        shape=shape,
        neuron=neuron,
        input_scale=keys.one("weight", low, high, 64),
        input_offset=keys.one("bias", low, high, 0),
    )


def _dense(keys: Keys, given: Shape | None) -> NetxLayer:
    shape = keys.shape()
    size = math.prod(shape)
    weight = _weights(keys, "weight")
    if weight.ndim == 1 and weight.size % size == 0:
        weight = weight.reshape(size, -1)  # of a layer with one neuron
    if weight.ndim != 2 or len(weight) != size:
        raise keys.problem(
            f"weight has shape {weight.shape}; allowed: ({size}, inputs), as the layer has {size} "
            "neurons"
        )
    inputs = weight.shape[1]
    if given is None:
        given = (inputs,)
    if math.prod(given) != inputs:
        raise keys.problem(
            f"weight has shape {weight.shape}; allowed: ({size}, {math.prod(given)}), as what "
            f"comes in has shape {given}"
        )
    recurrent = None
    if keys.layer.kind == "dense_rec":
        recurrent = _weights(keys, "weight_rec")
        if recurrent.shape != (size, size):
            raise keys.problem(f"weight_rec has shape {recurrent.shape}; allowed: ({size}, {size})")
    return NetxLayer(
        index=keys.layer.index,
        kind=keys.layer.kind,
        input_shape=given,
        shape=shape,
        neuron=_neuron(keys, shape),
        weight=weight,
        weight_rec=recurrent,
    )


def _conv(keys: Keys, given: Shape | None) -> NetxLayer:
    shape = keys.shape()
    if given is None:
        raise keys.problem(
            "is the first layer, and its file does not say the shape of its input; pass "
            "input_shape=(channels, rows, columns)"
        )
    if len(given) != 3 or len(shape) != 3:
        raise keys.problem(
            f"goes from shape {given} to {shape}; allowed: (channels, rows, columns) for both"
        )
    weight = _weights(keys, "weight")
    if weight.ndim == 5 and weight.shape[4] == 1:
        weight = weight[..., 0]  # lava-dl keeps time as the last dimension
    groups = keys.one("groups", 1, shape[0], 1)
    if weight.ndim != 4 or len(weight) != shape[0] or weight.shape[1] * groups != given[0]:
        raise keys.problem(
            f"weight has shape {weight.shape} in {groups} groups; allowed: ({shape[0]}, "
            f"{given[0]} / groups, rows, columns), as the layer goes from shape {given} to {shape}"
        )
    if shape[0] % groups:
        raise keys.problem(f"groups = {groups}; allowed: a divisor of {shape[0]} channels")
    stride, dilation = (keys.pair(key, 1, _MOST_STRIDE, 1) for key in ("stride", "dilation"))
    padding = keys.pair("padding", 0, _MOST_STRIDE, 0)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    computed = places_of(given[1:], weight.shape[2:], settings)
    if computed != shape[1:]:
        raise keys.problem(
            f"shape = {shape}; allowed: {(shape[0], *computed)}, which its kernel, stride, padding "
            f"and dilation make of {given}"
        )
    return NetxLayer(
        index=keys.layer.index,
        kind="conv",
        input_shape=given,
        shape=shape,
        neuron=_neuron(keys, shape),
        weight=np.ascontiguousarray(weight),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def _flatten(keys: Keys, given: Shape | None) -> NetxLayer:
    shape = keys.shape()
    if given is not None and math.prod(given) != math.prod(shape):
        raise keys.problem(f"shape = {shape}; allowed: {math.prod(given)} values, as {given} has")
    flat = (math.prod(shape),)
    return NetxLayer(index=keys.layer.index, kind="flatten", input_shape=given or flat, shape=flat)


def _average(keys: Keys, given: Shape | None) -> NetxLayer:
    shape = keys.shape()
    if given is not None and math.prod(given) % math.prod(shape):
        raise keys.problem(
            f"shape = {shape}; allowed: a divisor of the {math.prod(given)} neurons before it"
        )
    return NetxLayer(
        index=keys.layer.index, kind="average", input_shape=given or shape, shape=shape
    )


_READERS = {
    "average": _average,
    "conv": _conv,
    "dense": _dense,
    "dense_rec": _dense,
    "flatten": _flatten,
    "input": _input,
}


def _weights(keys: Keys, key: str) -> Int16Array:
    """Return weights; those that lava-dl would clip without an error are refused.

    lava-dl scales the weights of a layer to 8 bits with their sign (``optimize_weight_bits``): all
    above 0 may reach 255, all below 0 -255, and mixed ones -256 to 254, beyond 127 only even ones.
    """
    weight = keys.whole(key, -256, 255)
    largest, least = weight.max(), weight.min()
    if least < 0 < largest:
        low, high, step = (-256, 254, 2) if largest > 127 or least < -128 else (-128, 127, 1)
    else:
        low, high, step = -255, 255, 1
    lost = (weight < low) | (weight > high) | (weight % step != 0)
    if lost.any():
        first = tuple(int(part[0]) for part in np.nonzero(lost))
        kind = "even numbers" if step > 1 else "whole numbers"
        raise keys.problem(
            f"{key}[{', '.join(map(str, first))}] = {weight[first]}, which lava-dl would change in "
            f"silence; allowed beside weights from {least} to {largest}: {kind} from {low} to "
            f"{high}, which 8 bits hold"
        )
    return weight.astype(np.int16)


def _neuron(keys: Keys, shape: Shape, *, with_bias: bool = True) -> NetxNeuron:
    if keys.model is None:
        raise keys.problem(
            "has no group 'neuron'; allowed: neurons of the types CUBA, LOIHI or SDNN"
        )
    size = math.prod(shape)
    lif = keys.model != "SDNN"
    most = _MOST_THRESHOLD if lif else _MOST_GRADED
    low, high = _BIAS if lif else (-_MOST_GRADED, _MOST_GRADED)
    model = "lif" if lif else _graded_model(keys)
    silent = np.zeros(size, dtype=np.int64)

    def each(key: str, low: int, high: int, *, needed: bool) -> Any:
        return keys.per_neuron(key, shape, low, high) if needed or key in keys else silent

    if model == "sigma" and "bias" in keys:
        raise keys.problem("has a bias, which neurons with sigma_output do not add; remove it")
    return NetxNeuron(
        model=model,
        decay_u=each("neuron/iDecay", 0, _UNIT, needed=lif).astype(np.int32),
        decay_v=each("neuron/vDecay", 0, _UNIT, needed=lif).astype(np.int32),
        threshold=each("neuron/vThMant", 0, most, needed=True).astype(np.int32),
        bias=(each("bias", low, high, needed=False) if with_bias else silent).astype(np.int32),
        delay=each("delay", 0, _LONGEST_DELAY, needed=False).astype(np.uint8),
    )


def _graded_model(keys: Keys) -> str:
    if keys.layer.kind == "input":
        return "delta"
    return "sigma" if "neuron/sigma_output" in keys else "sigma_delta"


def _check_order(stored: Sequence[StoredLayer], layers: Sequence[NetxLayer]) -> None:
    """Check what no layer can check alone."""
    for before, layer, item in zip(layers, layers[1:], stored[1:], strict=False):
        if before.kind == "average":
            raise FrontendError(
                f"{item.where}: follows an average; allowed: an average at the end."
            )
        tensor = sum(n > 1 for n in before.shape) > 1
        if layer.kind.startswith("dense") and tensor:
            raise FrontendError(
                f"{item.where}: follows a layer of shape {before.shape}; allowed: a flatten "
                "between them, which says the order of its inputs."
            )
    models = {
        item.where: layer.neuron.model == "lif"
        for item, layer in zip(stored, layers, strict=True)
        if layer.neuron is not None
    }
    if not models:
        raise FrontendError(f"{stored[0].where}: no layer has neurons; allowed: at least one.")
    first = next(iter(models.values()))
    for where, lif in models.items():
        if lif != first:
            raise FrontendError(
                f"{where}: mixes neurons of the type SDNN, whose spikes have payloads, with LIF "
                "neurons; allowed: one of them in all layers."
            )
