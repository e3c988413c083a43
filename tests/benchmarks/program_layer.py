"""A layer of sigma-delta neurons on the engine for programs, against a loop in C.

python tests/benchmarks/program_layer.py [--size 65536] [--steps 500] [--active 0.01]

Both compute the same integers, in one process and in turns. The time of the emulator is that of a
whole call of ``run_steps``.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import c_kernels, machine
from benchmarks.tables import print_table

from neurochip import LOIHI2, Emulator
from neurochip.chip.registers import SignMode
from neurochip.image import ProgramGroup
from neurochip.image.program import Synapses, program
from neurochip.programs import PROGRAMS

SOURCE = Path(__file__).with_name("sigma_delta.c")
WEIGHT, EXPONENT = 64, 6
HEAD = ["who", "ns per neuron and step", "least", "most"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--size", type=int, default=65_536, help="neurons")
    add("--steps", type=int, default=500, help="steps of a run")
    add("--active", type=float, default=0.01, help="share of the neurons that get input in a step")
    add("--rounds", type=int, default=15, help="runs of each")
    options = parser.parse_args()
    layer = Layer(options.size, options.steps, options.active)
    runs = {"neurochip": layer.run_emulator, "C, -O3 -march=native": layer.run_c}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.rounds + 1):  # the first compiles
        for name, run in runs.items():
            seconds[name].append(run())
        layer.check()
    work = options.size * options.steps / 1e9
    print(machine.summary(machine.facts()))
    rows = []
    for name, each in seconds.items():
        values = [value / work for value in each[1:]]
        numbers = statistics.median(values), min(values), max(values)
        rows.append([name, *(f"{value:.3f}" for value in numbers)])
    print_table(HEAD, rows)
    medians = [statistics.median(each[1:]) for each in seconds.values()]
    print(f"ratio of the medians {medians[0] / medians[1]:.2f}; {layer.n_spikes} spikes")


class Layer:
    """Sigma-delta neurons with one synapse each, and random payloads for some of them."""

    def __init__(self, size: int, steps: int, active: float) -> None:
        rng = np.random.default_rng(1)
        n = int(size * active)
        self.size, self.steps = size, steps
        self.at = np.repeat(np.arange(steps), n)
        self.inputs = np.concatenate(
            [np.sort(rng.choice(size, n, replace=False)) for _ in range(steps)]
        ).astype(np.int32)
        self.payloads = rng.integers(1, 200, n * steps).astype(np.int32)
        self.payloads *= rng.choice([-1, 1], n * steps).astype(np.int32)
        self.threshold = rng.integers(1, 2_000, size).astype(np.int32)
        values = {"bias": 5_000, "threshold": self.threshold, "state_exponent": EXPONENT}
        each = np.arange(size)
        image = program(
            LOIHI2,
            {},
            [Synapses("inputs", each, each, WEIGHT, SignMode.EXCITATORY)],
            n_inputs=size,
            n_compartments=size,
            programs=[
                ProgramGroup.fill(PROGRAMS["sigma_delta"](LOIHI2.core), each, parameters=values)
            ],
        )
        self._emulator = Emulator(image, progress=False)
        self._c = c_kernels.load(SOURCE).run_layer
        self._c.restype = c_kernels.ctypes.c_int64
        most = size * steps
        self._ends = np.zeros(steps, dtype=np.int64)
        self._sent = np.empty((2, most), dtype=np.int32)

    def run_emulator(self) -> float:
        self._emulator.reset()
        begin = time.perf_counter()
        self._recording = self._emulator.run_steps(
            self.steps, self.at - 1, self.inputs, payloads=self.payloads
        )
        return time.perf_counter() - begin

    def run_c(self) -> float:
        pointers = np.searchsorted(self.at, np.arange(self.steps + 1)).astype(np.int64)
        state = np.zeros((5, self.size), dtype=np.int32)
        bias, exponent = (np.full(self.size, x, dtype=np.int32) for x in (5_000, EXPONENT))
        arrays = [
            pointers,
            self.inputs,
            self.payloads,
            *state[:4],
            bias,
            self.threshold,
            exponent,
            state[4],
            self._ends,
            *self._sent,
        ]
        addresses = [c_kernels.ctypes.c_void_p(array.ctypes.data) for array in arrays]
        begin = time.perf_counter()
        self.n_spikes = self._c(self.steps, self.size, WEIGHT, *addresses)
        return time.perf_counter() - begin

    def check(self) -> None:
        """Raise unless both sent the same."""
        found = self._recording
        ids, payloads = self._sent[:, : self.n_spikes]
        steps = np.repeat(np.arange(self.steps), np.diff(self._ends, prepend=0))
        for mine, other in (
            (found.steps["compartments"], steps),
            (found.ids["compartments"], ids),
            (found.payloads["compartments"], payloads),
        ):
            if not np.array_equal(mine, other):
                raise RuntimeError("the emulator and the loop in C differ")


if __name__ == "__main__":
    main()
