"""A lava-dl network read with real numbers: the same equations in float64, as a NIR graph."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._support.extras import require
from ..._support.npz import as_path
from ..._support.ranges import POSITIVE
from ..._support.values import real
from ...errors import FrontendError
from .file import read_file
from .layer import NetxLayer
from .layers import read_layers
from .read import check_shape

if TYPE_CHECKING:
    from ..nir import NirModel

__all__ = ["read_netx_float"]

_OWNER = "netx"
_FULL = 4096  # decay register of a value that keeps nothing


def read_netx_float(
    path: str | os.PathLike[str], dt: float = 1.0, *, input_shape: Sequence[int] | None = None
) -> NirModel:
    """Read a lava-dl network (``.net``) as a network in float64, which can be compiled anew.

    Every register is taken as a real number, and nothing is truncated: current and voltage keep
    ``1 - decay / 4096`` in a step, and thresholds are below 1 mV. :func:`read_netx` runs the
    integers of the file themselves; they differ by the truncation of currents and voltages toward
    zero.

    Parameters
    ----------
    path : path
        The file that ``export_hdf5`` of lava-dl wrote, with LIF neurons.
    dt : float, ms
        Length of a step. lava-dl has none, so it is only a unit of time.
    input_shape : sequence of int, optional
        As for :func:`read_netx`.

    Returns
    -------
    NirModel
        Populations have the names of their layers; the input is spikes.

    Raises
    ------
    FrontendError
        If the file is damaged, or has a property that no network in float64 has.
    MissingExtraError
        If h5py or nir are not installed.
    """
    from ..nir import read_nir

    step = real(_OWNER, "dt", dt, "ms", POSITIVE, error=FrontendError) / 1000
    file = as_path(path, FrontendError)
    layers = read_layers(read_file(file), check_shape(input_shape))
    return read_nir(_graph(layers, step, str(file)), step, convention="lava", reset="value")


def _graph(layers: Sequence[NetxLayer], step: float, file: str) -> Any:
    """Return the layers as a NIR graph."""
    nir = require("nir", "nir", "a network of lava-dl in float64")
    shape = np.array(layers[0].input_shape)
    nodes: dict[str, Any] = {"input": nir.Input({"input": shape})}
    edges, last = [], "input"

    def add(name: str, node: Any) -> None:
        nonlocal last
        nodes[name] = node
        edges.append((last, name))
        last = name

    for layer in layers:
        if layer.kind == "flatten":
            add(layer.name, nir.Flatten({"input": np.array(layer.input_shape)}, 0, -1))
            continue
        _check(layer, file)
        if layer.kind == "input":
            continue
        assert layer.neuron is not None
        # mV per unit of a mantissa; a power of 2, with which a sum that is a threshold stays one.
        scale = 0.5 ** int(np.max(layer.neuron.threshold)).bit_length()
        if layer.kind == "conv":
            add(f"{layer.name}_weights", _convolution(nir, layer, scale))
        else:
            assert layer.weight is not None
            if len(layer.input_shape) > 1:
                flat = nir.Flatten({"input": np.array(layer.input_shape)}, 0, -1)
                add(f"{layer.name}_inputs", flat)
            add(f"{layer.name}_weights", nir.Linear(scale * layer.weight.astype(np.float64)))
        add(layer.name, _neurons(nir, layer, scale, step))
        neurons = last
        if layer.neuron.delay.any():
            waits = step * layer.neuron.delay.astype(np.float64).reshape(layer.shape)
            add(f"{layer.name}_delay", nir.Delay(waits))
        if layer.weight_rec is not None:
            back = f"{layer.name}_recurrent"
            nodes[back] = nir.Linear(scale * layer.weight_rec.astype(np.float64))
            edges += [(last, back), (back, neurons)]
    add("output", nir.Output({"output": np.array(layers[-1].shape)}))
    # The types of nir 1.0 take the channels of one group for all of them.
    return nir.NIRGraph(nodes=nodes, edges=edges, type_check=False)


def _check(layer: NetxLayer, file: str) -> None:
    """Raise a FrontendError if a layer has no counterpart in float64."""
    neuron, reason = layer.neuron, ""
    if layer.kind == "average":
        reason = "averages the output, which a network does not; leave it out of the export"
    elif layer.kind == "input" and neuron is not None:
        reason = "turns values of frames into biases, and a network takes spikes"
    elif neuron is not None and neuron.model != "lif":
        reason = "has neurons of the type SDNN, which send numbers and no spikes"
    elif neuron is not None and not (neuron.decay_u.all() and neuron.decay_v.all()):
        reason = "has a decay of 0, which is no time constant"
    if reason:
        raise FrontendError(
            f"{file}: layer {layer.index} ({layer.kind}) {reason}; read_netx runs "
            "its integers, and run_float of its result the same in float64."
        )


def _convolution(nir: Any, layer: NetxLayer, scale: float) -> Any:
    assert layer.weight is not None
    return nir.Conv2d(
        input_shape=layer.input_shape[1:],
        weight=scale * layer.weight.astype(np.float64),
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        bias=np.zeros(layer.shape[0]),
    )


def _neurons(nir: Any, layer: NetxLayer, scale: float, step: float) -> Any:
    """Return neurons whose current takes a weight as it is, and whose v takes the current so."""
    neuron = layer.neuron
    assert neuron is not None
    decay_u, decay_v = neuron.decay_u / _FULL, neuron.decay_v / _FULL
    values = {
        "tau_syn": step / decay_u,
        "tau_mem": step / decay_v,
        "r": 1.0 / decay_v,
        "w_in": 1.0 / decay_u,
        # The steady v of a bias that is added in each step.
        "v_leak": scale * neuron.bias / decay_v,
        "v_threshold": scale * neuron.threshold.astype(np.float64),
        "v_reset": np.zeros(len(decay_v)),
    }
    return nir.CubaLIF(**{name: item.reshape(layer.shape) for name, item in values.items()})
