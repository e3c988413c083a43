"""A batch of runs against a loop over the same runs.

python tests/benchmarks/batch.py [--runs 64] [--repeats 5]
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.images import Case
from benchmarks.tables import print_table
from benchmarks.workloads import WORKLOADS

from neurochip import draw_stimulus
from neurochip.emulator import Emulator

HEAD = ["workload", "loop, ms a run", "batch, ms a run", "times as fast"]


def main() -> None:
    parser = argparse.ArgumentParser(description="A batch of runs against a loop over them.")
    parser.add_argument("--runs", type=int, default=64, help="stimuli of 1 s (64)")
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each (5)")
    options = parser.parse_args()
    facts = machine.facts()
    rows = [measure(name, options.runs, options.repeats) for name in ("W1", "W1live")]
    print_table(HEAD, rows)
    print(f"\n{machine.summary(facts)}.")


def measure(name: str, n_runs: int, repeats: int) -> list[str]:
    case = Case(WORKLOADS[name])
    emulator = Emulator(case.image, progress=False)
    stimuli = [draw_stimulus(case.network, 1000.0, seed) for seed in range(n_runs)]

    def loop() -> list[object]:
        recordings = []
        for stimulus in stimuli:
            emulator.reset()
            recordings.append(emulator.run(stimulus))
        return recordings

    def batch() -> list[object]:
        return list(emulator.run_batch(stimuli))

    if loop() != batch():
        sys.exit(f"{name}: the batch differs from the loop")
    seconds: dict[Callable[[], object], list[float]] = {loop: [], batch: []}
    for _ in range(repeats):
        for call, times in seconds.items():
            begin = time.perf_counter()
            call()
            times.append(time.perf_counter() - begin)
    one, many = (1000 * statistics.median(times) / n_runs for times in seconds.values())
    return [name, f"{one:.3g}", f"{many:.3g}", f"{one / many:.2f}"]


if __name__ == "__main__":
    main()
