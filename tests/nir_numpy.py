"""A NIR graph evaluated step by step in plain NumPy, written from its equations.

It is independent of the importer: layers act on arrays, convolutions are loops over the kernel, and
neurons use Euler's method explicitly. Input acts in its own step. The spikes of a neuron pass
through all layers in their own step, and reach a neuron that is computed already in the next step;
with ``layers="next_step"`` they reach every neuron in the next step.
"""

from __future__ import annotations

import numpy as np


def evaluate(graph, inputs, dt, *, layers="same_step"):
    """Return spikes and v of every neuron node, shape (n_steps, *shape); dt in seconds."""
    (entrance,) = [name for name, node in graph.nodes.items() if kind(node) == "Input"]
    feeds = {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
    neurons = [n for n, node in graph.nodes.items() if kind(node) in {"LIF", "CubaLIF", "IF", "LI"}]
    state = {name: {"v": start(graph.nodes[name]), "i": 0.0} for name in neurons}
    output = {name: np.zeros(np.shape(graph.nodes[name].r)) for name in neurons}
    spikes = {name: [] for name in neurons}
    v = {name: [] for name in neurons}
    for x in inputs:
        fed, before = {}, dict(output)

        def of(name, x=x, fed=fed, before=before):
            if name == entrance:
                return np.asarray(x, dtype=float)
            if name not in neurons:
                return layer(graph.nodes[name], sum(of(feed) for feed in feeds[name]))
            if layers == "next_step":
                return before[name]
            run(name)
            return output[name]

        def run(name, fed=fed, of=of):
            if name not in fed:
                fed[name] = None  # until it is computed, its last spikes are seen
                fed[name] = sum(of(feed) for feed in feeds[name])
                output[name] = advance(graph.nodes[name], state[name], fed[name], dt)
                spikes[name].append(output[name].copy())
                v[name].append(np.array(state[name]["v"], dtype=float))

        for name in neurons:
            run(name)
    return (
        {name: np.array(rows) for name, rows in spikes.items()},
        {name: np.array(rows) for name, rows in v.items()},
    )


def kind(node):
    return type(node).__name__


def start(node):
    return np.array(getattr(node, "v_leak", np.zeros(np.shape(node.r))), dtype=float)


def advance(node, state, x, dt):
    """Run one step of Euler's method; return the spikes."""
    p = {name: np.asarray(value, float) for name, value in vars(node).items() if is_array(value)}
    if kind(node) == "CubaLIF":
        state["i"] = state["i"] + dt / p["tau_syn"] * (-state["i"] + p["w_in"] * x)
        x = state["i"]
    if kind(node) == "IF":
        state["v"] = state["v"] + p["r"] * x  # without dt, as in simulators
    else:
        tau = p["tau_mem"] if kind(node) == "CubaLIF" else p["tau"]
        state["v"] = state["v"] + dt / tau * (p["v_leak"] - state["v"] + p["r"] * x)
    if kind(node) == "LI":
        return np.zeros(np.shape(node.r))
    fired = state["v"] > p["v_threshold"]
    state["v"] = np.where(fired, p["v_reset"], state["v"])
    return fired.astype(float)


def is_array(value):
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def layer(node, x):
    """Apply one linear node."""
    if kind(node) in {"Linear", "Affine"}:
        y = np.asarray(node.weight, float) @ x.ravel()
        return y + np.asarray(node.bias, float) if kind(node) == "Affine" else y
    if kind(node) == "Scale":
        return x * np.asarray(node.scale, float)
    if kind(node) == "Flatten":
        return x.ravel()
    if kind(node) == "Conv2d":
        return conv2d(node, x)
    if kind(node) == "Conv1d":
        return conv1d(node, x)
    if kind(node) in {"SumPool2d", "AvgPool2d"}:
        return pool(node, x)
    return x


def conv2d(node, x):
    weight, (pad_h, pad_w) = np.asarray(node.weight, float), np.ravel(node.padding)
    (step_h, step_w), (gap_h, gap_w) = np.ravel(node.stride), np.ravel(node.dilation)
    x = np.pad(x, ((0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    outputs, inputs, kh, kw = weight.shape
    height = (x.shape[1] - gap_h * (kh - 1) - 1) // step_h + 1
    width = (x.shape[2] - gap_w * (kw - 1) - 1) // step_w + 1
    y = np.zeros((outputs, height, width)) + np.asarray(node.bias, float)[:, None, None]
    per_output = outputs // node.groups
    for o in range(outputs):
        for c in range(inputs):
            channel = x[o // per_output * inputs + c]
            for p in range(kh):
                for q in range(kw):
                    rows = slice(p * gap_h, p * gap_h + (height - 1) * step_h + 1, step_h)
                    columns = slice(q * gap_w, q * gap_w + (width - 1) * step_w + 1, step_w)
                    y[o] += weight[o, c, p, q] * channel[rows, columns]
    return y


def conv1d(node, x):
    weight, pad, step, gap = (
        np.asarray(node.weight, float),
        node.padding,
        node.stride,
        node.dilation,
    )
    outputs, inputs, k = weight.shape
    x = np.pad(x, ((0, 0), (pad, pad)))
    width = (x.shape[1] - gap * (k - 1) - 1) // step + 1
    y = np.zeros((outputs, width)) + np.asarray(node.bias, float)[:, None]
    per_output = outputs // node.groups
    for o in range(outputs):
        for c in range(inputs):
            for q in range(k):
                channel = x[o // per_output * inputs + c]
                y[o] += weight[o, c, q] * channel[q * gap : q * gap + (width - 1) * step + 1 : step]
    return y


def pool(node, x):
    (kh, kw), (step_h, step_w) = np.ravel(node.kernel_size), np.ravel(node.stride)
    pad_h, pad_w = np.ravel(node.padding)
    x = np.pad(x, ((0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    height, width = (x.shape[1] - kh) // step_h + 1, (x.shape[2] - kw) // step_w + 1
    y = np.zeros((x.shape[0], height, width))
    for i in range(height):
        for j in range(width):
            part = x[:, i * step_h : i * step_h + kh, j * step_w : j * step_w + kw]
            y[:, i, j] = part.sum(axis=(1, 2))
    return y / (kh * kw) if kind(node) == "AvgPool2d" else y
