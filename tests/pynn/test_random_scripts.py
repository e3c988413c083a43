"""Random PyNN scripts have the same spikes in NEST and, read by the front end, in float64."""

from __future__ import annotations

import importlib.util

import pytest

pytestmark = pytest.mark.slow


def test_every_spike_of_random_scripts_is_that_of_nest():
    for name in ("pyNN", "nest"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: neurochip[pynn,nest]")
    from pynn.random_scripts import differences, spikes_of_nest

    found = {seed: differences(seed, spikes) for seed, spikes in spikes_of_nest(200, 8).items()}
    assert sum(total for total, _ in found.values()) > 1000
    assert {seed for seed, (_, different) in found.items() if different} == set()
