"""Random draws that are given to a run instead of those of its seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._support.values import integers, reals, shown
from ..chip.learning_spec import DrawSharing, TraceRounding
from ..errors import LearningError
from ..typing import Float64Array, Int64Array, UInt32Array
from .layout import Draws
from .rule import LearningRule
from .terms import POST, PRE

__all__ = ["HASHED", "draws_of"]

_OWNER = "learn"
_NONE = np.zeros((0, 0, 0), dtype=np.float64)
_NO_BITS = np.zeros((0, 0, 0), dtype=np.uint32)
_NAMES = ("x", "y", *PRE, *POST, "x_impulse", "y_impulse", "again", "synapse")

HASHED = Draws(_NONE, _NONE, _NONE, _NONE, _NONE, _NO_BITS, 0, 0)
"""No draws are given: all come from the seed."""


def draws_of(
    rule: LearningRule,
    draws: Any,
    n_steps: int,
    sizes: tuple[int, int],
    order: Int64Array,
) -> Draws:
    """Return the given draws as arrays of (rows, traces or 1, owners or 1).

    Parameters
    ----------
    rule : LearningRule
        The rule, whose engine says who shares draws.
    draws : dict of str to array_like, or None
        See :func:`~neurochip.learning.learn`.
    n_steps : int
        Number of steps.
    sizes : (int, int)
        Number of neurons of each side.
    order : ndarray of int64
        Order in which the kernels have the synapses.

    Raises
    ------
    LearningError
        If a name, a shape or a value is not allowed.
    """
    rows = {} if draws is None else dict(draws) if isinstance(draws, Mapping) else None
    unknown = [] if rows is None else [name for name in rows if name not in _NAMES]
    if rows is None or unknown:
        what = f"draws = {shown(draws)}" if rows is None else f"draws hold {shown(unknown[0])}"
        raise LearningError(f"{_OWNER}: {what}; allowed: a dict of {', '.join(_NAMES)}.")
    spec = rule.spec
    n_epochs = n_steps // rule.epoch
    by_epoch = (
        spec.trace_draw is DrawSharing.SHARED or spec.trace_rounding is TraceRounding.ONCE_AN_EPOCH
    )
    n_rows = n_epochs if by_epoch else n_steps

    def owners(size: int) -> Int64Array:
        return order if spec.trace_per_synapse else np.arange(size)

    def side(name: str, names: tuple[str, ...], size: int) -> Float64Array:
        if name in rows:
            return _draws(name, rows[name], n_rows, owners(size))
        if not any(each in rows for each in names):
            return _NONE
        lacking = [each for each in names if getattr(rule, each) is not None and each not in rows]
        if lacking:
            raise LearningError(
                f"{_OWNER}: draws lack {lacking[0]}, which the rule has; allowed: all traces of a "
                "side, or none."
            )
        single = [
            _draws(each, rows[each], n_rows, owners(size))
            if each in rows
            else np.zeros((n_rows, 1, 1))
            for each in names
        ]
        width = max(each.shape[2] for each in single)
        return np.concatenate(
            [np.broadcast_to(each, (n_rows, 1, width)) for each in single], axis=1
        )

    def impulses(name: str, n: int, size: int) -> Float64Array:
        if name not in rows:
            return _NONE
        top = (1 << spec.impulse_draw_bits) - 1
        values = integers(_OWNER, f"draws {name}", rows[name], low=0, high=top, error=LearningError)
        return _shaped(name, values * 2.0**-spec.impulse_fraction_bits, n, np.arange(size))

    return Draws(
        pre_decay=side("x", PRE, sizes[0]),
        post_decay=side("y", POST, sizes[1]),
        pre_impulse=impulses("x_impulse", n_rows, sizes[0]),
        post_impulse=impulses("y_impulse", n_rows, sizes[1]),
        again=impulses("again", n_steps, sizes[1]),
        synapse=_bits(_draws("synapse", rows["synapse"], n_epochs, order))
        if "synapse" in rows
        else _NO_BITS,
        first_step=0,
        first_epoch=0,
    )


def _bits(draws: Float64Array) -> UInt32Array:
    """Return the leading 32 bits of draws: a weight is rounded by fewer of them."""
    return (draws * 2.0**32).astype(np.uint32)


def _draws(name: str, values: Any, n_rows: int, order: Int64Array) -> Float64Array:
    array = reals(
        _OWNER, f"draws {name}", values, "", allowed="numbers in [0, 1)", error=LearningError
    ).astype(np.float64)
    if not ((array >= 0) & (array < 1)).all():
        raise LearningError(f"{_OWNER}: draws {name} hold {array.max()}; allowed: [0, 1).")
    return _shaped(name, array, n_rows, order)


def _shaped(name: str, array: Float64Array, n_rows: int, order: Int64Array) -> Float64Array:
    if array.shape == (n_rows,):
        return np.ascontiguousarray(array[:, None, None])
    if array.shape == (n_rows, len(order)):
        return np.ascontiguousarray(array[:, None, order])
    raise LearningError(
        f"{_OWNER}: draws {name} have shape {array.shape}; allowed: {(n_rows,)} or "
        f"{(n_rows, len(order))}."
    )
