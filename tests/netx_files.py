"""Small networks of lava-dl for tests, in the layout that its ``export_hdf5`` writes."""

from __future__ import annotations

import copy

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")

LIF = {"type": "CUBA", "iDecay": 1024, "vDecay": 128, "vThMant": 50, "refDelay": 1}
GRADED = {"type": "SDNN", "activation": "relu", "vThMant": 2}
DENSE = {"type": "dense", "shape": [2], "weight": [[4, -2, 0], [6, 8, 2]], "neuron": LIF}


def even(seed, shape, top=60):
    """Even weights of both signs, as lava-dl writes them."""
    return 2 * np.random.default_rng(seed).integers(-top // 2, top // 2 + 1, shape)


def conv(seed, shape, kernel, **keys):
    """A convolution to a tensor of ``shape`` with a kernel of shape ``kernel``."""
    weight = even(seed, kernel)
    return {"type": "conv", "shape": shape, "weight": weight, "neuron": LIF, **keys}


def dense(seed, out, inputs, **keys):
    """A dense layer."""
    weight = even(seed, (out, inputs))
    return {"type": "dense", "shape": [out], "weight": weight, "neuron": LIF, **keys}


def changed(layer, **keys):
    """Return a layer with other keys; None removes one. ``neuron__x`` is a key of its neuron."""
    layer = copy.deepcopy(layer)
    for key, value in keys.items():
        inside, name = (layer["neuron"], key[8:]) if key.startswith("neuron__") else (layer, key)
        inside.pop(name, None)
        if value is not None:
            inside[name] = value
    return layer


def stored(path, *layers, change=None):
    """Write layers, change the open file, and return the path."""
    with h5py.File(path, "w") as file:
        for index, layer in enumerate(layers):
            for key, value in layer.items():
                part = value if isinstance(value, dict) else {"": value}
                for name, inner in part.items():
                    full = f"layer/{index}/{key}/{name}".rstrip("/")
                    if full.endswith("/type") and key == "type":
                        file.create_dataset(full, (1,), "S10", [inner.encode()])
                    else:
                        file[full] = inner
        if change is not None:
            change(file)
    return path
