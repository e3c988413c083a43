"""Check the arguments of a learning run and bring them into the form of the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.values import integer, integers, items, shown
from ..chip.learning_spec import ExtraSpikes, LearningSpec
from ..chip.registers import SignMode
from ..errors import LearningError
from ..typing import Int32Array, Int64Array, UInt8Array
from .rule import LearningRule
from .terms import GIVEN_LIMITS, POST, PRE, TARGETS

__all__ = [
    "OWNER",
    "check_weights",
    "given_of",
    "low_bits_of",
    "names_of",
    "pairs_of",
    "rasters_of",
    "sign_mode_of",
    "spikes_of",
    "start_of",
]

OWNER = "learn"
"""Messages begin with this name."""

_NONE = np.zeros((0, 0, 0), dtype=np.int32)


def sign_mode_of(value: Any) -> SignMode:
    """Return a sign mode, or raise."""
    allowed = ", ".join(f"SignMode.{mode.name}" for mode in SignMode)
    mode = integer(OWNER, "sign_mode", value, allowed=allowed, error=LearningError)
    if mode not in tuple(SignMode):
        raise LearningError(f"{OWNER}: sign_mode = {shown(value)}; allowed: {allowed}.")
    return SignMode(mode)


def low_bits_of(weight_bits: Any, mode: SignMode) -> int:
    """Return the low bits of a weight that its format does not store."""
    mixed = int(mode is SignMode.MIXED)
    bits = integer(
        OWNER,
        "weight_bits",
        weight_bits,
        at_least=1 + mixed,
        at_most=8 + mixed,
        allowed=f"{1 + mixed} to {8 + mixed}",
        error=LearningError,
    )
    return 8 + mixed - bits


def rasters_of(rule: LearningRule, pre: Any, post: Any) -> tuple[UInt8Array, UInt8Array]:
    """Return the spikes of both sides as bytes."""
    rasters = _raster("pre", pre), _raster("post", post)
    if len(rasters[0]) != len(rasters[1]):
        raise LearningError(
            f"{OWNER}: pre has {len(rasters[0])} steps, post {len(rasters[1])}; allowed: as many."
        )
    _refuse_extra_spikes(rule, *rasters)
    return rasters


def _raster(name: str, spikes: Any) -> UInt8Array:
    try:
        array = np.asarray(spikes)
        kind = array.dtype.kind if array.ndim == 2 else ""
    except ValueError:  # rows of different lengths
        kind = ""
    if kind not in ("b", "i", "u") or (array.size and not np.isin(array, (0, 1)).all()):
        raise LearningError(
            f"{OWNER}: {name} = {shown(spikes)}; allowed: an array of True and False, or 1 and 0, "
            "with steps as rows and neurons as columns."
        )
    return np.ascontiguousarray(array, dtype=np.uint8)


def _refuse_extra_spikes(rule: LearningRule, *rasters: UInt8Array) -> None:
    if rule.spec.extra_spikes is not ExtraSpikes.REFUSED:
        return
    for name, raster in zip(("pre", "post"), rasters, strict=True):
        whole = len(raster) // rule.epoch * rule.epoch
        counts = raster[:whole].reshape(-1, rule.epoch, raster.shape[1]).sum(axis=1)
        if (counts > 1).any():
            epoch, neuron = np.argwhere(counts > 1)[0]
            raise LearningError(
                f"{OWNER}: {name} neuron {neuron} spikes {counts[epoch, neuron]} times in steps "
                f"{epoch * rule.epoch} to {(epoch + 1) * rule.epoch - 1}; the engine "
                f"{rule.spec.name!r} allows one spike an epoch. Shorten the epoch."
            )


def pairs_of(
    weights: Any, sources: Any, targets: Any, n_pre: int, n_post: int
) -> tuple[Int32Array, Int32Array]:
    """Return the neurons of both sides of each synapse."""
    if (sources is None) != (targets is None):
        raise LearningError(f"{OWNER}: sources without targets, or the reverse; allowed: both.")
    if sources is None:
        if weights.shape != (n_pre, n_post):
            raise LearningError(
                f"{OWNER}: weights have shape {weights.shape}; allowed: {(n_pre, n_post)}, or one "
                "axis with sources and targets."
            )
        source, target = np.indices((n_pre, n_post), dtype=np.int32).reshape(2, -1)
        return source, target
    source, target = (
        integers(OWNER, name, values, low=0, high=n - 1, error=LearningError).astype(np.int32)
        for name, values, n in (("sources", sources, n_pre), ("targets", targets, n_post))
    )
    if not weights.ndim == 1 or not weights.shape == source.shape == target.shape:
        raise LearningError(
            f"{OWNER}: weights, sources and targets have shapes {weights.shape}, "
            f"{source.shape} and {target.shape}; allowed: one axis of the same length."
        )
    return source, target


def spikes_of(raster: UInt8Array) -> tuple[Int32Array, Int64Array]:
    """Return the neurons of all spikes by step, and the end of each step's, from 0 on."""
    steps, neurons = np.nonzero(raster)
    ends = np.searchsorted(steps, np.arange(len(raster) + 1))
    return neurons.astype(np.int32), ends


def check_weights(weights: Any, spec: LearningSpec, mode: SignMode, low_bits: int) -> None:
    """Raise unless the engine can hold the weights at the start."""
    low, high = spec.limits(mode)
    step = spec.weight_step(low_bits)
    integers(OWNER, "weights", weights, low=low, high=high, error=LearningError)
    wrong = weights[weights % step != 0]
    if wrong.size:
        raise LearningError(
            f"{OWNER}: a weight is {wrong[0]}; allowed: multiples of {step}, which is what this "
            "format stores. Round the weights, or store more bits."
        )


def start_of(name: str, values: Any, weights: Any, spec: LearningSpec) -> Any:
    """Return tags or delays at the start."""
    if values is None:
        return np.zeros_like(weights)
    limits = spec.tag_limits if name == "tags" else spec.delay_limits
    low, high = limits or (0, 0)
    array = integers(OWNER, name, values, low=low, high=high, error=LearningError)
    if array.shape != weights.shape:
        raise LearningError(
            f"{OWNER}: {name} have shape {array.shape}; allowed: {weights.shape}, that of weights."
        )
    return array


def given_of(rule: LearningRule, given: Any, n_steps: int, n_post: int) -> Int32Array:
    """Return the traces from outside as (steps, 3, n_post); an empty array if there are none."""
    rows = {} if given is None else dict(given) if isinstance(given, Mapping) else None
    free = rule.writable
    if rows is None or set(rows) - set(free):
        raise LearningError(
            f"{OWNER}: given = {shown(given)}; allowed: a dict of "
            f"{', '.join(free) or 'nothing, since each of y1 to y3 has a Trace'}."
        )
    missing = sorted(set(rule.given) - set(rows))
    if missing:
        raise LearningError(
            f"{OWNER}: the rule uses {missing[0]}, which has no trace and is not given. Pass "
            f"given={{{missing[0]!r}: values}}, or a Trace to the rule."
        )
    if not rows:
        return _NONE
    if rule.spec.trace_per_synapse:
        raise LearningError(f"{OWNER}: the engine {rule.spec.name!r} has no given traces.")
    values = np.zeros((n_steps, len(POST), n_post), dtype=np.int32)
    for name, each in rows.items():
        low, high = GIVEN_LIMITS
        array = integers(OWNER, f"given {name}", each, low=low, high=high, error=LearningError)
        if array.shape not in ((n_steps,), (n_steps, n_post)):
            raise LearningError(
                f"{OWNER}: given {name} has shape {array.shape}; allowed: {(n_steps,)} or "
                f"{(n_steps, n_post)}."
            )
        values[:, POST.index(name)] = array if array.ndim == 2 else array[:, None]
    return values


def names_of(record: Any) -> set[str]:
    """Return the names of what is recorded."""
    every = (*PRE, *POST, *TARGETS)
    found = set(items(OWNER, "record", record, "names", error=LearningError))
    unknown = [name for name in found if name not in every]
    if unknown:
        raise LearningError(
            f"{OWNER}: record holds {shown(unknown[0])}; allowed: {', '.join(every)}."
        )
    return found
