"""Support for tests that need Brian2: a skip without it, a warning filter, and a double run."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

# Brian2 2.9, the newest for Python 3.11, uses old names of pyparsing 3.3.
OLD_NAMES = r"'\w+' (argument is )?deprecated"
quiet_brian2 = pytest.mark.filterwarnings(f"ignore:{OLD_NAMES}:DeprecationWarning")

TOLERANCE = 1e-9  # mV: sums of a few thousand terms of 10 mV in different orders


def need_brian2() -> ModuleType:
    """Return the module, or skip the test."""
    return pytest.importorskip("brian2", reason="Brian2 is not installed: neurochip[brian2]")


def run_both(*objects, duration, namespace, record="v"):
    """Run in Brian2 and in neurochip's reference, which must agree; return Brian2's recording."""
    from neurochip.frontends.brian2.compare import run_in_brian2
    from neurochip.frontends.session import stimulus_of
    from neurochip.reference import simulate_reference

    reading, spikes, expected = run_in_brian2(objects, duration, namespace, (record,))
    stimulus = stimulus_of(reading.network, spikes, expected.duration, reading.dt)
    got = simulate_reference(reading.network, stimulus, reading.dt, record=record)
    for name in expected.populations:
        assert np.array_equal(got.steps[name], expected.steps[name])
        assert np.array_equal(got.ids[name], expected.ids[name])
        error = np.abs(got.trace(name).values - expected.trace(name).values)
        assert error.max() < TOLERANCE
    return expected
