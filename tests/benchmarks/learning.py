"""Measure how fast synapses learn on the chip's learning engine, beside Brian2's C++.

    python tests/benchmarks/learning.py             # the learning step
    python tests/benchmarks/learning.py --emulator  # also whole runs of an image
    python tests/benchmarks/learning.py --brian2    # also Brian2 (a compiler is needed)
    python tests/benchmarks/learning.py --peer lava=PYTHON --peer brian2loihi=PYTHON

Both sides have given spikes at 50 Hz, and the rule is that of spike pairs. A plastic event is a
synapse of a spike of either side. The learning step is what ``learn`` and the emulator call:
traces, draws, weights of 8 bits. An image also has its neurons, which inputs of their own make
spike, and delivers what it learns. Brian2 has the same spikes, no neurons, and weights in float64.
All run in turns, on one thread; times are those of the processor, without building the network.

Peers are other emulators of learning, each with the Python of an environment that has it (see
``tests/benchmarks/peers``). They run the first network only, and their times are those of a clock.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.learning_reference import WORKLOADS, Workload
from benchmarks.tables import print_table

from neurochip import LOIHI, Emulator, Learning, Plasticity, Synapses, program
from neurochip.chip.registers import SignMode
from neurochip.learning import LearningRule, Trace
from neurochip.learning.group import plastic_group
from neurochip.learning.kernels import learn_steps
from neurochip.learning.layout import Count, Neurons, Record, State

HEAD = ["network", "plastic events", "learning step, ms", "M events/s"]
RULE = LearningRule("2^-1*y0*x1 - 2^-1*x0*y1", x1=Trace(16, 20), y1=Trace(16, 20))
_NONE, _NO_WEIGHTS = np.zeros((0, 0, 0), dtype=np.int32), np.zeros((0, 1), dtype=np.int16)


class Steps:
    """The learning step of a network on one thread; each call is a run from its start."""

    def __init__(self, load: Workload) -> None:
        source, target = load.ends()
        order = np.lexsort((target, source))
        ids = np.arange(load.size, dtype=np.int32)
        neurons = Neurons(ids, load.size, ids)
        weights = np.random.default_rng(4).integers(0, 256, len(source))
        self.tables, self.start, _ = plastic_group(
            RULE, neurons, neurons, source[order], target[order], weights,
            sign_mode=SignMode.EXCITATORY, low_bits=0, numbers=np.arange(len(source)),
        )  # fmt: skip
        self.spikes = [each for seed in (1, 2) for each in by_step(load, seed)]
        self.events = 0

    def __call__(self) -> float:
        """Return the processor time of a run in seconds."""
        state = State._make(values.copy() for values in self.start)
        nothing = Record(_NONE, _NONE, _NO_WEIGHTS, _NO_WEIGHTS, _NO_WEIGHTS)
        began = time.thread_time()
        learn_steps(*self.spikes, _NONE, self.tables, state, nothing)
        seconds = time.thread_time() - began
        self.events = int(state.counts[Count.EVENTS])
        return seconds


def by_step(load: Workload, seed: int):
    """Return the neurons of all spikes by step, and the ends of the steps."""
    ids, times = load.spikes(seed)
    steps = np.round(times / load.dt).astype(np.int64)
    return ids.astype(np.int32), np.searchsorted(steps, np.arange(load.n_steps + 1))


class Chip:
    """An image with neurons on the emulator; each call is a run from its start."""

    def __init__(self, load: Workload) -> None:
        source, target = load.ends()
        weights = np.random.default_rng(4).integers(0, 256, len(source))
        ids = np.arange(load.size)
        lists = [
            Synapses("inputs", source, target, weights, SignMode.EXCITATORY, exponent=-2),
            Synapses("inputs", load.size + ids, ids, 150, SignMode.EXCITATORY, exponent=7),
        ]
        image = program(
            LOIHI,
            {"threshold_mantissa": 15_000, "decay_u": 4095, "decay_v": 4095},
            lists,
            n_inputs=2 * load.size,
            n_compartments=load.size,
            cores=[min(1000, load.size)] * -(-load.size // 1000),
            learning=Learning((Plasticity(0, RULE),)),
            truncate=True,
        )
        spikes = [load.spikes(seed) for seed in (1, 2)]
        steps = [np.round(times / load.dt).astype(np.int64) for _, times in spikes]
        self.steps = np.concatenate(steps)
        self.sources = np.concatenate([spikes[0][0], load.size + spikes[1][0]])
        self.n_steps, self.emulator = load.n_steps, Emulator(image, warn=False, progress=False)
        self()  # compiled

    def __call__(self) -> float:
        """Return the processor time of a run in seconds."""
        self.emulator.reset()
        began = time.thread_time()
        self.emulator.run_steps(self.n_steps, self.steps, self.sources)
        return time.thread_time() - began

    def close(self) -> None:
        """There is nothing to end."""


class Worker:
    """A simulator in a process of its own; each call is a run of what it has built."""

    def __init__(self, order: list[str]) -> None:
        self.process = subprocess.Popen(
            order,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )
        self()  # built

    def __call__(self) -> float:
        """Return the time of a run in seconds."""
        print("run", file=self.process.stdin)
        return float(self.process.stdout.readline().split()[-1])

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def brian2(load: Workload) -> Worker:
    """Return Brian2's C++ with a network."""
    return Worker([sys.executable, __file__, "--worker", str(WORKLOADS.index(load))])


def compare_with_peers(peers: list[tuple[str, str]], repeats: int) -> None:
    """Print the table of the first network: the learning step, and other emulators."""
    load = WORKLOADS[0]
    with tempfile.TemporaryDirectory() as folder:
        given = {"n_steps": load.n_steps, "size": load.size}
        for side, seed in (("pre", 1), ("post", 2)):
            ids, times = load.spikes(seed)
            given |= {f"ids_{side}": ids, f"steps_{side}": np.round(times / load.dt).astype(int)}
        path = Path(folder) / "spikes.npz"
        np.savez(path, **given)
        scripts = Path(__file__).parent / "peers"
        workers = [
            Worker([python, str(scripts / f"{name}_learning.py"), str(path)])
            for name, python in peers
        ]
        step = Steps(load)
        step()  # compiled
        times = np.array([[run() for run in (step, *workers)] for _ in range(repeats)])
        for worker in workers:
            worker.close()
    rows = [
        [
            name,
            f"{1e3 * np.median(column):.1f}",
            f"{step.events / np.median(column) / 1e6:.1f}",
            f"{np.median(column / times[:, 0]):.0f}",
        ]
        for name, column in zip(["learning step", *dict(peers)], times.T, strict=True)
    ]
    print(f"\n{load.name}:\n")
    print_table(["engine", "run, ms", "M events/s", "times as long"], rows)


def work(load: Workload) -> None:
    """Build the network in Brian2, and run it for each line of the standard input."""
    import brian2 as b2

    folder = tempfile.mkdtemp(prefix="learning")
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.defaultclock.dt = load.dt * b2.ms
    source, target = (
        b2.SpikeGeneratorGroup(load.size, ids, times * b2.ms)
        for ids, times in (load.spikes(seed) for seed in (1, 2))
    )
    learn = b2.Synapses(
        source,
        target,
        """w : 1
        dApre/dt = -Apre / (20*ms) : 1 (event-driven)
        dApost/dt = -Apost / (20*ms) : 1 (event-driven)""",
        on_pre="Apre += 8\nw = clip(w - Apost, 0, 255)",
        on_post="Apost += 8\nw = clip(w + Apre, 0, 255)",
    )
    pre, post = load.ends()
    learn.connect(i=pre, j=post)
    learn.w = "128"
    b2.run(load.n_steps * load.dt * b2.ms)
    b2.device.build(directory=folder, run=False)
    for _ in sys.stdin:
        b2.device.run(with_output=False, run_args=[])
        print(b2.device._last_run_time, flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--emulator", action="store_true", help="also measure whole runs")
    parser.add_argument("--brian2", action="store_true", help="also measure Brian2's C++")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=PYTHON", help="another emulator"
    )
    parser.add_argument("--repeats", type=int, default=9, help="measurements of each (9)")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        work(WORKLOADS[options.worker])
        return
    facts = machine.facts()
    head = [*HEAD, *["emulator, ms", "M events/s"] * options.emulator]
    head += ["Brian2 C++, ms", "M events/s", "times as fast"] * options.brian2
    print_table(head, [row(load, options) for load in WORKLOADS])
    if options.peer:
        compare_with_peers([tuple(each.split("=", 1)) for each in options.peer], options.repeats)
    print(f"\n{machine.summary(facts)}.")


def row(load: Workload, options: argparse.Namespace) -> list[str]:
    """Return the row of a network: medians, and the median of the ratios of the turns."""
    engines = [Steps(load)]
    engines += [Chip(load)] if options.emulator else []
    engines += [brian2(load)] if options.brian2 else []
    engines[0]()  # compiled
    times = np.array([[run() for run in engines] for _ in range(options.repeats)])
    events, medians = engines[0].events, np.median(times, axis=0)
    cells = [load.name, f"{events:,}"]
    for seconds in medians:
        cells += [f"{1e3 * seconds:.1f}", f"{events / seconds / 1e6:.0f}"]
    if options.brian2:
        cells.append(f"{np.median(times[:, -1] / times[:, 0]):.1f}")
    for engine in engines[1:]:
        engine.close()
    return cells


if __name__ == "__main__":
    main()
