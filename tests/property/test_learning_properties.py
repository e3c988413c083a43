"""Random rules on all four engines, and on what-if engines: kernels against the slow model."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest
from learning_oracle import Model

from neurochip.chip.fixedpoint import Overflow
from neurochip.chip.registers import SignMode
from neurochip.errors import LearningError
from neurochip.learning import (
    LEARNING_PRESETS,
    DrawSharing,
    ExtraSpikes,
    LearningRule,
    Trace,
    TraceRounding,
    learn,
)

MANY = int(os.environ.get("NEUROCHIP_MANY_RULES", "60"))
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
    for name in rng.choice(names, rng.integers(0, 4)):
        constant = int(rng.integers(-255, 256)) if rng.random() < 0.3 else 0
        text = f"({name}{constant:+d})" if constant and name not in ("x0", "y0") else name
        signed = rng.random() < 0.2 and text[0] != "(" and name not in ("x0", "y0")
        parts.append(f"sgn({text})" if signed else text)
    exponent = int(rng.integers(-7, 3 if len(parts) < 2 else 8))
    return "*".join([f"({rng.integers(-7, 8)})", f"2^{exponent}", event, *parts])


def some_rule(rng, spec):
    epoch = 1 if spec.epoch_max == 1 else int(rng.choice([1, 1, 2, 3, 8]))
    unit = 1 << spec.impulse_fraction_bits
    traces = {
        name: Trace(
            int(rng.integers(0, 60)) + int(rng.integers(0, unit)) / unit,
            float(rng.choice([np.inf, *range(1, 30)])),
        )
        for name in (*PRE, *POST)
    }
    given = not spec.trace_per_synapse and rng.random() < 0.3
    if given:
        del traces["y2"]
    targets = ["dw"] + ["dt"] * (spec.tag_limits is not None) + ["dd"] * bool(spec.delay_limits)
    while True:
        texts = {
            target: " + ".join(some_term(rng, spec) for _ in range(rng.integers(1, 4)))
            for target in targets
            if target == "dw" or rng.random() < 0.5
        }
        try:
            return LearningRule(**texts, **traces, epoch=epoch, spec=spec)
        except LearningError as problem:
            if "product" not in str(problem):
                raise


def some_case(seed, spec):
    rng = np.random.default_rng(seed)
    rule = some_rule(rng, spec)
    n, m = (int(size) for size in rng.integers(1, 5, 2))
    steps, mode = int(rng.integers(20, 50)), SignMode(int(rng.integers(1, 4)))
    if spec.weight_rounding.name == "SIGN_MAGNITUDE":
        mode = SignMode.MIXED
    bits = int(rng.integers(3, 9))
    pre, post = (rng.random((steps, size)) < rng.uniform(0.05, 0.5) for size in (n, m))
    if spec.extra_spikes is ExtraSpikes.REFUSED:
        first = np.arange(steps) % rule.epoch == 0
        pre, post = pre & first[:, None], post & first[:, None]
    low, high = spec.limits(mode)
    step = 1 << (8 - bits + (mode is SignMode.MIXED)) if spec.precision_kept else 1
    weights = rng.integers(-(-low // step), high // step + 1, (n, m)) * step
    epochs = steps // rule.epoch
    once = spec.trace_rounding is TraceRounding.ONCE_AN_EPOCH
    shared = spec.trace_draw is DrawSharing.SHARED
    rows = epochs if shared or once else steps
    top = 1 << spec.impulse_draw_bits
    owners = (n * m, n * m) if spec.trace_per_synapse else (n, m)
    # Draws that are shared have one axis; others have one for each owner, and each trace its own.
    sizes = [(rows,) if shared else (rows, size) for size in owners]
    draws = {
        **{name: rng.random(sizes[0]) for name in (("x",) if shared else PRE)},
        **{name: rng.random(sizes[1]) for name in (("y",) if shared else POST)},
        "x_impulse": rng.integers(0, top, (rows,) if shared else (rows, n)),
        "y_impulse": rng.integers(0, top, (rows,) if shared else (rows, m)),
        "again": rng.integers(0, top, (steps,)),
        "synapse": rng.random(
            (epochs,) if spec.weight_draw is DrawSharing.SHARED else (epochs, n * m)
        ),
    }
    given = {name: rng.integers(-128, 128, (steps, m)) for name in rule.given}
    return rule, pre, post, weights, mode, bits, given, draws


@pytest.mark.parametrize("name", SPECS)
def test_kernels_and_slow_model_give_the_same_integers(name):
    spec = SPECS[name]
    record = [*PRE, *POST, "w", "t", "d"]
    changed = saturated = 0
    for seed in range(MANY):
        rule, pre, post, weights, mode, bits, given, draws = some_case(seed, spec)
        found = learn(
            rule, pre, post, weights, sign_mode=mode, weight_bits=bits, given=given, draws=draws,
            record=record,
        )  # fmt: skip
        sizes = weights.shape
        model = Model(
            rule, sizes, [*np.ndindex(sizes)], weights.ravel(), mode=mode, bits=bits, given=given,
            draws=draws,
        )  # fmt: skip
        expected = model.run(pre, post, record)
        for key in record:
            shape = found.recorded[key].shape
            same = found.recorded[key] == expected[key].reshape(shape)
            assert same.all(), (seed, key, np.argwhere(~same)[0], str(rule))
        changed += (found.weights != weights).any()
        saturated += any(found.saturated.values())
    assert changed > MANY / 3
    assert saturated > MANY / 4
