"""Computes a network of lava-dl as lava's models do, step by step, in plain NumPy integers.

It shares no code with the image, the emulator or the neuron programs: tensors stay in space, and a
convolution is a sum over the entries of its kernel. Sources: lava-nc 0.10.0, ``proc/lif/models.py``
and ``proc/sdn/models.py``.
"""

from __future__ import annotations

import numpy as np


def run(layers, frames, n_steps, hold=1, reset=None):
    """Return for each layer what it sent, and its registers: {name: {variable: (steps, *shape)}}.

    ``frames`` are held for ``hold`` steps each; after the last frame nothing arrives (an input
    layer of LIF neurons keeps its last bias). ``reset`` is (interval, offset) of the first layer.
    """
    neurons = [layer for layer in layers if layer.neuron is not None]
    state = [_start(layer) for layer in neurons]
    ring = [np.zeros((64, layer.n_neurons), dtype=np.int64) for layer in neurons]  # what arrives
    found = {layer.name: [] for layer in neurons}
    for step in range(n_steps):
        given = _frame(neurons[0], frames, step, hold)
        sent = []
        for depth, (layer, now) in enumerate(zip(neurons, state, strict=True)):
            if reset is not None and step % reset[0] == (reset[1] + depth) % reset[0]:
                for part in now.values():
                    part[:] = 0
            arrived = ring[depth][step % 64].copy()
            ring[depth][step % 64] = 0
            direct = given if depth == 0 and layer.weight is None else None
            sent.append(_update(layer.neuron, now, arrived, direct))
            found[layer.name].append({"spikes": sent[-1], **{k: v.copy() for k, v in now.items()}})
        for depth, layer in enumerate(neurons):
            before = given if depth == 0 else sent[depth - 1]
            delay = 0 if depth == 0 else neurons[depth - 1].neuron.delay
            if layer.weight is not None:
                _send(ring[depth], step, layer, layer.weight, before, delay)
            if layer.weight_rec is not None:
                _send(ring[depth], step, layer, layer.weight_rec, sent[depth], layer.neuron.delay)
    return {
        layer.name: {
            key: np.array([row[key] for row in found[layer.name]]).reshape(n_steps, *layer.shape)
            for key in found[layer.name][0]
        }
        for layer in neurons
    }


def _start(layer):
    names = {
        "lif": ("u", "v"),
        "delta": ("act", "residue"),
        "sigma_delta": ("sigma", "act", "residue"),
        "sigma": ("sigma",),
    }
    return {name: np.zeros(layer.n_neurons, np.int64) for name in names[layer.neuron.model]}


def _frame(first, frames, step, hold):
    index = step // hold
    if first.weight is None and first.neuron.model == "lif":
        index = min(index, len(frames) - 1)
    return frames[index].ravel() if index < len(frames) else np.zeros(frames[0].size, np.int64)


def _truncated(x, decay):
    """x (4096 - decay) / 4096, toward zero."""
    product = x * (4096 - decay)
    return np.sign(product) * (np.abs(product) >> 12)


def _update(neuron, now, arrived, direct):
    if neuron.model == "lif":
        bias = neuron.bias if direct is None else direct
        now["u"][:] = _truncated(now["u"], neuron.decay_u) + (arrived << 6)
        now["v"][:] = _truncated(now["v"], neuron.decay_v) + now["u"] + (bias.astype(np.int64) << 6)
        spikes = now["v"] > (neuron.threshold.astype(np.int64) << 6)
        now["v"][spikes] = 0
        return spikes.astype(np.int64)
    threshold = neuron.threshold.astype(np.int64) << 12
    if neuron.model == "delta":
        new = direct << 12
    else:
        now["sigma"] += arrived
        if neuron.model == "sigma":
            return now["sigma"].copy()
        new = np.maximum(now["sigma"] + (neuron.bias.astype(np.int64) << 12), 0)
    change = new - now["act"] + now["residue"]
    kept = np.where(np.abs(change) >= threshold, change, 0)
    now["residue"][:] = change - kept
    now["act"][:] = new
    return kept >> 6


def _send(ring, step, layer, weight, sent, delay):
    """Add what is sent in a step to what arrives later."""
    delays = np.broadcast_to(delay, sent.shape)
    for wait in np.unique(delays):
        part = np.where(delays == wait, sent, 0)
        total = convolved(layer, part) if weight.ndim == 4 else weight.astype(np.int64) @ part
        ring[(step + 1 + int(wait)) % 64] += total.ravel()


def convolved(layer, flat):
    """Return the cross-correlation of a tensor with the kernel of a layer."""
    x = np.pad(flat.reshape(layer.input_shape), ((0, 0), *((p, p) for p in layer.padding)))
    out = np.zeros(layer.shape, dtype=np.int64)
    kernel, groups = layer.weight.astype(np.int64), layer.groups
    per_out, per_in = layer.shape[0] // groups, layer.input_shape[0] // groups
    (sy, sx), (dy, dx), (_, rows, columns) = layer.stride, layer.dilation, layer.shape
    for i in range(kernel.shape[2]):
        for j in range(kernel.shape[3]):
            seen = x[:, i * dy :: sy, j * dx :: sx][:, :rows, :columns]
            for g in range(groups):
                mine = slice(g * per_out, (g + 1) * per_out)
                part = seen[g * per_in : (g + 1) * per_in]
                out[mine] += np.tensordot(kernel[mine, :, i, j], part, 1)
    return out
