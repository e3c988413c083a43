"""Networks for measuring the mapping with ``measure.py``."""

from __future__ import annotations

import numpy as np

from neurochip import (
    LIF,
    Connection,
    Network,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    fixed_indegree,
    fixed_probability,
    from_arrays,
)

LIF_CELL = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)


def layered() -> Network:
    """784 inputs, layers of 512, 256 and 10, all to all."""
    pixels = PoissonInput("pixels", 784, rate=30.0)
    layers = [Population(name, n, LIF_CELL) for name, n in (("h1", 512), ("h2", 256), ("out", 10))]
    chain = zip([pixels, *layers], layers, (0.4, 0.9, 1.5), strict=False)
    return Network(
        inputs=[pixels],
        populations=layers,
        connections=[all_to_all(a, b, weight=Uniform(-0.5 * w, w), seed=1) for a, b, w in chain],
    )


def _convolution(
    source: Population | PoissonInput,
    target: Population,
    channels: tuple[int, int],
    widths: tuple[int, int],
    weight: float,
) -> Connection:
    """3 x 3 filters with a random weight each; neurons are ordered by channel, then row."""
    rng = np.random.default_rng(channels[1])
    stride, width = widths[0] // widths[1], widths[0]
    y, x = np.divmod(np.arange(widths[1] ** 2), widths[1])
    pre, post, weights = [], [], []
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            row, column = y * stride + dy, x * stride + dx
            inside = (row >= 0) & (row < width) & (column >= 0) & (column < width)
            from_ids = (row * width + column)[inside]
            for a in range(channels[0]):
                for b in range(channels[1]):
                    pre.append(a * width**2 + from_ids)
                    post.append(b * widths[1] ** 2 + np.flatnonzero(inside))
                    weights.append(np.full(len(from_ids), rng.uniform(-0.3, 1.0) * weight))
    return from_arrays(
        source,
        target,
        np.concatenate(pre),
        np.concatenate(post),
        weight=np.concatenate(weights),
    )


def convolutional() -> Network:
    """2 x 32 x 32 inputs, convolutions to 8 x 32 x 32, 16 x 16 x 16, 32 x 8 x 8, and 10 outputs."""
    image = PoissonInput("image", 2 * 32 * 32, rate=60.0)
    one = Population("conv1", 8 * 32 * 32, LIF_CELL)
    two = Population("conv2", 16 * 16 * 16, LIF_CELL)
    three = Population("conv3", 32 * 8 * 8, LIF_CELL)
    out = Population("out", 10, LIF_CELL)
    return Network(
        inputs=[image],
        populations=[one, two, three, out],
        connections=[
            _convolution(image, one, (2, 8), (32, 32), 7.0),
            _convolution(one, two, (8, 16), (32, 16), 1.6),
            _convolution(two, three, (16, 32), (16, 8), 1.0),
            all_to_all(three, out, weight=Uniform(-0.1, 0.2), seed=1),
        ],
    )


def balanced() -> Network:
    """3,200 excitatory and 800 inhibitory cells, each pair connected with a probability of 2 %."""
    e, i = Population("e", 3200, LIF_CELL), Population("i", 800, LIF_CELL)
    source = PoissonInput("in", 1000, rate=250.0)
    links = [(e, e, 0.4), (e, i, 0.4), (i, e, -2.0), (i, i, -2.0)]
    return Network(
        inputs=[source],
        populations=[e, i],
        connections=[
            *(fixed_indegree(source, p, 10, weight=1.2, seed=1) for p in (e, i)),
            *(fixed_probability(a, b, 0.02, weight=w, seed=1) for a, b, w in links),
        ],
    )


def modular(modules: int = 64, size: int = 120, away: float = 0.02) -> Network:
    """Modules of excitatory and inhibitory cells; a fraction ``away`` of the synapses leaves them.

    All excitatory cells are one population and all inhibitory ones another, module by module.
    """
    rng = np.random.default_rng(3)
    e, i = Population("e", modules * size, LIF_CELL), Population("i", modules * size // 4, LIF_CELL)
    source = PoissonInput("in", 200, rate=250.0)

    def link(a: Population, b: Population, outdegree: int, weight: float) -> Connection:
        pre = np.repeat(np.arange(a.size), outdegree)
        module = pre * modules // a.size
        leaves = rng.random(len(pre)) < away
        module = np.where(leaves, rng.integers(0, modules, len(pre)), module)
        size_of_target = b.size // modules
        post = module * size_of_target + rng.integers(0, size_of_target, len(pre))
        return from_arrays(a, b, pre, post, weight=weight)

    return Network(
        inputs=[source],
        populations=[e, i],
        connections=[
            *(fixed_indegree(source, p, 10, weight=1.2, seed=1) for p in (e, i)),
            link(e, e, 40, 0.4),
            link(e, i, 10, 0.4),
            link(i, e, 40, -2.0),
            link(i, i, 10, -2.0),
        ],
    )


def sheet(size: int = 100_000, outdegree: int = 100) -> Network:
    """Excitatory and inhibitory cells on a ring, connected to nearby cells."""
    rng = np.random.default_rng(1)
    e, i = Population("e", size * 4 // 5, LIF_CELL), Population("i", size // 5, LIF_CELL)
    source = PoissonInput("in", 1000, rate=250.0)

    def link(a: Population, b: Population, weight: float) -> Connection:
        pre = np.repeat(np.arange(a.size), outdegree * b.size // size)
        place = pre * (b.size / a.size) + rng.normal(0, 0.01 * b.size, len(pre))
        return from_arrays(a, b, pre, np.floor(place).astype(np.int64) % b.size, weight=weight)

    return Network(
        inputs=[source],
        populations=[e, i],
        connections=[
            *(fixed_indegree(source, p, 5, weight=2.0, seed=1) for p in (e, i)),
            *(link(a, b, w) for a, b, w in ((e, e, 0.1), (e, i, 0.1), (i, e, -0.6), (i, i, -0.6))),
        ],
    )


NETWORKS = {
    "layered": layered,
    "convolutional": convolutional,
    "balanced": balanced,
    "modular": modular,
}
