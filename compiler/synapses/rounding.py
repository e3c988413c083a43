"""How real weights become whole steps of their grid.

Rounding each weight for itself changes what a neuron receives in sum: Dasbach, Tetzlaff, Diesmann
and Senk 2021 (10.3389/fnins.2021.757790) found that networks with few distinct weights keep their
rates, irregularity and correlations if mean and variance of the input of each neuron are kept. They
choose the values of the weights; on a chip these are multiples of a step, so here it is chosen
which weights go up and which go down.
"""

from __future__ import annotations

import zlib

import numpy as np

from neurochip._support.csr import spans
from neurochip.chip.fixedpoint import Rounding, round_to_integer
from neurochip.typing import Float64Array, Int32Array, Int64Array

from ..options import CompileOptions

__all__ = ["draws_for", "round_steps", "second_moment_gain"]


def draws_for(name: str, options: CompileOptions) -> np.random.Generator:
    """Return the stream of random numbers of a connection, which has one of its own."""
    return np.random.default_rng([options.weight_seed, zlib.crc32(name.encode())])


def round_steps(
    steps: Float64Array, post: Int32Array, rule: str, rng: np.random.Generator
) -> Int64Array:
    """Round weights, in steps of their grid.

    All rules but ``"moments"`` may be given a connection part by part.

    Parameters
    ----------
    steps : ndarray of float64, shape (n_synapses,)
        Weights in steps, or one value for all.
    post : ndarray of int32, shape (n_synapses,)
        Target of each synapse.
    rule : str
        As :class:`CompileOptions` has it.
    rng : numpy.random.Generator
        What the rules that draw take their numbers from.
    """
    if rule == "nearest":
        return round_to_integer(steps, Rounding.NEAREST)
    if rule == "floor":
        return round_to_integer(steps, Rounding.TOWARD_ZERO)
    each = np.broadcast_to(steps, post.shape)
    if rule == "stochastic":
        return round_to_integer(each, Rounding.STOCHASTIC, rng)
    return _keep_moments(np.asarray(each), post, rng)


def second_moment_gain(steps: Float64Array) -> float:
    """Return by how much, relatively, squares grow where going up and down keeps the sum."""
    fraction = steps - np.floor(steps)
    power = float(np.sum(steps**2))
    return float(np.sum(fraction * (1 - fraction))) / power if power > 0 else 0.0


def _keep_moments(steps: Float64Array, post: Int32Array, rng: np.random.Generator) -> Int64Array:
    """Round up or down so that sums, and then sums of squares, of each target are kept.

    Every weight is rounded to one of its two neighbours.
    """
    # Synapses of a target stand together, in an order of its own: with one order for all, the same
    # sources would be the strong ones everywhere.
    order = np.lexsort((rng.random(len(post)), post))
    x, target = steps[order], post[order]
    below = np.floor(x)
    begins = np.flatnonzero(np.diff(target, prepend=-1))
    running = np.cumsum(x - below)
    before = np.repeat(running[begins] - (x - below)[begins], _lengths(begins, len(x)))
    # What is rounded is the running sum of a target, so that it is never off by more than half.
    carried = np.floor(running - before + 0.5)
    up = np.diff(carried, prepend=0.0)
    up[begins] = carried[begins]
    up = np.clip(up, 0.0, np.ceil(x) - below)
    _trade(x, below, up, target)
    rounded = np.empty(len(x), dtype=np.int64)
    rounded[order] = (below + up).astype(np.int64)
    return rounded


def _trade(x: Float64Array, below: Float64Array, up: Float64Array, target: Int32Array) -> None:
    """Let a large weight go down and a small one up until the sum of squares is what it should be.

    If n goes down to n - 1 and m up to m + 1, the sum of squares falls by 2 (n - 1 - m). The k-th
    largest of those that went up trades with the k-th smallest of those that went down. ``up``,
    by target, is changed in place.
    """
    size = int(target[-1]) + 1 if len(target) else 0
    excess = np.bincount(target, (below + up) ** 2 - x**2, minlength=size)
    whole = np.ceil(x) == below
    high = np.flatnonzero((up == 1) & ~whole)
    low = np.flatnonzero((up == 0) & ~whole)
    high = high[np.lexsort((-below[high], target[high]))]
    low = low[np.lexsort((below[low], target[low]))]
    highs, lows = (np.bincount(target[part], minlength=size) for part in (high, low))
    pairs = np.minimum(highs, lows)
    downs = high[spans(np.cumsum(highs) - highs, pairs)]
    ups = low[spans(np.cumsum(lows) - lows, pairs)]
    gains = 2 * (below[downs] - below[ups])
    running = np.cumsum(np.maximum(gains, 0.0))
    owner = np.repeat(np.arange(size), pairs)
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    before = np.repeat(
        running[begins] - np.maximum(gains, 0.0)[begins], _lengths(begins, len(owner))
    )
    traded = (gains > 0) & (running - before <= excess[owner])
    up[downs[traded]] = 0.0
    up[ups[traded]] = 1.0


def _lengths(begins: Int64Array, total: int) -> Int64Array:
    return np.diff(begins, append=total)
