"""How many threads a run has by default."""

from __future__ import annotations

import pytest

from neurochip._kernels import workers
from neurochip._kernels.workers import choose_threads


@pytest.mark.parametrize(
    ("n_neurons", "n_synapses", "cost", "expected"),
    [
        (19_999, 0, 1, 1),
        (20_000, 0, 1, 2),
        (10_000, 1_000_000, 1, 2),
        (9_999, 0, 2, 1),
        (10_000, 0, 2, 2),
        (1_000_000, 100_000_000, 1, 4),
    ],
)
def test_threads_grow_with_the_network(n_neurons, n_synapses, cost, expected, monkeypatch):
    monkeypatch.setattr(workers, "most_threads", lambda: 4)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 8)
    assert choose_threads(None, n_neurons, n_synapses, "run", cost) == expected


def test_no_more_threads_than_cores(monkeypatch):
    monkeypatch.setattr(workers, "most_threads", lambda: 4)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    assert choose_threads(None, 1_000_000, 0, "run") == 2
