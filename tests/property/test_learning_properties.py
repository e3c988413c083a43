"""Random rules on all four engines, and on what-if engines: kernels against the slow model."""

from __future__ import annotations

import os

import numpy as np
import pytest
from learning_oracle import Model
from random_rules import POST, PRE, SPECS, some_rule

from neurochip.chip.registers import SignMode
from neurochip.learning import DrawSharing, ExtraSpikes, TraceRounding, learn

MANY = int(os.environ.get("NEUROCHIP_MANY_RULES", "60"))


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
