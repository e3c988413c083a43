"""Split the time of a run into the update of compartments and the delivery of spikes.

python tests/benchmarks/split.py [WORKLOAD ...] [--repeats 9]

The update is timed on the same image with thresholds that no neuron reaches, on one thread. The
rest of the time is attributed to delivery: synapses, lists of spikes, sorted inputs.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.images import Case
from benchmarks.tables import print_table
from benchmarks.workloads import WORKLOADS

from neurochip.emulator import Emulator

HEAD = ["workload", "run, ms", "update, ms", "ns a compartment", "ns a synaptic event"]
DEFAULT = ("W2_1e3x100", "W2_1e4x100", "W2_1e5x100", "W3")


def main() -> None:
    parser = argparse.ArgumentParser(description="Update and delivery, apart.")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"default: {DEFAULT}")
    parser.add_argument("--repeats", type=int, default=9, help="measurements of each (9)")
    options = parser.parse_args()
    facts = machine.facts()
    print_table(HEAD, [measure(name, options.repeats) for name in options.workloads or DEFAULT])
    print(f"\n{machine.summary(facts)}.")


def measure(name: str, repeats: int) -> list[str]:
    case = Case(WORKLOADS[name])
    registers, core = case.image.compartments, case.image.chip.core
    silent = replace(
        registers,
        bias_mantissa=np.zeros_like(registers.bias_mantissa),
        threshold_mantissa=np.full_like(
            registers.threshold_mantissa, core.threshold_mantissa.maximum
        ),
    )
    n_steps = case.workload.n_steps
    runs = (
        (Emulator(case.image, threads=1, progress=False), case.inputs),
        (Emulator(replace(case.image, compartments=silent), threads=1, progress=False), ()),
    )
    times: tuple[list[float], list[float]] = ([], [])
    counters = []
    for _ in range(repeats + 1):
        for (emulator, inputs), seconds in zip(runs, times, strict=True):
            emulator.reset()
            begin = time.perf_counter()
            recording = emulator.run_steps(n_steps, *inputs)
            seconds.append(time.perf_counter() - begin)
            counters.append(recording.counters)
    if counters[1]["spikes"]:
        sys.exit(f"{name}: neurons spike that should not")
    whole, update = (1e9 * statistics.median(seconds[1:]) for seconds in times)
    per_update = update / counters[0]["updates"]
    per_event = (whole - update) / counters[0]["synaptic_events"]
    return [
        name,
        f"{whole / 1e6:.3g}",
        f"{update / 1e6:.3g}",
        f"{per_update:.2f}",
        f"{per_event:.2f}",
    ]


if __name__ == "__main__":
    main()
