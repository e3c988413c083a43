"""Compare a batch of runs with a loop over the same runs.

python tests/benchmarks/batch.py [--runs 64] [--repeats 9]

The last column shows the speed-up of separate processes, one for each thread of the batch, each
with its own loop, against one loop. Cores that slow each other down lower both speed-ups.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.images import Case
from benchmarks.tables import print_table
from benchmarks.workloads import WORKLOADS, Workload

from neurochip import draw_stimulus
from neurochip.emulator import Emulator
from neurochip.recording import Recording

HEAD = ["workload", "loop, ms a run", "batch, ms a run", "times as fast", "processes instead"]
WORKERS = int(numba.config.NUMBA_NUM_THREADS)
MEASURED = (
    replace(WORKLOADS["W1live"], name="W1live, 10 neurons", neurons=10),
    WORKLOADS["W1"],
    WORKLOADS["W1live"],
)


def main() -> None:
    parser = argparse.ArgumentParser(description="A batch of runs against a loop over them.")
    parser.add_argument("--runs", type=int, default=64, help="stimuli of 1 s (64)")
    parser.add_argument("--repeats", type=int, default=9, help="measurements of each (9)")
    options = parser.parse_args()
    facts = machine.facts()
    rows = [measure(workload, options.runs, options.repeats) for workload in MEASURED]
    print_table(HEAD, rows)
    print(f"\n{machine.summary(facts)}.")


class Runs:
    """A workload on an emulator, with its own stimuli."""

    def __init__(self, workload: Workload, n_runs: int) -> None:
        case = Case(workload)
        self.emulator = Emulator(case.image, progress=False)
        self.stimuli = [draw_stimulus(case.network, 1000.0, seed) for seed in range(n_runs)]

    def loop(self) -> list[Recording]:
        recordings = []
        for stimulus in self.stimuli:
            self.emulator.reset()
            recordings.append(self.emulator.run(stimulus))
        return recordings

    def batch(self) -> list[Recording]:
        return self.emulator.run_batch(self.stimuli)


def measure(workload: Workload, n_runs: int, repeats: int) -> list[str]:
    runs = Runs(workload, n_runs)
    if runs.loop() != runs.batch():
        sys.exit(f"{workload.name}: the batch differs from the loop")
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(WORKERS)]
    others = [context.Process(target=serve, args=(workload, n_runs, end)) for _, end in pipes]
    for other in others:
        other.start()

    def processes() -> None:
        for pipe, _ in pipes:
            pipe.send(True)
        for pipe, _ in pipes:
            pipe.recv()

    processes()
    seconds: dict[Callable[[], object], list[float]] = {
        runs.loop: [],
        runs.batch: [],
        processes: [],
    }
    for _ in range(repeats):
        for call, times in seconds.items():
            begin = time.perf_counter()
            call()
            times.append(time.perf_counter() - begin)
    for (pipe, _), other in zip(pipes, others, strict=True):
        pipe.send(False)
        other.join()
    one, many, apart = (1000 * statistics.median(times) / n_runs for times in seconds.values())
    fast = f"{one / many:.2f}", f"{one * WORKERS / apart:.2f}"
    return [workload.name, f"{one:.3g}", f"{many:.3g}", *fast]


def serve(workload: Workload, n_runs: int, pipe: Any) -> None:
    """Loop over the runs in a separate process, once per request."""
    runs = Runs(workload, n_runs)
    runs.loop()
    while pipe.recv():
        runs.loop()
        pipe.send(True)


if __name__ == "__main__":
    main()
