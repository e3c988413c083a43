"""Measure runs on one thread and on several while other processes take cores.

python tests/benchmarks/busy.py [WORKLOAD ...] [--competitors 0 1 2] [--repeats 7]

A competitor is a process that only computes. With each number of competitors, one thread, two
threads and the default number of threads take turns in this process, on the chip and in float64;
for W1 also a batch of runs, which is not divided into steps. Short runs are repeated within a turn.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.images import Case
from benchmarks.tables import print_table
from benchmarks.workloads import WORKLOADS

from neurochip import draw_stimulus
from neurochip.emulator import Emulator
from neurochip.reference.reference import Reference

HEAD = ["workload", "engine", "competitors", "one thread, ms", "two / one", "default / one"]
DEFAULT = ("W1", "W2_1e3x100", "W2_1e4x100", "W2_1e5x100")
THREADS = (1, 2, None)
BATCH = 64
LEAST = 0.05  # s; a turn repeats shorter runs, since a competitor has a core for milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description="One thread and several on a busy machine.")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"default: {DEFAULT}")
    parser.add_argument("--competitors", type=int, nargs="+", default=[0, 1, 2], metavar="N")
    parser.add_argument("--repeats", type=int, default=7, help="measurements of each (7)")
    options = parser.parse_args()
    facts = machine.facts()
    rows = []
    for name in options.workloads or DEFAULT:
        case = Case(WORKLOADS[name])
        for engine, prepare in ENGINES.items():
            if prepare is in_batches and case.workload.kind != "notebook":
                continue
            runs = prepare(case)
            for number in options.competitors:
                with competitors(number):
                    times = measure(runs, options.repeats)
                one, two, default = (1000 * statistics.median(each) for each in times)
                ratios = f"{two / one:.2f}", f"{default / one:.2f}"
                rows.append([name, engine, str(number), f"{one:.3g}", *ratios])
            del runs  # tables of two engines may not fit in memory
    print_table(HEAD, rows)
    print(f"\n{machine.summary(facts)}.")


def on_chip(case: Case) -> list[Callable[[], float]]:
    emulators = [Emulator(case.image, threads=n, progress=False) for n in THREADS]

    def run(emulator: Emulator) -> float:
        emulator.reset()
        begin = time.perf_counter()
        emulator.run_steps(case.workload.n_steps, *case.inputs)
        return time.perf_counter() - begin

    return [lambda emulator=emulator: run(emulator) for emulator in emulators]


def in_float(case: Case) -> list[Callable[[], float]]:
    references = [Reference(case.network, case.dt, threads=n, progress=False) for n in THREADS]

    def run(reference: Reference) -> float:
        reference.reset()
        begin = time.perf_counter()
        reference.run(case.stimulus)
        return time.perf_counter() - begin

    return [lambda reference=reference: run(reference) for reference in references]


def in_batches(case: Case) -> list[Callable[[], float]]:
    emulator = Emulator(case.image, progress=False)
    stimuli = [draw_stimulus(case.network, 1000.0, seed) for seed in range(BATCH)]

    def run(threads: int | None) -> float:
        begin = time.perf_counter()
        emulator.run_batch(stimuli, threads=threads)
        return time.perf_counter() - begin

    return [lambda threads=threads: run(threads) for threads in THREADS]


ENGINES = {"chip": on_chip, "float64": in_float, f"batch of {BATCH}": in_batches}


def measure(runs: list[Callable[[], float]], repeats: int) -> list[list[float]]:
    """Return the times of each run, in s, all runs in turns."""
    often = max(1, round(LEAST / min(runs[0]() for _ in range(3))))
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats + 1):
        for run, own in zip(runs, times, strict=True):
            own.append(sum(run() for _ in range(often)) / often)
    return [own[1:] for own in times]  # the first turn warms up


@contextlib.contextmanager
def competitors(number: int) -> Iterator[None]:
    """Keep processes computing, for a ``with`` block."""
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=compete, daemon=True) for _ in range(number)]
    for other in others:
        other.start()
    time.sleep(0.5 if others else 0.0)  # until they compute
    try:
        yield
    finally:
        for other in others:
            other.terminate()
            other.join()


def compete() -> None:
    while True:
        pass


if __name__ == "__main__":
    main()
