"""Round real weights to whole steps of their grid.

Rounding each weight independently changes the summed input of a neuron. Dasbach, Tetzlaff, Diesmann
and Senk 2021 (10.3389/fnins.2021.757790) found that networks with few distinct weights preserve
their rates, irregularity and correlations if mean and variance of the input of each neuron are
preserved. They choose the weight values freely. On a chip the weights are multiples of a step, so
the rule "moments" instead chooses which weights are rounded up and which down.
"""

from __future__ import annotations

import zlib

import numpy as np

from neurochip._support.csr import spans
from neurochip.chip.fixedpoint import Rounding, round_to_integer
from neurochip.network import Connection
from neurochip.typing import Float64Array, Int32Array, Int64Array

from ..options import CompileOptions

__all__ = [
    "CARRIED",
    "carry_errors",
    "draws_for",
    "round_steps",
    "rule_for",
    "second_moment_gain",
]

CARRIED = "carried"
"""Rule that ``"auto"`` takes for one weight onto neurons of several scales: ``carry_errors``."""


def draws_for(name: str, options: CompileOptions) -> np.random.Generator:
    """Return the random generator of a connection; each connection has its own stream."""
    return np.random.default_rng([options.weight_seed, zlib.crc32(name.encode())])


def rule_for(connection: Connection, lsb_per_mv: Float64Array, options: CompileOptions) -> str:
    """Return the rule that rounds a connection; ``lsb_per_mv`` are the scales of its targets.

    Equal weights onto a neuron have equal errors, which add up. One scale of a population is chosen
    so that they are small, scales of single neurons are not.
    """
    if options.weight_rounding != "auto":
        return options.weight_rounding
    weight = np.asarray(connection.weight)
    several = (lsb_per_mv != lsb_per_mv[0]).any()
    return CARRIED if several and weight.size and weight.min() == weight.max() else "nearest"


def carry_errors(steps: Float64Array, post: Int32Array, carried: Float64Array) -> Int64Array:
    """Round each weight together with what the weights before it left of the same target.

    So the sum onto a neuron is off by at most half a step, and each weight by at most one.

    Parameters
    ----------
    steps : ndarray of float64, shape (n_synapses,)
        Weights in steps.
    post : ndarray of int32, shape (n_synapses,)
        Target of each synapse.
    carried : ndarray of float64, shape (n_targets,)
        What is left of each target; changes in place.
    """
    from .rounding_kernels import carry

    whole = np.empty(len(post), dtype=np.int64)
    carry(steps, post, carried, whole)
    return whole


def round_steps(
    steps: Float64Array, post: Int32Array, rule: str, rng: np.random.Generator
) -> Int64Array:
    """Round weights, in steps of their grid.

    Every rule except ``"moments"`` can process the synapses of a connection in chunks.

    Parameters
    ----------
    steps : ndarray of float64, shape (n_synapses,)
        Weights in steps, or one value for all.
    post : ndarray of int32, shape (n_synapses,)
        Target of each synapse.
    rule : str
        One of the values of ``weight_rounding`` in :class:`CompileOptions`.
    rng : numpy.random.Generator
        Random generator, used by ``"stochastic"`` and ``"moments"``.
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
    """Return the relative increase of the sum of squares if rounding preserves the sum."""
    fraction = steps - np.floor(steps)
    power = float(np.sum(steps**2))
    return float(np.sum(fraction * (1 - fraction))) / power if power > 0 else 0.0


def _keep_moments(steps: Float64Array, post: Int32Array, rng: np.random.Generator) -> Int64Array:
    """Round up or down so that the sum and the sum of squares onto each target are preserved.

    Every weight is rounded to one of its two neighbours.
    """
    # Group synapses by target, in random order within each target. With the same order for all
    # targets, the same sources would be rounded up everywhere.
    order = np.lexsort((rng.random(len(post)), post))
    x, target = steps[order], post[order]
    below = np.floor(x)
    begins = np.flatnonzero(np.diff(target, prepend=-1))
    running = np.cumsum(x - below)
    before = np.repeat(running[begins] - (x - below)[begins], _lengths(begins, len(x)))
    # Round the running sum of each target, so that it is never off by more than half a step.
    carried = np.floor(running - before + 0.5)
    up = np.diff(carried, prepend=0.0)
    up[begins] = carried[begins]
    up = np.clip(up, 0.0, np.ceil(x) - below)
    _trade(x, below, up, target)
    rounded = np.empty(len(x), dtype=np.int64)
    rounded[order] = (below + up).astype(np.int64)
    return rounded


def _trade(x: Float64Array, below: Float64Array, up: Float64Array, target: Int32Array) -> None:
    """Reduce the sum of squares to its exact value by exchanging rounding directions in pairs.

    If n is lowered to n - 1 and m raised to m + 1, the sum of squares falls by 2 (n - 1 - m). For
    each target, the k-th largest weight that was rounded up is paired with the k-th smallest that
    was rounded down. Modifies ``up`` in place.
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
