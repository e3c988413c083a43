"""Measure how fast the float64 reference learns, beside Brian2's C++.

    python tests/benchmarks/learning_reference.py            # the reference
    python tests/benchmarks/learning_reference.py --brian2   # also Brian2 (a compiler is needed)

Both sides of plastic synapses spike at 50 Hz: the sources by given spikes, the neurons by kicks. A
plastic event is a synapse of a spike of either side. Times are the best CPU time of several runs on
one thread, with all that a run needs beside learning, but without building the network.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import numpy as np

from neurochip import (
    LIF,
    STDP,
    Network,
    Population,
    Reference,
    SpikeInput,
    Stimulus,
    all_to_all,
    from_arrays,
    one_to_one,
)

RATE = 50.0  # Hz
FAN_OUT = 100  # of a source with sparse synapses


@dataclass(frozen=True)
class Workload:
    """Plastic synapses from ``size`` sources to ``size`` neurons: all, or 100 of each source."""

    size: int
    n_steps: int
    dt: float
    dense: bool

    @property
    def name(self) -> str:
        """The words of a table."""
        shape = f"{self.size:,} x {self.size:,}" if self.dense else f"{self.size:,} x {FAN_OUT}"
        return f"{shape}, {self.n_steps:,} steps of {self.dt:g} ms"

    def spikes(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return sources and times (ms) of random spikes."""
        rng = np.random.default_rng(seed)
        steps, ids = np.nonzero(rng.random((self.n_steps, self.size)) < RATE * self.dt * 1e-3)
        return ids, steps * self.dt

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Return source and target of each synapse."""
        fan_out = self.size if self.dense else FAN_OUT
        pre = np.repeat(np.arange(self.size), fan_out)
        if self.dense:
            return pre, np.tile(np.arange(self.size), self.size)
        return pre, np.random.default_rng(3).integers(0, self.size, len(pre))

    @property
    def n_events(self) -> int:
        """Plastic events of a run."""
        pre, post = self.ends()
        fans = np.bincount(pre, minlength=self.size), np.bincount(post, minlength=self.size)
        return sum(
            int(fan[self.spikes(seed)[0]].sum()) for fan, seed in zip(fans, (1, 2), strict=True)
        )


WORKLOADS = (
    Workload(100, 1000, 1.0, dense=True),
    Workload(100, 10_000, 0.1, dense=True),
    Workload(1000, 1000, 1.0, dense=True),
    Workload(10_000, 200, 1.0, dense=False),
)


def seconds_of_reference(load: Workload, repetitions: int = 5) -> float:
    """Return the best CPU time of a run of the reference in seconds."""
    source = SpikeInput("source", load.size, *load.spikes(1))
    driver = SpikeInput("driver", load.size, *load.spikes(2))
    cells = Population("cells", load.size, LIF(tau_refrac=0.0))
    rule = STDP(20.0, 20.0, 1e-4, 1.05e-4, 0.01)
    if load.dense:
        learn = all_to_all(source, cells, weight=0.005, plasticity=rule)
    else:
        learn = from_arrays(source, cells, *load.ends(), weight=0.005, plasticity=rule)
    connections = [learn, one_to_one(driver, cells, weight=1000.0)]
    network = Network(inputs=[source, driver], populations=[cells], connections=connections)
    stimulus = Stimulus(load.n_steps * load.dt, (source, driver))
    reference = Reference(network, load.dt, threads=1, progress=False)
    reference.run(stimulus)
    times = []
    for _ in range(repetitions):
        reference.reset()
        began = time.process_time()
        reference.run(stimulus)
        times.append(time.process_time() - began)
    return min(times)


def seconds_of_brian2(load: Workload, repetitions: int = 5) -> float:
    """Return the best time of a run of Brian2's C++ in seconds; each has its own process."""
    order = [sys.executable, __file__, "--worker", str(WORKLOADS.index(load)), str(repetitions)]
    answer = subprocess.run(order, capture_output=True, text=True, check=True)
    return float(answer.stdout.split()[-1])


def run_brian2(load: Workload, repetitions: int) -> float:
    """Build the network in this process and return its best time in seconds."""
    import brian2 as b2

    folder = tempfile.mkdtemp(prefix="learning")
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.defaultclock.dt = load.dt * b2.ms
    source, driver = (
        b2.SpikeGeneratorGroup(load.size, ids, times * b2.ms)
        for ids, times in (load.spikes(seed) for seed in (1, 2))
    )
    cells = b2.NeuronGroup(
        load.size,
        "dv/dt = (-70*mV - v) / (10*ms) : volt",
        threshold="v > -50*mV",
        reset="v = -65*mV",
        method="exact",
    )
    cells.v = -70 * b2.mV
    learn = b2.Synapses(
        source,
        cells,
        """w : volt
        dApre/dt = -Apre / (20*ms) : volt (event-driven)
        dApost/dt = -Apost / (20*ms) : volt (event-driven)""",
        on_pre="v_post += w\nApre += 1e-4*mV\nw = clip(w + Apost, 0*mV, 0.01*mV)",
        on_post="Apost += -1.05e-4*mV\nw = clip(w + Apre, 0*mV, 0.01*mV)",
    )
    pre, post = load.ends()
    learn.connect(i=pre, j=post)
    learn.w = 0.005 * b2.mV
    drive = b2.Synapses(driver, cells, on_pre="v_post += 1000*mV")
    drive.connect(j="i")
    b2.run(load.n_steps * load.dt * b2.ms)
    b2.device.build(directory=folder, run=False)
    times = []
    for _ in range(repetitions):
        b2.device.run(with_output=False, run_args=[])
        times.append(b2.device._last_run_time)
    return min(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--brian2", action="store_true", help="also measure Brian2's C++")
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        load, repetitions = WORKLOADS[given.worker[0]], given.worker[1]
        sys.stdout.write(f"{run_brian2(load, repetitions)}\n")
        return
    heads = ["network", "reference", "Brian2 C++"][: 2 + given.brian2]
    sys.stdout.write(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n")
    for load in WORKLOADS:
        cells = []
        for measure in (seconds_of_reference, seconds_of_brian2)[: 1 + given.brian2]:
            seconds = measure(load)
            cells.append(f"{1e3 * seconds:.1f} ms, {load.n_events / seconds / 1e6:.0f} M/s")
        sys.stdout.write(f"| {load.name} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
