"""Support for tests that need Brian2: a skip without it, a warning filter, and a double run."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

# Brian2 2.9, the newest for Python 3.11, uses old names of pyparsing 3.3.
OLD_NAMES = r"'\w+' (argument is )?deprecated"
quiet_brian2 = pytest.mark.filterwarnings(f"ignore:{OLD_NAMES}:DeprecationWarning")

WEIGHTS = 1e-12  # of the largest weight
TOLERANCE = 1e-9  # mV: sums of a few thousand terms of 10 mV in different orders


def need_brian2() -> ModuleType:
    """Return the module, or skip the test."""
    return pytest.importorskip("brian2", reason="Brian2 is not installed: neurochip[brian2]")


def begin_brian2_anew() -> None:
    """Put Brian2 on its own device, with dt = 0.1 ms, if it was imported: it has one clock for all.

    A script that ran before in this process may have left another device or step.
    """
    brian2 = sys.modules.get("brian2")
    if brian2 is not None:
        brian2.set_device("runtime")
        brian2.start_scope()
        brian2.defaultclock.dt = 0.1 * brian2.ms


def copies(*views):
    """Arrays that outlive their monitors: Brian2's own are views of memory that goes with these."""
    return [np.array(view[:]) for view in views]


def run_both(*objects, duration, namespace, record="v", weights=()):
    """Run in Brian2 and in neurochip's reference, which must agree; return Brian2's recording.

    ``weights`` are probes of weights that learn, which must agree, too.
    """
    from neurochip.frontends.brian2.compare import run_in_brian2
    from neurochip.frontends.session import stimulus_of
    from neurochip.reference import simulate_reference

    asked = (record, *weights)
    reading, spikes, expected = run_in_brian2(objects, duration, namespace, asked)
    stimulus = stimulus_of(reading.network, spikes, expected.duration, reading.dt)
    got = simulate_reference(reading.network, stimulus, reading.dt, record=asked)
    for name in expected.populations:
        assert np.array_equal(got.steps[name], expected.steps[name])
        assert np.array_equal(got.ids[name], expected.ids[name])
        error = np.abs(got.trace(name).values - expected.trace(name).values)
        assert error.max() < TOLERANCE
    rules = {item.name: item.plasticity for item in reading.network.connections}
    for name, trace in expected.weights.items():
        assert np.array_equal(got.weights[name].steps, trace.steps)
        error = np.abs(got.weights[name].values - trace.values)
        assert error.max() < WEIGHTS * rules[name].w_max
    return expected
