"""Random rules of learning, on all four engines and on what-if engines."""

from __future__ import annotations

import dataclasses

import numpy as np

from neurochip.chip.fixedpoint import Overflow
from neurochip.errors import LearningError
from neurochip.learning import LEARNING_PRESETS, DrawSharing, LearningRule, Trace, TraceRounding

__all__ = ["POST", "PRE", "SPECS", "some_rule", "some_traces"]

PRE, POST = ("x1", "x2"), ("y1", "y2", "y3")
PUBLISHED = LEARNING_PRESETS["published"]
SPECS = {
    **LEARNING_PRESETS,
    "wraps": dataclasses.replace(PUBLISHED, accumulator_overflow=Overflow.WRAP),
    "shared": dataclasses.replace(
        PUBLISHED, trace_draw=DrawSharing.SHARED, weight_draw=DrawSharing.SHARED
    ),
    "once": dataclasses.replace(PUBLISHED, trace_rounding=TraceRounding.ONCE_AN_EPOCH),
    "delays": dataclasses.replace(PUBLISHED, delay_limits=(0, 63), factor_clips=False),
}


def some_term(rng, spec):
    """A random term; one that the engine would refuse is drawn again by ``some_rule``."""
    event = rng.choice(["x0", "y0", "u0" if spec.one_u else f"u{rng.integers(3)}"])
    own = ["w"] + ["t"] * (spec.tag_limits is not None) + ["d"] * (spec.delay_limits is not None)
    names = [*PRE, *POST, *own, "x0", "y0"]
    parts = []
    # Products of more than three factors may exceed 32 bits; where they wrap, they are allowed.
    for name in rng.choice(names, rng.integers(0, 6 if spec.product_wraps else 4)):
        constant = int(rng.integers(-255, 256)) if rng.random() < 0.3 else 0
        text = f"({name}{constant:+d})" if constant and name not in ("x0", "y0") else name
        signed = rng.random() < 0.2 and text[0] != "(" and name not in ("x0", "y0")
        parts.append(f"sgn({text})" if signed else text)
    exponent = int(rng.integers(-7, 3 if len(parts) < 2 else 8))
    return "*".join([f"({rng.integers(-7, 8)})", f"2^{exponent}", event, *parts])


def some_traces(rng, spec, names=(*PRE, *POST)):
    """Random traces by name; each also lasts for a single step, or for ever."""
    unit = 1 << spec.impulse_fraction_bits
    least = 1 if spec.trace_per_synapse else 0
    return {
        name: Trace(
            int(rng.integers(0, min(60, 1 << spec.trace_bits))) + int(rng.integers(0, unit)) / unit,
            float(rng.choice([np.inf, *range(least, 30)])),
        )
        for name in names
    }


def some_rule(rng, spec, *, epoch=None, targets=("dw", "dt", "dd"), traces=None):
    """A random rule; y2 may be given in a run."""
    if epoch is None:
        epoch = 1 if spec.epoch_max == 1 else int(rng.choice([1, 1, 2, 3, 8]))
    traces = {**some_traces(rng, spec), **(traces or {})}
    if not spec.trace_per_synapse and rng.random() < 0.3:
        del traces["y2"]
    has = {"dw": True, "dt": spec.tag_limits is not None, "dd": spec.delay_limits is not None}
    while True:
        texts = {
            target: " + ".join(some_term(rng, spec) for _ in range(rng.integers(1, 4)))
            for target in targets
            if has[target] and (target == "dw" or rng.random() < 0.5)
        }
        try:
            return LearningRule(**texts, **traces, epoch=epoch, spec=spec)
        except LearningError as problem:
            if "product" not in str(problem):
                raise
