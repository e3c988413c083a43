"""Small, fast sweeps for tests, run in this process."""

from __future__ import annotations

from concurrent.futures import Executor, Future

import pytest
from sweep_models import cells

from neurochip.sweeps import SweepError, sweep

BITS = "core.weight_mantissa_bits"
GRID = {BITS: [3, 8], "seed": [1, 2, 3]}


def run(values=GRID, network=cells, **options):
    """Run a small sweep in this process."""
    first = values[0] if isinstance(values, list) and values else values
    dt = None if isinstance(first, dict) and "dt" in first else 0.5
    return sweep(network, values, **{"duration": 100.0, "workers": 1, "dt": dt, **options})


def refuse(*arguments, **options):
    """Return the message of a sweep that is refused."""
    with pytest.raises(SweepError) as caught:
        run(*arguments, **options)
    return str(caught.value)


class Backwards(Executor):
    """Waits for the last task, and then runs the tasks in reverse order."""

    def __init__(self, tasks):
        self.waiting, self.tasks = [], tasks

    def submit(self, function, /, *arguments, **options):
        future = Future()
        self.waiting.append((future, function, arguments, options))
        if len(self.waiting) == self.tasks:
            for done, call, given, named in reversed(self.waiting):
                done.set_result(call(*given, **named))
        return future
