"""Time and memory of Brian2 scripts with strong PoissonInputs, in Brian2 and on the chip.

python tests/benchmarks/strong_input.py [--repeats 3]
python tests/benchmarks/strong_input.py --brunel [--duration 1.2]

The first network has 2,500 refractory neurons, each driven by 1,000 sources of 20 Hz for 1 s. The
second is the network of N. Brunel, J. Comput. Neurosci. 8, 183-208 (2000), at its own size: 12,500
neurons with 1,250 synapses each (J = 0.1 mV, g = 5), driven by 1,000 sources of 40 Hz for each
neuron. Every run has its own process, since the memory peak of a process never decreases; the
devices take turns.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":  # as a script: the folder above holds this package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.tables import print_table

DEVICES = ("numpy", "cython", "neurochip")
HEAD = ["device", "wall s", "CPU s", "GB", "rate Hz"]
CORES = 569  # of the chip, for the synapses of the second network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--brunel", action="store_true", help="Brunel's network at its own size (some minutes)")
    add("--duration", type=float, default=None, help="of a run in s (1; Brunel's network 1.2)")
    add("--repeats", type=int, default=3, help="runs of each device (3)")
    add("--devices", nargs="+", choices=DEVICES, default=DEVICES, help="all by default")
    add("--worker", choices=DEVICES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    duration = options.duration or (1.2 if options.brunel else 1.0)
    if options.worker:
        print(json.dumps(measure(options.worker, options.brunel, duration)))
        return
    found = {device: [] for device in options.devices}
    for _ in range(options.repeats):
        for device, runs in found.items():
            asked = ["--worker", device, "--duration", str(duration)]
            asked += ["--brunel"] * options.brunel
            command = [sys.executable, __file__, *asked]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    facts, rows = machine.facts(), []
    for device, runs in found.items():
        wall, cpu, memory, rate = (statistics.median(column) for column in zip(*runs, strict=True))
        rows.append([device, f"{wall:.1f}", f"{cpu:.1f}", f"{memory:.2f}", f"{rate:.2f}"])
    print_table(HEAD, rows)
    print(f"\n{machine.summary(facts)}.")


def measure(device: str, brunel: bool, duration: float) -> tuple[float, float, float, float]:
    """Return wall and CPU time of ``run``, the peak of memory in GB, and the rate in Hz."""
    import brian2 as b2

    b2.BrianLogger.log_level_error()
    if device == "neurochip":
        import neurochip.frontends.brian2  # noqa: F401 - the device
        from neurochip import LOIHI

        b2.set_device("neurochip", progress=False, chip=LOIHI.what_if(cores=CORES))
    else:
        b2.prefs.codegen.target = device
    b2.seed(1)
    objects = (brunels if brunel else driven)(b2)
    spikes = b2.SpikeMonitor(objects[0])
    network = b2.Network(objects, spikes)
    began, used = time.perf_counter(), time.process_time()
    network.run(duration * b2.second)
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return wall, cpu, memory, spikes.num_spikes / len(objects[0]) / duration


def neurons(b2, size):
    """Brunel's neurons: v in mV above rest."""
    return b2.NeuronGroup(
        size,
        "dv/dt = -v/(20*ms) : volt (unless refractory)",
        threshold="v > 20*mV",
        reset="v = 10*mV",
        refractory=2 * b2.ms,
        method="exact",
    )


def driven(b2):
    group = neurons(b2, 2500)
    return [group, b2.PoissonInput(group, "v", 1000, 20 * b2.Hz, weight=0.1 * b2.mV)]


def brunels(b2):
    import numpy as np

    excitatory, inhibitory, delay = 10_000, 2500, 1.5 * b2.ms
    group, rng = neurons(b2, excitatory + inhibitory), np.random.default_rng(1)
    parts = [group]
    for first, size, weight in ((0, excitatory, "0.1*mV"), (excitatory, inhibitory, "-0.5*mV")):
        own = size // 10
        pre = [first + rng.choice(size, own, replace=False) for _ in range(len(group))]
        synapses = b2.Synapses(group, group, on_pre=f"v += {weight}", delay=delay)
        synapses.connect(i=np.concatenate(pre), j=np.repeat(np.arange(len(group)), own))
        parts.append(synapses)
    parts.append(b2.PoissonInput(group, "v", 1000, 40 * b2.Hz, weight=0.1 * b2.mV))
    return parts


if __name__ == "__main__":
    main()
