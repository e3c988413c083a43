"""Write the arrays of lava-dl's Loihi 2 tests as golden vectors of neuron programs.

    python tests/conformance/record_lava_dl.py ARRAYS FOLDER
    neurochip conformance FOLDER

``ARRAYS`` holds ``dense_lif.npz``, ``tiny_lif.npz``, ``tiny_sdnn.npz``, ``pilotnet_lif.npz``,
``pilotnet_sdnn.npz`` and the ``.net`` files of both PilotNets: the ground truth of the tests of
lava-dl (``tests/lava/lib/dl/netx``, BSD-3). With ``--values N`` every file keeps only the first
neurons of an even choice, so that each of its arrays has at most N values.

Each layer becomes one vector: its accumulators are computed here, from the stored output of the
layer before and the stored weights; the expected state and output are those of lava-dl. Only for
the sigma-delta PilotNet are no outputs of layers stored: there the output of each layer is that of
a slow interpreter, and the sums of the layers after it are compared with those of lava-dl.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from program_arrays import run_program

from neurochip import LOIHI2
from neurochip.programs import PROGRAMS

SOURCE = "lava-dl, tests/lava/lib/dl/netx/gts/{} (BSD-3)"
LIMITS = {"vmin": -(2**23) + 1, "vmax": 2**23 - 1, "refractory": 1}
LIF = {"keep_u": 0, "keep_v": 4096 - 1024, "threshold": 25 << 6} | LIMITS
PERIOD = 17  # steps between two resets of lava-dl's PilotNet
SHIFT = LOIHI2.core.weight_shift
DEEP = 12  # binary digits of activations below one unit: spike_exp + state_exp
CODED = 6  # of these, the digits that a message does not carry: state_exp


def in_steps(array):
    """Arrays of lava-dl have the axes x, y, channel, step; here step, channel, y, x."""
    return array.transpose(3, 2, 1, 0).astype(np.int64)


def a_step_later(values):
    """Spikes of a layer reach the next layer in the step after."""
    return np.concatenate([np.zeros_like(values[:1]), values[:-1]])


def convolved(values, kernel, stride, padding=(0, 0)):
    """Cross-correlation of (steps, channels, rows, columns), as in torch, in integers."""
    (rows, columns), size = stride, kernel.shape[2:]
    values = np.pad(values, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    height, width = (
        (length - each) // step + 1
        for length, each, step in zip(values.shape[2:], size, stride, strict=True)
    )
    total = np.zeros((len(values), len(kernel), height, width), np.int64)
    for y, x in np.ndindex(*size):
        part = values[:, :, y : y + rows * height : rows, x : x + columns * width : columns]
        total += np.einsum("oc,tcyx->toyx", kernel[:, :, y, x].astype(np.int64), part)
    return total


def layers_of(path):
    """Weights, bias and the other integers of each layer of a .net file."""
    with h5py.File(path) as file:
        for name in sorted(file["layer"], key=int):
            layer = file["layer"][name]
            found = {key: layer[key][()] for key in layer if key != "neuron"}
            yield found | {"threshold": int(layer.get("neuron/vThMant", np.array(0))[()])}


@dataclass
class Layer:
    """One layer to write: what its neurons run, what arrives, and what lava-dl stores."""

    name: str
    program: str
    total: np.ndarray  # (steps, ...): what arrives at each neuron, in units of a mantissa
    expected: dict
    parameters: dict = field(default_factory=dict)
    reset: dict = field(default_factory=dict)


def dense_lif(arrays):
    stored = np.load(arrays / "dense_lif.npz")
    total = a_step_later((stored["weight"].astype(np.int64) @ stored["in"]).T)
    parameters = {"keep_u": 0, "keep_v": 4096 - 415, "bias": 0, "threshold": 6 << 6} | LIMITS
    yield Layer("dense_lif", "lif", total, {"payload": stored["out"].T}, parameters)


def tiny_lif(arrays):
    stored = np.load(arrays / "tiny_lif.npz")
    sent = stored["input"][0].transpose(3, 0, 2, 1)[1:]  # steps from 1, channel, x, y
    bias = stored["input_bias"].transpose(2, 0, 1).ravel().astype(np.int64) << 6
    nothing = np.zeros((len(sent), bias.size), np.int64)
    yield Layer("tiny_lif_input", "lif", nothing, {"payload": sent}, LIF | {"bias": bias})
    # Lava's convolution flips its kernels; this one is stored as Lava wants it.
    kernel = stored["layer1_kernel"].transpose(0, 3, 1, 2)[:, :, ::-1, ::-1]
    total = convolved(sent, kernel, (2, 2))
    bias = np.repeat(stored["layer1_bias"].astype(np.int64) << 6, total[0, 0].size)
    # The test sets all state to 0 at the end of step 0.
    layer1, current = (stored[key][0].transpose(3, 0, 2, 1)[1:] for key in ("layer1", "current"))
    expected = {"payload": layer1, "u": current.astype(np.int64) << 6}
    yield Layer("tiny_lif_layer1", "lif", total, expected, LIF | {"bias": bias})


def tiny_sdnn(arrays):
    stored = np.load(arrays / "tiny_sdnn.npz")
    sent = stored["input"].transpose(3, 2, 0, 1)
    steps = len(sent)
    level = stored["input_bias"][..., None] * np.sin(2 * np.pi * np.arange(steps) / steps)
    level = level.astype(np.int64).transpose(3, 2, 0, 1)  # truncated, as in the test
    coded = {"threshold": 20 << DEEP, "state_exponent": CODED}
    parameters = coded | {"input_exponent": DEEP}
    yield Layer("tiny_sdnn_input", "delta", level, {"payload": sent}, parameters)
    # The test runs this layer for one step, in which nothing has arrived.
    first = stored["layer1"].transpose(3, 2, 0, 1)[:1]
    bias = np.repeat(stored["layer1_bias"].astype(np.int64) << DEEP, first[0, 0].size)
    nothing, parameters = np.zeros_like(first), coded | {"bias": bias}
    yield Layer("tiny_sdnn_layer1", "sigma_delta", nothing, {"payload": first}, parameters)
    # In this test of lava-dl a spike counts 1, whatever it carries.
    spikes = stored["layer1"].reshape(-1, stored["layer1"].shape[-1]) != 0
    total = a_step_later((stored["layer2_weight"].astype(np.int64) @ spikes).T)
    yield Layer("tiny_sdnn_layer2", "sigma", total, {"payload": stored["layer2"].T})


def pilotnet_lif(arrays):
    stored = np.load(arrays / "pilotnet_lif.npz")
    sent = in_steps(stored["input"])
    bias = stored["image"].transpose(2, 1, 0).ravel().astype(np.int64) << 6
    nothing = np.zeros((len(sent), bias.size), np.int64)
    parameters, reset = LIF | {"bias": bias}, {"interval": PERIOD, "offset": 0}
    yield Layer("pilotnet_lif_input", "lif", nothing, {"payload": sent}, parameters, reset)
    for index, layer in enumerate(list(layers_of(arrays / "pilotnet_lif.net"))[1:4]):
        total = a_step_later(convolved(sent, layer["weight"], layer["stride"]))
        bias = np.repeat(layer["bias"].astype(np.int64) << 6, total[0, 0].size)
        name = f"conv_{index}"
        sent = in_steps(stored[name])
        expected = {"payload": sent}
        if f"{name}_u" in stored:
            expected["u"] = in_steps(stored[f"{name}_u"])
            # v is 128 in the step of a spike, which stands for the 0 that it is set to.
            expected["v"] = np.where(sent, 0, in_steps(stored[f"{name}_v"]))
        parameters, reset = LIF | {"bias": bias}, {"interval": PERIOD, "offset": index + 1}
        yield Layer(f"pilotnet_lif_{name}", "lif", total, expected, parameters, reset)


def pilotnet_sdnn(arrays):
    stored = np.load(arrays / "pilotnet_sdnn.npz")
    sent = in_steps(stored["act0"])
    level = np.repeat(in_steps(stored["input"]), len(sent), axis=0)
    parameters = {"threshold": 0, "input_exponent": DEEP, "state_exponent": CODED}
    yield Layer("pilotnet_sdnn_input", "delta", level, {"payload": sent}, parameters)
    truth = {1: in_steps(stored["sigma1"]), 2: in_steps(stored["sigma2"]), 9: stored["output"].T}
    for index, layer in enumerate(layers_of(arrays / "pilotnet_sdnn.net")):
        kind = layer["type"][0]
        if kind == b"conv":
            total = convolved(sent, layer["weight"], layer["stride"], layer["padding"])
        elif kind == b"dense":
            total = sent.reshape(len(sent), -1) @ layer["weight"].T.astype(np.int64)
        else:
            continue  # the input, and the flattening of channels, rows and columns
        total = a_step_later(total)
        bias = layer.get("bias", np.zeros(len(layer["weight"])))
        parameters = {
            "bias": np.repeat(bias.astype(np.int64) << DEEP, total[0, 0].size),
            "threshold": layer["threshold"] << DEEP,
            "state_exponent": CODED,
        }
        if index in truth:
            sums = truth[index]
            known = total[: len(sums)]
            name = f"pilotnet_sdnn_layer{index}"
            yield Layer(name, "sigma_delta", known, {"sigma": sums}, parameters)
        flat = total.reshape(len(total), -1)
        program = PROGRAMS["sigma_delta"](LOIHI2.core)
        sent = run_program(program, [flat << SHIFT], parameters)["payload"].reshape(total.shape)


def write(folder, origin, layer, most):
    """Write one vector, of all neurons or of an even choice of them."""
    steps = len(layer.total)
    n_neurons = layer.total.reshape(steps, -1).shape[1]
    every = 1 if most is None else -(-steps * n_neurons // most)

    def chosen(values):
        values = np.asarray(values, np.int64)
        if values.ndim > 1:
            return smallest(values.reshape(steps, -1)[:, ::every])
        return smallest(np.broadcast_to(values, n_neurons)[::every])

    arrays = {"input_0": chosen(layer.total)}
    for kind in ("parameters", "reset", "expected"):
        values = getattr(layer, kind).items()
        arrays |= {f"{kind.removesuffix('s')}_{key}": chosen(value) for key, value in values}
    texts = {"program": layer.program, "source": SOURCE.format(origin)}
    path = folder / f"lava_dl_{layer.name}.npz"
    np.savez_compressed(path, **texts, **arrays)
    values = sum(value.size for key, value in arrays.items() if key.startswith("expected_"))
    print(f"{layer.name:24} {values:9,} values, 1 of {every} of {n_neurons:,} neurons")


def smallest(values):
    """The values in the narrowest type that holds them."""
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= values.min() and values.max() <= np.iinfo(kind).max:
            return values.astype(kind)
    raise ValueError("a value has more than 32 bits")


ORIGINS = {
    "dense": dense_lif,
    "tinynet": tiny_lif,
    "tinynet_sdnn": tiny_sdnn,
    "pilotnet_lif": pilotnet_lif,
    "pilotnet_sdnn": pilotnet_sdnn,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("arrays", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--values", type=int)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, layers in ORIGINS.items():
        for each in layers(options.arrays):
            write(options.folder, name, each, options.values)
